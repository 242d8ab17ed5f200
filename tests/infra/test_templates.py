"""The templates: what the linters say, and the names and limits that no linter looks at."""

import importlib
import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from botocore.loaders import create_loader

from infra.deploy.bundles import BUNDLES
from infra.deploy.imports import ROOT
from infra.deploy.sam import Sam
from infra.deploy.template import all_templates, of_type, read
from infra.local.engines.ground import CannotStartError
from integrations.dynamodb_tables import TABLES, definition
from integrations.work.sqs_jobs import ATTEMPTS

LONGEST_STACK = "s" * 40
"""As long as tenants' roles allow a hub's stack to be called."""
DOORS = ("bot/handlers", "integrations/handlers")
UNNARROWED = {
    "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
    "xray:PutTelemetryRecords", "xray:PutTraceSegments",
}  # fmt: skip
"""Granted to the hub on every resource, because AWS knows no narrower one for them."""
TEMPLATES = all_templates()
named = pytest.mark.parametrize("name", sorted(TEMPLATES))


@cache
def sam() -> Sam:
    """The tools; a machine that cannot fetch them says so."""
    try:
        return Sam()
    except CannotStartError as error:
        pytest.skip(str(error))


def walk(value: Any) -> Iterator[Any]:
    """Everything in a template, from the outside in."""
    yield value
    inner = value.values() if isinstance(value, dict) else value
    if isinstance(inner, list) or isinstance(value, dict):
        for one in inner:
            yield from walk(one)


