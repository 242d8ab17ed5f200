"""Made-up answers for calls that a plan keeps back, from the shape of the operation's output.

What the request said under the same name is taken over (a group's id, a new name); ids and ARNs
that AWS would issue are visibly made up (`planned-VpcId-1`) and remembered, so that a later read of
them is known to be one.
"""

import io
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import count
from typing import Any

from integrations.runbooks.failures import plain

_MAX_DEPTH = 6
_PAGES = re.compile(r"(token|marker)$", re.IGNORECASE)
_LEFT_OUT = re.compile(r"(error|fail|unprocessed|unsuccessful|warning)", re.IGNORECASE)
_NAMES_IT = re.compile(r"(Arn|ARN|Id|Ids|Identifier|Name|Names|Url|Bucket|Resources)$")
_SECRET = "(secret)"  # noqa: S105 - the word shown instead of one


class Answers:
    """Makes answers; knows what it made up."""

    def __init__(self, account: str, region: str, now: datetime) -> None:
        self.account = account
        self.region = region
        self.now = now
        self.made_up: set[str] = set()
        self._here: dict[str, str] = {}
        """What was made up within one answer: one name means one thing there."""

    def answer(self, model: Any, given: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        """What botocore takes for the answer to a call: the HTTP response, and what is in it."""
        self._here = {}
        body = self._structure(model.output_shape, given, 0) if model.output_shape else {}
        body["ResponseMetadata"] = {
            "RequestId": "planned",
            "HTTPStatusCode": 200,
            "HTTPHeaders": {},
            "RetryAttempts": 0,
        }
        return _Planned(), body

    def _structure(self, shape: Any, given: Mapping[str, Any], depth: int) -> dict[str, Any]:
        said = {name.casefold(): value for name, value in given.items()}
        out: dict[str, Any] = {}
        for name, member in shape.members.items():
            value = said.get(name.casefold())
            if value is not None and _fits(value, member):
                out[name] = value
            elif not _PAGES.search(name) and depth < _MAX_DEPTH:
                made = self._member(name, member, given, depth + 1)
                if made is not None:
                    out[name] = made
        return out

    def _member(self, name: str, shape: Any, given: Mapping[str, Any], depth: int) -> Any:
        if shape.type_name == "structure":
            if shape.serialization.get("eventstream"):
                return None
            return self._structure(shape, given, depth)
        if shape.type_name == "list":
            if _LEFT_OUT.search(name):
                return []
            one = self._member(_singular(name), shape.member, given, depth)
            return [] if one is None else [one]
        if shape.type_name == "map":
            return {}
        return self._scalar(name, shape)

    def _scalar(self, name: str, shape: Any) -> Any:
        kind = shape.type_name
        if kind in {"string", "character"}:
            return shape.enum[0] if getattr(shape, "enum", None) else self._text(name)
        if kind in {"integer", "long", "float", "double"}:
            return 0
        if kind == "boolean":
            return name.casefold() in {"return", "success"}
        if kind == "timestamp":
            return self.now
        if kind == "blob":
            return _body() if shape.serialization.get("streaming") else b""
        return None

    def _text(self, name: str) -> str | None:
        if not _NAMES_IT.search(name):
            return None
        if name not in self._here:
            numbers = (self._id(name, number) for number in count(1))
            self._here[name] = next(made for made in numbers if made not in self.made_up)
            self.made_up.add(self._here[name])
        return self._here[name]

    def _id(self, name: str, number: int) -> str:
        made = f"planned-{name}-{number}"
        if name.casefold().endswith("arn"):
            return f"arn:aws:planned:{self.region}:{self.account}:{made}"
        return made


def _body() -> Any:
    from botocore.response import StreamingBody  # noqa: PLC0415 - only a script's calls need it

    return StreamingBody(io.BytesIO(b"{}"), 2)


class _Planned:
    """The part of an HTTP response that botocore looks at."""

    status_code = 200
    headers: Mapping[str, str] = {}
    content = b""
    text = ""


def _fits(value: Any, shape: Any) -> bool:
    kinds = {
        "structure": Mapping,
        "map": Mapping,
        "list": list,
        "string": str,
        "boolean": bool,
        "integer": int,
        "long": int,
    }
    return isinstance(value, kinds.get(shape.type_name, ()))


def _singular(name: str) -> str:
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name


def redacted(given: Mapping[str, Any], shape: Any) -> dict[str, Any]:
    """The parameters of a call as plain JSON, what AWS marks as sensitive taken out."""
    members = shape.members if shape is not None else {}
    return {name: _shown(value, members.get(name)) for name, value in given.items()}


def _shown(value: Any, shape: Any) -> Any:
    if shape is not None and shape.metadata.get("sensitive"):
        return _SECRET
    if isinstance(value, Mapping):
        if shape is not None and shape.type_name == "structure":
            return redacted(value, shape)
        inner = getattr(shape, "value", None)
        return {str(key): _shown(item, inner) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        inner = getattr(shape, "member", None)
        return [_shown(item, inner) for item in value]
    return f"({len(value)} bytes)" if isinstance(value, (bytes, bytearray)) else plain(value)


def resource_of(given: Mapping[str, Any], shape: Any) -> str:
    """The id or name of what a call changes, as far as its parameters tell; else empty."""
    if shape is None:
        return ""
    required = [name for name in shape.required_members if name in given]
    others = [name for name in given if name not in required]
    for names in (required, others):
        for name in _naming(names, shape):
            value = given[name]
            if isinstance(value, str) and value:
                return value
            if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
                return ", ".join(value)
    return ""


def _naming(names: list[str], shape: Any) -> Iterator[str]:
    """The members that name a thing, in the order of the shape."""
    order = {name: place for place, name in enumerate(shape.members)}
    for name in sorted(names, key=lambda name: order.get(name, len(order))):
        member = shape.members.get(name)
        if (
            member is not None
            and _NAMES_IT.search(name)
            and not member.metadata.get("idempotencyToken")
        ):
            yield name
