"""Which command a hint names: where AWS accounts are reached, the one that makes their roles."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.commands.state import adding, tenant_named
from integrations.connect import Connections
from integrations.deadletters.port import letter
from integrations.errors import NotFoundError
from integrations.ingest.replaying import Replay
from integrations.settings import AwsAccess, Settings
from tests.builders import ocsf_event


@pytest.mark.parametrize(
    ("aws", "command"),
    [(None, "assist tenants add"), (AwsAccess(), "assist tenants onboard")],
    ids=["at home", "with accounts"],
)
def test_a_hint_names_the_command_of_the_place(
    tmp_path: Path, aws: AwsAccess | None, command: str
) -> None:
    with Connections(Settings(state=tmp_path, aws=aws)) as connections:
        assert adding(connections) == command
        with pytest.raises(NotFoundError, match=command):
            tenant_named(connections, "acme")
        letters = connections.dead_letters()
        found = ocsf_event("f1", account="999999999999")
        letters.keep([letter("findings", "q", "", found, datetime(2026, 11, 25, tzinfo=UTC))])
        Replay(connections.directory.owner_of, connections.systems, letters, command).run()
        (kept,) = letters.listed()
    assert f"{command} TENANT --account 999999999999" in kept.reason
