"""A thread of the workspace as lines for a terminal: what the page shows, without the page."""

import re
import textwrap
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from bot.workspace.records import JsonObject
from bot.workspace.workspace import Workspace

_NARROWEST = 40
_BOLD, _DIM, _RESET = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_ON, _OFF = "\ue000", "\ue001"
"""Where bold begins and ends, until it is known how that is shown; never in cleaned text."""
_MARKS = {"complete": "✓", "in_progress": "…", "pending": "○", "error": "✗"}
_MARKDOWN_LINK = re.compile(r"\[([^\]\n]*)\]\((\S*?)\)")
_ANGLED = re.compile(r"<([^<>\n]+)>")
_BOLD_MARKS = re.compile(r"\*\*(\S[^\n]*?)\*\*")
_BOLD_STRETCH = re.compile(f"{_ON}(.*?){_OFF}", re.DOTALL)
_STAR_MARKS = re.compile(r"(?<![\w*])\*(\S[^*\n]*)\*(?![\w*])")
_LISTED = re.compile(r"^(\s*(?:[-*•]|\d{1,3}[.)])\s+)(.*)$")
_DIVIDER_ROW = re.compile(r"[\s:|-]+")
_TABLED = re.compile(r"\s*\|.*\|\s*$").match


def transcript(
    workspace: Workspace, channel_id: str, thread_ts: str, *, width: int = 88, colour: bool = False
) -> str:
    """A thread with its root, the oldest first, wrapped to `width` columns where words allow.

    Nothing but our own colour codes reaches the terminal as a control character.
    """
    page = _Paper(workspace, max(width, _NARROWEST), colour)
    messages = workspace.messages(channel_id, thread_ts)
    said = "\n\n".join("\n".join(page.message(message)) for message in messages)
    return re.sub(r"\n{3,}", "\n\n", said)


