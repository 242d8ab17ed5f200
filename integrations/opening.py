"""Engines opened as the settings say, for `connect` alone."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from integrations.errors import InvalidSettingError
from integrations.settings import Settings

if TYPE_CHECKING:
    from integrations.dynamodb import Tables
    from integrations.resources.graphersal import GraphersalGraphs
    from integrations.resources.gremlin_network import GremlinGraphs


def tables_of(told: str) -> "Tables":
    """DynamoDB's tables, as `SECURITY_ASSIST_TABLES` tells of them.

    Raises:
        InvalidSettingError: it is not of that form.
    """
    from integrations.aws import QUICK, AmbientSession
    from integrations.dynamodb import Tables
    from integrations.dynamodb_tables import location

    where = location(told)
    session = AmbientSession(region=where.region)
    client = session.client("dynamodb", endpoint_url=where.endpoint, config=QUICK)
    tables = Tables(client, where.prefix)
    if where.endpoint:
        # One of one's own; what is in AWS is made when it is deployed.
        tables.prepare()
    return tables


def graphs_of(
    settings: Settings, state: Path, clock: Callable[[], float]
) -> "GraphersalGraphs | GremlinGraphs":
    """Every tenant's graph: files in the state folder, a Gremlin Server's or Neptune's.

    Raises:
        InvalidSettingError: `SECURITY_ASSIST_GRAPH` names none of them.
    """
    where, _, source = settings.graph.partition("#")
    if not where:
        from integrations.resources.graphersal import GraphersalGraphs

        return GraphersalGraphs(state / "graphs")
    if where.startswith(("ws://", "wss://")):
        from integrations.resources.gremlin_server import GremlinServerGraphs

        return GremlinServerGraphs(where, source or "g", clock)
    if where.startswith(("neptune+ws://", "neptune+wss://")):
        from integrations.resources.neptune import NeptuneGraphs

        url, _, options = where.removeprefix("neptune+").partition("?")
        signed = options != "iam=off"
        return NeptuneGraphs(url, signed=signed, region=settings.region, clock=clock)
    raise InvalidSettingError(
        "SECURITY_ASSIST_GRAPH has to begin with ws://, wss:// or neptune+wss://"
    )
