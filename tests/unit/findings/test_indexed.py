"""What is indexed says the same as a finding does."""

from msgspec.structs import replace

from integrations.findings.ocsf import read_indexed
from integrations.findings.standing import when
from tests.builders import ocsf_event

_MOMENTS = {"first_seen": 1, "last_seen": 2, "time": 3, "resolved_at": 4, "reopened_at": 5}


def test_every_moment_that_is_indexed_is_the_findings() -> None:
    finding = replace(read_indexed(ocsf_event())[0], **_MOMENTS).finding()
    told = (
        finding.first_seen,
        finding.last_seen,
        finding.updated_at,
        finding.resolved_at,
        finding.reopened_at,
    )
    assert told == tuple(when(moment) for moment in _MOMENTS.values())
