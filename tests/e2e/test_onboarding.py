"""Tenants taken on and let go by the command line, against accounts whose trust policies count."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from botocore.exceptions import ClientError

from bot.commands.roles import HubParts, parameters_of
from infra.local.aws.principals import HUB_ACCOUNT, HUB_ROLE
from integrations.accounts.sts import assume
from integrations.accounts.trust import NOTHING
from integrations.connect import Connections
from integrations.conversations.session import ThreadKey, session_id
from integrations.errors import DeniedByAwsError
from integrations.remediations.audit import AuditKind
from integrations.settings import EMULATED, AwsAccess, Settings
from integrations.tenants.port import ChannelKey
from tests.builders import ocsf_event
from tests.emulated_aws import READ, REMEDIATION, Emulated, emulated, state_in
from tests.graph_builders import change, resource
from tests.ingesting import assist
from tests.loopback_aws import RefusedError, loopback_aws
from tests.remediation_builders import plan, remediation
from tests.stack_sets import StackSets, lets_in

ROOT = Path(__file__).resolve().parents[2]
SHOP, DATA, PAYMENTS = "111111111111", "111111111112", "222222222221"
CHANNEL = "slack/T0001/C0001"


@pytest.fixture(scope="module")
def aws() -> Iterator[Emulated]:
    with emulated(empty=True) as running:
        running.aws.wait()
        yield running


@pytest.fixture
def state(aws: Emulated, tmp_path: Path) -> Path:
    return state_in(tmp_path / "state", aws)


def trust(aws: Emulated, role: str = READ) -> dict[str, Any]:
    told: dict[str, Any] = aws.owner(SHOP, "iam").get_role(RoleName=role)["Role"]
    return dict(told["AssumeRolePolicyDocument"])


@pytest.fixture
def trusting(aws: Emulated) -> Iterator[Callable[..., None]]:
    """Changes the read role's trust policy, and puts it back afterwards."""
    before, iam = trust(aws), aws.owner(SHOP, "iam")

    def change(**of_statement: Any) -> None:
        document = json.loads(json.dumps(before))
        document["Statement"][0].update(of_statement)
        iam.update_assume_role_policy(RoleName=READ, PolicyDocument=json.dumps(document))

    yield change
    iam.update_assume_role_policy(RoleName=READ, PolicyDocument=json.dumps(before))


def checked(state: Path, tenant: str = "acme") -> tuple[int, dict[tuple[str, str], Any]]:
    ran = assist(state, "tenants", "onboard", tenant, "--check", "--json")
    assert ran.err == ""
    rows = {(r["account"], r["role"].rpartition("/")[2]): r for r in ran.summary["roles"]}
    return ran.code, rows


def test_sound_roles_are_proven_in_each_account(aws: Emulated, state: Path) -> None:
    code, rows = checked(state)
    assert code == 0
    assert set(rows) == {(a, r) for a in (SHOP, DATA) for r in (READ, REMEDIATION)}
    assert all(row["sound"] for row in rows.values())


def test_a_role_without_the_condition_is_reported_as_a_hole(
    state: Path, trusting: Callable[..., None]
) -> None:
    trusting(Condition={})
    code, rows = checked(state)
    assert code == 1
    assert rows[SHOP, READ]["holes"] == [
        "without an ExternalId",
        "with an empty ExternalId",
        "with a wrong ExternalId",
        "with another tenant's ExternalId",
    ]
    assert rows[SHOP, REMEDIATION]["sound"], "only one of them is open"
    said = assist(state, "tenants", "onboard", "acme", "--check")
    assert "HOLE: it can be assumed without an ExternalId" in said.out
    assert "StringEquals sts:ExternalId" in said.out


def test_a_role_that_takes_another_tenants_external_id_is_a_hole(
    aws: Emulated, state: Path, trusting: Callable[..., None]
) -> None:
    ids = [aws.owner_of(a).external_id for a in (SHOP, PAYMENTS)]
    trusting(Condition={"StringEquals": {"sts:ExternalId": ids}})
    code, rows = checked(state)
    assert (code, rows[SHOP, READ]["holes"]) == (1, ["with another tenant's ExternalId"])


def test_a_role_that_does_not_let_us_in_is_named_with_its_mend(
    state: Path, trusting: Callable[..., None]
) -> None:
    trusting(Condition={"StringEquals": {"sts:ExternalId": "an older one"}})
    said = assist(state, "tenants", "onboard", "acme", "--check")
    assert said.code == 1
    assert f"{SHOP}  {READ:<25}  closed: " in said.out
    assert "deploy infra/tenant.yaml with this tenant's ExternalId" in said.out


