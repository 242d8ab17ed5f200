"""The audit tells what was called, with which parameters, and what was before and after."""

from typing import Any

from integrations.errors import UnavailableError
from integrations.remediations.plan import Call
from integrations.remediations.telling import LONGEST, SECRET, told_calls, told_state
from tests.faults import gated
from tests.remediating import HTTPS, INSIDE, RULES, Stage
from tests.remediation_builders import plan


def detail(stage: Stage, kind: str) -> dict[str, Any]:
    """Of the only record of a kind."""
    (record,) = [r for r in stage.systems.audit.records() if r.entry.kind == kind]
    return dict(record.entry.detail)


REVOKE = {
    "service": "ec2",
    "operation": "RevokeSecurityGroupIngress",
    "action": "ec2:RevokeSecurityGroupIngress",
    "resource": "sg-0a1",
    "parameters": {"GroupId": "sg-0a1"},
}


def test_proposal_and_start_tell_each_call_and_the_state_before_and_after(stage: Stage) -> None:
    stage.carried_out()
    for kind in ("proposed", "starting"):
        told = detail(stage, kind)
        assert told["calls"] == [REVOKE]
        assert told["before"] == {"Inbound": list(RULES)}
        assert told["after"] == {"Inbound": [HTTPS, INSIDE]}


def test_the_result_tells_what_was_before_and_what_was_found(stage: Stage) -> None:
    stage.carried_out()
    told = detail(stage, "verified")
    assert told["before"] == {"Inbound": list(RULES)}
    assert told["found"] == {"Inbound": [HTTPS, INSIDE]}


def test_an_undo_tells_its_own_calls_and_the_state_that_it_puts_back(stage: Stage) -> None:
    stage.undone(stage.carried_out())
    told = detail(stage, "undo_starting")
    assert [call["action"] for call in told["calls"]] == ["ec2:AuthorizeSecurityGroupIngress"]
    assert told["before"] == {"Inbound": [HTTPS, INSIDE]}
    assert told["after"] == {"Inbound": list(RULES)}
    assert detail(stage, "undone")["found"] == {"Inbound": list(RULES)}


def test_an_undo_whose_calls_cannot_be_foreseen_tells_why_and_is_done(stage: Stage) -> None:
    done = stage.carried_out()

    def no_preview(name: str, call: Any) -> Any:
        if name == "account.preview":
            raise UnavailableError("the account did not answer")
        return call()

    stage.around = lambda systems: gated(systems, no_preview)
    assert stage.undone(done).stage == "undone"
    assert detail(stage, "undo_starting")["not_foreseen"] == ["the account did not answer"]


def test_a_long_value_is_cut_by_itself_and_says_how_long_it_was() -> None:
    call = Call(action="s3:P", resource="b", parameters={"Policy": "x" * 5000, "Bucket": "b"})
    (told,) = told_calls([call])
    assert told["parameters"]["Bucket"] == "b"
    assert told["parameters"]["Policy"] == "x" * LONGEST + "… (cut: 5000 characters)"
    assert told_state({"Rules": ["a"] * 250})["Rules"][-1] == "… 150 more of 250"
    many = told_state({f"n{number:03}": number for number in range(130)})
    assert many["…"] == "30 more of 130"


def test_secrets_are_not_kept_by_name_nor_by_look() -> None:
    parameters = {
        "MasterUserPassword": "hunter2hunter2",
        "SecretString": '{"user": "a"}',
        "Type": "SecureString",
        "Value": "s3cr3t",
        "Nested": [{"AuthToken": "abc", "PrivateKey": "k", "ApiKey": "k"}],
        "Note": "-----BEGIN RSA PRIVATE KEY-----\nMII",
        "Script": "curl -H 'Authorization: xoxb-1234567890-abcdefghij'",
        "SecretId": "db/login",
        "RotationRules": {"AutomaticallyAfterDays": 30},
        "RequirePasswordReset": "yes",
        "MaxPasswordAge": 90,
        "ClientToken": "0f8",
    }
    (told,) = told_calls([Call(action="a:B", resource="", parameters=parameters)])
    kept = told["parameters"]
    for name in ("MasterUserPassword", "SecretString", "Value", "Note", "Script"):
        assert kept[name] == SECRET
    assert set(kept["Nested"][0].values()) == {SECRET}
    for name in ("SecretId", "RotationRules", "RequirePasswordReset", "MaxPasswordAge"):
        assert kept[name] == parameters[name]
    assert told_state({"Console password": "on"}) == {"Console password": "on"}


def test_a_plan_that_was_kept_before_operations_were_noted_keeps_its_hash() -> None:
    assert plan().hash == "3f73217c6076a04e"
    noted = Call(action="a:B", resource="", parameters={}, service="a", operation="B")
    plain = Call(action="a:B", resource="", parameters={})
    assert plan(calls=(noted,)).hash != plan(calls=(plain,)).hash
