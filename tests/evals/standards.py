"""What holds for every answer, whatever was asked: each check yields what is wrong, in words."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from agent.offline.planner import Call, plan
from agent.tools import wire
from agent.views import Connections, FindingList, Freshness, Posture
from bot.messages import Grid, Item
from integrations.findings.port import Finding, FindingState
from tests.evals.stage import Seen
from tests.evals.truth import Truth

_PHONE = 60
"""Characters of a line on a phone."""
_MOST_LINES = 12
_MOST_ROWS, _MOST_ITEMS = 10, 5
_SCALE = "100"
"""What scores are out of."""
_TELLING = 8
"""Characters from which a name is one tenant's own."""
_FILLER = re.compile(
    r"\b(sorry|apolog\w+|as an ai|language model|great question|please note|certainly|of course|"
    r"happy to|feel free|unfortunately|let me know|hope this helps|here (is|are) (the|what)|"
    r"as you can see|it is important to)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w.-])\d[\d,]*(?:\.\d+)?(?![\w]*-)")
_THING = re.compile(
    r"\barn:aws[\w:/.*+=,@-]+\w|\b[FX]-[0-9A-Z]{6,8}\b|\bCVE-\d{4}-\d+\b"
    r"|\b(?:i|sg|vpc|subnet|igw|rtb|eipalloc|eni|acl|db|key)-[0-9a-z]{4,}\b|\b\d{12}\b"
)
_WORD = re.compile(r"[\w][\w./:@-]*[\w]")


def wrong_with(seen: Seen, truth: Truth) -> Iterator[str]:
    """Everything that is wrong with an answer as such."""
    yield from _verdict(seen)
    yield from _tone(seen)
    yield from _length(seen)
    yield from _foreign(seen, truth)
    if seen.answer is not None:
        yield from _ungrounded(seen)
        yield from _misjudged(seen, truth)
        yield from _dead_buttons(seen)


def _verdict(seen: Seen) -> Iterator[str]:
    lines = seen.lines or seen.cards
    if not lines:
        yield "nothing was said"
        return
    first = lines[0]
    if not first.endswith((".", ":", "?", "TENANT`")):
        yield f"the first line is no sentence: {first!r}"
    if not re.match(r"[A-Z0-9“]|[a-z]+[-\d]|acme|globex|initech", first):
        yield f"the first line begins in the middle: {first!r}"
    if "arn:" in first:
        yield "there is a bare ARN in the first line"
    if seen.answer is not None and first.rstrip(":.") not in seen.reply.plain.replace("\\", ""):
        yield f"the notification says something else: {seen.reply.plain!r}"


def _tone(seen: Seen) -> Iterator[str]:
    # What sources wrote is quoted as it is; one of the demo's titles holds this.
    own = seen.words.replace("<!channel>", "")
    if "!" in own:
        yield "there is an exclamation mark"
    filler = _FILLER.search(own)
    if filler:
        yield f"there is filler: {filler[0]!r}"
    for line in seen.lines:
        if "  " in line or " ." in line or ".." in line or "()" in line or "None" in line:
            yield f"the line is not clean: {line!r}"


