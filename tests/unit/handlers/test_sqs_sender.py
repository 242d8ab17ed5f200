"""One message into SQS by hand: never called sent when it is not."""

import threading
from contextlib import closing

import pytest

from bot.handlers.settings import AwsKeys
from bot.handlers.sqs_sender import NotSentError, SqsSender
from tests.lambda_slack import NOW
from tests.loopback_aws import Answer, RefusedError, loopback_aws
from tests.loopback_http import served


def sender(url: str, token: str = "") -> SqsSender:
    return SqsSender(url, "eu-west-1", AwsKeys("AKIDEXAMPLE", "not-a-secret", token), lambda: NOW)


def sent(answer: Answer, times: int = 1) -> list[tuple[str, dict[str, object]]]:
    with loopback_aws(answer) as aws:
        with closing(sender(f"{aws.url}/111111111111/assist.fifo", "token")) as mine:
            for _ in range(times):
                mine.send('"{}"', "a group", "a name", 2)
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
        mine.send('"{}"', "g", "n", 2)


def test_nobody_at_that_address_is_not_sent() -> None:
    with served(lambda _: (200, b"{}")) as url:
        pass
    with pytest.raises(NotSentError, match="ConnectionRefusedError"):
        sender(f"{url}/1/a.fifo").send('"{}"', "g", "n", 2)


@pytest.mark.parametrize("within_s", [0, -1, 0.05])
def test_what_has_no_time_left_is_not_sent(within_s: float) -> None:
    done = threading.Event()

    def answer(_: bytes) -> tuple[int, bytes]:
        done.wait(30)
        return 200, b'{"MessageId": "1"}'

    with served(answer) as url, closing(sender(f"{url}/1/a.fifo")) as mine:
        with pytest.raises(NotSentError, match="TimeoutError"):
            mine.send('"{}"', "g", "n", within_s)
        done.set()


def test_a_connection_that_was_closed_in_the_meantime_is_opened_again() -> None:
    came: list[bytes] = []

    def answer(body: bytes) -> tuple[int, bytes]:
        came.append(body)
        return 200, b'{"MessageId": "1"}'

    with served(answer) as url, closing(sender(f"{url}/1/a.fifo")) as mine:
        mine.send('"{}"', "g", "n", 2)
        assert mine._aws._wire._socket is not None
        mine._aws._wire._socket.shutdown(2)
        mine.send('"{}"', "g", "n2", 2)
    assert len(came) == 2


@pytest.mark.parametrize("url", ["http://sqs.example.com/1/a.fifo", "ftp://x/y", "a.fifo", ""])
def test_messages_go_over_tls_or_stay_on_this_computer(url: str) -> None:
    with pytest.raises(ValueError, match="SECURITY_ASSIST_QUEUE"):
        sender(url)
