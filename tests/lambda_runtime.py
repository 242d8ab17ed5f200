"""Lambda on this computer: AWS's own runtime client, and the Runtime API that it asks for events.

The API is version 2018-06-01 ("Using the Lambda runtime API" in the Lambda Developer Guide).
"""

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

from typing_extensions import override

_ROOT = Path(__file__).resolve().parents[1]
_ARN = "arn:aws:lambda:us-east-1:111111111111:function:assist"
_DEADLINE_S = 60.0


class LambdaFailedError(Exception):
    """What the function raised, or why it did not start."""


class LambdaFunction:
    """One process of a function; events go in one after the other."""

    def __init__(self, deadline_s: float = _DEADLINE_S) -> None:
        """`deadline_s`: how long each event may take, as the function is told."""
        self.deadline_s = deadline_s
        self._events: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self._answers: queue.Queue[tuple[bool, Any]] = queue.Queue()
        self._turn = threading.Lock()

    def invoke(self, event: Mapping[str, Any], timeout_s: float = _DEADLINE_S) -> Any:
        """The function's answer.

        Raises:
            LambdaFailedError: it raised something.
            queue.Empty: it did not answer in time.
        """
        with self._turn:
            self._events.put((str(uuid4()), json.dumps(event).encode()))
            fine, answer = self._answers.get(timeout=timeout_s)
        if not fine:
            raise LambdaFailedError(answer)
        return answer

    def api(self) -> type[BaseHTTPRequestHandler]:
        """The Runtime API's routes."""
        function = self

        class Api(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                request, event = function._events.get()
                self.send_response(200)
                self.send_header("Lambda-Runtime-Aws-Request-Id", request)
                deadline = int((time.time() + function.deadline_s) * 1000)
                self.send_header("Lambda-Runtime-Deadline-Ms", str(deadline))
                self.send_header("Lambda-Runtime-Invoked-Function-Arn", _ARN)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(event)))
                self.end_headers()
                self.wfile.write(event)

            def do_POST(self) -> None:
                said = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                function._answers.put((self.path.endswith("/response"), json.loads(said)))
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            @override
            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Api


@contextmanager
def on_lambda(
    handler: str,
    environment: Mapping[str, str],
    output: Path,
    deadline_s: float = _DEADLINE_S,
) -> Iterator[LambdaFunction]:
    """A function while the block lasts: `bot.handlers.worker.lambda_handler`; its log in a file."""
    function = LambdaFunction(deadline_s)
    server = ThreadingHTTPServer(("127.0.0.1", 0), function.api())
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    own = {
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}",
        "AWS_LAMBDA_FUNCTION_NAME": "assist",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_LOG_GROUP_NAME": "group",
        "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
        "AWS_REGION": "us-east-1",
        "LAMBDA_TASK_ROOT": str(_ROOT),
        "_HANDLER": handler,
        "TZ": ":UTC",
        "PATH": os.defpath,
        "HOME": str(output.parent),
    }
    with output.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", handler],
            cwd=_ROOT,
            env={**own, **environment},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield function
        finally:
            process.kill()
            process.wait()
            server.shutdown()
            server.server_close()
