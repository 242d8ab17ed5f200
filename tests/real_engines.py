"""The real engines of this run: `python -m infra.local.engines -- pytest ...` says where they are.

Each test worker has a world of its own in them. A test that needs an engine which is not there is
skipped with the reason; where `CI` is `true` it fails.
"""

import json
import os
from collections.abc import Mapping
from typing import Any

from infra.local.engines.settings import running

_ACCOUNTS = 200_000_000_000


def engine(name: str) -> Mapping[str, Any]:
    """`version`, `url`, `port` and what else is said of `gremlin`, `opensearch` or `hub`."""
    where = running()
    if where is None:
        _missing(name, "run it with `python -m infra.local.engines -- COMMAND`, or `make test`")
    told = json.loads(where.read_text(encoding="utf-8")) if where else {}
    if name not in told:
        _missing(name, told.get("left_out", {}).get(name, "it was not asked for"))
    found: Mapping[str, Any] = told[name]
    return found


def worker() -> int:
    """The number of this test worker, from 0; also in the processes that it starts."""
    name = os.environ.get("PYTEST_XDIST_WORKER", "gw0")  # noqa: TID251 - where xdist says it
    return int(name.removeprefix("gw"))


def gremlin_source() -> tuple[str, str]:
    """The address of the Gremlin Server and the traversal source of this worker's own graph."""
    told = engine("gremlin")
    return told["url"], told["sources"][worker()]


def empty_gremlin() -> None:
    """Nothing is left in this worker's own graph."""
    from gremlin_python.process.anonymous_traversal import traversal  # noqa: PLC0415 - costs a rival 2 s

    from integrations.resources.gremlin_network import (  # noqa: PLC0415 - as above
        Endpoint,
        GremlinConnection,
    )

    connection = GremlinConnection(Endpoint(*gremlin_source()))
    traversal().with_(connection).V().drop().to_list()
    connection.close()


def hub_account() -> str:
    """The account of this worker in the hub's emulator: also the access key of its root."""
    engine("hub")
    return str(_ACCOUNTS + worker())


def _missing(name: str, why: str) -> None:
    import pytest  # noqa: PLC0415 - as above

    said = f"no {name} here: {why}"
    if os.environ.get("CI", "").casefold() in {"1", "true"}:  # noqa: TID251 - where CI says it
        pytest.fail(said)
    pytest.skip(said)
