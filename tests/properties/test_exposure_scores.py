"""Which way scores go: nothing unrelated lowers one, and nothing that is resolved raises one."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.views import Exposure
from integrations.findings.port import FindingClass, Severity
from tests.builders import ocsf_event
from tests.unit.agent.exposures.estates import EVERY, Estate, ranked, ref

_ESTATES = st.lists(st.sampled_from(sorted(EVERY)), min_size=1, max_size=3, unique=True)
_UNRELATED = st.builds(
    ocsf_event,
    st.just("unrelated"),
    severity=st.sampled_from(Severity),
    cls=st.sampled_from(FindingClass),
    control=st.sampled_from(["S3.2", "EC2.13", "IAM.3", "Config.1", "X.1"]),
    resources=st.just(("arn:aws:sqs:us-east-1:123456789012:of-somebody-else",)),
    resource_type=st.just("AwsSqsQueue"),
    epss=st.none() | st.floats(0, 1),
    exploitable=st.booleans(),
)


def _together(names: Sequence[str]) -> Estate:
    whole = Estate()
    for name in names:
        whole = whole.but(**EVERY[name].items, **EVERY[name].findings)
    return whole


def _scores(exposures: Sequence[Exposure]) -> dict[str, int]:
    return {exposure.ref: exposure.score for exposure in exposures}


@settings(max_examples=25, deadline=None)
@given(_ESTATES, _UNRELATED)
def test_an_unrelated_finding_lowers_no_score(names: list[str], unrelated: bytes) -> None:
    estate = _together(names)
    before = _scores(ranked(estate))
    after = _scores(ranked(estate.but(unrelated=unrelated)))
    assert before
    assert {name: score for name, score in before.items() if after.get(name, -1) < score} == {}


@settings(max_examples=25, deadline=None)
@given(_ESTATES, st.data())
def test_to_resolve_a_finding_removes_its_exposure_or_lowers_it(
    names: list[str], data: st.DataObject
) -> None:
    estate = _together(names)
    exposures = [exposure for exposure in ranked(estate) if exposure.findings]
    if not exposures:
        return
    about = data.draw(st.sampled_from(exposures), "exposure")
    named = [leg for leg in estate.findings if ref(leg) in about.findings]
    leg = data.draw(st.sampled_from(named), "resolved")
    after = _scores(ranked(estate.resolved(leg)))
    assert after.get(about.ref, 0) <= about.score
