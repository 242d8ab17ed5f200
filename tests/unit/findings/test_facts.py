"""What an event tells beside what is indexed."""

from integrations.findings.facts import facts_of
from tests.unit.findings.given import asff, converted, inspector


def test_a_vulnerability_tells_how_likely_it_is_used_and_how_to_fix_it() -> None:
    record = inspector()
    package = record["packageVulnerabilityDetails"]["vulnerablePackages"][0]
    package["remediation"] = "apt install openssh-server"
    facts = dict(facts_of(converted(record)))
    assert facts["CVE"] == "CVE-2024-6387"
    assert facts["EPSS"] == "0.71"
    assert facts["Exploit"] == "available"
    assert facts["Package"] == "openssh-server 8.9p1, fixed in 1:8.9p1-3ubuntu0.10"
    assert facts["How to fix"] == "apt install openssh-server"


def test_a_control_tells_why_it_failed() -> None:
    reason = {"ReasonCode": "CONFIG_RETURNS_NOT_APPLICABLE", "Description": "Rule did not apply."}
    event = converted(asff(Compliance={"Status": "FAILED", "StatusReasons": [reason]}))
    facts = dict(facts_of(event))
    assert facts["Reason"] == "Rule did not apply."
    assert facts["How to fix"] == "Close it."
    assert facts["Guide"] == "https://example.com/fix"
