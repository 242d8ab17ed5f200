"""Everything behind the door of one emulated AWS, put together."""

import hmac
import json
import logging
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.core.request import Request
from moto.moto_api._internal import mock_random
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Response

from infra.local import story
from infra.local.account import Account
from infra.local.aws import authority, repairs, roles, seeding
from infra.local.aws.automation import Automation
from infra.local.aws.calls import Call
from infra.local.aws.door import Door
from infra.local.aws.holdings import Holdings
from infra.local.aws.principals import Key, Keys, Principal, hub, owner
from infra.local.aws.state import state
from infra.local.aws.sts import SecurityTokens

_LOG = logging.getLogger(__name__)
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
        self._tokens = SecurityTokens(self._keys, _clock)
        self._keys.add(_permanent(order["hub"], hub()))
        for account, key in order["owners"].items():
            self._keys.add(_permanent(key, owner(account)))
        self._url = ""
        self._automation = Automation(self._tokens, self._keys, lambda: self._url)
        self._holdings: dict[str, Holdings] = {}
        self._door = Door(
            self._keys,
            authority.authorise,
            {**self._tokens.plugins(), **self._automation.plugins()},
            changed=self._changed,
            inside={"/_emulated/state": self._inside(self._state)},
        )

    def fill(self) -> None:
        """Create the tenants' accounts: their two roles, and what the story says."""
        repairs.apply()
        mock_random.seed(_SEED)
        told = {} if self._order["empty"] else self._told()
        for tenant in self._tenants:
            for account in tenant.accounts:
                spec = told.get(account)
                holdings = Holdings(account, spec.region if spec else "us-east-1")
                self._holdings[account] = holdings
                if spec:
                    seeding.seed(holdings, spec)
                roles.create(holdings, tenant.external_id, self._order["remediation_actions"])

    def serve_on(self, listening: socket.socket) -> BaseWSGIServer:
        """A server on a socket that listens already."""
        host, port = listening.getsockname()
        self._url = f"http://{host}:{port}"
        return make_server(
            host, port, self._door, threaded=True, request_handler=_Quiet, fd=listening.fileno()
        )

    def _told(self) -> dict[str, Account]:
        estates = story.estates(self._now)
        return {account.id: account for estate in estates for account in estate.accounts}

    def _changed(self, call: Call) -> None:
        pass

    def _inside(self, answer: Any) -> Any:
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
