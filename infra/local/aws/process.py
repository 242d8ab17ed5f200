"""The process of the emulated AWS: `python -m infra.local.aws.process`, started by `server.py`.

It reads its order from a line on stdin, tells its port and then that it is ready on stdout, and
ends when stdin does: however its starter ends, that closes the pipe.
"""

import json
import os
import socket
import sys
import threading
import time
from typing import Any

_LOOK_S = 2.0
_BACKLOG = 128


def main() -> None:
    """Serve until the starter is gone."""
    order = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    listening = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
    _tell(port=listening.getsockname()[1])
    began = time.monotonic()
    # Late: the port is told first, and moto is told what to leave out before it is imported.
    from infra.local.aws import moto_services  # noqa: PLC0415 - see above

    moto_services.prepare()
    from infra.local.aws.emulator import Emulator  # noqa: PLC0415 - see above

    imported = time.monotonic()
    emulator = Emulator(order)
    emulator.fill()
    filled = time.monotonic()
    server = emulator.serve_on(listening)
    _tell(ready={"import_s": imported - began, "fill_s": filled - imported})
    threading.Thread(target=emulator.warm, daemon=True).start()
    server.serve_forever()


def _tell(**what: Any) -> None:
    print(json.dumps(what), flush=True)  # noqa: T201 - the starter reads it


def _end_with(parent: int) -> None:
    """End when the pipe from the starter does, or when this process is somebody else's child.

    The second catches a starter whose own child still holds the pipe open.
    """
    threading.Thread(target=_end_with_pipe, daemon=True).start()
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    os._exit(0)


def _end_with_pipe() -> None:
    while sys.stdin.readline():
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
