"""A tenant's roles on the command line: what deploys them, what was found of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from bot.doctor.trust import problem_of
from integrations.errors import InvalidSettingError, SecurityAssistError

if TYPE_CHECKING:
    from integrations.accounts.trust import RoleTrust
    from integrations.connect import Connections
    from integrations.tenants.port import Tenant

STACK_SET = "SecurityAssistTenant"
HUB_STACK = "security-assist"
_TEMPLATE = Path(__file__).resolve().parents[2] / "infra" / "tenant.yaml"
_ROLE_WIDTH = 25
_DRAWN_THERE = "opens-no-account"
"""The same each time, so that the same command prints the same; nobody is asked for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubParts:
    """What a tenant's account has to know of the hub."""

    account: str = ""
    """Empty: not known here."""
    stack: str
    region: str
    """Where the hub's stack is."""
    proving: str = ""
    """ARN of the role that proves the roles, beside the hub's own; empty: none may."""
    regions: tuple[str, ...]
    """Where the template is put; the roles are made in the first."""

    def needed(self) -> "HubParts":
        """Itself.

        Raises:
            InvalidSettingError: the account is not known.
        """
        if not self.account:
            raise InvalidSettingError("the hub's account is not known: say --hub-account ID")
        return self


def hub_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What is told of the hub, each unless the hub's own credentials say it."""
    for option in reversed(
        (
            click.option("--hub-account", help="Account id of the hub (default: our own)."),
            click.option(
                "--hub-stack",
                default="",
                help=f"The hub's stack (default: as SECURITY_ASSIST_TABLES says, or {HUB_STACK}).",
            ),
            click.option(
                "--proving-role",
                help="ARN of a role of the hub that may prove the roles (default: our own).",
            ),
            click.option("--stack-set", default=STACK_SET, show_default=True),
            click.option(
                "--region",
                "regions",
                multiple=True,
                help="Regions that the tenant uses (default: the hub's); repeat.",
            ),
        )
    ):
        command = option(command)
    return command


def hub_parts(
    connections: "Connections",
    account: str | None,
    stack: tuple[str, str],
    proving: str | None,
    regions: tuple[str, ...],
) -> HubParts:
    """What is told, and for the rest what the hub's own credentials say.

    `stack` is its name and its Region, as `hub_stack_of` has them.
    """
    name, own = stack
    try:
        own = own or connections.region()
        from integrations.access import hub_identity

        our_account, our_role = hub_identity(connections.hub_access())
    except SecurityAssistError:
        our_account = our_role = ""
    return HubParts(
        account=account or our_account,
        stack=name,
        region=own or "us-east-1",
        proving=our_role if proving is None else proving,
        regions=regions or (own or "us-east-1",),
    )


def hub_stack_of(named: str, tables: str) -> tuple[str, str]:
    """The name of the hub's stack and its Region, empty where nothing tells it.

    A hub's tables are called after its stack and are beside it (`TablesUrl` of template.yaml). A
    tenant's roles that trusted another stack's would let nobody in, and its events would go astray.

    Raises:
        InvalidSettingError: `tables` is not what SECURITY_ASSIST_TABLES may say.
    """
    from integrations.dynamodb_tables import location

    found = location(tables) if tables else None
    return named or (found.prefix if found else HUB_STACK), found.region if found else ""


def template() -> str:
    """The template of a tenant's account.

    Raises:
        InvalidSettingError: it is not there.
    """
    try:
        return _TEMPLATE.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InvalidSettingError(
            f"{_TEMPLATE} is not there: run this from a checkout of the project"
        ) from None


def parameters_of(tenant: "Tenant", parts: HubParts) -> Mapping[str, str]:
    """The template's parameters for one tenant."""
    proving = {"ProvingRoleArn": parts.proving} if parts.proving else {}
    return {
        "ExternalId": tenant.external_id,
        "HubAccount": parts.account or "HUB_ACCOUNT",
        "HubRegion": parts.region,
        "HubStack": parts.stack,
        "HomeRegion": parts.regions[0],
        **proving,
    }


def parameters_of_the_set(parts: HubParts, drawn: str) -> Mapping[str, str]:
    """What an instance has that was made without a tenant's own: an ExternalId of nobody's.

    `drawn` is a random text. Were it a tenant's, an instance made by hand would open to that one.
    """
    return {
        "ExternalId": f"nobody-{drawn}",
        "HubAccount": parts.account or "HUB_ACCOUNT",
        "HubRegion": parts.region,
        "HubStack": parts.stack,
        "HomeRegion": parts.regions[0],
    }


def commands_to_deploy(tenant: "Tenant", parts: HubParts, stack_set: str) -> str:
    """What to type where the StackSet lives, exactly."""
    told, of_set = parameters_of(tenant, parts), parameters_of_the_set(parts, _DRAWN_THERE)
    lines = [
        "",
        "Now its roles. With credentials of the account that holds the StackSet, once for all:",
        "",
        f"  aws cloudformation create-stack-set --stack-set-name {quote(stack_set)} \\",
        "    --template-body file://infra/tenant.yaml --capabilities CAPABILITY_NAMED_IAM \\",
        "    --permission-model SELF_MANAGED \\",
        f"    --parameters {_in_words(of_set)}",
        "",
        f"and for {tenant.id}:",
        "",
        f"  aws cloudformation create-stack-instances --stack-set-name {quote(stack_set)} \\",
        f"    --accounts {' '.join(tenant.accounts)} --regions {' '.join(parts.regions)} \\",
        f"    --parameter-overrides {_in_words(told)}",
        "",
    ]
    if not parts.account:
        lines.append("HUB_ACCOUNT is the id of the account that the bot runs in.")
    lines += [
        f"The ExternalId above is {tenant.id}'s alone: keep it to these accounts.",
        f"Then prove it:  assist tenants onboard {tenant.id} --check",
    ]
    return "\n".join(lines)


def command_to_update(stack_set: str) -> str:
    """What to type to give every tenant's account the template as it is now."""
    return (
        f"aws cloudformation update-stack-set --stack-set-name {quote(stack_set)} "
        "--template-body file://infra/tenant.yaml --capabilities CAPABILITY_NAMED_IAM"
    )


def command_to_remove(tenant: "Tenant", stack_set: str, regions: tuple[str, ...]) -> str:
    """What to type where the StackSet lives, to take the roles away."""
    return (
        f"aws cloudformation delete-stack-instances --stack-set-name {quote(stack_set)} "
        f"--no-retain-stacks \\\n    --accounts {' '.join(tenant.accounts)} "
        f"--regions {' '.join(regions)}"
    )


def said_of(found: "RoleTrust") -> str:
    """One role in a line or two: the verdict, then its mend."""
    name = found.role.rpartition("/")[2]
    lead = f"{found.account}  {name:<{_ROLE_WIDTH}}  "
    if found.sound:
        return f"{lead}ok: opens with the tenant's ExternalId, and to nothing else that was tried"
    verdict, mend = problem_of(found)
    return f"{lead}{verdict}\n  {mend}"


def _in_words(parameters: Mapping[str, str]) -> str:
    return " ".join(
        quote(f"ParameterKey={name},ParameterValue={value}") for name, value in parameters.items()
    )
