"""A way to a server that can be broken: down, slow, corrupt, or cut in the middle of an answer."""

import contextlib
import random
import socket
import struct
import threading
import time

SLOW_S = 10.0
_AT_ONCE = 65_536
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of no time: closing resets."""

FAULTS = ("down", "slow", "corrupt", "cut")


class FaultyWire:
    """Passes bytes between its own port and a server's; `fault` names what goes wrong meanwhile.

    down      every connection is reset
    slow      what is asked is answered 10 s later
    corrupt   every answer has other bytes in its middle
    cut       every answer ends in its middle
    """

    def __init__(self, port: int, seed: int = 1) -> None:
        """Before the server at that port of 127.0.0.1."""
        self.fault = ""
        self._to = port
        self._draw = random.Random(seed)
        self._open: set[socket.socket] = set()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def breaks(self, fault: str) -> None:
        """From now on; open connections are of the world before, and end."""
        self.fault = fault
        for one in list(self._open):
            _reset(one)

    def close(self) -> None:
        """Listen no more."""
        self._listening.close()
        self.breaks("down")

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                if self.fault == "down":
                    _reset(client)
                    continue
                server = socket.create_connection(("127.0.0.1", self._to))
                self._open |= {client, server}
                for args in ((client, server, False), (server, client, True)):
                    threading.Thread(target=self._pass, args=args, daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, answers: bool) -> None:  # noqa: FBT001 - a thread's
        with contextlib.suppress(OSError):
            while came := source.recv(_AT_ONCE):
                fault = self.fault if answers else ""
                if fault == "slow":
                    time.sleep(SLOW_S)
                middle = len(came) // 2
                if fault == "cut":
                    target.sendall(came[:middle])
                    break
                if fault == "corrupt":
                    came = came[:middle] + self._draw.randbytes(8) + came[middle + 8 :]
                target.sendall(came)
        for one in (source, target):
            _reset(one)
            self._open.discard(one)


def _reset(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        one.shutdown(socket.SHUT_RDWR)
    one.close()
