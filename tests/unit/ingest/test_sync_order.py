"""Whom a scheduled sync, or pull, begins with, and whom it leaves for the next one."""

import json
import logging
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typing_extensions import override

from integrations.connect import Connections
from integrations.errors import InvalidSettingError
from integrations.handlers.findings import pulled
from integrations.handlers.resources import synced
from integrations.settings import AwsAccess, Settings
from integrations.systems import Systems
from tests.builders import tenant


@pytest.fixture
def connections(tmp_path: Path) -> Connections:
    """Three tenants whose accounts are not reached: each sync fails at once, and is named."""
    made = Connections(Settings(state=tmp_path))
    for number, name in enumerate(("acme", "globex", "initech")):
        made.directory.put(tenant(name, f"{number + 1:012}"))
    return made


def _stored(connections: Connections, **at: float) -> None:
    for name, moment in at.items():
        saved = json.dumps({"token": "", "given_at": moment})
        connections.checkpoints().save(f"resources/{name}", saved)


def test_those_come_first_that_have_waited_longest(connections: Connections) -> None:
    _stored(connections, acme=300.0, globex=100.0)
    assert list(synced(connections)["failed"]) == ["initech", "globex", "acme"]


def test_without_time_for_another_the_rest_is_left(connections: Connections) -> None:
    _stored(connections, acme=300.0, globex=100.0, initech=200.0)
    left = iter([900.0, 59.0])
    answer = synced(connections, left_s=lambda: next(left))
    assert list(answer["failed"]) == ["globex"]
    assert answer["left"] == ["initech", "acme"]


def test_who_failed_waits_until_the_others_had_their_turn(connections: Connections) -> None:
    """Each run has time for one: those that fail at the front would leave none for the others."""
    turns = []
    for _ in range(4):
        left = iter([900.0, 59.0])
        turns += synced(connections, left_s=lambda left=left: next(left))["failed"]  # type: ignore[misc] # bound early
    assert turns == ["acme", "globex", "initech", "acme"]


NOBODY = AwsAccess(
    region="eu-west-1", endpoint_url="http://127.0.0.1:9", access_key="k", secret_key="s"
)
"""Nothing listens there: whoever enters an account fails at once."""


@pytest.fixture
def accounts(connections: Connections, tmp_path: Path) -> Connections:
    """The same three, one of them with two accounts."""
    acme = connections.directory.get("acme")
    connections.directory.put(replace(acme, accounts=(*acme.accounts, "000000000009")))
    connections.close()
    return Connections(Settings(state=tmp_path, aws=NOBODY))


def _pulled_up_to(connections: Connections, **hours: int) -> None:
    for place, hour in hours.items():
        reached = datetime(2026, 11, 25, hour, tzinfo=UTC).isoformat()
        tenant_id, account = place.split("_")
        name = f"findings/{tenant_id}/{account}/eu-west-1"
        connections.checkpoints().save(name, json.dumps({"reached": reached}))


def test_the_account_is_pulled_first_that_has_waited_longest(accounts: Connections) -> None:
    _pulled_up_to(accounts, acme_000000000001=3, globex_000000000002=1, initech_000000000003=2)
    assert list(pulled(accounts)["failed"]) == [
        "acme 000000000009", "globex 000000000002", "initech 000000000003", "acme 000000000001",
    ]  # fmt: skip


def test_without_time_for_another_account_the_rest_is_left(accounts: Connections) -> None:
    left = iter([900.0, 59.0])
    answer = pulled(accounts, ["acme", "nobody"], left_s=lambda: next(left))
    assert list(answer["failed"]) == ["nobody", "acme 000000000001"]
    assert answer["left"] == ["acme 000000000009"]


def test_an_account_that_failed_waits_until_the_others_had_their_turn(
    accounts: Connections,
) -> None:
    turns = []
    for _ in range(4):
        left = iter([900.0, 59.0])
        turns += pulled(accounts, left_s=lambda left=left: next(left))["failed"]  # type: ignore[misc] # bound early
    assert len(set(turns)) == 4


def test_a_pull_without_access_to_the_accounts_says_so_at_once(connections: Connections) -> None:
    with pytest.raises(InvalidSettingError, match="SECURITY_ASSIST_AWS=on"):
        pulled(connections)


class _Surprising(Connections):
    """One tenant's systems break as nobody foresaw."""

    @override
    def systems(self, tenant_id: str) -> Systems:
        if tenant_id == "globex":
            raise KeyError("secret-word")
        return super().systems(tenant_id)


def test_what_nobody_foresaw_in_one_tenant_stops_no_other_tenant(
    accounts: Connections, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The one that fails has waited longest ever after: it would keep all others waiting."""
    why = "an error that was not foreseen (KeyError); please report it"
    with caplog.at_level(logging.DEBUG), _Surprising(Settings(state=tmp_path)) as made:
        failed = synced(made)["failed"]
    assert (list(failed), failed["globex"]) == (["acme", "globex", "initech"], why)
    with caplog.at_level(logging.DEBUG), _Surprising(Settings(state=tmp_path, aws=NOBODY)) as made:
        failed = pulled(made)["failed"]
    assert (len(failed), failed["globex 000000000002"]) == (4, why)
    assert "secret-word" not in caplog.text
