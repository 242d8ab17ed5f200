import textwrap
import time
from typing import Any

import pytest

from integrations.runbooks.failures import CancelledError, StepFailedError
from integrations.runbooks.port import Execution, ExecutionStatus, Preview
from integrations.runbooks.scripts import Script, run_script
from tests.automation_stage import EXECUTION, Stage, document, names_of, put
from tests.loopback_aws import LoopbackAws, ParameterStore

OUTPUTS = "outputs: [{Name: Out, Selector: $.Payload, Type: StringMap}]"


def script(text: str, *, more: str = "") -> str:
    """A document of one script step in YAML; its function is `h`."""
    body = textwrap.indent(textwrap.dedent(text).strip(), " " * 8)
    return (
        'schemaVersion: "0.3"\nparameters: {Door: {type: String, default: door}}\n'
        "outputs: [Do.Out]\nmainSteps:\n"
        "- name: Do\n  action: aws:executeScript\n  inputs:\n    Runtime: python3.11\n"
        "    Handler: h\n    InputPayload: {Door: '{{ Door }}'}\n    Script: |\n"
        f"{body}\n  {OUTPUTS}\n{more}"
    )


def run(aws: LoopbackAws, text: str) -> Execution:
    return Stage(aws).run(script(text))


def out(aws: LoopbackAws, text: str) -> Any:
    done = run(aws, text)
    assert done.failure == ""
    return done.outputs["Do.Out"]


def failure(aws: LoopbackAws, text: str) -> str:
    done = run(aws, text)
    assert done.status is not ExecutionStatus.SUCCESS
    return done.failure


def plan(aws: LoopbackAws, text: str) -> Preview:
    return Stage(aws).interpreter().plan(script(text), {})


def test_a_script_gets_its_payload_and_gives_its_value(aws: LoopbackAws) -> None:
    text = """
        def h(events, context):
            return {"Door": events["Door"], "Id": context["automation:EXECUTION_ID"]}
    """
    assert out(aws, text) == {"Door": "door", "Id": EXECUTION}


def test_a_script_reaches_aws_with_the_steps_credentials_however_it_asks(
    aws: LoopbackAws, store: ParameterStore
) -> None:
    text = """
        import boto3
        import botocore.session

        def h(events, context):
            clients = [
                boto3.client("ssm"),
                boto3.Session().client("ssm"),
                boto3.session.Session(region_name="eu-west-1").client("ssm"),
                botocore.session.Session().create_client("ssm"),
            ]
            read = [c.get_parameter(Name=events["Door"])["Parameter"]["Value"] for c in clients]
            clients[0].put_parameter(Name=events["Door"], Value="shut", Overwrite=True)
            return {"Read": read}
    """
    assert out(aws, text) == {"Read": ["open"] * 4}
    assert store.values == {"door": "shut"}


def test_a_script_finds_no_environment_and_no_credentials_of_ours(aws: LoopbackAws) -> None:
    text = """
        import os, sys

        def h(events, context):
            said = sys.stdin.read()
            return {"Names": sorted(os.environ), "Flags": sys.flags.isolated, "In": said}
    """
    found = out(aws, text)
    assert found["Flags"] == 1
    assert found["In"] == ""
    assert not [name for name in found["Names"] if "KEY" in name or "TOKEN" in name]
    assert [name for name in found["Names"] if not name.startswith(("AWS_", "LC_"))] == []


