"""A loopback Bedrock Runtime: ConverseStream as AWS event-stream frames, for the real client.

The frame's layout is that of the AWS event stream encoding (prelude, headers, payload, two CRCs).
"""

import json
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import override

from tests.loopback_http import Quiet, serving

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

    class Handler(Quiet):
        @override
        def serve(self) -> None:
            request = json.loads(self.sent())
            runtime.requests.append(request)
            reply = runtime.answer(request)
            if isinstance(reply, int):
                kind = "ThrottlingException" if reply == 429 else "InternalServerException"
                said = json.dumps({"message": "refused on purpose"}).encode()
                self.answer(reply, said, x_amzn_errortype=kind)
                return
            body = b"".join(frame(event, payload) for event, payload in reply)
            self.answer(200, body, "application/vnd.amazon.eventstream")

    with serving(Handler) as url:
        runtime.url = url
        yield runtime
