"""How ages, counts and untrusted names are said."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from agent.guard.untrusted import clean
from integrations.findings.port import Severity

LONGEST = 120
_SPECIAL = re.compile(r"([\\*_~\[\]<>|])")
_STALE = timedelta(days=1)
_URGENT = (Severity.FATAL, Severity.CRITICAL, Severity.HIGH)


def said(text: str, longest: int = LONGEST) -> str:
    """Untrusted text in a sentence: one line, no hidden characters, Markdown taken literally."""
    line = " ".join(clean(text, longest).split()).replace("`", "'")
    return _SPECIAL.sub(r"\\\1", line)


def code(text: str) -> str:
    """A name or id between backticks."""
    return f"`{' '.join(clean(text, LONGEST).replace('`', '').split())}`"


def age(since: datetime, now: datetime) -> str:
    """`3 minutes`, `5 hours`, `41 days`."""
    passed = max(timedelta(0), now - since)
    minutes = int(passed.total_seconds() // 60)
    if minutes < 60:  # noqa: PLR2004 - an hour
        return counted(minutes, "minute")
    if minutes < 48 * 60:
        return counted(minutes // 60, "hour")
    return counted(passed.days, "day")


def counted(number: int, thing: str) -> str:
    """`1 finding`, `2 findings`."""
    plural = thing if number == 1 else f"{thing[:-1]}ies" if thing.endswith("ty") else f"{thing}s"
    return f"{number:,} {plural}"


def by_severity(counts: Mapping[Severity, int], severities: tuple[Severity, ...] = _URGENT) -> str:
    """`29 critical, 233 high`; without those that are none."""
    parts = [f"{counts[s]:,} {s.label.lower()}" for s in severities if counts.get(s)]
    return ", ".join(parts)


def joined(parts: list[str]) -> str:
    """`a, b and c`."""
    if len(parts) < 2:  # noqa: PLR2004 - nothing to join
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def stale(source: str, seen: datetime | None, now: datetime) -> str:
    """A warning about a source that is missing or older than a day; "" when it is fresh."""
    if seen is None:
        return f"No {source} have been taken in yet."
    return f"The newest {source} are {age(seen, now)} old." if now - seen > _STALE else ""
