"""OCSF findings that were written elsewhere: kept as they are, with times in milliseconds.

Security Hub's own (`Findings Imported V2`) are OCSF 1.6.0; Prowler writes version 1.4 or 1.5, its
compliance checks as class 2004 and its times in seconds.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from integrations.errors import RejectedRecordError
from integrations.findings.ocsf import read_finding
from integrations.findings.ocsf_shape import misshapen
from integrations.findings.timestamps import EARLIEST, in_milliseconds, moment_of

_OTHERS_OWN: Final = frozenset({"unmapped", "data", "enrichments", "raw_data"})
"""Attributes whose content is not OCSF's: nothing in them is touched."""


def convert(record: Mapping[str, Any]) -> bytes:
    """One OCSF 1.1-1.8 event of class 2002, 2003, 2004 or 2006, ready to be stored.

    Raises:
        RejectedRecordError: it has not the shape that its own version asks for, or lacks what is
            indexed; says which attribute.
    """
    wrong = misshapen(record)
    if wrong is not None:
        raise RejectedRecordError(f"not a valid OCSF finding: {wrong}")
    scaled = _in_milliseconds(record)
    for name, time in (("time", scaled["time"]), *scaled["finding_info"].items()):
        if _is_time(name, time) and time < EARLIEST:
            raise RejectedRecordError(f"{name} is in {moment_of(time):%Y}: no finding's time")
    event = msgspec.json.encode(scaled)
    # What the store will read must be readable.
    read_finding(event)
    return event


def _is_time(name: str, value: Any) -> bool:
    return (name == "time" or name.endswith("_time")) and type(value) is int


def _in_milliseconds(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _field(key, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_in_milliseconds(item) for item in value]
    return value


def _field(key: str, value: Any) -> Any:
    if key in _OTHERS_OWN:
        return value
    if _is_time(key, value):
        milliseconds = in_milliseconds(value)
        try:
            moment_of(milliseconds)
        except OverflowError as error:
            raise RejectedRecordError(f"{key} {value} is no time") from error
        return milliseconds
    return _in_milliseconds(value)
