"""Every question of a finding store, on a few findings whose answers can be counted by hand."""

import pytest

from integrations.errors import NotFoundError
from integrations.findings.ocsf import ref_of
from integrations.findings.port import (
    OPEN,
    Dimension,
    Filter,
    FindingClass,
    FindingState,
    FindingStore,
    Order,
    Severity,
    SourceAge,
    Tally,
)
from tests.builders import bucket, day, ocsf_event

ANY = Filter(states=frozenset())
OTHER_ACCOUNT = "444455556666"


def _controls() -> list[bytes]:
    return [
        ocsf_event("s3-a", first_seen=day(1), resources=(bucket("a"),)),
        ocsf_event("s3-b", first_seen=day(2), resources=(bucket("b"),)),
        ocsf_event(
            "s3-log",
            first_seen=day(3),
            control="S3.9",
            severity=Severity.LOW,
            resources=(bucket("a"), bucket("logs")),
            title="Buckets should log",
            account=OTHER_ACCOUNT,
            region="us-east-1",
        ),
    ]


def _on_an_instance() -> list[bytes]:
    def cve(number: int, epss: float) -> bytes:
        return ocsf_event(
            f"cve-{number}",
            cls=FindingClass.VULNERABILITY,
            first_seen=day(3 + number),
            severity=Severity.CRITICAL,
            kind=f"CVE-2024-{number}",
            epss=epss,
            source="Inspector",
            resources=("i-1",),
            resource_type="AwsEc2Instance",
        )

    threat = ocsf_event(
        "threat",
        cls=FindingClass.DETECTION,
        first_seen=day(6),
        severity=Severity.MEDIUM,
        kind="UnauthorizedAccess:EC2/SSHBruteForce",
        source="GuardDuty",
        last_seen=day(19),
        resources=("i-1",),
        resource_type="AwsEc2Instance",
    )
    return [cve(1, 0.2), cve(2, 0.9), threat]


@pytest.fixture
def filled(store: FindingStore) -> FindingStore:
    """Three controls, two vulnerabilities, a threat, and a leak that is muted."""
    leak = ocsf_event(
        "leak",
        cls=FindingClass.DATA_SECURITY,
        first_seen=day(7),
        severity=Severity.INFORMATIONAL,
        kind="SensitiveData:S3Object/Personal",
        source="Macie",
        state=FindingState.MUTED,
        resources=(bucket("a"),),
    )
    store.upsert([*_controls(), *_on_an_instance(), leak])
    return store


def _uids(store: FindingStore, where: Filter, order: Order = Order.WORST) -> list[str]:
    return [finding.uid for finding in store.search(where, order)]


def test_counts_by_severity_are_given_worst_first(filled: FindingStore) -> None:
    counts = filled.count(OPEN, Dimension.SEVERITY)
    assert counts == [
        Tally("CRITICAL", 2),
        Tally("HIGH", 2),
        Tally("MEDIUM", 1),
        Tally("LOW", 1),
    ]


@pytest.mark.parametrize(
    ("by", "counts"),
    [
        (
            Dimension.CLASS,
            {"COMPLIANCE": 3, "VULNERABILITY": 2, "DETECTION": 1, "DATA_SECURITY": 1},
        ),
        (Dimension.STATE, {"open": 6, "muted": 1}),
        (Dimension.CONTROL, {"S3.2": 2, "S3.9": 1}),
        (Dimension.SERVICE, {"S3": 4, "EC2": 3}),
        (Dimension.ACCOUNT, {"111122223333": 6, OTHER_ACCOUNT: 1}),
        (Dimension.REGION, {"eu-west-1": 6, "us-east-1": 1}),
        (Dimension.SOURCE, {"Security Hub": 3, "Inspector": 2, "GuardDuty": 1, "Macie": 1}),
    ],
)
def test_findings_are_counted_by_any_dimension_the_largest_first(
    filled: FindingStore, by: Dimension, counts: dict[str, int]
) -> None:
    found = filled.count(ANY, by)
    assert {tally.value: tally.count for tally in found} == counts
    assert [t.count for t in found] == sorted(counts.values(), reverse=True)


def test_a_severity_that_says_nothing_comes_last(store: FindingStore) -> None:
    severities = [Severity.OTHER, Severity.UNKNOWN, Severity.LOW, Severity.FATAL]
    store.upsert([ocsf_event(s.name, severity=s, first_seen=day(1)) for s in severities])
    expected = ["FATAL", "LOW", "UNKNOWN", "OTHER"]
    assert [t.value for t in store.count(OPEN, Dimension.SEVERITY)] == expected
    assert _uids(store, OPEN) == expected
    assert store.get("OTHER").finding.severity is Severity.OTHER
    assert _uids(store, Filter(severities=frozenset({Severity.OTHER}))) == ["OTHER"]


