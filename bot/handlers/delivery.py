"""A verified delivery on its way through the queue: its thread, its name, and its bytes as a job.

The queue's message is a job as `integrations/work` knows it: `id`, `group` and `body`. The body is
the envelope below, with the signed bytes untouched, so that Bolt can verify them again. Shapes: the
Events API envelope, `block_actions` and `url_verification` as documented at docs.slack.dev.
"""

from __future__ import annotations

import binascii
import hashlib
import json
import urllib.parse
from json.encoder import encode_basestring_ascii as quoted

from bot.handlers.parsing import parsed
from bot.handlers.verifying import FORM, Refused, Signed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PREFIX = "slack/delivery/"
"""What the ids of these jobs begin with."""

_MOST_NAME = 200
_MOST_CHALLENGE = 512
_FIELDS = 20
_ENVELOPE = (
    '{"timestamp": "%s", "signature": "%s", "content_type": "%s", "received_at": %r, "body": "%s"}'
)
_JOB = quoted(f'{{"id": %s, "group": %s, "body": {quoted(_ENVELOPE)}}}')
"""Quoted ahead, with its quoted envelope: what goes into that is digits, hexadecimal digits, one of
two media types and base64, of which nothing is to be quoted. To quote all of that twice took 16 us
of a delivery."""


class Addressed:
    """A delivery as the queue takes it: both names are digested before SQS sees them."""

    __slots__ = ("group", "id")

    def __init__(self, id: str, group: str) -> None:  # noqa: A002 - the job's own word
        """`id` is what a redelivery shares: Slack's `event_id`, or a click's `trigger_id`.

        `group` is whose order is kept: team, channel and thread.
        """
        self.id = id
        self.group = group


def content(signed: Signed) -> dict[str, Any]:
    """What is in a delivery: an event's envelope, an interaction's payload, or a form's fields.

    Call it with verified bytes only.

    Raises:
        Refused: it is not of a shape that Slack sends.
    """
    length = len(signed.body)
    try:
        said = signed.body
        if signed.content_type == FORM:
            fields = urllib.parse.parse_qsl(said.decode(), max_num_fields=_FIELDS)
            form: dict[str, Any] = dict(fields)
            if "payload" not in form:
                return form
            said = form["payload"].encode()
        found = parsed(said)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "malformed", length) from error
    if not isinstance(found, dict):
        raise Refused(400, "malformed", length)
    return found


def challenge(document: dict[str, Any], length: int) -> str:
    """What `url_verification` wants back: a word of visible ASCII, so that nothing else is said.

    Raises:
        Refused: it is no such word.
    """
    asked = document.get("challenge")
    fine = isinstance(asked, str) and 0 < len(asked) <= _MOST_CHALLENGE and asked.isascii()
    if not isinstance(asked, str) or not fine or not asked.isprintable() or " " in asked:
        raise Refused(400, "challenge", length)
    return asked


def addressed(signed: Signed, document: dict[str, Any]) -> Addressed:
    """The name and the thread; what has no thread is in a group of its own."""
    event = document.get("event")
    thread = _of_event(document, event) if isinstance(event, dict) else _of_click(document)
    named = _text(document, "event_id") or _text(document, "trigger_id")
    if named and thread:
        return Addressed(f"{PREFIX}{named}", f"slack/{thread}")
    base = b"v0:" + signed.timestamp.encode() + b":" + signed.body
    own = PREFIX + hashlib.sha256(base).hexdigest()
    return Addressed(f"{PREFIX}{named}" if named else own, f"slack/{thread}" if thread else own)


def job(where: Addressed, signed: Signed) -> str:
    """The queue's message, quoted: a string of JSON in ASCII, as the request's body holds it.

    SQS takes neither control characters nor broken UTF-8, so that the body is in base64.
    """
    return _JOB % (
        quoted(quoted(where.id))[1:-1],
        quoted(quoted(where.group))[1:-1],
        signed.timestamp,
        signed.signature,
        signed.content_type,
        signed.received_at,
        binascii.b2a_base64(signed.body, newline=False).decode("ascii"),
    )


def unpacked(body: str) -> Signed:
    """What `job` put into a job's body.

    Raises:
        ValueError: it is not one of ours.
    """
    told = json.loads(body)
    try:
        return Signed(
            timestamp=str(told["timestamp"]),
            signature=str(told["signature"]),
            content_type=str(told["content_type"]),
            body=binascii.a2b_base64(told["body"], strict_mode=True),
            received_at=float(told["received_at"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError("this is no envelope of a delivery") from error


def _of_event(document: dict[str, Any], event: dict[str, Any]) -> str:
    root = _text(event, "thread_ts") or _text(event, "ts")
    return _joined(_text(document, "team_id"), _text(event, "channel"), root)


def _of_click(document: dict[str, Any]) -> str:
    """A click belongs to the thread of the message that it was made on."""
    container, message = _mapping(document, "container"), _mapping(document, "message")
    team = _text(_mapping(document, "team"), "id")
    channel = _text(_mapping(document, "channel"), "id") or _text(container, "channel_id")
    root = _text(message, "thread_ts") or _text(container, "thread_ts")
    return _joined(team, channel, root or _text(container, "message_ts"))


def _joined(team: str, channel: str, root: str) -> str:
    return f"{team}/{channel}/{root}" if team and channel and root else ""


def _mapping(of: dict[str, Any], name: str) -> dict[str, Any]:
    value = of.get(name)
    return value if isinstance(value, dict) else {}


def _text(of: dict[str, Any], name: str) -> str:
    value = of.get(name)
    return value if isinstance(value, str) and len(value) <= _MOST_NAME else ""
