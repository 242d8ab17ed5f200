"""How far a fix reaches is counted; what cannot be counted needs two approvers."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.approval import approvals_needed, why_two
from agent.reach import Felt, felt_by
from integrations.resources.port import LinkKind, Resource
from integrations.runbooks.catalogue import ShippedRunbooks
from integrations.runbooks.port import Location, Runbook
from integrations.tenants.port import Environment
from tests.builders import ACCOUNT, REGION, tenant
from tests.graph_builders import change, ec2, link, resource
from tests.remediating import GROUP, RUNBOOK, Stage, ssh_is_open, staged
from tests.remediation_builders import plan

HERE = Location(ACCOUNT, REGION)
WEB, DB = ec2("instance/i-web"), ec2("instance/i-db")
SHIPPED = Path(__file__).parents[4] / "infra" / "runbooks"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path) as made:
        made.systems.resources.apply(
            change(
                [
                    resource(GROUP, name="sg-web-admin"),
                    resource(WEB, name="web"),
                    resource(DB, name="db"),
                ],
                [link(GROUP, LinkKind.GUARDS, WEB), link(DB, LinkKind.USES, GROUP)],
            )
        )
        yield made


def felt(stage: Stage, runbook: Runbook, about: str) -> Felt:
    """Who feels the runbook's fix of something."""
    known = stage.systems.resources.get([about]).get(about)
    unknown = Resource(id=about, type="AwsX", name=about[-12:], short_id=about[-12:], known=False)
    return felt_by(stage.systems.resources, runbook, known or unknown, HERE)


def test_the_other_end_of_a_link_counts_whichever_way_it_points(stage: Stage) -> None:
    assert felt(stage, RUNBOOK, GROUP) == Felt(("web",))
    assert felt(stage, replace(RUNBOOK, shared_through=("uses",)), GROUP) == Felt(("db",))
    assert felt(stage, replace(RUNBOOK, shared_through=("guards", "uses")), GROUP) == Felt(
        ("db", "web")
    )
    assert felt(stage, replace(RUNBOOK, shared_through=()), GROUP) == Felt()


def test_what_the_graph_does_not_know_cannot_be_counted(stage: Stage) -> None:
    assert felt(stage, RUNBOOK, ec2("security-group/sg-new")).uncounted.startswith(
        "the graph does not know"
    )


def test_an_accounts_runbook_counts_all_that_it_reaches_in_that_account(stage: Stage) -> None:
    runbook = replace(RUNBOOK, resource_type="AwsAccount", reaches=("AwsEc2Instance",))
    about = f"AWS::::Account:{ACCOUNT}"
    assert felt(stage, runbook, about) == Felt(("db", "web"))
    elsewhere = felt_by(
        stage.systems.resources, runbook, resource(about), Location("999988887777", REGION)
    )
    assert elsewhere == Felt((), "reaches every Ec2Instance of account 999988887777")


def test_an_accounts_runbook_that_names_no_types_reaches_all_of_it(stage: Stage) -> None:
    runbook = replace(RUNBOOK, resource_type="AwsAccount")
    assert felt(stage, runbook, f"AWS::::Account:{ACCOUNT}") == Felt(
        (), f"reaches all of account {ACCOUNT}"
    )


@pytest.mark.parametrize("environment", list(Environment))
def test_what_cannot_be_counted_needs_two_everywhere(environment: Environment) -> None:
    owner = tenant("acme", priority=3, environment=environment)
    assert approvals_needed(owner, plan()) == 1
    wide = plan(uncounted="reaches all of account 1")
    assert approvals_needed(owner, wide) == 2
    assert why_two(owner, wide) == "reaches all of account 1"


def test_what_is_counted_needs_two_above_the_environments_cap() -> None:
    owner = tenant("acme", priority=3, environment=Environment.PRODUCTION)
    names = tuple(f"b{number}" for number in range(6))
    assert approvals_needed(owner, plan(touches=names[:5])) == 1
    assert why_two(owner, plan(touches=names)) == "felt by 6 other resources"


def test_what_cannot_be_undone_needs_two() -> None:
    assert why_two(tenant("acme", priority=3), plan(reversible=False)) == "cannot be undone"


def test_a_request_for_an_unknown_resource_asks_for_two_and_says_why(stage: Stage) -> None:
    unknown = ec2("security-group/sg-new")
    stage.systems.findings.upsert([ssh_is_open("f-new", unknown)])
    stage.account.groups["sg-new"] = list(stage.account.rules)
    finding = stage.systems.findings.get("f-new").finding
    request = stage.proposed(finding)
    assert request.approvals_needed == 2
    assert "the graph does not know" in request.plan.uncounted


def test_every_shipped_runbook_of_an_account_reaches_types_or_all_of_it() -> None:
    across = [r for r in ShippedRunbooks(SHIPPED).runbooks() if r.resource_type == "AwsAccount"]
    assert len(across) >= 6
    assert {r.controls[0]: r.reaches for r in across if r.reaches} == {
        "IAM.7": ("AwsIamUser",),
        "S3.1": ("AwsS3Bucket",),
    }
    assert not [r for r in ShippedRunbooks(SHIPPED).runbooks() if r.reaches and r not in across]
