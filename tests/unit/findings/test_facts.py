"""What an event tells beside what is indexed."""

import pytest

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


@pytest.mark.parametrize(
    ("uid", "name"),
    [
        (
            "standards/aws-foundational-security-best-practices/v/1.0.0",
            "AWS Foundational Security Best Practices 1.0.0",
        ),
        (
            "ruleset/cis-aws-foundations-benchmark/v/1.2.0",
            "CIS AWS Foundations Benchmark 1.2.0",
        ),
        ("arn:aws:securityhub:::standards/pci-dss/v/4.0.1", "PCI DSS 4.0.1"),
        ("standards/nist-800-53/v/5.0.0", "NIST SP 800-53 5.0.0"),
        ("CIS-1.4", "CIS-1.4"),
    ],
)
def test_a_standard_is_called_as_people_call_it(uid: str, name: str) -> None:
    event = {"compliance": {"standards": [uid]}}
    assert facts_of(event) == (("Standards", name),)
