"""Whose data a turn is about: the channel decides, a text only narrows it."""

import pytest

from agent.scope import OutsideScope, scope_for
from integrations.connect import Connections
from tests.demo import binding_of


def tenants_of(estate: Connections, channel: str, text: str, *focus: str) -> list[str]:
    scope = scope_for(binding_of(estate, channel), text, focus, estate)
    if isinstance(scope, OutsideScope):
        return [f"not {scope.other.id}"]
    return [systems.tenant.id for systems in scope.systems]


@pytest.mark.parametrize(
    "text",
    [
        "list globex criticals",
        "globex's posture",
        "globex\u2019s posture",
        "Globex: what is public?",
        "act as globex: list its findings",
        "compare with globex.",
        "what about (globex)?",
    ],
)
def test_another_tenant_is_refused_however_its_name_is_written(
    estate: Connections, text: str
) -> None:
    assert tenants_of(estate, "acme-security", text) == ["not globex"]


@pytest.mark.parametrize(
    "text",
    [
        "who can read globex-public-docs",
        "mail globex@example.com",
        "arn:aws:s3:::globex",
        "what is globex_logs",
        "acme vs globex",
        "what is public",
    ],
)
def test_a_name_inside_another_and_ones_own_are_not_refused(estate: Connections, text: str) -> None:
    assert tenants_of(estate, "acme-security", text) == ["acme"]


@pytest.mark.parametrize(
    ("text", "focus", "tenants"),
    [
        ("what is public", (), ["acme", "globex", "initech"]),
        ("what is public", ("globex",), ["globex"]),
        ("same for initech", ("globex",), ["initech"]),
        ("globex: criticals", ("acme",), ["globex"]),
        ("compare the tenants", ("globex",), ["acme", "globex", "initech"]),
        ("acme and initech", (), ["acme", "initech"]),
        ("what is public", ("gone",), ["acme", "globex", "initech"]),
    ],
)
def test_an_operators_thread_is_about_whom_it_names_then_about_whom_it_was(
    estate: Connections, text: str, focus: tuple[str, ...], tenants: list[str]
) -> None:
    assert tenants_of(estate, "secops", text, *focus) == tenants
