"""Files of every form, taken apart into records; what is unfit stands in its place, with why."""

import gzip
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from integrations.ingest.reading import read
from integrations.ingest.records import LARGEST, RawRecord, Reject


def _read(path: Path, content: bytes) -> list[RawRecord | Reject]:
    file = path / "records.json"
    file.write_bytes(content)
    return list(read([file]))


def _values(found: list[RawRecord | Reject]) -> list[Any]:
    return [json.loads(r.data) if isinstance(r, RawRecord) else r.reason for r in found]


_ONE, _TWO = {"a": 1}, {"b": {"c": [2]}}


@pytest.mark.parametrize(
    "content",
    [
        b'{"a": 1}\n{"b": {"c": [2]}}\n',
        b'\xef\xbb\xbf{"a": 1}\r\n\r\n{"b": {"c": [2]}}',
        b'[{"a": 1}, {"b": {"c": [2]}}]',
        b'\n[\n  {"a": 1},\n  {\n "b": {"c": [2]}\n}\n]\n',
        b'{"Findings": [{"a": 1}, {"b": {"c": [2]}}]}',
        b'{\n  "Findings": [\n {"a": 1},\n {"b": {"c": [2]}}\n]\n}',
        b'{"fileVersion": "1.0", "configurationItems": [{"a": 1}, {"b": {"c": [2]}}]}',
        b'{"baseConfigurationItems": [{"a": 1}, {"b": {"c": [2]}}]}',
        b'[{"Findings": [{"a": 1}]}, {"detail-type": "x", "detail": {"b": {"c": [2]}}}]',
        b'{"configurationItem": {"a": 1}, "messageType": "x"}\n{"b": {"c": [2]}}',
        gzip.compress(b'{"a": 1}\n{"b": {"c": [2]}}\n', mtime=0),
    ],
)
def test_every_form_gives_its_records(tmp_path: Path, content: bytes) -> None:
    assert _values(_read(tmp_path, content)) == [_ONE, _TWO]


def test_a_single_object_over_several_lines_is_one_record(tmp_path: Path) -> None:
    assert _values(_read(tmp_path, json.dumps(_TWO, indent=2).encode())) == [_TWO]


def test_records_know_where_they_stand(tmp_path: Path) -> None:
    found = _read(tmp_path, b'{"a": 1}\n\n{"Findings": [{"a": 1}, {"a": 2}]}\n')
    places = [(r.line, r.index) for r in found]
    assert places == [(1, None), (3, 0), (3, 1)]


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (b'{"a": "' + b"x" * LARGEST + b'"}', "larger than 1 MB"),
        (b'{"a": "\x00"}', "NUL"),
        (b'{"a": "\\u0000"}', "NUL"),
        (b'{"a": "\\ud83d"}', "lone surrogate"),
        (b'{"a": "\\udc00\\ud83d"}', "lone surrogate"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b'{"a": ' + b"[" * 70 + b"]" * 70 + b"}", "deeper than 64"),
    ],
)
def test_one_unfit_record_is_rejected_by_name_and_the_rest_goes_in(
    tmp_path: Path, record: bytes, said: str
) -> None:
    lines = _values(_read(tmp_path, b'{"a": 1}\n' + record + b'\n{"b": {"c": [2]}}\n'))
    assert [lines[0], lines[-1]] == [_ONE, _TWO]
    assert said in lines[1]
    listed = _values(_read(tmp_path, b'[{"a": 1}, ' + record + b', {"b": {"c": [2]}}]'))
    assert [listed[0], listed[-1]] == [_ONE, _TWO]
    assert said in listed[1]


@pytest.mark.parametrize(
    "text",
    [
        b'{"a": "\\\\u0000 \\\\ud800"}',
        b'{"a": "\\ud83d\\ude00"}',
        b'{"a": "[[[[" , "b": [' + b",".join([b"[]"] * 100) + b"]}",
    ],
)
def test_what_only_looks_unfit_goes_in(tmp_path: Path, text: bytes) -> None:
    (found,) = _read(tmp_path, text)
    assert isinstance(found, RawRecord)


def test_a_broken_line_does_not_stop_the_rest(tmp_path: Path) -> None:
    broken = b'{"a": 1,'
    for content in (
        broken + b'\n{"b": {"c": [2]}}\n',
        b'{"b": {"c": [2]}}\n' + broken,
    ):
        found = _read(tmp_path, content)
        assert [r.data for r in found if isinstance(r, RawRecord)].count(broken) == 1
        assert len(found) == 2


def test_a_list_that_breaks_off_gives_what_came_before(tmp_path: Path) -> None:
    found = _read(tmp_path, b'[{"a": 1}, {"b": {"c": [2]}}, {"half": ')
    data = [r.data for r in found if isinstance(r, RawRecord)]
    assert data == [b'{"a": 1}', b'{"b": {"c": [2]}}', b'{"half":']


def test_an_empty_file_and_a_missing_one_are_rejects(tmp_path: Path) -> None:
    (empty,) = _read(tmp_path, b" \n\n")
    assert isinstance(empty, Reject)
    assert empty.reason == "empty"
    (missing,) = read([tmp_path / "nowhere"])
    assert isinstance(missing, Reject)
    assert "cannot be read" in missing.reason


def test_a_truncated_gzip_gives_what_came_before(tmp_path: Path) -> None:
    noise = [os.urandom(64).hex() for _ in range(400)]
    whole = gzip.compress("\n".join(json.dumps({"a": n}) for n in noise).encode(), mtime=0)
    found = _read(tmp_path, whole[: len(whole) // 2])
    assert len(found) > 1
    assert isinstance(found[-1], Reject)
    assert "cannot be read" in found[-1].reason


def test_folders_are_read_through_in_order_without_hidden_files(tmp_path: Path) -> None:
    for name in ("b/2.json", "a/1.json", ".git/x.json", "b/.hidden"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps({"name": name}))
    assert [v["name"] for v in _values(list(read([tmp_path])))] == ["a/1.json", "b/2.json"]


def test_standard_input_is_a_file_like_others(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.write(writing, b'{"a": 1}\n')
    os.close(writing)
    with io.TextIOWrapper(io.FileIO(reading)) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert _values(list(read([Path("-")]))) == [_ONE]


def test_progress_counts_the_bytes_on_disk_and_never_goes_back(tmp_path: Path) -> None:
    first, second = tmp_path / "1.ndjson", tmp_path / "2.ndjson.gz"
    first.write_bytes(b'{"a": 1}\n' * 5000)
    second.write_bytes(gzip.compress(b'{"a": 1}\n' * 5000, mtime=0))
    seen: list[int] = []
    assert len(list(read([first, second], seen.append))) == 10_000
    assert seen == sorted(seen)
    assert seen[-1] == first.stat().st_size + second.stat().st_size


def test_an_excerpt_is_short_and_safe_to_print(tmp_path: Path) -> None:
    (found,) = _read(tmp_path, b'{"a": "\x00\x1b[31m\xff\xe2\x80\xae' + b"x" * 500 + b'"}')
    assert isinstance(found, Reject)
    assert found.excerpt.isprintable()
    assert len(found.excerpt) <= 260
