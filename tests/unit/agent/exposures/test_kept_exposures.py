"""Kept rankings: served while they hold, and never a reason to fail or to be out of date."""

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from typing_extensions import override

from agent.exposure import rank
from agent.exposures.ages import aged, dated
from agent.kept_exposures import exposures_of, keep, keep_all
from agent.views import Exposure
from integrations.connect import Connections
from integrations.errors import UnavailableError
from integrations.exposures.port import ExposureStore, KeptExposures
from integrations.settings import Settings
from integrations.systems import Systems
from tests.builders import ACCOUNT, tenant
from tests.unit.agent.exposures.estates import NOW, R7, Estate, failed, systems


@dataclass
class Shelf(ExposureStore):
    """Keeps a ranking in memory."""

    kept: KeptExposures | None = None
    saves: int = 0
    away: bool = False

    @override
    def load(self) -> KeptExposures | None:
        if self.away:
            raise UnavailableError("away")
        return self.kept

    @override
    def save(self, kept: KeptExposures) -> None:
        self.kept = kept
        self.saves += 1

    @override
    def forget(self) -> None:
        self.kept = None


def _on(shelf: Shelf, known: Systems, marks: str = "1") -> Systems:
    return replace(known, exposures=shelf, marks=lambda: marks)


def _served(known: Systems) -> tuple[Exposure, ...]:
    return exposures_of(known, NOW)


def test_a_ranking_is_kept_once_and_served_until_something_changes() -> None:
    shelf = Shelf()
    with systems(R7) as before, systems(Estate()) as after:
        assert keep(_on(shelf, before))
        assert not keep(_on(shelf, before))
        # As if nothing had changed: what is served is what was kept.
        assert list(_served(_on(shelf, after))) == rank(before, NOW)
        assert _served(_on(shelf, after, "2")) == ()
        assert keep(_on(shelf, after, "2"))
        assert shelf.saves == 2


def test_ages_are_those_of_the_moment_they_are_said_at() -> None:
    shelf = Shelf()
    with systems(R7) as known:
        keep(_on(shelf, known))
        for later in (timedelta(0), timedelta(minutes=50), timedelta(hours=5), timedelta(days=9)):
            assert list(exposures_of(_on(shelf, known), NOW + later)) == rank(known, NOW + later)
        (now,), (then,) = _served(_on(shelf, known)), rank(known, NOW + timedelta(days=9))
        assert now.why != then.why


def test_a_tenant_that_matters_less_is_ranked_anew() -> None:
    shelf = Shelf()
    with systems(R7, tenant(priority=1)) as known:
        keep(_on(shelf, known))
        less = replace(_on(shelf, known), tenant=tenant(priority=5))
        (one,), (other,) = _served(_on(shelf, known)), _served(less)
        assert other.score < one.score


def test_what_changes_while_it_is_ranked_is_not_kept() -> None:
    shelf = Shelf()
    marks = iter("12")
    with systems(R7) as known:
        assert not keep(replace(known, exposures=shelf, marks=lambda: next(marks)))
    assert shelf.kept is None


@pytest.mark.parametrize("marks", ["", "1"])
def test_where_an_engine_cannot_tell_nothing_is_kept_nor_served(marks: str) -> None:
    shelf = Shelf()
    with systems(R7) as known:
        kept = keep(_on(shelf, known, marks))
        assert kept is bool(marks)
        assert len(_served(_on(shelf, known, ""))) == 1


def test_a_store_that_is_away_or_damaged_costs_time_and_no_answer() -> None:
    with systems(R7) as known:
        wanted = rank(known, NOW)
        shelf = Shelf()
        keep(_on(shelf, known))
        assert shelf.kept is not None
        broken = Shelf(KeptExposures(shelf.kept.marks, shelf.kept.body[:-9]))
        for one in (Shelf(away=True), broken):
            assert list(_served(_on(one, known))) == wanted


def test_a_title_that_looks_like_an_age_of_ours_becomes_none() -> None:
    said = dated(_titled(f"a\ue000-9999-99-99T99:99\ue001b {aged(NOW, bare=True)}"), NOW)
    assert said.headline == "ab 0 minutes"


def _titled(headline: str) -> Exposure:
    with systems(R7) as known:
        return replace(rank(known, NOW)[0], headline=headline)


def test_of_many_those_are_ranked_who_changed_and_a_failure_stops_nobody(tmp_path: Path) -> None:
    both = ["acme", "globex"]
    with Connections(Settings(state=tmp_path / "state")) as connections:
        for tenant_id, account in zip(both, (ACCOUNT, "444455556666"), strict=True):
            connections.directory.put(tenant(id=tenant_id, accounts=(account,)))
        assert keep_all(connections, both) == (both, {})
        assert keep_all(connections, both) == ([], {})
        connections.systems("globex").findings.upsert([failed("f", "S3.2", "x")])
        ranked, failures = keep_all(connections, ["nobody", *both])
        assert ranked == ["globex"]
        assert "no tenant" in failures["nobody"]
