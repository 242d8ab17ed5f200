import json
from dataclasses import replace

import pytest
import yaml

from integrations.runbooks.documents import Document
from integrations.runbooks.port import UnsupportedDocumentError
from integrations.runbooks.validation import runnable
from tests.automation_stage import document, get

SCRIPT = (
    "{{name: S, action: 'aws:executeScript', inputs: {{Runtime: {0}, Handler: h, Script: '{1}'}}}}"
)


def without_lines(read: Document) -> Document:
    steps = tuple(replace(step, line=0) for step in read.steps)
    parameters = tuple(replace(parameter, line=0) for parameter in read.parameters)
    return replace(read, steps=steps, parameters=parameters)


def test_yaml_json_and_what_they_hold_are_the_same_document() -> None:
    text = document(get("Read"), get("Again"), parameters="{Door: {type: String, default: x}}")
    content = yaml.safe_load(text)
    assert (
        without_lines(runnable(text))
        == without_lines(runnable(json.dumps(content, indent="\t")))
        == without_lines(runnable(content))
    )


def test_a_step_knows_its_line_in_yaml_and_in_json() -> None:
    text = document(get("Read"), get("Again"))
    assert [step.line for step in runnable(text).steps] == [5, 6]
    lines = json.dumps(yaml.safe_load(text), indent="\t").splitlines()
    at = next(place for place, line in enumerate(lines, 1) if '"Again"' in line)
    (_, again) = runnable("\n".join(lines)).steps
    assert again.line == at - 1


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("{name: A, action: 'aws:runCommand'}", "unsupported action 'aws:runCommand'"),
        ("{name: A, action: 'aws:pause', precondition: {}}", "unsupported property 'precondition'"),
        ("{name: A, action: 'aws:sleep', inputs: {Until: x}}", "unsupported input 'Until'"),
        ("{name: A, action: 'aws:sleep', inputs: {}}", "either a Duration or a Timestamp"),
        ("{name: A, action: 'aws:executeAwsApi', inputs: {Api: x}}", "the input Service is"),
        ("{name: A, action: 'aws:pause', onFailure: 'step:B'}", "there is no step 'B'"),
        ("{name: A, action: 'aws:pause', nextStep: B}", "there is no step 'B'"),
        ("{name: A, action: 'aws:pause', onFailure: Retry}", "onFailure may not be 'Retry'"),
        ("{name: A, action: 'aws:pause', onCancel: Continue}", "onCancel may not be 'Continue'"),
        ("{name: A, action: 'aws:pause', onCancel: 'step:A'}", "may not lead to aws:pause"),
        ("{name: A, action: 'aws:pause', isEnd: maybe}", "isEnd is true or false"),
        ("{name: A, action: 'aws:pause', maxAttempts: 0}", "maxAttempts is a whole number from 1"),
        ("{name: A, action: 'aws:pause', nextStep: A}", "go round in a circle: A -> A"),
        ("{name: A, action: 'aws:branch', inputs: {Choices: [{NextStep: A}]}}", "needs a Variable"),
        (get("A", "'{{ Nowhere }}'"), "{{ Nowhere }} is no parameter and no output"),
        (get("A", "'{{ B.Value }}'"), "{{ B.Value }} is no parameter and no output"),
        (get("A", more=", outputs: [{Name: X, Selector: '$.a[', Type: String}]"), "twice"),
        (SCRIPT.format("PowerShell", "x"), "unsupported runtime 'PowerShell'"),
        (SCRIPT.format("python3.11", "def h(e, c): return {{ Door }}"), "{{ Door }} in a Script"),
    ],
)
def test_what_is_not_understood_is_refused_with_step_and_line(step: str, said: str) -> None:
    message = ""
    try:
        runnable(document(step, parameters="{Door: {type: String}}"))
    except UnsupportedDocumentError as error:
        message = str(error)
    assert said in message
    assert "line 5" in message
    assert "step A" in message or "step S" in message or "twice" in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "not YAML"),
        ("[]", "not a map"),
        ("just words", "not a map"),
        ('schemaVersion: "2.2"\nmainSteps: []', "schemaVersion '2.2'; only '0.3' is"),
        ('schemaVersion: "0.3"', "mainSteps is not a list"),
        ('schemaVersion: "0.3"\nmainSteps: []', "mainSteps is empty"),
        ('schemaVersion: "0.3"\nfiles: {}\nmainSteps: []', "unsupported property 'files'"),
        ('schemaVersion: "0.3"\na: &x 1\nb: *x', "unsupported alias *x"),
        ('schemaVersion: "0.3"\nschemaVersion: "0.3"', "comes twice"),
        ("{" * 100_000, "deeply"),
        ("x" * 300_000, "characters"),
        ("[" * 20_000, ""),
        ("? {a: b}\n: c", "not"),
        ("\x00", "not YAML"),
        ("!!python/object/apply:os.system [id]", "not YAML"),
    ],
)
def test_a_text_that_is_no_automation_document_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(UnsupportedDocumentError, match=r".") as caught:
        runnable(text)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ("{P: {type: Number}}", "unknown type 'Number'"),
        ("{P: {type: String, allowedPattern: '['}}", "is no pattern"),
        ("{P: {type: Integer, default: many}}", "default of parameter P is String, not Integer"),
        ("{P: {type: String, widget: x}}", "unsupported property 'widget'"),
        ("{P: String}", "parameter P is not a map"),
        ("{P: {type: String, default: '{{ Q }}'}}", "default of parameter P may not use {{ Q }}"),
    ],
)
def test_a_parameter_that_is_not_understood_is_refused(declared: str, said: str) -> None:
    with pytest.raises(UnsupportedDocumentError) as caught:
        runnable(document(get("A"), parameters=declared))
    assert said in str(caught.value)
    assert "line 2" in str(caught.value)


