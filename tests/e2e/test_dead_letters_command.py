"""From the door on Lambda to `assist dead-letters`: kept, listed, shown, replayed, dropped."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.ingesting import assist
from tests.unit.findings.given import ACCOUNT, asff

_ROOT = Path(__file__).parents[2]
OTHER = "444455556666"
HOSTILE = '{"title": "\\u001b]0;owned \u202e\x7f"}'
_LAMBDA = (
    "import json, sys; from integrations.handlers.findings import lambda_handler; "
    "print(json.dumps(lambda_handler(json.load(sys.stdin), None)))"
)


def _through_lambda(state: Path, *bodies: str) -> dict[str, Any]:
    """What the door answers to a batch, in a process of its own as on Lambda."""
    records = [{"messageId": f"m{n}", "body": body} for n, body in enumerate(bodies)]
    done = subprocess.run(
        [sys.executable, "-c", _LAMBDA],
        cwd=_ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": str(state), "SECURITY_ASSIST_STATE": str(state)},
        input=json.dumps({"Records": records}),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stderr == ""
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A tenant with one finding, and three records that could not be taken in."""
    folder = tmp_path / "state"
    assert assist(folder, "tenants", "add", "acme", "--account", ACCOUNT).code == 0
    event = {
        "detail-type": "Security Hub Findings - Imported",
        "detail": {"findings": [asff(Id="f1"), asff(Id="f2", AwsAccountId=OTHER)]},
    }
    answer = _through_lambda(folder, json.dumps(event), "no JSON", HOSTILE)
    assert answer == {"batchItemFailures": []}
    return folder


def _letters(state: Path) -> list[dict[str, Any]]:
    ran = assist(state, "dead-letters", "list", "--json")
    assert ran.code == 0
    listed: list[dict[str, Any]] = json.loads(ran.out)
    return listed


def test_they_are_listed_with_reasons_and_replayed_once_the_reason_is_gone(state: Path) -> None:
    listed = assist(state, "dead-letters", "list")
    assert "3 dead letters, 3 shown:" in listed.out
    assert f"assist tenants onboard TENANT --account {OTHER}" in listed.out
    assert assist(state, "tenants", "add", "globex", "--account", OTHER).code == 0
    ran = assist(state, "dead-letters", "replay", "--all")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("1 of 3 went in and are forgotten.\n2 could not be taken in again")
    asked = assist(state, "ask", "how many open findings are there?", "--tenant", "globex")
    assert "1 " in asked.out
    assert {one["attempts"] for one in _letters(state)} == {2}
    again = assist(state, "dead-letters", "replay", "--all")
    assert again.code == 2


def test_one_is_shown_safely_and_raw_byte_for_byte(state: Path) -> None:
    odd = next(one for one in _letters(state) if one["bytes"] == len(HOSTILE.encode()))
    shown = assist(state, "dead-letters", "show", odd["id"])
    assert "not a finding that is understood" in shown.out
    assert all(c.isprintable() or c == "\n" for c in shown.out)
    raw = assist(state, "dead-letters", "show", odd["id"], "--raw")
    assert raw.out == HOSTILE
    missing = assist(state, "dead-letters", "show", "feed")
    assert (missing.code, missing.err) == (1, "Error: there is no dead letter feed\n")


def test_they_are_dropped_by_id_or_all_when_that_is_confirmed(state: Path) -> None:
    first = _letters(state)[0]["id"]
    assert assist(state, "dead-letters", "drop").code == 2
    assert "1 dead letter deleted." in assist(state, "dead-letters", "drop", first).out
    refused = assist(state, "dead-letters", "drop", "--all", given=b"n\n")
    assert refused.code == 1
    assert len(_letters(state)) == 2
    assert "2 dead letters deleted." in assist(state, "dead-letters", "drop", "--all", "--yes").out
    assert assist(state, "dead-letters", "list").out == "There are no dead letters.\n"
    assert assist(state, "dead-letters", "replay", "--all").code == 0
