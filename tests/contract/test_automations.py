"""Automations of a tenant's accounts: the production clients, in accounts that are emulated."""

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from integrations.accounts.port import ForeignAccountError, Purpose
from integrations.accounts.sts import MARGIN_S, StsAccounts
from integrations.aws import AwsSession
from integrations.errors import DeniedByAwsError, NotFoundError, UnavailableError
from integrations.runbooks.catalogue import ShippedRunbooks
from integrations.runbooks.port import (
    AutomationInputError,
    Execution,
    ExecutionStatus,
    Location,
    Order,
    Runbook,
    UnsupportedDocumentError,
)
from integrations.runbooks.ssm import SsmAutomations
from integrations.tenants.port import Tenant
from tests.emulated_aws import Emulated, emulated
from tests.loopback_aws import LoopbackAws, RefusedError, loopback_aws

TENANTS = (
    Tenant(id="one", name="One", accounts=("444444444441",)),
    Tenant(id="two", name="Two", accounts=("444444444442",)),
)
HERE = Location("444444444441", "us-east-1")
SHUT = ShippedRunbooks(Path(__file__).parents[2] / "infra" / "runbooks").named(
    "SecurityAssist-CloseSshToTheInternet"
)
SLOW = replace(
    SHUT,
    name="Test-Slow",
    fix={
        "schemaVersion": "0.3",
        "mainSteps": [{"name": "Wait", "action": "aws:sleep", "inputs": {"Duration": "PT1H"}}],
    },
)


@pytest.fixture(scope="module")
def aws() -> Iterator[Emulated]:
    with emulated(empty=True, actions=SHUT.permissions, tenants=TENANTS) as running:
        running.aws.wait()
        yield running


class Clock:
    """Seconds since 1970 that a test may move on."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return datetime.now(UTC).timestamp() + self.ahead


def accounts_of(aws: Emulated, clock: Callable[[], float], **more: Any) -> StsAccounts:
    key = aws.aws.hub_credentials
    hub = AwsSession(
        access_key=key.access_key_id,
        secret_key=key.secret_access_key,
        token=None,
        region="us-east-1",
        endpoint_url=aws.aws.url,
    )
    one = aws.tenants["one"]
    given = {"accounts": one.accounts, "external_id": one.external_id, **more}
    return StsAccounts(hub=hub, clock=clock, **given)


def automations_of(accounts: StsAccounts) -> SsmAutomations:
    return SsmAutomations(
        read=lambda where: accounts.session(Purpose.READ, *where),
        remediate=lambda where: accounts.session(Purpose.REMEDIATE, *where),
        role=lambda where: accounts.role(Purpose.REMEDIATE, where.account),
        clock=Clock(),
        pause=lambda _: None,
    )


@pytest.fixture
def automations(aws: Emulated) -> SsmAutomations:
    return automations_of(accounts_of(aws, Clock()))


@pytest.fixture
def group(aws: Emulated) -> str:
    """A group of the owner's that lets everybody in by SSH, in many rules and words."""
    ec2 = aws.owner(HERE.account, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    name = f"g-{uuid.uuid4().hex[:8]}"
    made: str = ec2.create_security_group(GroupName=name, Description="d", VpcId=vpc)["GroupId"]
    ranges = {"IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "w" * 200}],
              "Ipv6Ranges": [{"CidrIpv6": "::/0", "Description": "x" * 200}]}  # fmt: skip
    ec2.authorize_security_group_ingress(
        GroupId=made,
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 20, "ToPort": 25, **ranges},
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **ranges},
        ],
    )
    return made


def order(group: str, **more: Any) -> Order:
    given = {"location": HERE, "runbook": SHUT, "parameters": {"GroupId": group}, **more}
    return Order(token=str(uuid.uuid4()), **given)


def ended(automations: SsmAutomations, execution_id: str) -> Execution:
    patience = threading.Event()
    for _ in range(600):
        found = automations.execution(HERE, execution_id)
        if found.status.final:
            return found
        patience.wait(0.05)
    raise AssertionError("it did not end within half a minute")


