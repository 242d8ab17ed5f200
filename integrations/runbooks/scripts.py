"""Runs the script of an `aws:executeScript` step in a process of its own, within limits."""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3

from integrations.aws import ATTEMPTS, endpoint_of
from integrations.runbooks.failures import CancelledError, StepFailedError
from integrations.runbooks.interception import Ledger
from integrations.runbooks.permissions import iam_action

LONGEST_S = 600.0
"""How long a script may run: "aws:executeScript" in the AWS Systems Manager User Guide."""
MAX_PAYLOAD_BYTES = 100 * 1024
"""What a script may return, from the same page."""
MAX_ANSWER_BYTES = 2 * 1024 * 1024
"""Everything the process may say: the payload, and in a plan the calls."""
MAX_REQUEST_BYTES = 2 * 1024 * 1024
MEMORY_BYTES = 1024 * 1024 * 1024
FILE_BYTES = 16 * 1024 * 1024
_LOOK_S = 0.1
_CHILD = Path(__file__).with_name("script_child.py")
_ROOT = _CHILD.parents[2]
_HTTPS = 443


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One script and what it is called with."""

    step: str
    text: str
    handler: str
    payload: Mapping[str, Any]
    context: Mapping[str, Any]
    timeout_s: float


def run_script(
    script: Script,
    session: boto3.Session,
    ledger: Ledger | None,
    cancelled: Callable[[], bool],
) -> Any:
    """What the script's function returns, as JSON has it.

    With a ledger the script's calls pass it, as any step's do.

    Raises:
        StepFailedError: it raised, took too long or too much, or returned what is not JSON.
        CancelledError: the execution was asked to stop; the process is gone.
    """
    seconds = min(script.timeout_s, LONGEST_S)
    request = json.dumps(_request(script, session, ledger, seconds), default=str).encode()
    if len(request) > MAX_REQUEST_BYTES:
        raise StepFailedError("the script and its InputPayload are too long")
    answer = _answer_of(_in_process(request, _environment(session), seconds, cancelled))
    if ledger is not None and "plan" in answer:
        ledger.take_over(answer["plan"])
    if "error" in answer:
        raise _failed(answer["error"])
    if len(json.dumps(answer["value"])) > MAX_PAYLOAD_BYTES:
        raise StepFailedError(f"the script returned more than {MAX_PAYLOAD_BYTES // 1024} KB")
    return answer["value"]


def _request(
    script: Script, session: boto3.Session, ledger: Ledger | None, seconds: float
) -> dict[str, Any]:
    credentials = session.get_credentials()
    frozen = credentials.get_frozen_credentials() if credentials else None
    return {
        "step": script.step,
        "script": script.text,
        "handler": script.handler,
        "payload": script.payload,
        "context": script.context,
        "credentials": {
            "access_key": frozen.access_key if frozen else None,
            "secret_key": frozen.secret_key if frozen else None,
            "token": frozen.token if frozen else None,
        },
        "one_host": endpoint_of(session) is not None,
        # Isolated Python looks nowhere by itself; the script may import what we can.
        "path": [entry for entry in sys.path if entry] + [str(_ROOT)],
        "walls": {"readable": _readable(), **_only_aws(session)},
        "limits": {
            "CPU": int(seconds) + 1,
            "AS": MEMORY_BYTES,
            "FSIZE": FILE_BYTES,
            "CORE": 0,
        },
        "plan": ledger.exported() if ledger is not None else None,
    }


def _readable() -> list[str]:
    """Folders of code. A checkout is not one as a whole: somebody's state may be in it."""
    alone = not (_ROOT / "botocore").is_dir()
    known = {Path(entry).resolve() for entry in sys.path if entry}
    code = {entry for entry in known if not (alone and _ROOT.resolve().is_relative_to(entry))}
    return sorted(map(str, {*code, _ROOT / "integrations", Path(sys.base_prefix).resolve()}))


def _only_aws(session: boto3.Session) -> dict[str, Any]:
    """Where connections may go."""
    endpoint = urlsplit(endpoint_of(session) or "")
    port = endpoint.port or (80 if endpoint.scheme == "http" else _HTTPS)
    host = endpoint.hostname or ""
    # Connections are seen with addresses: a name, such as localhost, cannot be compared.
    return {"port": port, "host": host if host.replace(".", "").isdigit() else ""}


def _environment(session: boto3.Session) -> dict[str, str]:
    """All that the process has for an environment: where to call, and nothing to log in with."""
    nowhere = os.devnull
    environment = {
        "AWS_CONFIG_FILE": nowhere,
        "AWS_SHARED_CREDENTIALS_FILE": nowhere,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_RETRY_MODE": "standard",
        "AWS_MAX_ATTEMPTS": str(ATTEMPTS),
        "AWS_REGION": session.region_name,
        "AWS_DEFAULT_REGION": session.region_name,
    }
    if endpoint := endpoint_of(session):
        environment["AWS_ENDPOINT_URL"] = endpoint
    return environment


def _in_process(
    request: bytes,
    environment: Mapping[str, str],
    seconds: float,
    cancelled: Callable[[], bool],
) -> bytes:
    """The process's answer as it came; empty when it ended without one."""
    with tempfile.TemporaryDirectory(prefix="script-") as folder:
        process = subprocess.Popen(  # noqa: S603 - our own file, by our own Python
            [sys.executable, "-I", "-S", "-X", "utf8", str(_CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(environment),
            cwd=folder,
            start_new_session=True,
        )
        try:
            return _exchanged(process, request, time.monotonic() + seconds, cancelled)
        finally:
            # It leads its own group, so that nothing it may have started stays behind.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()


def _exchanged(
    process: subprocess.Popen[bytes],
    request: bytes,
    until: float,
    cancelled: Callable[[], bool],
) -> bytes:
    """Write the request and read the answer, whichever the process is ready for."""
    if process.stdin is None or process.stdout is None:
        raise StepFailedError("the script's process has no pipes")
    os.set_blocking(process.stdin.fileno(), False)
    left, said = memoryview(request), bytearray()
    with selectors.DefaultSelector() as ready:
        ready.register(process.stdin, selectors.EVENT_WRITE)
        ready.register(process.stdout, selectors.EVENT_READ)
        while True:
            if cancelled():
                raise CancelledError
            if time.monotonic() > until:
                raise StepFailedError("the script took too long", timed_out=True)
            for key, _ in ready.select(_LOOK_S):
                if key.fileobj is process.stdin:
                    left = _written(key.fd, left)
                    if not left:
                        ready.unregister(process.stdin)
                        process.stdin.close()
                    continue
                piece = os.read(key.fd, 65_536)
                if not piece:
                    return bytes(said)
                said += piece
                if len(said) > MAX_ANSWER_BYTES:
                    raise StepFailedError("the script returned too much")


def _written(pipe: int, left: memoryview) -> memoryview:
    """What is left to write; nothing when the process no longer reads."""
    try:
        return left[os.write(pipe, left) :]
    except BrokenPipeError:
        return left[:0]


def _answer_of(said: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(said)
    except (ValueError, RecursionError) as error:
        raise StepFailedError(
            "the script's process ended without an answer; it used up its memory or its CPU time,"
            " or ended itself"
        ) from error
    return dict(answer)


def _failed(error: Mapping[str, Any]) -> StepFailedError:
    line = f" (line {error['line']} of the script)" if error["line"] else ""
    operation = error.get("operation", "")
    return StepFailedError(
        f"{error['message']}{line}",
        code=error.get("code", ""),
        action=iam_action(error.get("service", ""), operation) if operation else "",
    )
