"""What a worker says of a question to the runtime that answers it: signed, so that it is believed.

    v1.<base64url of a JSON object>.<hex HMAC-SHA256 of the two before>

The channel decided whose data may be read, in the worker; the runtime learns it from here and from
nowhere else. The signature is checked before anything is parsed. Whoever may call the runtime but
has no key can ask nothing.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from agent.answer_events import Failing
from integrations.conversations.session import EVERY_TENANT, ThreadKey

LONGEST: Final = 1_000_000
"""Characters of an envelope: a question beside 10,000 tenants needs 400,000."""

_VERSION: Final = "v1"


class RefusedEnvelopeError(Exception):
    """An envelope is not opened; carries the name of the reason, and nothing of its content."""

    def __init__(self, code: Failing) -> None:
        super().__init__(str(code))
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One question, and whose data its answer may read."""

    request: str
    """The question's own id: the same again is the same question, and is answered once."""
    thread: ThreadKey
    tenants: tuple[str, ...]
    """Ids of those that the turn is about, the most important first; never empty."""
    operator: bool
    foreign: tuple[str, ...]
    """Ids of those that it has nothing to do with."""
    focus: tuple[str, ...]
    asked_by: str
    canonical: bool
    text: str
    expires_at: float
    """Seconds since the epoch."""


def sealed(envelope: Envelope, key: str) -> str:
    """The envelope as it travels; `key` is known to the worker and the runtime only."""
    body = json.dumps(msgspec.to_builtins(envelope), separators=(",", ":")).encode()
    signed = f"{_VERSION}.{base64.urlsafe_b64encode(body).decode()}"
    return f"{signed}.{_mac(signed, key)}"


def opened(text: object, keys: Sequence[str], session_id: str | None, now: float) -> Envelope:
    """What is in an envelope.

    Args:
        text: As it came.
        keys: Those that count; several while one takes another's place.
        session_id: Of the session that it came to.
        now: Seconds since the epoch.

    Raises:
        RefusedEnvelopeError: not signed with any of the keys, expired, or another session's.
    """
    envelope = _believed(text, keys)
    if envelope.expires_at <= now:
        raise RefusedEnvelopeError(Failing.EXPIRED)
    if session_id != envelope.thread.session_id:
        raise RefusedEnvelopeError(Failing.SESSION)
    whose = EVERY_TENANT if envelope.operator else envelope.tenants[0]
    if envelope.thread.tenant != whose or not (envelope.operator or len(envelope.tenants) == 1):
        raise RefusedEnvelopeError(Failing.TENANT)
    return envelope


def _believed(text: object, keys: Sequence[str]) -> Envelope:
    if not isinstance(text, str) or len(text) > LONGEST or not text.isascii():
        raise RefusedEnvelopeError(Failing.ENVELOPE)
    signed, _, mac = text.rpartition(".")
    matches = [hmac.compare_digest(mac, _mac(signed, key)) for key in keys if key]
    version, _, body = signed.partition(".")
    if not any(matches) or version != _VERSION:
        raise RefusedEnvelopeError(Failing.ENVELOPE)
    try:
        fields = json.loads(base64.b64decode(body, altchars=b"-_", validate=True))
        envelope = msgspec.convert(fields, Envelope)
    except (ValueError, binascii.Error, msgspec.MsgspecError) as error:
        raise RefusedEnvelopeError(Failing.ENVELOPE) from error
    if not envelope.tenants or not envelope.request:
        raise RefusedEnvelopeError(Failing.ENVELOPE)
    return envelope


def _mac(signed: str, key: str) -> str:
    return hmac.new(key.encode(), signed.encode(), hashlib.sha256).hexdigest()
