"""The control table in a SQLite file."""

import json
import secrets
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

from typing_extensions import override

from integrations.errors import InvalidTenantError, NotFoundError
from integrations.sqlite_file import SqliteFile, bound
from integrations.tenants.port import Binding, ChannelKey, ControlTable, Environment, Tenant
from integrations.tenants.rules import check

_SCHEMA = """
CREATE TABLE IF NOT EXISTS tenant (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    priority INTEGER NOT NULL,
    environment TEXT NOT NULL,
    approvers TEXT NOT NULL,
    contact TEXT NOT NULL,
    external_id TEXT NOT NULL UNIQUE,
    rules TEXT NOT NULL
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
_COLUMNS = "id, name, priority, environment, approvers, contact, external_id, rules"
_TENANT = (
    f"SELECT {_COLUMNS}, (SELECT json_group_array(id) FROM"  # noqa: S608 - our own names
    " (SELECT id FROM account WHERE tenant = tenant.id ORDER BY place)) FROM tenant"
)
_OWNER = "SELECT tenant FROM account WHERE id = ?"


class SqliteTenantDirectory(ControlTable):
    """Tenants, their accounts and their channels; may be used from several threads."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it."""
        self._file = SqliteFile(path, _SCHEMA)

    @override
    def tenants(self) -> list[Tenant]:
        return [_tenant(row) for row in self._file.rows(_TENANT + " ORDER BY priority, id")]

    @override
    def get(self, tenant_id: str) -> Tenant:
        row = self._file.row(_TENANT + " WHERE id = ?", (bound(tenant_id),))
        if row is None:
            raise NotFoundError(f"no tenant is called {tenant_id}")
        return _tenant(row)

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
    def remove(self, tenant_id: str) -> None:
        self.get(tenant_id)
        with self._file.transaction() as connection:
            for table in ("channel", "account"):
                connection.execute(f"DELETE FROM {table} WHERE tenant = ?", (tenant_id,))  # noqa: S608 - our own names
            connection.execute("DELETE FROM tenant WHERE id = ?", (tenant_id,))

    @override
    def owner_of(self, account: str) -> str | None:
        row = self._file.row(_OWNER, (bound(account),))
        return None if row is None else str(row[0])

    @override
    def bind(self, binding: Binding) -> None:
        if binding.tenant_id is not None:
            self.get(binding.tenant_id)
        self._file.write(
            "INSERT OR REPLACE INTO channel VALUES (?, ?, ?, ?)",
            (*binding.key, binding.tenant_id),
        )

    @override
    def unbind(self, key: ChannelKey) -> bool:
        gone = self._file.write(
            "DELETE FROM channel WHERE platform = ? AND workspace = ? AND channel = ?",
            [bound(part) for part in key],
        )
        return gone > 0

    @override
    def binding(self, key: ChannelKey) -> Binding | None:
        row = self._file.row(
            "SELECT tenant FROM channel WHERE platform = ? AND workspace = ? AND channel = ?",
            [bound(part) for part in key],
        )
        return None if row is None else Binding(ChannelKey(*key), row[0])

    @override
    def bindings(self) -> list[Binding]:
        found = self._file.rows(
            "SELECT platform, workspace, channel, tenant FROM channel ORDER BY 1, 2, 3"
        )
        return [Binding(ChannelKey(*row[:3]), row[3]) for row in found]

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _write(connection: sqlite3.Connection, tenant: Tenant) -> None:
    try:
        connection.execute(
            f"INSERT INTO tenant ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - our own names
            " ON CONFLICT (id) DO UPDATE SET name = excluded.name, priority = excluded.priority,"
            " environment = excluded.environment, approvers = excluded.approvers,"
            " contact = excluded.contact, external_id = excluded.external_id,"
            " rules = excluded.rules",
            (
                tenant.id,
                tenant.name,
                tenant.priority,
                str(tenant.environment),
                json.dumps(tenant.approvers),
                tenant.contact,
                tenant.external_id,
                _rules(tenant),
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


def _rules(tenant: Tenant) -> str:
    return json.dumps(
        {
            "approvers_of": {k: list(v) for k, v in tenant.approvers_of.items()},
            "self_approval": tenant.self_approval,
            "settings": dict(tenant.settings),
        }
    )


def _external_id(connection: sqlite3.Connection, tenant_id: str) -> str:
    """The tenant's own when it has one: roles in its accounts ask for it."""
    row = connection.execute("SELECT external_id FROM tenant WHERE id = ?", (tenant_id,)).fetchone()
    return row[0] if row else f"assist-{secrets.token_urlsafe(24)}"


def _owner(connection: sqlite3.Connection, account: str) -> str | None:
    row = connection.execute(_OWNER, (account,)).fetchone()
    return None if row is None else str(row[0])


def _tenant(row: tuple[Any, ...]) -> Tenant:
    tenant_id, name, priority, environment, approvers, contact, external_id, text, accounts = row
    rules = json.loads(text)
    return Tenant(
        id=tenant_id,
        name=name,
        accounts=tuple(json.loads(accounts)),
        priority=priority,
        environment=Environment(environment),
        approvers=tuple(json.loads(approvers)),
        contact=contact,
        external_id=external_id,
        approvers_of={k: tuple(v) for k, v in rules["approvers_of"].items()},
        self_approval=rules["self_approval"],
        settings=rules["settings"],
    )
