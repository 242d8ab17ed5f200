"""What one item tells: facts and links, gathered by the modules that know its type."""

from collections.abc import Iterator, Mapping
from typing import Any

from integrations.resources.arns import resource_id_of
from integrations.resources.port import Link, LinkKind, Scalar


class Telling:
    """Gathers what an item tells of its resource."""

    def __init__(
        self,
        resource_id: str,
        account: str,
        region: str,
        configuration: Mapping[str, Any],
        supplementary: Mapping[str, Any],
    ) -> None:
        """Of the resource `resource_id`, with the item's own words."""
        self.id = resource_id
        self.account = account
        self.region = region
        self.configuration = configuration
        self.supplementary = supplementary
        self.facts: dict[str, Scalar] = {}
        self.links: list[Link] = []
        self._folded: dict[str, Any] = {}
        for key, found in configuration.items():
            if found is not None:
                self._folded.setdefault(key.casefold(), found)

    def fact(self, name: str, value: Any) -> None:
        """Keep a fact; one that is not known (None, "") is left out."""
        if isinstance(value, str | int | float | bool) and value != "":
            self.facts[name] = value

    def to(self, kind: LinkKind, target: str, **properties: Scalar) -> None:
        """A link from this resource."""
        if target:
            self.links.append(Link(source=self.id, kind=kind, target=target, properties=properties))

    def by(self, kind: LinkKind, source: str, **properties: Scalar) -> None:
        """A link to this resource."""
        if source:
            self.links.append(Link(source=source, kind=kind, target=self.id, properties=properties))

    def other(self, config_type: str, short_id: Any) -> str:
        """The id of another resource of this account and region; "" when there is none."""
        if not isinstance(short_id, str) or not short_id:
            return ""
        return resource_id_of(config_type, short_id, self.account, self.region)

    def get(self, *names: str) -> Any:
        """A value of the configuration by any of its spellings, without regard to case."""
        for name in names:
            found = self._folded.get(name.casefold())
            if found is not None:
                return found
        return None

    def network(self, subnets: Any, groups: Any) -> None:
        """The subnets that contain the resource and the groups that guard it."""
        for subnet in texts(subnets):
            self.by(LinkKind.CONTAINS, self.other("AWS::EC2::Subnet", subnet))
        for group in texts(groups):
            self.by(LinkKind.GUARDS, self.other("AWS::EC2::SecurityGroup", group))

    def key(self, key: Any) -> None:
        """The KMS key that encrypts the resource; an alias does not say which key that is."""
        if isinstance(key, str) and key and "alias/" not in key:
            self.to(LinkKind.ENCRYPTED_BY, self.other("AWS::KMS::Key", key))


def value(record: Any, *names: str) -> Any:
    """A record's value by any of its spellings, without regard to case; None for none."""
    if not isinstance(record, Mapping):
        return None
    for name in names:
        if (exact := record.get(name)) is not None:
            return exact
    wanted = {name.casefold() for name in names}
    for key, found in record.items():
        if isinstance(key, str) and key.casefold() in wanted and found is not None:
            return found
    return None


def texts(found: Any) -> list[str]:
    """Strings: of a list, or one by itself."""
    if isinstance(found, str):
        return [found] if found else []
    return [v for v in found if isinstance(v, str) and v] if isinstance(found, list) else []


def rows(found: Any) -> Iterator[Mapping[str, Any]]:
    """The objects of a list; nothing for anything else."""
    if isinstance(found, list):
        yield from (row for row in found if isinstance(row, Mapping))
