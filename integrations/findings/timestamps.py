"""Times, however a source writes them, in OCSF's milliseconds since 1970."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

EARLIEST: Final = 946_684_800_000
"""The year 2000: a finding's time before it says that the source knew none (1970, 0001)."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - to subtract from times without a zone
_DAY, _SECOND = 86_400_000, 1000
_SECONDS_BELOW, _MICROSECONDS_FROM, _NANOSECONDS_FROM = 10**11, 10**14, 10**17
_PARTS: Final = ("year", "month", "day", "hour", "minute", "second", "microsecond")


def since_epoch(moment: datetime) -> int:
    """A moment in milliseconds since 1970; one without a zone is UTC, as AWS means it."""
    passed = moment - (_NAIVE_EPOCH if moment.tzinfo is None else _EPOCH)
    # Small numbers first: this takes 0.8 of the time of adding to the days one after the other.
    return passed.days * _DAY + (passed.seconds * _SECOND + passed.microseconds // 1000)


def moment_of(milliseconds: int) -> datetime:
    """Milliseconds since 1970 as an aware UTC time.

    Raises:
        OverflowError: a time beyond the year 9999.
    """
    return _EPOCH + timedelta(milliseconds=milliseconds)


def in_milliseconds(time: int) -> int:
    """A time since 1970 in milliseconds, whatever unit its number of digits gives away.

    OCSF says milliseconds; Prowler writes seconds; some write microseconds or nanoseconds.
    """
    if time < _SECONDS_BELOW:
        return time * 1000
    if time < _MICROSECONDS_FROM:
        return time
    return time // 1000 if time < _NANOSECONDS_FROM else time // 1_000_000


def read_time(value: Any) -> int | None:
    """ISO 8601 with or without zone, epoch numbers, or a recorded datetime; None for anything else.

    Recorded AWS responses write `{"__class__": "datetime", "year": 2023, "month": 9, ...}`.
    """
    try:
        if isinstance(value, str):
            return since_epoch(msgspec.convert(value, datetime))
        if isinstance(value, bool) or value is None:
            return None
        if isinstance(value, int | float):
            milliseconds = in_milliseconds(int(value))
            moment_of(milliseconds)
            return milliseconds
        if isinstance(value, Mapping) and value.get("__class__") == "datetime":
            return since_epoch(datetime(*(value.get(p, 0) for p in _PARTS)))  # noqa: DTZ001 - boto3 records UTC
    except (ValueError, TypeError, OverflowError):  # msgspec.ValidationError is a ValueError
        return None
    return None


def read_finding_time(value: Any) -> int | None:
    """A time at which something was found; None also for one before `EARLIEST`."""
    time = read_time(value)
    return time if time is not None and time >= EARLIEST else None
