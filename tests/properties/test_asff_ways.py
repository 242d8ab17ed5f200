"""ASFF by every way of reading it: the ways agree, and nothing of a record is lost."""

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ocsf_schema import problems
from tests.unit.findings.given import asff, converted

_property = settings(max_examples=150, deadline=None, derandomize=True)
_text = st.text(st.characters(codec="utf-8"), max_size=12)
_values = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | _text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=6,
)
_SELDOM = (
    *("Criticality", "Detection", "GeneratorDetails", "Malware", "Network", "NetworkPath"),
    *("PatchSummary", "Process", "RelatedFindings", "Sample", "ThreatIntelIndicators", "Threats"),
    *("UserDefinedFields", "VerificationState", "FindingProviderFields", "ProcessedAt"),
)
_OF_RESOURCES = ("DataClassification", "ApplicationName", "ApplicationArn", "Owner", "Provider")
_FORWARDERS = ("p_any_ip_addresses", "p_row_id", "forwarded.by", "updatedAt", "ünïcode", "")
_resources = st.fixed_dictionaries(
    {"Type": st.sampled_from(["AwsS3Bucket", "AwsLambdaFunction", "Other"]), "Id": _text},
    optional={
        "Partition": _text,
        "Region": _text,
        "ResourceRole": st.sampled_from(["Target", "Actor", "Witness"]),
        "Tags": st.dictionaries(_text, _text, max_size=2),
        "Details": st.dictionaries(_text, _values, max_size=2),
        **dict.fromkeys(_OF_RESOURCES, _values),
    },
)
_vulnerabilities = st.fixed_dictionaries(
    {"Id": st.sampled_from(["CVE-2024-6387", "ALAS-2024-1"])},
    optional={
        "Cvss": st.just(
            [
                {
                    "Version": "3.1",
                    "BaseScore": 8.25,
                    "Adjustments": [{"Metric": "AC", "Reason": "far"}],
                }
            ]
        ),
        "EpssScore": st.just(0.625),
        "FixAvailable": st.sampled_from(["PERHAPS", "YES"]),
        "ExploitAvailable": st.sampled_from(["PERHAPS", "YES"]),
        "LastKnownExploitAt": st.just("long ago"),
        "Vendor": st.just({"Name": "ALAS", "VendorCreatedAt": "2024-07-01T00:00:00Z"}),
        "VulnerablePackages": st.just([{"Name": "openssh", "Version": "8.9", "Epoch": "x"}]),
        "CodeVulnerabilities": _values,
    },
)
_findings = st.fixed_dictionaries(
    {},
    optional={
        "Title": _text,
        "Description": _text,
        "AwsAccountName": _text,
        "SourceUrl": _text,
        "Confidence": st.integers(-1, 101),
        "Severity": st.dictionaries(
            st.sampled_from(["Product", "Normalized", "Original", "Odd"]), st.integers(0, 9)
        ),
        "Workflow": st.fixed_dictionaries({"Status": st.sampled_from(["NEW", "ODD", "NOTIFIED"])}),
        "RecordState": st.sampled_from(["ACTIVE", "ODD"]),
        "Resources": st.lists(_resources, min_size=1, max_size=3),
        "Vulnerabilities": st.lists(_vulnerabilities | _values, max_size=2),
        "ProductFields": st.dictionaries(_text, _text, max_size=3),
        "Note": st.fixed_dictionaries({"Text": _text, "UpdatedBy": _text}),
        **dict.fromkeys(_SELDOM, _values),
    },
).map(lambda changes: asff(**changes))


@_property
@given(_findings, st.dictionaries(st.sampled_from(_FORWARDERS), _values, min_size=1))
def test_every_way_of_reading_a_finding_comes_to_the_same(
    finding: dict[str, Any], others: dict[str, Any]
) -> None:
    plain = converted(finding)
    # The first goes by the lenient way; the later ones, once the names are learned, in one pass.
    for _ in range(3):
        event = converted({**others, **finding, **others})
        assert {name: event["unmapped"].pop(name) for name in others} == others
        assert event == plain
    # What has an unexpected shape has to be fitted.
    misshapen = converted({**finding, "CompanyName": ["not", "a", "text"]})
    named = converted({k: v for k, v in finding.items() if k != "CompanyName"})
    assert misshapen["unmapped"].pop("CompanyName") == ["not", "a", "text"]
    assert misshapen == named


@_property
@given(_findings, st.dictionaries(_text.map("x_".__add__), _values, max_size=2))
def test_nothing_of_a_finding_is_lost(finding: dict[str, Any], others: dict[str, Any]) -> None:
    record = {**finding, **others}
    event = converted(record)
    assert problems(event) == []
    written = set(_leaves(event))
    lost = {leaf for leaf in _leaves(record) if leaf not in written}
    assert lost <= _SAID_OTHERWISE


_SAID_OTHERWISE = {
    json.dumps(leaf)
    for leaf in (
        *("ACTIVE", "NEW", "NOTIFIED", "FAILED", "YES", "", 0.625, "2024-07-01T00:00:00Z"),
        *(value for name, value in asff().items() if name.endswith("At")),
    )
}
"""What OCSF says in words and numbers of its own."""


def _leaves(value: Any) -> Iterator[str]:
    """Every text, number and truth value, as JSON."""
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield json.dumps(value)
