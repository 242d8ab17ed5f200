"""The whole of a fix at the terminal: planned, refused, approved twice, proven, undone."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.commands.demo import _Running, _running
from infra.local.acme import SHOP
from infra.local.story import WORKSPACE
from integrations.settings import Settings
from tests.demo import beside

ANALYST, FIRST, SECOND = (
    f"slack/{WORKSPACE}/{user}" for user in ("U0ANALYST1", "U0ONCALL01", "U0ONCALL02")
)
GROUP = "sg-0a1webadmin"
REFUSED, MORE_NEEDED = 1, 3


@dataclass(frozen=True)
class Terminal:
    """A demo that runs, and a terminal beside it."""

    demo: _Running
    state: Path

    def types(self, *words: str, by: str = "", reason: str = "") -> Result:
        """`assist WORDS`, for somebody of the chat and with a reason where one is given."""
        more = ["--as", by, "--on-behalf-of"] if by else []
        more += ["--reason", reason] if reason else []
        told = ["--state", str(self.state), *words, *more]
        return CliRunner().invoke(main, told, env={"COLUMNS": "100"})


@pytest.fixture(scope="module")
def terminal() -> Iterator[Terminal]:
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        with _running(Settings(state=state), 0) as running:
            running.emulated.wait()
            yield Terminal(running, state)


def test_an_open_group_is_closed_proven_and_opened_again(terminal: Terminal) -> None:
    before = terminal.demo.emulated.state(SHOP)
    plan = " ".join(terminal.types("fix", "EC2.13", "--tenant", "acme", "--plan").output.split())
    assert f"1 call: ec2:RevokeSecurityGroupIngress {GROUP}" in plan
    assert "IpPermissions: IpProtocol tcp, FromPort 22, ToPort 22, IpRanges CidrIp 0.0.0" in plan
    asked = terminal.types("fix", "EC2.13", "--tenant", "acme", by=ANALYST)
    assert asked.exit_code == 0
    (request,) = {word for word in asked.output.split() if word.startswith("R-")}
    assert terminal.demo.emulated.state(SHOP) == before, "planning changes nothing"

    own = terminal.types("approve", request, by=ANALYST, reason="mine")
    assert own.exit_code == REFUSED
    assert "You asked for this fix, so someone else must approve it" in own.output
    assert terminal.types("approve", request, by=FIRST).exit_code == REFUSED, "no reason given"
    assert terminal.types("approve", request, by=FIRST, reason="seen").exit_code == MORE_NEEDED
    done = terminal.types("approve", request, by=SECOND, reason="seen")
    assert done.exit_code == 0
    assert "Fixed and proven" in done.output
    fixed = terminal.demo.emulated.state(SHOP)
    assert beside(fixed) != beside(before)
    assert beside(fixed, GROUP) == beside(before, GROUP), "nothing else changed"

    one = terminal.types("undo", request, by=SECOND, reason="the bastion needs it")
    assert one.exit_code == MORE_NEEDED
    said = " ".join(one.output.split())
    assert "1 of 2 approvers want it undone" in said
    assert "U0ONCALL01" in said
    assert "Nothing was undone" in said
    assert beside(terminal.demo.emulated.state(SHOP)) == beside(fixed)
    both = terminal.types("undo", request, by=FIRST, reason="the bastion needs it")
    assert both.exit_code == 0
    assert "Undone and proven" in both.output
    assert beside(terminal.demo.emulated.state(SHOP)) == beside(before), "as it was before"
    again = terminal.types("undo", request, by=FIRST, reason="once more")
    assert again.exit_code == REFUSED
    assert "There is nothing to undo" in again.output
    assert "acme" in terminal.types("audit", "verify").output
    assert terminal.types("audit", "verify").exit_code == 0
