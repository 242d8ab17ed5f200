"""What a tenant's record must be like: each field is refused by name, and nothing else is."""

from typing import Any

import pytest

from integrations.errors import InvalidTenantError
from integrations.tenants.rules import check
from tests.builders import ACCOUNT, tenant


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": ""}, "id ''"),
        ({"id": "Acme"}, "id 'Acme'"),
        ({"id": "9acme"}, "starting with a letter"),
        ({"id": "acme/../x"}, "id 'acme/../x'"),
        ({"id": "acme\n"}, "lower-case"),
        ({"id": "äcme"}, "lower-case"),
        ({"id": "a" * 41}, "at most 40"),
        ({"name": ""}, "name of acme"),
        ({"name": " \t"}, "name of acme"),
        ({"name": "x" * 81}, "1 to 80"),
        ({"name": "caf\udce9"}, "name of acme: not text"),
        ({"contact": "\ud800"}, "contact of acme: not text"),
        ({"priority": 0}, "1 to 5, not 0"),
        ({"priority": 6}, "1 to 5, not 6"),
        ({"accounts": ()}, "at least one"),
        ({"accounts": ("1" * 11,)}, "12 digits"),
        ({"accounts": ("1" * 13,)}, "12 digits"),
        ({"accounts": (ACCOUNT, ACCOUNT + "\n")}, "12 digits"),
        ({"accounts": ("\u0661" * 12,)}, "12 digits"),
        ({"approvers": ("U0001",)}, "platform/workspace/user"),
        ({"approvers": ("slack/T0001/",)}, "platform/workspace/user"),
        ({"approvers": ("slack/T0001/U0001", "a/b/c/d")}, "'a/b/c/d'"),
        ({"approvers": ("slack/T0001/\ud800",)}, "approver of acme: not text"),
    ],
)
def test_what_is_not_usable_is_refused_by_name(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidTenantError) as refused:
        check(tenant(**changes))
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "a"},
        {"id": "a-1" + "x" * 37},
        {"name": "x" * 80},
        {"name": "Ünï\U0001f600"},
        {"priority": 1},
        {"priority": 5},
        {"accounts": ("000000000000", ACCOUNT)},
        {"approvers": ("slack/T0001/U0001", "teams/a b/29:1x")},
    ],
)
def test_what_is_usable_is_not_refused(changes: dict[str, Any]) -> None:
    check(tenant(**changes))
