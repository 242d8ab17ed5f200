"""The control table in DynamoDB.

    pk        sk                      beside
    tenant    acme                    version, body (JSON)
    account   111122223333            tenant
    external  sha256 of the ExternalId  tenant
    channel   ["slack", "T1", "C1"]   tenant, or nothing for an operator channel

What may belong to one tenant only is an item of its own, written in one transaction with the record
that claims it. The record's version stands guard over a tenant's accounts: they are written by
nobody who did not see the newest. A transaction has at most 100 writes, so a change of more than
`_AT_ONCE` accounts takes several steps; after each the record and its accounts agree.
"""

import json
import secrets
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

from typing_extensions import override

from integrations.dynamodb import Item, RefusedWriteError, Tables, Write, is_key
from integrations.dynamodb_tables import TENANTS
from integrations.errors import InvalidTenantError, NotFoundError, UnavailableError
from integrations.tenants.port import Binding, ChannelKey, ControlTable, Environment, Tenant
from integrations.tenants.rules import check

_AT_ONCE = 90
_UNOWNED = "attribute_not_exists(#pk) OR #tenant = :tenant"


class DynamoTenantDirectory(ControlTable):
    """Tenants, their accounts and their channels; one object serves all threads."""

    def __init__(self, tables: Tables) -> None:
        """The tables are there already."""
        self._tables = tables

    @override
    def tenants(self) -> list[Tenant]:
        found = map(_tenant, self._tables.query(TENANTS, "tenant"))
        return sorted(found, key=lambda tenant: (tenant.priority, tenant.id))

    @override
    def get(self, tenant_id: str) -> Tenant:
        held = self._tables.get(TENANTS, "tenant", tenant_id)
        if held is None:
            raise NotFoundError(f"no tenant is called {tenant_id}")
        return _tenant(held)

    @override
    def put(self, tenant: Tenant) -> Tenant:
        check(tenant)
        for _ in self._tables.tries(f"tenant {tenant.id}"):
            held = self._tables.get(TENANTS, "tenant", tenant.id)
            before = _tenant(held) if held else None
            kept = replace(
                tenant,
                accounts=tuple(dict.fromkeys(tenant.accounts)),
                external_id=tenant.external_id
                or (before.external_id if before else f"assist-{secrets.token_urlsafe(24)}"),
            )
            self._refuse_taken(kept, before)
            try:
                for writes in _steps(kept, before, held["version"] if held else 0):
                    self._tables.transact(writes)
            except RefusedWriteError:
                # Somebody was faster: what they wrote is read, and named if it is in the way.
                continue
            break
        return kept

    def _refuse_taken(self, tenant: Tenant, before: Tenant | None) -> None:
        mine = set(before.accounts) if before else set()
        wanted = [account for account in tenant.accounts if account not in mine]
        held = self._tables.get_many(TENANTS, [("account", account) for account in wanted])
        owners = {item["sk"]: item["tenant"] for item in held}
        for account in wanted:
            owner = owners.get(account, tenant.id)
            if owner != tenant.id:
                raise InvalidTenantError(f"account {account} of {tenant.id} is {owner}'s already")
        if before and before.external_id == tenant.external_id:
            return
        taken = self._tables.get(TENANTS, "external", _digest(tenant.external_id))
        if taken and taken["tenant"] != tenant.id:
            raise InvalidTenantError(
                f"external_id of {tenant.id} is another tenant's already;"
                " leave it out to be given one"
            )

    @override
    def remove(self, tenant_id: str) -> None:
        tenant = self.get(tenant_id)
        for binding in self.bindings():
            if binding.tenant_id == tenant_id:
                self.unbind(binding.key)
        gone = [_release(tenant_id, "account", account) for account in tenant.accounts]
        gone.append(_release(tenant_id, "external", _digest(tenant.external_id)))
        for start in range(0, len(gone), _AT_ONCE):
            try:
                self._tables.transact(gone[start : start + _AT_ONCE])
            except RefusedWriteError:
                raise UnavailableError(f"{tenant_id} was changed meanwhile; do it again") from None
        # The record last: as long as it is there, what is left is found by it.
        record: Item = {"pk": "tenant", "sk": tenant_id}
        self._tables.write(Write(kind="Delete", table=TENANTS, item=record))

    @override
    def owner_of(self, account: str) -> str | None:
        held = self._tables.get(TENANTS, "account", account)
        return None if held is None else str(held["tenant"])

    @override
    def bind(self, binding: Binding) -> None:
        place = _place(binding.key)
        if not is_key(place):
            raise InvalidTenantError("a channel's name is too long")
        item: Item = {"pk": "channel", "sk": place}
        if binding.tenant_id is None:
            self._tables.write(Write(kind="Put", table=TENANTS, item=item))
            return
        missing = NotFoundError(f"no tenant is called {binding.tenant_id}")
        if not is_key(binding.tenant_id):
            raise missing
        there = Write(
            kind="ConditionCheck",
            table=TENANTS,
            item={"pk": "tenant", "sk": binding.tenant_id},
            condition="attribute_exists(#pk)",
        )
        bound = Write(kind="Put", table=TENANTS, item=item | {"tenant": binding.tenant_id})
        try:
            self._tables.transact([there, bound])
        except RefusedWriteError:
            raise missing from None

    @override
    def unbind(self, key: ChannelKey) -> bool:
        if self._tables.get(TENANTS, "channel", _place(key)) is None:
            return False
        item = {"pk": "channel", "sk": _place(key)}
        self._tables.write(Write(kind="Delete", table=TENANTS, item=item))
        return True

    @override
    def binding(self, key: ChannelKey) -> Binding | None:
        held = self._tables.get(TENANTS, "channel", _place(key))
        return None if held is None else Binding(ChannelKey(*key), held.get("tenant"))

    @override
    def bindings(self) -> list[Binding]:
        held = self._tables.query(TENANTS, "channel")
        found = [Binding(ChannelKey(*json.loads(item["sk"])), item.get("tenant")) for item in held]
        return sorted(found, key=lambda binding: binding.key)

    def close(self) -> None:
        """Nothing is held open."""


