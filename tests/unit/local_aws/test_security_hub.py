"""Security Hub: filters that filter, imports, updates, and findings that follow the accounts."""

import copy
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local import story
from tests.emulated_aws import READ, Emulated, refusal

SHOP, DATA, PAYMENTS = "111111111111", "111111111112", "222222222221"
GROUP = f"arn:aws:ec2:us-east-1:{SHOP}:security-group/sg-0a1webadmin"
_SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


def _equals(*values: str) -> list[dict[str, str]]:
    return [{"Value": value, "Comparison": "EQUALS"} for value in values]


def _found(hub: Any, **filters: Any) -> list[dict[str, Any]]:
    pages = hub.get_paginator("get_findings").paginate(Filters=filters)
    return [finding for page in pages for finding in page["Findings"]]


@pytest.fixture(scope="session")
def told(story_aws: Emulated) -> dict[str, dict[str, Any]]:
    """The story's own findings of the shop's account, the latest of each."""
    latest: dict[str, dict[str, Any]] = {}
    for estate in story.estates(story_aws.now):
        for row in estate.security_hub:
            known = latest.get(row["Id"])
            if row["AwsAccountId"] == SHOP and (
                known is None or known["UpdatedAt"] <= row["UpdatedAt"]
            ):
                latest[row["Id"]] = row
    return latest


@pytest.fixture(scope="session")
def hub(story_aws: Emulated) -> Any:
    return story_aws.role(SHOP, "securityhub", READ)


def test_it_holds_the_stories_findings_in_their_latest_state(
    hub: Any, told: dict[str, dict[str, Any]]
) -> None:
    found = {row["Id"]: row for row in _found(hub)}

    assert found.keys() == told.keys()
    for finding_id, row in told.items():
        assert found[finding_id]["Compliance"]["Status"] == row["Compliance"]["Status"]
        assert found[finding_id]["Workflow"] == row["Workflow"]


@pytest.mark.parametrize(
    ("filters", "holds"),
    [
        ({"ComplianceStatus": _equals("FAILED")}, lambda r: r["Compliance"]["Status"] == "FAILED"),
        ({"SeverityLabel": _equals("CRITICAL", "HIGH")},
         lambda r: r["Severity"]["Label"] in {"CRITICAL", "HIGH"}),
        ({"ResourceId": _equals(GROUP)}, lambda r: r["Resources"][0]["Id"] == GROUP),
        ({"ComplianceSecurityControlId": [{"Value": "S3.", "Comparison": "PREFIX"}]},
         lambda r: r["Compliance"].get("SecurityControlId", "").startswith("S3.")),
        ({"ComplianceSecurityControlId": [
            {"Value": "S3.", "Comparison": "PREFIX"},
            {"Value": "S3.5", "Comparison": "NOT_EQUALS"},
            {"Value": "S3.9", "Comparison": "NOT_EQUALS"}]},
         lambda r: r["Compliance"].get("SecurityControlId", "").startswith("S3.")
         and r["Compliance"]["SecurityControlId"] not in {"S3.5", "S3.9"}),
        ({"RecordState": _equals("ARCHIVED")}, lambda r: r["RecordState"] == "ARCHIVED"),
        ({"WorkflowStatus": [{"Value": "NEW", "Comparison": "NOT_EQUALS"}]},
         lambda r: r["Workflow"]["Status"] != "NEW"),
        ({"Title": [{"Value": "TLS", "Comparison": "CONTAINS"}]}, lambda r: "TLS" in r["Title"]),
        ({"ResourceType": _equals("AwsS3Bucket"), "SeverityLabel": _equals("LOW")},
         lambda r: r["Resources"][0]["Type"] == "AwsS3Bucket" and r["Severity"]["Label"] == "LOW"),
        ({"SeverityNormalized": [{"Gte": 70}]}, lambda r: r["Severity"]["Normalized"] >= 70),
        ({"ResourceTags": [{"Key": "Name", "Value": "web-7", "Comparison": "EQUALS"}]},
         lambda r: r["Resources"][0].get("Tags", {}).get("Name") == "web-7"),
        ({"AwsAccountId": _equals(DATA)}, lambda _: False),
        ({"UpdatedAt": [{"DateRange": {"Value": 2, "Unit": "DAYS"}}]},
         lambda r: datetime.fromisoformat(r["UpdatedAt"]) > datetime.now(UTC) - timedelta(days=2)),
    ],
)  # fmt: skip
def test_a_filter_keeps_what_it_asks_for_and_nothing_else(
    hub: Any, told: dict[str, dict[str, Any]], filters: dict[str, Any], holds: Any
) -> None:
    found = {row["Id"] for row in _found(hub, **filters)}
    wanted = {finding_id for finding_id, row in told.items() if holds(row)}

    assert found == wanted
    assert len(wanted) < len(told)


