"""How soon a runtime that has just begun answers a ping and a question, beside the bare imports."""

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from agent.envelope import Envelope, sealed
from integrations.connect import Connections
from integrations.conversations.session import ThreadKey
from integrations.settings import Settings
from integrations.tenants.port import Tenant

_RUNS = 5
_MAIN = "import sys; from agent.runtime import main; main(int(sys.argv[1]))"
_BARE = "import strands, bedrock_agentcore"
_KEY = "k" * 32
_WHERE = ThreadKey("acme", "bench", "T", "C", "1")
_SESSION = {"X-Amzn-Bedrock-AgentCore-Runtime-Session-Id": _WHERE.session_id}


def run() -> Iterator[str]:
    """Medians of fresh processes, interleaved; no findings, and no model."""
    took: dict[str, list[float]] = {_BARE: [], "first ping": [], "first answer": []}
    with tempfile.TemporaryDirectory(prefix="assist-bench-") as folder:
        with Connections(Settings(state=Path(folder))) as connections:
            tenant = Tenant(id="acme", name="Acme", accounts=("111111111111",))
            connections.directory.put(tenant)
        environment = os.environ | {  # noqa: TID251 - a child's, beside what it needs to start
            "SECURITY_ASSIST_RUNTIME_KEY": _KEY,
            "SECURITY_ASSIST_STATE": folder,
        }
        for n in range(_RUNS + 1):
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", _BARE], check=True, timeout=120)
            samples = (time.perf_counter() - began, *_begun(environment))
            for name, sample in zip(took, samples, strict=True):
                if n:  # the first writes the bytecode
                    took[name].append(sample)
    bare = statistics.median(took[_BARE])
    for name, every in took.items():
        median = statistics.median(every)
        yield f"{name:<36} {median * 1000:7.0f} ms   {median / bare:5.2f}x"


def _begun(environment: Mapping[str, str]) -> tuple[float, float]:
    """Seconds from the start of a process to each."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", _MAIN, str(port)], env=environment, stderr=subprocess.DEVNULL
    ) as process:
        try:
            connection = _connected(port)
            connection.request("GET", "/ping")
            connection.getresponse().read()
            pinged = time.perf_counter() - began
            connection.request("POST", "/invocations", _question(), _SESSION)
            answered = connection.getresponse().read()
            took = time.perf_counter() - began
            connection.close()
        finally:
            process.terminate()
    if b'"type":"done"' not in answered:
        raise RuntimeError("the runtime did not answer")
    return pinged, took


def _connected(port: int) -> http.client.HTTPConnection:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.connect()
        except OSError:
            time.sleep(0.005)
            continue
        return connection
    raise RuntimeError("the runtime does not listen")


def _question() -> str:
    envelope = Envelope(
        request="r1",
        thread=_WHERE,
        tenants=("acme",),
        operator=False,
        foreign=(),
        focus=(),
        asked_by="",
        canonical=False,
        text="how are we doing?",
        expires_at=time.time() + 60,
    )
    return json.dumps({"envelope": sealed(envelope, _KEY)})
