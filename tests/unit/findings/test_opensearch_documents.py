"""What is kept beside an event, told in one step or in many."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.findings.ocsf import read_indexed
from integrations.findings.opensearch_documents import fingerprint, told_anew, told_of
from integrations.findings.port import FindingClass, FindingState, Severity
from integrations.findings.standing import merged
from tests.builders import day, ocsf_event

_events = st.builds(
    ocsf_event,
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=9),
    at=st.sampled_from([day(4), day(6)]),
    first_seen=st.sampled_from([day(2), day(4), day(7)]),
    last_seen=st.sampled_from([day(3), day(8)]),
    state=st.sampled_from(FindingState),
    severity=st.sampled_from(Severity),
    cls=st.sampled_from(FindingClass),
    control=st.sampled_from(["S3.2", "EC2.13"]),
    title=st.text(st.characters(codec="utf-8"), max_size=9),
    resources=st.sampled_from([("a",), ("b", "a"), ()]),
    epss=st.sampled_from([None, 0.1, 0.9]),
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(_events, st.text(st.characters(codec="utf-8"), max_size=9))
def test_a_new_finding_is_told_of_at_once_as_it_is_by_its_history(
    event: bytes, tenant: str
) -> None:
    indexed, reserved = read_indexed(event)
    mark = fingerprint(event)
    at_once = json.loads(told_anew(tenant, indexed, mark))
    assert at_once == json.loads(told_of(tenant, merged(None, indexed.finding(), mark)))
    assert not reserved
