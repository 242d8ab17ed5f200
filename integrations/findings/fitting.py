"""A record of any shape fitted to the one that is expected, with what does not fit kept aside."""

from collections.abc import Mapping, Sequence
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import FieldInfo

from integrations.errors import RejectedRecordError

StructT = TypeVar("StructT", bound=Struct)


def fit(record: Mapping[str, Any], shape: type[StructT]) -> tuple[StructT, dict[str, Any]]:
    """The record as the given struct, and everything of it that the struct has no place for.

    A field that is there in another shape counts as absent and is left over. The first letter's
    case is ignored, because AWS writes one record in PascalCase (API) and camelCase (EventBridge);
    of a field that is there in both, the one that is spelled as the struct says is taken.

    Raises:
        RejectedRecordError: a field that must be there is missing or has another shape.
    """
    fields = _fields(shape)
    taken: dict[str, Any] = {}
    left: dict[str, Any] = {}
    for key, value in record.items():
        field = fields.get(key[:1].lower() + key[1:])
        if field is None or field.name in taken or _is_the_other(key, field, record):
            left[key] = value
            continue
        fitted, rest = _fit_value(value, field.type)
        if fitted is not msgspec.UNSET:
            taken[field.name] = fitted
        if rest is not msgspec.UNSET:
            left[key] = rest
    for field in fields.values():
        if field.required and field.name not in taken:
            raise RejectedRecordError(_complaint(record, field))
    return shape(**taken), left


def fitted(raw: bytes, shape: type[StructT]) -> tuple[StructT, Any]:
    """A JSON value as the struct, which needs no field, and what it has no place for, or None."""
    if not raw:
        return shape(), None
    value = msgspec.json.decode(raw)
    if not isinstance(value, dict):
        return shape(), value
    found, left = fit(value, shape)
    return found, left or None


def _is_the_other(key: str, field: FieldInfo, record: Mapping[str, Any]) -> bool:
    return key != field.encode_name and field.encode_name in record


@cache
def _fields(shape: type[Struct]) -> dict[str, FieldInfo]:
    return {
        field.encode_name[:1].lower() + field.encode_name[1:]: field
        for field in msgspec.structs.fields(shape)
    }


def _complaint(record: Mapping[str, Any], field: FieldInfo) -> str:
    for key in record:
        if key[:1].lower() + key[1:] == field.encode_name[:1].lower() + field.encode_name[1:]:
            return f"{key} has an unexpected shape: {type(record[key]).__name__}"
    return f"{field.encode_name} is missing"


def _fit_value(value: Any, wanted: Any) -> tuple[Any, Any]:
    """(what fits, what is left over), each UNSET when there is none."""
    if wanted is Raw or Raw in get_args(wanted):
        return Raw(msgspec.json.encode(value)), msgspec.UNSET
    struct, many = _struct_in(wanted)
    if struct is None:
        return _convert(value, wanted)
    if not many:
        return _fit_struct(value, struct)
    if not isinstance(value, Sequence) or isinstance(value, str):
        return msgspec.UNSET, value
    pairs = [_fit_struct(item, struct) for item in value]
    fitted = [pair[0] for pair in pairs if pair[0] is not msgspec.UNSET]
    rests = [{} if pair[1] is msgspec.UNSET else pair[1] for pair in pairs]
    return fitted, rests if any(rest != {} for rest in rests) else msgspec.UNSET


def _fit_struct(value: Any, struct: type[Struct]) -> tuple[Any, Any]:
    if not isinstance(value, Mapping):
        return msgspec.UNSET, value
    try:
        fitted, rest = fit(value, struct)
    except RejectedRecordError:
        return msgspec.UNSET, value
    return fitted, rest or msgspec.UNSET


def _convert(value: Any, wanted: Any) -> tuple[Any, Any]:
    try:
        return msgspec.convert(value, wanted), msgspec.UNSET
    except msgspec.ValidationError:
        return msgspec.UNSET, value


@cache
def _struct_in(wanted: Any) -> tuple[type[Struct] | None, bool]:
    """The struct that a type is made of, and whether it is a list of them."""
    if isinstance(wanted, type) and issubclass(wanted, Struct):
        return wanted, False
    origin = get_origin(wanted)
    if origin in {list, tuple}:
        return _struct_in(get_args(wanted)[0])[0], True
    if origin in {Union, UnionType}:
        for option in get_args(wanted):
            struct, many = _struct_in(option)
            if struct is not None:
                return struct, many
    return None, False