def test_a_resource_is_checked_planned_fixed_proven_and_put_back(
    aws: Emulated, automations: SsmAutomations, group: str
) -> None:
    given = {"GroupId": group}
    wrong = automations.check(HERE, SHUT, given)
    assert not wrong.compliant
    before = aws.aws.state(HERE.account)
    planned = automations.preview(HERE, SHUT, given)
    assert planned.failure == ""
    assert {call.resource for call in planned.calls} == {group}
    assert {call.action for call in planned.calls} <= set(SHUT.permissions)
    assert aws.changes(before, HERE.account) == set()

    done = ended(automations, automations.start(order(group)))
    assert (done.status, done.failure) == (ExecutionStatus.SUCCESS, "")
    assert all(step.started_at and step.started_at.tzinfo is UTC for step in done.steps)
    right = automations.check(HERE, SHUT, given)
    assert right.compliant
    assert right.state == right.target == wrong.target

    # Longer than SSM takes for one parameter, so the undo's document has to carry it.
    assert len(str(wrong.saved)) > 512
    undo = automations.preview(HERE, SHUT, given, wrong.saved)
    assert (undo.failure, bool(undo.calls)) == ("", True)
    back = ended(automations, automations.start(order(group, undo_of=wrong.saved)))
    assert back.status is ExecutionStatus.SUCCESS, back.failure
    assert automations.check(HERE, SHUT, given).state == wrong.state


def test_an_undos_document_is_gone_once_it_has_run_and_the_fixs_stays(
    aws: Emulated, automations: SsmAutomations, group: str
) -> None:
    given = {"GroupId": group}
    saved = automations.check(HERE, SHUT, given).saved
    ended(automations, automations.start(order(group)))
    undo = automations.start(order(group, undo_of=saved))
    assert ended(automations, undo).status is ExecutionStatus.SUCCESS

    ssm = aws.owner(HERE.account, "ssm")
    pages = ssm.get_paginator("list_documents").paginate(
        Filters=[{"Key": "Owner", "Values": ["Self"]}]
    )
    held = {row["Name"] for page in pages for row in page["DocumentIdentifiers"]}
    assert f"{SHUT.name}-{SHUT.version}" in held
    assert not [name for name in held if "-Undo-" in name]
    assert automations.execution(HERE, undo).status is ExecutionStatus.SUCCESS


