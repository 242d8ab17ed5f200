"""Every third-party sample becomes valid OCSF or is rejected with a reason."""

import json
from collections import Counter

import pytest

from integrations.errors import RejectedRecordError
from integrations.findings.ocsf import read_finding
from integrations.findings.sources import convert
from tests.ocsf_schema import problems
from tests.samples import records


@pytest.mark.samples
@pytest.mark.parametrize(
    ("name", "taken_in"),
    [("asff", 182), ("guardduty", 43), ("inspector2", 13), ("ocsf", 15)],
)
def test_every_sample_is_valid_or_rejected_with_a_reason(name: str, taken_in: int) -> None:
    reasons: Counter[str] = Counter()
    valid = 0
    for record in records(f"findings/{name}.ndjson"):
        try:
            (event,) = convert(json.dumps(record).encode())
        except RejectedRecordError as error:
            reasons[str(error)] += 1
            continue
        assert problems(json.loads(event)) == []
        assert read_finding(event).uid
        valid += 1
    assert valid == taken_in, reasons
    assert all(reasons)


@pytest.mark.samples
def test_what_the_schema_rejects_is_rejected_and_what_it_accepts_is_not() -> None:
    for record in records("findings/ocsf.ndjson"):
        try:
            valid = not [p for p in problems(record) if "milliseconds" not in p]
        except KeyError:
            valid = False
        # Kubernetes and other clouds have valid findings without an AWS account.
        elsewhere = not record.get("cloud", {}).get("account", {}).get("uid")
        taken_in = True
        try:
            convert(json.dumps(record).encode())
        except RejectedRecordError:
            taken_in = False
        assert taken_in == (valid and not elsewhere)
