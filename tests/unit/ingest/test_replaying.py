"""Dead letters tried again: what goes in is forgotten, what does not keeps its new reason."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from integrations.connect import Connections
from integrations.deadletters.port import DeadLetter, DeadLetters, letter
from integrations.errors import UnavailableError
from integrations.findings.port import OPEN
from integrations.ingest.replaying import Replay, Replayed
from integrations.settings import Settings
from integrations.systems import Systems
from integrations.tenants.port import Tenant
from tests.unit.findings.given import ACCOUNT, asff

OTHER = "444455556666"
NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)


@pytest.fixture
def connections(tmp_path: Path) -> Iterator[Connections]:
    with Connections(Settings(state=tmp_path / "state")) as opened:
        opened.directory.put(Tenant(id="acme", name="Acme", accounts=(ACCOUNT,)))
        yield opened


@pytest.fixture
def letters(connections: Connections) -> DeadLetters:
    return connections.dead_letters()


def _letter(record: Any, reason: str = "some reason") -> DeadLetter:
    body = record if isinstance(record, bytes) else json.dumps(record).encode()
    return letter("findings", "q", reason, body, NOW)


def _replay(connections: Connections, letters: DeadLetters) -> Replay:
    return Replay(connections.directory.owner_of, connections.systems, letters)


def test_what_goes_in_now_is_forgotten_and_the_rest_keeps_its_new_reason(
    connections: Connections, letters: DeadLetters
) -> None:
    letters.keep([
        _letter(asff(Id="f1", AwsAccountId=OTHER)),
        _letter(asff(Id="f2", AwsAccountId="999999999999")),
        _letter(b"no JSON at all"),
    ])  # fmt: skip
    connections.directory.put(Tenant(id="globex", name="Globex", accounts=(OTHER,)))
    done = _replay(connections, letters).run()
    assert done == Replayed(taken_in=1, refused=2)
    assert [f.uid for f in connections.systems("globex").findings.search(OPEN)] == ["f1"]
    left = letters.listed()
    assert {(one.attempts, one.kept_at) for one in left} == {(2, NOW)}
    assert sorted(one.reason[:12] for one in left) == ["account 9999", "broken JSON:"]
    assert _replay(connections, letters).run() == Replayed(refused=2)
    assert {one.attempts for one in letters.listed()} == {3}


def test_only_the_chosen_ones_are_tried(connections: Connections, letters: DeadLetters) -> None:
    one, other = _letter(asff(Id="f1")), _letter(asff(Id="f2"))
    letters.keep([one, other])
    assert _replay(connections, letters).run([other]) == Replayed(taken_in=1)
    assert letters.listed() == [one]


def test_of_a_list_the_good_go_in_and_each_bad_one_is_a_letter_of_its_own(
    connections: Connections, letters: DeadLetters
) -> None:
    whole = _letter({"Findings": [asff(Id="f1"), {"odd": 1}, asff(Id="f2"), {"odd": 2}]})
    letters.keep([whole])
    assert _replay(connections, letters).run() == Replayed(refused=1)
    assert len(connections.systems("acme").findings.search(OPEN)) == 2
    assert sorted(one.body for one in letters.listed()) == [b'{"odd": 1}', b'{"odd": 2}']
    assert {one.attempts for one in letters.listed()} == {2}


def test_what_is_not_kept_whole_is_left_alone(
    connections: Connections, letters: DeadLetters
) -> None:
    cut = _letter(b"x" * 1_000_001)
    letters.keep([cut])
    assert _replay(connections, letters).run() == Replayed(cut=1)
    assert letters.listed() == [cut]


def test_while_an_engine_is_away_nothing_is_forgotten_and_no_attempt_counted(
    connections: Connections, letters: DeadLetters
) -> None:
    kept = [_letter(asff(Id=f"f{n}")) for n in range(3)] + [_letter(b"odd")]
    letters.keep(kept)

    class Away:
        def upsert(self, _: object) -> None:
            raise UnavailableError("the cluster is away")

    def systems(tenant: str) -> Systems:
        away: Any = Away()
        return replace(connections.systems(tenant), findings=away)

    done = Replay(connections.directory.owner_of, systems, letters).run()
    assert done == Replayed(waiting=3, refused=1, errors=["the cluster is away"])
    assert sorted(one.attempts for one in letters.listed()) == [1, 1, 1, 2]
    assert _replay(connections, letters).run() == Replayed(taken_in=3, refused=1)


def test_more_than_a_page_of_letters_is_tried_each_once(
    connections: Connections, letters: DeadLetters
) -> None:
    letters.keep([_letter(asff(Id=f"f{n}")) for n in range(250)])
    letters.keep([_letter({"odd": n}) for n in range(130)])
    assert _replay(connections, letters).run() == Replayed(taken_in=250, refused=130)
    assert {one.attempts for one in letters.listed(limit=500)} == {2}
