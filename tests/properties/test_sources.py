"""Whatever comes in, findings that go out are valid OCSF, and nothing else ever happens."""

import copy
import json
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.errors import RejectedRecordError
from integrations.findings.ocsf import read_finding
from integrations.findings.sources import convert, detect
from tests.ocsf_schema import problems
from tests.unit.findings.given import asff, guardduty, hub_v2, inspector, pascal, prowler

_TEXT = st.text(max_size=20) | st.sampled_from(
    ["", "\x00", "\u202e", "<!channel>", "arn:aws:s3:::b", "2026-11-20T09:00:00Z", "A" * 300]
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=8,
)
_BASES: list[Callable[[], dict[str, Any]]] = [
    asff,
    guardduty,
    lambda: pascal(guardduty()),
    inspector,
    hub_v2,
    prowler,
]
_HANDED_THROUGH = {"owner", "group"}
"""Objects of OCSF that are kept without being looked into."""

_property = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def _taken_in(record: Any) -> list[dict[str, Any]]:
    try:
        events = convert(json.dumps(record).encode())
    except RejectedRecordError:
        return []
    for event in events:
        assert read_finding(event).uid
    return [json.loads(event) for event in events]


def _refusal(act: Callable[[bytes], object], data: bytes) -> str | None:
    try:
        act(data)
    except RejectedRecordError as error:
        return str(error)
    return None


@_property
@given(st.dictionaries(_TEXT, _VALUES, max_size=5))
def test_any_object_is_valid_ocsf_or_rejected(record: dict[str, Any]) -> None:
    for event in _taken_in(record):
        assert problems(event) == []


@_property
@given(st.binary(max_size=60))
def test_any_bytes_are_taken_in_or_rejected(data: bytes) -> None:
    assert _refusal(convert, data) != ""
    assert _refusal(detect, data) != ""


@_property
@given(st.sampled_from(_BASES), st.data())
def test_a_damaged_finding_is_valid_ocsf_or_rejected(
    base: Callable[[], dict[str, Any]], data: st.DataObject
) -> None:
    record = copy.deepcopy(base())
    for _ in range(data.draw(st.integers(1, 3))):
        _damage(record, data)
    for event in _taken_in(record):
        assert problems(event) == []


def _damage(record: dict[str, Any], data: st.DataObject) -> None:
    """Replace, remove or add something somewhere."""
    at: Any = record
    while True:
        keys = list(range(len(at))) if isinstance(at, list) else sorted(at)
        keys = [key for key in keys if key not in _HANDED_THROUGH]
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        if isinstance(at[key], dict | list) and data.draw(st.booleans()):
            at = at[key]
            continue
        act = data.draw(st.sampled_from(("replace", "remove", "add")))
        if act == "replace":
            at[key] = data.draw(_VALUES)
        elif act == "remove":
            del at[key]
        elif isinstance(at, dict):
            at[data.draw(_TEXT)] = data.draw(_VALUES)
        return


@_property
@given(_TEXT, st.sampled_from(["Title", "Description", "Id", "GeneratorId"]))
def test_hostile_text_survives_unchanged(text: str, field: str) -> None:
    for event in _taken_in(asff(**{field: text})):
        said = {
            "Title": event["finding_info"].get("title", ""),
            "Description": event["finding_info"].get("desc", ""),
            "Id": event["finding_info"]["uid"],
            "GeneratorId": event["metadata"]["product"].get("feature", {}).get("uid", ""),
        }
        assert said[field] == text


@_property
@given(st.permutations([asff(), guardduty(), inspector(), prowler(), asff()]))
def test_order_and_company_do_not_matter(records: list[dict[str, Any]]) -> None:
    together = _taken_in(records)
    assert together == [event for record in records for event in _taken_in(record)]


@_property
@given(st.dictionaries(st.text(min_size=1, max_size=8), _VALUES, max_size=3))
def test_nothing_unknown_is_lost(extra: dict[str, Any]) -> None:
    extra = {f"x_{key}": value for key, value in extra.items()}
    for event in _taken_in({**asff(), **extra}):
        assert {key: event["unmapped"][key] for key in extra} == extra
