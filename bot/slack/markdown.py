"""The answer's Markdown, made safe for Slack's streams: nothing in it can become a link.

A stream's text is Markdown and cannot be told not to unfurl (`chat.startStream` takes no
`unfurl_links`: slackapi/node-slack-sdk#2389), so whatever Slack could turn into a link, a mention
or a broadcast is put into code, where it stays what it is and can still be copied.
"""

import re

from agent.guard.untrusted import clean

_CODE = re.compile(r"`[^`\n]+`")
_FENCE = re.compile(r"^ {0,3}```")
_SEQUENCE = re.compile(r"<(?=[@!#/a-z])", re.IGNORECASE)
_WORD = re.compile(r"\S+")
_LINKING = re.compile(
    r"://|www\."
    r"|(?:javascript|mailto|data|tel|slack):\S"
    r"|@\w"  # a mention, a broadcast, an e-mail address
    r"|[\w-]\.[^\W\d_]{2}",  # a bare domain; a version or a control id has digits there
    re.IGNORECASE,
)
"""Without repetitions, so that a long word takes no longer than it is long."""
_OPENERS = "([{\"'*_~,;:"
_CLOSERS = ")]}\"'*_~.,;:!?"
_ESCAPED = re.compile(r"\\([\\*_~\[\]<>|])")
_ENTITY = re.compile(r"&(?=#?\w{1,32};)")


class SafeMarkdown:
    """Makes a text safe as it comes in, holding back only what the next piece could change."""

    def __init__(self) -> None:
        """Begin at the text's start."""
        self._held = ""
        self._line_start = True
        self._fenced = False

    def feed(self, delta: str) -> str:
        """What of the text so far can be shown now."""
        self._held += clean(delta, len(delta) + 1).replace("\r", "")
        *lines, partial = self._held.split("\n")
        shown = "".join(self._line(line, "\n") for line in lines)
        self._held = partial
        if self._fenced or (self._line_start and _could_be_fence(partial)):
            return shown
        ready = _ready(partial)
        self._held = partial[ready:]
        return shown + (self._line(partial[:ready], "") if ready else "")

    def finish(self) -> str:
        """The rest."""
        rest, self._held = self._held, ""
        return self._line(rest, "") if rest else ""

    def _line(self, line: str, end: str) -> str:
        """The rest of a line, or (without an `end`) some words of it.

        A fenced block becomes one code span for each line: where a fence ends is a matter on
        which parsers differ, and what one of them takes for code another would link.
        """
        at_start, self._line_start = self._line_start, bool(end)
        if at_start and _FENCE.match(line):
            self._fenced = not self._fenced
            return ""
        if self._fenced:
            return (f"`{_in_code(line)}`" if line.strip() else "") + end
        return _inline(line) + end


def safe(markdown: str) -> str:
    """A whole text, made safe at once."""
    text = SafeMarkdown()
    return text.feed(markdown) + text.finish()


def _ready(line: str) -> int:
    """How much of a line cannot be changed by what follows: whole words and whole code spans."""
    masked = _CODE.sub(lambda span: "x" * len(span.group()), line)
    settled = masked.split("`", 1)[0]
    return max(settled.rfind(" "), settled.rfind("\t")) + 1


def _could_be_fence(line: str) -> bool:
    begun = line.lstrip(" ")
    return "```".startswith(begun) or _FENCE.match(line) is not None


def _in_code(text: str) -> str:
    """What stands in a code span: without backticks, and without what Slack parses even there."""
    return _SEQUENCE.sub("\u2039", text.replace("`", "'"))


def _inline(line: str) -> str:
    """A line without links: code spans stay, what could link becomes code."""
    line = re.sub(r"`{2,}", "'", re.sub(r"\\+`", "`", line))
    out: list[str] = []
    position = 0
    for span in _CODE.finditer(line):
        out.append(_outside(line[position : span.start()]))
        out.append(f"`{_in_code(span.group()[1:-1])}`")
        position = span.end()
    out.append(_outside(line[position:]))
    return _apart(out)


def _apart(pieces: list[str]) -> str:
    """The pieces together; two code spans that would touch get a space between them."""
    text = ""
    for piece in pieces:
        text += f" {piece}" if text.endswith("`") and piece.startswith("`") else piece
    return text


def _outside(text: str) -> str:
    """Text between code spans: unpaired backticks go, brackets never meet, words are checked."""
    plain = text.replace("`", "'")
    plain = re.sub(r"\]\s*(?=[(\[:])", "] ", plain)
    return _WORD.sub(lambda word: _word(word.group()), plain)


def _word(word: str) -> str:
    bare = word.lstrip(_OPENERS)
    start = word[: len(word) - len(bare)]
    core = bare.rstrip(_CLOSERS)
    end = bare[len(core) :]
    if _LINKING.search(core):
        if core.endswith("\\"):
            core, end = core[:-1], f"\\{end}"
        # A backslash escapes nothing in a code span: it would be seen.
        literal = _ESCAPED.sub(r"\1", core)
        return f"{_entities(start)}`{_in_code(literal)}`{_entities(end)}"
    return _entities(word)


def _entities(word: str) -> str:
    """Without HTML, autolinks and mentions: `<` as an entity, and no entity read as one."""
    return _ENTITY.sub("&amp;", word).replace("<", "&lt;")
