"""The Config recorder of one account: items as they are, and as they were.

An item is what the specification says with what is now laid over it, so that an account in which
nothing was changed has the very items that the story exports.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from infra.local.account import Account, Item
from infra.local.aws import live, live_data
from infra.local.aws.holdings import Holdings
from infra.local.aws.live import Live

_COMPARED = ("configuration", "supplementaryConfiguration", "tags", "relationships")
_READERS = (*live.READERS, *live_data.READERS)


class Name(NamedTuple):
    """Whose item it is."""

    kind: str
    id: str


class Recorder:
    """Looks when it is asked, and keeps every version that it has seen."""

    def __init__(
        self, holdings: Holdings, told: Iterable[Item], clock: Callable[[], datetime]
    ) -> None:
        """`told` are the specification's items; `clock` tells the time (aware UTC)."""
        self._holdings = holdings
        self._clock = clock
        self._versions: dict[Name, list[Item]] = {
            Name(item["resourceType"], item["resourceId"]): [item] for item in told
        }
        self._watched = self._look()
        self.stale = False
        """Whether the account may have changed since it was looked at."""

    def items(self) -> list[Item]:
        """The current item of everything that is there."""
        self._refresh()
        latest = [versions[-1] for versions in self._versions.values()]
        return [item for item in latest if item["configurationItemStatus"] == "OK"]

    def versions(self, kind: str, resource_id: str) -> list[Item]:
        """Every version of one resource, the latest first; empty when it was never seen."""
        self._refresh()
        return self._versions.get(Name(kind, resource_id), [])[::-1]

    def _refresh(self) -> None:
        if not self.stale:
            return
        self.stale = False  # before the look: a change meanwhile asks for another
        try:
            seen = self._look()
        except BaseException:
            self.stale = True
            raise
        for name in self._watched - seen:
            self._keep(name, self._gone(self._versions[name][-1]))
        self._watched = seen

    def _look(self) -> set[Name]:
        """Read everything that has a reader; what differs from the last version is a new one."""
        seen: set[Name] = set()
        for reader in _READERS:
            for resource in reader(self._holdings):
                name = Name(resource.kind, resource.id)
                seen.add(name)
                known = self._versions.get(name)
                item = self._item(resource, known[-1] if known else None)
                if known is None or any(item[part] != known[-1][part] for part in _COMPARED):
                    self._keep(name, item)
        return seen

    def _keep(self, name: Name, item: Item) -> None:
        self._versions.setdefault(name, []).append(item)

    def _item(self, resource: Live, known: Item | None) -> Item:
        """An item in which what is now is laid over what was told."""
        before: dict[str, Any] = known or {}
        relations = resource.relationships
        if relations is None:
            relations = before.get("relationships", ())
        account = Account(self._holdings.account, self._holdings.region, self._clock())
        account.captured *= 0
        account.add(
            resource.kind,
            resource.id,
            resource.arn,
            {**before.get("configuration", {}), **resource.configuration},
            name=before.get("resourceName") or resource.name,
            tags=resource.tags,
            relationships=list(relations),
            supplementary=resource.supplementary,
        )
        return account.items[0]

    def _gone(self, item: Item) -> Item:
        account = Account(self._holdings.account, self._holdings.region, self._clock())
        account.captured *= 0
        account.add(item["resourceType"], item["resourceId"], item["ARN"], {},
                    name=item["resourceName"] or "")  # fmt: skip
        return account.items[0] | {"configurationItemStatus": "ResourceDeleted"}
