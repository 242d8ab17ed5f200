"""What an OCSF event is a finding of, and where the finding stands.

Facts: the OCSF schema (schema.ocsf.io) 1.1 to 1.8: `status_id`, `activity_id`, `severity_id`, and
the compliance object; Prowler's OCSF output.
"""

from functools import lru_cache
from typing import Final, NamedTuple

from integrations.errors import RejectedRecordError
from integrations.findings.controls import canonical_control, service_of
from integrations.findings.port import FindingClass, FindingState, Severity
from integrations.findings.standing import rank_of

_STATUS: Final = {
    1: "New",
    2: "In Progress",
    3: "Suppressed",
    4: "Resolved",
    5: "Archived",
    6: "Deleted",
}
_SUPPRESSED, _RESOLVED, _ARCHIVED, _DELETED = 3, 4, 5, 6
_CLOSE = 3
_PASS = 1
_PASSED_TEXTS: Final = frozenset({"pass", "passed"})
_DID_NOT_APPLY: Final = frozenset({"not_available", "not available", "manual", "not_applicable"})
_VERDICTS: Final = frozenset({"pass", "fail", "manual"})


def class_of(class_uid: int, event_code: str, status_code: str) -> FindingClass:
    """What an event is a finding of: Prowler writes compliance checks as class 2004.

    Their verdict is the `status_code`, and `metadata.event_code` names the check.

    Raises:
        ValueError: a class that is not kept.
    """
    if class_uid == FindingClass.DETECTION and event_code and status_code.casefold() in _VERDICTS:
        return FindingClass.COMPLIANCE
    return FindingClass(class_uid)


class _Said(NamedTuple):
    class_uid: int
    activity_id: int
    severity_id: int
    vendors_severity_id: int
    status: str
    status_id: int
    status_code: str
    event_code: str
    """Of the metadata."""
    control: str
    verdict: str
    """Of the compliance."""
    verdict_id: int


class Judged(NamedTuple):
    """What a finding is of and where it stands."""

    cls: int
    state: FindingState
    severity: int
    """As a rank."""
    status: str
    control: str | None
    service: str
    """The control's; empty without one."""
    is_check: bool


@lru_cache(maxsize=8192)
def judged_of(key: tuple[int | str, ...]) -> Judged:
    """What the few words that tell where a finding stands come to, the fields of `_Said`.

    A tenant's thousands of findings share some hundreds of them, so what they come to is
    remembered: to find it takes a fifth of the time of telling it anew.

    Raises:
        RejectedRecordError: the class is none that is kept.
        ValueError: there is no such severity.
    """
    said = _Said(*key)  # type: ignore[arg-type]  # a tuple, because it is looked up for every event
    try:
        cls = class_of(said.class_uid, said.event_code, said.status_code)
    except ValueError as error:
        raise RejectedRecordError(
            f"OCSF class {said.class_uid} is not kept (2002, 2003, 2004 and 2006 are)"
        ) from error
    is_check = _is_check(said.event_code, said.status_code)
    state = _state(said, passed=_passed(said, is_check=is_check))
    control = canonical_control(said.control)
    return Judged(
        int(cls),
        state,
        rank_of(_severity(said, state)),
        said.status or _STATUS.get(said.status_id, "Unknown"),
        control,
        service_of(control) if control else "",
        is_check,
    )


def _is_check(event_code: str, status_code: str) -> bool:
    """Prowler writes compliance checks as class 2004 and their verdict as the status code."""
    return bool(event_code) and status_code.casefold() in _VERDICTS


def _state(said: _Said, *, passed: bool) -> FindingState:
    if said.status_id in {_ARCHIVED, _DELETED}:
        return FindingState.ARCHIVED
    if said.status_id == _SUPPRESSED:
        return FindingState.MUTED
    if passed:
        return FindingState.PASSED
    if said.status_id == _RESOLVED or said.activity_id == _CLOSE:
        return FindingState.RESOLVED
    return FindingState.OPEN


def _passed(said: _Said, *, is_check: bool) -> bool:
    verdict = said.verdict.casefold()
    if said.verdict_id == _PASS or verdict in _PASSED_TEXTS or verdict in _DID_NOT_APPLY:
        return True
    code = said.status_code.casefold()
    return code in _PASSED_TEXTS or (code in _DID_NOT_APPLY and is_check)


def _severity(said: _Said, state: FindingState) -> Severity:
    """Security Hub calls what passed informational; the vendor's own word is kept beside it."""
    if (
        state in {FindingState.PASSED, FindingState.RESOLVED}
        and said.severity_id == Severity.INFORMATIONAL
        and said.vendors_severity_id
    ):
        return Severity(said.vendors_severity_id)
    return Severity(said.severity_id)
