"""JSONPath, as the Selectors of Automation documents use it.

The language is that of Jayway's JsonPath ("Operators" in its README), which SSM runs: `$.a.b`,
`$['a']`, `$.a[0]`, `[-1]`, `[1:3]`, `[0,1]`, `[*]`, `..name`, `.length()` and filters
`[?(@.Port == 22 && @.Cidr)]`. A path is *definite* when it can only mean one thing: it then selects
that thing; any other path selects the list of all it finds.
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NoReturn

MISSING: Final = object()
"""What a definite path selects where there is nothing."""

_NAME = re.compile(r"[^\W\d][\w\-]*|\d[\w\-]*")
_INTEGER = re.compile(r"-?\d{1,9}")
_SLICE = re.compile(r"\s*(-?\d{1,9})?\s*:\s*(-?\d{1,9})?\s*(?::\s*(-?\d{1,9})?\s*)?\]")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_OPERATOR = re.compile(r"==|!=|<=|>=|<|>|=~")
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MAX_NESTING = 32

Step = Callable[[Any], Iterator[Any]]
Test = Callable[[Any, Any], bool]
"""Whether an element, of a root, passes a filter."""


class SelectorError(ValueError):
    """A selector is no JSONPath that is understood; says where."""


@dataclass(frozen=True, slots=True)
class Selector:
    """A parsed JSONPath."""

    text: str
    steps: tuple[Callable[[Any, Any], Iterator[Any]], ...]
    definite: bool

    def select(self, answer: Any) -> Any:
        """What it selects of an answer; `MISSING` where a definite path leads nowhere."""
        found = list(self.all(answer, answer))
        if self.definite:
            return found[0] if found else MISSING
        return found

    def all(self, value: Any, root: Any) -> Iterator[Any]:
        """Everything it selects, in the order of the answer; `root` is what `$` means."""
        values: Iterator[Any] = iter((value,))
        for step in self.steps:
            values = _each(step, values, root)
        return values


def _each(
    step: Callable[[Any, Any], Iterator[Any]], values: Iterator[Any], root: Any
) -> Iterator[Any]:
    for value in values:
        yield from step(value, root)


@lru_cache(maxsize=512)
def selector(text: str) -> Selector:
    """Parse a JSONPath.

    Raises:
        SelectorError: it is none that is understood.
    """
    reader = _Reader(text)
    reader.expect("$")
    found = reader.path(text)
    if reader.place != len(text):
        reader.fail("something is left over")
    return found


def _member(name: str) -> Callable[[Any, Any], Iterator[Any]]:
    def step(value: Any, _: Any) -> Iterator[Any]:
        if isinstance(value, Mapping) and name in value:
            yield value[name]

    return step


def _index(place: int) -> Callable[[Any, Any], Iterator[Any]]:
    def step(value: Any, _: Any) -> Iterator[Any]:
        if _is_list(value) and -len(value) <= place < len(value):
            yield value[place]

    return step


def _cut(part: slice) -> Callable[[Any, Any], Iterator[Any]]:
    def step(value: Any, _: Any) -> Iterator[Any]:
        if _is_list(value):
            yield from value[part]

    return step


def _children(value: Any, _: Any = None) -> Iterator[Any]:
    if isinstance(value, Mapping):
        yield from value.values()
    elif _is_list(value):
        yield from value


def _descend(value: Any, root: Any) -> Iterator[Any]:
    yield value
    for child in _children(value):
        yield from _descend(child, root)


def _length(value: Any, _: Any) -> Iterator[Any]:
    if isinstance(value, (str, Mapping)) or _is_list(value):
        yield len(value)


def _any_of(
    steps: Sequence[Callable[[Any, Any], Iterator[Any]]],
) -> Callable[[Any, Any], Iterator[Any]]:
    def step(value: Any, root: Any) -> Iterator[Any]:
        for one in steps:
            yield from one(value, root)

    return step


def _filter(test: Test) -> Callable[[Any, Any], Iterator[Any]]:
    def step(value: Any, root: Any) -> Iterator[Any]:
        # Jayway filters the elements of a list; a map it tests as one thing.
        for item in value if _is_list(value) else (value,):
            if test(item, root):
                yield item

    return step


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


class _Reader:
    """A recursive-descent reader of one JSONPath."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._nesting = 0
        self.place = 0

    def fail(self, why: str) -> NoReturn:
        raise SelectorError(f"{self._text!r}, character {self.place + 1}: {why}")

    def _skip(self) -> None:
        while self._text[self.place : self.place + 1].isspace():
            self.place += 1

    def _at(self, token: str) -> bool:
        return self._text.startswith(token, self.place)

    def _take(self, token: str) -> bool:
        if self._at(token):
            self.place += len(token)
            return True
        return False

    def expect(self, token: str) -> None:
        """Take what has to come."""
        if not self._take(token):
            self.fail(f"{token!r} is missing")

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._text, self.place)
        if found:
            self.place = found.end()
        return found

    def path(self, text: str) -> Selector:
        """The steps after `$` or `@`."""
        steps: list[Callable[[Any, Any], Iterator[Any]]] = []
        definite = True
        while True:
            if self._take(".."):
                definite = False
                steps.append(_descend)
                if not self._at("["):
                    steps.append(self._name()[0])
            elif self._take("."):
                step, one = self._name()
                steps.append(step)
                definite = definite and one
            elif self._take("["):
                step, one = self._brackets()
                steps.append(step)
                definite = definite and one
            else:
                return Selector(text, tuple(steps), definite)

    def _name(self) -> tuple[Callable[[Any, Any], Iterator[Any]], bool]:
        if self._take("*"):
            return _children, False
        if self._take("length()"):
            return _length, True
        found = self._match(_NAME)
        if not found:
            self.fail("a name is missing")
        if self._at("("):
            self.fail(f"the function {found[0]}() is not supported")
        return _member(found[0]), True

    def _brackets(self) -> tuple[Callable[[Any, Any], Iterator[Any]], bool]:
        self._skip()
        if self._take("?"):
            self._skip()
            self.expect("(")
            test = self._either()
            self.expect(")")
            self._skip()
            self.expect("]")
            return _filter(test), False
        if self._take("*"):
            self._skip()
            self.expect("]")
            return _children, False
        if found := self._match(_SLICE):
            parts = [int(part) if part else None for part in found.groups()]
            if parts[2] == 0:
                self.fail("a slice cannot step by 0")
            return _cut(slice(*parts)), False
        steps = [self._element()]
        self._skip()
        while self._take(","):
            steps.append(self._element())
            self._skip()
        self.expect("]")
        return (steps[0], True) if len(steps) == 1 else (_any_of(steps), False)

    def _element(self) -> Callable[[Any, Any], Iterator[Any]]:
        self._skip()
        if self._at("'") or self._at('"'):
            return _member(self._quoted())
        found = self._match(_INTEGER)
        if not found:
            self.fail("a quoted name or a number is missing")
        return _index(int(found[0]))

    def _quoted(self) -> str:
        quote = self._text[self.place]
        self.place += 1
        out: list[str] = []
        while self.place < len(self._text):
            character = self._text[self.place]
            self.place += 1
            if character == quote:
                return "".join(out)
            if character == "\\" and self.place < len(self._text):
                character = self._text[self.place]
                self.place += 1
            out.append(character)
        return self.fail("a quote is not closed")

    def _either(self) -> Test:
        tests = [self._both()]
        while self._take("||"):
            tests.append(self._both())
        return lambda item, root: any(test(item, root) for test in tests)

    def _both(self) -> Test:
        tests = [self._single()]
        while self._take("&&"):
            tests.append(self._single())
        return lambda item, root: all(test(item, root) for test in tests)

    def _single(self) -> Test:
        self._skip()
        self._nesting += 1
        if self._nesting > _MAX_NESTING:
            self.fail("it is nested too deeply")
        try:
            if self._take("!"):
                inner = self._single()
                return lambda item, root: not inner(item, root)
            if self._take("("):
                inner = self._either()
                self.expect(")")
                return inner
            return self._comparison()
        finally:
            self._nesting -= 1
            self._skip()

    def _comparison(self) -> Test:
        left, is_path = self._operand()
        self._skip()
        found = self._match(_OPERATOR)
        if not found:
            if not is_path:
                self.fail("a comparison is missing")
            return lambda item, root: left(item, root) is not MISSING
        self._skip()
        if found[0] == "=~":
            pattern = self._pattern()
            return lambda item, root: (
                isinstance(text := left(item, root), str) and bool(pattern.fullmatch(text))
            )
        right, _ = self._operand()
        sign = found[0]
        return lambda item, root: _compared(left(item, root), sign, right(item, root))

    def _operand(self) -> tuple[Callable[[Any, Any], Any], bool]:
        self._skip()
        if self._take("@"):
            path = self.path("@")
            return lambda item, root: _one(path, item, root), True
        if self._take("$"):
            path = self.path("$")
            return lambda _, root: _one(path, root, root), True
        literal = self._literal()
        return lambda _item, _root: literal, False

    def _literal(self) -> Any:
        if self._at("'") or self._at('"'):
            return self._quoted()
        for word, value in (("true", True), ("false", False), ("null", None)):
            if self._take(word):
                return value
        found = self._match(_NUMBER)
        if not found:
            self.fail("a path or a value is missing")
        return int(found[0]) if _INTEGER.fullmatch(found[0]) else float(found[0])

    def _pattern(self) -> re.Pattern[str]:
        self.expect("/")
        end = self._text.find("/", self.place)
        if end < 0:
            self.fail("the pattern is not closed")
        body = self._text[self.place : end]
        self.place = end + 1
        flags = re.IGNORECASE if self._take("i") else re.NOFLAG
        try:
            return re.compile(body, flags)
        except re.error as error:
            self.fail(f"no pattern: {error}")


def _one(path: Selector, value: Any, root: Any) -> Any:
    found = list(path.all(value, root))
    if not path.definite:
        return found or MISSING
    return found[0] if found else MISSING


def _compared(left: Any, sign: str, right: Any) -> bool:
    if sign in {"==", "!="}:
        # True is not 1 in JSON.
        same = isinstance(left, bool) == isinstance(right, bool) and left == right
        return same == (sign == "==")
    numbers = all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in (left, right))
    texts = isinstance(left, str) and isinstance(right, str)
    return (numbers or texts) and _COMPARE[sign](left, right)