def test_the_worst_are_the_severest_then_the_likeliest_used_then_the_longest_open(
    filled: FindingStore,
) -> None:
    assert _uids(filled, OPEN) == ["cve-2", "cve-1", "s3-a", "s3-b", "threat", "s3-log"]


def test_the_newest_and_the_oldest_go_by_first_seen(filled: FindingStore) -> None:
    oldest = ["s3-a", "s3-b", "s3-log", "cve-1", "cve-2", "threat"]
    assert _uids(filled, OPEN, Order.OLDEST) == oldest
    assert _uids(filled, OPEN, Order.NEWEST) == oldest[::-1]


def test_the_latest_updated_go_by_their_own_time(store: FindingStore) -> None:
    store.upsert([ocsf_event(f"f-{n}", at=day(n), first_seen=day(1)) for n in (3, 5, 4)])
    assert _uids(store, OPEN, Order.UPDATED) == ["f-5", "f-4", "f-3"]


@pytest.mark.parametrize(
    ("where", "uids"),
    [
        (Filter(severities=frozenset({Severity.HIGH, Severity.LOW})), {"s3-a", "s3-b", "s3-log"}),
        (Filter(classes=frozenset({FindingClass.VULNERABILITY})), {"cve-1", "cve-2"}),
        (Filter(controls=frozenset({"S3.9", "S3.2"})), {"s3-a", "s3-b", "s3-log"}),
        (Filter(controls=frozenset({"S3.9"})), {"s3-log"}),
        (Filter(service="EC2"), {"cve-1", "cve-2", "threat"}),
        (Filter(source="GuardDuty"), {"threat"}),
        (Filter(account=OTHER_ACCOUNT), {"s3-log"}),
        (Filter(region="us-east-1"), {"s3-log"}),
        (Filter(resources=frozenset({bucket("a")})), {"s3-a", "s3-log"}),
        (Filter(resources=frozenset({bucket("logs")})), {"s3-log"}),
        (Filter(resources=frozenset({bucket("a"), "i-1"}), source="GuardDuty"), {"threat"}),
        (Filter(kind_prefix="UnauthorizedAccess:"), {"threat"}),
        (Filter(kind_prefix="CVE-2024-"), {"cve-1", "cve-2"}),
        (Filter(kind_prefix="Unauthorized%"), set()),
        (Filter(exploit_chance=0.9), {"cve-2"}),
        (Filter(exploit_chance=0.1), {"cve-1", "cve-2"}),
        (Filter(exploit_chance=0.1, service="S3"), set()),
        (Filter(controls=frozenset({""})), set()),
        (Filter(first_seen_since=day(5)), {"cve-2", "threat"}),
        (Filter(first_seen_before=day(5)), {"s3-a", "s3-b", "s3-log", "cve-1"}),
        (Filter(first_seen_since=day(5), first_seen_before=day(6)), {"cve-2"}),
        (Filter(states=frozenset({FindingState.MUTED})), {"leak"}),
        (Filter(states=frozenset(), resources=frozenset({bucket("a")}), source="Macie"), {"leak"}),
        (Filter(service="EC2", severities=frozenset({Severity.MEDIUM})), {"threat"}),
        (Filter(service="EC2", account=OTHER_ACCOUNT), set()),
        (Filter(service="s3"), set()),
        (Filter(service="\ud800"), set()),
        (Filter(controls=frozenset({"\ud800"})), set()),
        (Filter(kind_prefix="\ud800"), set()),
        (Filter(resources=frozenset({"\ud800"})), set()),
    ],
)  # fmt: skip
def test_every_given_field_of_a_filter_must_hold(
    filled: FindingStore, where: Filter, uids: set[str]
) -> None:
    found = _uids(filled, where)
    assert set(found) == uids
    assert len(found) == len(uids)
    assert sum(t.count for t in filled.count(where, Dimension.STATE)) == len(uids)


def test_a_known_exploit_is_a_chance_of_one_whatever_epss_says(store: FindingStore) -> None:
    cve = FindingClass.VULNERABILITY
    store.upsert(
        [
            ocsf_event("known", cls=cve, epss=0.01, exploitable=True),
            ocsf_event("likely", cls=cve, epss=0.99),
            ocsf_event("unknown", cls=cve),
        ]
    )
    assert _uids(store, Filter(exploit_chance=1.0)) == ["known"]
    assert _uids(store, Filter(exploit_chance=0.5)) == ["likely", "known"]


def test_a_filter_may_name_any_number_of_resources(filled: FindingStore) -> None:
    many = frozenset(f"arn:aws:ec2:::instance/{n}" for n in range(40_000)) | {bucket("b")}
    assert _uids(filled, Filter(resources=many)) == ["s3-b"]


