import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest

from integrations.errors import DeniedByAwsError, NotFoundError, UnavailableError
from integrations.runbooks.answers import Answers
from integrations.runbooks.port import (
    AutomationFailedError,
    AutomationInputError,
    Preview,
    UnsupportedDocumentError,
)
from tests.automation_stage import STARTED_AT, Stage, document, get, put
from tests.loopback_aws import LoopbackAws, ParameterStore, loopback_aws

ASSERT = (
    "{name: Sure, action: 'aws:assertAwsResourceProperty', inputs: {Service: ssm,"
    " Api: GetParameter, Name: %s, PropertySelector: $.Parameter.Value, DesiredValues: [shut]}}"
)
WAIT = ASSERT.replace("assertAws", "waitForAws").replace("Sure", "Wait")
ROLE = 'assumeRole: "arn:aws:iam::111111111111:role/Reader"'


def plan(aws: LoopbackAws, *steps: str, more: str = "") -> Preview:
    return Stage(aws).interpreter().plan(document(*steps, more=more), {})


def call(name: str, service: str, api: str, inputs: str, more: str = "") -> str:
    return (
        f"{{name: {name}, action: 'aws:executeAwsApi', inputs: {{Service: {service}, Api: {api},"
        f" {inputs}}}{more}}}"
    )


def test_reads_are_real_and_writes_are_kept(aws: LoopbackAws, store: ParameterStore) -> None:
    planned = plan(aws, get("Read"), put("Shut", value="'not {{ Read.Value }}'"))
    assert [(one.step, one.action, one.resource) for one in planned.calls] == [
        ("Shut", "ssm:PutParameter", "door")
    ]
    assert planned.calls[0].parameters == {"Name": "door", "Value": "(secret)", "Overwrite": True}
    assert (planned.reads, planned.unpredicted) == (("ssm:GetParameter",), ())
    assert (aws.operations, store.values) == (["GetParameter"], {"door": "open"})


def test_a_read_after_a_write_says_that_it_is_out_of_date(aws: LoopbackAws) -> None:
    planned = plan(aws, put("Shut"), get("Read"))
    assert planned.unpredicted == ("Read reads, as it is now, what the calls before it change.",)
    assert planned.failure == ""


def test_a_read_of_something_else_after_a_write_is_as_good_as_any(
    aws: LoopbackAws, store: ParameterStore
) -> None:
    store.values["window"] = "open"
    planned = plan(aws, put("Shut"), get("Read", "window"))
    assert planned.unpredicted == ()


def test_looking_through_everything_after_a_write_says_so(aws: LoopbackAws) -> None:
    planned = plan(aws, put("Shut"), call("All", "ssm", "DescribeParameters", "MaxResults: 5"))
    assert len(planned.unpredicted) == 1


@pytest.mark.parametrize("step", [ASSERT, WAIT])
def test_checking_what_a_write_would_have_changed_does_not_fail_a_plan(
    aws: LoopbackAws, step: str
) -> None:
    planned = plan(aws, put("Shut"), step % "door", put("Note", "note"))
    assert planned.failure == ""
    assert [one.step for one in planned.calls] == ["Shut", "Note"]
    assert "$.Parameter.Value to be shut, which it is not before the run" in planned.unpredicted[0]


def test_checking_what_a_write_would_have_made_does_not_fail_a_plan(aws: LoopbackAws) -> None:
    planned = plan(aws, put("Make", "new"), ASSERT % "new")
    assert planned.failure == ""
    assert "which is only there after the run" in planned.unpredicted[0]


def test_an_assertion_that_fails_before_any_write_fails_the_plan(aws: LoopbackAws) -> None:
    planned = plan(aws, ASSERT % "door", put("Shut"))
    assert planned.failure == "Sure: $.Parameter.Value is open, not shut"
    assert planned.calls == ()


def test_what_holds_already_is_not_worth_a_word(aws: LoopbackAws, store: ParameterStore) -> None:
    store.values["door"] = "shut"
    planned = plan(aws, ASSERT % "door", WAIT % "door")
    assert (planned.failure, planned.unpredicted) == ("", ())


def test_what_a_write_answers_is_made_up_from_its_request(aws: LoopbackAws) -> None:
    steps = (
        call(
            "Make",
            "ec2",
            "CreateVpc",
            "CidrBlock: 10.0.0.0/16",
            ", outputs: [{Name: Id, Selector: $.Vpc.VpcId},"
            " {Name: Cidr, Selector: $.Vpc.CidrBlock}]",
        ),
        call("Use", "ec2", "CreateSubnet", "VpcId: '{{ Make.Id }}', CidrBlock: '{{ Make.Cidr }}'"),
        call("Look", "ec2", "DescribeVpcs", "VpcIds: ['{{ Make.Id }}']"),
    )
    planned = plan(aws, *steps)
    assert planned.failure == ""
    made, used = planned.calls
    assert made.parameters == {"CidrBlock": "10.0.0.0/16"}
    assert used.parameters == {"VpcId": "planned-VpcId-1", "CidrBlock": "10.0.0.0/16"}
    assert planned.unpredicted == ("Look reads, as it is now, what the calls before it change.",)
    assert aws.requests == []