def test_a_filter_nobody_knows_is_refused(hub: Any) -> None:
    with pytest.raises(ClientError, match="MalwareName") as refused:
        hub.get_findings(Filters={"MalwareName": _equals("x")})

    assert refusal(refused.value) == "InvalidInputException"


def test_pages_hold_every_finding_once_and_can_be_sorted(hub: Any) -> None:
    first = hub.get_findings(MaxResults=7)
    assert len(first["Findings"]) == 7
    pages = hub.get_paginator("get_findings").paginate(PaginationConfig={"PageSize": 33})
    ids = Counter(row["Id"] for page in pages for row in page["Findings"])
    assert set(ids.values()) == {1}

    criteria = [{"Field": "CreatedAt", "SortOrder": "asc"}]
    rows = hub.get_findings(SortCriteria=criteria, MaxResults=50)["Findings"]
    assert [r["CreatedAt"] for r in rows] == sorted(r["CreatedAt"] for r in rows)


def test_a_finding_follows_its_resource_and_comes_back_with_it(played_aws: Emulated) -> None:
    hub, ec2 = played_aws.role(SHOP, "securityhub", READ), played_aws.owner(SHOP, "ec2")
    about = {"ResourceId": _equals(GROUP), "ComplianceSecurityControlId": _equals("EC2.13")}
    (before,) = _found(hub, **about)
    assert (before["Compliance"]["Status"], before["Severity"]["Label"]) == ("FAILED", "CRITICAL")

    ec2.revoke_security_group_ingress(GroupId="sg-0a1webadmin", IpPermissions=[_SSH])
    (closed,) = _found(hub, **about)
    assert closed["Compliance"]["Status"] == "PASSED"
    assert closed["Workflow"]["Status"] == "RESOLVED"
    assert closed["UpdatedAt"] > before["UpdatedAt"]

    ec2.authorize_security_group_ingress(GroupId="sg-0a1webadmin", IpPermissions=[_SSH])
    (again,) = _found(hub, **about)
    assert (again["Compliance"]["Status"], again["Severity"]["Label"]) == ("FAILED", "CRITICAL")
    assert again["Workflow"]["Status"] == "NEW"
    assert again["Id"] == before["Id"]


def test_what_begins_to_fail_gets_a_finding_and_what_goes_is_archived(bare_aws: Emulated) -> None:
    hub, s3 = bare_aws.owner(DATA, "securityhub"), bare_aws.owner(DATA, "s3")
    about = {"ResourceId": _equals("arn:aws:s3:::without-logs")}
    assert _found(hub, **about) == []

    s3.create_bucket(Bucket="without-logs")
    found = {row["Compliance"]["SecurityControlId"]: row for row in _found(hub, **about)}
    assert {"S3.5", "S3.8", "S3.9", "S3.14"} <= found.keys()
    assert {row["Compliance"]["Status"] for row in found.values()} == {"FAILED"}

    s3.delete_bucket(Bucket="without-logs")
    assert {row["RecordState"] for row in _found(hub, **about)} == {"ARCHIVED"}


def test_a_suppressed_finding_stays_suppressed(played_aws: Emulated) -> None:
    hub, s3 = played_aws.role(PAYMENTS, "securityhub", READ), played_aws.owner(PAYMENTS, "s3")
    about = {
        "ResourceId": _equals("arn:aws:s3:::globex-public-docs"),
        "ComplianceSecurityControlId": _equals("S3.8"),
    }
    off = s3.get_public_access_block(Bucket="globex-public-docs")["PublicAccessBlockConfiguration"]
    assert not any(off.values())

    for on, status in ((True, "PASSED"), (False, "FAILED")):
        s3.put_public_access_block(
            Bucket="globex-public-docs",
            PublicAccessBlockConfiguration=dict.fromkeys(off, on),
        )
        (row,) = _found(hub, **about)
        assert row["Compliance"]["Status"] == status
        assert row["Workflow"]["Status"] == "SUPPRESSED"


def test_a_re_evaluation_tells_anew_what_has_not_changed(played_aws: Emulated) -> None:
    config, hub = played_aws.role(SHOP, "config"), played_aws.role(SHOP, "securityhub", READ)
    about = {"ResourceId": _equals(GROUP), "ComplianceSecurityControlId": _equals("EC2.13")}
    (before,) = _found(hub, **about)
    reader = played_aws.role(SHOP, "config", READ)
    rules = [
        rule["ConfigRuleName"]
        for page in reader.get_paginator("describe_config_rules").paginate()
        for rule in page["ConfigRules"]
        if rule["Source"]["SourceIdentifier"] == "restricted-ssh"
    ]

    config.start_config_rules_evaluation(ConfigRuleNames=rules)

    (after,) = _found(hub, **about)
    assert after["UpdatedAt"] > before["UpdatedAt"]
    assert after["Compliance"] == before["Compliance"]
    with pytest.raises(ClientError) as refused:
        config.start_config_rules_evaluation(ConfigRuleNames=["rule-of-nobody"])
    assert refusal(refused.value) == "NoSuchConfigRuleException"