def _length(seen: Seen) -> Iterator[str]:
    rows = sum(-(-len(line) // _PHONE) for line in seen.lines)
    if rows > _MOST_LINES:
        yield f"the text is {rows} lines on a phone, more than {_MOST_LINES}"
    items = sum(isinstance(part, Item) for part in seen.reply.parts)
    if items > _MOST_ITEMS:
        yield f"{items} items are shown, more than {_MOST_ITEMS}"
    for part in seen.reply.parts:
        if isinstance(part, Grid) and len(part.rows) > _MOST_ROWS:
            yield f"a table has {len(part.rows)} rows, more than {_MOST_ROWS}"


# -- whose data


def _foreign(seen: Seen, truth: Truth) -> Iterator[str]:
    """Names and ids of tenants that the turn is not about."""
    if seen.scope is None:
        return
    others = _of_others(truth, frozenset(systems.tenant.id for systems in seen.scope.systems))
    asks = " ".join(button.value for button in seen.buttons)
    for word in sorted(others.intersection(_WORD.findall(f"{seen.words} {asks}"))):
        if word not in seen.asked:
            yield f"{word} belongs to another tenant"


@lru_cache(maxsize=16)
def _of_others(truth: Truth, own: frozenset[str]) -> frozenset[str]:
    """What only tenants outside `own` are called and have; short words mean too many things."""
    every = truth.tenants
    mentioned = {word for tenant in own for word in every[tenant].mentioned}
    foreign = every.keys() - own
    names = {word for tenant in foreign for word in every[tenant].ids if len(word) > _TELLING}
    return frozenset((names - mentioned) | foreign)


# -- what it rests on


def _ungrounded(seen: Seen) -> Iterator[str]:
    """Numbers, ids and ARNs that no tool answered."""
    assert seen.answer is not None
    output = f"{wire.encode(seen.answer.views)} {seen.asked.upper()}"
    for thing in sorted(set(_THING.findall(seen.words))):
        if thing not in output:
            yield f"{thing} stands in nothing that a tool answered"
    known = {_plain(n) for n in re.findall(r"\d[\d,]*(?:\.\d+)?|\d+", output)}
    known |= {_plain(n) for n in re.findall(r"\d+", output)}
    known |= {_SCALE, *_derived(seen.answer.views)}
    rest = _THING.sub(" ", seen.words)
    for number in sorted(set(_NUMBER.findall(rest))):
        if _plain(number) not in known:
            yield f"the number {number} stands in nothing that a tool answered"


def _plain(number: str) -> str:
    digits = number.replace(",", "")
    return (digits.rstrip("0").rstrip(".") if "." in digits else digits).lstrip("0") or "0"


def _derived(views: Sequence[Any]) -> set[str]:
    """What may be counted from what tools answered: ages, lengths, rests, differences and sums."""
    numbers = {*map(str, range(_MOST_ROWS + 1))}
    totals: dict[tuple[int, str], list[int]] = {}
    told: Counter[tuple[str, str]] = Counter()
    for view in views:
        # A tenant that is told of again was asked again: sums are of one call's answers.
        of = (type(view).__name__, getattr(view, "tenant", ""))
        told[of] += 1
        moments = list(_moments(view))
        freshness = getattr(view, "freshness", None)
        if isinstance(freshness, Freshness):
            for moment in moments:
                numbers.update(_ages(freshness.now - moment))
        for size in _lengths(view):
            numbers.add(str(size))
        for name, value in _whole_numbers(view):
            totals.setdefault((told[of], name), []).append(value)
            numbers.update(str(max(0, value - shown)) for shown in range(_MOST_ROWS + 1))
        if isinstance(view, FindingList):
            begin = int(view.filtered.get("offset", "0"))
            numbers.update(str(begin + row) for row in range(1, len(view.findings) + 1))
        if isinstance(view, Connections):
            every = len(view.graph.resources) + view.graph.left_out
            numbers.update(str(every - own) for own in range(3))
        if isinstance(view, Posture):
            for severity in {*view.open_by_severity, *view.yesterday}:
                now, before = (
                    counts.get(severity, 0) for counts in (view.open_by_severity, view.yesterday)
                )
                numbers.add(str(abs(now - before)))
    numbers.update(str(sum(values)) for values in totals.values())
    return numbers


def _ages(passed: timedelta) -> Iterator[str]:
    minutes = int(passed.total_seconds() // 60)
    yield from (str(n) for n in (minutes, minutes // 60, minutes // (24 * 60)))


def _moments(value: Any) -> Iterator[datetime]:
    if isinstance(value, datetime):
        yield value
    for inner in _inside(value):
        yield from _moments(inner)


def _lengths(value: Any) -> Iterator[int]:
    if isinstance(value, list | tuple):
        yield len(value)
    for inner in _inside(value):
        yield from _lengths(inner)


def _whole_numbers(value: Any, name: str = "") -> Iterator[tuple[str, int]]:
    """(where it stands, number) of a view's own counts."""
    if is_dataclass(value):
        for field in fields(value):
            yield from _whole_numbers(getattr(value, field.name), f"{name}.{field.name}")
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _whole_numbers(inner, f"{name}[{key}]")
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _whole_numbers(inner, name)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield name, int(value)


def _inside(value: Any) -> Iterable[Any]:
    if is_dataclass(value):
        return [getattr(value, field.name) for field in fields(value)]
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list | tuple) else ()


# -- whether it is so


def _misjudged(seen: Seen, truth: Truth) -> Iterator[str]:
    """Findings that are said to be open and are not, or worse or milder than they are."""
    assert seen.answer is not None
    for finding in _findings(seen.answer.views):
        row = truth.row(finding.uid)
        if row is None:
            yield f"{finding.ref} stands in no file"
        elif (finding.state is FindingState.OPEN) != row.open:
            yield f"{finding.ref} is {finding.state}, in the files it is {row.state}"
        elif row.open and finding.severity.name != row.severity:
            yield f"{finding.ref} is {finding.severity.name}, in the files it is {row.severity}"


def _findings(value: Any) -> Iterator[Finding]:
    if isinstance(value, Finding):
        yield value
    else:
        for inner in _inside(value):
            yield from _findings(inner)


# -- what can be pressed


def _dead_buttons(seen: Seen) -> Iterator[str]:
    """Buttons whose question nobody understands."""
    assert seen.scope is not None
    offered = frozenset(_TOOLS if seen.scope.operator else _TOOLS - {"list_tenants"})
    for button in seen.buttons:
        messages = [{"role": "user", "content": [{"text": button.value}]}]
        steps = plan(messages, offered, ("acme", "globex", "initech"))
        if any(isinstance(s, Call) and "can't tell" in json.dumps(s.arguments) for s in steps):
            yield f"the button {button.label!r} asks {button.value!r}, which is not understood"


_TOOLS = frozenset(
    {"list_tenants", "posture_summary", "changes", "exposures", "explain_exposure",
     "search_findings", "finding_detail", "top_resources", "resource_detail", "connections",
     "public_resources", "remediation_advice", "ask_back"}
)  # fmt: skip
