"""How ages, counts and untrusted names are said."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from agent.guard.untrusted import clean
from integrations.findings.port import Severity

LONGEST = 120
_SPECIAL = re.compile(r"([\\*_~\[\]<>|])")
_STALE = timedelta(days=1)
_ONE = {"vulnerabilities": "vulnerability"}
_MANY = re.compile(
    r"\b(?:findings|vulnerabilities|checks|resources|groups|hosts|databases|snapshots)\b"
)
_URGENT = (Severity.FATAL, Severity.CRITICAL, Severity.HIGH)


def said(text: str, longest: int = LONGEST) -> str:
    """Untrusted text in a sentence: one line, no hidden characters, Markdown taken literally."""
    line = " ".join(clean(text, longest).split()).replace("`", "'")
    return _SPECIAL.sub(r"\\\1", line)


def quoted(text: str, longest: int = LONGEST) -> str:
    """What a source wrote, marked as somebody else's words: a title may say anything."""
    return f"“{said(text, longest).rstrip('.')}”"


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


def one(asked: str, total: int) -> str:
    """What was asked for, as one thing when there is one: `open finding of S3`."""
    if total != 1:
        return asked
    single = _MANY.sub(lambda found: _ONE.get(found[0], found[0][:-1]), asked, count=1)
    return single.replace(" that mention ", " that mentions ").replace(
        " that take ", " that takes "
    )


def by_severity(counts: Mapping[Severity, int], severities: tuple[Severity, ...] = _URGENT) -> str:
    """`29 critical and 233 high`; without those that are none."""
    return joined([f"{counts[s]:,} {s.label.lower()}" for s in severities if counts.get(s)])


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
