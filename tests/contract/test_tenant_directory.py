"""The control table: whose an account is, and whose data a channel may see."""

from dataclasses import replace

import pytest

from integrations.errors import InvalidTenantError, NotFoundError
from integrations.tenants.port import Binding, ChannelKey, Environment, Tenant
from tests.builders import ACCOUNT, tenant
from tests.contract.engines import DIRECTORIES, Directory, Opened
from tests.contract.rival import rivals

OTHER = "444455556666"
CHANNEL = ChannelKey("slack", "T0001", "C0001")


def test_a_tenant_comes_back_as_it_was_put(directory: Opened[Directory]) -> None:
    put = Tenant(
        id="acme",
        name="Acme 'Ü' \U0001f600",
        accounts=(OTHER, ACCOUNT),
        priority=1,
        environment=Environment.STAGING,
        approvers=("slack/T0001/U0001", "teams/x/y"),
        contact="#acme-oncall",
        external_id="given-by-hand",
        approvers_of={"critical": ("slack/T0001/U0009",), "low": ()},
        self_approval=True,
        settings={"log_bucket": "acme-logs"},
    )
    assert directory.now.put(put) == put
    assert directory.now.get("acme") == put
    assert directory.now.tenants() == [put]
    assert directory.again().get("acme") == put


def test_tenants_are_listed_the_most_important_first_then_by_id(
    directory: Opened[Directory],
) -> None:
    for name, account, priority in (("b", "1" * 12, 2), ("c", "2" * 12, 1), ("a", "3" * 12, 2)):
        directory.now.put(tenant(name, account, priority=priority))
    assert [t.id for t in directory.now.tenants()] == ["c", "a", "b"]


def test_an_external_id_is_issued_once_and_kept(directory: Opened[Directory]) -> None:
    issued = directory.now.put(tenant()).external_id
    assert len(issued) >= 32
    again = directory.now.put(tenant(name="Renamed"))
    assert (again.name, again.external_id) == ("Renamed", issued)
    other = directory.now.put(tenant("globex", OTHER))
    assert other.external_id != issued
    assert issued not in repr(again)


def test_two_tenants_never_share_an_external_id(directory: Opened[Directory]) -> None:
    directory.now.put(tenant(external_id="same"))
    with pytest.raises(InvalidTenantError, match="external_id"):
        directory.now.put(tenant("globex", OTHER, external_id="same"))
    assert [t.id for t in directory.now.tenants()] == ["acme"]


def test_an_account_belongs_to_one_tenant_only(directory: Opened[Directory]) -> None:
    directory.now.put(tenant("acme", ACCOUNT))
    with pytest.raises(InvalidTenantError, match=f"{ACCOUNT} of globex is acme's"):
        directory.now.put(tenant("globex", OTHER, ACCOUNT))
    assert directory.now.owner_of(ACCOUNT) == "acme"
    assert directory.now.owner_of(OTHER) is None
    with pytest.raises(NotFoundError):
        directory.now.get("globex")


def test_an_account_that_is_given_up_may_be_anothers(directory: Opened[Directory]) -> None:
    directory.now.put(tenant("acme", ACCOUNT, OTHER))
    directory.now.put(tenant("acme", ACCOUNT))
    assert directory.now.owner_of(OTHER) is None
    directory.now.put(tenant("globex", OTHER))
    assert directory.now.owner_of(OTHER) == "globex"


def test_an_account_named_twice_is_one(directory: Opened[Directory]) -> None:
    assert directory.now.put(tenant("acme", ACCOUNT, ACCOUNT)).accounts == (ACCOUNT,)
    assert directory.now.get("acme").accounts == (ACCOUNT,)


@pytest.mark.parametrize("account", ["", "1", ACCOUNT + " ", "%", "\ud800", "'"])
def test_an_account_that_nobody_has_has_no_owner(
    directory: Opened[Directory], account: str
) -> None:
    directory.now.put(tenant())
    assert directory.now.owner_of(account) is None


@pytest.mark.parametrize("name", ["", "globex", "ACME", "acme ", "\ud800"])
def test_a_tenant_that_is_not_there_is_not_found(directory: Opened[Directory], name: str) -> None:
    directory.now.put(tenant())
    with pytest.raises(NotFoundError):
        directory.now.get(name)
    with pytest.raises(NotFoundError):
        directory.now.bind(Binding(CHANNEL, name))
    assert directory.now.bindings() == []


def test_what_is_not_usable_is_refused_and_changes_nothing(directory: Opened[Directory]) -> None:
    kept = directory.now.put(tenant())
    with pytest.raises(InvalidTenantError, match="priority"):
        directory.now.put(replace(kept, priority=9, name="Other"))
    assert directory.now.get("acme") == kept


def test_an_unbound_channel_sees_nothing(directory: Opened[Directory]) -> None:
    directory.now.put(tenant())
    assert directory.now.binding(CHANNEL) is None
    assert directory.now.bindings() == []