def test_the_worst_resources_come_first_with_their_findings_by_severity(
    filled: FindingStore,
) -> None:
    instance, a, b = filled.top_resources(OPEN)
    assert (instance.key, instance.title, instance.count) == ("i-1", "AwsEc2Instance", 3)
    assert instance.by_severity == {Severity.CRITICAL: 2, Severity.MEDIUM: 1}
    assert (a.key, a.count, a.by_severity) == (
        bucket("a"),
        2,
        {Severity.HIGH: 1, Severity.LOW: 1},
    )
    assert b.key == bucket("b")
    assert filled.top_resources(OPEN, limit=1) == [instance]
    assert filled.top_resources(OPEN, limit=0) == []


def test_the_severities_of_a_resource_add_up_to_its_count(store: FindingStore) -> None:
    store.upsert([ocsf_event(s.name, severity=s) for s in Severity])
    for (row,) in (store.top_resources(OPEN), store.top_controls(OPEN)):
        assert row.by_severity == dict.fromkeys(Severity, 1)
        assert row.count == len(Severity)


def test_one_critical_outweighs_many_lows(store: FindingStore) -> None:
    lows = [
        ocsf_event(f"l-{n}", severity=Severity.LOW, resources=("many",), control="S3.9")
        for n in range(20)
    ]
    store.upsert([*lows, ocsf_event("c", severity=Severity.CRITICAL, resources=("one",))])
    assert [row.key for row in store.top_resources(OPEN)] == ["one", "many"]
    assert [row.key for row in store.top_controls(OPEN)] == ["S3.2", "S3.9"]


def test_the_worst_controls_come_first_with_a_title(filled: FindingStore) -> None:
    public, logs = filled.top_controls(OPEN)
    assert (public.key, public.title, public.count) == (
        "S3.2",
        "Buckets should block public reads",
        2,
    )
    assert public.by_severity == {Severity.HIGH: 2}
    assert (logs.key, logs.title) == ("S3.9", "Buckets should log")
    assert filled.top_controls(Filter(service="EC2")) == []


def test_one_finding_is_found_by_uid_and_by_ref_in_any_case(filled: FindingStore) -> None:
    ref = ref_of("threat")
    for asked in ("threat", ref, ref.lower(), f"  {ref} "):
        assert filled.get(asked).finding.uid == "threat"
    assert filled.get("threat").event["finding_info"]["uid"] == "threat"


@pytest.mark.parametrize("asked", ["", "nobody", "F-00000000", "THREAT", "%", "\ud800", "\x00"])
def test_a_finding_that_is_not_there_is_not_found(filled: FindingStore, asked: str) -> None:
    with pytest.raises(NotFoundError):
        filled.get(asked)


def test_every_source_tells_when_it_was_last_heard_of(filled: FindingStore) -> None:
    sources = {source.source: source for source in filled.sources()}
    assert sources["Inspector"] == SourceAge("Inspector", day(20), 2)
    assert sources["GuardDuty"] == SourceAge("GuardDuty", day(19), 1)
    assert filled.sources()[-1].source == "GuardDuty"


def test_pages_neither_overlap_nor_leave_anything_out(store: FindingStore) -> None:
    store.upsert([ocsf_event(f"f-{n:02}", first_seen=day(1 + n % 3)) for n in range(40)])
    for order in Order:
        whole = [f.uid for f in store.search(OPEN, order, limit=100)]
        pages = [
            f.uid for at in range(0, 49, 7) for f in store.search(OPEN, order, limit=7, offset=at)
        ]
        assert pages == whole
        assert len(set(whole)) == 40


def test_ties_are_broken_by_uid(store: FindingStore) -> None:
    store.upsert([ocsf_event(f"f-{n}", first_seen=day(1)) for n in (3, 1, 2, 5, 4)])
    for order in Order:
        uids = _uids(store, OPEN, order)
        assert uids in (sorted(uids), sorted(uids, reverse=True))


@pytest.mark.parametrize(
    ("limit", "offset", "count"), [(0, 0, 0), (-1, 0, 0), (3, 0, 3), (10, 4, 2), (10, 99, 0)]
)
def test_a_limit_is_never_exceeded(
    filled: FindingStore, limit: int, offset: int, count: int
) -> None:
    assert len(filled.search(OPEN, limit=limit, offset=offset)) == count


def test_an_empty_store_answers_everything_with_nothing(store: FindingStore) -> None:
    for by in Dimension:
        assert store.count(ANY, by) == []
    for order in Order:
        assert store.search(ANY, order) == []
    assert store.search(Filter(text="bucket")) == []
    assert store.top_resources(ANY) == store.top_controls(ANY) == []
    assert store.sources() == []
    days = store.trend(3, day(20))
    assert [(d.day.day, d.opened, d.closed, dict(d.open_at_end)) for d in days] == [
        (18, 0, 0, {}),
        (19, 0, 0, {}),
        (20, 0, 0, {}),
    ]
