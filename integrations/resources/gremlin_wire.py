"""One websocket to a Gremlin engine: GraphBinary there and back, one request after another.

Of gremlinpython this takes the traversals and the serialisers, and not its driver: that one logs
whole messages, names and tags included, when a server refuses them, and sends each request through
two other threads. What is sent is the "bytecode" request of Apache TinkerPop's provider
documentation ("Graph Driver Provider Requirements"), in GraphBinary 1.0.
"""

import asyncio
import struct
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
from gremlin_python.driver.request import RequestMessage
from gremlin_python.driver.serializer import GraphBinarySerializersV1
from gremlin_python.process.traversal import Bytecode, Direction, T
from gremlin_python.structure.io.graphbinaryV1 import GraphBinaryWriter

from integrations.resources.gremlin_rows import Batch

CONNECT_S = 10.0
_GOODBYE_S = 1.0
"""How long a websocket's end is waited for: one that is given up may lead nowhere."""
ANSWER_S = 130.0
"""A little longer than a query may take at the engine: Neptune's default is 120 s."""
_LARGEST = 256 * 1024 * 1024
"""Bytes of one message; answers come in parts of some dozen results."""
_DONE, _NOTHING, _PART = 200, 204, 206
_MOST_31, _LEAST_31 = 2**31 - 1, -(2**31)

_head = struct.Struct(">BBi").pack
_int = struct.Struct(">BBi").pack
_long = struct.Struct(">BBq").pack
_double = struct.Struct(">BBd").pack
_INT, _LONG, _STRING, _DOUBLE, _LIST, _MAP = 0x01, 0x02, 0x03, 0x07, 0x09, 0x0A
_TRUE, _FALSE, _NULL = b"\x27\x00\x01", b"\x27\x00\x00", b"\xfe\x01"


