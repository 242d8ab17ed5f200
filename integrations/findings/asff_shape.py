"""An ASFF finding as it is read: what has a place in OCSF, and the rest of it as bytes.

Facts: the shapes of the Security Hub API reference (`AwsSecurityFinding`, `Resource`).
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Annotated, Any, Final, NamedTuple, cast

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from integrations.errors import RejectedRecordError
from integrations.findings.fitting import fit

MaybeRaw = Raw | UnsetType

_SELDOM: Final = (
    *("Criticality", "Detection", "GeneratorDetails", "Malware", "Network", "NetworkPath"),
    *("PatchSummary", "Process", "RelatedFindings", "Sample", "ThreatIntelIndicators", "Threats"),
    *("UserDefinedFields", "VerificationState"),
)
"""ASFF's own fields that few findings have and that OCSF has no place for."""
_LEARNED_AT_MOST: Final = 64
_MET_AT_MOST: Final = 1024
_CAN_BE_LEARNED: Final = re.compile(r"[\w.:@-]{1,64}", re.ASCII)


# The fields stand in the order in which Security Hub writes them, because the decoder looks for the
# next field first: in another order it takes half as long again.
class Severity(Struct, rename="pascal", forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """`Severity`."""

    product: MaybeRaw = UNSET
    label: str = ""
    normalized: int | float | None = None
    original: MaybeRaw = UNSET


class Workflow(Struct, rename="pascal", forbid_unknown_fields=True, gc=False):
    """`Workflow`."""

    status: str = ""


class Resource(Struct, rename="pascal", forbid_unknown_fields=True, gc=False):
    """`Resource`, as far as OCSF has a place for it."""

    type: str = ""
    id: str = ""
    partition: str = ""
    region: str = ""
    resource_role: str = ""
    tags: dict[str, str] | UnsetType = UNSET
    details: MaybeRaw = UNSET


class Finding(Struct, rename="pascal", forbid_unknown_fields=True, gc=False):
    """`AwsSecurityFinding`, but for what few findings have."""

    schema_version: MaybeRaw = UNSET
    id: str = ""
    product_arn: str = ""
    product_name: str = ""
    company_name: str = ""
    region: str = ""
    generator_id: str = ""
    aws_account_id: str = ""
    types: list[str] | UnsetType = UNSET
    first_observed_at: datetime | None = None
    last_observed_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    severity: Severity | UnsetType = UNSET
    title: str = ""
    description: str = ""
    remediation: MaybeRaw = UNSET
    source_url: str = ""
    product_fields: MaybeRaw = UNSET
    resources: list[Resource] | UnsetType = UNSET
    compliance: MaybeRaw = UNSET
    workflow_state: str = ""
    workflow: Workflow | UnsetType = UNSET
    record_state: str = ""
    note: MaybeRaw = UNSET
    vulnerabilities: MaybeRaw = UNSET
    action: MaybeRaw = UNSET
    finding_provider_fields: MaybeRaw = UNSET
    processed_at: MaybeRaw = UNSET
    aws_account_name: str = ""
    confidence: Annotated[int, Meta(ge=0, le=100)] | UnsetType = UNSET


class Unmapped(Struct, rename="pascal", omit_defaults=True, gc=False):
    """What OCSF has no place for; of the severity, because its own scale says more."""

    schema_version: MaybeRaw = UNSET
    severity: Severity | UnsetType = UNSET
    product_fields: MaybeRaw = UNSET
    workflow_state: str = ""
    note: MaybeRaw = UNSET
    action: MaybeRaw = UNSET
    finding_provider_fields: MaybeRaw = UNSET
    processed_at: MaybeRaw = UNSET
    created_at: datetime | None = None
    updated_at: datetime | None = None


class _ResourceBeside(Resource, rename="pascal", forbid_unknown_fields=True, gc=False):
    """The same with ASFF's own fields that OCSF has no place for."""

    data_classification: MaybeRaw = UNSET
    application_name: MaybeRaw = UNSET
    application_arn: MaybeRaw = UNSET
    provider: MaybeRaw = UNSET
    owner: MaybeRaw = UNSET


class _FindingBeside(Finding, rename="pascal", forbid_unknown_fields=True, gc=False):
    """A finding with fields beside the usual ones: the base of what `Reader` learns."""

    resources: list[_ResourceBeside] | UnsetType = UNSET  # type: ignore[assignment]


class _LenientResource(Resource, rename="pascal", forbid_unknown_fields=False, gc=False):
    """A resource whose other fields are not looked at."""


class _Lenient(Finding, rename="pascal", forbid_unknown_fields=False, gc=False):
    """A finding whose other fields are not looked at."""

    resources: list[_LenientResource] | UnsetType = UNSET  # type: ignore[assignment]


class _Learned(NamedTuple):
    """How findings with fields beside the usual ones are read and written."""

    names: tuple[str, ...]
    decode: Callable[[bytes], Finding]
    values: Callable[[Finding], tuple[MaybeRaw, ...]]
    """Of each name the value."""
    shape: type[Unmapped]
    """With a field for each name."""


_Read = tuple[Finding, dict[str, Any], type[Unmapped], tuple[MaybeRaw, ...]]
"""A finding; what of it has an unexpected name or shape, by name; the shape of what OCSF has no
place for, and the values of the fields that this shape has beside `Unmapped`'s."""

_PLACED: Final = frozenset(Finding.__struct_encode_fields__)
_OF_RESOURCE: Final = frozenset(Resource.__struct_encode_fields__)
_BESIDE_RESOURCE: Final = _ResourceBeside.__struct_encode_fields__[len(_OF_RESOURCE) :]
_NOTHING_LEFT: Final[dict[str, Any]] = {}

_decode_usual = msgspec.json.Decoder(Finding).decode
_decode_lenient = msgspec.json.Decoder(_Lenient).decode
_decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_list_of_fields = msgspec.json.Decoder(list[dict[str, Raw]]).decode
_beside_of = attrgetter(*_ResourceBeside.__struct_fields__[len(_OF_RESOURCE) :])
_NONE_BESIDE: Final = _beside_of(_ResourceBeside())


class Reader:
    """Reads findings in one pass, those too that have fields beside the usual ones.

    Which these are is learned: what forwards findings adds the same fields to each of them. A name
    that is met a second time gets a place in the decoder, so the next finding that has it is read
    in 7 us instead of 16. A name that never comes again (a random key) is not learned.
    """

    def __init__(self) -> None:
        """Knows the fields of the API reference."""
        self._met: set[str] = set()
        self._learned = _learned(_SELDOM)
        self._expected = False
        """Whether the last finding had any of them: such findings come in runs."""

    def read(self, raw: bytes) -> _Read:
        """One finding (a JSON object).

        Raises:
            RejectedRecordError: it is no JSON object.
            msgspec.DecodeError: it is no JSON.
        """
        if not self._expected:
            try:
                return _decode_usual(raw), _NOTHING_LEFT, Unmapped, ()
            except msgspec.ValidationError:
                self._expected = True
        # Another thread may learn in between.
        learned = self._learned
        try:
            finding = learned.decode(raw)
        except msgspec.ValidationError:
            return *self._unexpected(raw), Unmapped, ()
        beside = learned.values(finding)
        left = _of_resources(finding.resources) if finding.resources else _NOTHING_LEFT
        self._expected = bool(left) or any(beside)
        return finding, left, learned.shape, beside

    def _unexpected(self, raw: bytes) -> tuple[Finding, dict[str, Any]]:
        """What has names that are not known, or an unexpected shape."""
        try:
            finding = _decode_lenient(raw)
        except msgspec.ValidationError:
            record = msgspec.json.decode(raw)
            if not isinstance(record, dict):
                said = f"not a JSON object but {type(record).__name__}"
                raise RejectedRecordError(said) from None
            return fit(record, Finding)
        fields = _decode_fields(raw)
        left: dict[str, Any] = {k: v for k, v in fields.items() if k not in _PLACED}
        self._meet(left)
        if finding.resources:
            of_each = [
                {k: v for k, v in said.items() if k not in _OF_RESOURCE}
                for said in _decode_list_of_fields(fields["Resources"])
            ]
            if any(of_each):
                left["Resources"] = of_each
        return finding, left

    def _meet(self, names: Iterable[str]) -> None:
        known = self._learned.names
        new = [name for name in names if name not in known and _CAN_BE_LEARNED.fullmatch(name)]
        again = [name for name in new if name in self._met]
        if again and len(known) + len(again) <= _LEARNED_AT_MOST:
            self._learned = _learned((*known, *again))
        if len(self._met) + len(new) > _MET_AT_MOST:
            self._met = set()
        self._met.update(new)


def _learned(names: tuple[str, ...]) -> _Learned:
    fields = [f"beside_{at}" for at in range(len(names))]
    # How each field is called in JSON.
    renamed = dict(zip(fields, names, strict=True))
    read, unmapped = (
        msgspec.defstruct(
            f"_{base.__name__}Learned",
            [(field, MaybeRaw, UNSET) for field in fields],
            bases=(base,),
            rename=renamed,
            gc=False,
        )
        for base in (_FindingBeside, Unmapped)
    )
    return _Learned(
        names,
        msgspec.json.Decoder(cast("type[Finding]", read)).decode,
        attrgetter(*fields),
        cast("type[Unmapped]", unmapped),
    )


def _of_resources(resources: Sequence[Resource]) -> dict[str, Any]:
    """What resources have that OCSF has no place for."""
    values = list(map(_beside_of, resources))
    if values.count(_NONE_BESIDE) == len(values):
        return _NOTHING_LEFT
    return {
        "Resources": [
            {k: v for k, v in zip(_BESIDE_RESOURCE, beside, strict=True) if v is not UNSET}
            for beside in values
        ]
    }


def bytes_of(raw: MaybeRaw) -> bytes:
    """What was read as bytes; none where there was nothing."""
    return bytes(raw) if raw else b""
