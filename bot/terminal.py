"""A reply as text for a terminal: the same content as in chat, wrapped to its width."""

import re
import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.guard.untrusted import clean
from bot.messages import (
    Actions,
    Button,
    Facts,
    Grid,
    Heading,
    Item,
    Line,
    Part,
    Prose,
    Reply,
    Rule,
    Small,
    TextField,
)

NARROWEST = 40
WIDEST = 110
"""Longer lines are harder to read, however wide the terminal."""

_RESET = "\x1b[0m"
_BOLD = "\x1b[1m"
_DIM = "\x1b[2m"
_SEVERITIES = {
    "FATAL": "\x1b[1;31m",
    "CRITICAL": "\x1b[1;31m",
    "HIGH": "\x1b[33m",
    "MEDIUM": "\x1b[36m",
    "LOW": "\x1b[34m",
}
_LONGEST = 4000
_MOST_ASKED = 7
_ESCAPED = re.compile(r"\\([\\*_~\[\]<>|])")
"""What Markdown would take for a mark, taken literally."""
_MARKUP = re.compile(r"\*\*([^*\n]+)\*\*|`([^`\n]+)`")
_LISTED = re.compile(r"^(\s*(?:[-*•]|\d{1,3}[.)])\s+)(.*)$")


@dataclass(frozen=True, slots=True)
class Paper:
    """What is printed on."""

    width: int = 80
    colour: bool = False

    @property
    def columns(self) -> int:
        """The width that is used."""
        return min(max(self.width, NARROWEST), WIDEST)


def rendered(reply: Reply, *, width: int = 80, colour: bool = False) -> str:
    """A reply's parts, ready to print; colour only when told."""
    paper = Paper(width, colour)
    parts = [*_without_asks(reply.parts), *_to_ask(reply.parts)]
    blocks = [lines for lines in (_part(part, paper) for part in parts) if lines]
    return "\n\n".join("\n".join(lines) for lines in blocks)


def _without_asks(parts: Sequence[Part]) -> list[Part]:
    return [replace(p, buttons=()) if isinstance(p, Item) else p for p in parts if not _asks_of(p)]


def _asks_of(part: Part) -> tuple[Button, ...]:
    """What a row of buttons asks; nothing of other rows."""
    if not isinstance(part, Actions) or any(b.action != "ask" for b in part.buttons):
        return ()
    return tuple(part.buttons)


def _to_ask(parts: Sequence[Part]) -> list[Part]:
    """Once and last, what could be asked: of the first item, for the others have such too."""
    items = [p.buttons for p in parts if isinstance(p, Item) and p.buttons]
    offered = [*(items[0] if items else ()), *(b for part in parts for b in _asks_of(part))]
    unique = {b.value: b for b in offered if b.action == "ask"}
    return [Actions(buttons=tuple(unique.values())[:_MOST_ASKED])] if unique else []


def rendered_text(markdown: str, *, width: int = 80, colour: bool = False) -> str:
    """An answer's text, ready to print: without its marks, wrapped, lists kept."""
    paper = Paper(width, colour)
    lines: list[str] = []
    for line in clean(markdown, 4 * _LONGEST).split("\n"):
        lines.extend(_prose_line(line, paper))
    return "\n".join(lines)


def person(person_id: str) -> str:
    """A person as people read it: `ana (command line)`, `U0001 (Slack T0001)`."""
    platform, _, rest = person_id.partition("/")
    workspace, _, user = rest.partition("/")
    if not user:
        return person_id
    where = "command line" if platform == "cli" else f"{platform.capitalize()} {workspace}"
    return f"{user} ({where})"


def _part(part: Part, paper: Paper) -> list[str]:
    match part:
        case Heading():
            return [_styled(line, _BOLD, paper) for line in _wrapped(part.text, paper)]
        case Prose():
            return rendered_text(part.text, width=paper.width, colour=paper.colour).split("\n")
        case Facts():
            return _facts(part, paper)
        case Item():
            return _item(part, paper)
        case Grid():
            return _grid(part, paper)
        case Line() | TextField() | Small() | Actions() | Rule():
            return _furniture(part, paper)


def _furniture(part: Line | TextField | Small | Actions | Rule, paper: Paper) -> list[str]:
    match part:
        case Line():
            said = "".join(w if isinstance(w, str) else person(w.id) for w in part.words)
            return _wrapped(said, paper)
        case TextField():
            return []
        case Small():
            return [_styled(line, _DIM, paper) for line in _wrapped(part.text, paper)]
        case Actions():
            return _asks(part.buttons, paper)
        case Rule():
            return [_styled("-" * paper.columns, _DIM, paper)]


def _prose_line(line: str, paper: Paper) -> list[str]:
    listed = _LISTED.match(line)
    lead, words = (listed[1], listed[2]) if listed else ("", line)
    plain = _ESCAPED.sub(r"\1", _MARKUP.sub(lambda found: found[1] or found[2], words))
    wrapped = _wrapped(plain, paper, lead, " " * len(lead)) or [""]
    bold = [found[1] for found in _MARKUP.finditer(words) if found[1]]
    return [_emphasised(one, bold, paper) for one in wrapped]


