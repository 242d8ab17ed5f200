"""The hub as its template makes it, in the emulator with IAM enforced, and its workspace.

The functions run in the emulator from their bundles, with the credentials of their own roles. The
tenants' accounts are the emulated ones of the demo, because the hub's emulator runs no Automation;
what tells the worker of them is in the state folder, as in `assist demo`.
"""

import http.client
import json
import secrets
import shutil
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from bot.workspace.server import serve
from infra.deploy.bundles import BUNDLES
from infra.deploy.packing import here, pack
from infra.deploy.sam import Sam
from infra.deploy.staging import staged
from infra.local.aws.server import EmulatedAws
from infra.local.fill import fill, register
from integrations.aws import AwsSession
from integrations.connect import Connections
from integrations.settings import EMULATED, AwsAccess, Settings
from tests.e2e.slack_stage import SECRET, TOKEN
from tests.infra.talk import Talk, workspace_at
from tests.loopback_http import Quiet, serving
from tests.real_engines import engine, hub_account

LOCAL_BUNDLES = tuple(bundle for bundle in BUNDLES if bundle.name in {"ingress", "worker"})
"""The others are not asked here: a zip of the ingress's stands for theirs."""


@dataclass
class Hub:
    """A deployed hub."""

    stack: str
    session: AwsSession
    state: Path
    talk: Talk
    emulated: EmulatedAws

    def client(self, service: str) -> Any:
        """A client of the hub's owner."""
        return self.session.client(service)

    def log(self, door: str) -> str:
        """What a function logged."""
        group = f"/aws/lambda/{self.stack}-{door}"
        found = self.client("logs").filter_log_events(logGroupName=group)
        return "\n".join(event["message"] for event in found["events"])


@contextmanager
def deployed(folder: Path) -> Iterator[Hub]:
    """The hub while the block lasts."""
    stack = f"assist-{secrets.token_hex(4)}"
    session = AwsSession(
        access_key=hub_account(),
        secret_key="any",
        token=None,
        region="us-east-1",
        endpoint_url=str(engine("hub")["url"]),
    )
    # Functions of the emulator run on this computer, and may write where Lambda lets them.
    state = Path("/tmp") / stack  # noqa: S108 - as above
    with ExitStack() as opened:
        # The functions are told where the workspace is, and it learns later where the ingress is.
        ingress: list[str] = []
        workspace = workspace_at(opened.enter_context(handing_on(ingress)))
        server = serve(workspace)
        opened.callback(server.close)
        opened.callback(shutil.rmtree, state, ignore_errors=True)
        opened.enter_context(keys_in_the_environment(session))
        # Its clock would go on, and start functions that nobody waits for.
        opened.callback(session.client("cloudformation").delete_stack, StackName=stack)
        deploy(
            folder,
            stack,
            session,
            {"SlackApiUrl": server.api_url, "StateFolder": str(state)},
        )
        emulated = opened.enter_context(filled(session, stack, state))
        ingress.append(ingress_of(session, stack))
        yield Hub(stack, session, state, Talk(workspace), emulated)


@contextmanager
def handing_on(to: Sequence[str]) -> Iterator[str]:
    """An address of which each request goes on to the first of `to`, as it came."""

    class Handler(Quiet):
        @override
        def serve(self) -> None:
            where = urllib.parse.urlsplit(to[0])
            line = http.client.HTTPConnection(str(where.hostname), where.port, timeout=60)
            try:
                headers = {n: v for n, v in self.headers.items() if n.lower() != "host"}
                line.request(self.command, where.path, self.sent(), headers)
                answer = line.getresponse()
                kind = answer.headers.get("Content-Type") or "text/plain"
                self.answer(answer.status, answer.read(), kind)
            finally:
                line.close()

    with serving(Handler) as url:
        yield url


@contextmanager
def keys_in_the_environment(session: AwsSession) -> Iterator[None]:
    """The hub's owner, where boto3 looks for credentials."""
    keys = session.get_credentials()
    assert keys is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", keys.access_key)
        patch.setenv("AWS_SECRET_ACCESS_KEY", keys.secret_key)
        yield


def deploy(folder: Path, stack: str, session: AwsSession, more: Mapping[str, str]) -> None:
    """Package for this computer, and deploy the template with SAM itself."""
    zips = [pack(bundle, here(), folder / "zips", level=1) for bundle in LOCAL_BUNDLES]
    known = {path.name for path in zips}
    for bundle in BUNDLES:
        if f"{bundle.name}.zip" not in known:
            zips.append(Path(shutil.copyfile(zips[0], folder / "zips" / f"{bundle.name}.zip")))
    keys = session.get_credentials()
    assert keys is not None
    sam = Sam(
        {
            "AWS_ACCESS_KEY_ID": keys.access_key,
            "AWS_SECRET_ACCESS_KEY": keys.secret_key,
            "AWS_ENDPOINT_URL": str(session.endpoint_url),
            "AWS_DEFAULT_REGION": "us-east-1",
        }
    )
    parameters = {
        "Local": "true",
        "Architecture": "x86_64",
        "SlackSigningSecretArn": secret(session, f"{stack}/signing", SECRET),
        "SlackBotTokenArn": secret(session, f"{stack}/token", TOKEN),
        **more,
    }
    sam.deploy(staged(folder / "stage", zips), stack, parameters)


def secret(session: AwsSession, name: str, value: str) -> str:
    """Put a secret into Secrets Manager; its ARN."""
    made = session.client("secretsmanager").create_secret(Name=name, SecretString=value)
    return str(made["ARN"])


@contextmanager
def filled(session: AwsSession, stack: str, state: Path) -> Iterator[EmulatedAws]:
    """The demo's tenants in the deployed tables, their findings, and for a while their accounts."""
    tables = f"dynamodb://us-east-1/{stack}?endpoint={session.endpoint_url}"
    now = datetime.now(UTC)
    with Connections(Settings(state=state, tables=tables)) as connections:
        runbooks = connections.runbooks().runbooks()
        actions = {action for runbook in runbooks for action in runbook.permissions}
        tenants = register(connections)
        with EmulatedAws(tenants, now, remediation_actions=sorted(actions)) as emulated:
            fill(connections, state / "sources", now)
            key = emulated.hub_credentials
            access = AwsAccess(
                endpoint_url=emulated.url,
                access_key=key.access_key_id,
                secret_key=key.secret_access_key,
            )
            (state / EMULATED).write_text(json.dumps(asdict(access)), encoding="utf-8")
            emulated.wait()
            yield emulated


def ingress_of(session: AwsSession, stack: str) -> str:
    """The ingress's Function URL, by path: no name server here knows the emulator's host names."""
    told = session.client("lambda").get_function_url_config(FunctionName=f"{stack}-ingress")
    own = str(told["FunctionUrl"]).split("//")[1].partition(".")[0]
    return f"{session.endpoint_url}/_aws/lambda-url/{own}/slack/events"
