"""Slack's door on Lambda beside the usual stack: Bolt's adapter, boto3 and Powertools.

`python -m tests.bench.ingress` is the queue of it: it prints its port, says that it has every
message, and ends when its input does.
"""

import gc
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from typing_extensions import override

from tests.lambda_slack import PATH, SECRET, delivered, mention

_RUNS, _ROUNDS, _EVENTS = 11, 9, 150
_REQUEST = 2_900
"""Bytes that a message of ours is in the request to the queue."""

_USUAL = """
import boto3
from aws_lambda_powertools import Logger, Metrics
from slack_bolt import App
from slack_bolt.adapter.aws_lambda import SlackRequestHandler
"""
_READY = """
Logger(service="ingress"); Metrics(namespace="assist", service="ingress")
SlackRequestHandler(App(signing_secret="s", authorize=lambda: None, process_before_response=True))
boto3.client("sqs", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
"""
_OURS = """
import time
from bot.handlers.rotating import fixed
from bot.handlers.settings import AwsKeys
from bot.handlers.sqs_sender import SqsSender
url = "https://sqs.us-east-1.amazonaws.com/111111111111/assist.fifo"
sender = SqsSender(url, "us-east-1", AwsKeys("a", "b", "c"), time.time)
bot.handlers.slack_ingress.SlackIngress(fixed("s"), "/slack/events", sender, time.time, print)
"""


def run() -> Iterator[str]:
    """Imports in fresh processes, then events in this one, by turns with the rival's."""
    yield from _cold()
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.ingress"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as sink:
        assert sink.stdout is not None
        port = int(sink.stdout.readline())
        try:
            yield from _warm(f"http://127.0.0.1:{port}")
        finally:
            sink.terminate()


def _cold() -> Iterator[str]:
    cases = {
        "bare Python": "pass",
        "import bot.handlers.slack_ingress": "import bot.handlers.slack_ingress",
        "ours, imported and made ready": "import bot.handlers.slack_ingress" + _OURS,
        "import Bolt's adapter, boto3, Powertools": _USUAL,
        "the same, and made ready": _USUAL + _READY,
    }
    wall: dict[str, list[float]] = {name: [] for name in cases}
    spent: dict[str, list[float]] = {name: [] for name in cases}
    with tempfile.TemporaryDirectory() as compiled:
        for run_number in range(_RUNS + 1):
            for name, code in cases.items():
                clock, cpu = _fresh(code, compiled)
                if run_number:  # the first one compiles: what is deployed is compiled
                    wall[name].append(clock)
                    spent[name].append(cpu)
    bare, bare_cpu = (statistics.median(x["bare Python"]) for x in (wall, spent))
    over = {
        n: (statistics.median(wall[n]) - bare, statistics.median(spent[n]) - bare_cpu)
        for n in cases
    }
    for name, (more, cpu) in over.items():
        yield f"{name:<42} {more:+7.1f} ms, {cpu:+7.1f} ms of CPU over bare ({bare:.0f} ms)"
    _, *figures = over.values()
    for what, ours, usual in zip(("imported", "ready"), figures[:2], figures[2:], strict=True):
        clock, cpu = usual[0] / ours[0], usual[1] / ours[1]
        yield f"{what}: ours / theirs 1/{clock:.1f} by the clock, 1/{cpu:.1f} of CPU"


