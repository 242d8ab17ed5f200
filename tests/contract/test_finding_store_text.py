"""Text search: what a person types is words, never a query language."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.findings.port import OPEN, Dimension, Filter, FindingStore
from tests.builders import ocsf_event


@pytest.fixture
def filled(store: FindingStore) -> FindingStore:
    store.upsert(
        [
            ocsf_event("bucket", title="Bucket is public", description="Everybody reads exports."),
            ocsf_event("port", title="Port 22 is open", control="EC2.13", resources=("sg-0a1",)),
            ocsf_event("cafe", title="Café Zürich naïve", control="IAM.4"),
            ocsf_event("hostile", title="AND OR NOT NEAR tenant words", control="KMS.1"),
        ]
    )
    return store


@pytest.mark.parametrize(
    ("text", "uids"),
    [
        ("public", {"bucket"}),
        ("PUBLIC bucket", {"bucket"}),
        ("bucket public", {"bucket"}),
        ("publ", {"bucket"}),
        ("everybody", {"bucket"}),
        ("bucket port", set()),
        ("EC2.13", {"port"}),
        ("ec2 13", {"port"}),
        ("sg-0a1", {"port"}),
        ("cafe zurich", {"cafe"}),
        ("CAFÉ", {"cafe"}),
        ("is", {"bucket", "port"}),
        ("", {"bucket", "port", "cafe", "hostile"}),
        ("  !?*\"'() ", {"bucket", "port", "cafe", "hostile"}),
    ],
)
def test_every_word_must_occur_somewhere_in_any_order(
    filled: FindingStore, text: str, uids: set[str]
) -> None:
    assert {f.uid for f in filled.search(Filter(text=text))} == uids
    counted = filled.count(Filter(text=text), Dimension.STATE)
    assert sum(tally.count for tally in counted) == len(uids)


@pytest.mark.parametrize(
    ("text", "uids"),
    [
        ("AND", {"hostile"}),
        ("OR", {"hostile"}),
        ("NOT near", {"hostile"}),
        ("bucket OR port", set()),
        ("bucket NOT public", set()),
        ("tenant : acme", set()),
        ("tenant", {"hostile"}),
        ("tenant:t61636d65", set()),
        ("words : public", set()),
        ('"', {"bucket", "port", "cafe", "hostile"}),
        ('public" OR "port', set()),
        ("public*", {"bucket"}),
        ("^public", {"bucket"}),
        ("pub* + lic", set()),
        ("-public", {"bucket"}),
        ("{words}: public", set()),
        ("NEAR(bucket public, 2)", set()),
        ("public'; DROP TABLE finding; --", set()),
        ("pub\x00lic", set()),
        ("public\ud800", {"bucket"}),
        ("ab\u19b0cd", set()),
        ("\u0e01\u0e33", set()),
        ("\U0001e900\U0001e901", {"bucket", "port", "cafe", "hostile"}),
        ("public " * 5_000, {"bucket"}),
        ("x" * 100_000, set()),
    ],
)
def test_hostile_text_is_only_words(filled: FindingStore, text: str, uids: set[str]) -> None:
    assert {f.uid for f in filled.search(Filter(text=text))} == uids


@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.text(max_size=40) | st.text(alphabet="\"*^:(){}+-,'ANDORT ", max_size=20))
def test_any_text_is_answered(filled: FindingStore, text: str) -> None:
    every = filled.search(OPEN)
    assert all(found in every for found in filled.search(Filter(text=text)))


def test_text_follows_the_finding_when_it_changes(store: FindingStore) -> None:
    store.upsert([ocsf_event(title="before")])
    store.upsert([ocsf_event(title="before and after").replace(b"1795", b"1796")])
    assert len(store.search(Filter(text="after"))) == 1
    store.upsert([ocsf_event(title="only now").replace(b"1795", b"1797")])
    assert store.search(Filter(text="after")) == []
    assert len(store.search(Filter(text="now"))) == 1
