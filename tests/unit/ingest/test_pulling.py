"""Pulling findings: paced, backed off, resumed, and only ever the tenant's own."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from integrations.aws import ONE_TRY, AwsSession
from integrations.connect import Connections
from integrations.errors import DeniedByAwsError, NotFoundError, UnavailableError
from integrations.findings.polling import FindingPage, StaleTokenError, Window
from integrations.findings.port import Filter, FindingState
from integrations.findings.security_hub_poll import BACK_OFF_S, SecurityHubPoll
from integrations.ingest.pulling import FULL_EVERY, OVERLAP, TOKEN_LIFE_S, FindingPull
from integrations.settings import Settings
from integrations.tenants.port import Tenant
from tests.loopback_http import Answer, served
from tests.unit.findings.given import ACCOUNT, REGION, asff

ROLE = f"arn:aws:iam::{ACCOUNT}:role/SecurityAssistRead"
NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
_ANY = Filter(states=frozenset())


class Time:
    """A clock that only pauses move on; each request takes as long as `request_s`."""

    def __init__(self) -> None:
        self.now = NOW.timestamp()
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


def _finding(number: int) -> dict[str, Any]:
    """Updated at minute `number` of the day."""
    at = (NOW - timedelta(hours=8) + timedelta(minutes=number)).isoformat(timespec="milliseconds")
    return asff(Id=f"f{number}", UpdatedAt=at)


# -- the requests


@contextmanager
def _hub(answer: Answer) -> Iterator[tuple[SecurityHubPoll, Time, list[dict[str, Any]]]]:
    """A poll of a Security Hub on loopback that answers (status, JSON) to each request."""
    asked: list[dict[str, Any]] = []
    time = Time()
    times: list[float] = []

    def told(body: bytes) -> tuple[int, bytes]:
        asked.append({**json.loads(body), "at": time.now})
        times.append(time.now)
        return answer(body)

    with served(told) as url:
        session = AwsSession(
            access_key="fake", secret_key="fake", token=None, region=REGION, endpoint_url=url
        )
        client = session.client("securityhub", config=ONE_TRY)
        yield (
            SecurityHubPoll(lambda: client, ACCOUNT, ROLE, clock=time, pause=time.pause),
            time,
            asked,
        )


def _page(*rows: dict[str, Any], token: str | None = None) -> tuple[int, bytes]:
    return 200, json.dumps({"Findings": rows, "NextToken": token}).encode()


def _refusal(code: str, status: int = 400) -> tuple[int, bytes]:
    return status, json.dumps({"Code": code, "Message": "no", "__type": code}).encode()


WINDOW = Window(NOW - timedelta(hours=1), NOW)


def test_a_page_asks_for_the_accounts_own_findings_of_the_window_the_earliest_first() -> None:
    with _hub(lambda _: _page(_finding(3), _finding(5), token="t1")) as (poll, _, asked):
        page = poll.page(WINDOW)
        assert poll.page(WINDOW, "t1").token == "t1"
    assert asked[0]["Filters"] == {
        "AwsAccountId": [{"Value": ACCOUNT, "Comparison": "EQUALS"}],
        "UpdatedAt": [{"Start": "2026-11-25T07:00:00.000Z", "End": "2026-11-25T08:00:00.000Z"}],
    }
    assert asked[0]["SortCriteria"] == [{"Field": "UpdatedAt", "SortOrder": "asc"}]
    assert asked[0]["MaxResults"] == 100
    assert "NextToken" not in asked[0]
    assert asked[1]["NextToken"] == "t1"
    assert [json.loads(record) for record in page.records] == [_finding(3), _finding(5)]
    assert page.last == NOW - timedelta(hours=8) + timedelta(minutes=5)


@pytest.mark.parametrize("throttled", [0, 1, 7])
def test_no_second_has_more_than_three_requests_whatever_is_answered(throttled: int) -> None:
    busy = [_refusal("LimitExceededException", 429)] * bool(throttled)
    answers = iter(([_page()] * (throttled or 1) + busy) * 30)
    with _hub(lambda _: next(answers)) as (poll, _, asked):
        for _ in range(20):
            poll.page(WINDOW)
    at = [one["at"] for one in asked]
    assert len(at) >= 20
    assert all(later - earlier >= 0.999 for earlier, later in zip(at, at[3:], strict=False))


@pytest.mark.parametrize(
    "answer",
    [
        _refusal("LimitExceededException", 429),
        _refusal("ThrottlingException"),
        _refusal("InternalException", 500),
        (503, b"<html>busy</html>"),
    ],
)
def test_a_throttle_is_backed_off_and_then_given_up(answer: tuple[int, bytes]) -> None:
    given_up = pytest.raises(UnavailableError, match="GetFindings")
    with _hub(lambda _: answer) as (poll, time, asked), given_up:
        poll.page(WINDOW)
    assert [one for one in time.pauses if one >= 1] == list(BACK_OFF_S)
    assert len(asked) == len(BACK_OFF_S) + 1


def test_after_a_throttle_the_answer_comes() -> None:
    answers = iter([_refusal("LimitExceededException", 429), _page(_finding(1))])
    with _hub(lambda _: next(answers)) as (poll, _, _asked):
        assert len(poll.page(WINDOW).records) == 1


@pytest.mark.parametrize(
    ("code", "token", "error"),
    [
        ("AccessDeniedException", "", DeniedByAwsError),
        ("InvalidAccessException", "", NotFoundError),
        ("InvalidInputException", "t", StaleTokenError),
        ("InvalidInputException", "", UnavailableError),
    ],
)
def test_what_trying_again_would_not_help_against_is_told_at_once(
    code: str, token: str, error: type[Exception]
) -> None:
    with _hub(lambda _: _refusal(code)) as (poll, _, asked), pytest.raises(error):
        poll.page(WINDOW, token)
    assert len(asked) == 1


# -- the pull


class Held:
    """Findings held somewhere, in pages of two; counts the requests, may be cut off."""

    def __init__(self, *findings: dict[str, Any]) -> None:
        self.findings = list(findings)
        self.asked: list[tuple[Window, str]] = []
        self.cut_at: int | None = None
        self.stale = False

    def page(self, window: Window, token: str = "") -> FindingPage:
        self.asked.append((window, token))
        if self.cut_at == len(self.asked):
            raise UnavailableError("cut off")
        if token and self.stale:
            self.stale = False
            raise StaleTokenError("unknown token")
        rows = sorted(
            (at, row)
            for at, row in ((datetime.fromisoformat(r["UpdatedAt"]), r) for r in self.findings)
            if window.since <= at <= window.until
        )
        begin = int(token or 0)
        end = begin + 2
        here = rows[begin:end]
        return FindingPage(
            [json.dumps(row).encode() for _, row in here],
            here[-1][0] if here else None,
            str(end) if end < len(rows) else "",
        )


class Place:
    """A tenant, what is held of it, and pulls of it."""

    def __init__(self, connections: Connections, held: Held) -> None:
        self.connections, self.held, self.time = connections, held, Time()
        self.letters = connections.dead_letters()
        self.checkpoints = connections.checkpoints()

    def pull(self, since: datetime | None = None) -> int:
        """How many findings were read."""
        systems = self.connections.systems("acme")
        pull = FindingPull(
            systems, self.held, (ACCOUNT, REGION), self.letters, self.checkpoints, self.time
        )
        return pull.run(since).records

    def decide(self, number: int, status: str) -> None:
        """What a person does in Security Hub: the finding's time of update stays as it is."""
        self.held.findings[number] = {
            **self.held.findings[number], "Workflow": {"Status": status},
        }  # fmt: skip

    def muted(self) -> set[str]:
        where = Filter(states=frozenset({FindingState.MUTED}))
        found = self.connections.systems("acme").findings.search(where, limit=1000)
        return {one.uid for one in found}

    def stored(self) -> set[str]:
        found = self.connections.systems("acme").findings.search(_ANY, limit=1000)
        return {one.uid for one in found}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with Connections(Settings(state=tmp_path / "state")) as connections:
        connections.directory.put(Tenant(id="acme", name="Acme", accounts=(ACCOUNT,)))
        connections.directory.put(Tenant(id="globex", name="G", accounts=("444455556666",)))
        yield Place(connections, Held(*(_finding(number) for number in range(10, 20))))