def wrong_ids(aws: Emulated) -> list[str]:
    """What people type, what attackers try, and what other tenants have."""
    right = aws.owner_of(SHOP).external_id
    near = [right[:n] for n in range(2, len(right))] + [right + c for c in "0 -_./:=@,+"]
    near += [
        right.upper(),
        right.title(),
        right[::-1],
        f" {right}",
        f"{right}\n",
        "*",
        "??",
        right * 2,
    ]
    others = [t.external_id for t in aws.tenants.values() if t.id != "acme"]
    return [*near, *others, "", "assist", "a" * 1_224, "true", "null"]


@pytest.mark.parametrize("role", [READ, REMEDIATION])
def test_of_all_wrong_external_ids_none_assumes_a_role(aws: Emulated, role: str) -> None:
    sts, assumed, refused = aws.hub("sts", checks=False), 0, 0
    for given in [None, *wrong_ids(aws)]:
        own = {} if given is None else {"ExternalId": given}
        try:
            assume(sts, f"arn:aws:iam::{SHOP}:role/{role}", RoleSessionName="probe", **own)
            assumed += 1
        except DeniedByAwsError:
            refused += 1
    assert assumed == 0
    assert refused > 50


def test_a_session_that_a_hole_gave_may_do_nothing(
    aws: Emulated, trusting: Callable[..., None]
) -> None:
    trusting(Condition={})
    got = aws.assume(SHOP, READ, ExternalId=None, Policy=NOTHING)
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        aws.of(got, SHOP, "ec2").describe_instances()


def test_a_tenant_is_taken_on_in_one_command_that_can_be_repeated(tmp_path: Path) -> None:
    words = (
        "tenants", "onboard", "shop", "--name", "The Shop", "--account", SHOP, "--account", DATA,
        "--priority", "1", "--environment", "production", "--channel", CHANNEL,
        "--approver", "slack/T0001/U0001", "--approver", "critical=slack/T0001/U0009",
    )  # fmt: skip
    first = assist(tmp_path, *words)
    assert (first.code, first.err) == (0, "")
    with Connections(Settings(state=tmp_path)) as connections:
        made = connections.directory.get("shop")
        binding = connections.directory.binding(ChannelKey("slack", "T0001", "C0001"))
    assert (made.name, made.accounts, made.priority) == ("The Shop", (SHOP, DATA), 1)
    assert made.approvers_of == {"critical": ("slack/T0001/U0009",)}
    assert binding is not None
    assert binding.tenant_id == "shop"
    assert len(made.external_id) >= 32
    for word in ("create-stack-set ", "create-stack-instances", f"--accounts {SHOP} {DATA}"):
        assert word in first.out
    assert f"ParameterKey=ExternalId,ParameterValue={made.external_id}" in first.out
    assert first.out.count(made.external_id) == 1, "the set itself has no tenant's"
    assert assist(tmp_path, *words).out == first.out, "once more is the same"
    changed = assist(tmp_path, "tenants", "onboard", "shop", "--priority", "2")
    assert changed.code == 0
    with Connections(Settings(state=tmp_path)) as connections:
        assert connections.directory.get("shop") == replace(made, priority=2)


def test_what_is_in_the_way_of_taking_a_tenant_on_is_said(tmp_path: Path) -> None:
    nobody = assist(tmp_path, "tenants", "onboard", "shop")
    assert (nobody.code, "name its accounts" in nobody.err) == (1, True)
    assist(tmp_path, "tenants", "onboard", "shop", "--account", SHOP, "--channel", CHANNEL)
    taken = assist(tmp_path, "tenants", "onboard", "b", "--account", DATA, "--channel", CHANNEL)
    assert taken.code == 1
    assert f"assist tenants unmap-channel {CHANNEL}" in taken.err
    double = assist(tmp_path, "tenants", "onboard", "c", "--account", SHOP)
    assert "is shop's already" in double.err
    away = assist(tmp_path, "tenants", "onboard", "shop", "--check")
    assert (away.code, "SECURITY_ASSIST_AWS=on" in away.err) == (1, True)


