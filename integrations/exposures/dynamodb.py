"""Rankings in DynamoDB, in the pipelines' table: of each tenant a head, and the body in parts.

`pk` "ranking/<tenant>"; the head's `sk` is "head", with the `name` of the body that counts, its
number of `parts`, its form (`as`) and the marks; a part's `sk` is "<name>/<place>". An item holds
400 kB at most ("Quotas in Amazon DynamoDB"). Parts are written before the head that names them.
"""

from typing import Final
from uuid import uuid4

from typing_extensions import override

from integrations.dynamodb import Item, RefusedWriteError, Tables, Write, packed, unpacked
from integrations.dynamodb_tables import PIPELINES
from integrations.exposures.port import ExposureStore, KeptExposures

_PART: Final = 350_000
_HEAD: Final = "head"


class DynamoExposures:
    """Every tenant's ranking; hands out stores that are bound to one tenant."""

    def __init__(self, tables: Tables) -> None:
        """The tables are there already."""
        self._tables = tables

    def of(self, tenant_id: str) -> ExposureStore:
        """One tenant's ranking."""
        return DynamoExposureStore(self._tables, tenant_id)

    def close(self) -> None:
        """Nothing is held open."""


class DynamoExposureStore(ExposureStore):
    """One tenant's items; one object serves all threads of a process."""

    def __init__(self, tables: Tables, tenant: str) -> None:
        """Bound to `tenant`."""
        self._tables = tables
        self._pk = f"ranking/{tenant}"

    @override
    def load(self) -> KeptExposures | None:
        head = self._tables.get(PIPELINES, self._pk, _HEAD)
        if head is None:
            return None
        parts = list(self._tables.query(PIPELINES, self._pk, begins=f"{head['name']}/"))
        if len(parts) != int(head["parts"]):
            # Replaced since the head was read.
            return None
        body = unpacked({head["as"]: b"".join(part["body"] for part in parts)})
        return KeptExposures(str(head["marks"]), body)

    @override
    def save(self, kept: KeptExposures) -> None:
        before = self._tables.get(PIPELINES, self._pk, _HEAD)
        ((form, data),) = packed(kept.body).items()
        parts = [data[at : at + _PART] for at in range(0, len(data), _PART)]
        name = uuid4().hex
        for place, part in enumerate(parts):
            item: Item = {"pk": self._pk, "sk": f"{name}/{place:04d}", "body": part}
            self._tables.write(Write(kind="Put", table=PIPELINES, item=item))
        head: Item = {"pk": self._pk, "sk": _HEAD, "marks": kept.marks}
        head |= {"name": name, "parts": len(parts), "as": form}
        condition, values = "attribute_not_exists(#pk)", {}
        if before is not None:
            condition, values = "#name = :name", {"name": before["name"]}
        write = Write(kind="Put", table=PIPELINES, item=head, condition=condition, values=values)
        try:
            self._tables.write(write)
        except RefusedWriteError:
            # Somebody else saved meanwhile, and wins.
            self._drop_body(head)
            return
        if before is not None:
            self._drop_body(before)

    @override
    def forget(self) -> None:
        keys = [row["sk"] for row in self._tables.query(PIPELINES, self._pk)]
        # The head first: what is cut off here is no ranking any more.
        for sk in sorted(keys, key=lambda key: key != _HEAD):
            self._drop(sk)

    def _drop_body(self, head: Item) -> None:
        for place in range(int(head["parts"])):
            self._drop(f"{head['name']}/{place:04d}")

    def _drop(self, sk: str) -> None:
        gone: Item = {"pk": self._pk, "sk": sk}
        self._tables.write(Write(kind="Delete", table=PIPELINES, item=gone))
