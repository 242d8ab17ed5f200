"""A graph as files for Neptune's bulk loader: what is read from them is the same graph."""

import csv
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from gremlin_python.process.anonymous_traversal import traversal
from gremlin_python.process.traversal import Direction, T
from gremlin_python.statics import long
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cli import main
from integrations.connect import Connections
from integrations.errors import RejectedRecordError
from integrations.resources.graphersal import (
    GraphersalConnection,
    GraphersalFile,
    GraphersalResourceGraph,
)
from integrations.resources.gremlin import GremlinResourceGraph
from integrations.resources.port import GraphChange, LinkKind
from integrations.settings import Settings
from tests.builders import NOON, tenant
from tests.graph_builders import change, ec2, iam, link, resource

HOST, ROLE, VOLUME, GONE = ec2("instance/i-1"), iam("role/web"), ec2("volume/v"), ec2("volume/g")
HOSTILE = [
    'quote " in it',
    '"',
    '""',
    '","~label',
    "comma, comma",
    "line\nbreak",
    "carriage\r\nreturn\r",
    " blanks around ",
    "\ttab\t",
    "=HYPERLINK(1)",
    "semi;colon::colons",
    "back\\slash\\",
    "ünï\U0001f600\u2028",
    "",
    "null",
    "'; g.V().drop()",
]


def _records(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, strict=True)


def _value(header: str, text: str) -> Any:
    kind = header.partition(":")[2].removesuffix("(single)")
    if kind == "Bool":
        return text == "true"
    return long(int(text)) if kind == "Long" else text


def _properties(record: dict[str, str]) -> dict[Any, Any]:
    return {
        header.partition(":")[0]: _value(header, text)
        for header, text in record.items()
        if not header.startswith("~") and text
    }


def _loaded(folder: Path, path: Path, of: str = "acme") -> GremlinResourceGraph:
    """What a loader that leaves empty texts out makes of the files."""
    connection = GraphersalConnection(GraphersalFile(path))
    g = traversal().with_(connection)
    for record in [*_records(folder / "vertices.csv"), *_records(folder / "gone.csv")]:
        identity = {T.id: record["~id"], T.label: record["~label"]}
        g.inject([identity | _properties(record)]).unfold().merge_v().count().next()
    for record in _records(folder / "edges.csv"):
        ends = {Direction.from_: record["~from"], Direction.to: record["~to"]}
        identity = {T.id: record["~id"], T.label: record["~label"]}
        g.inject([identity | ends | _properties(record)]).unfold().merge_e().count().next()
    return GremlinResourceGraph(connection, of)


def _everything(graph: GremlinResourceGraph) -> object:
    ids = [HOST, ROLE, VOLUME, GONE]
    return graph.get(ids), graph.neighbourhood(ids, hops=3), graph.summary(), graph.find()


def _graph(path: Path, words: str) -> GraphersalResourceGraph:
    graph = GraphersalResourceGraph(path, "acme")
    host = resource(
        HOST, name=words, tags={words: words, "n": "1"}, size=2**40, note=words, on=True
    )
    uses = link(HOST, LinkKind.USES, VOLUME, note=words)
    graph.apply(change([host, resource(GONE)], [uses, link(HOST, LinkKind.RUNS_AS, ROLE)]))
    later = NOON + timedelta(hours=1)
    graph.apply(GraphChange(deleted=[GONE], deleted_at={GONE: later}))
    return graph


@pytest.mark.parametrize("words", HOSTILE, ids=range(len(HOSTILE)))
def test_the_files_hold_the_whole_graph_whatever_is_in_its_names(
    tmp_path: Path, words: str
) -> None:
    graph = _graph(tmp_path / "acme.gsnap", words)
    written = graph.export(tmp_path / "out")
    assert (written.vertices, written.edges) == (4, 2)
    again = _loaded(tmp_path / "out", tmp_path / "loaded")
    assert _everything(again) == _everything(graph)
    # What was deleted stays deleted, and the same change finds nothing to write.
    again.apply(change([resource(GONE)]))
    assert again.get([GONE]) == {}


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_text_survives_the_files(tmp_path_factory: pytest.TempPathFactory, words: str) -> None:
    folder = tmp_path_factory.mktemp("csv")
    _graph(folder / "acme.gsnap", words).export(folder)
    hosts = [r for r in _records(folder / "vertices.csv") if r["~label"] == "AwsEc2Instance"]
    assert [r["name:String(single)"] for r in hosts] == [words or "i-1"]


def test_no_other_tenants_resources_are_in_the_files(tmp_path: Path) -> None:
    connection = GraphersalConnection(GraphersalFile(tmp_path / "both"))
    mine, other = (GremlinResourceGraph(connection, name) for name in ("acme", "acme-dev"))
    for graph in (mine, other):
        graph.apply(change([resource(HOST)], [link(HOST, LinkKind.USES, VOLUME)]))
        graph.apply(GraphChange(deleted=[GONE], deleted_at={GONE: NOON}))
    written = mine.export(tmp_path / "out")
    for file in written.files:
        assert "acme-dev" not in file.read_text()
    assert (written.vertices, written.edges) == (3, 1)


def test_the_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    written = _graph(tmp_path / "acme.gsnap", "x").export(tmp_path / "out")
    for file in written.files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_type_that_would_be_two_labels_is_refused_by_name(tmp_path: Path) -> None:
    graph = GraphersalResourceGraph(tmp_path / "acme.gsnap", "acme")
    graph.apply(change([resource(HOST, "Odd;Type")]))
    with pytest.raises(RejectedRecordError, match="'Odd;Type'"):
        graph.export(tmp_path / "out")


def test_the_command_says_what_it_wrote_and_what_to_tell_the_loader(tmp_path: Path) -> None:
    with Connections(Settings(tmp_path / "state")) as connections:
        connections.directory.put(tenant("acme", "111122223333"))
        connections.systems("acme").resources.apply(change([resource(HOST)]))
    order = ["export", "graph", "--tenant", "acme", "--to", str(tmp_path / "out")]
    done = CliRunner().invoke(main, ["--state", str(tmp_path / "state"), *order])
    assert done.exit_code == 0, done.output
    assert done.output.startswith("1 vertices, 0 edges of acme\n")
    assert '"allowEmptyStrings": true' in done.output
    refused = CliRunner().invoke(
        main, ["--state", str(tmp_path / "state"), *order[:3], "x", *order[4:]]
    )
    assert refused.exit_code == 1
    assert "known tenants are acme" in refused.output
