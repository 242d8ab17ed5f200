"""A Gremlin Server with Neptune's habits and several graphs, each a world of its own."""

import http
import os
import shutil

import yaml

from infra.local.engines.ground import CONF, HOST, Ground, Launch, ask, free_port
from infra.local.engines.settings import gremlin_version

VERSION = "3.8.1"
"""As Neptune's engine 1.5. An engine 1.4 is a 3.7.1, which the tests are run at too (Makefile)."""
_HABITS = "neptune-like.properties"
GRAPHS = max(8, os.cpu_count() or 1)
"""As many test workers can have a graph for themselves: g0, g1, ...; `g` is for people."""


def prepare(ground: Ground, port: int | None, heap: str = "512m") -> Launch:
    """Everything that a start needs; `heap` as Java's -Xmx takes it.

    Raises:
        CannotStartError: no Java, or Maven could not fetch the server.
    """
    java = ground.java(11) or ground.fetched_java()
    version = gremlin_version(VERSION)
    class_path = ground.class_path("gremlin", version, java)
    chosen = port or free_port()
    folder = ground.work / "gremlin"
    folder.mkdir()
    for name in ("graphs.groovy", "logback.xml"):
        shutil.copy(CONF / name, folder)
    (folder / _HABITS).write_text(_habits(version), encoding="utf-8")
    (folder / "server.yaml").write_text(_server(chosen), encoding="utf-8")
    sources = [f"g{n}" for n in range(GRAPHS)]
    return Launch(
        name="gremlin",
        version=version,
        command=[
            str(java), "-Xms128m", f"-Xmx{heap}", "-cp", f"{folder}:{class_path}",
            "org.apache.tinkerpop.gremlin.server.GremlinServer", "server.yaml",
        ],
        folder=folder,
        environment=ground.environment,
        ready=lambda: _answers(chosen),
        address={"url": f"ws://{HOST}:{chosen}/gremlin", "port": chosen, "sources": sources},
    )  # fmt: skip


def _habits(version: str) -> str:
    """The graphs' settings; the first 3.7 servers know no manager of ids that are texts."""
    text = (CONF / _HABITS).read_text(encoding="utf-8")
    return text.replace("=STRING", "=ANY") if version.startswith("3.7.") else text


def _server(port: int) -> str:
    settings = yaml.safe_load((CONF / "gremlin-server.yaml").read_text(encoding="utf-8"))
    graphs = ["graph", *(f"graph{n}" for n in range(GRAPHS))]
    settings["graphs"] = dict.fromkeys(graphs, settings["graphs"]["graph"])
    return yaml.safe_dump(settings | {"host": HOST, "port": port})


def _answers(port: int) -> bool:
    """Whether a websocket is opened (RFC 6455, section 4)."""
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "c2VjdXJpdHktYXNzaXN0IQ==",
    }
    return ask(port, "/gremlin", headers)[0] == http.HTTPStatus.SWITCHING_PROTOCOLS
