"""Bulk requests: documents that are bytes already, each with a condition and its own outcome.

Facts: OpenSearch's documentation of the bulk API and of `filter_path`. Of what succeeded only the
status is asked for: an answer for 500 documents is some kilobytes and keeps every item's place.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson

from integrations.findings.opensearch_calls import Calls

DONE: Final = range(200, 300)
CONFLICT: Final = 409
"""Somebody else wrote the document since it was read, or made it first."""
_KEPT: Final = "errors,items.*.status,items.*.error.type,items.*.error.reason"


class Write(NamedTuple):
    """One document and what is to be done with it."""

    action: bytes
    """The line before the document."""
    document: tuple[bytes | memoryview, ...]
    """The document in parts, none of which holds a line end: they meet in the request alone, as
    copying each of them once more takes as long as all else that is done for it here."""


class Outcome(NamedTuple):
    """What became of one write."""

    status: int
    reason: str
    """Empty where it was done."""


def action(kind: str, index: str, doc_id: str, **more: str | int) -> bytes:
    """The line of `create`, `index` or `update`."""
    return orjson.dumps({kind: {"_index": index, "_id": doc_id, **more}})


def send(calls: Calls, writes: Sequence[Write], **params: str) -> list[Outcome]:
    """One request; an outcome for each write, in order.

    Raises:
        UnavailableError: the cluster is busy, away, or does not let us in.
    """
    parts: list[bytes | memoryview] = []
    for line, document in writes:
        parts += (line, b"\n", *document, b"\n")
    answer = calls.ask("POST", "/_bulk", b"".join(parts), filter_path=_KEPT, **params)
    return [_outcome(item) for item in answer["items"]]


def _outcome(item: Mapping[str, Mapping[str, Any]]) -> Outcome:
    (told,) = item.values()
    error = told.get("error")
    if not error:
        return Outcome(told["status"], "")
    return Outcome(told["status"], f"{error.get('type')}: {str(error.get('reason'))[:300]}")
