"""The account in a file, so that it outlives the processes that ask it, as AWS does."""

import pickle
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from typing_extensions import override

from integrations.runbooks.port import Automations, Checked, Execution, Location, Order, Preview
from integrations.runbooks.port import Runbook as Book
from tests.automation_account import Account, Clock


class DurableAccount(Automations):
    """Every call is one transaction over the whole account: served, or never arrived."""

    def __init__(self, path: Path, clock: Clock, on_start: Callable[[Order], None]) -> None:
        """Open the file, or make it with an empty account."""
        self._clock = clock
        self._on_start = on_start
        self._database = sqlite3.connect(path, timeout=30, isolation_level=None)
        self._database.executescript(
            "PRAGMA journal_mode=WAL;"
            "CREATE TABLE IF NOT EXISTS account (one INTEGER PRIMARY KEY, kept BLOB NOT NULL);"
        )

    def keep(self, account: Account) -> None:
        """The account is as this one from now on."""
        kept = pickle.dumps((account.groups, account.executions, account.tokens))
        self._database.execute("INSERT OR REPLACE INTO account VALUES (1, ?)", (kept,))

    def account(self) -> Account:
        """The account as it stands."""
        row = self._database.execute("SELECT kept FROM account").fetchone()
        groups, executions, tokens = pickle.loads(row[0]) if row else ({}, {}, {})  # noqa: S301 - ours
        return Account(
            self._clock,
            groups=groups,
            executions=executions,
            tokens=tokens,
            on_start=self._on_start,
        )

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def _serve(self, call: Callable[[Account], Any]) -> Any:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            account = self.account()
            answer = call(account)
            self.keep(account)
            self._database.execute("COMMIT")
        finally:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
        return answer

    @override
    def check(self, location: Location, runbook: Book, parameters: Mapping[str, Any]) -> Checked:
        return self.account().check(location, runbook, parameters)

    @override
    def preview(
        self,
        location: Location,
        runbook: Book,
        parameters: Mapping[str, Any],
        undo_of: Mapping[str, Any] | None = None,
    ) -> Preview:
        return self.account().preview(location, runbook, parameters, undo_of)

    @override
    def start(self, order: Order) -> str:
        return str(self._serve(lambda account: account.start(order)))

    @override
    def started(self, location: Location, token: str) -> str | None:
        return self.account().started(location, token)

    @override
    def execution(self, location: Location, execution_id: str) -> Execution:
        return self.account().execution(location, execution_id)

    @override
    def stop(self, location: Location, execution_id: str) -> None:
        self._serve(lambda account: account.stop(location, execution_id))
