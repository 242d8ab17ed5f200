"""A tenant's findings pulled from where they are held, through the intake that all else uses.

Findings come the earliest updated first, so after each stored page the checkpoint stands at the
last one's time: whatever is cut off goes on from there. How long a page's token is good for AWS
does not say: one that is older than `TOKEN_LIFE_S`, or that is refused, is not used; then the pull
goes on from the checkpoint's time.

What people decide in Security Hub moves no finding's time of update (API reference of
BatchUpdateFindings), so that a pull of what was updated lately does not see it. Every `FULL_EVERY`
a pull therefore goes through all findings once more; a checkpoint of its own says how far that has
come.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from integrations.checkpoints.port import Checkpoints
from integrations.deadletters.port import FINDINGS, DeadLetters, letter
from integrations.findings.polling import FindingPage, FindingPoll, StaleTokenError, Window
from integrations.ingest.intake import Intake
from integrations.ingest.reading import records_of
from integrations.ingest.records import Reject
from integrations.ingest.summary import IngestSummary
from integrations.systems import Systems

TOKEN_LIFE_S: Final = 300.0
OVERLAP: Final = timedelta(minutes=15)
"""Asked for again before the checkpoint: a finding may reach Security Hub after it was updated."""
FIRST: Final = timedelta(days=90)
"""How far back the first pull goes: as long as Security Hub keeps an active finding untouched."""
FULL_EVERY: Final = timedelta(hours=24)
"""From the beginning of one pass through all findings to the beginning of the next."""
_AHEAD: Final = timedelta(days=1)
"""Products' clocks may be ahead of ours."""


@dataclass(frozen=True, slots=True)
class _Checkpoint:
    """How far a pull has come."""

    reached: datetime
    """All that was updated before this is stored."""
    token: str = ""
    """Where the pull was cut off; belongs to `window` and was given at `given_at`."""
    window: Window | None = None
    given_at: float = 0.0

    def text(self) -> str:
        """As it is saved."""
        told: dict[str, Any] = {"reached": self.reached.isoformat()}
        if self.token and self.window:
            told |= {
                "token": self.token,
                "since": self.window.since.isoformat(),
                "until": self.window.until.isoformat(),
                "given_at": self.given_at,
            }
        return json.dumps(told)


def _read(text: str | None) -> _Checkpoint | None:
    if text is None:
        return None
    told = json.loads(text)
    reached = datetime.fromisoformat(told["reached"])
    if "token" not in told:
        return _Checkpoint(reached)
    window = Window(datetime.fromisoformat(told["since"]), datetime.fromisoformat(told["until"]))
    return _Checkpoint(reached, told["token"], window, float(told["given_at"]))


@dataclass(frozen=True, slots=True)
class _Full:
    """How far the last pass through all findings has come."""

    begun: datetime
    reached: datetime | None = None
    """It was cut off there; None: it came to its end."""

    def text(self) -> str:
        """As it is saved."""
        told = {"begun": self.begun.isoformat()}
        if self.reached is not None:
            told["reached"] = self.reached.isoformat()
        return json.dumps(told)


def _read_full(text: str | None) -> _Full | None:
    if text is None:
        return None
    told = json.loads(text)
    reached = told.get("reached")
    begun = datetime.fromisoformat(told["begun"])
    return _Full(begun, datetime.fromisoformat(reached) if reached else None)


def last_pulled(checkpoints: Checkpoints, tenant_id: str, place: tuple[str, str]) -> float:
    """Up to when all of a place (account, Region) is stored, in seconds since 1970; 0.0: nothing.

    Raises:
        UnavailableError: the engine does not answer.
    """
    saved = _read(checkpoints.load(checkpoint_of(tenant_id, place)))
    return saved.reached.timestamp() if saved else 0.0


def checkpoint_of(tenant_id: str, place: tuple[str, str]) -> str:
    """The checkpoint of a place's pulls."""
    return f"findings/{tenant_id}/{place[0]}/{place[1]}"


