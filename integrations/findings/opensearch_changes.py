"""A batch of events as changes of findings: what was told of each, and what becomes of it."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from msgspec import Struct

from integrations.findings.indexed import Indexed
from integrations.findings.ocsf import read_indexed
from integrations.findings.opensearch_documents import fingerprint, id_of
from integrations.findings.standing import Standing, merged


class Told(Struct, frozen=True, gc=False):
    """One event of a batch."""

    at: int
    """Its place in the batch."""
    event: bytes
    indexed: Indexed
    reserved: bool
    """Whether the event has an attribute that is called like ours."""


class Change(Struct):
    """One finding of a batch."""

    doc_id: str
    told: list[Told]
    """In the order of the batch."""
    before: Standing | None = None
    after: Standing | None = None
    """None for a new finding that was told of once: that says everything."""
    latest: Told | None = None
    """Whose event is to be written; None where only what is beside it changes."""
    news: int = 0
    """How many of the events told something new."""

    def merge(self, before: Standing | None) -> bool:
        """Merge what was told into what is stored; whether that changes it."""
        self.before = self.after = before
        if before is None and len(self.told) == 1:
            self.latest, self.news = self.told[0], 1
            return True
        self.latest, self.news = None, 0
        for told in self.told:
            mark = fingerprint(told.event)
            after = merged(self.after, told.indexed.finding(), mark)
            if after is not self.after:
                self.news += 1
                self.latest = told if after.event == mark else self.latest
            self.after = after
        return self.news > 0


def changes_of(tenant: str, events: Sequence[bytes]) -> list[Change]:
    """The changes that OCSF events (JSON) ask for.

    Raises:
        RejectedRecordError: an event lacks what is indexed.
    """
    changes: dict[str, Change] = {}
    for at, event in enumerate(events):
        indexed, reserved = read_indexed(event)
        told = Told(at, event, indexed, reserved)
        change = changes.get(indexed.uid)
        if change is None:
            changes[indexed.uid] = Change(id_of(tenant, indexed.uid), [told])
        else:
            change.told.append(told)
    return list(changes.values())


@contextmanager
def uncollected() -> Iterator[None]:
    """Let Python not search for garbage in what a batch makes: there is none before it ends.

    The searches take a tenth of a batch's time. It is the whole process's switch: of several
    threads the one that turned it off turns it on.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
