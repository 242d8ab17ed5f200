"""Threads' short-term memory in a SQLite file."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from typing_extensions import override

from integrations.conversations.port import EMPTY, Conversation, ConversationStore
from integrations.conversations.session import sessions_of
from integrations.errors import StaleWriteError
from integrations.sqlite_file import SqliteFile

_SCHEMA = """
CREATE TABLE IF NOT EXISTS conversation (
    session TEXT PRIMARY KEY,
    messages TEXT NOT NULL,
    focus TEXT NOT NULL,
    version INTEGER NOT NULL,
    touched REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS conversation_touched ON conversation (touched);
"""


class SqliteConversationStore(ConversationStore):
    """One row a thread; a single statement decides who writes. May be used from several threads."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        """Open the file, or make it; `clock` gives seconds since the epoch."""
        self._file = SqliteFile(path, _SCHEMA)
        self._clock = clock

    @override
    def load(self, session_id: str) -> Conversation:
        row = self._file.row(
            "SELECT messages, focus, version FROM conversation WHERE session = ?", (session_id,)
        )
        if row is None:
            return EMPTY
        return Conversation(tuple(json.loads(row[0])), tuple(json.loads(row[1])), row[2])

    @override
    def save(
        self,
        session_id: str,
        messages: Sequence[dict[str, Any]],
        focus: Sequence[str],
        version: int,
    ) -> None:
        changed = self._file.write(
            "INSERT INTO conversation SELECT ?1, ?2, ?3, ?4 + 1, ?5"
            " WHERE ?4 = 0 OR EXISTS (SELECT 1 FROM conversation WHERE session = ?1)"
            " ON CONFLICT (session) DO UPDATE SET messages = ?2, focus = ?3, version = ?4 + 1,"
            " touched = ?5 WHERE version = ?4",
            (
                session_id,
                json.dumps(list(messages)),
                json.dumps(list(focus)),
                version,
                self._clock(),
            ),
        )
        if changed != 1:
            raise StaleWriteError("another answer in this thread was saved meanwhile")

    @override
    def forget(self, older_than_s: float) -> int:
        return self._file.write(
            "DELETE FROM conversation WHERE touched < ?", (self._clock() - older_than_s,)
        )

    @override
    def erase(self, tenant_id: str) -> int:
        begins = sessions_of(tenant_id)
        return self._file.write(
            "DELETE FROM conversation WHERE substr(session, 1, ?) = ?", (len(begins), begins)
        )

    def close(self) -> None:
        """Close the file."""
        self._file.close()
