"""Everything an account holds, as plain values by path: to see what a fix changed, and what not.

moto's models are ordinary objects, so they are read as such: whatever an operation changes shows,
whether or not anybody thought of it. An object is told where its service keeps it; elsewhere it is
a reference, so that one change shows in one place.
"""

import enum
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from types import ModuleType
from typing import Any

from moto import backends
from moto.core.base_backend import BackendDict, BaseBackend

SERVICES = (
    "ec2", "s3", "s3control", "iam", "kms", "rds", "lambda", "sns", "sqs", "dynamodb",
    "cloudtrail", "elbv2", "elb", "ecr", "eks", "redshift", "secretsmanager", "ssm", "dms",
    "config", "guardduty", "logs", "cloudwatch", "wafv2",
)  # fmt: skip
"""What an account is made of here. Each is loaded before its state is told, so that an account in
which a service was only looked at is the same as before."""
_NO_STATE = frozenset({"sts", "moto_api", "instance_metadata", "securityhub"})
_IDENTITIES = ("arn", "id", "name", "resource_id")
_HOLDERS = frozenset({"instances"})
"""Attributes of objects where other objects are at home: a reservation's instances."""
_VOLATILE = frozenset({"revision", "last_modified", "code_or_config_updated", "config_schema"})
"""What no one sets: it changes with every change, even with one that puts something back."""
_DEEPEST = 40
_PLAIN = (str, int, float, bool, type(None))


def state(account: str, region: str) -> dict[str, Any]:
    """What an account holds.

    Returns:
        `{"ec2/us-east-1/groups/vpc-1/sg-1/ingress_rules/0/from_port": 22, ...}`, sorted by path.
    """
    for service in SERVICES:
        held = backends.get_backend(service)[account]
        held["aws" if "aws" in held else region]
    roots = dict(_roots(account))
    places: dict[int, str] = {}
    for path, root in roots.items():
        for name, value in vars(root).items():
            _place(f"{path}/{name}", value, places, 3)
    reader = _Reader(places)
    for path, root in roots.items():
        for name, value in vars(root).items():
            if name not in _VOLATILE:
                reader.read(f"{path}/{name}", value, 0)
    return dict(sorted(reader.told.items()))


def _roots(account: str) -> Iterator[tuple[str, BaseBackend]]:
    for held in BackendDict._instances:  # noqa: SLF001 - every service that is in use
        if held.service_name in _NO_STATE or account not in held:
            continue
        for region, backend in held[account].items():
            yield f"{held.service_name}/{region}", backend


def _place(path: str, value: Any, places: dict[int, str], depth: int) -> None:
    """Note where a service keeps its objects: in maps and lists of its own, up to three deep."""
    if depth == 0:
        return
    for key, item in _members(value):
        if _is_object(item):
            places.setdefault(id(item), f"{path}/{key}")
            for name in _HOLDERS & vars(item).keys():
                _place(f"{path}/{key}/{name}", vars(item)[name], places, 1)
        else:
            _place(f"{path}/{key}", item, places, depth - 1)


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from ((str(key), item) for key, item in list(value.items()))
    elif isinstance(value, list | tuple):
        yield from ((_key(item, number), item) for number, item in enumerate(value))


def _key(item: Any, number: int) -> str:
    """What a list's member is called: by its own id where it has one, else by its place.

    A rule of a group by what it says: its id is drawn anew when it is put back.
    """
    if _is_object(item):
        known = vars(item)
        if "ip_protocol" in known:
            ports = f"{known['from_port']}-{known['to_port']}"
            source = known["ip_range"] or known["source_group"] or known["prefix_list_id"]
            return f"{known['ip_protocol']} {ports} {source}"
        for name in _IDENTITIES:
            found = known.get(name)
            if isinstance(found, str) and found:
                return found
    return str(number)


def _is_object(value: Any) -> bool:
    return (
        hasattr(value, "__dict__")
        and not isinstance(value, BaseBackend | ModuleType | type | enum.Enum | Mapping)
        and not isinstance(value, Callable)  # type: ignore[arg-type]
    )


class _Reader:
    """Collects values by path."""

    def __init__(self, places: Mapping[int, str]) -> None:
        self.told: dict[str, Any] = {}
        self._places = places
        self._inside: dict[int, str] = {}
        """Objects that are being read: what they hold may point back at them."""

    def read(self, path: str, value: Any, depth: int) -> None:
        if depth > _DEEPEST:
            raise RecursionError(f"the state at {path[:200]} goes round in a circle")
        if isinstance(value, enum.Enum):
            self.told[path] = str(value.value)
        elif isinstance(value, _PLAIN):
            self.told[path] = value
        elif isinstance(value, bytes):
            self.told[path] = value.hex()
        elif isinstance(value, date | datetime):
            self.told[path] = value.isoformat()
        elif isinstance(value, set | frozenset):
            self.told[path] = sorted(map(str, value))
        elif isinstance(value, Mapping | list | tuple):
            self._collection(path, value, depth)
        elif _is_object(value):
            self._object(path, value, depth)

    def _collection(self, path: str, value: Any, depth: int) -> None:
        if not value:
            self.told[path] = [] if isinstance(value, list | tuple) else {}
        for key, item in _members(value):
            self.read(f"{path}/{key}", item, depth + 1)

    def _object(self, path: str, value: Any, depth: int) -> None:
        home = self._inside.get(id(value)) or self._places.get(id(value), path)
        if home != path:
            self.told[path] = f"see {home}"
            return
        self._inside[id(value)] = path
        for name, item in list(vars(value).items()):
            drawn = name == "id" and "ip_protocol" in vars(value)
            if name not in _VOLATILE and not drawn:
                self.read(f"{path}/{name}", item, depth + 1)
        del self._inside[id(value)]
