"""A cluster in memory: multi-get and bulk with versions, and the faults that a test asks for.

It stands where `opensearchpy.OpenSearch` does: the engine sends every request by its transport.
"""

import json
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

Answer = Mapping[str, Any]
Fault = Callable[[str, str, Callable[[], Answer]], Answer]
"""(method, path, do what was asked) -> what is answered; or it raises."""


class Cluster:
    """What the engine calls `client`."""

    def __init__(self) -> None:
        self.documents: dict[tuple[str, str], tuple[int, dict[str, Any]]] = {}
        self.faults: deque[Fault | None] = deque()
        """One for each request to come; None, and none left: it is answered as it should be."""
        self.item_statuses: deque[list[int | None]] = deque()
        """For each bulk request to come, the status of each item that shall fail."""
        self.asked: list[str] = []
        self.sent: list[list[str]] = []
        """The ids of the items of each bulk request."""
        self.transport = self
        self._sequence = 0

    def perform_request(
        self, method: str, path: str, params: Any = None, body: bytes | None = None
    ) -> Answer:
        """One request."""
        del params
        self.asked.append(f"{method} {path}")
        fault = self.faults.popleft() if self.faults else None

        def do() -> Answer:
            lines = [json.loads(line) for line in (body or b"").splitlines()]
            if path == "/_bulk":
                return self._bulk(lines)
            if path.endswith("/_search"):
                return self._placed(lines[0]["query"]["bool"]["filter"][0]["ids"]["values"])
            if "docs" in lines[0]:
                return self._mget([(d["_index"], d["_id"]) for d in lines[0]["docs"]])
            return self._mget([(path.split("/")[1], i) for i in lines[0]["ids"]])

        return do() if fault is None else fault(method, path, do)

    def write_beside(self, index: str, doc_id: str, document: dict[str, Any]) -> None:
        """Somebody else's write."""
        self._sequence += 1
        self.documents[index, doc_id] = self._sequence, document

    def _placed(self, ids: list[str]) -> Answer:
        there = [key for key in self.documents if key[1] in ids]
        return {"hits": {"hits": [{"_index": index, "_id": i} for index, i in there]}}

    def _mget(self, asked: list[tuple[str, str]]) -> Answer:
        answers = []
        for index, doc_id in asked:
            stored = self.documents.get((index, doc_id))
            answer: dict[str, Any] = {"_index": index, "_id": doc_id, "found": False}
            if stored:
                sequence, source = stored
                answer |= {"found": True, "_seq_no": sequence, "_primary_term": 1}
                answer["_source"] = source
            answers.append(answer)
        return {"docs": answers}

    def _bulk(self, lines: list[dict[str, Any]]) -> Answer:
        statuses = self.item_statuses.popleft() if self.item_statuses else []
        pairs = list(zip(lines[::2], lines[1::2], strict=True))
        self.sent.append([next(iter(action.values()))["_id"] for action, _ in pairs])
        items = []
        for place, (action, document) in enumerate(pairs):
            ((kind, key),) = action.items()
            wanted = statuses[place] if place < len(statuses) else None
            status = wanted or self._written(kind, key, document)
            item: dict[str, Any] = {"status": status}
            if status >= 300:
                item["error"] = {"type": "refused", "reason": "for this test"}
            items.append({kind: item})
        return {"items": items}

    def _written(self, kind: str, key: dict[str, Any], document: dict[str, Any]) -> int:
        at = key["_index"], key["_id"]
        sequence, stored = self.documents.get(at, (None, {}))
        if kind == "create" if sequence is not None else kind != "create":
            return 409
        if kind != "create" and key["if_seq_no"] != sequence:
            return 409
        self.write_beside(*at, {**stored, **document["doc"]} if kind == "update" else document)
        return 201
