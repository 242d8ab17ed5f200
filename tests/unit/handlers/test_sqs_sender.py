"""One message into SQS by hand: signed as botocore signs, and never called sent when it is not."""

import time
from calendar import timegm
from collections.abc import Callable
from contextlib import closing

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from bot.handlers.settings import AwsKeys
from bot.handlers.sqs_sender import NotSentError, SqsSender
from tests.lambda_slack import NOW
from tests.loopback_aws import Answer, RefusedError, loopback_aws
from tests.loopback_http import served

URL = "https://sqs.eu-west-1.amazonaws.com/111111111111/assist.fifo"


def sender(url: str, token: str = "", now: Callable[[], float] = lambda: NOW) -> SqsSender:
    return SqsSender(url, "eu-west-1", AwsKeys("AKIDEXAMPLE", "not-a-secret", token), now)


@pytest.mark.parametrize("token", ["", "a/token+of=a role"])
def test_the_signature_is_botocores(token: str) -> None:
    payload = b'{"MessageBody": "{}"}'
    mine = sender(URL, token)
    heads = mine.signed_headers(payload)
    plain = {n: v for n, v in heads.items() if n in {"content-type", "host", "x-amz-target"}}
    request = AWSRequest("POST", "https://sqs.eu-west-1.amazonaws.com/", plain, payload)
    credentials = Credentials("AKIDEXAMPLE", "not-a-secret", token or None)
    SigV4Auth(credentials, "sqs", "eu-west-1").add_auth(request)
    theirs = timegm(time.strptime(request.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ"))
    ours = sender(URL, token, lambda: theirs).signed_headers(payload)
    assert ours["authorization"] == request.headers["Authorization"]
    assert ("x-amz-security-token" in ours["authorization"]) is bool(token)


def test_the_key_is_made_anew_when_the_day_changes() -> None:
    days = iter((NOW, NOW + 86_400))
    mine = sender(URL, now=lambda: next(days))
    assert mine.signed_headers(b"")["authorization"] != mine.signed_headers(b"")["authorization"]
    later = sender(URL, now=lambda: NOW + 86_400).signed_headers(b"")
    again = iter((NOW, NOW + 86_400))
    mine = sender(URL, now=lambda: next(again))
    mine.signed_headers(b"")
    assert mine.signed_headers(b"") == later


def sent(answer: Answer, times: int = 1) -> list[tuple[str, dict[str, object]]]:
    with loopback_aws(answer) as aws:
        with closing(sender(f"{aws.url}/111111111111/assist.fifo", "token")) as mine:
            for _ in range(times):
                mine.send("{}", "a group", "a name")
        return aws.requests


def test_a_message_is_one_call_with_digests_for_names() -> None:
    requests = sent(lambda *_: {"MessageId": "1"}, times=2)
    assert [operation for operation, _ in requests] == ["SendMessage"] * 2
    wanted = requests[0][1]
    assert wanted["MessageBody"] == "{}"
    assert str(wanted["QueueUrl"]).endswith("/111111111111/assist.fifo")
    assert {len(str(wanted[n])) for n in ("MessageGroupId", "MessageDeduplicationId")} == {64}
    assert wanted["MessageGroupId"] != wanted["MessageDeduplicationId"]


def test_a_refusal_is_told_by_its_name_and_nothing_else() -> None:
    def refuse(*_: object) -> dict[str, object]:
        raise RefusedError("com.amazonaws.sqs#InvalidMessageContents", "what somebody wrote")

    with pytest.raises(NotSentError) as told:
        sent(refuse)
    assert str(told.value) == "InvalidMessageContents"


@pytest.mark.parametrize("said", [b"", b"<html>", b"[]", b"{}", b"[" * 100_000])
def test_an_answer_without_a_message_id_is_not_believed(said: bytes) -> None:
    with (
        served(lambda _: (200, said)) as url,
        closing(sender(f"{url}/1/a.fifo")) as mine,
        pytest.raises(NotSentError),
    ):
        mine.send("{}", "g", "n")


def test_nobody_at_that_address_is_not_sent() -> None:
    with served(lambda _: (200, b"{}")) as url:
        pass
    with pytest.raises(NotSentError, match="ConnectionRefusedError"):
        sender(f"{url}/1/a.fifo").send("{}", "g", "n")


def test_a_connection_that_was_closed_in_the_meantime_is_opened_again() -> None:
    came: list[bytes] = []

    def answer(body: bytes) -> tuple[int, bytes]:
        came.append(body)
        return 200, b'{"MessageId": "1"}'

    with served(answer) as url, closing(sender(f"{url}/1/a.fifo")) as mine:
        mine.send("{}", "g", "n")
        assert mine._wire._socket is not None
        mine._wire._socket.shutdown(2)
        mine.send("{}", "g", "n2")
    assert len(came) == 2


@pytest.mark.parametrize("url", ["http://sqs.example.com/1/a.fifo", "ftp://x/y", "a.fifo", ""])
def test_messages_go_over_tls_or_stay_on_this_computer(url: str) -> None:
    with pytest.raises(ValueError, match="SECURITY_ASSIST_QUEUE"):
        sender(url)
