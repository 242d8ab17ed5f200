"""Settings in, every tenant's systems out: the only place that picks engines."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from integrations.checkpoints.port import Checkpoints
from integrations.conversations.port import ConversationStore
from integrations.deadletters.port import DeadLetters
from integrations.errors import InvalidSettingError
from integrations.opening import graphs_of, tables_of
from integrations.remediations.audit import HUB, AuditLog
from integrations.resources.port import ExportableGraph
from integrations.runbooks.port import RunbookCatalogue
from integrations.settings import AwsAccess, Settings
from integrations.systems import Systems
from integrations.tenants.port import ControlTable, Tenant
from integrations.versioned import marks_of
from integrations.work.port import WorkQueue

if TYPE_CHECKING:
    from integrations.access import Access
    from integrations.accounts.trust import RoleTrust
    from integrations.exposures.dynamodb import DynamoExposures
    from integrations.exposures.sqlite import SqliteExposures
    from integrations.findings.opensearch import OpenSearchFindingStore
    from integrations.findings.polling import FindingPoll
    from integrations.findings.sqlite import SqliteFindingStore
    from integrations.remediations.dynamodb import DynamoRemediations
    from integrations.remediations.sqlite import SqliteRemediations
    from integrations.resources.aggregator import ConfigAggregator
    from integrations.resources.digests import Told
    from integrations.resources.gremlin import GremlinResourceGraph


def _nothing() -> None:
    """Nothing has to be waited for."""


def _none_expired(_: datetime) -> int:
    return 0


class Connections:
    """Every engine, opened when it is first needed and closed together; itself an `Estate`.

    One object serves all threads of a process.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        """Make the state folder, readable by its owner only; open nothing yet."""
        settings.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._state = settings.state
        self._settings = settings
        self._clock = clock
        self._accesses: dict[tuple[str, tuple[str, ...], str], Access] = {}
        self._open = ExitStack()
        self._tables = tables_of(settings.tables) if settings.tables else None
        self.directory = self._open_directory()
        self._forget_findings: Callable[[str], int]
        self.expire_findings: Callable[[datetime], int] = _none_expired
        """Deletes of all tenants what left the open state before a moment, never an open finding;
        how many. The embedded store keeps everything."""
        self.findings_about: Callable[[], str]
        """What keeps the findings, by its name and version; empty: embedded."""
        self.prepare_findings: Callable[[], None] = _nothing
        """Makes what the findings' store needs before it is used, once for a deployment."""
        self._settle: Callable[[], None] = _nothing
        self._findings_of = self._open_findings()
        self._remediations = self._open_remediations()
        self._graph_of = self._open_graphs()
        self._exposures = self._open_exposures()

    def _open_directory(self) -> ControlTable:
        if self._tables:
            from integrations.tenants.dynamodb import DynamoTenantDirectory

            return DynamoTenantDirectory(self._tables)
        from integrations.tenants.sqlite import SqliteTenantDirectory

        directory = SqliteTenantDirectory(self._state / "tenants.sqlite")
        self._open.callback(directory.close)
        return directory

    def _open_findings(self) -> "Callable[[str], SqliteFindingStore | OpenSearchFindingStore]":
        from integrations.findings.sqlite import SqliteFindings

        if not self._settings.findings:
            findings = SqliteFindings(self._state / "findings.sqlite")
            self._open.callback(findings.close)
            self._forget_findings, self.findings_about = findings.forget, lambda: ""
            return findings.of
        from integrations.findings.opensearch import OpenSearchFindings
        from integrations.findings.opensearch_cluster import client_of, cluster_of

        cluster = cluster_of(self._settings.findings, self._settings.region)
        credentials = None
        if cluster.region:
            from integrations.aws import AmbientSession

            credentials = AmbientSession(region=cluster.region).get_credentials()
        kept = OpenSearchFindings(cluster, client_of(cluster, credentials))
        self._open.callback(kept.close)
        if not cluster.region:
            # A node of one's own; what is in AWS is prepared when it is deployed.
            kept.prepare()
        self._forget_findings, self.findings_about = kept.forget, kept.about
        self._settle, self.prepare_findings = kept.settle, kept.prepare
        self.expire_findings = kept.expire
        return kept.of

    def settle(self) -> None:
        """Let the next question see all findings that were taken in; most engines always do.

        Raises:
            UnavailableError: the engine does not answer, or refuses.
        """
        self._settle()

    def _open_graphs(self) -> "Callable[[str], GremlinResourceGraph]":
        graphs = graphs_of(self._settings, self._state, self._clock)
        self._open.callback(graphs.close)
        return graphs.of

    def _open_remediations(self) -> "SqliteRemediations | DynamoRemediations":
        if self._tables:
            from integrations.remediations.dynamodb import DynamoRemediations

            return DynamoRemediations(self._tables)
        from integrations.remediations.sqlite import SqliteRemediations

        remediations = SqliteRemediations(self._state / "remediations.sqlite")
        self._open.callback(remediations.close)
        return remediations

    def _open_exposures(self) -> "SqliteExposures | DynamoExposures":
        if self._tables:
            from integrations.exposures.dynamodb import DynamoExposures

            return DynamoExposures(self._tables)
        from integrations.exposures.sqlite import SqliteExposures

        exposures = SqliteExposures(self._state / "exposures.sqlite")
        self._open.callback(exposures.close)
        return exposures

    def exportable(self, tenant_id: str) -> ExportableGraph:
        """One tenant's resource graph, to be loaded elsewhere.

        Raises:
            NotFoundError: no such tenant.
        """
        return self._graph_of(self.directory.get(tenant_id).id)

    def tenants(self) -> Sequence[Tenant]:
        """Every tenant, the most important first."""
        return self.directory.tenants()

    def systems(self, tenant_id: str) -> Systems:
        """One tenant's systems.

        Raises:
            NotFoundError: no such tenant.
        """
        tenant = self.directory.get(tenant_id)
        access = self._access_to(tenant)
        findings, resources = self._findings_of(tenant.id), self._graph_of(tenant.id)
        return Systems(
            tenant=tenant,
            findings=findings,
            resources=resources,
            remediations=self._remediations.of(tenant.id),
            audit=self._remediations.audit_of(tenant.id),
            automations=access.automations if access else None,
            workflow=access.workflow if access else None,
            live=access.live if access else None,
            exposures=self._exposures.of(tenant.id),
            marks=lambda: marks_of(findings, resources),
        )

    def hub_audit(self) -> AuditLog:
        """What was refused before it was known whose it was; no tenant's."""
        return self._remediations.audit_of(HUB)

    def _access_to(self, tenant: Tenant) -> "Access | None":
        """The tenant's accounts; made once for as long as the tenant's record says the same."""
        if self._settings.aws is None:
            return None
        from integrations.access import access_to

        key = (tenant.id, tenant.accounts, tenant.external_id)
        if key not in self._accesses:
            self._accesses[key] = access_to(tenant, self._settings.aws, self._clock)
        return self._accesses[key]

    def conversations(self) -> ConversationStore:
        """What was said, thread by thread."""
        if self._tables:
            from integrations.conversations.dynamodb import DynamoConversationStore

            return DynamoConversationStore(self._tables, self._clock)
        from integrations.conversations.sqlite import SqliteConversationStore

        store = SqliteConversationStore(self._state / "conversations.sqlite", self._clock)
        self._open.callback(store.close)
        return store

    def work(self) -> WorkQueue:
        """The queue between the platforms' doors and the conversation.

        Raises:
            InvalidSettingError: a queue in SQS without tables in DynamoDB.
        """
        if self._settings.queue:
            return self._sqs(self._settings.queue)
        from integrations.work.sqlite import SqliteWorkQueue

        queue = SqliteWorkQueue(self._state / "work.sqlite", self._clock)
        self._open.callback(queue.close)
        return queue

    def _sqs(self, url: str) -> WorkQueue:
        from integrations.aws import AmbientSession
        from integrations.dynamodb_tables import location
        from integrations.work.sqs import SqsWorkQueue, endpoint_of
        from integrations.work.sqs_jobs import ATTEMPTS, PAUSES_S

        endpoint = endpoint_of(url)
        if self._tables is None:
            raise InvalidSettingError(
                "SECURITY_ASSIST_QUEUE needs SECURITY_ASSIST_TABLES beside it:"
                " what was delivered before is remembered there"
            )
        session = AmbientSession(region=location(self._settings.tables).region)
        client = session.client("sqs", endpoint_url=endpoint)
        return SqsWorkQueue(
            client, url, self._tables, self._clock, attempts=ATTEMPTS, pauses_s=PAUSES_S
        )

    def region(self) -> str:
        """The Region that is asked unless one is named.

        Raises:
            InvalidSettingError: nobody gave access to the tenants' accounts.
        """
        return self.hub_access().region

    def finding_poll(self, tenant_id: str) -> "Callable[[str, str], FindingPoll]":
        """From an account of a tenant and a Region to its findings where they are held.

        Raises:
            NotFoundError: no such tenant.
            InvalidSettingError: nobody gave access to the tenants' accounts.
        """
        self.hub_access()
        access = self._access_to(self.directory.get(tenant_id))
        assert access is not None  # noqa: S101 - AWS is reached
        return access.poll

    def resource_listing(self, tenant_id: str) -> "ConfigAggregator":
        """All of a tenant's resources as Config's aggregator knows them.

        Raises:
            NotFoundError: no such tenant.
            InvalidSettingError: nobody gave access to AWS.
        """
        from integrations.access import aggregator

        return aggregator(self.directory.get(tenant_id), self.hub_access())

    def hub_access(self) -> AwsAccess:
        """How AWS is reached.

        Raises:
            InvalidSettingError: nobody gave access to AWS.
        """
        if self._settings.aws is None:
            raise InvalidSettingError(
                "the tenants' accounts are not reached: set SECURITY_ASSIST_AWS=on"
            )
        return self._settings.aws

    def trust(self, tenant_id: str) -> "list[RoleTrust]":
        """Each of a tenant's roles, tried with its ExternalId and with what must not open it.

        Raises:
            NotFoundError: no such tenant.
            InvalidSettingError: nobody gave access to AWS.
        """
        from integrations.access import trust_of

        tenant = self.directory.get(tenant_id)
        others = [t.external_id for t in self.tenants() if t.id != tenant.id][:1]
        return trust_of(tenant, self.hub_access(), others)

    def audit_of(self, tenant_id: str) -> AuditLog:
        """A tenant's audit, which is there also when the tenant no longer is."""
        return self._remediations.audit_of(tenant_id)

    def erase(self, tenant_id: str) -> tuple[int, int]:
        """Delete a tenant's findings and resources; how many there were of each.

        Raises:
            NotFoundError: no such tenant.
        """
        tenant = self.directory.get(tenant_id)
        findings = self._forget_findings(tenant.id)
        self._exposures.of(tenant.id).forget()
        return findings, self._graph_of(tenant.id).forget()

    def digests(self, tenant_id: str) -> "Callable[[], dict[str, Told]]":
        """What tells each of a tenant's stored resources from what it may have become.

        Raises:
            NotFoundError: no such tenant.
        """
        return self._graph_of(self.directory.get(tenant_id).id).digests

    def lake_events(self) -> "Callable[[str, str], Iterator[bytes]]":
        """From a bucket and a key of Security Lake to the events of the object.

        Raises:
            InvalidSettingError: nobody gave access to AWS, or the extra is not installed.
        """
        from integrations.access import hub_client

        aws = self.hub_access()
        try:
            from integrations.findings.security_lake import events_of
        except ModuleNotFoundError as error:
            raise InvalidSettingError(
                "Security Lake needs an extra: install security-assist[security-lake]"
            ) from error
        client = hub_client("s3", aws)
        return lambda bucket, key: events_of(client, bucket, key)

    def dead_letters(self) -> DeadLetters:
        """What the pipelines could not take in."""
        if self._tables:
            from integrations.deadletters.dynamodb import DynamoDeadLetters

            return DynamoDeadLetters(self._tables)
        from integrations.deadletters.sqlite import SqliteDeadLetters

        letters = SqliteDeadLetters(self._state / "deadletters.sqlite")
        self._open.callback(letters.close)
        return letters

    def checkpoints(self) -> Checkpoints:
        """How far each pull has come."""
        if self._tables:
            from integrations.checkpoints.dynamodb import DynamoCheckpoints

            return DynamoCheckpoints(self._tables)
        from integrations.checkpoints.sqlite import SqliteCheckpoints

        checkpoints = SqliteCheckpoints(self._state / "checkpoints.sqlite")
        self._open.callback(checkpoints.close)
        return checkpoints

    def runbooks(self) -> RunbookCatalogue:
        """The runbooks that may be run."""
        from integrations.runbooks.catalogue import ShippedRunbooks

        return ShippedRunbooks(self._settings.runbooks)

    def rejects(self) -> Path:
        """Where records are kept that could not be taken in."""
        return self._state / "rejects.ndjson"

    def pictures(self) -> Path:
        """Where pictures are put that nobody named a file for."""
        folder = self._state / "pictures"
        folder.mkdir(exist_ok=True)
        return folder

    def close(self) -> None:
        """Close every engine."""
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
