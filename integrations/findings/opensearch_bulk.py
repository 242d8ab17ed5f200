"""Bulk requests: documents that are bytes already, each with a condition and its own outcome.

Facts: OpenSearch's documentation of the bulk API and of `filter_path`. Of what succeeded only the
status is asked for: an answer for 500 documents is some kilobytes and keeps every item's place.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Any, Final, NamedTuple

import orjson

from integrations.findings.opensearch_calls import Calls

DONE: Final = range(200, 300)
REFUSED: Final = frozenset({400, 413})
"""What is wrong with the document itself. All other statuses are of the moment or of the cluster:
409 and 404 (somebody else wrote, made or deleted it since it was read), 429 and 503 (busy), 403 (no
writes, as the disk is full, or no right to it). Then a good finding is as good as it was.
"""
_LARGEST: Final = 8_000_000
"""Bytes of one request: an instance of OpenSearch Service up to size `large` takes 10 MiB ("Amazon
OpenSearch Service quotas", network limits), whatever the number of documents."""
_KEPT: Final = "errors,items.*.status,items.*.error.type,items.*.error.reason"


Write = tuple[bytes | memoryview, ...]
"""One document and what is to be done with it, in the parts of its two lines: they meet in the
request alone, as copying each of them once more takes as long as all else that is done for it."""


class Outcome(NamedTuple):
    """What became of one write."""

    status: int
    reason: str
    """Empty where it was done."""


def action(kind: str, index: str, doc_id: str, **more: str | int) -> bytes:
    """The line of `create`, `index` or `update`, with its end."""
    told = {kind: {"_index": index, "_id": doc_id, **more}}
    return orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)


def write(line: bytes, *document: bytes | memoryview) -> Write:
    """A document in parts, none of which holds a line end, after its line of `action`."""
    return line, *document, b"\n"


def send(calls: Calls, writes: Sequence[Write], **params: str) -> list[Outcome]:
    """One request, or more where they are large; an outcome for each write, in order.

    Raises:
        UnavailableError: the cluster is busy, away, or does not let us in.
    """
    body = b"".join(chain.from_iterable(writes))
    # Looked at when it is made: to add up the sizes of the parts before takes a tenth of the rest.
    if len(body) > _LARGEST and len(writes) > 1:
        half = len(writes) // 2
        return send(calls, writes[:half], **params) + send(calls, writes[half:], **params)
    items = calls.ask("POST", "/_bulk", body, filter_path=_KEPT, **params)["items"]
    return [
        _refused(told) if told.get("error") else _done(told["status"])
        for item in items
        for told in item.values()
    ]


def _refused(told: Mapping[str, Any]) -> Outcome:
    error = told["error"]
    return Outcome(told["status"], f"{error.get('type')}: {str(error.get('reason'))[:300]}")


@cache
def _done(status: int) -> Outcome:
    """Of what went well there is one outcome for each status: to make one takes 0.3 us."""
    return Outcome(status, "")
