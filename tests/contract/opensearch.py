"""OpenSearch's real node, for a folder: nobody else's findings, in this worker's indexes."""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

from integrations.findings.opensearch import OpenSearchFindings, OpenSearchFindingStore
from integrations.findings.opensearch_cluster import Cluster
from tests.real_engines import engine, worker


class OpenSearchApart:
    """The worker's indexes of the real node; each folder has tenants of its own in them."""

    def __init__(self, folder: Path, _: Callable[[], float]) -> None:
        """Make the indexes where there are none yet."""
        cluster = Cluster(
            str(engine("opensearch")["url"]),
            prefix=f"contract-{worker()}",
            seen_at_once=1_000_000,
        )
        self._findings = OpenSearchFindings(cluster, pause=lambda s: time.sleep(s / 20))
        self._findings.prepare()
        self._mark = hashlib.sha256(str(folder).encode()).hexdigest()[:12]

    def of(self, tenant_id: str) -> OpenSearchFindingStore:
        """One tenant's findings of this folder."""
        return self._findings.of(f"{self._mark}-{tenant_id}")

    def forget(self, tenant_id: str) -> int:
        """Delete a tenant's findings of this folder."""
        return self._findings.forget(f"{self._mark}-{tenant_id}")

    def close(self) -> None:
        """Close the connections."""
        self._findings.close()
