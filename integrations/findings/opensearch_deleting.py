"""Findings deleted by what they are, where the cluster can do so and where it cannot.

Facts: OpenSearch's documentation of delete by query, `search_after` and `seq_no_primary_term`.
Serverless has no delete by query ("Supported operations and plugins" in its developer guide), so
there they are listed and deleted in bulk.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from integrations.errors import UnavailableError
from integrations.findings.opensearch_bulk import DONE, action, send
from integrations.findings.opensearch_calls import ATTEMPTS, Calls
from integrations.findings.opensearch_index import OURS

_DELETING_S: Final = 300
"""Deleting all of a tenant takes longer than an answer is waited for otherwise."""
_AT_ONCE: Final = 1_000
_NOT_THERE: Final = 404
_ONE_BY_ONE: Final = ({f"{OURS}.uid": "asc"}, {f"{OURS}.tenant": "asc"})


def delete(calls: Calls, indexes: Sequence[str], query: Mapping[str, Any]) -> int:
    """Let the cluster delete what a query finds; how many there were.

    What somebody writes meanwhile stands; the query is asked again, which it may not answer to now.

    Raises:
        UnavailableError: some are there still; the same call may be made again.
    """
    path = f"/{','.join(indexes)}/_delete_by_query"
    params: dict[str, str | int] = {"conflicts": "proceed", "refresh": "true"}
    params["request_timeout"] = _DELETING_S
    deleted = left = 0
    for attempt in range(ATTEMPTS):
        answer = calls.ask("POST", path, {"query": query}, **params)
        deleted += int(answer["deleted"])
        left = int(answer["version_conflicts"]) + len(answer["failures"])
        if not left:
            return deleted
        calls.wait(attempt)
    raise _unfinished(left)


def delete_listed(calls: Calls, indexes: Sequence[str], query: Mapping[str, Any]) -> int:
    """The same where the cluster cannot: what questions do not see yet is left.

    Raises:
        UnavailableError: some are there still; the same call may be made again.
    """
    # Questions go on seeing for some seconds what is deleted already.
    gone: set[tuple[str, str]] = set()
    left = 0
    for attempt in range(ATTEMPTS):
        left = 0
        for page in _pages(calls, indexes, query):
            hits = [hit for hit in page if (hit["_index"], hit["_id"]) not in gone]
            outcomes = send(calls, [(_deletion(hit),) for hit in hits]) if hits else []
            for hit, (status, _) in zip(hits, outcomes, strict=True):
                if status in DONE or status == _NOT_THERE:
                    gone.add((hit["_index"], hit["_id"]))
                else:
                    left += 1
        if not left:
            return len(gone)
        calls.wait(attempt)
    raise _unfinished(left)


def _pages(
    calls: Calls, indexes: Sequence[str], query: Mapping[str, Any]
) -> Iterator[list[dict[str, Any]]]:
    body: dict[str, Any] = {
        "query": query,
        "size": _AT_ONCE,
        "sort": _ONE_BY_ONE,
        "_source": False,
        "seq_no_primary_term": True,
        "track_total_hits": False,
    }
    while hits := calls.ask("POST", f"/{','.join(indexes)}/_search", body)["hits"]["hits"]:
        yield hits
        body["search_after"] = hits[-1]["sort"]


def _deletion(hit: Mapping[str, Any]) -> bytes:
    """On the condition that it is as it was found: it may have been opened again since."""
    return action(
        "delete",
        hit["_index"],
        hit["_id"],
        if_seq_no=hit["_seq_no"],
        if_primary_term=hit["_primary_term"],
    )


def _unfinished(left: int) -> UnavailableError:
    return UnavailableError(f"OpenSearch did not delete {left} findings in {ATTEMPTS} tries")