def test_a_way_chosen_by_what_is_made_up_is_said_to_be_so(aws: LoopbackAws) -> None:
    choose = (
        "{name: Choose, action: 'aws:branch', inputs: {Choices: [{NextStep: A,"
        " Variable: '{{ Shut.V }}', NumericGreater: 3}], Default: B}}"
    )
    outputs = ", outputs: [{Name: V, Selector: $.Version, Type: Integer}]"
    planned = plan(aws, put("Shut", more=outputs), choose, get("A"), get("B"))
    assert "Choose chooses by what is only known during the run." in planned.unpredicted


def test_a_plan_ends_where_it_needs_what_only_the_run_will_know(aws: LoopbackAws) -> None:
    outputs = ", outputs: [{Name: V, Selector: $.Nothing, Type: Integer}]"
    planned = plan(aws, put("Shut", more=outputs), put("Note", "'{{ Shut.V }}'"), put("More"))
    assert [one.step for one in planned.calls] == ["Shut"]
    assert planned.failure == ""
    assert planned.unpredicted[-1] == "From Note on it needs what is only known during the run."


def test_a_plan_does_not_wait_and_does_not_ask(aws: LoopbackAws) -> None:
    stage = Stage(aws)
    steps = (
        "{name: Wait, action: 'aws:sleep', inputs: {Duration: P2D}}",
        "{name: Stop, action: 'aws:pause', inputs: {}}",
        "{name: Ask, action: 'aws:approve', inputs: {Approvers: [anna, bo]}}",
        put("Shut"),
    )
    before = stage.now
    planned = stage.interpreter().plan(document(*steps), {})
    assert planned.unpredicted == (
        "Stop waits until a person resumes it.",
        "Ask waits for 1 of anna, bo to approve.",
    )
    assert len(planned.calls) == 1
    assert stage.now == before


def test_instances_are_not_stopped_by_a_plan() -> None:
    with loopback_aws(lambda *_: "<DescribeInstancesResponse/>") as aws:
        step = (
            "{name: Stop, action: 'aws:changeInstanceState', inputs: {InstanceIds: [i-1],"
            " DesiredState: stopped, Force: true}}"
        )
        planned = plan(aws, step)
    (one,) = planned.calls
    assert (one.action, one.resource) == ("ec2:StopInstances", "i-1")
    assert one.parameters == {"InstanceIds": ["i-1"], "Force": True}
    assert aws.operations == ["DescribeInstances"]
    assert "Stop waits until i-1 is stopped" in planned.unpredicted[0]


def test_documents_within_documents_are_planned_too(aws: LoopbackAws) -> None:
    stage = Stage(aws, documents={"Inner": document(get("Read"), put("Shut"))})
    inner = "{name: In, action: 'aws:executeAutomation', inputs: {DocumentName: Inner}}"
    planned = stage.interpreter().plan(document(inner, put("Note", "note")), {})
    assert [one.step for one in planned.calls] == ["Shut", "Note"]
    assert aws.operations == ["GetParameter"]


@pytest.mark.parametrize(
    ("code", "error", "said"),
    [
        ("AccessDeniedException", DeniedByAwsError, "role/Reader may not ssm:GetParameter"),
        ("ParameterNotFound", NotFoundError, "ParameterNotFound"),
        ("ThrottlingException", UnavailableError, "ThrottlingException"),
        ("InternalServerError", UnavailableError, "InternalServerError"),
    ],
)
def test_what_aws_refuses_is_raised_in_our_words(
    aws: LoopbackAws, store: ParameterStore, code: str, error: type[Exception], said: str
) -> None:
    store.refused["GetParameter"] = (code, "no")
    with pytest.raises(error) as caught:
        plan(aws, get("Read"), more=ROLE)
    assert said in str(caught.value)
    with pytest.raises(error):
        Stage(aws).interpreter().read(document(get("Read"), more=ROLE), {})


def test_an_endpoint_that_is_not_there_is_unavailable(aws: LoopbackAws) -> None:
    gone = LoopbackAws(aws.answer, "http://127.0.0.1:1")
    with pytest.raises(UnavailableError):
        plan(gone, get("Read"))


def test_an_answer_that_is_not_awss_is_unavailable() -> None:
    with loopback_aws(lambda *_: "<html>Bad Gateway</html>") as aws:
        for step in (get("Read"), call("Read", "ec2", "DescribeVpcs", "MaxResults: 5")):
            with pytest.raises(UnavailableError):
                plan(aws, step)
            assert Stage(aws).run(document(step)).failure.startswith("Read: ")


def test_a_denied_read_is_not_taken_for_something_to_come(
    aws: LoopbackAws, store: ParameterStore
) -> None:
    store.refused["GetParameter"] = ("AccessDeniedException", "no")
    for step in (get("Read"), ASSERT % "door"):
        with pytest.raises(DeniedByAwsError):
            plan(aws, put("Shut"), step)


def test_a_failure_that_the_document_provides_for_is_no_failure(aws: LoopbackAws) -> None:
    goes_on = ", onFailure: 'step:Make', isCritical: false"
    planned = plan(aws, get("Read", "gone", goes_on), get("Never"), put("Make", "gone"))
    assert (planned.failure, len(planned.calls)) == ("", 1)


