"""Config's advanced queries: the part of their SQL that asks for items.

Facts: "Query components" and "Usage notes" (AWS Config developer guide): SELECT of properties or
`*`, WHERE with =, <>, <, <=, >, >=, IN, NOT IN, LIKE, NOT LIKE, BETWEEN, AND, OR, NOT, parentheses,
ORDER BY. A property that goes into a list matches when any member does. No aggregates here.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from infra.local.aws.refusals import AwsError

Row = Mapping[str, Any]
Test = Callable[[Row], bool]

_WORD = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)\b"
    r"|(?P<name>[A-Za-z_][\w.\-:/]*|\*)|(?P<sign><>|<=|>=|!=|[=<>(),]))"
)


def _same(got: Any, want: Any) -> bool:
    if isinstance(got, bool):
        return str(got).lower() == str(want).lower()
    return bool(got == want or str(got) == str(want))


_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "=": _same,
    "<>": lambda got, want: not _same(got, want),
    "!=": lambda got, want: not _same(got, want),
    "<": lambda got, want: got < want,
    "<=": lambda got, want: got <= want,
    ">": lambda got, want: got > want,
    ">=": lambda got, want: got >= want,
}


@dataclass(frozen=True, slots=True)
class Query:
    """One query, understood."""

    fields: tuple[str, ...]
    """Properties in the order of the SELECT; `*` for all."""
    test: Test
    order: tuple[tuple[str, bool], ...]
    """Properties to sort by, each with whether it descends."""


def understood(expression: str) -> Query:
    """A query from its text.

    Raises:
        AwsError: InvalidExpressionException, naming what is not understood.
    """
    return _Reading(_words(expression)).query()


def values(row: Any, path: str) -> list[Any]:
    """Everything at a dotted path; lists on the way are gone into."""
    if isinstance(row, list):
        return [value for item in row for value in values(item, path)]
    name, _, rest = path.partition(".")
    if not isinstance(row, Mapping) or name not in row:
        return []
    found = row[name]
    if rest:
        return values(found, rest)
    return list(found) if isinstance(found, list) else [found]


def _words(text: str) -> list[tuple[str, Any]]:
    found, place = [], 0
    text = text.strip().rstrip(";").rstrip()
    while place < len(text):
        match = _WORD.match(text, place)
        if match is None or match.lastgroup is None:
            raise _wrong(text[place:])
        kind, said = match.lastgroup, match[match.lastgroup]
        if kind == "text":
            found.append((kind, said[1:-1].replace("''", "'")))
        elif kind == "number":
            found.append((kind, float(said) if "." in said else int(said)))
        else:
            found.append((kind, said))
        place = match.end()
    return found


def _wrong(at: str) -> AwsError:
    said = f"The syntax of the query is incorrect near {at.strip()[:40]!r}"
    return AwsError("InvalidExpressionException", said)


class _Reading:
    """Goes through the words of one query."""

    def __init__(self, words: list[tuple[str, Any]]) -> None:
        self._words = words
        self._place = 0

    def query(self) -> Query:
        self._keyword("SELECT")
        fields = [self._name()]
        while self._taken(","):
            fields.append(self._name())
        test: Test = _everything
        if self._is_keyword("WHERE"):
            self._place += 1
            test = self._either()
        order: list[tuple[str, bool]] = []
        if self._is_keyword("ORDER"):
            self._place += 1
            self._keyword("BY")
            order.append(self._direction())
            while self._taken(","):
                order.append(self._direction())
        if self._place != len(self._words):
            raise _wrong(str(self._here()[1]))
        return Query(tuple(fields), test, tuple(order))

    def _here(self) -> tuple[str, Any]:
        """The word at hand, by its kind."""
        return self._words[self._place] if self._place < len(self._words) else ("", "the end")

    def _direction(self) -> tuple[str, bool]:
        name, falls = self._name(), self._is_keyword("DESC")
        if falls or self._is_keyword("ASC"):
            self._place += 1
        return name, falls

    def _either(self) -> Test:
        tests = [self._both()]
        while self._is_keyword("OR"):
            self._place += 1
            tests.append(self._both())
        return lambda row: any(test(row) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._is_keyword("AND"):
            self._place += 1
            tests.append(self._one())
        return lambda row: all(test(row) for test in tests)

    def _one(self) -> Test:
        if self._is_keyword("NOT"):
            self._place += 1
            inner = self._one()
            return lambda row: not inner(row)
        if self._taken("("):
            inner = self._either()
            self._sign(")")
            return inner
        return self._comparison(self._name())

    def _comparison(self, name: str) -> Test:
        negated = self._is_keyword("NOT")
        if negated:
            self._place += 1
        matches = self._matching()
        return lambda row: any(map(matches, values(row, name))) != negated

    def _matching(self) -> Callable[[Any], bool]:
        """What is asked of one value."""
        if self._is_keyword("IN"):
            self._place += 1
            wanted = self._list()
            return lambda got: any(_same(got, want) for want in wanted)
        if self._is_keyword("LIKE"):
            self._place += 1
            like = re.compile(
                "".join({"%": ".*", "_": "."}.get(c, re.escape(c)) for c in str(self._value())),
                re.DOTALL,
            )
            return lambda got: like.fullmatch(str(got)) is not None
        if self._is_keyword("BETWEEN"):
            self._place += 1
            low = self._value()
            self._keyword("AND")
            high = self._value()
            return lambda got: _compared(got, low, ">=") and _compared(got, high, "<=")
        sign, want = self._next("sign"), self._value()
        if sign not in _COMPARED:
            raise _wrong(str(sign))
        return lambda got: _compared(got, want, sign)

    def _list(self) -> list[Any]:
        self._sign("(")
        found = [self._value()]
        while self._taken(","):
            found.append(self._value())
        self._sign(")")
        return found

    def _value(self) -> Any:
        kind, said = self._here()
        if kind == "name" and str(said).lower() in {"true", "false"}:
            self._place += 1
            return str(said).lower() == "true"
        if kind not in {"text", "number"}:
            raise _wrong(str(said))
        self._place += 1
        return said

    def _name(self) -> str:
        return str(self._next("name"))

    def _next(self, kind: str) -> Any:
        found, said = (
            self._words[self._place] if self._place < len(self._words) else ("", "the end")
        )
        if found != kind:
            raise _wrong(str(said))
        self._place += 1
        return said

    def _is_keyword(self, word: str) -> bool:
        kind, said = self._here()
        return kind == "name" and str(said).upper() == word

    def _keyword(self, word: str) -> None:
        if not self._is_keyword(word):
            raise _wrong(str(self._here()[1]))
        self._place += 1

    def _taken(self, sign: str) -> bool:
        if self._here() == ("sign", sign):
            self._place += 1
            return True
        return False

    def _sign(self, sign: str) -> None:
        if not self._taken(sign):
            raise _wrong(str(self._here()[1]))


def _everything(_: Row) -> bool:
    return True


def _compared(got: Any, want: Any, sign: str) -> bool:
    try:
        return _COMPARED[sign](got, want)
    except TypeError:
        return _COMPARED[sign](str(got), str(want))