def test_a_channel_sees_one_tenant_or_every_tenant(directory: Opened[Directory]) -> None:
    directory.now.put(tenant())
    operators = CHANNEL._replace(channel="C0002")
    directory.now.bind(Binding(CHANNEL, "acme"))
    directory.now.bind(Binding(operators, None))
    assert directory.now.binding(CHANNEL) == Binding(CHANNEL, "acme")
    found = directory.now.binding(operators)
    assert found == Binding(operators, None)
    assert found.operator
    assert directory.again().bindings() == [Binding(CHANNEL, "acme"), Binding(operators, None)]


@pytest.mark.parametrize(
    "other",
    [
        ChannelKey("teams", "T0001", "C0001"),
        ChannelKey("slack", "T0002", "C0001"),
        ChannelKey("slack", "T0001", "C0002"),
        ChannelKey("slack", "T0001", "c0001"),
        ChannelKey("slack", "T0001C0001", ""),
        ChannelKey("slack", "T0001", "\ud800"),
    ],
)
def test_a_channel_is_known_by_all_of_its_key(
    directory: Opened[Directory], other: ChannelKey
) -> None:
    directory.now.put(tenant())
    directory.now.bind(Binding(CHANNEL, "acme"))
    assert directory.now.binding(other) is None
    assert directory.now.unbind(other) is False


def test_binding_again_replaces_what_a_channel_was_bound_to(directory: Opened[Directory]) -> None:
    directory.now.put(tenant())
    directory.now.put(tenant("globex", OTHER))
    for name in ("acme", None, "globex"):
        directory.now.bind(Binding(CHANNEL, name))
    assert directory.now.bindings() == [Binding(CHANNEL, "globex")]


def test_an_unbound_channel_is_forgotten(directory: Opened[Directory]) -> None:
    directory.now.put(tenant())
    directory.now.bind(Binding(CHANNEL, "acme"))
    assert directory.now.unbind(CHANNEL) is True
    assert directory.now.binding(CHANNEL) is None
    assert directory.now.unbind(CHANNEL) is False


def test_a_channel_keeps_its_tenant_when_the_tenant_is_replaced(
    directory: Opened[Directory],
) -> None:
    directory.now.put(tenant())
    directory.now.bind(Binding(CHANNEL, "acme"))
    directory.now.put(tenant("acme", OTHER, name="New"))
    assert directory.now.binding(CHANNEL) == Binding(CHANNEL, "acme")


def test_a_change_is_seen_by_whoever_asks_next(directory: Opened[Directory]) -> None:
    other = Opened(directory.name, DIRECTORIES, directory.folder)
    directory.now.put(tenant())
    assert other.now.get("acme").accounts == (ACCOUNT,)
    other.now.bind(Binding(CHANNEL, "acme"))
    assert directory.now.binding(CHANNEL) == Binding(CHANNEL, "acme")
    other.now.close()


def test_two_processes_cannot_both_claim_an_account(directory: Opened[Directory]) -> None:
    directory.now.close()
    assert sorted(map(bool, rivals("claim_account", directory.name, directory.folder))) == [
        False,
        True,
    ]
    again = directory.again()
    (kept,) = again.tenants()
    assert again.owner_of(ACCOUNT) == kept.id


def test_an_explicit_empty_list_of_approvers_lets_nobody_approve(
    directory: Opened[Directory],
) -> None:
    put = tenant(approvers=("slack/T/U1",), approvers_of={"critical": (), "high": ("slack/T/U2",)})
    kept = directory.now.put(put)
    assert kept.may_approve("critical") == ()
    assert kept.may_approve("high") == ("slack/T/U2",)
    assert kept.may_approve("medium") == ("slack/T/U1",)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (tenant(self_approval=True, environment=Environment.PRODUCTION), "self_approval"),
        (tenant(approvers_of={"grave": ()}), "grave"),
        (tenant(approvers_of={"high": ("somebody",)}), "somebody"),
        (tenant(settings={"log_bucket": "\ud800"}), "log_bucket"),
    ],
)
def test_rules_that_are_not_usable_are_refused_by_name(
    directory: Opened[Directory], wrong: Tenant, named: str
) -> None:
    with pytest.raises(InvalidTenantError, match=named):
        directory.now.put(wrong)


def test_a_tenant_that_is_removed_leaves_its_accounts_and_its_channels_to_others(
    directory: Opened[Directory],
) -> None:
    issued = directory.now.put(tenant()).external_id
    directory.now.put(tenant("globex", OTHER))
    directory.now.bind(Binding(CHANNEL, "acme"))
    directory.now.bind(Binding(ChannelKey("slack", "T0001", "C0002"), "globex"))
    directory.now.remove("acme")
    assert [t.id for t in directory.again().tenants()] == ["globex"]
    assert directory.now.owner_of(ACCOUNT) is None
    assert directory.now.binding(CHANNEL) is None
    assert len(directory.now.bindings()) == 1
    with pytest.raises(NotFoundError):
        directory.now.remove("acme")
    again = directory.now.put(tenant("initech"))
    assert again.accounts == (ACCOUNT,)
    assert directory.now.put(tenant("other", "777788889999", external_id=issued))
