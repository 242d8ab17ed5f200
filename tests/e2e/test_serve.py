"""`assist serve` before it is of use: every way to get its tokens wrong says what to type next."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from tests.unit.workspace.stage import TOKEN, on_stage

APP_TOKEN = "xapp-not-a-token"


def served(state: Path, **environment: str) -> Result:
    clean = {"SLACK_BOT_TOKEN": None, "SLACK_APP_TOKEN": None, "SLACK_API_URL": None}
    return CliRunner().invoke(
        main, ["serve", "--state", str(state)], env={**clean, **environment}, catch_exceptions=False
    )


@pytest.mark.parametrize(
    ("environment", "wrong"),
    [
        ({}, "SLACK_BOT_TOKEN is not set; SLACK_APP_TOKEN is not set."),
        ({"SLACK_BOT_TOKEN": TOKEN}, "Error: SLACK_APP_TOKEN is not set."),
        (
            {"SLACK_BOT_TOKEN": APP_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN},
            "Error: SLACK_BOT_TOKEN does not begin with xoxb-.",
        ),
    ],
)
def test_tokens_that_are_missing_or_mixed_up_are_named(
    tmp_path: Path, environment: dict[str, str], wrong: str
) -> None:
    result = served(tmp_path, **environment)
    assert result.exit_code == 1
    assert wrong in result.output
    assert "export SLACK_BOT_TOKEN=xoxb-..." in result.output
    assert "export SLACK_APP_TOKEN=xapp-..." in result.output
    assert "assist demo" in result.output
    assert "not-a-token" not in result.output


def test_a_token_that_slack_refuses_is_named(tmp_path: Path) -> None:
    with on_stage() as stage:
        tokens = {"SLACK_BOT_TOKEN": "xoxb-other", "SLACK_APP_TOKEN": APP_TOKEN}
        result = served(tmp_path, SLACK_API_URL=stage.server.api_url, **tokens)
    assert result.exit_code == 1
    assert "Slack refused SLACK_BOT_TOKEN (invalid_auth)" in result.output


def test_an_apps_token_that_slack_refuses_is_named(tmp_path: Path) -> None:
    with on_stage() as stage:
        tokens = {"SLACK_BOT_TOKEN": TOKEN, "SLACK_APP_TOKEN": APP_TOKEN}
        result = served(tmp_path, SLACK_API_URL=stage.server.api_url, **tokens)
    assert result.exit_code == 1
    assert "Slack refused SLACK_APP_TOKEN" in result.output
    assert "no tenants yet" in result.output


def test_a_slack_that_does_not_answer_is_said(tmp_path: Path) -> None:
    with on_stage() as stage:
        url = stage.server.api_url
    tokens = {"SLACK_BOT_TOKEN": TOKEN, "SLACK_APP_TOKEN": APP_TOKEN}
    result = served(tmp_path, SLACK_API_URL=url, **tokens)
    assert result.exit_code == 1
    assert "is this computer online?" in result.output
