"""Tenants: whose accounts these are, how much they matter, and which channel speaks for whom."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol


class Environment(StrEnum):
    """What a tenant's accounts are used for."""

    PRODUCTION = "production"
    STAGING = "staging"
    DEVELOPMENT = "development"


class ChannelKey(NamedTuple):
    """One channel of one workspace of one platform."""

    platform: str
    """`slack` or `teams`."""
    workspace: str
    """Slack's enterprise or team id; Teams' tenant id."""
    channel: str

    @property
    def direct(self) -> bool:
        """A direct message and no channel: Slack's have ids that begin with D."""
        return self.platform == "slack" and self.channel.startswith("D")

    def __str__(self) -> str:
        """As the command line takes it: `slack/T0001/C0001`."""
        return f"{self.platform}/{self.workspace}/{self.channel}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A customer, business unit or team with AWS accounts of its own."""

    id: str
    """Lower-case letters, digits and hyphens, starting with a letter; at most 40 characters."""
    name: str
    accounts: tuple[str, ...]
    """AWS account ids of 12 digits; an account belongs to one tenant only."""
    priority: int = 3
    """1 (matters most) to 5."""
    environment: Environment = Environment.PRODUCTION
    approvers: tuple[str, ...] = ()
    """Stable platform user ids, `slack/T0001/U0001`. An empty tuple lets nobody approve."""
    approvers_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By severity (`critical`, `high`, ...) where others than `approvers` decide; there too an
    empty tuple lets nobody approve."""
    self_approval: bool = False
    """Whether an approver may approve what they asked for themselves; never in production."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """What runbooks need to know of this tenant: `log_bucket`, `kms_key_arn`, ...; `{account}` and
    `{region}` in a value stand for those of the resource that is fixed."""
    contact: str = ""
    external_id: str = field(default="", repr=False)
    """The ExternalId that this tenant's roles ask for: issued by us, unique, never shown."""

    def may_approve(self, severity: str) -> tuple[str, ...]:
        """Who decides about something of that severity; `fatal` is decided about as `critical`."""
        graded = "critical" if severity == "fatal" else severity
        return self.approvers_of.get(graded, self.approvers)


@dataclass(frozen=True, slots=True)
class Binding:
    """Whose data a channel may see: one tenant's, or every tenant's (`tenant_id` is None)."""

    key: ChannelKey
    tenant_id: str | None

    @property
    def operator(self) -> bool:
        """Whether the channel sees all tenants."""
        return self.tenant_id is None


class TenantDirectory(Protocol):
    """The control table.

    Promises: an account belongs to at most one tenant; a channel is bound to at most one tenant or
    is an operator channel; there is no default tenant; a change is visible to the next call.
    """

    def tenants(self) -> list[Tenant]:
        """Every tenant, the most important first, then by id."""
        ...

    def get(self, tenant_id: str) -> Tenant:
        """One tenant.

        Raises:
            NotFoundError: no tenant has that id.
        """
        ...

    def put(self, tenant: Tenant) -> Tenant:
        """Add or replace a tenant; issues an ExternalId when it has none, and returns what is kept.

        DynamoDB changes 90 accounts in one step, and more in several: where it ends in between, the
        tenant has some of the new accounts and some of the old.

        Raises:
            InvalidTenantError: a field is not usable, or an account is another tenant's already.
        """
        ...

    def owner_of(self, account: str) -> str | None:
        """The id of the tenant whose account this is."""
        ...

    def bind(self, binding: Binding) -> None:
        """Let a channel see one tenant's data, or every tenant's; replaces what it was bound to.

        Raises:
            NotFoundError: no such tenant.
        """
        ...

    def unbind(self, key: ChannelKey) -> bool:
        """Forget a channel; False when it was not bound."""
        ...

    def binding(self, key: ChannelKey) -> Binding | None:
        """What a channel may see; None is a refusal, never a default."""
        ...

    def bindings(self) -> list[Binding]:
        """Every bound channel, by key."""
        ...


class ControlTable(TenantDirectory, Protocol):
    """The directory as whoever takes tenants on and lets them go holds it."""

    def remove(self, tenant_id: str) -> None:
        """Forget a tenant, its accounts, its ExternalId and its channels.

        DynamoDB takes several steps; after half of them the same call does the rest.

        Raises:
            NotFoundError: no such tenant.
        """
        ...