def test_what_a_script_prints_gets_nowhere(aws: LoopbackAws) -> None:
    text = """
        import os, sys

        def h(events, context):
            print("x" * 1_000_000)
            print("y" * 1_000_000, file=sys.stderr)
            os.write(1, b"{}")
            return {"Said": "nothing"}
    """
    assert out(aws, text) == {"Said": "nothing"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def h(e, c):\n  x = 1\n  raise ValueError('bad door')", "ValueError: bad door (line 3"),
        ("def g(e, c): pass", "the script has no function 'h'"),
        ("h = 3", "'int' object is not callable"),
        ("def h(e, c)\n  pass", "SyntaxError: expected ':'"),
        ("def h(e, c): return 1 / 0", "ZeroDivisionError: division by zero (line 1"),
        ("def h(e, c): return {'a': object()}", "not JSON serializable"),
        ("def h(e, c): return {'a': float('nan')}", "not JSON compliant"),
        ("def h(e, c): return h(e, c)", "RecursionError"),
        ("import nowhere\ndef h(e, c): pass", "No module named 'nowhere' (line 1"),
        ("import sys\ndef h(e, c): sys.exit(3)", "SystemExit: 3"),
        ("import os\ndef h(e, c): os._exit(0)", "ended without an answer"),
        ("def h(e, c): return 'x' * 200_000", "returned more than 100 KB"),
        ("def h(e, c): return 'x' * 3_000_000", "returned too much"),
        ("def h(e, c): return {'a': 'x' * (2 << 30)}", "MemoryError"),
        ("def h(e, c): open('big', 'wb').write(b'x' * (32 << 20))", "File too large"),
        ("import os\ndef h(e, c): os.system('id')", "may not use os.system (line 2"),
        ("import subprocess\ndef h(e, c): subprocess.run(['id'])", "may not use subprocess.Popen"),
        ("import os\ndef h(e, c): os.fork()", "may not use os.fork"),
        ("import ctypes\ndef h(e, c): ctypes.CDLL(None)", "may not import ctypes"),
        ("def h(e, c): return 'words'", "output Out is String, not StringMap"),
    ],
)
def test_a_script_that_fails_says_why_and_where(aws: LoopbackAws, text: str, said: str) -> None:
    assert said in failure(aws, text)


def test_an_error_of_aws_in_a_script_is_told_with_its_line(aws: LoopbackAws) -> None:
    text = """
        import boto3
        def h(events, context):
            boto3.client("ssm").get_parameter(Name="gone")
    """
    assert "(ParameterNotFound)" in failure(aws, text)
    assert "(line 3 of the script)" in failure(aws, text)


def _script(text: str, timeout_s: float) -> Script:
    return Script(step="Do", text=text, handler="h", payload={}, context={}, timeout_s=timeout_s)


FOR_EVER = "import time\ndef h(e, c):\n  while True: time.sleep(0.01)"


def test_a_script_that_takes_too_long_is_ended(aws: LoopbackAws) -> None:
    before = time.monotonic()
    with pytest.raises(StepFailedError, match="took too long") as caught:
        run_script(_script(FOR_EVER, 0.5), aws.session(), None, lambda: False)
    assert caught.value.timed_out
    assert time.monotonic() - before < 10


def test_a_script_is_ended_when_its_execution_is_stopped(aws: LoopbackAws) -> None:
    asked = iter((False, True))
    with pytest.raises(CancelledError):
        run_script(_script(FOR_EVER, 60), aws.session(), None, lambda: next(asked, True))


def test_a_script_that_burns_its_time_is_ended_by_the_system(aws: LoopbackAws) -> None:
    text = "import resource\ndef h(e, c): return list(resource.getrlimit(resource.RLIMIT_CPU))"
    assert run_script(_script(text, 30), aws.session(), None, lambda: False) == [31, 31]


def test_a_payload_that_is_too_long_is_refused(aws: LoopbackAws) -> None:
    with pytest.raises(StepFailedError, match="too long"):
        run_script(_script("#" * 3_000_000, 5), aws.session(), None, lambda: False)


def test_in_a_plan_a_scripts_reads_are_real_and_its_writes_are_kept(
    aws: LoopbackAws, store: ParameterStore
) -> None:
    text = """
        import boto3
        def h(events, context):
            ssm = boto3.client("ssm")
            before = ssm.get_parameter(Name=events["Door"])["Parameter"]["Value"]
            answer = ssm.put_parameter(Name=events["Door"], Value="not " + before)
            status = answer["ResponseMetadata"]["HTTPStatusCode"]
            return {"Version": answer["Version"], "Status": status}
    """
    planned = plan(aws, text)
    assert planned.failure == ""
    (call,) = planned.calls
    assert (call.step, call.action, call.resource) == ("Do", "ssm:PutParameter", "door")
    assert call.parameters == {"Name": "door", "Value": "(secret)"}
    assert planned.reads == ("ssm:GetParameter",)
    assert aws.operations == ["GetParameter"]
    assert store.values == {"door": "open"}