def test_analysts_update_status_and_note_and_nothing_that_is_the_providers(
    bare_aws: Emulated,
) -> None:
    hub = bare_aws.owner(SHOP, "securityhub")
    (made,) = _import(hub, _finding("updated"))
    names = {"Id": made["Id"], "ProductArn": made["ProductArn"]}
    nobody = {**names, "Id": "nobody"}

    answer = hub.batch_update_findings(
        FindingIdentifiers=[names, nobody],
        Workflow={"Status": "RESOLVED"},
        Note={"Text": "fixed", "UpdatedBy": "bot"},
    )

    (row,) = _found(hub, Id=_equals(made["Id"]))
    assert answer["ProcessedFindings"] == [names]
    assert [r["ErrorCode"] for r in answer["UnprocessedFindings"]] == ["FindingNotFound"]
    assert row["Workflow"] == {"Status": "RESOLVED"}
    assert (row["Note"]["Text"], row["Note"]["UpdatedBy"]) == ("fixed", "bot")
    assert row["UpdatedAt"] == made["UpdatedAt"]


def _finding(name: str, **more: Any) -> dict[str, Any]:
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"finding-{name}",
        "ProductArn": f"arn:aws:securityhub:us-east-1:{SHOP}:product/{SHOP}/default",
        "GeneratorId": "scanner",
        "AwsAccountId": SHOP,
        "Types": ["Software and Configuration Checks"],
        "CreatedAt": "2026-01-01T00:00:00Z",
        "UpdatedAt": "2026-01-01T00:00:00Z",
        "Severity": {"Label": "LOW"},
        "Title": "A title",
        "Description": "A description.",
        "Resources": [{"Type": "Other", "Id": "resource"}],
        **more,
    }


def _import(hub: Any, *findings: dict[str, Any]) -> list[dict[str, Any]]:
    answer = hub.batch_import_findings(Findings=list(findings))
    assert answer["FailedCount"] == 0, answer
    return [copy.deepcopy(finding) for finding in findings]


def test_an_import_updates_but_keeps_what_analysts_said(bare_aws: Emulated) -> None:
    hub = bare_aws.owner(SHOP, "securityhub")
    (made,) = _import(hub, _finding("kept"))
    names = {"Id": made["Id"], "ProductArn": made["ProductArn"]}
    hub.batch_update_findings(FindingIdentifiers=[names], Workflow={"Status": "SUPPRESSED"})

    later = _finding(
        "kept", UpdatedAt="2026-02-01T00:00:00Z", Title="Another", Workflow={"Status": "NEW"}
    )
    _import(hub, later)

    (row,) = _found(hub, Id=_equals(made["Id"]))
    assert (row["Title"], row["Workflow"]["Status"]) == ("Another", "SUPPRESSED")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"AwsAccountId": DATA}, "another account"),
        ({"ProductArn": "arn:aws:securityhub:us-east-1::product/aws/securityhub"}, "ProductArn"),
        ({"Resources": []}, "Resources"),
    ],
)
def test_an_import_that_is_not_ones_own_or_not_whole_fails_alone(
    bare_aws: Emulated, more: dict[str, Any], said: str
) -> None:
    hub = bare_aws.owner(SHOP, "securityhub")

    answer = hub.batch_import_findings(Findings=[_finding("good"), _finding("bad", **more)])

    assert (answer["SuccessCount"], answer["FailedCount"]) in {(1, 1), (0, 2)}
    assert any(said in row["ErrorMessage"] for row in answer["FailedFindings"])
    assert _found(hub, Id=_equals("finding-bad")) == []
    assert len(_found(hub, Id=_equals("finding-good"))) == 1


def test_only_who_may_updates_findings(story_aws: Emulated) -> None:
    row = story_aws.role(SHOP, "securityhub", READ).get_findings(MaxResults=1)["Findings"][0]

    with pytest.raises(ClientError) as refused:
        story_aws.role(SHOP, "securityhub", READ).batch_update_findings(
            FindingIdentifiers=[{"Id": row["Id"], "ProductArn": row["ProductArn"]}],
            Workflow={"Status": "RESOLVED"},
        )

    assert refusal(refused.value) == "AccessDeniedException"
    assert json.dumps(row["Workflow"]) == json.dumps(
        story_aws.role(SHOP, "securityhub", READ).get_findings(Filters={"Id": _equals(row["Id"])})[
            "Findings"
        ][0]["Workflow"]
    )
