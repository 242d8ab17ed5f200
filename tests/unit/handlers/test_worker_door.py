"""The door behind the queue: Bolt on the bytes that were signed, at the time they came."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
from typing_extensions import override

from bot.handlers.delivery import Addressed, job
from bot.handlers.redelivery import Redelivery, Said
from bot.handlers.verifying import JSON, Signed
from bot.handlers.worker import Worker
from bot.messages import Click, Incoming, Place
from bot.slack_bot import SlackBot, SlackInstall
from integrations.errors import RejectedRecordError, UnavailableError
from integrations.work.port import Job, Lease
from tests.lambda_slack import FORM, NOW, SECRET, mention, press, sign

INSTALL = SlackInstall(
    team_id="T1",
    bot_user_id="UB",
    bot_id="B1",
    token="xoxb-no",
    signing_secret=SECRET,
    api_url="http://127.0.0.1:9/api/",
)
STAMP = str(int(NOW))


def body_of(signed: Signed) -> str:
    return str(json.loads(text_of(Addressed("id", "group"), signed))["body"])


def text_of(where: Addressed, signed: Signed) -> str:
    """A message as the queue gives it back."""
    return str(json.loads(job(where, signed)))


def signed(body: bytes, kind: str = JSON, received_at: float = NOW) -> Signed:
    return Signed(STAMP, sign(STAMP, body), kind, body, received_at)


@pytest.fixture(scope="module")
def redelivery() -> Redelivery:
    return Redelivery(INSTALL, lambda _place: False)


def test_an_event_that_waited_for_long_is_heard(redelivery: Redelivery) -> None:
    (said,) = redelivery.read(body_of(signed(mention())))
    assert isinstance(said.what, Incoming)
    assert said.what.text == "hello"
    assert redelivery.read(body_of(signed(mention(bot_id="B9")))) == []


def test_a_press_that_waited_is_heard(redelivery: Redelivery) -> None:
    (said,) = redelivery.read(body_of(signed(press(), FORM)))
    assert isinstance(said.what, Click)
    assert said.what.value == "R-1:abc"


def test_what_nobody_listens_to_is_done_with_and_not_written_into_the_log(
    redelivery: Redelivery, caplog: pytest.LogCaptureFixture
) -> None:
    event = {"type": "team_join", "text": "what somebody wrote"}
    body = json.dumps({"type": "event_callback", "team_id": "T1", "event": event})
    assert redelivery.read(body_of(signed(body.encode()))) == []
    assert "wrote" not in caplog.text


@pytest.mark.parametrize(
    "wrong",
    [
        Signed(STAMP, sign(STAMP, mention()), JSON, mention("Ev2"), NOW),
        Signed(STAMP, "v0=" + "0" * 64, JSON, mention(), NOW),
        signed(mention(), received_at=NOW + 301),
        signed(b"[" * 100_000),
        signed(b"{"),
        signed(b"\xff"),
    ],
    ids=["other bytes", "no signature of Slack's", "too late", "deep", "broken", "no UTF-8"],
)
def test_who_can_write_to_the_queue_cannot_speak_as_slack(
    redelivery: Redelivery, wrong: Signed
) -> None:
    with pytest.raises(RejectedRecordError):
        redelivery.read(body_of(wrong))


@pytest.mark.parametrize("body", ["", "{}", "[]", "null", '{"timestamp": 1, "body": 3}'])
def test_what_is_no_envelope_is_rejected(redelivery: Redelivery, body: str) -> None:
    with pytest.raises(RejectedRecordError):
        redelivery.read(body)


@dataclass
class Batches:
    """A queue that remembers how its jobs ended."""

    ended: list[tuple[str, str]] = field(default_factory=list)
    away: bool = False

    def lease_of(self, body: str, attempt: int, receipt: str) -> Lease | None:
        if self.away:
            raise UnavailableError("DynamoDB did not answer")
        told = json.loads(body)
        return Lease(Job(told["id"], told["group"], told["body"]), attempt, receipt)

    def done(self, lease: Lease) -> None:
        self.ended.append((lease.job.id, "done"))

    def failed(self, lease: Lease, reason: str) -> None:
        self.ended.append((lease.job.id, reason.partition(" ")[0]))


@dataclass
class Heard:
    """A bot that hears, and falls over at one text."""

    said: list[str] = field(default_factory=list)
    excused: list[str] = field(default_factory=list)

    def carried_on(self, job: Job) -> bool:
        return job.id.startswith("advance/")

    def excuse(self, said: Incoming, error: UnavailableError) -> None:
        self.excused.append(f"{said.text}: {error}")

    def hear(self, said: Incoming) -> None:
        if said.text == "fall":
            raise ZeroDivisionError(said.text)
        if said.text == "away":
            raise UnavailableError("DynamoDB did not answer")
        self.said.append(said.text)


def record(number: int, text: str, thread: str, attempt: int = 1) -> dict[str, Any]:
    where = Addressed(f"slack/delivery/{number}", thread)
    event = mention(f"Ev{number}", text=f"<@UB> {text}")
    return {
        "messageId": str(number),
        "receiptHandle": str(number),
        "body": text_of(where, signed(event)),
        "attributes": {"MessageGroupId": thread, "ApproximateReceiveCount": str(attempt)},
    }


def test_after_a_failure_the_rest_of_its_thread_comes_again_in_order(
    redelivery: Redelivery, caplog: pytest.LogCaptureFixture
) -> None:
    queue, bot = Batches(), Heard()
    worker = Worker(queue, cast("SlackBot", bot), redelivery)
    batch = [
        record(1, "one", "a"),
        record(2, "fall", "a"),
        record(3, "three", "a"),
        record(4, "four", "b"),
    ]
    answer: Mapping[str, Any] = worker.take({"Records": batch})
    assert [one["itemIdentifier"] for one in answer["batchItemFailures"]] == ["2", "3"]
    assert bot.said == ["one", "four"]
    assert [how for _, how in queue.ended] == ["done", "ZeroDivisionError", "done"]
    assert "fall" not in caplog.text.replace("job failed", "")


@pytest.mark.parametrize("away", [True, False], ids=["the queue's memory", "the conversation's"])
def test_while_the_records_are_away_the_thread_hears_it_once(
    redelivery: Redelivery,
    *,
    away: bool,
) -> None:
    bot = Heard()
    worker = Worker(Batches(away=away), cast("SlackBot", bot), redelivery)
    batch = [record(1, "away", "a"), record(2, "after", "a"), record(3, "away", "b", attempt=2)]
    failed = worker.take({"Records": batch})["batchItemFailures"]
    assert [one["itemIdentifier"] for one in failed] == ["1", "2", "3"]
    assert bot.excused == ["away: DynamoDB did not answer"]


def test_what_is_for_nobody_does_not_ask_the_queues_memory(redelivery: Redelivery) -> None:
    queue = Batches(away=True)
    worker = Worker(queue, cast("SlackBot", Heard()), redelivery)
    joined = json.dumps({"type": "event_callback", "team_id": "T1", "event": {"type": "team_join"}})
    twin = mention(text="<@UB> hello", type="message")
    batch = [record(n, "", "a") for n in range(2)]
    for one, body in zip(batch, (joined.encode(), twin), strict=True):
        one["body"] = text_of(Addressed("slack/delivery/1", "a"), signed(body))
    assert worker.take({"Records": batch}) == {"batchItemFailures": []}
    assert queue.ended == []


class Counting(Redelivery):
    """Counts how often Bolt reads."""

    readings = 0

    @override
    def read(self, body: str) -> list[Said]:
        self.readings += 1
        return super().read(body)


@pytest.mark.parametrize("text", ["hello", "fall", "away"])
def test_a_delivery_is_read_once_whatever_comes_of_it(text: str) -> None:
    redelivery = Counting(INSTALL, lambda _place: True)
    worker = Worker(Batches(), cast("SlackBot", Heard()), redelivery)
    worker.take({"Records": [record(1, text, "a")]})
    assert redelivery.readings == 1


def reply(number: int) -> dict[str, Any]:
    """A record of what is said in a thread of a channel, to nobody by name."""
    one = record(number, "", "a")
    said = mention(f"Ev{number}", text="and the other?", type="message", thread_ts="1.0")
    one["body"] = text_of(Addressed(f"slack/delivery/{number}", "a"), signed(said))
    return one


@pytest.mark.parametrize(("takes_part", "said"), [(True, ["and the other?"]), (False, [])])
def test_a_reply_is_heard_where_the_bot_takes_part(
    takes_part: bool,  # noqa: FBT001 - a case
    said: list[str],
) -> None:
    asked: list[Place] = []
    queue, bot = Batches(), Heard()

    def knows(place: Place) -> bool:
        asked.append(place)
        return takes_part

    worker = Worker(queue, cast("SlackBot", bot), Redelivery(INSTALL, knows))
    assert worker.take({"Records": [reply(1)]}) == {"batchItemFailures": []}
    assert bot.said == said
    assert queue.ended == [("slack/delivery/1", "done")]
    assert len(asked) == 1, "after the queue's memory said that it is to be done"


def test_a_reply_of_which_nobody_can_tell_comes_again_and_nothing_is_said() -> None:
    def knows(_: Place) -> bool:
        raise UnavailableError("DynamoDB did not answer")

    queue, bot = Batches(), Heard()
    worker = Worker(queue, cast("SlackBot", bot), Redelivery(INSTALL, knows))
    assert len(worker.take({"Records": [reply(1)]})["batchItemFailures"]) == 1
    assert queue.ended == [("slack/delivery/1", "UnavailableError")]
    assert bot.excused == []


def test_a_job_of_another_kind_is_not_taken_for_a_delivery(redelivery: Redelivery) -> None:
    queue = Batches()
    worker = Worker(queue, cast("SlackBot", Heard()), redelivery)
    strange = record(1, "one", "a")
    strange["body"] = json.dumps({"id": "incoming/1", "group": "a", "body": "{}"})
    assert len(worker.take({"Records": [strange]})["batchItemFailures"]) == 1
    assert queue.ended == [("incoming/1", "RejectedRecordError")]


def test_an_installation_shows_no_secret() -> None:
    shown = repr(replace(INSTALL, token="xoxb-shown"))
    assert "xoxb-shown" not in shown
    assert SECRET not in shown