def _steps(tenant: Tenant, before: Tenant | None, version: int) -> Iterator[list[Write]]:
    """One transaction after the other; after each the record tells exactly the accounts it has."""
    has = list(before.accounts) if before else []
    added = [account for account in tenant.accounts if account not in has]
    removed = [account for account in has if account not in tenant.accounts]
    changes = [_claim(tenant.id, account) for account in added]
    changes += [_release(tenant.id, "account", account) for account in removed]
    writes = _claim_external(tenant, before)
    for start in range(0, max(len(changes), 1), _AT_ONCE):
        done = start + _AT_ONCE
        gone = set(removed[: max(done - len(added), 0)])
        accounts = tenant.accounts
        if done < len(changes):
            accounts = tuple(a for a in [*has, *added[:done]] if a not in gone)
        record = _record(replace(tenant, accounts=accounts), version)
        yield [record, *writes, *changes[start:done]]
        version, writes = version + 1, []


def _record(tenant: Tenant, version: int) -> Write:
    item = {"pk": "tenant", "sk": tenant.id, "version": version + 1, "body": _body(tenant)}
    if not version:
        return Write(kind="Put", table=TENANTS, item=item, condition="attribute_not_exists(#pk)")
    return Write(
        kind="Put",
        table=TENANTS,
        item=item,
        condition="#version = :version",
        values={"version": version},
    )


def _claim_external(tenant: Tenant, before: Tenant | None) -> list[Write]:
    if before and before.external_id == tenant.external_id:
        return []
    claim = _claim(tenant.id, _digest(tenant.external_id), "external")
    if before is None:
        return [claim]
    return [claim, _release(tenant.id, "external", _digest(before.external_id))]


def _claim(tenant_id: str, place: str, kind: str = "account") -> Write:
    return Write(
        kind="Put",
        table=TENANTS,
        item={"pk": kind, "sk": place, "tenant": tenant_id},
        condition=_UNOWNED,
        values={"tenant": tenant_id},
    )


def _release(tenant_id: str, kind: str, place: str) -> Write:
    return Write(
        kind="Delete",
        table=TENANTS,
        item={"pk": kind, "sk": place},
        condition=_UNOWNED,
        values={"tenant": tenant_id},
    )


def _digest(external_id: str) -> str:
    return sha256(external_id.encode()).hexdigest()


def _place(key: ChannelKey) -> str:
    """A channel's sort key: no two keys read alike, whatever stands in their parts."""
    return json.dumps(list(key))


def _body(tenant: Tenant) -> str:
    return json.dumps(
        {
            "name": tenant.name,
            "accounts": list(tenant.accounts),
            "priority": tenant.priority,
            "environment": str(tenant.environment),
            "approvers": list(tenant.approvers),
            "approvers_of": {k: list(v) for k, v in tenant.approvers_of.items()},
            "self_approval": tenant.self_approval,
            "settings": dict(tenant.settings),
            "contact": tenant.contact,
            "external_id": tenant.external_id,
        }
    )


def _tenant(item: Item) -> Tenant:
    told: dict[str, Any] = json.loads(item["body"])
    return Tenant(
        id=item["sk"],
        name=told["name"],
        accounts=tuple(told["accounts"]),
        priority=told["priority"],
        environment=Environment(told["environment"]),
        approvers=tuple(told["approvers"]),
        approvers_of={k: tuple(v) for k, v in told["approvers_of"].items()},
        self_approval=told["self_approval"],
        settings=told["settings"],
        contact=told["contact"],
        external_id=told["external_id"],
    )
