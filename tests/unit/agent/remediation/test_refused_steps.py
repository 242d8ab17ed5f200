"""What AWS refuses to a runbook is told by its name, however long AWS's words before it are."""

import pytest

from tests.remediating import Stage

WHO = (
    "User: arn:aws:sts::111111111111:assumed-role/SecurityAssistRemediation/"
    "Automation-76f19e8c-6394-40cc-915e-3c79f381d632 is not authorized to perform: "
)
EC2 = (
    "An error occurred (UnauthorizedOperation) when calling the RevokeSecurityGroupIngress"
    f" operation: You are not authorized to perform this operation. {WHO}"
    "ec2:RevokeSecurityGroupIngress on resource: arn:aws:ec2:us-east-1:111111111111:"
    "security-group/sg-0a1webadmin because no identity-based policy allows the"
    " ec2:RevokeSecurityGroupIngress action. Encoded authorization failure message: q1w2e3r4"
)
S3 = (
    f"An error occurred (AccessDenied) when calling the PutBucketPolicy operation: {WHO}"
    's3:PutBucketPolicy on resource: "arn:aws:s3:::logs" with an explicit deny in a service'
    " control policy"
)


TOLD = {
    EC2: "SecurityAssistRemediation is not allowed ec2:RevokeSecurityGroupIngress, because no"
    " identity-based policy allows the ec2:RevokeSecurityGroupIngress action.",
    S3: "SecurityAssistRemediation is not allowed s3:PutBucketPolicy, with an explicit deny in a"
    " service control policy.",
    f"{WHO}kms:EnableKey": "SecurityAssistRemediation is not allowed kms:EnableKey.",
    "The group is gone": "The group is gone.",
}


@pytest.mark.parametrize(("said", "told"), TOLD.items())
def test_the_action_that_is_missing_is_named(stage: Stage, said: str, told: str) -> None:
    stage.account.effect = lambda *_: said
    done = stage.carried_out()
    assert done.outcome == f"Step RevokeIngress failed: {told} Nothing changed."
