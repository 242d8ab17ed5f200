"""Checkpoints in DynamoDB: one item each, with `pk` "checkpoint/<name>" and the text in `value`."""

from typing import Final

from typing_extensions import override

from integrations.checkpoints.port import Checkpoints
from integrations.dynamodb import Item, RefusedWriteError, Tables, Write
from integrations.dynamodb_tables import PIPELINES

_SAVED: Final = "saved"


class DynamoCheckpoints(Checkpoints):
    """One item a checkpoint; one object serves all threads of a process."""

    def __init__(self, tables: Tables) -> None:
        """The tables are there already."""
        self._tables = tables

    @override
    def load(self, name: str) -> str | None:
        item = self._tables.get(PIPELINES, _of(name), _SAVED)
        return None if item is None else str(item["value"])

    @override
    def save(self, name: str, value: str) -> None:
        item: Item = {"pk": _of(name), "sk": _SAVED, "value": value}
        self._tables.write(Write(kind="Put", table=PIPELINES, item=item))

    @override
    def swap(self, name: str, before: str | None, value: str) -> bool:
        item: Item = {"pk": _of(name), "sk": _SAVED, "value": value}
        write = Write(
            kind="Put",
            table=PIPELINES,
            item=item,
            condition="attribute_not_exists(#pk)" if before is None else "#value = :before",
            values={} if before is None else {"before": before},
        )
        try:
            self._tables.write(write)
        except RefusedWriteError:
            return False
        return True

    def close(self) -> None:
        """Nothing is held open."""


def _of(name: str) -> str:
    return f"checkpoint/{name}"
