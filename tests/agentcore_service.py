"""Bedrock AgentCore on loopback: its data plane, for the real boto3 client and session manager.

    POST /runtimes/{arn}/invocations                    -> the runtime's own POST /invocations
    POST /memories/{m}/events                           CreateEvent
    POST /memories/{m}/actor/{a}/sessions/{s}           ListEvents, the newest first
    POST /memories/{m}/retrieve                         RetrieveMemoryRecords

From the AgentCore Data Plane API reference, as botocore's model of it has it. The runtime is a real
one, on a port of its own. What goes wrong on the way is set in `faults`.
"""

import http.client
import json
import re
import socket
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from typing_extensions import override

from agent.runtime import Runtime
from tests.loopback_http import Quiet, serving

ARN = "arn:aws:bedrock-agentcore:eu-west-1:111122223333:runtime/security_assist-a1b2c3d4e5"
SESSION = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"

Event = dict[str, Any]


@dataclass
class Faults:
    """What goes wrong, call after call; a call beyond the list goes well."""

    statuses: list[int] = field(default_factory=list)
    """HTTP statuses that calls of the runtime are answered with; 0: it goes well."""
    cuts: list[int | None] = field(default_factory=list)
    """Bytes of the stream after which a call's line is cut; None: it is not."""
    silent: bool = False
    """Whether a line that is cut stays open, and says nothing any more."""
    memory: set[str] = field(default_factory=set)
    """Operations of Memory that fail: `events`, `sessions`, `retrieve`."""


@dataclass
class AgentCore:
    """What was asked of the service, and what it has."""

    runtime: str = ""
    """Where the runtime listens; "" where it is down."""
    url: str = ""
    faults: Faults = field(default_factory=Faults)
    calls: list[Event] = field(default_factory=list)
    """Payloads of the runtime's calls, each with its `session`."""
    events: list[Event] = field(default_factory=list)
    records: dict[str, list[str]] = field(default_factory=dict)
    """Long-term memory: texts by namespace."""
    namespaces: list[str] = field(default_factory=list)
    """Those that were searched."""
    streams: list[bytearray] = field(default_factory=list)
    """What each call of the runtime was answered, as far as it came."""
    cut: int = 0
    """Calls whose stream was cut before its end."""
    ended: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)


class _Service(Quiet):
    core: AgentCore

    @override
    def serve(self) -> None:
        path = urllib.parse.unquote(self.path.partition("?")[0])
        body = self.sent()
        if re.fullmatch(r"/runtimes/.+/invocations", path):
            self._invoke(body)
            return
        if found := re.fullmatch(r"/memories/([^/]+)/(events|retrieve|actor)(/.*)?", path):
            kind = "sessions" if found[2] == "actor" else found[2]
            if kind in self.core.faults.memory:
                self._refuse(500, "ServiceException")
                return
            self._remember(kind, json.loads(body or b"{}"), path)
            return
        self._refuse(404, "ResourceNotFoundException")

    def _refuse(self, status: int, kind: str) -> None:
        self.answer(status, b'{"message": "refused on purpose"}', x_amzn_errortype=kind)

    def _invoke(self, body: bytes) -> None:
        core, session = self.core, self.headers.get(SESSION) or ""
        with core.lock:
            core.calls.append(json.loads(body) | {"session": session})
            status = core.faults.statuses.pop(0) if core.faults.statuses else 0
            cut = core.faults.cuts.pop(0) if core.faults.cuts else None
        if status:
            named = {
                429: "ThrottlingException",
                403: "AccessDeniedException",
                409: "RetryableConflictException",
            }
            self._refuse(status, named.get(status, "InternalServerException"))
            return
        if not core.runtime:
            self._refuse(424, "RuntimeClientError")
            return
        where = urllib.parse.urlsplit(core.runtime)
        line = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
        try:
            head = {"Content-Type": "application/json", SESSION: session}
            line.request("POST", "/invocations", body, head)
            self._pass_on(line.getresponse(), cut)
        finally:
            line.close()

    def _pass_on(self, answer: http.client.HTTPResponse, cut: int | None) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers["Content-Type"])
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        left, passed = cut, bytearray()
        self.core.streams.append(passed)
        while chunk := answer.read1(65_536):
            piece = chunk if left is None else chunk[:left]
            passed += piece
            if piece:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            if left is not None:
                left -= len(piece)
                if left <= 0:
                    self.core.cut += 1
                    if self.core.faults.silent:
                        self.core.ended.wait(30)
                    self.close_connection = True
                    return
        self.wfile.write(b"0\r\n\r\n")

    def _remember(self, kind: str, asked: Event, path: str) -> None:
        core = self.core
        with core.lock:
            if kind == "events":
                event_id = f"{len(core.events):016d}#{len(core.events):08x}"
                event = {**asked, "memoryId": path.split("/")[2], "eventId": event_id}
                core.events.append(event)
                self.answer(201, json.dumps({"event": event}).encode())
            elif kind == "sessions":
                self.answer(200, json.dumps(_listed(core.events, asked, path)).encode())
            else:
                core.namespaces.append(asked["namespace"])
                texts = core.records.get(asked["namespace"], [])
                found = [_record(n, text, asked["namespace"]) for n, text in enumerate(texts)]
                answer = {"memoryRecordSummaries": found}
                self.answer(200, json.dumps(answer).encode())


def _listed(events: list[Event], asked: Event, path: str) -> Event:
    whose = re.fullmatch(r"/memories/([^/]+)/actor/(.+)/sessions/([^/]+)", path)
    assert whose, path
    wanted = {
        one["left"]["metadataKey"]: one["right"]["metadataValue"]
        for one in asked.get("filter", {}).get("eventMetadata", ())
    }
    found = [
        event
        for event in reversed(events)
        if (event["memoryId"], event["actorId"], event["sessionId"]) == whose.groups()
        and all(event.get("metadata", {}).get(key) == value for key, value in wanted.items())
    ]
    begin = int(asked.get("nextToken") or 0)
    most = asked.get("maxResults", 100)
    more = {"nextToken": str(begin + most)} if len(found) > begin + most else {}
    return {"events": found[begin : begin + most], **more}


def _record(n: int, text: str, namespace: str) -> Event:
    return {
        "memoryRecordId": f"mem-{n:036d}",
        "content": {"text": text},
        "memoryStrategyId": "facts-1",
        "namespaces": [namespace],
        "createdAt": 1_764_000_000,
        "score": 0.9,
    }


@contextmanager
def agentcore(runtime: str = "") -> Iterator[AgentCore]:
    """Serve AgentCore's data plane on 127.0.0.1 until the block ends."""
    core = AgentCore(runtime)

    class Handler(_Service):
        pass

    Handler.core = core
    with serving(Handler) as url:
        core.url = url
        try:
            yield core
        finally:
            core.ended.set()


@contextmanager
def listening(runtime: Runtime) -> Iterator[str]:
    """A runtime over real HTTP on 127.0.0.1, in a thread; gives its address."""
    server = uvicorn.Server(
        uvicorn.Config(runtime.application(), log_level="error", access_log=False)
    )
    with socket.create_server(("127.0.0.1", 0)) as door:
        # It listens already: who comes before the server does waits.
        thread = threading.Thread(target=server.run, args=([door],), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)