def test_the_role_has_to_be_known_before_the_first_step() -> None:
    with pytest.raises(UnsupportedDocumentError, match=r"assumeRole: \{\{ A.Value \}\} is no"):
        runnable(document(get("A"), more='assumeRole: "{{ A.Value }}"'))


def test_two_steps_may_not_have_one_name() -> None:
    with pytest.raises(UnsupportedDocumentError, match="two steps have this name"):
        runnable(document(get("A"), get("A")))


def test_a_circle_of_steps_is_shown_whole() -> None:
    first = "{name: A, action: 'aws:pause', nextStep: C}"
    third = "{name: C, action: 'aws:pause', onFailure: 'step:B'}"
    with pytest.raises(UnsupportedDocumentError, match="A -> C -> B -> A"):
        runnable(document(first, "{name: B, action: 'aws:pause', nextStep: A}", third))


def test_dates_in_yaml_stay_text() -> None:
    (step,) = runnable(
        document("{name: A, action: 'aws:sleep', inputs: {Timestamp: 2026-01-01T01:00:00Z}}")
    ).steps
    assert step.inputs == {"Timestamp": "2026-01-01T01:00:00Z"}


def test_a_step_that_goes_on_after_failure_is_not_critical_unless_it_says_so() -> None:
    goes_on = "{name: %s, action: 'aws:pause', onFailure: Continue%s}"
    said = runnable(document(goes_on % ("A", ""), goes_on % ("B", ", isCritical: true")))
    assert [step.is_critical for step in said.steps] == [False, True]


@pytest.mark.parametrize(("name", "said"), [("No", "false"), ("7", "7"), ("", "null")])
def test_a_steps_name_that_yaml_reads_as_something_else_is_refused(name: str, said: str) -> None:
    with pytest.raises(UnsupportedDocumentError) as refused:
        runnable(document(f"{{name: {name}, action: 'aws:pause'}}"))
    assert str(refused.value) == (
        f"the document, line 5: a step's name is not text but {said}: put it in quotes"
    )
