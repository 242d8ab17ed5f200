"""What a runbook says of itself, held against what its documents do."""

import ast
import csv
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.loaders import create_loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from integrations.resources.port import LinkKind
from integrations.runbooks.catalogue import INDEX, ShippedRemedies, ShippedRunbooks, index_of
from integrations.runbooks.documents import Document, Step
from integrations.runbooks.permissions import actions_needed
from integrations.runbooks.port import Runbook
from integrations.runbooks.references import REFERENCE
from integrations.runbooks.runbook_file import CHECKED, ROLE, SAVED
from integrations.runbooks.validation import runnable

FOLDER = Path(__file__).parents[2] / "infra" / "runbooks"
RUNBOOKS = ShippedRunbooks(FOLDER).runbooks()
API_STEPS = {
    "aws:executeAwsApi",
    "aws:assertAwsResourceProperty",
    "aws:waitForAwsResourceProperty",
}
OWN_INPUTS = {"Service", "Api", "PropertySelector", "DesiredValues"}
ALSO = {
    # "Calls that it makes for you": a call that needs more than its own action.
    ("guardduty", "CreateDetector"): {"iam:CreateServiceLinkedRole"},
    ("rds", "CopyDBSnapshot"): {"kms:CreateGrant", "kms:DescribeKey", "rds:AddTagsToResource"},
    ("secretsmanager", "RotateSecret"): {"lambda:InvokeFunction"},
}
"""Actions that AWS asks for beside a call's own, from the API reference of that call."""
NO_RUNBOOK = {"DMS.1"}
"""Asked for, and not to be had: there is no safe automatic fix."""
WANTED = {
    "EC2.2", "EC2.6", "EC2.7", "EC2.8", "EC2.13", "EC2.14", "EC2.18", "EC2.19", "EC2.21",
    "S3.1", "S3.2", "S3.3", "S3.5", "S3.8", "S3.9", "S3.14", "IAM.3", "IAM.7", "IAM.8", "IAM.22",
    "RDS.1", "RDS.2", "RDS.4", "RDS.5", "RDS.6", "RDS.8", "RDS.11", "RDS.13", "KMS.3", "KMS.4",
    "Lambda.1", "SNS.1", "SQS.1", "CloudTrail.1", "CloudTrail.2", "CloudTrail.4", "CloudTrail.5",
    "Config.1", "GuardDuty.1", "DynamoDB.2", "DynamoDB.6", "ELB.5", "ELB.6", "ECR.1",
    "Redshift.1", "Redshift.3", "Redshift.6", "SecretsManager.1", "SecretsManager.4", "SSM.4",
}  # fmt: skip
named = pytest.mark.parametrize("runbook", RUNBOOKS, ids=lambda runbook: runbook.name)


def documents(runbook: Runbook) -> Iterator[tuple[str, Document]]:
    yield "fix", runnable(runbook.fix)
    yield "check", runnable(runbook.check)
    if runbook.undo is not None:
        yield "undo", runnable(runbook.undo)


@cache
def model(service: str) -> ServiceModel:
    return ServiceModel(create_loader().load_service_model(service, "service-2"), service)


Call = tuple[str, str, Mapping[str, Any]]


def calls_of(document: Document) -> Iterator[Call]:
    """(service, operation, parameters as far as they are told) of every call it can make."""
    for step in document.steps:
        if step.action in API_STEPS:
            inputs = {k: v for k, v in step.inputs.items() if k not in OWN_INPUTS}
            yield step.inputs["Service"], step.inputs["Api"], inputs
        if step.action == "aws:executeScript":
            yield from calls_in(step.inputs["Script"])


def calls_in(script: str) -> Iterator[Call]:
    """Calls of boto3 clients in a script: methods that a service which it uses has."""
    tree = ast.parse(script)
    services = {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "client"
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }
    methods = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for service in sorted(services):
        for operation in model(service).operation_names:
            if xform_name(operation) in methods:
                yield service, operation, {}


def actions(calls: Iterator[Call]) -> set[str]:
    found: set[str] = set()
    for service, operation, parameters in calls:
        found |= {*actions_needed(service, operation, parameters)}
        found |= ALSO.get((service, operation), set())
    return found


