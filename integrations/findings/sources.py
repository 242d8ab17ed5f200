"""Findings of every source that is understood, told apart by what is in them."""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from integrations.errors import RejectedRecordError
from integrations.findings import asff, guardduty, inspector, ocsf_events
from integrations.findings.nearest import nearest


class Source(StrEnum):
    """The formats that findings come in."""

    ASFF = "ASFF"
    GUARDDUTY = "GuardDuty"
    INSPECTOR = "Inspector"
    OCSF = "OCSF"


MaybeRaw = Raw | UnsetType


class _Marks(Struct, gc=False):
    """The fields that give a format away; none is looked into."""

    class_uid: MaybeRaw = UNSET
    finding_info: MaybeRaw = UNSET
    metadata: MaybeRaw = UNSET
    product_arn: MaybeRaw = msgspec.field(default=UNSET, name="ProductArn")
    generator_id: MaybeRaw = msgspec.field(default=UNSET, name="GeneratorId")
    aws_account_id: MaybeRaw = msgspec.field(default=UNSET, name="AwsAccountId")
    service: MaybeRaw = msgspec.field(default=UNSET, name="Service")
    camel_service: MaybeRaw = msgspec.field(default=UNSET, name="service")
    account_id: MaybeRaw = msgspec.field(default=UNSET, name="AccountId")
    camel_account_id: MaybeRaw = msgspec.field(default=UNSET, name="accountId")
    finding_arn: MaybeRaw = msgspec.field(default=UNSET, name="findingArn")
    pascal_finding_arn: MaybeRaw = msgspec.field(default=UNSET, name="FindingArn")
    detail: MaybeRaw = UNSET
    detail_type: MaybeRaw = msgspec.field(default=UNSET, name="detail-type")
    findings: MaybeRaw = msgspec.field(default=UNSET, name="Findings")
    camel_findings: MaybeRaw = msgspec.field(default=UNSET, name="findings")


class _Detail(Struct):
    """The `detail` of an EventBridge event that carries several findings."""

    findings: list[Raw]


_marks = msgspec.json.Decoder(_Marks).decode
_list = msgspec.json.Decoder(list[Raw]).decode
_detail = msgspec.json.Decoder(_Detail).decode
_record = msgspec.json.Decoder(dict[str, Any]).decode

_BY_RECORD: Final[Mapping[Source, Callable[[Mapping[str, Any]], bytes]]] = {
    Source.GUARDDUTY: guardduty.convert,
    Source.INSPECTOR: inspector.convert,
    Source.OCSF: ocsf_events.convert,
}
_UNKNOWN: Final = (
    "not a finding that is understood (ASFF, GuardDuty, Inspector or OCSF), "
    "nor an AWS Config configuration item"
)


def detect(record: bytes) -> Source | None:
    """The format of one finding (a JSON object); None when it is none that is understood.

    Raises:
        RejectedRecordError: it is not a JSON object.
    """
    return _source(_marks_of(record))


def convert(raw: bytes) -> list[bytes]:
    """One finding, or an envelope or list of findings, as OCSF events (JSON).

    Envelopes are those of EventBridge (`detail`) and of the services' APIs (`Findings`). Everything
    is taken or nothing.

    Raises:
        RejectedRecordError: some of it is not understood, or lacks what is needed; says what.
    """
    return [convert_one(record) for record in unwrap(raw)]


def unwrap(raw: bytes) -> Iterator[bytes]:
    """The single findings in an envelope or a list; a single finding is its own only one.

    Raises:
        RejectedRecordError: it is broken JSON, or neither an object nor a list.
    """
    if raw.lstrip()[:1] == b"[":
        yield from _each(_decoded(_list, raw))
        return
    marks = _marks_of(raw)
    if marks.detail_type and marks.detail:
        yield from _from_event(bytes(marks.detail))
    elif marks.class_uid or marks.finding_info:
        yield raw
    elif marks.findings or marks.camel_findings:
        yield from _each(_decoded(_list, bytes(marks.findings or marks.camel_findings or b"")))
    else:
        yield raw


def convert_one(record: bytes) -> bytes:
    """One finding (a JSON object) as an OCSF event.

    Raises:
        RejectedRecordError: it is not understood, or lacks what is needed; says what.
    """
    source = detect(record)
    try:
        if source is Source.ASFF:
            # What is copied without being parsed must be text all the same.
            record.decode("utf-8")
            return asff.convert(record)
        if source is not None:
            return _BY_RECORD[source](_decoded(_record, record))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RejectedRecordError(f"broken JSON: {error}") from error
    except OverflowError as error:
        raise RejectedRecordError("a number does not fit into 64 bits") from error
    except RecursionError as error:
        raise RejectedRecordError("nested too deeply") from error
    raise RejectedRecordError(_nearest(record) or _UNKNOWN)


def _nearest(record: bytes) -> str:
    try:
        return nearest(_record(record))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def _from_event(detail: bytes) -> Iterator[bytes]:
    """EventBridge wraps one finding (GuardDuty, Inspector) or a list of them (Security Hub)."""
    try:
        yield from _each(_detail(detail).findings)
    except msgspec.ValidationError:
        yield detail


def _each(records: list[Raw]) -> Iterator[bytes]:
    for record in records:
        yield bytes(record)


def _source(marks: _Marks) -> Source | None:
    if marks.class_uid or (marks.finding_info and marks.metadata):
        return Source.OCSF
    if marks.aws_account_id and (marks.product_arn or marks.generator_id):
        return Source.ASFF
    if marks.finding_arn or marks.pascal_finding_arn:
        return Source.INSPECTOR
    if (marks.service or marks.camel_service) and (marks.account_id or marks.camel_account_id):
        return Source.GUARDDUTY
    return None


def _marks_of(record: bytes) -> _Marks:
    try:
        marks: _Marks = _decoded(_marks, record)
        return marks  # noqa: TRY300 - one line that may fail
    except RecursionError as error:
        raise RejectedRecordError("nested too deeply") from error


def _decoded(decode: Callable[[bytes], Any], raw: bytes) -> Any:
    try:
        return decode(raw)
    except msgspec.ValidationError as error:
        raise RejectedRecordError(f"wrong shape: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RejectedRecordError(f"broken JSON: {error}") from error
