"""Threads' short-term memory in DynamoDB.

    pk          sk                 beside
    session id  head               version, focus, touched, expires, body | packed | parts
    session id  part/<write>/0003  body, expires

A thread is one item, written on the condition of its version; a long one is compressed. An item is
at most 400 kB (Developer Guide, "Quotas in Amazon DynamoDB"), so what is longer even so is cut into
parts, which are written first under a name that nobody else uses; the head that names them decides.
Parts that no head names are read by nobody, and expire.
"""

import json
import math
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

from typing_extensions import override

from integrations.conversations.port import EMPTY, Conversation, ConversationStore
from integrations.conversations.session import sessions_of
from integrations.dynamodb import (
    LONGEST_PARTITION_KEY,
    Item,
    RefusedWriteError,
    Tables,
    Write,
    is_key,
    packed,
    unpacked,
)
from integrations.dynamodb_tables import CONVERSATIONS
from integrations.errors import DamagedError, StaleWriteError, UnavailableError

KEPT_S = 90 * 86_400.0
"""After so long untouched DynamoDB may delete a thread by itself; `forget` is what is relied on."""

_PARTS_LONGER_S = 30 * 86_400
"""Parts outlive their head by so much: DynamoDB deletes in any order, and some days late."""

_PART = 350_000
_HEAD = "head"
_STALE = "another answer in this thread was saved meanwhile"


class DynamoConversationStore(ConversationStore):
    """One item a thread, in parts where it is long; one object serves all threads of a process."""

    def __init__(self, tables: Tables, clock: Callable[[], float]) -> None:
        """The tables are there already; `clock` gives seconds since the epoch."""
        self._tables = tables
        self._clock = clock

    @override
    def load(self, session_id: str) -> Conversation:
        for _ in self._tables.tries("a conversation"):
            head = self._tables.get(CONVERSATIONS, session_id, _HEAD)
            if head is None:
                return EMPTY
            body = self._joined(head) if head["parts"] else unpacked(head)
            if body is not None:
                told = tuple(json.loads(body))
                return Conversation(told, tuple(json.loads(head["focus"])), head["version"])
            # Its parts went while they were read: there is a newer one.
        raise UnavailableError("a conversation was saved all the while; try again")

    @override
    def save(
        self,
        session_id: str,
        messages: Sequence[dict[str, Any]],
        focus: Sequence[str],
        version: int,
    ) -> None:
        if not is_key(session_id, LONGEST_PARTITION_KEY):
            raise StaleWriteError("that is no session's id")
        before = self._tables.get(CONVERSATIONS, session_id, _HEAD)
        if (before["version"] if before else 0) != version:
            raise StaleWriteError(_STALE)
        now = self._clock()
        head: Item = {
            "pk": session_id,
            "sk": _HEAD,
            "version": version + 1,
            "focus": json.dumps(list(focus)),
            "touched": now,
            "expires": int(now + KEPT_S),
            "parts": 0,
        }
        body = packed(json.dumps(list(messages)).encode())
        (name, data), *_ = body.items()
        parts = [data[start : start + _PART] for start in range(0, len(data), _PART)]
        if len(parts) > 1:
            head |= {"parts": len(parts), "name": uuid4().hex, "as": name}
            self._write_parts(head, parts)
        else:
            head |= body
        try:
            self._tables.write(_on_version(head, version))
        except RefusedWriteError:
            self._drop_parts(head)
            raise StaleWriteError(_STALE) from None
        if before:
            self._drop_parts(before)

    @override
    def forget(self, older_than_s: float) -> int:
        before = self._clock() - older_than_s
        if not math.isfinite(before):
            return 0
        gone = 0
        old = self._tables.scan(
            CONVERSATIONS, "#sk = :head AND #touched < :before", {"head": _HEAD, "before": before}
        )
        for head in old:
            try:
                self._tables.write(
                    Write(
                        kind="Delete",
                        table=CONVERSATIONS,
                        item={"pk": head["pk"], "sk": _HEAD},
                        condition="#version = :version",
                        values={"version": head["version"]},
                    )
                )
            except RefusedWriteError:
                continue  # It was touched meanwhile.
            gone += 1
            self._drop_parts(head)
        return gone

    @override
    def erase(self, tenant_id: str) -> int:
        gone = 0
        own = self._tables.scan(
            CONVERSATIONS, "begins_with(#pk, :begins)", {"begins": sessions_of(tenant_id)}
        )
        for item in own:
            # Parts that no head names go too.
            key = {"pk": item["pk"], "sk": item["sk"]}
            self._tables.write(Write(kind="Delete", table=CONVERSATIONS, item=key))
            gone += item["sk"] == _HEAD
        return gone

    def _write_parts(self, head: Item, parts: Sequence[bytes]) -> None:
        for place, part in enumerate(parts):
            item: Item = {"pk": head["pk"], "sk": _part(head, place), "body": part}
            item["expires"] = head["expires"] + _PARTS_LONGER_S
            self._tables.write(Write(kind="Put", table=CONVERSATIONS, item=item))

    def _joined(self, head: Item) -> bytes | None:
        """None when not all parts are there."""
        parts = list(self._tables.query(CONVERSATIONS, head["pk"], begins=_part(head)))
        if len(parts) != head["parts"]:
            if self._tables.get(CONVERSATIONS, head["pk"], _HEAD) == head:
                raise DamagedError("a part of a conversation is missing; begin a new thread")
            return None
        return unpacked({head["as"]: b"".join(part["body"] for part in parts)})

    def _drop_parts(self, head: Item) -> None:
        for place in range(head["parts"]):
            item = {"pk": head["pk"], "sk": _part(head, place)}
            self._tables.write(Write(kind="Delete", table=CONVERSATIONS, item=item))

    def close(self) -> None:
        """Nothing is held open."""


def _part(head: Item, place: int | None = None) -> str:
    number = "" if place is None else f"{place:04d}"
    return f"part/{head['name']}/{number}"


def _on_version(head: Item, version: int) -> Write:
    if version == 0:
        return Write(
            kind="Put", table=CONVERSATIONS, item=head, condition="attribute_not_exists(#pk)"
        )
    return Write(
        kind="Put",
        table=CONVERSATIONS,
        item=head,
        condition="#version = :version",
        values={"version": version},
    )
