"""Names, tags and ids are data: whatever they hold, they come back and never become a query."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.errors import RejectedRecordError
from integrations.resources.port import Direction, GraphChange, LinkKind, Resource, ResourceGraph
from tests.builders import ACCOUNT, NOON, REGION
from tests.contract.engines import GRAPHS, Clock
from tests.graph_builders import change, ec2, link, resource

SAFE = ec2("instance/i-safe")
HOSTILE = [
    '"',
    "'",
    "\\",
    '\\"',
    '")',
    '").drop().toList(); g.V("',
    "'; g.V().drop(); '",
    "${1+1}",
    "${aws:username}",
    "`${x}`",
    "#{a: 1}",
    "g.V().drop().iterate()",
    "__.drop()",
    "p0",
    "T.id",
    "// nothing after this",
    "/* open",
    "line\nbreak\r\nand\ttab",
    "nul\x00 bell\x07 escape\x1b",
    "\u2028\u2029\u0085",
    "\u202eright to left",
    "zero\u200bwidth",
    "日本語 ünï 🙂",
    "e\u0301",
    "%s %d {0} {name}",
    "<!channel> <script>",
    "",
    " ",
    "x" * 3_000,
    "gone|",
    "acme|",
    "\x1f",
]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
PIECES = ['"', "'", "\\", "`", "${", "}", "#{", "\n", ").", "(", ",", ";", "g.V()", ".drop()"]
PIECES += ["|", "p0", "T.id", "/*", "*/", "//", "\x00", "🙂"]
GREMLIN = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
HALVES = st.text(st.characters(categories=["Cs", "L"]), max_size=10)
ANY_TEXT = TEXTS | GREMLIN


def _hostile(resource_id: str, text: str) -> Resource:
    """A resource that says `text` wherever it can."""
    return Resource(
        id=resource_id,
        type="AwsEc2Instance",
        name=text,
        short_id=text,
        account=text or ACCOUNT,
        region=text or REGION,
        tags={text: text, "Name": text},
        properties={text: text, "number": 2**40},
        captured_at=NOON,
    )


def _holds(graph: ResourceGraph, text: str) -> None:
    """Everything about resources that say `text`, their ids included, is as it should be."""
    loud, other = _hostile(f"loud/{text}", text), _hostile(f"other/{text}", text)
    reaches = link(loud.id, LinkKind.CAN_ACCESS, other.id, access=text, n=2**33)
    mentioned = f"mentioned/{text}"
    uses = link(loud.id, LinkKind.USES, mentioned)
    graph.apply(change([resource(SAFE)]))
    graph.apply(change([loud, other], [reaches, uses]))
    assert graph.get([loud.id, other.id]) == {loud.id: loud, other.id: other}
    assert graph.get([mentioned])[mentioned].known is False
    assert graph.blast_radius(loud.id).links == (reaches,)
    assert graph.blast_radius(other.id, Direction.IN).resources == (other, loud)
    path = graph.path_between(loud.id, other.id)
    assert path is not None
    assert path.links == (reaches,)
    if text.strip():
        assert loud in graph.find(text, limit=50)
    graph.apply(GraphChange(deleted=[loud.id, other.id], deleted_at={loud.id: NOON}))
    assert graph.get([loud.id, other.id, mentioned]) == {}
    assert set(graph.get([SAFE])) == {SAFE}
    assert graph.summary().resources == 1


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_hostile_text_comes_back_as_it_went_in(graph: ResourceGraph, text: str) -> None:
    _holds(graph, text)


@pytest.mark.parametrize("engine", sorted(GRAPHS))
def test_any_text_comes_back_as_it_went_in(engine: str) -> None:
    with TemporaryDirectory() as folder:
        graphs = GRAPHS[engine](Path(folder), Clock())
        graph = graphs.of("acme")

        @settings(max_examples=60, deadline=None)
        @given(ANY_TEXT)
        def holds(text: str) -> None:
            _holds(graph, text)

        holds()
        graphs.close()


@pytest.mark.parametrize("engine", sorted(GRAPHS))
def test_a_question_in_any_words_is_only_a_question(engine: str) -> None:
    with TemporaryDirectory() as folder:
        graphs = GRAPHS[engine](Path(folder), Clock())
        graph = graphs.of("acme")
        graph.apply(change([resource(SAFE)], [link(SAFE, LinkKind.USES, "AwsEc2Volume/v")]))
        before = graph.summary()

        @settings(max_examples=80, deadline=None)
        @given(ANY_TEXT | HALVES)
        def asked(text: str) -> None:
            graph.find(text, types=[text, "AwsEc2Instance"])
            graph.get([text])
            graph.neighbourhood([text, SAFE])
            graph.blast_radius(text)
            graph.paths_from_internet([text])
            assert graph.summary() == before

        asked()
        graphs.close()


@pytest.mark.parametrize(
    "broken",
    [
        change([resource("half/\ud800", "AwsEc2Instance")]),
        change([resource(SAFE, name="half \udfff")]),
        change([resource(SAFE)], [link(SAFE, LinkKind.USES, "half/\ud800")]),
    ],
)
def test_half_a_surrogate_pair_is_refused_and_nothing_is_written(
    graph: ResourceGraph, broken: GraphChange
) -> None:
    before = graph.apply(change([resource(ec2("instance/i-before"))]))
    with pytest.raises(RejectedRecordError, match="surrogate"):
        graph.apply(broken)
    assert graph.summary() == before


def test_what_is_no_text_is_found_nowhere(graph: ResourceGraph) -> None:
    graph.apply(change([resource("a?", "AwsEc2Instance")]))
    assert "a\ud800" not in graph.get(["a\ud800"])
    assert graph.find("\udc00") == []


def test_names_of_tags_and_facts_become_no_properties_of_a_vertex(graph: ResourceGraph) -> None:
    """A tag called `tenant` or `known` must not lead out of the tenant or hide a resource."""
    names = ("tenant", "known", "captured", "words", "owner", "id", "label", "T.id")
    sly = Resource(
        id=SAFE,
        type="AwsEc2Instance",
        name="sly",
        short_id="i-safe",
        tags=dict.fromkeys(names, "globex"),
        properties=dict.fromkeys(names, False),
        captured_at=NOON,
    )
    graph.apply(change([sly], [link(SAFE, LinkKind.USES, "AwsEc2Volume/v", tenant="globex")]))
    assert graph.get([SAFE]) == {SAFE: sly}
    assert graph.summary().resources == 1
    assert len(graph.neighbourhood([SAFE]).links) == 1
