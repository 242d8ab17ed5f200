"""Findings in OpenSearch: a node of one's own, OpenSearch Service, or Serverless.

One document for each finding, changed in place: read, merged by the rules that every engine shares
(`standing`), and written only if nobody else wrote in between (`if_seq_no`), so that a late older
event never wins and a batch that is sent twice changes nothing. Facts: OpenSearch's documentation
of the bulk, multi-get and search APIs, and of optimistic concurrency control.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from opensearchpy import OpenSearch
from typing_extensions import override

from integrations.errors import (
    NotFoundError,
    PartlyRejectedError,
    UnavailableError,
)
from integrations.findings import opensearch_questions as questions
from integrations.findings.opensearch_bulk import DONE, REFUSED, Write, action, send, write
from integrations.findings.opensearch_calls import ATTEMPTS, Calls
from integrations.findings.opensearch_changes import Change, changes_of, uncollected
from integrations.findings.opensearch_cluster import Cluster, client_of
from integrations.findings.opensearch_deleting import delete, delete_listed
from integrations.findings.opensearch_documents import (
    Place,
    document_of,
    event_of,
    finding_of,
    fingerprint,
    id_of,
    single_line,
    standing_of,
    told_anew,
    told_of,
)
from integrations.findings.opensearch_index import OURS, index_of, template_of
from integrations.findings.port import (
    Breakdown,
    DayCount,
    Dimension,
    Filter,
    Finding,
    FindingClass,
    FindingStore,
    Order,
    SourceAge,
    StoredFinding,
    Tally,
    Written,
)
from integrations.findings.standing import Standing
from integrations.versioned import Versioned

_IN_ONE_REQUEST: Final = 500
"""Documents; of 5 kB each they are half a request of the size that is advised (5 to 15 MB)."""


class OpenSearchFindings:
    """Every tenant's findings of one cluster; hands out stores that are bound to one tenant."""

    def __init__(
        self,
        cluster: Cluster,
        client: OpenSearch | None = None,
        *,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Nothing is sent before the first question."""
        self._cluster = cluster
        self._client = client or client_of(cluster)
        self._calls = Calls(self._client, pause)

    def prepare(self) -> None:
        """Make the index templates and the indexes; those that are there stay as they are.

        Raises:
            UnavailableError: the cluster does not answer, or refuses.
        """
        c = self._cluster
        for cls in FindingClass:
            name = index_of(c.prefix, cls)
            template = template_of(
                c.prefix, cls, shards=c.shards, replicas=c.replicas, refresh_s=c.refresh_s
            )
            if c.serverless:
                template["template"]["mappings"].pop("_routing")
            self._calls.ask("PUT", f"/_index_template/{name}", template)
            if not self._client.indices.exists(index=name):
                self._calls.ask("PUT", f"/{name}")

    def settle(self) -> None:
        """Let questions see all that was written before; Serverless does so in its own time.

        Raises:
            UnavailableError: the cluster does not answer, or refuses.
        """
        if not self._cluster.serverless:
            names = ",".join(index_of(self._cluster.prefix, cls) for cls in FindingClass)
            self._calls.ask("POST", f"/{names}/_refresh")

    def about(self) -> str:
        """What answers: `opensearch 3.3.0`.

        Raises:
            UnavailableError: it does not answer, refuses, or lacks one of the indexes.
        """
        names = [index_of(self._cluster.prefix, cls) for cls in FindingClass]
        # Asked for what they hold, as an index that is not there is an error of its own.
        for name in names:
            self._calls.ask("GET", f"/{name}/_count")
        if self._cluster.serverless:
            return "OpenSearch Serverless"
        told = self._calls.ask("GET", "/")["version"]
        return f"{told.get('distribution', 'opensearch')} {told['number']}"

    def forget(self, tenant_id: str) -> int:
        """Delete a tenant's findings, as offboarding does; how many there were.

        Raises:
            UnavailableError: some are there still; the same call may be made again.
        """
        return self._delete(questions.of_tenant(tenant_id))

    def expire(self, closed_before: datetime) -> int:
        """Delete what left the open state before a moment; an open finding is never deleted.

        This is what a rollover policy is not: a finding that has been open for two years stands
        among those of today, and no policy by age may take it away.

        Raises:
            UnavailableError: some are there still; the same call may be made again.
        """
        return self._delete(questions.closed_before(closed_before))

    def _delete(self, query: Mapping[str, Any]) -> int:
        how = delete_listed if self._cluster.serverless else delete
        return how(self._calls, [index_of(self._cluster.prefix, c) for c in FindingClass], query)

    def of(self, tenant_id: str) -> "OpenSearchFindingStore":
        """One tenant's findings."""
        return OpenSearchFindingStore(self._calls, self._cluster, tenant_id)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


class OpenSearchFindingStore(FindingStore, Versioned):
    """One tenant's documents."""

    def __init__(self, calls: Calls, cluster: Cluster, tenant: str) -> None:
        """Bound to `tenant`: no query of this class is sent without it."""
        self._calls = calls
        self._tenant = tenant
        self._seen_at_once = -1 if cluster.serverless else cluster.seen_at_once
        self._indexes = {int(cls): index_of(cluster.prefix, cls) for cls in FindingClass}
        self._all = ",".join(self._indexes.values())
        self._routing: dict[str, str] = {} if cluster.serverless else {"routing": tenant}

    @override
    def upsert(self, events: Sequence[bytes]) -> Written:
        with uncollected():
            return self._upsert(events)

    def _upsert(self, events: Sequence[bytes]) -> Written:
        waiting = changes_of(self._tenant, events)
        refused: list[tuple[int, str]] = []
        seen = {"refresh": "true"} if len(events) <= self._seen_at_once else {}
        added = updated = 0
        for start in range(0, len(waiting), _IN_ONE_REQUEST):
            new, newer = self._write(waiting[start : start + _IN_ONE_REQUEST], seen, refused)
            added, updated = added + new, updated + newer
        if refused:
            raise PartlyRejectedError(sorted(refused))
        return Written(added=added, updated=updated, unchanged=len(events) - added - updated)

    def _write(
        self,
        changes: Sequence[Change],
        seen: Mapping[str, str],
        refused: list[tuple[int, str]],
    ) -> tuple[int, int]:
        """Read, merge and write until nobody else wrote in between; how many (added, updated)."""
        added = updated = 0
        left, why = list(changes), ""
        for attempt in range(ATTEMPTS):
            stored = self._stored(left)
            left = [c for c in left if c.merge(stored.get(c.doc_id))]
            if not left:
                return added, updated
            again = []
            outcomes = send(self._calls, [self._of(change) for change in left], **seen)
            for change, (status, reason) in zip(left, outcomes, strict=True):
                if status in DONE:
                    new = change.before is None
                    added, updated = added + new, updated + change.news - new
                elif status in REFUSED:
                    refused.extend((told.at, reason) for told in change.told)
                else:
                    # The kind of error alone: the rest of its words may be the finding's.
                    why = f" ({reason.partition(':')[0]}, status {status})"
                    again.append(change)
            left = again
            if not left:
                return added, updated
            self._calls.wait(attempt)
        raise UnavailableError(
            f"OpenSearch took {len(left)} findings in none of {ATTEMPTS} tries{why}"
        )

    def _stored(self, changes: Sequence[Change]) -> dict[str, Standing]:
        """What is known of them, wherever it is: a finding stays in the index it was first in."""
        asked: dict[str, list[str]] = {}
        for change in changes:
            index = self._indexes[change.told[0].indexed.cls]
            asked.setdefault(index, []).append(change.doc_id)
        found = self._read(asked)
        new = [c.doc_id for c in changes if c.doc_id not in found]
        return found | self._read(self._elsewhere(new)) if new else found

    def _read(self, asked: Mapping[str, Sequence[str]]) -> dict[str, Standing]:
        """Of each index these documents, as they are now; by id."""
        found: dict[str, Standing] = {}
        for index, ids in asked.items():
            answer = self._calls.ask(
                "POST",
                f"/{index}/_mget",
                {"ids": ids},
                _source=OURS,
                # Without the rest, what is not there leaves nothing to be read.
                filter_path="docs._id,docs._source,docs._seq_no,docs._primary_term,docs.found,"
                "docs.error.type",
                **self._routing,
            )
            for doc in answer["docs"]:
                if _is_there(doc):
                    found[doc["_id"]] = standing_of(index, doc)
        return found

    def _elsewhere(self, ids: Sequence[str]) -> dict[str, list[str]]:
        """Which of these documents stand in the index of another class, and in which.

        A search, as it answers what there is alone; nothing that was stored a moment ago changes
        its class at once.
        """
        query = {"bool": {"filter": [{"ids": {"values": ids}}]}}
        path = "hits.hits._index,hits.hits._id,_shards.failed,timed_out"
        body = {"query": query, "size": len(ids), "_source": False, "track_total_hits": False}
        answer = self._calls.ask(
            "POST", f"/{self._all}/_search", body, filter_path=path, **self._routing
        )
        placed: dict[str, list[str]] = {}
        for hit in answer.get("hits", {}).get("hits", ()):
            placed.setdefault(hit["_index"], []).append(hit["_id"])
        return placed

    def _of(self, change: Change) -> Write:
        """What is to be written, on the condition that it is as it was read."""
        after, latest = change.after, change.latest
        if after is not None:
            told = told_of(self._tenant, after)
        else:
            assert latest is not None  # noqa: S101 - merged before it is sent
            told = told_anew(self._tenant, latest.indexed, fingerprint(latest.event))
        event = single_line(latest.event, latest.reserved) if latest else b""
        if after is None or not isinstance(after.place, Place):
            index = self._indexes[
                change.told[0].indexed.cls if after is None else after.finding.cls
            ]
            line = action("create", index, change.doc_id, **self._routing)
            return write(line, *document_of(event, told))
        index, seq_no, primary_term = after.place
        kind = "index" if event else "update"
        line = action(
            kind,
            index,
            change.doc_id,
            if_seq_no=seq_no,
            if_primary_term=primary_term,
            **self._routing,
        )
        if event:
            return write(line, *document_of(event, told))
        return write(line, b'{"doc":{"%s":' % OURS.encode(), told, b"}}")

    def _search(self, query: Mapping[str, Any], **more: Any) -> Any:
        body = {"query": query, "size": 0, "track_total_hits": False, **more}
        # One tenant's questions go to one copy of its shard: what was seen once stays seen.
        params = {"preference": f"of-{self._tenant}", **self._routing}
        return self._calls.ask("POST", f"/{self._all}/_search", body, **params)

    @override
    def version(self) -> str:
        """See the port: the number of the last write to each index, and of documents.

        It is of what questions see, so a write that they do not see yet is not in it. Serverless
        spreads a tenant over shards, each of which numbers its own writes, so there it is empty.
        """
        if not self._routing:
            return ""
        query = questions.of_tenant(self._tenant)
        return questions.version_of(
            self._search(query, aggs=questions.LAST_WRITES, track_total_hits=True)
        )

    @override
    def count(self, where: Filter, by: Dimension) -> list[Tally]:
        query = questions.query_of(self._tenant, where)
        return questions.tallies_of(self._search(query, aggs=questions.count_by(by)), by)

    @override
    def search(
        self, where: Filter, order: Order = Order.WORST, limit: int = 50, offset: int = 0
    ) -> list[Finding]:
        answer = self._search(
            questions.query_of(self._tenant, where),
            size=max(0, limit),
            **{"from": offset},
            sort=questions.SORTS[order],
            _source=[OURS],
        )
        return [finding_of(hit["_source"][OURS]) for hit in answer["hits"]["hits"]]

    @override
    def top_resources(self, where: Filter, limit: int = 10) -> list[Breakdown]:
        return self._ranked("resource", "resource_type", where, limit)

    @override
    def top_controls(self, where: Filter, limit: int = 10) -> list[Breakdown]:
        return self._ranked("control", "title", where, limit)

    def _ranked(self, key: str, title: str, where: Filter, limit: int) -> list[Breakdown]:
        if limit < 1:
            return []
        query = questions.query_of(self._tenant, where)
        answer = self._search(query, aggs=questions.ranked_by(key, title, limit))
        return questions.breakdowns_of(answer, title)

    @override
    def trend(self, days: int, until: datetime) -> list[DayCount]:
        if days < 1:
            return []
        query = questions.of_tenant(self._tenant)
        answer = self._search(query, aggs=questions.days_until(until))
        return questions.trend_of(answer, days, until)

    @override
    def get(self, uid_or_ref: str) -> StoredFinding:
        source = self._by_uid(uid_or_ref) or self._by_ref(uid_or_ref.strip().upper())
        if source is None:
            raise NotFoundError(f"{self._tenant} has no finding {uid_or_ref[:80]}")
        return StoredFinding(finding_of(source[OURS]), event_of(source))

    def _by_uid(self, uid: str) -> dict[str, Any] | None:
        """As it is now, whether or not questions see it already."""
        docs = [
            {"_index": name, "_id": id_of(self._tenant, uid), **self._routing}
            for name in self._indexes.values()
        ]
        answer = self._calls.ask("POST", "/_mget", {"docs": docs})
        return next((doc["_source"] for doc in answer["docs"] if _is_there(doc)), None)

    def _by_ref(self, ref: str) -> dict[str, Any] | None:
        query = questions.with_ref(self._tenant, ref)
        hits = self._search(query, size=1)["hits"]["hits"]
        return hits[0]["_source"] if hits else None

    @override
    def sources(self) -> list[SourceAge]:
        query = questions.of_tenant(self._tenant)
        return questions.ages_of(self._search(query, aggs=questions.BY_SOURCE))


def _is_there(doc: Mapping[str, Any]) -> bool:
    """Whether `_mget` found a document.

    Raises:
        UnavailableError: it could not look: an answer of status 200 says so of single documents.
    """
    if "error" in doc:
        raise UnavailableError(f"OpenSearch could not look a finding up ({doc['error']['type']})")
    return bool(doc["found"])
