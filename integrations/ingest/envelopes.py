"""What several records come wrapped in: lists, API answers, snapshots, EventBridge events.

Facts: the answers of Security Hub's, GuardDuty's and Inspector's APIs, AWS Config's snapshot files
and notifications, and the events that these services send to EventBridge.
"""

import json
import re
from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from integrations.errors import RejectedRecordError
from integrations.findings.sources import unwrap
from integrations.ingest.records import broken

_LIST_OF_RECORDS: Final = re.compile(
    rb'"(?:Findings|findings|configurationItems|baseConfigurationItems)"\s*:\s*(?=\[)'
)
_BETWEEN: Final = re.compile(r"[\s,]*")
_MARK: Final = re.compile(rb'onfigurationItems?"')


class _Snapshot(Struct):
    """Config's snapshot and history files, and the answers of its API."""

    configuration_items: list[Raw] | None = msgspec.field(default=None, name="configurationItems")
    base_items: list[Raw] | None = msgspec.field(default=None, name="baseConfigurationItems")
    item: Raw | UnsetType = msgspec.field(default=UNSET, name="configurationItem")
    detail: Raw | UnsetType = UNSET


_snapshot = msgspec.json.Decoder(_Snapshot).decode
_list = msgspec.json.Decoder(list[Raw]).decode


def single_records(raw: bytes) -> Iterator[bytes]:
    """The records in a JSON value, itself included when it is one; not yet looked into.

    Raises:
        RejectedRecordError: it is broken JSON, or neither an object nor a list.
    """
    try:
        if raw[:1] == b"[":
            for item in _list(raw):
                yield from single_records(bytes(item))
            return
        if _MARK.search(raw):
            items = _config_items(raw)
            if items is not None:
                yield from items
                return
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RejectedRecordError(broken(raw)) from error
    yield from unwrap(raw)


def _config_items(raw: bytes) -> list[bytes] | None:
    try:
        snapshot = _snapshot(raw)
        items = snapshot.configuration_items or snapshot.base_items
        if items is not None:
            return [bytes(item) for item in items]
        if snapshot.item:
            return [bytes(snapshot.item)]
        return _config_items(bytes(snapshot.detail)) if snapshot.detail else None
    except msgspec.ValidationError:
        return None


def salvaged(raw: bytes) -> Iterator[bytes]:
    """The records of a list or an envelope that is broken somewhere, at last the broken rest."""
    found = _LIST_OF_RECORDS.search(raw)
    begin = 0 if raw[:1] == b"[" else found.end() if found else None
    if begin is None:
        yield raw
        return
    text = raw[begin + 1 :].decode("utf-8", "surrogateescape")
    decoder, at = json.JSONDecoder(strict=False), 0
    while True:
        at = _BETWEEN.match(text, at).end()  # type: ignore[union-attr] # it matches nothing, too
        if at >= len(text) or text[at] == "]":
            return
        end = _end_of(decoder, text, at)
        yield text[at:end].encode("utf-8", "surrogateescape")
        if end is None:
            return
        at = end


def _end_of(decoder: json.JSONDecoder, text: str, begin: int) -> int | None:
    try:
        return decoder.raw_decode(text, begin)[1]
    except (ValueError, RecursionError):
        return None