def test_a_script_that_looks_whether_it_has_worked_does_not_fail_a_plan(
    aws: LoopbackAws,
) -> None:
    text = """
        import boto3
        def h(events, context):
            ssm = boto3.client("ssm")
            ssm.put_parameter(Name=events["Door"], Value="shut")
            if ssm.get_parameter(Name=events["Door"])["Parameter"]["Value"] != "shut":
                raise RuntimeError("still open")
    """
    planned = plan(aws, text)
    assert planned.failure == ""
    assert [call.action for call in planned.calls] == ["ssm:PutParameter"]
    assert "RuntimeError: still open" in planned.unpredicted[0]


def test_a_script_that_would_fail_in_any_case_fails_its_plan(aws: LoopbackAws) -> None:
    planned = plan(aws, "def h(e, c): raise RuntimeError('no')")
    assert planned.failure == "Do: RuntimeError: no (line 1 of the script)"


@pytest.mark.parametrize(
    "reach",
    [
        "import urllib.request\ndef h(e, c): urllib.request.urlopen('{url}', b'x')",
        "import socket\ndef h(e, c): socket.create_connection(('127.0.0.1', {port}))",
    ],
)
def test_in_a_plan_a_script_reaches_nothing_but_aws(aws: LoopbackAws, reach: str) -> None:
    port = aws.url.rpartition(":")[2]
    planned = plan(aws, reach.replace("{url}", aws.url).replace("{port}", port))
    assert "reaches nothing but AWS" in planned.failure
    assert aws.requests == []


def test_a_plan_keeps_the_writes_of_every_client_a_script_can_make(aws: LoopbackAws) -> None:
    text = """
        import boto3
        import botocore.session

        def h(events, context):
            for client in (
                boto3.client("ssm"),
                boto3.Session(aws_access_key_id="a", aws_secret_access_key="b").client("ssm"),
                boto3.resource("dynamodb").meta.client,
                botocore.session.Session().create_client("ssm"),
            ):
                name = client.meta.service_model.service_name
                if name == "ssm":
                    client.delete_parameter(Name=events["Door"])
                else:
                    client.delete_table(TableName="t")
    """
    planned = plan(aws, text)
    assert [call.action for call in planned.calls] == [
        "ssm:DeleteParameter",
        "ssm:DeleteParameter",
        "dynamodb:DeleteTable",
        "ssm:DeleteParameter",
    ]
    assert aws.requests == []


def test_the_steps_after_a_script_know_what_it_kept(aws: LoopbackAws) -> None:
    text = """
        import boto3
        def h(events, context):
            boto3.client("ssm").delete_parameter(Name=events["Door"])
            return {"Left": "nothing"}
    """
    check = (
        "- name: Sure\n  action: aws:assertAwsResourceProperty\n  inputs: {Service: ssm,"
        " Api: GetParameter, Name: door, PropertySelector: $.Parameter.Value, DesiredValues: [x]}\n"
    )
    planned = Stage(aws).interpreter().plan(script(text, more=check), {})
    assert planned.failure == ""
    assert planned.unpredicted == (
        "Sure checks $.Parameter.Value to be x, which it is not before the run.",
    )


def test_a_script_step_may_stand_beside_others(aws: LoopbackAws, store: ParameterStore) -> None:
    text = "def h(e, c): return {'To': 'ajar'}"
    step = "- " + put("Then", value="'{{ Do.Payload }}'") + "\n"
    done = Stage(aws).run(script(text, more=step.replace("{{ Do.Payload }}", "as {{ Do.Out }}")))
    assert names_of(done) == {"Do": "Success", "Then": "Success"}
    assert store.values == {"door": 'as {"To": "ajar"}'}
    assert document(step[2:].strip())