def resolved(told: Any, given: Mapping[str, str]) -> Any:
    """A part of the tenants' template, with its parameters put in."""
    if isinstance(told, Tagged):
        if told.tag == "!Ref":
            return given[told.value]
        if told.tag == "!Sub":
            return re.sub(r"\$\{([^}]+)\}", lambda found: given[found[1]], told.value)
        if told.tag == "!If":
            return resolved(told.value[1 if given["ProvingRoleArn"] else 2], given)
        raise AssertionError(told.tag)
    if isinstance(told, dict):
        return {key: resolved(value, given) for key, value in told.items()}
    return [resolved(one, given) for one in told] if isinstance(told, list) else told


class Tagged(NamedTuple):
    """A short form of an intrinsic function."""

    tag: str
    value: Any


class Short(yaml.SafeLoader):
    """YAML as CloudFormation writes it."""


def _tagged(loader: Short, suffix: str, node: yaml.Node) -> Tagged:
    if isinstance(node, yaml.SequenceNode):
        return Tagged(f"!{suffix}", loader.construct_sequence(node, deep=True))
    assert isinstance(node, yaml.ScalarNode)
    return Tagged(f"!{suffix}", loader.construct_scalar(node))


Short.add_multi_constructor("!", _tagged)


def test_the_roles_of_the_template_that_is_deployed_are_sound(aws: Emulated, state: Path) -> None:
    """Its trust policies with the parameters that onboarding gives, judged by the account."""
    template = yaml.load((ROOT / "infra" / "tenant.yaml").read_text(), Short)  # noqa: S506 - our own
    hub = HubParts(
        account=HUB_ACCOUNT,
        stack="security-assist",
        region="us-east-1",
        proving=HUB_ROLE,
        regions=("us-east-1",),
    )
    tenant = aws.owner_of(SHOP)
    given = {**parameters_of(tenant, hub), "AWS::Partition": "aws", "AWS::AccountId": SHOP}
    assert set(parameters_of(tenant, hub)) <= set(template["Parameters"])
    iam = aws.owner(SHOP, "iam")
    before = {role: trust(aws, role) for role in (READ, REMEDIATION)}
    try:
        for resource_name in ("ReadRole", "RemediationRole"):
            told = template["Resources"][resource_name]["Properties"]
            document = json.dumps(resolved(told["AssumeRolePolicyDocument"], given))
            iam.update_assume_role_policy(RoleName=told["RoleName"], PolicyDocument=document)
        code, rows = checked(state)
        assert (code, [r["role"] for r in rows.values() if not r["sound"]]) == (0, [])
        with pytest.raises(ClientError, match="AccessDenied"):
            aws.assume(SHOP, READ, SourceIdentity="somebody-else")
    finally:
        for role, was in before.items():
            iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(was))


@pytest.fixture
def stacks(tmp_path: Path) -> Iterator[StackSets]:
    """A hub with StackSets, and an STS that opens a role to the ExternalId of its instance."""
    sets = StackSets()

    def answer(operation: str, told: dict[str, Any]) -> str:
        if operation == "AssumeRole":
            if not lets_in(sets, told["RoleArn"], told.get("ExternalId")):
                raise RefusedError("AccessDenied", f"{told['RoleArn']} does not let you in")
            keys = "<AccessKeyId>a</AccessKeyId><SecretAccessKey>b</SecretAccessKey>"
            keys += "<SessionToken>c</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration>"
            return f"<R><AssumeRoleResult><Credentials>{keys}</Credentials></AssumeRoleResult></R>"
        if operation == "GetCallerIdentity":
            arn = f"arn:aws:sts::{HUB_ACCOUNT}:assumed-role/Operator/me"
            return (
                f"<R><GetCallerIdentityResult><Arn>{arn}</Arn><Account>{HUB_ACCOUNT}</Account>"
                "</GetCallerIdentityResult></R>"
            )
        return sets(operation, told)

    with loopback_aws(answer) as aws:
        told = AwsAccess(endpoint_url=aws.url, access_key="AKIAFAKE", secret_key="fake")
        (tmp_path / EMULATED).write_text(json.dumps(asdict(told)), encoding="utf-8")
        yield sets


