"""Whether an answer's numbers, ids and ARNs stand in what the tools answered."""

import re
from collections.abc import Iterable

_ARN = re.compile(r"arn:[a-z0-9-]+:[A-Za-z0-9:/_.*+=,@$-]+[A-Za-z0-9*]")
_ID = re.compile(
    r"\b(?:[FX]-[0-9A-Z]{6,8}|CVE-\d{4}-\d{4,}|GHSA(?:-[0-9a-z]{4}){3}"
    r"|(?:i|sg|vpc|subnet|rtb|igw|eni|vol|snap|ami|eipalloc|eipassoc|acl|nat|lt|tgw|vpce|db|key)"
    r"-[0-9a-f]{4,}|(?:AKIA|ASIA|AIDA|AROA|ANPA|AGPA)[A-Z0-9]{12,})\b"
)
_NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?![\w]*-)")
_LIST_MARK = re.compile(r"(?m)^\s*\d{1,2}[.)]\s")


def ungrounded(text: str, sources: Iterable[str], derived: Iterable[str] = ()) -> tuple[str, ...]:
    """The numbers, ids and ARNs of `text` that stand nowhere in `sources` nor among `derived`.

    A number counts as standing there when it is a number of a source (thousands separators and
    trailing zeros ignored), or part of an id, date or name there. Enumeration marks at the start
    of a line ("1. ") are not looked at. What this cannot see: a right number in a wrong relation.
    """
    known = "\n".join(sources)
    numbers = {_plain(n) for n in re.findall(r"\d[\d,]*(?:\.\d+)?", known)}
    numbers |= {_plain(n) for n in re.findall(r"\d+", known)}
    numbers |= {_plain(n) for n in derived}
    wrong: list[str] = []
    rest = _LIST_MARK.sub(" ", text)
    for pattern in (_ARN, _ID):
        wrong += [match for match in pattern.findall(rest) if match not in known]
        rest = pattern.sub(" ", rest)
    wrong += [n for n in _NUMBER.findall(rest) if _plain(n) not in numbers]
    return tuple(dict.fromkeys(wrong))


def _plain(number: str) -> str:
    digits = number.replace(",", "")
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return digits.lstrip("0") or "0"


class GroundedLines:
    """Lets an answer through line by line, as long as it is grounded.

    Lines are held until they are complete, because half a number is another number.
    """

    def __init__(self) -> None:
        self._sources: list[str] = []
        self._derived: set[str] = set()
        self._held = ""
        self.wrong: tuple[str, ...] = ()

    def admit(self, source: str, derived: Iterable[str] = ()) -> None:
        """From now on, what `source` says may be said."""
        self._sources.append(source)
        self._derived.update(derived)

    def feed(self, delta: str) -> str:
        """The complete lines that may go out now; "" once something was not grounded."""
        self._held += delta
        lines, newline, self._held = self._held.rpartition("\n")
        return self._checked(lines + newline)

    def drop(self) -> None:
        """Forget the unfinished line: it was the run-up to a tool call."""
        self._held = ""

    def finish(self) -> str:
        """The last line, if it may go out."""
        rest, self._held = self._held, ""
        return self._checked(rest)

    def _checked(self, text: str) -> str:
        if self.wrong or not text:
            return ""
        self.wrong = ungrounded(text, self._sources, self._derived)
        return "" if self.wrong else text
