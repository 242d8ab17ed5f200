"""A Gremlin engine that answers as it is told, for what a real one cannot be made to do.

It speaks TinkerPop's websocket protocol in GraphBinary 1.0, and remembers what was asked.
"""

import asyncio
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web


@dataclass(frozen=True)
class Says:
    """An answer: a status, its words, and texts as results."""

    code: int = 200
    words: str = ""
    results: Sequence[str] = ()


HANGS_UP, STAYS_SILENT = "hangs up", "stays silent"


@dataclass
class Engine:
    """What it will do with one request after the other, and what it met."""

    acts: list[Says | str] = field(default_factory=list)
    url: str = ""
    handshakes: list[Mapping[str, str]] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    turns_away: int = 0
    """How many handshakes it refuses with 403."""

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.handshakes.append(dict(request.headers))
        if self.turns_away:
            self.turns_away -= 1
            return web.Response(status=403, text="a secret")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type is not WSMsgType.BINARY:
                break
            self.requests.append(message.data)
            act = self.acts.pop(0) if self.acts else Says()
            if act == HANGS_UP:
                break
            if isinstance(act, Says):
                await socket.send_bytes(_written(message.data, act))
        await socket.close()
        return socket


def _written(request: bytes, says: Says) -> bytes:
    name = request[0]
    # After the serialiser's name: the version, then the request's id.
    identity = request[1 + name + 1 : 1 + name + 17]
    words = says.words.encode()
    # Each result is a traverser, of bulk 1.
    once = b"\x21\x00" + struct.pack(">q", 1) + b"\x03\x00"
    texts = b"".join(once + struct.pack(">i", len(t)) + t.encode() for t in says.results)
    return b"".join(
        (
            b"\x81\x00",
            identity,
            struct.pack(">i", says.code),
            b"\x00" + struct.pack(">i", len(words)) + words,
            struct.pack(">ii", 0, 0),
            b"\x09\x00" + struct.pack(">i", len(says.results)) + texts,
        )
    )


@contextmanager
def engine(*acts: Says | str, turns_away: int = 0) -> Iterator[Engine]:
    """It serves on a port of its own until the end of the block."""
    told = Engine(list(acts), turns_away=turns_away)
    loop = asyncio.new_event_loop()
    application = web.Application()
    application.router.add_get("/gremlin", told.serve)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    loop.run_until_complete(runner.setup())
    site = web.TCPSite(runner, "127.0.0.1", 0)
    loop.run_until_complete(site.start())
    told.url = f"ws://127.0.0.1:{runner.addresses[0][1]}/gremlin"
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield told
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
