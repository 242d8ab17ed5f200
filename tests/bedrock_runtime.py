"""A loopback Bedrock Runtime: ConverseStream as AWS event-stream frames, for the real client.

The frame's layout is that of the AWS event stream encoding (prelude, headers, payload, two CRCs).
"""

import json
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from typing_extensions import override

Reply = list[tuple[str, dict[str, Any]]]


@dataclass
class BedrockRuntime:
    """What was asked of it, and how it answers."""

    answer: Callable[[dict[str, Any]], Reply | int]
    """The frames of an answer (event type, payload), or an HTTP status that refuses."""
    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)


def frame(event: str, payload: dict[str, Any]) -> bytes:
    """One event of the stream."""
    headers = (
        (":event-type", event),
        (":content-type", "application/json"),
        (":message-type", "event"),
    )
    head = b"".join(
        bytes([len(name)])
        + name.encode()
        + b"\x07"
        + struct.pack(">H", len(value))
        + value.encode()
        for name, value in headers
    )
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", 16 + len(head) + len(body), len(head))
    prelude += struct.pack(">I", zlib.crc32(prelude))
    return prelude + head + body + struct.pack(">I", zlib.crc32(prelude + head + body))


def text(words: str) -> Reply:
    """An answer in words."""
    return [
        ("messageStart", {"role": "assistant"}),
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": words}}),
        ("contentBlockStop", {"contentBlockIndex": 0}),
        ("messageStop", {"stopReason": "end_turn"}),
        ("metadata", _METADATA),
    ]


def call(tool: str, arguments: dict[str, Any], use_id: str = "tooluse_1") -> Reply:
    """A call of a tool."""
    start = {"toolUse": {"toolUseId": use_id, "name": tool}}
    given = {"toolUse": {"input": json.dumps(arguments)}}
    return [
        ("messageStart", {"role": "assistant"}),
        ("contentBlockStart", {"contentBlockIndex": 0, "start": start}),
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": given}),
        ("contentBlockStop", {"contentBlockIndex": 0}),
        ("messageStop", {"stopReason": "tool_use"}),
        ("metadata", _METADATA),
    ]


_METADATA = {
    "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
    "metrics": {"latencyMs": 1},
}


@contextmanager
def bedrock_runtime(answer: Callable[[dict[str, Any]], Reply | int]) -> Iterator[BedrockRuntime]:
    """Serve on loopback until the block ends."""
    runtime = BedrockRuntime(answer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            request = json.loads(self.rfile.read(length))
            runtime.requests.append(request)
            reply = runtime.answer(request)
            if isinstance(reply, int):
                self._refuse(reply)
                return
            body = b"".join(frame(event, payload) for event, payload in reply)
            self.send_response(200)
            self.send_header("content-type", "application/vnd.amazon.eventstream")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _refuse(self, status: int) -> None:
            kind = "ThrottlingException" if status == 429 else "InternalServerException"
            body = json.dumps({"message": "refused on purpose"}).encode()
            self.send_response(status)
            self.send_header("x-amzn-errortype", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    runtime.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield runtime
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
