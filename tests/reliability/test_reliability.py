"""A slice of `make reliability`: small enough for every run, large enough to be seen to catch."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.hub import mark_of
from tests.real_engines import engine, hub_account
from tests.reliability import crashes, exactly_once, false_fixes, forged, ingest_soak, tampering
from tests.reliability.ingest_offer import Offer


@pytest.fixture(autouse=True)
def _silence() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_200_approvals_over_a_failing_network_are_carried_out_once_each() -> None:
    count = exactly_once.run("product", 200, seed=7)
    assert (count.duplicates, count.lost, count.unwritten, count.broken) == (0, 0, 0, [])
    assert count.deliveries >= 4 * 200
    assert count.executions >= 190, "a run in which hardly anything is done proves nothing"
    for fault in ("throttled", "reset", "cut", "killed", "hangs"):
        assert count.faults[fault] > 20, f"{fault} never happened"
    assert count.taken_over > 0


@pytest.mark.slow
def test_20_approvals_kept_in_dynamodb_are_carried_out_once_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", hub_account())
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    where = f"dynamodb://us-east-1/{mark_of(tmp_path)}?endpoint={engine('hub')['url']}"
    count = exactly_once.run("product", 20, seed=7, tables=where)
    assert (count.duplicates, count.lost, count.unwritten, count.broken) == (0, 0, 0, [])
    assert count.deliveries >= 4 * 20
    assert count.executions >= 18
    assert min(count.faults[fault] for fault in ("throttled", "reset", "cut", "killed")) > 1


def test_the_same_run_catches_a_design_that_claims_first() -> None:
    count = exactly_once.run("claim-first", 200, seed=7)
    assert count.duplicates > 0
    assert count.lost > 0


def test_on_a_calm_network_every_approval_is_carried_out_and_proven() -> None:
    count = exactly_once.run("product", 20, seed=7, faults=exactly_once.CALM)
    assert count.stages == {"verified": 20}
    assert (count.executions, count.broken) == (20, [])


def test_a_worker_killed_at_any_boundary_leaves_records_and_no_second_execution() -> None:
    told = crashes.at_each_boundary(every=13)
    assert told.kills >= 8
    assert (told.duplicates, told.unwritten, told.broken) == (0, [], [])


def test_workers_killed_at_random_carry_out_each_fix_once() -> None:
    told = crashes.at_random(fixes=8, workers=3, seed=7)
    assert told.kills > 3
    assert (told.executions, told.duplicates, told.unfinished) == (8, 0, 0)
    assert (told.unwritten, told.broken) == ([], [])


@pytest.mark.parametrize("transport", sorted(forged.TRANSPORTS))
def test_no_forged_click_runs_anything(transport: str) -> None:
    told = forged.run(transport, 60, seed=7)
    assert told.tried.total() >= 60
    assert (told.executed, told.moved) == ([], [])
    assert told.honest == len(told.tried), "and the right person's click does"


def test_no_fix_gone_wrong_is_called_fixed() -> None:
    told = false_fixes.run(33, seed=7)
    assert (told.called_fixed, told.endless) == ([], [])
    assert set(told.stages) == {"failed", "not_fixed"}


def test_every_tampering_with_the_audit_is_found() -> None:
    told = tampering.run(160, seed=7)
    assert told.tried.total() >= 160
    assert told.unseen == []


def test_10k_findings_with_1k_poison_through_killed_workers_are_each_stored_once() -> None:
    told = ingest_soak.run(11_000, 0, seed=7, poison_every=11, kill_every_s=1.2)
    assert (told.missing, told.strange, told.duplicates) == (0, 0, 0)
    assert (told.letters, told.letters_missing, told.letters_strange) == (1_000, 0, 0)
    assert told.findings > 2_000
    assert told.kills > 0
    assert told.deliveries > told.messages
    assert told.faults.total() > 0


def test_the_same_holds_over_an_opensearch_that_is_busy_for_some_and_loses_answers() -> None:
    url = str(engine("opensearch")["url"])
    told = ingest_soak.run_opensearch(url, 1_100, 0, seed=7, poison_every=11, kill_every_s=3)
    assert (told.missing, told.strange, told.duplicates) == (0, 0, 0)
    assert (told.letters, told.letters_missing, told.letters_strange) == (100, 0, 0)
    assert told.faults["busy items"] > 50
    assert told.deliveries > told.messages


def test_a_soak_that_is_not_done_in_time_ends_and_says_so() -> None:
    told = ingest_soak.compare(*ingest_soak.soak(11_000, 0, seed=7, longest_s=0.0))
    assert told.given_up
    assert not told.kept


def test_the_soak_sees_what_is_missing_strange_stale_and_there_twice() -> None:
    offer = Offer(400, poison_every=0)
    list(offer)
    stored = ingest_soak.Stored({(*key, at): 1 for key, at in offer.good.items()})
    assert ingest_soak.compare(ingest_soak.Soaked(), offer, stored).kept
    first = next(iter(stored))
    stale = (*first[:2], first[2] - 1)
    for wrong in (
        {one: n for one, n in stored.items() if one != first},
        {**stored, ("globex", "nobody offered", 1): 1},
        {**{one: n for one, n in stored.items() if one != first}, stale: 1},
        {**stored, first: 2},
    ):
        told = ingest_soak.compare(ingest_soak.Soaked(), offer, ingest_soak.Stored(wrong))
        assert not told.kept