class RefusedError(Exception):
    """The engine answered that it will not; `code` is TinkerPop's status, `said` its words."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(f"status {code}")
        self.code = code
        self.said = said


class LostError(Exception):
    """The connection was lost, or never made; nobody knows whether the request was run."""


class SlowError(Exception):
    """No answer in time; the request may still be running."""


class Wire:
    """A websocket; used by one thread at a time."""

    def __init__(
        self, url: str, source: str, headers: Mapping[str, str], answer_s: float = ANSWER_S
    ) -> None:
        """Connect to `url` and ask its traversal source called `source`.

        Raises:
            LostError: nobody answers there, or the handshake is refused.
        """
        self._source = source
        self._answer_s = answer_s
        self._loop = asyncio.new_event_loop()
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._serializer = GraphBinarySerializersV1(writer=_WRITER)
        try:
            self._loop.run_until_complete(self._connect(url, headers))
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            self.close()
            raise LostError(_why(error)) from error

    async def _connect(self, url: str, headers: Mapping[str, str]) -> None:
        self._session = aiohttp.ClientSession()
        async with asyncio.timeout(CONNECT_S):
            self._socket = await self._session.ws_connect(
                url,
                headers=dict(headers),
                max_msg_size=_LARGEST,
                timeout=aiohttp.ClientWSTimeout(ws_close=_GOODBYE_S),
            )

    def ask(self, bytecode: Bytecode) -> list[Any]:
        """Run a traversal to its end; gremlinpython's traversers.

        Raises:
            RefusedError: the engine will not.
            LostError: the connection went; make another.
            SlowError: no answer in time; make another.
        """
        args = {"gremlin": bytecode, "aliases": {"g": self._source}}
        request = RequestMessage(processor="traversal", op="bytecode", args=args)
        message = self._serializer.serialize_message(str(uuid.uuid4()), request)
        try:
            return self._loop.run_until_complete(self._exchange(message))
        except TimeoutError as error:
            raise SlowError(f"no answer within {self._answer_s:.0f} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise LostError(_why(error)) from error

    async def _exchange(self, message: bytes) -> list[Any]:
        if self._socket is None or self._socket.closed:
            raise LostError("the connection is closed")
        found: list[Any] = []
        async with asyncio.timeout(self._answer_s):
            await self._socket.send_bytes(message)
            while True:
                received = await self._socket.receive()
                if received.type is not aiohttp.WSMsgType.BINARY:
                    raise LostError("the connection was closed by the other side")
                answer = self._serializer.deserialize_message(received.data)
                code = answer["status"]["code"]
                if code not in {_DONE, _NOTHING, _PART}:
                    raise RefusedError(code, answer["status"]["message"] or "")
                found += answer["result"]["data"] or ()
                if code != _PART:
                    return found

    def close(self) -> None:
        """Let go of the connection."""
        if not self._loop.is_closed():
            self._loop.run_until_complete(self._close())
            self._loop.close()

    async def _close(self) -> None:
        if self._socket is not None:
            await self._socket.close()
        if self._session is not None:
            await self._session.close()


def _why(error: BaseException) -> str:
    """Without what the other side sent: a refused handshake is told with its headers otherwise."""
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return f"the handshake was refused with HTTP {error.status}"
    if isinstance(error, TimeoutError):
        return f"no connection within {CONNECT_S:.0f} s"
    return type(error).__name__


class _BatchIO:
    """A batch of rows as GraphBinary's list of maps, written in one go.

    gremlinpython's own writer takes about 2 us for each key and value, this one a tenth of it.
    """

    @classmethod
    def dictify(
        cls,
        batch: Batch,
        writer: GraphBinaryWriter,
        to_extend: bytearray,
        as_value: bool = False,  # noqa: FBT001, FBT002 - gremlinpython's signature
        nullable: bool = True,  # noqa: FBT001, FBT002 - gremlinpython's signature
    ) -> bytearray:
        """Append the batch to what is sent."""
        del writer, as_value, nullable
        parts: list[bytes] = []
        _write(batch.rows, parts.append)
        to_extend += b"".join(parts)
        return to_extend


class _TextIO:
    """A text; half a surrogate pair in it is no text: spelled out it is, and finds nothing."""

    @classmethod
    def dictify(
        cls,
        text: str,
        writer: GraphBinaryWriter,
        to_extend: bytearray,
        as_value: bool = False,  # noqa: FBT001, FBT002 - gremlinpython's signature
        nullable: bool = True,  # noqa: FBT001, FBT002 - gremlinpython's signature
    ) -> bytearray:
        """Append the text to what is sent."""
        del writer
        data = text.encode("utf-8", "backslashreplace")
        if not as_value:
            to_extend.append(_STRING)
        if nullable:
            to_extend.append(0)
        to_extend += len(data).to_bytes(4)
        to_extend += data
        return to_extend


_WRITER = GraphBinaryWriter({Batch: _BatchIO, str: _TextIO})


def _write(value: Any, add: Any) -> None:  # noqa: C901 - one plain case per kind of value
    """A value of a row, with its type before it (GraphBinary 1.0, "Data Type Codes")."""
    kind = type(value)
    if kind is str:
        data = value.encode("utf-8", "backslashreplace")
        add(_head(_STRING, 0, len(data)))
        add(data)
    elif kind is dict:
        add(_head(_MAP, 0, len(value)))
        for key, item in value.items():
            known = _KEYS.get(key)
            add(known if known is not None else _key(key))
            if type(item) is str:
                data = item.encode("utf-8", "backslashreplace")
                add(_head(_STRING, 0, len(data)))
                add(data)
            else:
                _write(item, add)
    elif kind is list or kind is tuple:
        _write_list(value, add)
    elif value is True:
        add(_TRUE)
    elif value is False:
        add(_FALSE)
    elif isinstance(value, int):
        # gremlinpython's `long` is an int too, whatever its size: it stays one.
        small = kind is int and _LEAST_31 <= value <= _MOST_31
        add(_int(_INT, 0, value) if small else _long(_LONG, 0, value))
    elif kind is float:
        add(_double(_DOUBLE, 0, value))
    elif value is None:
        add(_NULL)
    else:
        raise TypeError(f"a row cannot hold {kind.__name__}")


def _write_list(values: Sequence[Any], add: Any) -> None:
    add(_head(_LIST, 0, len(values)))
    for value in values:
        _write(value, add)


_KEYS: dict[Any, bytes] = {}
"""Keys that were written once: property names of our own, T and Direction; never data."""


def _key(key: Any) -> bytes:
    if not isinstance(key, str | T | Direction):
        raise TypeError(f"a map's key must be a name, not {type(key).__name__}")
    written = bytearray()
    _WRITER.to_dict(key, written)
    _KEYS[key] = bytes(written)
    return _KEYS[key]
