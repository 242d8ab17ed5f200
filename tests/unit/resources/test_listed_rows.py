"""Rows are told apart by their bytes, and by what reads them, but not by their capture time."""

import ast
import json
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from integrations import errors
from integrations.resources import config_items, digests
from integrations.resources.listed_rows import READING, row_of, told_row
from tests.fake_aggregator import row

_TIME = "configurationItemCaptureTime"


def _bytes(found: dict[str, Any]) -> bytes:
    return json.dumps(found).encode()


def test_a_row_that_only_was_captured_later_is_the_same() -> None:
    earlier, later = row(1), row(1, captured="2026-11-24T09:00:00.000Z")
    assert row_of(_bytes(earlier)) == row_of(_bytes(later)) == told_row(_bytes(later))


def test_any_other_byte_makes_it_another() -> None:
    data = _bytes(row(1))
    changed = [
        data.replace(b"t3.micro", b"t3.macro"),
        data.replace(b'"team-1"', b'"team-2"'),
        data.replace(b"2026-11-20T08:00:00.000Z", b"2026\\u002d11"),
        data.replace(_TIME.encode(), b"captured"),
        data.replace(b": ", b":"),
        data[1:],
        b"",
    ]
    digests_of = {row_of(one) for one in [data, *changed]}
    assert len(digests_of) == 1 + len(changed)


def test_a_tag_that_is_called_like_the_capture_time_is_part_of_what_is_told() -> None:
    tagged = row(1)
    tagged["tags"] = {_TIME: "red"}
    del tagged[_TIME]
    assert told_row(_bytes(tagged)) == ""
    both = row(1)
    both["tags"] = {_TIME: "red"}
    repainted = row(1)
    repainted["tags"] = {_TIME: "blue"}
    assert told_row(_bytes(both)) == row_of(_bytes(both)) != row_of(_bytes(repainted))


def test_a_capture_time_that_is_spelled_with_escapes_hides_no_tag() -> None:
    tagged = row(1)
    tagged["tags"] = {_TIME: "red"}
    escaped = _TIME.replace("T", "\\u0054")
    data = _bytes(tagged).replace(_TIME.encode(), escaped.encode(), 1)
    assert json.loads(data)[_TIME]
    assert told_row(data) == ""


def test_whatever_decides_what_is_read_is_part_of_the_digest() -> None:
    read: dict[str, ModuleType] = {}
    waiting = [config_items, digests]
    while waiting:
        module = waiting.pop()
        if module.__name__ not in read:
            read[module.__name__] = module
            waiting += _imported_by(module)
    assert set(read.values()) - {errors} == set(READING)


def _imported_by(module: ModuleType) -> list[ModuleType]:
    tree = ast.parse(Path(str(module.__file__)).read_text("utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("integrations."):
            package = import_module(str(node.module))
            if hasattr(package, "__path__"):
                names |= {f"{node.module}.{alias.name}" for alias in node.names}
            else:
                names.add(str(node.module))
    return [import_module(name) for name in sorted(names)]