def test_roles_are_put_there_by_the_stack_set_and_again_where_that_failed(
    stacks: StackSets, tmp_path: Path
) -> None:
    words = ("tenants", "onboard", "shop", "--account", SHOP, "--account", DATA, "--deploy")
    stacks.fails[DATA] = "Account has no role AWSCloudFormationStackSetExecutionRole"
    half = assist(tmp_path, *words)
    assert (half.code, "StackSet SecurityAssistTenant is made." in half.out) == (1, True)
    assert "has no role AWSCloudFormationStackSetExecutionRole" in half.err
    stacks.fails.clear()
    whole = assist(tmp_path, *words)
    assert "1 stack instance put into shop's accounts." in whole.out, whole.err
    assert (whole.code, whole.out.count("  ok: opens with")) == (0, 4)
    assert {place: held["status"] for place, held in stacks.instances.items()} == {
        (SHOP, "us-east-1"): "CURRENT",
        (DATA, "us-east-1"): "CURRENT",
    }
    with Connections(Settings(state=tmp_path)) as connections:
        issued = connections.directory.get("shop").external_id
    for held in stacks.instances.values():
        assert held["ExternalId"] == issued
        assert held["HubAccount"] == HUB_ACCOUNT
        assert held["ProvingRoleArn"] == f"arn:aws:iam::{HUB_ACCOUNT}:role/Operator"
    assert issued not in stacks.sets["SecurityAssistTenant"].values(), "no default is a tenant's"
    assert issued not in half.out + half.err + whole.out, "nobody needs to see it"
    for held in stacks.instances.values():
        held["ExternalId"] = "an older one"
    stacks.templates["SecurityAssistTenant"] += "# older"
    renewed = assist(tmp_path, *words)
    assert "2 stack instances renewed, as they did not let us in." in renewed.out
    assert "aws cloudformation update-stack-set" in renewed.out
    assert renewed.code == 0
    gone = assist(tmp_path, "tenants", "offboard", "shop", "--yes", "--deploy", "--erase")
    assert (gone.code, gone.err) == (0, "")
    assert "2 stack instances of SecurityAssistTenant taken away." in gone.out
    assert stacks.instances == {}


def _a_request(state: Path) -> str:
    """A request of acme's that waits for its approval, with its record in the audit."""
    with Connections(Settings(state=state)) as connections:
        systems = connections.systems("acme")
        systems.findings.upsert([ocsf_event(account=SHOP)])
        systems.resources.apply(change([resource("a"), resource("b")]))
        asked = remediation(plan=plan(account=SHOP))
        systems.remediations.add(asked)
        said = [{"role": "user", "content": [{"text": "what is open?"}]}]
        for whose in ("acme", "globex"):
            thread = session_id(whose, "slack", "T0001", "C0001", "1.0")
            connections.conversations().save(thread, said, (), 0)
        return asked.id


def test_a_tenant_that_is_let_go_leaves_its_audit_and_says_what_else_is_left(
    aws: Emulated, state: Path
) -> None:
    asked = _a_request(state)
    assist(state, "tenants", "map-channel", CHANNEL, "acme")
    no = assist(state, "tenants", "offboard", "acme", given=b"n\n")
    assert no.code == 1
    kept = assist(state, "tenants", "offboard", "acme", "--yes")
    assert (kept.code, kept.err) == (0, "")
    for said in (
        "1 open request closed.",
        f"Channels that see nothing now: {CHANNEL}.",
        "aws cloudformation delete-stack-instances",
        "1 findings and 2 resources; --erase deletes them",
        "its audit, 1 records",
        "what was said in its threads; --erase deletes it",
        "could not be taken in: assist dead-letters list and drop",
        f"Its channels' actors are {ThreadKey('acme', 'slack', 'T0001', 'C0001', '').actor_id}.",
    ):
        assert said in kept.out
    erased = assist(state, "tenants", "offboard", "acme", "--yes", "--erase")
    assert "Deleted: 1 findings, 2 resources, 1 threads, the tenant's record." in erased.out
    assert "could not be taken in: assist dead-letters list and drop" in erased.out
    with Connections(Settings(state=state)) as connections:
        assert "acme" not in {t.id for t in connections.tenants()}
        assert connections.directory.owner_of(SHOP) is None
        left = session_id("globex", "slack", "T0001", "C0001", "1.0")
        assert connections.conversations().load(left).messages, "nobody else's thread"
        (told,) = connections.audit_of("acme").records()
        assert (told.entry.remediation, told.entry.kind) == (asked, AuditKind.EXPIRED)
    whole = assist(state, "audit", "verify", "--tenant", "acme")
    assert (whole.code, "1 records, whole" in whole.out) == (0, True)
    assert asked in assist(state, "audit", "export", "--tenant", "acme").out
    again = assist(state, "tenants", "offboard", "acme", "--yes")
    assert (again.code, "no tenant is called acme" in again.err) == (1, True)
