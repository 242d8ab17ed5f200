"""The control table in a SQLite file."""

import json
import secrets
import sqlite3
from dataclasses import replace
from pathlib import Path

from typing_extensions import override

from integrations.errors import InvalidTenantError, NotFoundError
from integrations.sqlite_file import SqliteFile
from integrations.tenants.port import Binding, ChannelKey, Environment, Tenant, TenantDirectory
from integrations.tenants.rules import check

_SCHEMA = """
CREATE TABLE IF NOT EXISTS tenant (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    priority INTEGER NOT NULL,
    environment TEXT NOT NULL,
    approvers TEXT NOT NULL,
    contact TEXT NOT NULL,
    external_id TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE IF NOT EXISTS account (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
    place INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS account_tenant ON account (tenant, place);
CREATE TABLE IF NOT EXISTS channel (
    platform TEXT NOT NULL,
    workspace TEXT NOT NULL,
    channel TEXT NOT NULL,
    tenant TEXT REFERENCES tenant (id) ON DELETE CASCADE,
    PRIMARY KEY (platform, workspace, channel)
) STRICT;
"""
_COLUMNS = "id, name, priority, environment, approvers, contact, external_id"


class SqliteTenantDirectory(TenantDirectory):
    """Tenants, their accounts and their channels; may be used from several threads."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it."""
        self._file = SqliteFile(path, _SCHEMA)

    @override
    def tenants(self) -> list[Tenant]:
        connection = self._file.connection()
        accounts: dict[str, list[str]] = {}
        for tenant, account in connection.execute(
            "SELECT tenant, id FROM account ORDER BY tenant, place"
        ):
            accounts.setdefault(tenant, []).append(account)
        found = connection.execute(f"SELECT {_COLUMNS} FROM tenant ORDER BY priority, id")  # noqa: S608 - our own names
        return [_tenant(row, accounts.get(row[0], [])) for row in found]

    @override
    def get(self, tenant_id: str) -> Tenant:
        connection = self._file.connection()
        row = connection.execute(
            f"SELECT {_COLUMNS} FROM tenant WHERE id = ?",  # noqa: S608 - our own names
            (tenant_id,),
        ).fetchone()
        if row is None:
            raise NotFoundError(f"no tenant is called {tenant_id}")
        accounts = connection.execute(
            "SELECT id FROM account WHERE tenant = ? ORDER BY place", (tenant_id,)
        )
        return _tenant(row, [account for (account,) in accounts])

    @override
    def put(self, tenant: Tenant) -> Tenant:
        check(tenant)
        with self._file.transaction() as connection:
            kept = replace(
                tenant,
                accounts=tuple(dict.fromkeys(tenant.accounts)),
                external_id=tenant.external_id or _external_id(connection, tenant.id),
            )
            for account in kept.accounts:
                owner = _owner(connection, account)
                if owner not in {None, kept.id}:
                    raise InvalidTenantError(f"account {account} of {kept.id} is {owner}'s already")
            _write(connection, kept)
        return kept

    @override
    def owner_of(self, account: str) -> str | None:
        return _owner(self._file.connection(), account)

    @override
    def bind(self, binding: Binding) -> None:
        if binding.tenant_id is not None:
            self.get(binding.tenant_id)
        with self._file.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO channel VALUES (?, ?, ?, ?)",
                (*binding.key, binding.tenant_id),
            )

    @override
    def unbind(self, key: ChannelKey) -> bool:
        with self._file.transaction() as connection:
            done = connection.execute(
                "DELETE FROM channel WHERE platform = ? AND workspace = ? AND channel = ?", key
            )
            return done.rowcount > 0

    @override
    def binding(self, key: ChannelKey) -> Binding | None:
        row = (
            self._file.connection()
            .execute(
                "SELECT tenant FROM channel WHERE platform = ? AND workspace = ? AND channel = ?",
                key,
            )
            .fetchone()
        )
        return None if row is None else Binding(ChannelKey(*key), row[0])

    @override
    def bindings(self) -> list[Binding]:
        found = self._file.connection().execute(
            "SELECT platform, workspace, channel, tenant FROM channel ORDER BY 1, 2, 3"
        )
        return [Binding(ChannelKey(*row[:3]), row[3]) for row in found]

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _write(connection: sqlite3.Connection, tenant: Tenant) -> None:
    try:
        connection.execute(
            f"INSERT INTO tenant ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - our own names
            " ON CONFLICT (id) DO UPDATE SET name = excluded.name, priority = excluded.priority,"
            " environment = excluded.environment, approvers = excluded.approvers,"
            " contact = excluded.contact, external_id = excluded.external_id",
            (
                tenant.id,
                tenant.name,
                tenant.priority,
                str(tenant.environment),
                json.dumps(tenant.approvers),
                tenant.contact,
                tenant.external_id,
            ),
        )
    except sqlite3.IntegrityError:
        raise InvalidTenantError(
            f"external_id of {tenant.id} is another tenant's already; leave it out to be given one"
        ) from None
    connection.execute("DELETE FROM account WHERE tenant = ?", (tenant.id,))
    connection.executemany(
        "INSERT INTO account VALUES (?, ?, ?)",
        [(account, tenant.id, place) for place, account in enumerate(tenant.accounts)],
    )


def _external_id(connection: sqlite3.Connection, tenant_id: str) -> str:
    """The tenant's own when it has one: roles in its accounts ask for it."""
    row = connection.execute("SELECT external_id FROM tenant WHERE id = ?", (tenant_id,)).fetchone()
    return row[0] if row else f"assist-{secrets.token_urlsafe(24)}"


def _owner(connection: sqlite3.Connection, account: str) -> str | None:
    row = connection.execute("SELECT tenant FROM account WHERE id = ?", (account,)).fetchone()
    return None if row is None else str(row[0])


def _tenant(row: tuple[str, str, int, str, str, str, str], accounts: list[str]) -> Tenant:
    tenant_id, name, priority, environment, approvers, contact, external_id = row
    return Tenant(
        id=tenant_id,
        name=name,
        accounts=tuple(accounts),
        priority=priority,
        environment=Environment(environment),
        approvers=tuple(json.loads(approvers)),
        contact=contact,
        external_id=external_id,
    )
