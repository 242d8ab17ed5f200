"""Between the doors and a Gremlin engine: hands messages on, and tells what Neptune would ask IAM.

Which actions a query needs goes by its steps, whether they come to do anything or not ("Using query
actions in Neptune data-access policy statements", Neptune User Guide): reading for every step,
writing besides for those that add, deleting for those that drop; and a property that is set where
there may be one already takes both.
"""

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import WSMsgType, web

from tests.infra.recording import Called

READ, WRITE, DELETE = (
    Called(f"neptune-db:{verb}DataViaQuery") for verb in ("Read", "Write", "Delete")
)
_NEEDED = {
    b"addV": {WRITE},
    b"addE": {WRITE},
    b"mergeV": {WRITE},
    b"mergeE": {WRITE},
    b"property": {WRITE, DELETE},
    b"drop": {DELETE},
}
_STEP = re.compile(b"|".join(b"\0\0\0" + bytes([len(name)]) + name for name in _NEEDED))
"""A step's name as GraphBinary writes one: its length in four bytes, then its letters."""
_LARGEST = 64 * 1024 * 1024


@dataclass
class GraphRecorder:
    """Where it is, and what was done there."""

    url: str = ""
    calls: set[Called] = field(default_factory=set)

    def heard(self, request: bytes) -> None:
        """Take down what a request needs."""
        self.calls.add(READ)
        for found in _STEP.findall(request):
            self.calls |= _NEEDED[found[4:]]


@contextmanager
def recorded_graph(target: str) -> Iterator[GraphRecorder]:
    """Between whoever asks and an engine at `target`, while the block lasts."""
    recorder = GraphRecorder()

    async def passed_on(request: web.Request) -> web.StreamResponse:
        inside = web.WebSocketResponse(max_msg_size=_LARGEST)
        await inside.prepare(request)
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(target, max_msg_size=_LARGEST) as outside,
        ):

            async def back() -> None:
                async for message in outside:
                    if message.type is WSMsgType.BINARY:
                        await inside.send_bytes(message.data)

            answering = asyncio.create_task(back())
            async for message in inside:
                if message.type is WSMsgType.BINARY:
                    recorder.heard(message.data)
                    await outside.send_bytes(message.data)
            answering.cancel()
        return inside

    loop = asyncio.new_event_loop()
    application = web.Application()
    application.router.add_get("/gremlin", passed_on)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    loop.run_until_complete(runner.setup())
    loop.run_until_complete(web.TCPSite(runner, "127.0.0.1", 0).start())
    recorder.url = f"ws://127.0.0.1:{runner.addresses[0][1]}/gremlin"
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield recorder
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
