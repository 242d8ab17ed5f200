"""The moments that a tool's argument can name, and how each is said.

A word means the same in every tool: `last_week` are the last 7 days, `this_week` begins on Monday.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from integrations.errors import SecurityAssistError

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_AGO = re.compile(r"(\d{1,4})([hd])")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_ROLLING = {"yesterday": "24h", "last_week": "7d", "last_month": "30d"}
KNOWN = f"today, {', '.join(_ROLLING)}, this_week, this_month, this_year, monday, 14d, 2026-11-01"
"""What may be given, for a refusal and for a model."""


class UnknownMomentError(SecurityAssistError):
    """A text that names no moment; says what does."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment, and the words for what came after it and before it."""

    at: datetime
    """Aware UTC."""
    since: str
    """`in the last 7 days`, `since Monday 23 November`."""
    before: str
    """`more than 7 days ago`, `before Monday 23 November`."""


def moment_of(text: str, now: datetime, argument: str = "since") -> Moment:
    """The moment that a text means, counted back from `now` (aware).

    Raises:
        UnknownMomentError: the text names none, or a day that no calendar has.
    """
    word = text.strip().lower()
    ago = _AGO.fullmatch(_ROLLING.get(word, word))
    if ago:
        count, hours = int(ago[1]), ago[2] == "h"
        span = f"{count} {'hour' if hours else 'day'}{'' if count == 1 else 's'}"
        at = now - (timedelta(hours=count) if hours else timedelta(days=count))
        return Moment(at, f"in the last {span}", f"more than {span} ago")
    midnight = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    if word == "today":
        return Moment(midnight, "since midnight UTC", "before midnight UTC")
    day = _day(word, midnight)
    if day is None:
        raise UnknownMomentError(f"{argument} is one of {KNOWN}, not {text}")
    named = f"{day:%A} " if midnight - day < timedelta(days=7) else ""
    year = "" if day.year == midnight.year else f" {day.year}"
    said = f"{named}{day.day} {day:%B}{year}"
    return Moment(day, f"since {said}", f"before {said}")


def _day(word: str, midnight: datetime) -> datetime | None:
    """The beginning of the day that a word means; of a weekday the latest, which may be today."""
    if word == "this_month":
        return midnight.replace(day=1)
    if word == "this_year":
        return midnight.replace(month=1, day=1)
    weekday = "monday" if word == "this_week" else word
    if weekday in _WEEKDAYS:
        return midnight - timedelta(days=(midnight.weekday() - _WEEKDAYS.index(weekday)) % 7)
    try:
        return datetime.fromisoformat(word).replace(tzinfo=UTC) if _DATE.fullmatch(word) else None
    except ValueError:
        return None
