"""A tenant's graph as files for Neptune's bulk loader, which is how a large graph gets in first.

The format is the Neptune user guide's "Gremlin load data format": UTF-8, fields as in RFC 4180, a
header of `~id`, `~label` (`~from`, `~to`) and `name:Type(single)`; an edge's properties have no
cardinality. The ids are those that the graph has over the network too, so that later changes find
what was loaded. The loader leaves empty texts out unless it is told `"parserConfiguration":
{"allowEmptyStrings": true}`; reading takes a missing text for an empty one.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from gremlin_python.process.graph_traversal import GraphTraversalSource

from integrations.errors import RejectedRecordError
from integrations.resources.gremlin_rows import Rows, normal
from integrations.resources.port import GraphFiles

_VERTEX = {
    "tenant": "String",
    "name": "String",
    "short": "String",
    "words": "String",
    "account": "String",
    "region": "String",
    "known": "Bool",
    "captured": "Long",
    "tags": "String",
    "facts": "String",
    "told": "String",
    "row": "String",
    "digest": "String",
}
_GONE = {"at": "Long", "owners": "String"}
_EDGE = {"tenant": "String", "owner": "String", "facts": "String"}


def export(g: GraphTraversalSource, rows: Rows, folder: Path) -> GraphFiles:
    """Write what `rows`' tenant has in the graph to files in `folder`, which is made if need be.

    Raises:
        RejectedRecordError: a resource's type cannot be a label there; names it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    vertices = g.V().has("tenant", rows.tenant).element_map().to_list()
    edges = g.E().has("tenant", rows.tenant).element_map().to_list()
    gone = [one for one in g.V().has_label("Gone").element_map().to_list() if _is_of(one, rows)]
    files = (folder / "vertices.csv", folder / "gone.csv", folder / "edges.csv")
    of_vertices = ["~id", "~label", *(f"{name}:{kind}(single)" for name, kind in _VERTEX.items())]
    of_gone = ["~id", "~label", *(f"{name}:{kind}(single)" for name, kind in _GONE.items())]
    of_edges = ["~id", "~from", "~to", "~label", *(f"{n}:{kind}" for n, kind in _EDGE.items())]
    _write(files[0], of_vertices, (_vertex(one, _VERTEX) for one in vertices))
    _write(files[1], of_gone, (_vertex(one, _GONE) for one in gone))
    _write(files[2], of_edges, map(_edge, edges))
    return GraphFiles(files=files, vertices=len(vertices) + len(gone), edges=len(edges))


def _is_of(found: Mapping[Any, Any], rows: Rows) -> bool:
    return str(normal(found)["id"]).startswith(rows.gone(""))


def _vertex(found: Mapping[Any, Any], names: Iterable[str]) -> Iterator[str]:
    row = normal(found)
    yield _field(row["id"])
    yield _field(_label(row["label"]))
    for name in names:
        yield _field(row.get(name, ""))


def _edge(found: Mapping[Any, Any]) -> Iterator[str]:
    row = normal(found)
    yield from map(_field, (row["id"], row["OUT"]["id"], row["IN"]["id"], row["label"]))
    for name in _EDGE:
        yield _field(row.get(name, ""))


def _label(label: str) -> str:
    """A label that the loader takes for one label.

    Raises:
        RejectedRecordError: it would be taken for several.
    """
    if ";" in label or "::" in label:
        raise RejectedRecordError(f"a resource's type cannot hold ; or :: at Neptune: {label!r}")
    return label


def _field(value: object) -> str:
    """One field: every text in quotes, so that neither blanks nor line ends in it are lost."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    text = str(value).replace('"', '""')
    return f'"{text}"'


def _write(path: Path, header: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """For the owner's eyes: it holds every name and tag of the tenant."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write((",".join(header) + "\n").encode())
        for row in rows:
            file.write((",".join(row) + "\n").encode("utf-8", "backslashreplace"))
