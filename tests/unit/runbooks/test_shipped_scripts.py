"""What shipped scripts decide where the emulated accounts cannot show it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.shipped_scripts import functions, handler

FUNCTION = "arn:aws:lambda:us-east-1:111111111111:function:coupon-preview"


def statement(principal: Any, **conditions: Any) -> dict[str, Any]:
    return {
        "Sid": "Open", "Effect": "Allow", "Principal": principal,
        "Action": "lambda:InvokeFunctionUrl", "Resource": FUNCTION, "Condition": conditions,
    }  # fmt: skip


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ["*"]}])
@pytest.mark.parametrize(
    "conditions",
    [
        {},
        {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
        {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
    ],
)
def test_a_function_is_public_whoever_may_be_meant_by_everybody(
    principal: Any, conditions: dict[str, Any]
) -> None:
    assert functions("Lambda.1", "fix", "Remove")["public"](statement(principal, **conditions))


@pytest.mark.parametrize(
    "narrow",
    [
        statement({"Service": "s3.amazonaws.com"}),
        statement({"AWS": "arn:aws:iam::222222222222:root"}),
        statement("*", StringEquals={"AWS:SourceAccount": "222222222222"}),
        statement("*", StringEquals={"aws:PrincipalOrgID": "o-example"}),
        {**statement("*"), "Effect": "Deny"},
    ],
)
def test_a_statement_that_names_somebody_stays(narrow: dict[str, Any]) -> None:
    assert not functions("Lambda.1", "fix", "Remove")["public"](narrow)


def test_a_removed_statement_is_added_again_with_its_conditions() -> None:
    conditions = functions("Lambda.1", "undo", "PutBack")["conditions"]
    removed = statement(
        "*",
        StringEquals={"lambda:FunctionUrlAuthType": "NONE"},
        Bool={"lambda:InvokedViaFunctionUrl": "true"},
    )
    assert conditions(removed) == {"FunctionUrlAuthType": "NONE", "InvokedViaFunctionUrl": True}
    assert conditions({"Sid": "Open"}) == {}


def denying(**changed: Any) -> dict[str, Any]:
    usual = {
        "Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": ["arn:aws:s3:::reports", "arn:aws:s3:::reports/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }  # fmt: skip
    return {"Statement": [usual | changed]}


@pytest.mark.parametrize(
    "policy",
    [
        denying(),
        denying(Principal={"AWS": "*"}),
        denying(Action=["s3:*"]),
        denying(Condition={"Bool": {"aws:securetransport": False}}),
        denying(Resource="*"),
        {"Statement": denying()["Statement"][0]},
    ],
)
def test_a_bucket_asks_for_tls_however_its_policy_says_so(policy: dict[str, Any]) -> None:
    assert functions("S3.5", "fix", "Write")["asks_for_tls"](policy, "reports")


@pytest.mark.parametrize(
    "policy",
    [
        {},
        denying(Effect="Allow"),
        denying(Action="s3:GetObject"),
        denying(Resource="arn:aws:s3:::reports/*"),
        denying(Principal={"AWS": "arn:aws:iam::222222222222:root"}),
        denying(Condition={"Bool": {"aws:SecureTransport": "true"}}),
        denying(
            Condition={
                "Bool": {"aws:SecureTransport": "false"},
                "IpAddress": {"aws:SourceIp": "192.0.2.0/24"},
            }
        ),
    ],
)
def test_a_policy_that_leaves_a_way_open_does_not_ask_for_tls(policy: dict[str, Any]) -> None:
    assert not functions("S3.5", "fix", "Write")["asks_for_tls"](policy, "reports")


@pytest.mark.parametrize(("used", "rules"), [([], [{}]), ([{"NetworkInterfaceId": "eni-1"}], [])])
def test_an_unused_or_empty_default_group_may_be_emptied(used: Any, rules: Any) -> None:
    given = {"Name": "default", "Inbound": rules, "Outbound": [], "Interfaces": used}
    assert handler("EC2.2", "fix", "Decide")(given, {}) == {"Inbound": len(rules), "Outbound": 0}


@pytest.mark.parametrize(
    ("name", "used", "said"),
    [
        ("default", [{"NetworkInterfaceId": "eni-1"}], "still used by eni-1"),
        ("web", [], "web is not the default group"),
    ],
)
def test_a_group_in_use_or_no_default_group_is_refused(name: str, used: Any, said: str) -> None:
    given = {"Name": name, "Inbound": [{}], "Outbound": [], "Interfaces": used}
    with pytest.raises(ValueError, match=said):
        handler("EC2.2", "fix", "Decide")(given, {})


def test_an_automated_snapshot_is_left_alone() -> None:
    row = {"DBSnapshotIdentifier": "a", "Encrypted": False, "SnapshotType": "automated"}
    with pytest.raises(ValueError, match="encrypt that"):
        handler("RDS.4", "fix", "Decide")({"Snapshot": "a", "Snapshots": [row]}, {})


def test_a_log_bucket_does_not_log_into_itself() -> None:
    given = {"Logging": {}, "Bucket": "logs", "LogBucket": "logs"}
    with pytest.raises(ValueError, match="log bucket itself"):
        handler("S3.9", "fix", "Decide")(given, {})


@pytest.mark.parametrize(("left", "window"), [(2, 7), (12, 12), (90, 30), (-3, 7)])
def test_a_key_is_to_be_deleted_on_the_day_it_was_but_not_sooner_than_aws_lets(
    left: int, window: int
) -> None:
    due = datetime.now(UTC) + timedelta(days=left)
    saved = {"KeyState": "PendingDeletion", "DeletionDate": due.isoformat()}
    assert handler("KMS.3", "undo", "Recall")({"State": "Enabled", "Saved": saved}, {}) == {
        "Days": window
    }


@pytest.mark.parametrize(("secret", "needed"), [({}, True), ({"RotationEnabled": True}, False)])
def test_rotation_is_turned_on_where_it_is_off(secret: dict[str, Any], *, needed: bool) -> None:
    assert handler("SecretsManager.1", "fix", "Decide")({"Secret": secret}, {})["Needed"] is needed
    checked = handler("SecretsManager.1", "check", "Check")({"Secret": secret}, {})
    assert checked["Compliant"] is not needed
    undo = {"Secret": {"RotationEnabled": True}, "Saved": checked["Saved"]}
    assert handler("SecretsManager.1", "undo", "Recall")(undo, {})["Back"] is needed


def test_a_secret_is_rotated_when_it_is_too_old_and_something_can_rotate_it() -> None:
    old = (datetime.now(UTC) - timedelta(days=120)).isoformat()
    new = datetime.now(UTC).isoformat()
    decide = handler("SecretsManager.4", "fix", "Decide")
    secret = {"CreatedDate": old, "RotationLambdaARN": FUNCTION}
    assert decide({"Secret": secret, "Days": 90}, {}) == {"Needed": True}
    assert decide({"Secret": {**secret, "LastRotatedDate": new}, "Days": 90}, {}) == {
        "Needed": False
    }
    with pytest.raises(ValueError, match="set up rotation first"):
        decide({"Secret": {"CreatedDate": old}, "Days": 90}, {})
