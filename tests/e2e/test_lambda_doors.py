"""The doors as Lambda runs them: a signed event in, through SQS, the answer in the workspace."""

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from bot.workspace.limits import Limits
from bot.workspace.server import serve
from bot.workspace.workspace import Workspace
from integrations.aws import AwsSession
from integrations.connect import Connections
from integrations.settings import Settings
from integrations.tenants.port import Binding, ChannelKey, Tenant
from integrations.work.sqs import make_queue
from tests.e2e.slack_stage import ACME, ANALYST, BOT, CHANNELS, PEOPLE, SECRET, TEAM, TOKEN
from tests.event_source import brought, left_in, received
from tests.lambda_runtime import LambdaFunction, on_lambda
from tests.lambda_slack import PATH, delivered
from tests.loopback_http import Quiet, serving
from tests.real_engines import engine, hub_account

_PATIENCE_S = 90.0


@contextmanager
def function_url(functions: list[LambdaFunction]) -> Iterator[str]:
    """HTTP before the first of the functions, in events of payload format 2.0."""

    class Handler(Quiet):
        @override
        def serve(self) -> None:
            event = delivered(self.sent()) | {"rawPath": self.path}
            event["headers"] = {name.lower(): value for name, value in self.headers.items()}
            answer = functions[0].invoke(event)
            self.answer(answer["statusCode"], answer["body"].encode(), "text/plain")

    with serving(Handler) as url:
        yield f"{url}{PATH}"


def kept_secret(session: AwsSession, name: str, value: str) -> str:
    """Its ARN, once the hub's Secrets Manager has it."""
    secrets_manager = session.client("secretsmanager")
    return str(secrets_manager.create_secret(Name=name, SecretString=value)["ARN"])


@dataclass
class Cloud:
    """The bot on Lambda, and the workspace that it is installed in."""

    workspace: Workspace
    sqs: Any
    queue: str
    ingress: LambdaFunction
    worker: LambdaFunction
    logs: Path

    def poll(self) -> dict[str, Any]:
        """What the event source mapping does once: a batch from the queue to the worker."""
        records = received(self.sqs, self.queue, wait_s=5)
        answer = brought(self.sqs, self.queue, records, self.worker.invoke)
        return {"records": len(records), "answer": answer}

    def waiting(self) -> int:
        return left_in(self.sqs, self.queue)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    folder = tmp_path_factory.mktemp("lambda")
    with ExitStack() as opened:
        endpoint = str(engine("hub")["url"])
        keys = {"AWS_ACCESS_KEY_ID": hub_account(), "AWS_SECRET_ACCESS_KEY": "any"}
        mark = f"doors-{secrets.token_hex(4)}"
        session = AwsSession(
            access_key=hub_account(),
            secret_key="any",
            token=None,
            region="us-east-1",
            endpoint_url=endpoint,
        )
        sqs = session.client("sqs")
        queue = make_queue(sqs, mark)
        tables = f"dynamodb://us-east-1/{mark}?endpoint={endpoint}"
        functions: list[LambdaFunction] = []
        url = opened.enter_context(function_url(functions))
        workspace = Workspace(
            PEOPLE,
            CHANNELS,
            team_id=TEAM,
            team_name="Acme",
            bot=BOT,
            clock=time.time,
            deliver_to=url,
            limits=Limits(ack_s=30.0),
        )
        server = serve(workspace)
        opened.callback(server.close)
        environment = {
            **keys,
            "SECURITY_ASSIST_QUEUE": queue,
            "SECURITY_ASSIST_TABLES": tables,
            "SECURITY_ASSIST_STATE": str(folder / "state"),
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": endpoint,
            "SLACK_SIGNING_SECRET_ARN": kept_secret(session, f"{mark}/signing", SECRET),
            "SLACK_BOT_TOKEN_ARN": kept_secret(session, f"{mark}/token", TOKEN),
            "SLACK_API_URL": server.api_url,
        }
        for door in ("slack_ingress", "worker"):
            handler = f"bot.handlers.{door}.lambda_handler"
            log = folder / f"{door}.log"
            functions.append(opened.enter_context(on_lambda(handler, environment, log)))
        with pytest.MonkeyPatch.context() as patch:
            for name, value in keys.items():
                patch.setenv(name, value)
            with Connections(Settings(state=folder / "state", tables=tables)) as connections:
                connections.directory.put(
                    Tenant(id="acme", name="Acme", accounts=("111122223333",))
                )
                connections.directory.bind(Binding(ChannelKey("slack", TEAM, ACME), "acme"))
        yield Cloud(workspace, sqs, queue, functions[0], functions[1], folder)


def test_a_question_is_answered_through_both_doors(cloud: Cloud) -> None:
    root = cloud.workspace.say(ANALYST, ACME, "@assist help")
    cloud.workspace.wait_until_quiet(_PATIENCE_S)
    assert [one.outcome for one in cloud.workspace.deliveries] == ["ok"] * len(
        cloud.workspace.deliveries
    )
    while cloud.waiting():
        assert cloud.poll()["answer"] == {"batchItemFailures": []}
    said = cloud.workspace.wait_for_answer(ACME, root, 5.0)
    assert "Ask me" in json.dumps(said)


def test_what_is_forged_goes_no_further_than_the_first_door(cloud: Cloud) -> None:
    before = cloud.waiting()
    answer = cloud.ingress.invoke(delivered(b"{}", signature="v0=" + "0" * 64))
    assert answer["statusCode"] == 401
    assert cloud.waiting() == before
    line = (cloud.logs / "slack_ingress.log").read_text().splitlines()[-1]
    assert json.loads(line)["reason"] == "timestamp-past", "the stamp is a fixed one"