def statements(template: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every statement of every policy that grants something to a role."""
    for told in template["Resources"].values():
        documents = [told["Properties"].get("PolicyDocument")] if "Properties" in told else []
        documents += [p["PolicyDocument"] for p in told.get("Properties", {}).get("Policies", [])]
        if told["Type"] not in {"AWS::IAM::Role", "AWS::IAM::ManagedPolicy"}:
            continue
        for document in filter(None, documents):
            for one in document["Statement"]:
                yield one["Fn::If"][1] if "Fn::If" in one else one


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def as_text(value: Any, stack: str = LONGEST_STACK) -> str:
    """A name with the stack's put in."""
    told = value.get("Fn::Sub", value.get("Ref", "")) if isinstance(value, dict) else str(value)
    return re.sub(r"\$\{(AWS::StackName|Name|TablesPrefix|Prefix)\}", stack, str(told))


@pytest.mark.slow
def test_cfn_lint_finds_nothing() -> None:
    assert sam().lint(*(ROOT / name for name in TEMPLATES)) == ""


@pytest.mark.slow
def test_sam_validates_the_main_template() -> None:
    assert sam().validate(ROOT / "template.yaml") == ""


@named
def test_no_action_has_a_wildcard(name: str) -> None:
    for statement in statements(TEMPLATES[name]):
        for action in listed(statement["Action"]):
            assert re.fullmatch(r"[a-z0-9-]+:[A-Za-z0-9]+", action), action


@pytest.mark.parametrize("name", sorted(set(TEMPLATES) - {"infra/tenant.yaml"}))
def test_every_resource_of_the_hub_is_narrowed_where_aws_can_narrow_it(name: str) -> None:
    for statement in statements(TEMPLATES[name]):
        if "*" in listed(statement["Resource"]):
            assert set(listed(statement["Action"])) <= UNNARROWED


@named
def test_a_role_is_called_after_its_stack_and_trusts_one_service_or_the_hub(name: str) -> None:
    for logical, role in of_type(TEMPLATES[name], "AWS::IAM::Role"):
        assert len(as_text(role["RoleName"])) <= 64, logical
        for statement in role["AssumeRolePolicyDocument"]["Statement"]:
            assert statement["Principal"] != "*"


def test_every_function_has_a_role_of_its_own_and_its_logs_beside_it() -> None:
    functions = dict(of_type(read(), "AWS::Serverless::Function"))
    roles = [json.dumps(function["Role"]) for function in functions.values()]
    assert len(set(roles)) == len(roles) > 5
    logs = TEMPLATES["infra/logs.yaml"]
    groups = {as_text(g["LogGroupName"]) for _, g in of_type(logs, "AWS::Logs::LogGroup")}
    for function in functions.values():
        name = as_text(function["FunctionName"])
        assert len(name) <= 64
        assert f"/aws/lambda/{name}" in groups, "Lambda would make one that is kept for ever"
    for _, group in of_type(logs, "AWS::Logs::LogGroup"):
        assert group["RetentionInDays"]


def test_every_door_of_the_project_is_deployed_and_can_be_imported() -> None:
    functions = dict(of_type(read(), "AWS::Serverless::Function"))
    handlers = {function["Handler"] for function in functions.values()}
    doors = {
        f"{folder.replace('/', '.')}.{path.stem}.lambda_handler"
        for folder in DOORS
        for path in (ROOT / folder).glob("*.py")
        if "\ndef lambda_handler(" in path.read_text(encoding="utf-8")
    }
    assert handlers == doors
    for handler in handlers:
        module, _, name = handler.rpartition(".")
        assert callable(getattr(importlib.import_module(module), name))


def test_every_function_is_deployed_from_a_bundle_that_holds_its_door() -> None:
    by_zip = {f"build/{bundle.name}.zip": bundle for bundle in BUNDLES}
    for _, function in of_type(read(), "AWS::Serverless::Function"):
        assert function["Handler"].rpartition(".")[0] in by_zip[function["CodeUri"]].doors


def test_what_no_queue_brings_the_clock_or_an_event_starts() -> None:
    intake = TEMPLATES["infra/intake.yaml"]
    by_clock = [t["Target"]["Arn"] for _, t in of_type(intake, "AWS::Scheduler::Schedule")]
    (clock,) = (s for s in statements(intake) if s["Action"] == "lambda:InvokeFunction")
    assert sorted(set(map(as_text, by_clock))) == sorted(map(as_text, clock["Resource"]))
    started = {as_text(arn).rpartition(":")[2] for arn in by_clock}
    for _, function in of_type(read(), "AWS::Serverless::Function"):
        name = as_text(function["FunctionName"])
        called = name.endswith("-prepare") or "FunctionUrlConfig" in function
        assert ("Events" in function) + called + (name in started) == 1, name


def test_findings_that_are_not_open_any_more_are_let_go_by_night_unless_they_are_kept() -> None:
    night = dict(of_type(TEMPLATES["infra/intake.yaml"], "AWS::Scheduler::Schedule"))["EveryNight"]
    assert as_text(night["Target"]["Arn"]).endswith("-pull")
    assert as_text(night["Target"]["Input"]) == '{"closed_days": ${ClosedDays}}'
    assert TEMPLATES["infra/intake.yaml"]["Resources"]["EveryNight"]["Condition"] == "ForgetsClosed"


def test_what_runs_until_its_next_turn_is_not_begun_again_meanwhile() -> None:
    """Lambda would try twice more by itself ("How Lambda handles errors and retries")."""
    functions = dict(of_type(read(), "AWS::Serverless::Function"))
    longest = {name for name, told in functions.items() if told["Timeout"] >= 900}
    assert longest == {"Sync", "Pull"}
    for name in longest:
        assert functions[name]["EventInvokeConfig"] == {"MaximumRetryAttempts": 0}
    for name in ("Sweep", "Exposures"):  # what waited longer has been looked at since
        told = functions[name]["EventInvokeConfig"]
        assert told == {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}


def test_only_executions_of_our_own_runbooks_start_the_sweep() -> None:
    """`detail.Definition` is the document's name ("Amazon EventBridge event examples for SSM")."""
    (rule,) = (
        told
        for _, told in of_type(TEMPLATES["infra/intake.yaml"], "AWS::Events::Rule")
        if as_text(told["Name"]).endswith("-executions")
    )
    assert rule["EventPattern"]["detail"] == {"Definition": [{"prefix": "SecurityAssist-"}]}
    started = json.dumps(TEMPLATES["infra/tenant.yaml"]["Resources"]["AutomationPolicy"])
    assert "automation-definition/SecurityAssist-*" in started


COUNTED = {
    "sync": "integrations/handlers/resources.py", "pull": "integrations/handlers/findings.py",
    "exposures": "agent/kept_exposures.py", "worker": "agent/agentcore_assistant.py",
    "live": "agent/strands_assistant.py",
}  # fmt: skip
"""Whose log is looked through for a line, and where that line is written."""


def test_what_an_alarm_counts_in_a_log_is_written_there_and_watched() -> None:
    counted, watched = {}, set()
    for name in ("infra/operations.yaml", "infra/agentcore.yaml"):
        for _, told in of_type(TEMPLATES[name], "AWS::Logs::MetricFilter"):
            group = as_text(told["LogGroupName"]).rpartition("-")[2]
            (metric,) = told["MetricTransformations"]
            counted["live" if group == "EndpointLogs" else group] = metric["MetricName"]
            source = (ROOT / COUNTED["live" if group == "EndpointLogs" else group]).read_text()
            assert told["FilterPattern"].strip('"') in source, group
        for _, told in of_type(TEMPLATES[name], "AWS::CloudWatch::Alarm"):
            if as_text(told.get("Namespace", "")) == f"SecurityAssist/{LONGEST_STACK}":
                watched.add(told["MetricName"])
    assert set(counted) == set(COUNTED)
    assert set(counted.values()) == watched == {"TenantsFailed", "FellBack"}
    (board,) = of_type(TEMPLATES["infra/operations.yaml"], "AWS::CloudWatch::Dashboard")
    widgets = json.loads(re.sub(r"\$\{\S+?\}", "x", board[1]["DashboardBody"]["Fn::Sub"]))[
        "widgets"
    ]
    shown = [told for one in widgets for told in one["properties"]["metrics"]]
    assert watched <= {told[1] for told in shown if isinstance(told[1], str)}


def test_no_log_of_ours_is_kept_for_ever() -> None:
    agentcore = TEMPLATES["infra/agentcore.yaml"]
    ((name, group),) = of_type(agentcore, "AWS::Logs::LogGroup")
    assert group["RetentionInDays"] == {"Ref": "LogDays"}
    endpoint = agentcore["Resources"]["Endpoint"]
    assert group["LogGroupName"]["Fn::Sub"].endswith(f"-{endpoint['Properties']['Name']}")
    assert endpoint["DependsOn"] == name, "AgentCore would make it itself"


def test_every_door_is_watched_and_shown() -> None:
    """All but the one that a deployment calls and waits for."""
    watched = dict(of_type(TEMPLATES["infra/operations.yaml"], "AWS::CloudWatch::Alarm"))
    (board,) = of_type(TEMPLATES["infra/operations.yaml"], "AWS::CloudWatch::Dashboard")
    functions = {
        as_text(f["FunctionName"]) for _, f in of_type(read(), "AWS::Serverless::Function")
    }
    functions.remove(f"{LONGEST_STACK}-prepare")
    for alarm, metric in (("DoorsFail", "Errors"), ("DoorsThrottled", "Throttles")):
        told = [one for one in walk(watched[alarm]["Metrics"]) if isinstance(one, dict)]
        measured = [one["Metric"] for one in told if "Metric" in one]
        assert {one["MetricName"] for one in measured} == {metric}
        names = [as_text(one["Dimensions"][0]["Value"]) for one in measured]
        assert sorted(names) == sorted(functions)
        assert len(names) <= 10, "CloudWatch watches a sum of no more metrics"
        shown = as_text(board[1]["DashboardBody"])
        for name in functions - {f"{LONGEST_STACK}-lake"}:
            assert f'"{metric}", "FunctionName", "{name}"' in shown


def test_queues_hide_a_message_six_times_as_long_as_its_door_may_take() -> None:
    queues = dict(of_type(TEMPLATES["infra/intake.yaml"], "AWS::SQS::Queue"))
    by_output = {"WorkArn": "Work", "FindingsArn": "FindingsQueue", "ChangesArn": "ChangesQueue"}
    seen = set()
    for _, function in of_type(read(), "AWS::Serverless::Function"):
        for event in function.get("Events", {}).values():
            told = event["Properties"]
            assert told["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
            if "Fn::GetAtt" in told["Queue"]:
                queue = by_output[told["Queue"]["Fn::GetAtt"][1].removeprefix("Outputs.")]
                assert queues[queue]["VisibilityTimeout"] >= 6 * function["Timeout"]
                seen.add(queue)
    assert seen == set(by_output.values())


def test_every_queue_sets_aside_what_cannot_be_done() -> None:
    queues = dict(of_type(TEMPLATES["infra/intake.yaml"], "AWS::SQS::Queue"))
    for logical, queue in queues.items():
        name = as_text(queue["QueueName"])
        assert name.endswith(".fifo") == bool(queue.get("FifoQueue"))
        assert len(name) <= 80
        if logical.endswith("DeadLetters") or logical == "UndeliveredEvents":
            assert queue["MessageRetentionPeriod"] == 14 * 86_400
            continue
        aside = queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        assert queues[aside].get("FifoQueue") == queue.get("FifoQueue")
    # Sooner, and SQS would take away what the worker means to try again.
    assert queues["Work"]["RedrivePolicy"]["maxReceiveCount"] == ATTEMPTS


def test_the_tables_are_those_that_the_code_has() -> None:
    tables = dict(of_type(TEMPLATES["infra/tables.yaml"], "AWS::DynamoDB::Table"))
    by_name = {as_text(told["TableName"], "P"): told for told in tables.values()}
    assert set(by_name) == {f"P-{table.name}" for table in TABLES}
    for table in TABLES:
        told = by_name[f"P-{table.name}"]
        wanted = definition(table, "P")
        for key in ("BillingMode", "KeySchema", "LocalSecondaryIndexes"):
            assert told.get(key) == wanted.get(key), (table.name, key)
        kinds = {a["AttributeName"]: a["AttributeType"] for a in told["AttributeDefinitions"]}
        assert kinds == {
            a["AttributeName"]: a["AttributeType"] for a in wanted["AttributeDefinitions"]
        }
        expires = told.get("TimeToLiveSpecification", {}).get("AttributeName", "")
        assert expires == table.expires


def test_who_writes_the_audit_may_not_change_it() -> None:
    forbidden = {"dynamodb:DeleteItem", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem"}
    append_only = {f"-{table.name}" for table in TABLES if table.append_only}
    assert append_only == {"-audit"}
    found = 0
    for template in TEMPLATES.values():
        for statement in statements(template):
            if "-audit" in json.dumps(statement["Resource"]):
                found += 1
                assert not set(listed(statement["Action"])) & forbidden
    assert found >= 3


def test_no_secret_is_in_a_template() -> None:
    for name, template in TEMPLATES.items():
        text = json.dumps(template)
        assert not re.search(r"xox[abp]-\w|AKIA[A-Z0-9]{16}|resolve:secretsmanager", text), name
    for _, function in of_type(read(), "AWS::Serverless::Function"):
        for variable, value in function.get("Environment", {}).get("Variables", {}).items():
            if re.search(r"SECRET|TOKEN|KEY", variable):
                assert variable.endswith("_ARN")
                assert "Ref" in value


def test_the_environment_of_a_function_is_below_four_kilobytes() -> None:
    common = read()["Globals"]["Function"]["Environment"]["Variables"]
    for _, function in of_type(read(), "AWS::Serverless::Function"):
        own = function.get("Environment", {}).get("Variables", {})
        # A value that is told when it is deployed: an ARN of the longest kind.
        size = sum(
            len(k) + (200 if isinstance(v, dict) else len(v)) for k, v in (common | own).items()
        )
        assert size < 4_096


def test_agentcores_names_have_no_hyphen() -> None:
    template = TEMPLATES["infra/agentcore.yaml"]
    pattern = template["Parameters"]["RuntimeName"]["AllowedPattern"]
    assert re.fullmatch(pattern, "security_assist")
    assert not re.fullmatch(pattern, "security-assist")
    made = read()["Resources"]["AgentCore"]["Properties"]["Parameters"]["RuntimeName"]
    assert made == {"Fn::Join": ["_", {"Fn::Split": ["-", {"Ref": "AWS::StackName"}]}]}
    model = create_loader().load_service_model("bedrock-agentcore-control", "service-2")
    assert re.fullmatch(model["shapes"]["AgentRuntimeName"]["pattern"], "security_assist")


def test_what_is_left_out_of_an_emulator_is_listed() -> None:
    template = read()
    away = {
        name for name, told in template["Resources"].items() if told.get("Condition") == "InAws"
    }
    assert away == {"Operations"}
    assert template["Conditions"]["HasRuntime"]["Fn::And"][0] == {"Condition": "InAws"}
    kept_away = template["Resources"]["Intake"]["Properties"]["Parameters"]
    assert kept_away["TenantAccounts"]["Fn::If"][0] == "InAws", "the bus's policy, the aggregator"
