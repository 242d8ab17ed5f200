"""Checks of what is kept: settings, tables, findings, the graph, the queue, what was put aside."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from bot.doctor.checks import Check, Found, failed, ok, warn
from bot.phrases import counted
from integrations.connect import Connections
from integrations.settings import Settings

_EMBEDDED = "embedded"


class Stores:
    """The checks of some settings; each opens what it looks at, and nothing else."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def checks(self) -> list[Check]:
        """In the order in which one leans on the other."""
        return [
            Check("settings", self._state, "give a folder that you may write: --state DIR"),
            Check(
                "tables",
                self._tables,
                "SECURITY_ASSIST_TABLES names them: dynamodb://REGION/PREFIX",
            ),
            Check("findings", self._findings, "SECURITY_ASSIST_FINDINGS says where they are"),
            Check("graph", self._graph, "SECURITY_ASSIST_GRAPH says where it is"),
            Check("queue", self._queue, "SECURITY_ASSIST_QUEUE is the URL of the FIFO queue"),
            Check("put aside", self._letters),
            Check("tenants", self._tenants),
        ]

    @contextmanager
    def opened(self, *subjects: str) -> Iterator[Connections]:
        """Connections to these subjects alone, so that what is away elsewhere does not matter."""
        told = self._settings
        alone = replace(
            told,
            findings=told.findings if "findings" in subjects else "",
            graph=told.graph if "graph" in subjects else "",
            queue="",
        )
        with Connections(alone) as connections:
            yield connections

    def _state(self) -> Found:
        folder = self._settings.state
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            pass
        with self.opened() as connections:
            runbooks = len(connections.runbooks().runbooks())
        if not runbooks:
            return warn(
                f"{self._settings.runbooks} holds no runbooks, so nothing can be fixed",
                "set the folder of the runbooks, or install the package again",
            )
        return ok(f"state in {folder}, {counted(runbooks, 'runbook')}")

    def _tables(self) -> Found:
        where = self._settings.tables
        if not where:
            return ok(_EMBEDDED)
        from integrations.diagnosis import table_differences

        wrong = table_differences(where)
        if wrong:
            return failed("; ".join(wrong), "deploy infra/tables.yaml again (make deploy)")
        return ok(f"{where.partition('?')[0]}: all there, with their keys and indexes")

    def _findings(self) -> Found:
        with self.opened("findings") as connections:
            about = connections.findings_about()
            held = [
                sum(source.count for source in connections.systems(tenant.id).findings.sources())
                for tenant in connections.tenants()
            ]
        tenants = counted(len(held), "tenant")
        return ok(f"{about or _EMBEDDED}: {counted(sum(held), 'finding')} of {tenants}")

    def _graph(self) -> Found:
        with self.opened("graph") as connections:
            held = [
                connections.systems(tenant.id).resources.summary().resources
                for tenant in connections.tenants()
            ]
        where = self._settings.graph.partition("?")[0] or _EMBEDDED
        return ok(f"{where}: {counted(sum(held), 'resource')} of {counted(len(held), 'tenant')}")

    def _queue(self) -> Found:
        url = self._settings.queue
        if not url:
            return ok(_EMBEDDED)
        from integrations.diagnosis import queue_state

        state = queue_state(url, self._settings.tables)
        said = f"{url.rpartition('/')[2]}: {state.waiting:,} waiting, {state.dead:,} put aside"
        if not state.attempts:
            return failed(
                f"{said}; it has no queue for what fails for good",
                "give it a RedrivePolicy (make deploy): one broken message holds up its thread",
            )
        if state.dead:
            return warn(said, "look at the worker's log by their ref, then redrive the queue")
        return ok(f"{said}; aside after {counted(state.attempts, 'attempt')}")

    def _letters(self) -> Found:
        with self.opened() as connections:
            held = sum(connections.dead_letters().reasons().values())
        if held:
            return warn(
                f"{counted(held, 'record')} could not be taken in", "assist dead-letters list"
            )
        return ok("every record was taken in")

    def _tenants(self) -> Found:
        with self.opened() as connections:
            tenants = connections.tenants()
            seen = {binding.tenant_id for binding in connections.directory.bindings()}
        if not tenants:
            return warn("there are none yet", "assist tenants onboard --help")
        unseen = [tenant.id for tenant in tenants if tenant.id not in seen]
        said = counted(len(tenants), "tenant")
        if unseen:
            return warn(
                f"{said}; no channel sees {_some(unseen)}",
                f"assist tenants map-channel slack/WORKSPACE/CHANNEL {unseen[0]}",
            )
        silent = [t.id for t in tenants if not t.approvers and not any(t.approvers_of.values())]
        if silent:
            return warn(
                f"{said}; nobody may approve a fix in {_some(silent)}",
                f"assist tenants onboard {silent[0]} --approver slack/WORKSPACE/USER",
            )
        return ok(f"{said}, each with a channel and approvers")


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")  # noqa: PLR2004 - names that are read