@named
def test_permissions_are_what_the_fix_and_the_undo_call(runbook: Runbook) -> None:
    called = {
        action
        for part, document in documents(runbook)
        if part != "check"
        for action in actions(calls_of(document))
    }
    assert set(runbook.permissions) == called


@named
def test_reads_are_what_the_check_calls(runbook: Runbook) -> None:
    check = runnable(runbook.check)
    assert set(runbook.reads) == actions(calls_of(check))
    verbs = {action.partition(":")[2] for action in runbook.reads}
    assert all(verb.startswith(("Describe", "Get", "List")) for verb in verbs)


@named
def test_every_call_is_one_that_aws_has(runbook: Runbook) -> None:
    for part, document in documents(runbook):
        for step in document.steps:
            if step.action in API_STEPS:
                operation = model(step.inputs["Service"]).operation_model(step.inputs["Api"])
                inputs = {k: v for k, v in step.inputs.items() if k not in OWN_INPUTS}
                said = f"{runbook.name} {part} {step.name}"
                assert misfits(inputs, operation.input_shape, said) == []
                for selector in selectors(step):
                    assert leads_somewhere(selector, operation.output_shape), f"{said} {selector}"


def misfits(value: Any, shape: Shape | None, where: str) -> list[str]:
    """What of an input the operation does not take, or lacks."""
    if isinstance(value, str) and REFERENCE.search(value):
        return []
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        unknown = [f"{where}.{name}" for name in value if name not in shape.members]
        lacking = [f"{where} lacks {name}" for name in shape.required_members if name not in value]
        below = [
            problem
            for name, item in value.items()
            if name in shape.members
            for problem in misfits(item, shape.members[name], f"{where}.{name}")
        ]
        return unknown + [one for one in lacking if not filled_in(one)] + below
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [p for item in value for p in misfits(item, shape.member, where)]
    if isinstance(shape, MapShape) and isinstance(value, Mapping):
        return [p for item in value.values() for p in misfits(item, shape.value, where)]
    kinds = {"string": str, "boolean": bool, "integer": int, "long": int}
    wanted = kinds.get(shape.type_name) if shape is not None else None
    return [] if wanted and type(value) is wanted else [f"{where} is no {shape}: {value!r}"]


def filled_in(lacking: str) -> bool:
    """Tokens that botocore draws."""
    return lacking.endswith("ClientRequestToken")


def selectors(step: Step) -> list[str]:
    return [output.selector for output in step.outputs] + [
        step.inputs[name] for name in ("PropertySelector",) if name in step.inputs
    ]


def leads_somewhere(selector: str, shape: Shape | None) -> bool:
    """Whether a plain path, `$.A[0].B`, is one that the answer can have."""
    for name in re.findall(r"[A-Za-z][A-Za-z0-9]*|\[[0-9*]+\]", selector):
        if name.startswith("["):
            if not isinstance(shape, ListShape):
                return False
            shape = shape.member
        else:
            if not isinstance(shape, StructureShape) or name not in shape.members:
                return False
            shape = shape.members[name]
    return True


@named
def test_the_parameters_are_those_that_are_bound(runbook: Runbook) -> None:
    bound = {*runbook.bindings}
    for part, document in documents(runbook):
        declared = {parameter.name for parameter in document.parameters}
        assert declared >= {ROLE}
        rest = declared - {ROLE}
        if part == "fix":
            assert rest == bound
        elif part == "undo":
            assert rest == bound | {SAVED}
        else:
            assert rest <= bound


@named
def test_every_text_parameter_is_held_to_a_pattern(runbook: Runbook) -> None:
    for _, document in documents(runbook):
        for parameter in document.parameters:
            if parameter.type == "String" and parameter.name != ROLE:
                assert parameter.allowed_pattern.startswith("^")
                assert parameter.allowed_pattern.endswith("$")


@named
def test_the_documents_run_under_the_role_that_is_given(runbook: Runbook) -> None:
    for _, document in documents(runbook):
        assert document.assume_role == "{{ AutomationAssumeRole }}"
        assert document.description.endswith(".")


