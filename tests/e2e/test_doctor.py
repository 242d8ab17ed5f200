"""`assist doctor`: what stands, what does not and what mends it, one line for each."""

import json
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from typing_extensions import override

from bot.doctor.checks import Check, Mark, examined, failed, ok
from bot.doctor.outside import SCOPES
from integrations.connect import Connections
from integrations.diagnosis import queue_state, table_differences
from integrations.errors import NotFoundError
from integrations.settings import EMULATED, AwsAccess, Settings
from integrations.tenants.port import Binding, ChannelKey, Tenant
from integrations.work.sqs import make_queue
from tests.bedrock_runtime import Reply, bedrock_runtime, text
from tests.emulated_aws import READ, Emulated, emulated, state_in
from tests.ingesting import Ran
from tests.loopback_http import Quiet, serving
from tests.real_engines import engine, hub_account

_ROOT = Path(__file__).resolve().parents[2]
SHOP = "111111111111"


def doctor(state: Path, *words: str, **env: str) -> Ran:
    ran = subprocess.run(
        [sys.executable, "-m", "bot", "doctor", *words, "--state", str(state)],
        cwd=_ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": str(state), **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def rows(state: Path, **env: str) -> tuple[int, dict[str, Mapping[str, str]]]:
    ran = doctor(state, "--json", **env)
    assert ran.err == ""
    return ran.code, {row["check"]: row for row in json.loads(ran.out)}


def test_a_laptop_with_everything_embedded_is_fine_and_says_so(tmp_path: Path) -> None:
    ran = doctor(tmp_path)
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    for name in ("tables", "findings", "graph", "queue"):
        (line,) = [line for line in lines if f"  {name}" in line[:20]]
        assert line.startswith("ok "), line
        assert "embedded" in line
    assert "-> assist tenants onboard --help" in ran.out
    assert lines[-1] == "11 looked at: 0 failed, 1 to look at."
    starts = {line.index(line.split(None, 2)[2]) for line in lines[:5]}
    assert len(starts) == 1, "aligned"


def test_what_is_away_is_named_with_its_mend_and_hides_nothing_else(tmp_path: Path) -> None:
    nobody = "127.0.0.1:9"
    code, found = rows(
        tmp_path,
        SECURITY_ASSIST_GRAPH=f"ws://{nobody}/gremlin",
        SECURITY_ASSIST_QUEUE=f"http://{nobody}/111111111111/a.fifo",
        SECURITY_ASSIST_TABLES=f"dynamodb://us-east-1/x?endpoint=http://{nobody}",
        SECURITY_ASSIST_MODEL="nonsense",
        SLACK_BOT_TOKEN="xoxb-secret-token",
        SLACK_API_URL=f"http://{nobody}/api/",
        AWS_ACCESS_KEY_ID="a",
        AWS_SECRET_ACCESS_KEY="b",
    )
    assert code == 1
    marks = {name: row["mark"] for name, row in found.items()}
    for name in ("tables", "queue", "slack", "model", "tenants"):
        assert marks[name] == Mark.FAILED, (name, found[name])
        assert found[name]["mend"] or name == "tenants"
    assert marks["runtime"] == Mark.OK
    assert "SECURITY_ASSIST_TABLES" in found["tables"]["mend"]
    assert "xoxb-secret-token" not in json.dumps(found)


def test_a_check_that_hangs_or_falls_over_stops_no_other() -> None:
    forever = threading.Event()

    def hang() -> object:
        forever.wait()
        return ok("never")

    def fall() -> object:
        raise KeyError("a body that nobody may see")

    checks = [
        Check("hangs", hang, "the mend"),  # type: ignore[arg-type] # it never answers
        Check("falls", fall),  # type: ignore[arg-type] # the same
        Check("fine", lambda: ok("so it is")),
    ]
    found = {check.name: one for check, one in examined(checks, timeout_s=0.3)}
    forever.set()
    assert found["hangs"] == failed("no answer within 0 s", "the mend")
    assert (found["falls"].mark, found["falls"].said) == (
        Mark.FAILED,
        "a fault of ours (KeyError)",
    )
    assert found["fine"] == ok("so it is")


@contextmanager
def slack(answer: Mapping[str, object], **heads: str) -> Iterator[str]:
    class Handler(Quiet):
        @override
        def serve(self) -> None:
            self.sent()
            self.answer(200, json.dumps(answer).encode(), **heads)

    with serving(Handler) as url:
        yield f"{url}/api/"


ME = {
    "ok": True,
    "user": "assist",
    "team": "Acme",
    "team_id": "T1",
    "user_id": "U1",
    "bot_id": "B1",
}


@pytest.mark.parametrize(
    ("answer", "scopes", "secret", "mark", "said"),
    [
        (ME, ",".join(SCOPES), "0123456789abcdef" * 2, Mark.OK, "assist in Acme, 11 scopes"),
        (ME, ",".join(SCOPES), "", Mark.OK, "Socket Mode alone"),
        (ME, ",".join(SCOPES), "xoxb-wrong", Mark.WARN, "does not look like one"),
        (ME, "chat:write,files:read", "0" * 32, Mark.FAILED, "lacks app_mentions:read"),
        ({"ok": False, "error": "invalid_auth"}, "", "0" * 32, Mark.FAILED, "(invalid_auth)"),
    ],
    ids=["all is well", "socket mode", "a wrong secret", "scopes", "a wrong token"],
)
def test_slack_is_asked_who_we_are_and_what_we_may(
    tmp_path: Path, answer: Mapping[str, object], scopes: str, secret: str, mark: Mark, said: str
) -> None:
    with slack(answer, x_oauth_scopes=scopes) as url:
        _, found = rows(
            tmp_path, SLACK_API_URL=url, SLACK_BOT_TOKEN="xoxb-1", SLACK_SIGNING_SECRET=secret
        )
    assert (found["slack"]["mark"], said in found["slack"]["said"]) == (mark, True), found["slack"]
    assert bool(found["slack"]["mend"]) is (mark is not Mark.OK)


@contextmanager
def secrets_manager(kept: Mapping[str, str]) -> Iterator[str]:
    """Secrets by ARN, for whoever signs by the clock that AWS goes by ("Signature expired")."""

    class Handler(Quiet):
        @override
        def serve(self) -> None:
            arn = json.loads(self.sent())["SecretId"]
            signed = datetime.strptime(self.headers["X-Amz-Date"], "%Y%m%dT%H%M%S%z")
            if abs(datetime.now(UTC) - signed) > timedelta(minutes=5):
                self.answer(400, b'{"__type": "InvalidSignatureException"}')
            else:
                self.answer(200, json.dumps({"SecretString": kept[arn]}).encode())

    with serving(Handler) as url:
        yield url


def test_secrets_are_read_where_they_are_kept(tmp_path: Path) -> None:
    arns = [f"arn:aws:secretsmanager:eu-west-1:111111111111:secret:{n}" for n in ("sign", "token")]
    kept = dict(zip(arns, ("0123456789abcdef" * 2, "xoxb-1"), strict=True))
    with secrets_manager(kept) as there, slack(ME, x_oauth_scopes=",".join(SCOPES)) as url:
        _, found = rows(
            tmp_path,
            SLACK_API_URL=url,
            SLACK_SIGNING_SECRET_ARN=arns[0],
            SLACK_BOT_TOKEN_ARN=arns[1],
            AWS_ENDPOINT_URL_SECRETS_MANAGER=there,
            AWS_ACCESS_KEY_ID="fake",
            AWS_SECRET_ACCESS_KEY="fake",
        )
    assert found["slack"]["said"] == "assist in Acme, 11 scopes"


@pytest.fixture(scope="module")
def aws() -> Iterator[Emulated]:
    with emulated(empty=True) as running:
        running.aws.wait()
        yield running


def test_each_tenants_roles_are_tried_and_a_hole_is_a_failure(
    aws: Emulated, tmp_path: Path
) -> None:
    state = state_in(tmp_path / "state", aws)
    code, found = rows(state)
    assert code == 0
    assert found["aws"]["said"].startswith("role/SecurityAssistHub in 999999999999, us-east-1")
    assert found["roles acme"]["said"] == "4 roles in 2 accounts open to us and to no other"
    iam = aws.owner(SHOP, "iam")
    before = iam.get_role(RoleName=READ)["Role"]["AssumeRolePolicyDocument"]
    open_to_all = json.loads(json.dumps(before))
    del open_to_all["Statement"][0]["Condition"]
    iam.update_assume_role_policy(RoleName=READ, PolicyDocument=json.dumps(open_to_all))
    try:
        code, found = rows(state)
    finally:
        iam.update_assume_role_policy(RoleName=READ, PolicyDocument=json.dumps(before))
    assert (code, found["roles acme"]["mark"]) == (1, Mark.FAILED)
    assert f"{SHOP} {READ}: HOLE" in found["roles acme"]["said"]
    assert found["roles acme"]["mend"] == "assist tenants onboard acme --check"
    assert found["roles globex"]["mark"] == Mark.OK


def test_tables_and_queues_of_the_hub_are_looked_into(tmp_path: Path) -> None:
    endpoint, mark = str(engine("hub")["url"]), f"doctor-{secrets.token_hex(4)}"
    keys = {"AWS_ACCESS_KEY_ID": hub_account(), "AWS_SECRET_ACCESS_KEY": "any"}
    from tests.contract.hub import hub_client  # noqa: PLC0415 - needs the hub

    sqs = hub_client("sqs")
    queue = make_queue(sqs, mark)
    env = {
        **keys,
        "AWS_REGION": "us-east-1",
        "SECURITY_ASSIST_QUEUE": queue,
        "SECURITY_ASSIST_TABLES": f"dynamodb://us-east-1/{mark}?endpoint={endpoint}",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in keys.items():
            patch.setenv(name, value)
        nothing_there = table_differences(env["SECURITY_ASSIST_TABLES"])
        assert f"{mark}-audit is not there" in nothing_there
        with pytest.raises(NotFoundError):
            queue_state(queue.replace(mark, "nobody"), env["SECURITY_ASSIST_TABLES"])
    dead = queue.replace(".fifo", "-dead.fifo")
    sqs.send_message(QueueUrl=dead, MessageBody="x", MessageGroupId="g", MessageDeduplicationId="d")
    code, found = rows(tmp_path, **env)
    assert {name: row["said"] for name, row in found.items() if row["mark"] == Mark.FAILED} == {}
    assert (code, found["tenants"]["mark"]) == (0, Mark.WARN)
    assert "all there, with their keys and indexes" in found["tables"]["said"]
    assert (found["queue"]["mark"], found["queue"]["said"]) == (
        Mark.WARN,
        f"{mark}.fifo: 0 waiting, 1 put aside",
    )


def test_a_tenant_that_nobody_sees_or_decides_for_is_said(tmp_path: Path) -> None:
    with Connections(Settings(state=tmp_path)) as connections:
        connections.directory.put(Tenant(id="acme", name="Acme", accounts=(SHOP,)))
    assert "no channel sees acme" in rows(tmp_path)[1]["tenants"]["said"]
    with Connections(Settings(state=tmp_path)) as connections:
        connections.directory.bind(Binding(ChannelKey("slack", "T1", "C1"), "acme"))
    assert "nobody may approve a fix in acme" in rows(tmp_path)[1]["tenants"]["said"]


@pytest.mark.parametrize(
    ("reply", "mark", "said"),
    [
        (text("ok"), Mark.OK, "bedrock fake-model answers"),
        (429, Mark.FAILED, "does not answer (ModelThrottledException)"),
    ],
    ids=["answers", "throttled"],
)
def test_a_model_is_asked_for_a_word(
    tmp_path: Path, reply: Reply | int, mark: Mark, said: str
) -> None:
    with bedrock_runtime(lambda _: reply) as bedrock:
        _, found = rows(
            tmp_path,
            SECURITY_ASSIST_MODEL="bedrock:fake-model",
            AWS_ENDPOINT_URL_BEDROCK_RUNTIME=bedrock.url,
            AWS_REGION="eu-west-1",
            AWS_ACCESS_KEY_ID="AKIAFAKE",
            AWS_SECRET_ACCESS_KEY="fake",
        )
    assert (found["model"]["mark"], said in found["model"]["said"]) == (mark, True), found["model"]
    assert bool(found["model"]["mend"]) is (mark is Mark.FAILED)


@pytest.mark.parametrize(("status", "mark"), [("READY", Mark.OK), ("CREATING", Mark.FAILED)])
def test_a_runtime_is_asked_for_its_endpoint(tmp_path: Path, status: str, mark: Mark) -> None:
    asked: list[str] = []

    class Control(Quiet):
        @override
        def serve(self) -> None:
            asked.append(self.path)
            self.answer(200, json.dumps({"status": status}).encode())

    with serving(Control) as url:
        access = AwsAccess(endpoint_url=url, access_key="AKIAFAKE", secret_key="fake")
        (tmp_path / EMULATED).write_text(json.dumps(asdict(access)), encoding="utf-8")
        arn = "arn:aws:bedrock-agentcore:us-east-1:999999999999:runtime/assist-AbCdEf1234"
        _, found = rows(tmp_path, SECURITY_ASSIST_RUNTIME=arn)
    assert found["runtime"]["mark"] == mark, found["runtime"]
    assert any("/runtimes/assist-AbCdEf1234/runtime-endpoints/DEFAULT" in path for path in asked)


def test_the_manifest_asks_for_the_scopes_that_are_looked_for() -> None:
    manifest = yaml.safe_load((_ROOT / "infra" / "slack-manifest.yaml").read_text())
    assert sorted(manifest["oauth_config"]["scopes"]["bot"]) == sorted(SCOPES)
