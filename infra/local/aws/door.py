"""The way in: authenticate, authorise, and only then let the call do anything."""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from moto.core.request import Request
from werkzeug.wrappers import Response

from infra.local.aws import moto_services, refusals, signatures
from infra.local.aws.calls import Call, Protocol, operation_of, protocol_of, service_of
from infra.local.aws.principals import Key, Keys
from infra.local.aws.refusals import Answer, AwsError

_LOG = logging.getLogger(__name__)
Plugin = Callable[[Call], Answer]


class Door:
    """A WSGI application. One call at a time acts on the accounts: moto's state has no locks."""

    def __init__(
        self,
        keys: Keys,
        authorise: Callable[[Call], None],
        plugins: Mapping[tuple[str, str], Plugin],
        *,
        changed: Callable[[Call], None],
        inside: Mapping[str, Callable[[Request], Response]],
    ) -> None:
        """Collaborators.

        Args:
            keys: Who may come in.
            authorise: Raises AwsError when the caller may not.
            plugins: What we answer ourselves, by service and operation.
            changed: Told of every call that was answered well.
            inside: Paths that are no AWS, for the one who started the process.
        """
        self._keys = keys
        self._authorise = authorise
        self._plugins = plugins
        self._changed = changed
        self._inside = inside
        self.lock = threading.RLock()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        request = Request(environ)
        own = self._inside.get(request.path)
        if own is not None:
            with self.lock:
                return own(request)(environ, start_response)
        status, headers, body = self._answer(request)
        return Response(body, status, headers)(environ, start_response)

    def _answer(self, request: Request) -> Answer:
        request.get_data(cache=True)  # before the form is parsed: the signature covers the bytes
        signed = signatures.read(request.headers.get("Authorization", ""))
        service = service_of(signed.service if signed else "s3", request)
        protocol = protocol_of(service, request)
        try:
            key = self._known(signed, service, protocol, request)
            region = signed.region if signed else ""
            operation, parameters = operation_of(service, protocol, request)
            call = Call(
                service=service,
                operation=operation,
                region=region,
                protocol=protocol,
                parameters=parameters,
                principal=key.principal,
                request=request,
            )
            return self._act(call)
        except AwsError as error:
            return refusals.as_answer(error, service, protocol)
        except Exception:  # noqa: BLE001 - the door: a fault is answered as AWS answers its own
            _LOG.exception("service=<%s> method=<%s> | fault", service, request.method)
            fault = AwsError("InternalFailure", "the emulated AWS failed", 500)
            return refusals.as_answer(fault, service, protocol)

    def _act(self, call: Call) -> Answer:
        with self.lock:
            self._authorise(call)
            plugin = self._plugins.get((call.service, call.operation), moto_services.dispatch)
            answer = plugin(call)
            if answer[0] < 400:
                self._changed(call)
            return answer

    def _known(
        self, signed: signatures.Signed | None, service: str, protocol: Protocol, request: Request
    ) -> Key:
        if signed is None:
            said = "The request is not signed with Signature Version 4."
            code = "AccessDenied" if service == "s3" else "MissingAuthenticationToken"
            raise AwsError(code, said, 403)
        key = self._keys.find(signed.key_id)
        if key is None or request.headers.get("x-amz-security-token", "") != key.token:
            raise refusals.unknown_credentials(service, protocol)
        if not signatures.is_right(signed, key.secret, request):
            raise refusals.wrong_signature(protocol)
        if self._keys.is_over(key):
            raise refusals.expired(service, protocol)
        return key