@named
def test_the_check_ends_with_what_a_check_answers(runbook: Runbook) -> None:
    last = runnable(runbook.check).steps[-1]
    assert last.name == "Check"
    assert [output.name for output in last.outputs] == list(CHECKED)
    kinds = [output.type for output in last.outputs]
    assert kinds == ["Boolean", "StringMap", "StringMap", "StringMap"]


@named
def test_the_undo_is_there_when_the_state_can_be_put_back(runbook: Runbook) -> None:
    assert (runbook.undo is not None) == runbook.reversible
    assert runbook.reversible or "Cannot be undone" in runbook.care or "for good" in runbook.care


@named
def test_scripts_that_only_compute_start_no_boto3(runbook: Runbook) -> None:
    for _, document in documents(runbook):
        for step in document.steps:
            if step.action == "aws:executeScript":
                script = step.inputs["Script"]
                assert ("import boto3" in script) == bool(list(calls_in(script)))


@named
def test_steps_are_called_by_words(runbook: Runbook) -> None:
    """YAML reads `On`, `No` and the like as something else."""
    for document in (runbook.fix, runbook.check, runbook.undo or {}):
        for step in document.get("mainSteps", []):
            assert isinstance(step["name"], str)
            assert all(isinstance(name, str) for name in step["inputs"])


@named
def test_a_runbook_is_told_in_full_sentences(runbook: Runbook) -> None:
    assert re.fullmatch(r"[A-Z][^.:]+", runbook.title)
    assert runbook.care == "" or runbook.care.endswith(".")
    assert runbook.name.startswith("SecurityAssist-")
    assert set(runbook.shared_through) <= set(LinkKind)
    assert re.fullmatch(r"Aws[A-Z][A-Za-z0-9]+", runbook.resource_type)


@named
def test_a_runbook_serves_controls_that_security_hub_has(runbook: Runbook) -> None:
    text = (files("integrations.findings") / "control_titles.csv").read_text(encoding="utf-8")
    known = {row["control"] for row in csv.DictReader(text.splitlines())}
    assert set(runbook.controls) <= known


@named
def test_the_remedy_says_what_the_runbook_says(runbook: Runbook) -> None:
    for control in runbook.controls:
        remedy = ShippedRemedies().remedy(control)
        assert remedy is not None
        assert remedy.runbook == (runbook.aws_owned or None)
        # The remedy may go further by hand; so it may be undone in part where the runbook is not.
        assert remedy.reversible is not (not runbook.reversible)


def test_the_controls_that_fail_most_can_be_fixed() -> None:
    assert {control for runbook in RUNBOOKS for control in runbook.controls} >= WANTED


@pytest.mark.parametrize("control", sorted(NO_RUNBOOK))
def test_what_cannot_be_fixed_safely_says_so_and_how_to_do_it_by_hand(control: str) -> None:
    assert ShippedRunbooks(FOLDER).runbook(control) is None
    remedy = ShippedRemedies().remedy(control)
    assert remedy is not None
    assert remedy.runbook is None
    assert len(remedy.steps) > 3
    assert "cannot" in remedy.care


def test_the_index_is_what_the_files_say() -> None:
    assert (FOLDER / INDEX).read_text(encoding="utf-8") == index_of(FOLDER), "run `make runbooks`"


def test_a_file_is_called_after_its_first_control_and_is_short() -> None:
    for path in FOLDER.glob("*.yaml"):
        if path.name != INDEX:
            text = path.read_text(encoding="utf-8")
            assert len(text.splitlines()) <= 400
            control = re.split(r"-(?=[a-z])", path.name, maxsplit=1)[0]
            found = ShippedRunbooks(FOLDER).runbook(control)
            assert found is not None
            assert control in found.controls


def test_runbooks_that_close_ports_do_it_by_the_same_code() -> None:
    scripts: dict[str, set[str]] = {}
    for control in ("EC2.13", "EC2.14", "EC2.18", "EC2.19"):
        runbook = ShippedRunbooks(FOLDER).runbook(control)
        assert runbook is not None
        for part, document in documents(runbook):
            for step in document.steps:
                if step.action == "aws:executeScript":
                    scripts.setdefault(part, set()).add(step.inputs["Script"])
    assert {part: len(found) for part, found in scripts.items()} == {
        "fix": 1,
        "check": 1,
        "undo": 1,
    }