def test_one_token_starts_one_execution_however_often_it_is_ordered(
    aws: Emulated, automations: SsmAutomations, group: str
) -> None:
    asked = order(group)
    assert automations.started(HERE, asked.token) is None
    others = [automations_of(accounts_of(aws, Clock())) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        ids = set(pool.map(lambda one: one.start(asked), others))
    ids |= {automations.start(asked)}
    assert ids == {automations.started(HERE, asked.token)}
    (execution_id,) = ids
    ended(automations, execution_id)
    assert automations.start(asked) == execution_id


def test_a_document_that_was_changed_in_the_account_is_not_run(
    aws: Emulated, automations: SsmAutomations, group: str
) -> None:
    ended(automations, automations.start(order(group)))
    name = f"{SHUT.name}-{SHUT.version}"
    evil = {
        "schemaVersion": "0.3",
        "parameters": SHUT.fix["parameters"],
        "mainSteps": [{"name": "Evil", "action": "aws:sleep", "inputs": {"Duration": "PT1S"}}],
    }
    ssm = aws.owner(HERE.account, "ssm")
    version = ssm.update_document(
        Name=name, Content=yaml.safe_dump(evil), DocumentVersion="$LATEST", DocumentFormat="YAML"
    )["DocumentDescription"]["DocumentVersion"]
    ssm.update_document_default_version(Name=name, DocumentVersion=version)
    done = ended(automations, automations.start(order(group)))
    assert "Evil" not in [step.name for step in done.steps]
    assert done.status is ExecutionStatus.SUCCESS


def test_a_running_execution_can_be_stopped_and_an_ended_one_stays_as_it_is(
    automations: SsmAutomations,
) -> None:
    execution_id = automations.start(order("", runbook=SLOW, parameters={}))
    assert not automations.execution(HERE, execution_id).status.final
    automations.stop(HERE, execution_id)
    assert ended(automations, execution_id).status is ExecutionStatus.CANCELLED
    automations.stop(HERE, execution_id)


def test_what_is_not_there_is_not_found(automations: SsmAutomations) -> None:
    nobody = str(uuid.uuid4())
    with pytest.raises(NotFoundError):
        automations.execution(HERE, nobody)
    with pytest.raises(NotFoundError):
        automations.stop(HERE, nobody)
    with pytest.raises(NotFoundError):
        automations.check(HERE, SHUT, {"GroupId": "sg-00000000"})
    with pytest.raises(NotFoundError):
        automations.preview(HERE, SHUT, {"GroupId": "sg-00000000"})


def test_what_cannot_be_run_is_refused_before_anything_is_started(
    automations: SsmAutomations, group: str
) -> None:
    with pytest.raises(AutomationInputError, match="longer than SSM takes"):
        automations.start(order("g" * 600))
    without = replace(SHUT, undo=None)
    with pytest.raises(UnsupportedDocumentError, match="has no undo"):
        automations.start(order(group, runbook=without, undo_of={}))
    with pytest.raises(UnsupportedDocumentError, match="has no undo"):
        automations.preview(HERE, without, {"GroupId": group}, {})
    silent = replace(SHUT, check={**SLOW.fix, "mainSteps": [{"name": "Check", "action":
                     "aws:sleep", "inputs": {"Duration": "PT0S"}}]})  # fmt: skip
    with pytest.raises(UnsupportedDocumentError, match=r"does not put out Check\.Compliant"):
        automations.check(HERE, silent, {})


def test_a_check_and_a_plan_go_out_under_the_role_that_only_reads(
    aws: Emulated, automations: SsmAutomations, group: str
) -> None:
    steps = [{"name": "Look", "action": "aws:executeAwsApi",
              "inputs": {"Service": "ssm", "Api": "GetParameter", "Name": "x"}}]  # fmt: skip
    secret = replace(SHUT, fix={"schemaVersion": "0.3", "mainSteps": steps})
    with pytest.raises(DeniedByAwsError) as caught:
        automations.preview(HERE, secret, {"GroupId": group})
    assert caught.value.action == "ssm:GetParameter"
    assert ":assumed-role/SecurityAssistRead/" in str(caught.value)
    assert aws.owner(HERE.account, "ssm").describe_parameters()["Parameters"] == []


def test_a_tenant_enters_its_own_accounts_only(aws: Emulated) -> None:
    accounts = accounts_of(aws, Clock())
    for purpose in Purpose:
        with pytest.raises(ForeignAccountError):
            accounts.session(purpose, "444444444442", "us-east-1")
        with pytest.raises(ForeignAccountError):
            accounts.role(purpose, "")
    # Even a tenant's record that names another's account does not get in.
    confused = accounts_of(aws, Clock(), accounts=("444444444442",))
    with pytest.raises(DeniedByAwsError, match="sts:AssumeRole"):
        confused.session(Purpose.READ, "444444444442", "us-east-1")


def test_the_external_id_is_never_left_out(aws: Emulated) -> None:
    with pytest.raises(ValueError, match="ExternalId"):
        accounts_of(aws, Clock(), external_id="")
    with pytest.raises(DeniedByAwsError):
        accounts_of(aws, Clock(), external_id="guessed").session(Purpose.READ, *HERE)


def test_credentials_are_kept_until_shortly_before_they_end(aws: Emulated) -> None:
    clock = Clock()
    accounts = accounts_of(aws, clock)

    def key(purpose: Purpose, region: str = "us-east-1") -> str:
        credentials = accounts.session(purpose, HERE.account, region).get_credentials()
        assert credentials is not None
        return str(credentials.access_key)

    first = key(Purpose.READ)
    assert key(Purpose.READ, "eu-west-1") == first
    assert key(Purpose.REMEDIATE) != first
    clock.ahead = 3600 - MARGIN_S - 30
    assert key(Purpose.READ) == first
    clock.ahead = 3600 - MARGIN_S + 30
    assert key(Purpose.READ) != first


def test_the_tenants_trail_tells_who_came(aws: Emulated) -> None:
    session = accounts_of(aws, Clock()).session(Purpose.REMEDIATE, *HERE)
    who = session.client("sts").get_caller_identity()["Arn"]
    assert who.endswith(":assumed-role/SecurityAssistRemediation/security-assist-remediate")


class LosingSsm:
    """An SSM that starts what it is asked, and loses the answer."""

    def __init__(self, *, shows: bool) -> None:
        self.shows = shows
        self.started: list[Mapping[str, Any]] = []
        self.content = ""

    def __call__(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        if operation == "CreateDocument":
            self.content = body["Content"]
            return {"DocumentDescription": {}}
        if operation == "GetDocument":
            if not self.content:
                raise RefusedError("InvalidDocument", "none")
            return {"Content": self.content, "DocumentVersion": "1", "Status": "Active"}
        if operation == "DescribeAutomationExecutions":
            (wanted,) = body["Filters"][0]["Values"]
            found = [one for one in self.started if one["Tags"][0]["Key"] == wanted]
            row = {"AutomationExecutionId": "e" * 36, "ExecutionStartTime": 1.0}
            return {"AutomationExecutionMetadataList": [row] if found and self.shows else []}
        if operation == "StartAutomationExecution":
            if self.started:
                raise RefusedError("IdempotentParameterMismatch", "again")
            self.started.append(body)
            raise RefusedError("InternalServerError", "lost")
        raise RefusedError("UnknownOperationException", operation)


def losing(aws: LoopbackAws) -> SsmAutomations:
    return SsmAutomations(
        read=lambda _: aws.session(),
        remediate=lambda _: aws.session(),
        role=lambda _: "arn:aws:iam::444444444441:role/SecurityAssistRemediation",
        clock=Clock(),
        pause=lambda _: None,
    )


@pytest.mark.parametrize("shows", [True, False])
def test_a_start_whose_answer_is_lost_is_not_tried_again_by_itself(*, shows: bool) -> None:
    ssm = LosingSsm(shows=shows)
    asked = order("sg-1")
    with loopback_aws(ssm) as aws:
        automations = losing(aws)
        with pytest.raises(UnavailableError):
            automations.start(asked)
        assert aws.operations.count("StartAutomationExecution") == 1
        assert automations.started(HERE, asked.token) == ("e" * 36 if shows else None)
        if shows:
            assert automations.start(asked) == "e" * 36
            assert aws.operations.count("StartAutomationExecution") == 1
        else:
            with pytest.raises(UnavailableError, match="does not show yet"):
                automations.start(asked)
    (started,) = ssm.started
    assert started["ClientToken"] == asked.token
    assert started["DocumentVersion"] == "1"


def test_an_answer_that_is_not_awss_is_unavailable() -> None:
    with loopback_aws(lambda *_: "<html>Bad Gateway</html>") as aws:
        with pytest.raises(UnavailableError):
            losing(aws).start(order("sg-1"))
        with pytest.raises(UnavailableError):
            losing(aws).execution(HERE, "e" * 36)
        accounts = StsAccounts(
            hub=aws.session(), accounts=(HERE.account,), external_id="x", clock=Clock()
        )
        with pytest.raises(UnavailableError):
            accounts.session(Purpose.READ, *HERE)


def test_what_is_run_is_what_the_runbook_says() -> None:
    ssm = LosingSsm(shows=True)
    with loopback_aws(ssm) as aws, pytest.raises(UnavailableError):
        losing(aws).start(order("sg-1"))
    assert yaml.safe_load(ssm.content) == dict(SHUT.fix)
    (started,) = ssm.started
    assert started["DocumentName"] == f"{SHUT.name}-{SHUT.version}"
    role = "arn:aws:iam::444444444441:role/SecurityAssistRemediation"
    assert started["Parameters"] == {"GroupId": ["sg-1"], "AutomationAssumeRole": [role]}


def test_every_shipped_runbook_can_be_named_in_ssm() -> None:
    shipped: tuple[Runbook, ...] = ShippedRunbooks(
        Path(__file__).parents[2] / "infra" / "runbooks"
    ).runbooks()
    for runbook in shipped:
        assert len(f"{runbook.name}-{runbook.version}-Undo-{'0' * 12}") <= 128
