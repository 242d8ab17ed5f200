"""An OpenSearch node of one: plain HTTP, no security plugin, nothing kept.

The runner that starts it takes only ports from 9201 to 9299 for HTTP, and moves on to the next one
without a word when its port is taken.
"""

import http
import json
import os
from contextlib import suppress

from infra.local.engines.ground import HOST, CannotStartError, Ground, Launch, ask, free_port

NEW, OLD = "3.8.0", "2.19.1"
"""The version with a Java of 21 or newer, and the one with an older Java."""
_NEW_JAVA, _OLD_JAVA = 21, 11
PORTS = range(9201, 9300)


def prepare(ground: Ground, port: int | None) -> Launch:
    """Everything that a start needs.

    Raises:
        CannotStartError: no Java, Maven could not fetch the node, or the port cannot be had.
    """
    if port is not None and port not in PORTS:
        raise CannotStartError(f"its port has to be from {PORTS[0]} to {PORTS[-1]}, not {port}")
    version, java = NEW, ground.java(_NEW_JAVA)
    if java is None:
        with suppress(CannotStartError):
            java = ground.fetched_java()
    if java is None:
        version, java = OLD, ground.java(_OLD_JAVA)
    if java is None:
        raise CannotStartError("no Java of 11 or newer is installed, nor could one be fetched")
    class_path = ground.class_path("opensearch", f"{version}.0", java)
    # Not the lowest: of two runs that start at once each would take the same.
    begin = PORTS[os.getpid() % len(PORTS)]
    chosen = port or free_port([*range(begin, PORTS.stop), *range(PORTS.start, begin)])
    folder = ground.work / "opensearch"
    conf = folder / "node" / "node_1" / "config"
    conf.mkdir(parents=True)
    settings = (
        f"transport.port: {free_port()}\n"
        f"network.host: {HOST}\n"
        "cluster.routing.allocation.disk.threshold_enabled: false\n"
    )
    (conf / "opensearch.yml").write_text(settings, encoding="utf-8")
    cluster = f"security-assist-{os.getpid()}"
    return Launch(
        name="opensearch",
        version=version,
        command=[
            str(java), "-Xms256m", "-Xmx768m", "-cp", class_path,
            "org.codelibs.opensearch.runner.OpenSearchRunner", "-numOfNode", "1",
            "-baseHttpPort", str(chosen - 1), "-basePath", str(folder / "node"),
            "-clusterName", cluster, "-indexStoreType", "niofs",
        ],
        folder=folder,
        environment=ground.environment,
        ready=lambda: _answers(chosen, cluster),
        address={"url": f"http://{HOST}:{chosen}", "port": chosen},
    )  # fmt: skip


def _answers(port: int, cluster: str) -> bool:
    """Whether it is this node that answers, and takes writes."""
    status, body = ask(port, "/_cluster/health")
    if status != http.HTTPStatus.OK:
        return False
    health = json.loads(body)
    return health["cluster_name"] == cluster and health["status"] in {"green", "yellow"}
