"""Times that a question names, as the arguments of tools (`agent.tools.moments`)."""

import re

_COUNTS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip
_DAYS = {"d": 1, "day": 1, "w": 7, "week": 7, "month": 30, "quarter": 91, "y": 365, "year": 365}
_AMOUNT = (
    rf"(\d{{1,4}}|{'|'.join(_COUNTS)}) ?"
    r"(hours?|h|days?|d|weeks?|w|months?|quarters?|years?|y)\b"
)
_DAY = r"(mon|tues|wednes|thurs|fri|satur|sun)day\b|(\d{4}) (\d\d) (\d\d)\b"
_YOUNGER = re.compile(
    rf"\b(?:(?:newer|younger|less|fewer) than|(?:not|no) (?:older|more|longer) than) {_AMOUNT}"
    rf"|\b(?:last|past|previous|within|since)(?: the)?(?: last| past)? {_AMOUNT}"
)
_OLDER = re.compile(
    rf"\b(?:(?:older|longer|more|earlier) than|over|at least|open (?:for|since)) {_AMOUNT}"
    rf"|\b{_AMOUNT} (?:old|or (?:older|more|longer))\b"
)
_SINCE_DAY = re.compile(rf"\b(?:since|after|from)(?: last)? (?:{_DAY})")
_BEFORE_DAY = re.compile(rf"\b(?:before|until|older than)(?: last)? (?:{_DAY})")
_NAMED = (
    (re.compile(r"\bthis month\b"), "this_month"),
    (re.compile(r"\bthis (?:week|weak)\b"), "this_week"),
    (re.compile(r"\bthis year\b"), "this_year"),
    (re.compile(r"\b(?:last|past) month\b"), "last_month"),
    (re.compile(r"\b(?:last|past) (?:week|weak)\b"), "last_week"),
    (re.compile(r"\b(?:last|past) quarter\b"), "91d"),
    (re.compile(r"\b(?:last|past) year\b"), "365d"),
    (re.compile(r"\bsince midnight\b"), "today"),
    (re.compile(r"\byesterday\b|\bovernight\b|\b(?:last|past) (?:night|day)\b"), "yesterday"),
)
_LOOSE = (
    (re.compile(r"\bmonth\b"), "last_month"),
    (re.compile(r"\bweek\b"), "last_week"),
    (re.compile(r"\btoday\b"), "today"),
)
"""What is no bound of a list: `criticals today` are those that are open now."""
_NEWLY = re.compile(
    r"\b(?:new|newly|opened|came|come|appeared|found|discovered|detected|added|first seen)\b"
)
_SAME = {"24h": "yesterday", "7d": "last_week", "30d": "last_month"}


def first_seen(text: str) -> dict[str, str]:
    """`{"first_seen_since": "this_month"}`, `{"first_seen_before": "90d"}`; both, or nothing."""
    bounds: dict[str, str] = {}
    younger = _YOUNGER.search(text)
    if younger:
        ago = _ago(younger)
        bounds["first_seen_since"] = _SAME.get(ago, ago)
        text = _YOUNGER.sub(" ", text)
    older, before = _OLDER.search(text), _BEFORE_DAY.search(text)
    if older or before:
        bounds["first_seen_before"] = _ago(older) if older else _day(before)
        text = _BEFORE_DAY.sub(" ", _OLDER.sub(" ", text))
    day = _SINCE_DAY.search(text)
    since = _day(day) if day else next((n for pattern, n in _NAMED if pattern.search(text)), "")
    if not since and re.search(r"\btoday\b", text) and _NEWLY.search(text):
        since = "today"
    if since:
        bounds.setdefault("first_seen_since", since)
    return bounds


def since(text: str) -> str | None:
    """The moment since when changes are asked for; read more loosely than a list's bound."""
    named = first_seen(text).get("first_seen_since")
    return named or next((moment for loose, moment in _LOOSE if loose.search(text)), None)


def _ago(found: re.Match[str]) -> str:
    count, unit = (group for group in found.groups() if group)
    number = int(count) if count.isdigit() else _COUNTS[count]
    if unit.startswith("h"):
        return f"{min(number, 9999)}h"
    return f"{min(number * _DAYS[unit.removesuffix('s')], 9999)}d"


def _day(found: re.Match[str] | None) -> str:
    if found is None:
        return ""
    weekday, *date = found.groups()
    return f"{weekday}day" if weekday else "-".join(date)
