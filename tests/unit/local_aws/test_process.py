"""The process of the emulated AWS: when it starts, when it ends, and who may come in."""

import json
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from infra.local import story
from infra.local.aws.server import Credentials, EmulatedAws, EmulatedAwsError
from tests.emulated_aws import Emulated, refusal

SHOP = "111111111111"
_ENDS_S = 20.0
_STARTER = """
import sys
from datetime import UTC, datetime
from infra.local import story
from infra.local.aws.server import EmulatedAws
aws = EmulatedAws(story.TENANTS[2:], datetime.now(UTC), empty=True).start()
print(aws.url, flush=True)
aws.wait()
print("ready", flush=True)
sys.stdin.read()
"""


def _starter() -> tuple[subprocess.Popen[str], int]:
    """A program that has started an emulated AWS, and the port of the latter."""
    program = subprocess.Popen(
        [sys.executable, "-c", _STARTER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert program.stdout is not None
    port = int(program.stdout.readline().rpartition(":")[2])
    assert program.stdout.readline() == "ready\n"
    return program, port


def _assert_gone(port: int) -> None:
    """Nobody listens any more; a connection that is still taken has to be closed by the end."""
    for _ in range(1_000):
        try:
            with socket.create_connection(("127.0.0.1", port), _ENDS_S) as connection:
                connection.settimeout(_ENDS_S)
                connection.recv(1)
        except ConnectionRefusedError:
            return
        except ConnectionResetError:
            continue
    pytest.fail("somebody still listens")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_the_program_that_started_it_however_that_ends(how: signal.Signals) -> None:
    program, port = _starter()

    program.send_signal(how)
    program.wait(_ENDS_S)

    _assert_gone(port)
    for pipe in (program.stdin, program.stdout):
        assert pipe is not None
        pipe.close()


def test_it_ends_when_it_is_stopped_and_says_so_to_who_asks_later() -> None:
    aws = EmulatedAws(story.TENANTS[2:], datetime.now(UTC), empty=True).start()
    port = int(aws.url.rpartition(":")[2])
    aws.wait()

    aws.stop()
    aws.stop()

    _assert_gone(port)
    with pytest.raises(EmulatedAwsError):
        aws.state("333333333333")


def test_it_can_be_asked_before_it_is_ready_and_answers_when_it_is() -> None:
    tenants = [replace(story.TENANTS[2], external_id="external-id-of-initech")]
    with EmulatedAws(tenants, datetime.now(UTC), empty=True) as aws:
        client = Emulated(aws, tenants, datetime.now(UTC)).hub("sts")
        assert client.get_caller_identity()["Account"] == "999999999999"


def test_it_tells_its_starter_when_it_cannot_start(capfd: pytest.CaptureFixture[str]) -> None:
    aws = EmulatedAws(story.TENANTS[2:], datetime.now(UTC), remediation_actions=[])
    aws._order["now"] = "some day"
    with aws, pytest.raises(EmulatedAwsError, match="ended while it was starting"):
        aws.wait()
    assert "fromisoformat" in capfd.readouterr().err, "its own words are on stderr"


def test_no_secret_is_on_its_command_line_or_in_its_environment(bare_aws: Emulated) -> None:
    child = bare_aws.aws._child
    assert child is not None
    folder = Path(f"/proc/{child.pid}")
    if not folder.exists():
        pytest.skip("no /proc here")
    seen = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()

    for key in (bare_aws.aws.hub_credentials, bare_aws.aws.owner_credentials(SHOP)):
        assert key.secret_access_key.encode() not in seen
    for tenant in bare_aws.tenants.values():
        assert tenant.external_id.encode() not in seen
    assert b"AWS_PROFILE" not in seen


def test_it_listens_on_the_loopback_only(bare_aws: Emulated) -> None:
    assert bare_aws.aws.url.startswith("http://127.0.0.1:")


def test_keys_of_another_emulated_aws_open_nothing(story_aws: Emulated, bare_aws: Emulated) -> None:
    for key in (bare_aws.aws.hub_credentials, bare_aws.aws.owner_credentials(SHOP)):
        with pytest.raises(ClientError) as refused:
            story_aws.client(key, "sts").get_caller_identity()
        assert refusal(refused.value) in {"SignatureDoesNotMatch", "InvalidClientTokenId"}


@pytest.mark.parametrize(
    ("service", "code"),
    [
        ("sts", "InvalidClientTokenId"),
        ("ec2", "AuthFailure"),
        ("s3", "InvalidAccessKeyId"),
        ("ssm", "UnrecognizedClientException"),
        ("lambda", "UnrecognizedClientException"),
    ],
)
def test_an_unknown_key_is_refused_in_the_services_own_words(
    story_aws: Emulated, service: str, code: str
) -> None:
    client = story_aws.client(Credentials("FAKENOBODY0000000000", "secret"), service)
    call = {
        "sts": "get_caller_identity",
        "ec2": "describe_vpcs",
        "s3": "list_buckets",
        "ssm": "list_documents",
        "lambda": "list_functions",
    }[service]

    with pytest.raises(ClientError) as refused:
        getattr(client, call)()

    assert refusal(refused.value) == code


def test_a_wrong_secret_is_refused(story_aws: Emulated) -> None:
    key = Credentials(story_aws.aws.hub_credentials.access_key_id, "not the secret")

    with pytest.raises(ClientError) as refused:
        story_aws.client(key, "sts").get_caller_identity()

    assert refusal(refused.value) == "SignatureDoesNotMatch"


def test_a_session_without_its_token_is_refused(story_aws: Emulated) -> None:
    session = story_aws.assume(SHOP)
    key = Credentials(session["AccessKeyId"], session["SecretAccessKey"])

    with pytest.raises(ClientError) as refused:
        story_aws.client(key, "sts").get_caller_identity()

    assert refusal(refused.value) == "InvalidClientTokenId"


def _raw(aws: Emulated, request: bytes) -> bytes:
    port = int(aws.aws.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(request)
        answer = b""
        while more := connection.recv(65_536):
            answer += more
    return answer


def test_an_unsigned_call_is_refused(story_aws: Emulated) -> None:
    body = b"Action=DescribeVpcs&Version=2016-11-15"
    answer = _raw(
        story_aws,
        b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (len(body), body),
    )

    assert answer.startswith(b"HTTP/1.1 403 ")
    assert b"vpc-" not in answer


@pytest.mark.parametrize(
    "path", ["/acme-logs", "/acme-logs/key", "/", "/_emulated/state?account=1"]
)
def test_nobody_reads_anything_without_credentials(story_aws: Emulated, path: str) -> None:
    answer = _raw(
        story_aws, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    )

    assert answer.startswith(b"HTTP/1.1 403 ")


def test_a_body_that_was_changed_on_the_way_is_refused(bare_aws: Emulated) -> None:
    client = bare_aws.owner(SHOP, "sqs")

    def change(request: object, **_: object) -> None:
        body = json.loads(request.body)  # type: ignore[attr-defined]
        request.body = json.dumps({**body, "QueueName": "changed-on-the-way"})  # type: ignore[attr-defined]
        request.headers["Content-Length"] = str(len(request.body))  # type: ignore[attr-defined]

    client.meta.events.register("before-send.sqs", change)
    try:
        with pytest.raises(ClientError) as refused:
            client.create_queue(QueueName="as-it-was-signed")
    finally:
        client.meta.events.unregister("before-send.sqs", change)

    assert refusal(refused.value) == "InvalidSignatureException"
    for name in ("changed-on-the-way", "as-it-was-signed"):
        assert "QueueUrls" not in client.list_queues(QueueNamePrefix=name)


def test_a_setting_that_was_changed_on_the_way_to_s3_is_refused(bare_aws: Emulated) -> None:
    """S3 signs a hash that is sent beside the body: it has to be the body's."""
    client = bare_aws.owner(SHOP, "s3")
    client.create_bucket(Bucket="signed-as-it-was")

    def change(request: object, **_: object) -> None:
        body = request.body  # type: ignore[attr-defined]
        text = body if isinstance(body, bytes) else body.read()
        request.body = text.replace(b"Enabled", b"Suspend")  # type: ignore[attr-defined]

    client.meta.events.register("before-send.s3", change)
    try:
        with pytest.raises(ClientError) as refused:
            client.put_bucket_versioning(
                Bucket="signed-as-it-was", VersioningConfiguration={"Status": "Enabled"}
            )
    finally:
        client.meta.events.unregister("before-send.s3", change)

    assert refusal(refused.value) == "SignatureDoesNotMatch"
    assert "Status" not in client.get_bucket_versioning(Bucket="signed-as-it-was")


def test_the_starters_environment_steers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("MOTO_ACCOUNT_ID", "123456789012")
    tenants = [replace(story.TENANTS[2], external_id="external-id-of-initech")]
    with EmulatedAws(tenants, datetime.now(UTC), empty=True) as aws:
        emulated = Emulated(aws, tenants, datetime.now(UTC))
        account = "333333333333"
        made = emulated.owner(account, "sns").create_topic(Name="t")["TopicArn"]

    assert f":{account}:" in made