def test_a_check_gives_the_outputs_of_its_steps(aws: LoopbackAws) -> None:
    found = Stage(aws).interpreter().read(document(get("Check")), {})
    assert found["Check.Value"] == "open"


def test_a_check_that_tries_to_change_something_is_refused(
    aws: LoopbackAws, store: ParameterStore
) -> None:
    text = document(put("Sneak", more=", onFailure: Continue"), get("Check"))
    with pytest.raises(UnsupportedDocumentError, match="step Sneak: a check may not call ssm:Put"):
        Stage(aws).interpreter().read(text, {})
    assert store.values == {"door": "open"}


def test_a_check_that_fails_says_why(aws: LoopbackAws) -> None:
    with pytest.raises(AutomationFailedError, match=r"Sure: \$.Parameter.Value is open, not shut"):
        Stage(aws).interpreter().read(document(ASSERT % "door"), {})


def test_wrong_parameters_are_refused_before_anything_is_called(aws: LoopbackAws) -> None:
    text = document(get("Read"), parameters="{Door: {type: Integer}}")
    with pytest.raises(AutomationInputError):
        Stage(aws).interpreter().plan(text, {"Door": "wide"})
    assert aws.requests == []


@pytest.mark.parametrize(
    ("service", "api", "inputs", "resource"),
    [
        ("ec2", "RevokeSecurityGroupIngress", "GroupId: sg-1, IpPermissions: []", "sg-1"),
        ("ec2", "ModifyInstanceMetadataOptions", "InstanceId: i-1, HttpTokens: required", "i-1"),
        ("ec2", "CreateTags", "Resources: [i-1, i-2], Tags: []", "i-1, i-2"),
        ("ec2", "EnableEbsEncryptionByDefault", "DryRun: false", ""),
        ("s3", "PutPublicAccessBlock", "Bucket: b, PublicAccessBlockConfiguration: {}", "b"),
        ("rds", "ModifyDBInstance", "DBInstanceIdentifier: d, MultiAZ: true", "d"),
        ("kms", "EnableKeyRotation", "KeyId: k", "k"),
        ("lambda", "RemovePermission", "FunctionName: f, StatementId: s", "f"),
        ("sqs", "SetQueueAttributes", "QueueUrl: u, Attributes: {}", "u"),
        ("sns", "SetTopicAttributes", "TopicArn: t, AttributeName: n", "t"),
        ("iam", "UpdateAccessKey", "UserName: u, AccessKeyId: AKIAFAKEFAKEFAKE, Status: Inactive",
         "AKIAFAKEFAKEFAKE"),
        ("iam", "UpdateAccountPasswordPolicy", "MinimumPasswordLength: 14", ""),
        ("dms", "ModifyReplicationInstance", "ReplicationInstanceArn: r", "r"),
        ("dynamodb", "UpdateContinuousBackups",
         "TableName: t, PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}", "t"),
        ("elbv2", "ModifyLoadBalancerAttributes", "LoadBalancerArn: l, Attributes: []", "l"),
        ("secretsmanager", "RotateSecret", "SecretId: s", "s"),
        ("cloudtrail", "UpdateTrail", "Name: t, IsMultiRegionTrail: true", "t"),
        ("ecr", "PutImageScanningConfiguration",
         "repositoryName: repo, imageScanningConfiguration: {scanOnPush: true}", "repo"),
    ],
)  # fmt: skip
def test_a_planned_call_tells_what_it_is_about(
    aws: LoopbackAws, service: str, api: str, inputs: str, resource: str
) -> None:
    planned = plan(aws, call("A", service, api, inputs))
    assert planned.failure == ""
    assert [one.resource for one in planned.calls] == [resource]
    assert aws.requests == []


def test_secrets_do_not_stand_in_a_plan(aws: LoopbackAws) -> None:
    inputs = "DBInstanceIdentifier: d, MasterUserPassword: hunter2"
    (one,) = plan(aws, call("A", "rds", "ModifyDBInstance", inputs)).calls
    assert "hunter2" not in repr(one)


def test_the_ledger_can_be_had_without_the_sdk() -> None:
    # A script that only computes must not pay for it, and one that calls must not have it early.
    text = "import integrations.runbooks.interception, sys; sys.exit('botocore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", text], check=False).returncode == 0


def test_every_operation_of_aws_can_be_answered() -> None:
    session = botocore.session.get_session()
    now = datetime.fromtimestamp(STARTED_AT, UTC)
    for service in ("ec2", "s3", "iam", "rds", "lambda", "dms", "guardduty", "redshift"):
        model = session.get_service_model(service)
        for name in model.operation_names:
            _, body = Answers("111111111111", "eu-west-1", now).answer(
                model.operation_model(name), {}
            )
            assert _deepest(body) < 20


def _deepest(value: Any) -> int:
    if isinstance(value, Mapping):
        return 1 + max(map(_deepest, value.values()), default=0)
    return 1 + max(map(_deepest, value), default=0) if isinstance(value, list) else 0