@dataclass(frozen=True, slots=True)
class _Paper:
    workspace: Workspace
    width: int
    colour: bool

    def message(self, message: JsonObject) -> list[str]:
        """Who, when, and what."""
        at = datetime.fromtimestamp(float(message["ts"]), UTC)
        who = self._name(str(message["user"]))
        lines = [f"{self._styled(who, _BOLD)}  {self._styled(f'{at:%H:%M} UTC', _DIM)}"]
        blocks = message.get("blocks") or []
        if "bot_id" in message and blocks:
            lines += ["  " + line if line else "" for line in self._blocks(blocks)]
        else:
            lines += ["  " + line for line in self._mrkdwn(message["text"])]
        for file in message.get("files") or []:
            said = f"[picture] {file['title']}: {file.get('alt_txt') or file['name']}"
            lines += ["  " + line for line in self._wrapped(_clean(said))]
        return lines

    def _blocks(self, blocks: Sequence[JsonObject]) -> list[str]:
        """All of a message: buttons stand in line with the entry that they belong to."""
        lines: list[str] = []
        indent, before = "", ""
        for block in blocks:
            kind = str(block["type"])
            drawn = self._block(block)
            if kind == "actions":
                drawn = [indent + line for line in drawn]
            else:
                indent = _hanging(drawn) if kind == "rich_text" else ""
            if kind == "context" and before == "actions":
                drawn.insert(0, "")
            lines += drawn
            before = kind
        return lines

    def _block(self, block: JsonObject) -> list[str]:
        draw = _DRAWN.get(str(block["type"]))
        return draw(self, block) if draw else []

    def section(self, block: JsonObject) -> list[str]:
        """Text and fields."""
        parts = [block.get("text"), *(block.get("fields") or [])]
        lines = [line for part in parts if part for line in self._text(part)]
        return [*lines, *self.buttons({"elements": [block.get("accessory") or {}]})]

    def header(self, block: JsonObject) -> list[str]:
        """A line of its own."""
        return ["", *(self._styled(line, _BOLD) for line in self._text(block["text"]))]

    def small(self, block: JsonObject) -> list[str]:
        """Small print on one line."""
        words = "  ".join(_clean(str(part.get("text", ""))) for part in block["elements"])
        return [self._styled(line, _DIM) for line in self._wrapped(words)]

    def markdown(self, block: JsonObject) -> list[str]:
        """A stream's text."""
        text = _MARKDOWN_LINK.sub(r"\1 (\2)", _unescaped(_clean(str(block["text"]))))
        text = _STAR_MARKS.sub(r"\1", _BOLD_MARKS.sub(rf"{_ON}\1{_OFF}", text))
        lines: list[str] = []
        for tabled, rows in groupby(text.strip("\n").split("\n"), lambda row: bool(_TABLED(row))):
            if tabled:
                cells = [row.strip().strip("|").split("|") for row in rows]
                rules = [row for row in cells if _DIVIDER_ROW.fullmatch("|".join(row))]
                kept = [[cell.strip() for cell in row] for row in cells if row not in rules]
                sides = [
                    "right" if cell.strip().endswith(":") else "left" for cell in (rules or [[]])[0]
                ]
                lines += self._aligned(kept, sides)
            else:
                lines += [line for row in rows for line in self._prose(row.lstrip("#"))]
        return lines

    def rich_text(self, block: JsonObject) -> list[str]:
        """Paragraphs and lists, a blank line before an entry of its own."""
        lines: list[str] = []
        for number, part in enumerate(block["elements"], start=1):
            if part["type"] == "rich_text_list":
                mark = "-" if part["style"] == "bullet" else f"{number}."
                items = (self._leaves(item["elements"]) for item in part["elements"])
                lines += [line for item in items for line in self._prose(f"{mark} {item}")]
            elif part["type"] == "rich_text_preformatted":
                lines += self._bold(self._leaves(part["elements"]).split("\n"))
            else:
                lines += self._entry(self._leaves(part["elements"]).split("\n"))
        return ["", *lines]

    def _entry(self, rows: list[str]) -> list[str]:
        """A paragraph; under a numbered first line the others stand in line with its words."""
        listed = _LISTED.match(rows[0])
        indent = " " * len(listed.group(1)) if listed else ""
        others = [line for row in rows[1:] for line in self._prose(row, indent)]
        return [*self._prose(rows[0]), *others]

    def buttons(self, block: JsonObject) -> list[str]:
        """What can be pressed, in brackets."""
        labels = [
            f"[{_clean(element['text']['text'])}]"
            for element in block.get("elements") or []
            if element.get("type") == "button"
        ]
        return self._wrapped("  ".join(labels)) if labels else []

    def steps(self, block: JsonObject) -> list[str]:
        """The steps of the work on one line."""
        tasks = block["tasks"] if block["type"] == "plan" else [block]
        said = "  ".join(f"{_MARKS[task['status']]} {_clean(task['title'])}" for task in tasks)
        return [self._styled(line, _DIM) for line in self._wrapped(said)]

    def table(self, block: JsonObject) -> list[str]:
        """Columns side by side, each as wide as its widest cell."""
        rows = [[self._cell(cell) for cell in row] for row in block["rows"]]
        sides = [str((one or {}).get("align", "left")) for one in block.get("column_settings", [])]
        return ["", *self._aligned(rows, sides)]

    def _aligned(self, rows: list[list[str]], sides: list[str]) -> list[str]:
        widths = [max(len(row[i]) for row in rows if i < len(row)) for i in range(len(rows[0]))]
        sides = sides + ["left"] * (len(widths) - len(sides))
        lines = ["  ".join(map(_placed, row, widths, sides)).rstrip() for row in rows]
        return [self._styled(lines[0], _DIM), *self._bold(lines[1:])]

    def alert(self, block: JsonObject) -> list[str]:
        """A remark that stands out."""
        return [f"! {line}" for line in self._text(block["text"])]

    def picture(self, block: JsonObject) -> list[str]:
        """A picture, in words."""
        return self._wrapped(_clean(f"[picture] {block['alt_text']}"))

    def field(self, block: JsonObject) -> list[str]:
        """Something to fill in, which a terminal can only name."""
        return self._wrapped(_clean(f"{block['label']['text']}: ______"))

    def rule(self, _block: JsonObject) -> list[str]:
        """An empty line."""
        return [""]

    def _cell(self, cell: JsonObject) -> str:
        if cell["type"] == "rich_text":
            parts = (self._leaves(part["elements"]) for part in cell["elements"])
            return "\n".join(self._bold([" ".join(parts).replace("\n", " ")]))
        return _clean(str(cell.get("text") or cell.get("value", "")).replace("\n", " "))

    def _leaves(self, elements: Sequence[JsonObject]) -> str:
        return "".join(self._leaf(element) for element in elements)

    def _leaf(self, element: JsonObject) -> str:
        if element["type"] == "user":
            return f"@{self._name(element['user_id'])}"
        words = _clean(str(element.get("text") or element.get("url") or element.get("name") or ""))
        bold = (element.get("style") or {}).get("bold")
        return f"{_ON}{words}{_OFF}" if bold and words else words

    def _text(self, text: JsonObject) -> list[str]:
        if text["type"] == "mrkdwn":
            return self._mrkdwn(text["text"])
        return self._wrapped(_clean(text["text"]))

    def _mrkdwn(self, text: str) -> list[str]:
        named = _ANGLED.sub(lambda match: self._entity(match.group(1)), _clean(text))
        bold = _STAR_MARKS.sub(rf"{_ON}\1{_OFF}", _unescaped(named))
        return [line for row in bold.split("\n") for line in self._prose(row)]

    def _entity(self, inside: str) -> str:
        target, _, label = inside.partition("|")
        if target.startswith("@"):
            return f"@{self._name(target[1:])}"
        if target.startswith(("#", "!")):
            return target[0].replace("!", "@") + (label or target[1:])
        if not target.startswith(("http://", "https://", "mailto:")):
            return f"<{inside}>"
        return f"{label} ({target})" if label else target

    def _prose(self, row: str, indent: str = "") -> list[str]:
        """A paragraph, wrapped; a list item's further lines stand under its first word."""
        listed = _LISTED.match(row)
        mark, words = listed.groups() if listed else (indent, row)
        lines = self._wrapped(words, " " * len(mark))
        if not lines:
            return [""]
        lines[0] = mark + lines[0].removeprefix(" " * len(mark))
        return self._bold(lines)

    def _bold(self, lines: list[str]) -> list[str]:
        """Bold stretches, also those that were wrapped, as colour codes or as nothing."""
        on, off = (_BOLD, _RESET) if self.colour else ("", "")
        said = _BOLD_STRETCH.sub(
            lambda m: on + m.group(1).replace("\n", f"{off}\n{on}") + off, "\n".join(lines)
        )
        return said.replace("`", "").replace(_ON, "").replace(_OFF, "").split("\n")

    def _wrapped(self, words: str, indent: str = "") -> list[str]:
        columns = self.width - 2
        return textwrap.wrap(
            words,
            columns,
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )

    def _styled(self, words: str, style: str) -> str:
        return f"{style}{words}{_RESET}" if self.colour and words else words

    def _name(self, user_id: str) -> str:
        state = self.workspace.state
        if user_id == state.bot.user_id:
            return state.bot.name
        person = state.people.get(user_id)
        return person.name if person else user_id


_DRAWN: dict[str, Callable[[_Paper, JsonObject], list[str]]] = {
    "section": _Paper.section,
    "header": _Paper.header,
    "context": _Paper.small,
    "markdown": _Paper.markdown,
    "rich_text": _Paper.rich_text,
    "actions": _Paper.buttons,
    "plan": _Paper.steps,
    "task_card": _Paper.steps,
    "table": _Paper.table,
    "alert": _Paper.alert,
    "image": _Paper.picture,
    "input": _Paper.field,
    "divider": _Paper.rule,
}


def _hanging(lines: Sequence[str]) -> str:
    """How far the words of a numbered entry stand in."""
    first = next((line for line in lines if line), "")
    listed = _LISTED.match(first)
    return " " * len(listed.group(1)) if listed and listed.group(1).strip()[0].isdigit() else ""


def _placed(cell: str, width: int, side: str) -> str:
    return cell.rjust(width) if side == "right" else cell.ljust(width)


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _clean(text: str) -> str:
    """Without control and format characters, which a terminal would obey; line breaks stay."""
    return "".join(
        letter for letter in text if letter == "\n" or unicodedata.category(letter)[0] != "C"
    )
