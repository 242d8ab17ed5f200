"""The emulated AWS as its starter sees it: a process of one's own, ended with its starter.

The process holds nothing but what the demo's story says, on 127.0.0.1, and writes no file.
"""

import json
import secrets
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

from infra.local.aws.settings import environment
from integrations.errors import SecurityAssistError
from integrations.tenants.port import Tenant

_STOP_S = 5.0
_CALL_S = 60.0
_ROOT = Path(__file__).parents[3]


class EmulatedAwsError(SecurityAssistError):
    """The emulated AWS did not start, or has ended."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Fake credentials that open the door of one emulated AWS and no other."""

    access_key_id: str
    secret_access_key: str = field(repr=False)


def _fake(word: str) -> Credentials:
    """An id of 20 characters that says what it is, and a secret drawn now."""
    return Credentials(f"FAKE{word}".ljust(20, "0"), f"fake-secret-{secrets.token_hex(16)}")


class EmulatedAws:
    """The accounts of some tenants in a child process: a context manager.

    `start` returns at once and `url` waits for the port only, so that the rest of a program starts
    meanwhile; calls that come before the accounts are filled wait. All threads may use it.
    """

    def __init__(
        self,
        tenants: Sequence[Tenant],
        now: datetime,
        *,
        remediation_actions: Sequence[str] = (),
        empty: bool = False,
    ) -> None:
        """What to emulate.

        Args:
            tenants: Their accounts, and the ExternalIds that their roles ask for.
            now: The story's time (aware UTC): the same that the findings were written for.
            remediation_actions: IAM actions of SecurityAssistRemediation, `ec2:Revoke...`.
            empty: Accounts without the story's resources: only the two roles.
        """
        self.hub_credentials = _fake("HUB")
        self._owners = {a: _fake(f"OWNR{a}") for t in tenants for a in t.accounts}
        self._pass = secrets.token_hex(16)
        self._order = {
            "now": now.isoformat(),
            "empty": empty,
            "remediation_actions": list(remediation_actions),
            "tenants": [
                {"id": t.id, "accounts": t.accounts, "external_id": t.external_id} for t in tenants
            ],
            "hub": asdict(self.hub_credentials),
            "owners": {account: asdict(key) for account, key in self._owners.items()},
            "pass": self._pass,
        }
        self._child: subprocess.Popen[str] | None = None
        self._told: dict[str, Any] = {}
        self._reading = threading.Lock()

    def start(self) -> Self:
        """Start the process; returns before it is ready. Nothing when it runs already."""
        if self._child is None:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "infra.local.aws.process"],
                cwd=_ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment(),
                text=True,
            )
            if self._child.stdin is not None:
                self._child.stdin.write(json.dumps(self._order) + "\n")
                self._child.stdin.flush()
        return self

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`, the endpoint of every service.

        Raises:
            EmulatedAwsError: the process was not started, or ended before it had a port.
        """
        return f"http://127.0.0.1:{self._said('port')}"

    def wait(self) -> Mapping[str, Any]:
        """Wait until the accounts are filled; the seconds that each part took, by name.

        Raises:
            EmulatedAwsError: the process ended before that.
        """
        took: Mapping[str, Any] = self._said("ready")
        return took

    def owner_credentials(self, account: str) -> Credentials:
        """An account's root user: to change things as its owner would, outside every runbook."""
        return self._owners[account]

    def state(self, account: str) -> Mapping[str, Any]:
        """Everything that an account holds: a path for each value, the same when nothing changed.

        Findings and executions are left out: they tell about the account.
        """
        return self._inside("state", account=account)

    def stop(self) -> None:
        """End the process; nothing when it has ended."""
        if self._child is None:
            return
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._child.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait(_STOP_S)
        self._child = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _said(self, what: str) -> Any:
        """What the process has told, a line of JSON at a time; waits for it."""
        with self._reading:
            while what not in self._told:
                if self._child is None or self._child.stdout is None:
                    raise EmulatedAwsError("the emulated AWS is not running")
                line = self._child.stdout.readline()
                if not line:
                    raise EmulatedAwsError("the emulated AWS ended while it was starting")
                self._told |= json.loads(line)
            return self._told[what]

    def _inside(self, what: str, **asked: str) -> Mapping[str, Any]:
        connection = HTTPConnection("127.0.0.1", int(self._said("port")), timeout=_CALL_S)
        try:
            connection.request(
                "POST", f"/_emulated/{what}?{urlencode(asked)}", headers={"x-pass": self._pass}
            )
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, HTTPException) as error:
            raise EmulatedAwsError(f"the emulated AWS did not answer ({what})") from error
        finally:
            connection.close()
        if answer.status != 200:
            raise EmulatedAwsError(f"the emulated AWS answered {answer.status} to {what}")
        found: Mapping[str, Any] = json.loads(body)
        return found