class FindingPull:
    """Pulls one account and Region of a tenant."""

    def __init__(
        self,
        systems: Systems,
        poll: FindingPoll,
        place: tuple[str, str],
        letters: DeadLetters,
        checkpoints: Checkpoints,
        clock: Callable[[], float],
    ) -> None:
        """Ask nothing yet.

        Args:
            systems: The tenant's; what is not of its accounts is kept as a dead letter.
            poll: Gives the findings of the place.
            place: Account and Region.
            letters: Keeps what cannot be taken in.
            checkpoints: Keeps how far the pull has come.
            clock: Seconds since 1970.
        """
        self._systems = systems
        self._poll = poll
        self._letters = letters
        self._checkpoints = checkpoints
        self._clock = clock
        self._name = checkpoint_of(systems.tenant.id, place)
        self._full = f"{self._name}/all"
        self._source = f"securityhub:{place[0]}/{place[1]}"

    def run(
        self, since: datetime | None = None, progress: Callable[[int], None] = lambda _: None
    ) -> IngestSummary:
        """Pull what was updated since the last pull, or since a moment.

        Where the last pass through all findings began `FULL_EVERY` ago, or was cut off, all are
        then gone through too, unless a moment was named.

        Args:
            since: Aware; None: since the checkpoint, less `OVERLAP`; without one, for `FIRST`.
            progress: Told how many findings have been read so far.

        Raises:
            NotFoundError, DeniedByAwsError: the account cannot be read.
            UnavailableError: AWS or an engine does not answer; what was pulled is stored, and the
                next pull goes on from there.
        """
        now = datetime.fromtimestamp(self._clock(), UTC)
        saved = _read(self._checkpoints.load(self._name))
        # A pull that goes back on purpose must not move the checkpoint back if it is cut off.
        floor = saved.reached if saved else None
        window, token = self._begin(saved, since, now)
        rejects: list[Reject] = []
        tenant = self._systems.tenant
        intake = Intake(
            lambda account: tenant.id if account in tenant.accounts else None,
            lambda _: self._systems,
            rejects.append,
        )
        # A window that is resumed by its token is stored up to the checkpoint.
        stored = saved.reached - OVERLAP if saved and token else window.since
        if saved is None and since is None:
            # What is begun here goes through all, in however many pulls.
            self._checkpoints.save(self._full, _Full(now).text())
        for page, of in self._pages(window, token, stored, now):
            self._store(intake, page, rejects)
            progress(intake.summary.records)
            self._save(page, of, now, floor)
        if since is None:
            for page in self._all_pages(now):
                self._store(intake, page, rejects)
                progress(intake.summary.records)
        return intake.summary

    def _pages(
        self, window: Window, token: str, stored: datetime, now: datetime
    ) -> Iterator[tuple[FindingPage, Window]]:
        """The pages of a window with the window they are of; what is yielded is stored then."""
        while True:
            try:
                page = self._poll.page(window, token)
            except StaleTokenError:
                if not token:
                    raise
                window, token = Window(max(window.since, stored), now + _AHEAD), ""
                continue
            yield page, window
            stored = max(stored, min(page.last, now) - OVERLAP if page.last else stored)
            token = page.token
            if not token:
                return

    def _all_pages(self, now: datetime) -> Iterator[FindingPage]:
        """The pages of all findings, if it is time for that; from where it was cut off."""
        last = _read_full(self._checkpoints.load(self._full))
        if last is None or (last.reached is None and now - last.begun >= FULL_EVERY):
            last = _Full(now, now - FIRST)
        if last.reached is None:
            return
        window = Window(last.reached - OVERLAP, now + _AHEAD)
        for page, _ in self._pages(window, "", window.since, now):
            yield page
            if page.last:
                reached = max(last.reached, min(page.last, now))
                self._checkpoints.save(self._full, _Full(last.begun, reached).text())
        self._checkpoints.save(self._full, _Full(last.begun).text())

    def _begin(
        self, saved: _Checkpoint | None, since: datetime | None, now: datetime
    ) -> tuple[Window, str]:
        if since is not None:
            return Window(since, now + _AHEAD), ""
        if saved is None:
            return Window(now - FIRST, now + _AHEAD), ""
        age = self._clock() - saved.given_at
        if saved.token and saved.window and 0 <= age < TOKEN_LIFE_S:
            return saved.window, saved.token
        return Window(saved.reached - OVERLAP, now + _AHEAD), ""

    def _store(self, intake: Intake, page: FindingPage, rejects: list[Reject]) -> None:
        for number, record in enumerate(page.records, start=1):
            for found in records_of(self._source, number, record):
                intake.take(found)
        intake.store_all()
        now = datetime.fromtimestamp(self._clock(), UTC)
        self._letters.keep(_letters(rejects, now))
        rejects.clear()

    def _save(
        self, page: FindingPage, window: Window, now: datetime, floor: datetime | None
    ) -> None:
        """What is stored up to a page; a clock that is ahead of ours does not count."""
        reached = min(page.last, now) if page.last else window.since
        if not page.token:
            reached = max(reached, now)
        if floor is not None:
            reached = max(reached, floor)
        self._checkpoints.save(
            self._name, _Checkpoint(reached, page.token, window, self._clock()).text()
        )


def _letters(rejects: Sequence[Reject], now: datetime) -> list[Any]:
    return [letter(FINDINGS, one.file, one.reason, one.data, now) for one in rejects]