def _emphasised(line: str, bold: Sequence[str], paper: Paper) -> str:
    """A line with its bold words set off; words that were wrapped apart stay plain."""
    if not paper.colour:
        return line
    for words in bold:
        line = line.replace(words, f"{_BOLD}{words}{_RESET}", 1)
    return line


def _item(part: Item, paper: Paper) -> list[str]:
    number = f"{part.number}  " if part.number is not None else ""
    mark = clean(part.mark, 80).strip()
    indent = " " * (len(number) or 2)
    # A title that begins beside its mark, and goes on below its number.
    title = f"{mark}\xa0\xa0{part.title}" if mark else part.title
    lines = [line.replace("\xa0", " ") for line in _wrapped(title, paper, number, indent)]
    if lines and paper.colour and mark:
        style = _SEVERITIES.get(mark.split(" ", 1)[0], _BOLD)
        lines[0] = lines[0].replace(mark, f"{style}{mark}{_RESET}", 1)
    for line in part.lines:
        lines.extend(_wrapped(line, paper, indent, indent))
    return lines


def _asks(buttons: Sequence[Button], paper: Paper) -> list[str]:
    """What the buttons ask, to be typed; other buttons mean nothing here."""
    asked = [clean(b.value, 300) for b in buttons if b.action == "ask"]
    if not asked:
        return []
    lines = _wrapped(f"Ask next: {' | '.join(asked)}", paper, "", "  ")
    return [_styled(line, _DIM, paper) for line in lines]


def _facts(part: Facts, paper: Paper) -> list[str]:
    widest = min(max((_columns(f.label) for f in part.facts), default=0), paper.columns // 3)
    lines: list[str] = []
    for fact in part.facts:
        label = _fitted(clean(fact.label, 80), widest)
        lead = f"{label}{' ' * (widest - _columns(label))}  "
        wrapped = _wrapped(fact.value, paper, lead, " " * (widest + 2)) or [lead.rstrip()]
        if paper.colour and label:
            wrapped[0] = wrapped[0].replace(label, f"{_BOLD}{label}{_RESET}", 1)
        lines.extend(wrapped)
    return lines


def _grid(part: Grid, paper: Paper) -> list[str]:
    """Columns side by side; the widest gives way until the rest fits."""
    count = max([len(part.columns), *(len(row) for row in part.rows)], default=0)
    if not count or not part.rows:
        return []
    rows = [_cells(row, count) for row in (part.columns, *part.rows)]
    room = paper.columns - 2 * (count - 1)
    widths = [min(max(_columns(row[c]) for row in rows), max(room, 1)) for c in range(count)]
    while sum(widths) > max(room, count):
        widest = max(range(count), key=lambda c: widths[c])
        widths[widest] -= 1
    lines: list[str] = []
    for index, row in enumerate(rows):
        made = _row_lines(row, widths, part.numeric)
        lines.extend(_styled(line, _BOLD, paper) if index == 0 else line for line in made)
    return lines


def _cells(row: Sequence[str], count: int) -> list[str]:
    said = [" ".join(clean(cell, _LONGEST).split()) for cell in row]
    return said + [""] * (count - len(said))


def _row_lines(row: Sequence[str], widths: Sequence[int], numeric: Sequence[int]) -> list[str]:
    wrapped = [_broken(cell, width) for cell, width in zip(row, widths, strict=True)]
    lines: list[str] = []
    for level in range(max(len(cell) for cell in wrapped)):
        said: list[str] = []
        for column, (cell, width) in enumerate(zip(wrapped, widths, strict=True)):
            words = cell[level] if level < len(cell) else ""
            gap = " " * (width - _columns(words))
            said.append(gap + words if column in numeric else words + gap)
        lines.append("  ".join(said).rstrip())
    return lines


def _wrapped(text: str, paper: Paper, first: str = "", then: str = "") -> list[str]:
    """Lines no wider than the paper; the first begins with `first`, the others with `then`."""
    said = re.sub(r"[ \t\n\r]+", " ", clean(text, _LONGEST)).strip()
    lines = _broken(said, max(paper.columns - max(len(first), len(then)), 10)) if said else []
    return [f"{then if index else first}{line}" for index, line in enumerate(lines)]


def _broken(text: str, width: int) -> list[str]:
    """Text broken at spaces; words that are too long (ARNs) are broken where they must be."""
    if _columns(text) <= width:
        return [text]
    if text.isascii():
        return textwrap.wrap(text, width, break_on_hyphens=False) or [""]
    lines, line = [], ""
    for word in text.split(" "):
        rest = word
        if line and _columns(line) + 1 + _columns(rest) <= width:
            line += f" {rest}"
            continue
        if line:
            lines.append(line)
        while _columns(rest) > width:
            head = _fitted(rest, width)
            lines.append(head)
            rest = rest[len(head) :]
        line = rest
    return [*lines, line] if line else lines


def _fitted(text: str, width: int) -> str:
    """As much of a text as fits, at least one character."""
    used = 0
    for index, character in enumerate(text):
        used += _columns(character)
        if used > width and index:
            return text[:index]
    return text


def _columns(text: str) -> int:
    """Columns that a text takes: two for wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def _styled(line: str, style: str, paper: Paper) -> str:
    return f"{style}{line}{_RESET}" if paper.colour and line else line
