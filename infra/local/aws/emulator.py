"""Everything behind the door of one emulated AWS, put together."""

import hmac
import json
import logging
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.core.request import Request
from moto.core.utils import get_service_model
from moto.moto_api._internal import mock_random
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Response

from infra.local import story
from infra.local.account import Account
from infra.local.aws import authority, repairs, roles, seeding
from infra.local.aws.automation import Automation
from infra.local.aws.calls import Call
from infra.local.aws.config import Config
from infra.local.aws.door import Door, Plugin
from infra.local.aws.evaluation import Evaluation
from infra.local.aws.holdings import Holdings
from infra.local.aws.principals import Key, Keys, Principal, hub, owner
from infra.local.aws.recorder import Recorder
from infra.local.aws.security_hub import SecurityHub
from infra.local.aws.state import state
from infra.local.aws.sts import SecurityTokens
from integrations.aws import AwsSession

_LOG = logging.getLogger(__name__)
REGION = "us-east-1"
"""Of accounts that the story does not know."""
_READS = ("Describe", "Get", "List", "Select", "BatchGet", "Head", "Simulate")
_FIRST = ("sts", "ssm", "ec2", "s3", "iam", "securityhub", "config")
_SEED = 20_251
"""Of the ids that the specification does not name: the same story gives the same accounts."""


@dataclass(frozen=True, slots=True)
class _Tenant:
    """As the order names it."""

    id: str
    accounts: Sequence[str]
    external_id: str


class _Quiet(WSGIRequestHandler):
    """Keeps connections open, and writes no line per request."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


class Emulator:
    """The accounts, the door to them, and what we answer ourselves."""

    def __init__(self, order: Mapping[str, Any]) -> None:
        """`order`: see `server.EmulatedAws`, which writes it."""
        self._order = order
        self._now = datetime.fromisoformat(order["now"])
        self._tenants = [_Tenant(**tenant) for tenant in order["tenants"]]
        self._keys = Keys(_clock)
        self._keys.add(_permanent(order["hub"], hub()))
        for account, key in order["owners"].items():
            self._keys.add(_permanent(key, owner(account)))
        self._holdings: dict[str, Holdings] = {}
        self._recorders: dict[str, Recorder] = {}
        self._evaluations: dict[str, Evaluation] = {}
        self._hub = SecurityHub(_clock, lambda account: self._evaluations[account].refresh())
        self._url = ""
        self._door = Door(
            self._keys,
            authority.authorise,
            self._plugins(),
            changed=self._changed,
            inside={"/_emulated/state": self._inside(self._state)},
        )

    def _plugins(self) -> dict[tuple[str, str], Plugin]:
        tokens = SecurityTokens(self._keys, _clock)
        return {
            **tokens.plugins(),
            **Automation(tokens, self._keys, lambda: self._url).plugins(),
            **Config(self._recorders, self._evaluations, _clock).plugins(),
            **self._hub.plugins(),
        }

    def fill(self) -> None:
        """Create the tenants' accounts: their two roles, and what the story says."""
        repairs.apply()
        mock_random.seed(_SEED)
        estates = () if self._order["empty"] else story.estates(self._now)
        told = {account.id: account for estate in estates for account in estate.accounts}
        for tenant in self._tenants:
            for account in tenant.accounts:
                self._fill(tenant, told.get(account) or Account(account, REGION, self._now))
        for estate in estates:
            for finding in estate.security_hub:
                self._hub.seed(finding["AwsAccountId"], [finding])
        for account, holdings in self._holdings.items():
            self._evaluations[account] = Evaluation(holdings, self._hub.of(account), _clock)

    def _fill(self, tenant: _Tenant, spec: Account) -> None:
        holdings = self._holdings[spec.id] = Holdings(spec.id, spec.region)
        seeding.seed(holdings, spec)
        if spec.items:
            seeding.watch(holdings)
        roles.create(holdings, tenant.external_id, self._order["remediation_actions"])
        self._recorders[spec.id] = Recorder(holdings, spec.items, _clock)

    def serve_on(self, listening: socket.socket) -> BaseWSGIServer:
        """A server on a socket that listens already."""
        host, port = listening.getsockname()
        self._url = f"http://{host}:{port}"
        return make_server(
            host, port, self._door, threaded=True, request_handler=_Quiet, fd=listening.fileno()
        )

    def warm(self) -> None:
        """Read the descriptions of the services that a fix asks first, before one does."""
        for service in _FIRST:
            get_service_model(service)
        key = self._order["hub"]
        AwsSession(
            access_key=key["access_key_id"],
            secret_key=key["secret_access_key"],
            token=None,
            region=REGION,
            endpoint_url=self._url,
        ).client("ec2")

    def _changed(self, call: Call) -> None:
        """Whatever was called may have changed its account; looking again costs little."""
        if call.account in self._recorders and not call.operation.startswith(_READS):
            self._recorders[call.account].stale = True
            self._evaluations[call.account].stale = True

    def _inside(self, answer: Callable[[Request], Any]) -> Callable[[Request], Response]:
        """For the starter only: it knows the pass."""

        def answered(request: Request) -> Response:
            if not hmac.compare_digest(request.headers.get("x-pass", ""), self._order["pass"]):
                return Response("not the starter", 403)
            try:
                told = json.dumps(answer(request))
            except Exception:  # noqa: BLE001 - a door: the starter sees a status, the log the fault
                _LOG.exception("path=<%s> | fault", request.path)
                return Response("fault", 500)
            return Response(told, content_type="application/json")

        return answered

    def _state(self, request: Request) -> Mapping[str, Any]:
        holdings = self._holdings[request.args["account"]]
        return state(holdings.account, holdings.region)


def _clock() -> datetime:
    return datetime.now(UTC)


def _permanent(key: Mapping[str, str], principal: Principal) -> Key:
    return Key(id=key["access_key_id"], secret=key["secret_access_key"], principal=principal)
