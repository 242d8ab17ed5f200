"""Requests to fix something: seen by their tenant only, one winner per version, never lost."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from integrations.errors import NotFoundError, StaleWriteError
from integrations.remediations.port import (
    OPEN_STAGES,
    Remediation,
    RemediationStore,
    Stage,
    Step,
)
from tests.builders import NOON
from tests.contract.engines import Opened, Remediations
from tests.contract.rival import ROUNDS, rivals
from tests.remediation_builders import LEASE, approved, plan, remediation

MANY = 10_000


def kept(store: RemediationStore, *versions: Remediation) -> Remediation:
    """A request, added and saved version by version."""
    store.add(versions[0])
    for version in versions[1:]:
        store.save(version)
    return versions[-1]


def at_work(store: RemediationStore, request_id: str, resource: str) -> Remediation:
    """A request that a worker has taken on."""
    request = remediation(request_id, plan=plan(resource=resource))
    store.add(request)
    store.save(ready := request.approved("slack/T0001/UONCALL1", NOON))
    claimed = ready.claimed("worker-1", NOON, LEASE)
    assert store.begin(claimed, MANY)
    return claimed


def test_a_request_comes_back_as_it_was_kept(
    requests: RemediationStore, remediations: Opened[Remediations]
) -> None:
    states: tuple[dict[str, Any], ...] = (
        {"Inbound": ["tcp 22 from 0.0.0.0/0", "ü \U0001f600 \u202e \x00"]},
        {"Deep": {"a": [1, 2.5, None, True, {"b": []}]}, "Empty": {}},
    )
    new = remediation(plan=plan(state=states[0], target=states[1], touches=("web-1", "web-2")))
    approved = new.approved("slack/T0001/UONCALL1", NOON + timedelta(microseconds=1), "seen it")
    claimed = approved.claimed("worker-1", NOON, LEASE)
    starting = claimed.starting("worker-1", NOON, LEASE)
    begun = starting.begun("worker-1", "exec-1")
    steps = (Step(name="Revoke", status="Success", at=NOON), Step(name="Check", status="Failed"))
    watched = begun.progressed("worker-1", steps, NOON + LEASE)
    verified = watched.verified("worker-1", NOON + LEASE, states[1], NOON)
    undoing = verified.undoing("slack/T0001/UONCALL1", "worker-2", NOON, LEASE)
    for version in (new, approved, claimed, starting, begun, watched, verified, undoing):
        if version is new:
            requests.add(version)
        else:
            requests.save(version)
        assert requests.get(new.id) == version
    assert remediations.again().of("acme").get(new.id) == undoing


def test_an_id_is_used_once(requests: RemediationStore) -> None:
    requests.add(remediation())
    with pytest.raises(StaleWriteError):
        requests.add(remediation(plan=plan(title="Another")))
    assert requests.get(remediation().id) == remediation()


def test_what_is_not_there_is_named(requests: RemediationStore) -> None:
    for request_id in ("R-bbbbbbbbbbbbbbbb", "", "' OR 1=1 --", "R-\x00", "R-\ud800"):
        with pytest.raises(NotFoundError):
            requests.get(request_id)
    with pytest.raises(StaleWriteError):
        requests.save(approved())
    with pytest.raises(StaleWriteError):
        requests.begin(approved().claimed("worker-1", NOON, LEASE), MANY)
    assert requests.search() == []


def test_only_the_next_version_is_kept(requests: RemediationStore) -> None:
    first = remediation()
    requests.add(first)
    for version in (-1, 0, 1, 3, 100):
        with pytest.raises(StaleWriteError):
            requests.save(replace(first, version=version, stage=Stage.APPROVED))
        assert requests.get(first.id) == first
    requests.save(first.approved("slack/T0001/UONCALL1", NOON))
    with pytest.raises(StaleWriteError):
        requests.save(first.rejected("slack/T0001/UONCALL2", NOON, "no"))
    assert requests.get(first.id).stage is Stage.APPROVED


def test_one_tenant_never_sees_anothers_request(remediations: Opened[Remediations]) -> None:
    acme, globex = remediations.now.of("acme"), remediations.now.of("globex")
    kept(acme, remediation(), approved())
    with pytest.raises(NotFoundError):
        globex.get(remediation().id)
    assert globex.search() == []
    with pytest.raises(StaleWriteError):
        globex.save(approved().claimed("worker-1", NOON, LEASE))
    with pytest.raises(StaleWriteError):
        globex.begin(approved().claimed("worker-1", NOON, LEASE), MANY)
    globex.add(remediation(plan=plan(title="globex's own")))
    assert acme.get(remediation().id) == approved()
    assert globex.get(remediation().id).plan.title == "globex's own"
    assert [r.version for r in acme.search()] == [2]


def test_search_answers_by_stage_and_finding_newest_first(requests: RemediationStore) -> None:
    for number in range(6):
        uid = "f-odd" if number % 2 else "f-even"
        request = remediation(
            f"R-{number}",
            plan=plan(finding=uid),
            requested_at=NOON + timedelta(microseconds=number),
        )
        requests.add(request)
        if number > 3:
            requests.save(request.rejected("slack/T0001/UONCALL1", NOON, "no"))
    assert [r.id for r in requests.search()] == ["R-5", "R-4", "R-3", "R-2", "R-1", "R-0"]
    assert [r.id for r in requests.search(OPEN_STAGES)] == ["R-3", "R-2", "R-1", "R-0"]
    assert [r.id for r in requests.search(finding="f-odd")] == ["R-5", "R-3", "R-1"]
    rejected = frozenset({Stage.REJECTED})
    assert [r.id for r in requests.search(rejected, finding="f-odd")] == ["R-5"]
    assert [r.id for r in requests.search(limit=2)] == ["R-5", "R-4"]
    assert requests.search(finding="f-\ud800") == []
    assert requests.search(frozenset({Stage.UNDONE})) == []


def test_no_request_is_out_of_reach_because_there_are_many(requests: RemediationStore) -> None:
    for number in range(510):
        requests.add(remediation(f"R-{number}", requested_at=NOON + timedelta(seconds=number)))
    every = requests.search(OPEN_STAGES, limit=None)
    assert [r.id for r in every] == [f"R-{n}" for n in reversed(range(510))]


def test_only_so_many_are_at_work_at_a_time(requests: RemediationStore) -> None:
    first = at_work(requests, "R-1", "group-1")
    at_work(requests, "R-2", "group-2")
    third = kept(requests, *_ready("R-3", "group-3"))
    claimed = third.claimed("worker-1", NOON, LEASE)
    assert requests.begin(claimed, 2) is False
    assert requests.begin(claimed, 0) is False
    assert requests.get("R-3") == third
    requests.save(first.failed("worker-1", NOON, "boom"))
    assert requests.begin(claimed, 2) is True
    assert requests.get("R-3") == claimed


def test_one_resource_is_worked_on_by_one_request_at_a_time(requests: RemediationStore) -> None:
    first = at_work(requests, "R-1", "group-1")
    second = kept(requests, *_ready("R-2", "group-1"))
    claimed = second.claimed("worker-2", NOON, LEASE)
    assert requests.begin(claimed, MANY) is False
    assert requests.get("R-2") == second
    begun = first.begun("worker-1", "exec-1")
    done = begun.failed("worker-1", NOON, "boom")
    for version in (begun, done):
        requests.save(version)
    assert requests.begin(claimed, MANY) is True
    undoing = done.undoing("slack/T0001/UONCALL1", "worker-1", NOON, LEASE)
    assert requests.begin(undoing, MANY) is False
    requests.save(claimed.failed("worker-2", NOON, "boom"))
    assert requests.begin(undoing, MANY) is True


def test_other_tenants_do_not_take_up_room(remediations: Opened[Remediations]) -> None:
    at_work(remediations.now.of("acme"), "R-1", "group-1")
    at_work(remediations.now.of("globex"), "R-1", "group-1")
    third = kept(remediations.now.of("initech"), *_ready("R-1", "group-1"))
    assert remediations.now.of("initech").begin(third.claimed("worker-1", NOON, LEASE), 1)


def test_a_late_version_does_not_begin(requests: RemediationStore) -> None:
    ready = kept(requests, *_ready("R-1", "group-1"))
    requests.save(ready.expired(NOON, "too late"))
    with pytest.raises(StaleWriteError):
        requests.begin(ready.claimed("worker-1", NOON, LEASE), MANY)


def test_of_two_processes_one_wins_each_version(remediations: Opened[Remediations]) -> None:
    remediations.now.of("acme").add(remediation("R-race"))
    remediations.now.close()
    one, two = rivals("decide", remediations.name, remediations.folder)
    assert isinstance(one, list)
    assert isinstance(two, list)
    assert sorted(one + two) == list(range(2, ROUNDS + 2)), "each version was won once"
    assert remediations.again().of("acme").get("R-race").version == ROUNDS + 1


def test_two_processes_never_begin_more_than_there_is_room_for(
    remediations: Opened[Remediations],
) -> None:
    store = remediations.now.of("acme")
    for number in range(2 * ROUNDS):
        kept(store, *_ready(f"R-{number}", f"group-{number}"))
    remediations.now.close()
    one, two = rivals("begin_work", remediations.name, remediations.folder)
    assert isinstance(one, list)
    assert isinstance(two, list)
    assert len(one) + len(two) == 3
    running = remediations.again().of("acme").search(frozenset({Stage.RUNNING}))
    assert sorted(r.id for r in running) == sorted(one + two)


def test_two_processes_never_begin_on_one_resource(remediations: Opened[Remediations]) -> None:
    store = remediations.now.of("acme")
    for number in range(2 * ROUNDS):
        kept(store, *_ready(f"R-{number}", "group-1"))
    remediations.now.close()
    one, two = rivals("begin_work", remediations.name, remediations.folder)
    assert isinstance(one, list)
    assert isinstance(two, list)
    assert len(one + two) == 1


def _ready(request_id: str, resource: str) -> tuple[Remediation, Remediation]:
    request = remediation(request_id, plan=plan(resource=resource))
    return request, request.approved("slack/T0001/UONCALL1", NOON)


def test_a_request_that_moved_on_is_told_until_its_card_tells_of_it(
    requests: RemediationStore, remediations: Opened[Remediations]
) -> None:
    new = remediation()
    requests.add(new)
    assert requests.unshown() == []
    approved = new.approved("slack/T0001/UONCALL1", NOON)
    requests.save(approved)
    claimed = approved.claimed("worker-1", NOON, LEASE)
    assert requests.begin(claimed, MANY)
    assert requests.unshown() == [claimed]
    requests.shown(new.id, approved.version)
    requests.shown("R-bbbbbbbbbbbbbbbb", claimed.version)
    assert requests.unshown() == [claimed], "noted of an older version"
    assert remediations.now.of("globex").unshown() == []
    remediations.now.of("globex").shown(new.id, claimed.version)
    again = remediations.again().of("acme")
    assert again.unshown() == [claimed]
    again.shown(new.id, claimed.version)
    assert again.unshown() == []