def _fresh(code: str, compiled: str) -> tuple[float, float]:
    """Milliseconds of a new process, by the clock and of processor; its bytecode is in a folder."""
    # Set here alone: ours, the rival's and Python's own are all read from there.
    env = {**os.environ, "PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""}  # noqa: TID251
    began = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-c", code], env=env)
    _, status, usage = os.wait4(child.pid, 0)
    clock = (time.perf_counter() - began) * 1000
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, code
    return clock, (usage.ru_utime + usage.ru_stime) * 1000


def _warm(url: str) -> Iterator[str]:
    queue = f"{url}/111111111111/assist.fifo"
    receivers = {"ours": _ours(queue), "theirs": _theirs(url, queue), "floor": _floor(url)}
    took: dict[str, list[float]] = {name: [] for name in receivers}
    gc.freeze()
    numbers = iter(range(10**9))
    for _ in range(_ROUNDS):
        for name, receive in receivers.items():
            stamp = str(int(time.time()))
            events = [delivered(_event(next(numbers)), stamp=stamp) for _ in range(_EVENTS)]
            began = time.process_time()
            for event in events:
                receive(event)
            took[name].append((time.process_time() - began) / _EVENTS * 1e6)
    mine, rival, floor = (statistics.median(took[name]) for name in receivers)
    least = {name: min(samples) for name, samples in took.items()}
    yield (
        f"an event of {len(_event(1)):,} bytes into the queue, CPU: ours {mine:.0f} us, "
        f"Bolt's adapter and boto3 {rival:.0f} us: {rival / mine:.1f} times"
    )
    yield f"as many bytes sent, and the answer read, by nobody: {floor:.0f} us"
    yield "the least of all rounds: " + ", ".join(f"{n} {us:.0f} us" for n, us in least.items())


def _event(number: int) -> bytes:
    return mention(f"Ev{number}", ts=f"{1_795_000_000 + number}.000100", blocks="x" * 1_500)


def _ours(queue: str) -> Callable[[dict[str, Any]], None]:
    from bot.handlers.rotating import fixed  # noqa: PLC0415 - what is imported is measured above
    from bot.handlers.settings import AwsKeys  # noqa: PLC0415
    from bot.handlers.slack_ingress import SlackIngress  # noqa: PLC0415
    from bot.handlers.sqs_sender import SqsSender  # noqa: PLC0415

    keys = AwsKeys("AKIDEXAMPLE", "not-a-secret", "not-a-token")
    sender = SqsSender(queue, "us-east-1", keys, time.time)
    ingress = SlackIngress(fixed(SECRET), PATH, sender, time.time, sys.stderr.write)

    def receive(event: dict[str, Any]) -> None:
        assert ingress.receive(event)["statusCode"] == 200

    return receive


def _theirs(url: str, queue: str) -> Callable[[dict[str, Any]], None]:
    import boto3  # noqa: PLC0415 - the rival's
    from slack_bolt import App  # noqa: PLC0415
    from slack_bolt.adapter.aws_lambda import SlackRequestHandler  # noqa: PLC0415

    from bot.slack.app import Installation, installed  # noqa: PLC0415

    sqs = boto3.client(
        "sqs",
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="not-a-secret",
        aws_session_token="not-a-token",
    )
    one = Installation(team_id="T1", bot_token="xoxb-no", bot_user_id="UB")
    authorize: Any = installed([one])
    app = App(signing_secret=SECRET, authorize=authorize, process_before_response=True)

    @app.event("app_mention")
    def said(body: dict[str, Any]) -> None:
        sqs.send_message(
            QueueUrl=queue,
            MessageBody=str(body),
            MessageGroupId="a",
            MessageDeduplicationId=body["event_id"],
        )

    handle: Callable[..., dict[str, Any]] = SlackRequestHandler(app).handle

    class Context:
        function_name = invoked_function_arn = "assist"

    def receive(event: dict[str, Any]) -> None:
        assert handle(event, Context())["statusCode"] == 200

    return receive


def _floor(url: str) -> Callable[[dict[str, Any]], None]:
    """What no door can do without: a request of that size on a connection, and its answer."""
    told = urlsplit(url)
    wire = socket.create_connection((told.hostname, told.port), 10)
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    wire.settimeout(None)
    head = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n" % _REQUEST
    request = head + b"Authorization: %s\r\n\r\n" % (b"x" * 350) + b"x" * _REQUEST

    def receive(_: dict[str, Any]) -> None:
        wire.sendall(request)
        assert wire.recv(65_536).startswith(b"HTTP/1.1 200")

    return receive


class _Queue(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        said = b'{"MessageId": "1"}'
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    @override
    def log_message(self, *_: object) -> None:
        """Nothing."""


def main() -> None:
    """Serve on a free port of loopback until the input ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Queue)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