def test_the_first_pull_takes_all_and_the_next_only_what_came_since(place: Place) -> None:
    assert place.pull() == 10
    assert len(place.stored()) == 10
    assert place.pull() == 0
    place.held.findings.append(_finding(8 * 60 - 5))
    assert place.pull() == 1, "updated within the overlap"
    assert place.held.asked[-1][0].since == NOW - OVERLAP


def test_a_pull_that_is_cut_off_goes_on_with_its_token_while_that_is_young(place: Place) -> None:
    place.held.cut_at = 3
    with pytest.raises(UnavailableError):
        place.pull()
    assert len(place.stored()) == 4
    place.time.now += TOKEN_LIFE_S - 1
    assert place.pull() == 6
    assert len(place.stored()) == 10
    assert len(place.held.asked) == 6, "five pages, and the one that was cut off"


@pytest.mark.parametrize("waited", [TOKEN_LIFE_S, 0.0])
def test_with_an_old_or_refused_token_it_goes_on_from_the_time_it_had_reached(
    place: Place, waited: float
) -> None:
    place.held.findings = [_finding(30 * number) for number in range(10)]
    place.held.cut_at = 3
    with pytest.raises(UnavailableError):
        place.pull()
    place.held.stale = waited == 0
    place.time.now += waited
    place.pull()
    assert len(place.stored()) == 10
    since = place.held.asked[-1][0].since
    assert since == NOW - timedelta(hours=8) + timedelta(minutes=90) - OVERLAP


def test_a_token_that_goes_stale_on_the_way_back_through_time_leaves_nothing_out(
    place: Place,
) -> None:
    place.held.findings = []
    place.pull()
    place.held.findings = [_finding(30 * number) for number in range(10)]
    place.held.stale = True
    place.pull(since=NOW - timedelta(days=1))
    assert len(place.stored()) == 10


def test_a_pull_back_in_time_that_is_cut_off_does_not_move_the_checkpoint_back(
    place: Place,
) -> None:
    place.pull()
    place.held.cut_at = len(place.held.asked) + 2
    with pytest.raises(UnavailableError):
        place.pull(since=NOW - timedelta(days=1))
    place.time.now += TOKEN_LIFE_S
    place.pull()
    assert place.held.asked[-1][0].since == NOW - OVERLAP


def test_a_finding_of_another_tenants_account_is_kept_aside_and_never_stored(place: Place) -> None:
    place.held.findings = [asff(Id="theirs", AwsAccountId="444455556666")]
    place.pull()
    assert place.stored() == set()
    assert place.connections.systems("globex").findings.search(_ANY) == []
    (kept,) = place.letters.listed()
    assert kept.source == f"securityhub:{ACCOUNT}/{REGION}"


def test_a_clock_ahead_of_ours_does_not_carry_the_checkpoint_away(place: Place) -> None:
    place.held.findings = [_finding(8 * 60 + 300)]
    assert place.pull() == 1
    place.held.findings.append(_finding(8 * 60 + 1))
    place.time.now += 120
    assert place.pull() == 2


def test_what_people_decided_is_seen_by_the_next_pass_through_all(place: Place) -> None:
    place.pull()
    place.decide(3, "SUPPRESSED")
    place.time.now += FULL_EVERY.total_seconds() - 1
    assert place.pull() == 0
    assert place.muted() == set()
    place.time.now += 1
    assert place.pull() == 10
    assert len(place.muted()) == 1
    place.time.now += FULL_EVERY.total_seconds() - 1
    assert place.pull() == 0, "the passes are so long apart from beginning to beginning"


def test_a_pass_through_all_that_is_cut_off_goes_on_from_the_time_it_had_reached(
    place: Place,
) -> None:
    place.held.findings = [_finding(30 * number) for number in range(10)]
    place.pull()
    for number in (0, 9):
        place.decide(number, "SUPPRESSED")
    place.time.now += FULL_EVERY.total_seconds()
    place.held.cut_at = len(place.held.asked) + 4
    with pytest.raises(UnavailableError):
        place.pull()
    assert len(place.muted()) == 1
    place.time.now += 3_600
    begun = len(place.held.asked)
    place.pull()
    assert len(place.muted()) == 2
    since = place.held.asked[begun + 1][0].since
    assert since == NOW - timedelta(hours=8) + timedelta(minutes=90) - OVERLAP
    begun = len(place.held.asked)
    place.pull()
    assert len(place.held.asked) == begun + 1


def test_a_deployment_that_never_went_through_all_does_so_with_its_next_pull(place: Place) -> None:
    place.checkpoints.save(
        f"findings/acme/{ACCOUNT}/{REGION}", json.dumps({"reached": NOW.isoformat()})
    )
    assert place.pull() == 10


def test_a_pull_since_a_moment_goes_through_no_more_than_that(place: Place) -> None:
    place.pull(since=NOW - timedelta(minutes=1))
    assert len(place.held.asked) == 1
