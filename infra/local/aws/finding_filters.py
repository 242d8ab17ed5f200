"""Filters of GetFindings, as Security Hub combines them.

Facts: the API reference of AwsSecurityFindingFilters, StringFilter, MapFilter, NumberFilter and
DateFilter: values of one field are joined by OR when they ask for something, by AND when they
exclude something; fields are joined by AND.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from infra.local.aws.refusals import AwsError

Finding = dict[str, Any]

_TEXTS = {
    "AwsAccountId": "AwsAccountId", "CompanyName": "CompanyName",
    "ComplianceAssociatedStandardsId": "Compliance.AssociatedStandards.StandardsId",
    "ComplianceSecurityControlId": "Compliance.SecurityControlId",
    "ComplianceStatus": "Compliance.Status", "Description": "Description",
    "GeneratorId": "GeneratorId", "Id": "Id", "NoteText": "Note.Text",
    "NoteUpdatedBy": "Note.UpdatedBy", "ProductArn": "ProductArn", "ProductName": "ProductName",
    "RecordState": "RecordState", "Region": "Region", "ResourceId": "Resources.Id",
    "ResourcePartition": "Resources.Partition", "ResourceRegion": "Resources.Region",
    "ResourceType": "Resources.Type", "SeverityLabel": "Severity.Label", "Title": "Title",
    "Type": "Types", "VerificationState": "VerificationState", "WorkflowState": "WorkflowState",
    "WorkflowStatus": "Workflow.Status",
}  # fmt: skip
_DATES = frozenset({"CreatedAt", "FirstObservedAt", "LastObservedAt", "UpdatedAt",
                    "NoteUpdatedAt"})  # fmt: skip
_NUMBERS = {"SeverityNormalized": "Severity.Normalized", "Confidence": "Confidence",
            "Criticality": "Criticality"}  # fmt: skip
_MAPS = {"ProductFields": "ProductFields", "ResourceTags": "Resources.Tags",
         "UserDefinedFields": "UserDefinedFields"}  # fmt: skip
_ASKS: dict[str, Callable[[str, str], bool]] = {
    "EQUALS": lambda got, want: got == want,
    "PREFIX": lambda got, want: got.startswith(want),
    "CONTAINS": lambda got, want: want in got,
}


def matching(
    findings: Sequence[Finding], filters: Mapping[str, Any], now: datetime
) -> list[Finding]:
    """The findings that pass every filter.

    Args:
        findings: In AWS Security Finding Format.
        filters: As GetFindings takes them.
        now: What date ranges count back from (aware UTC).

    Raises:
        AwsError: InvalidInputException for a filter that is not known here.
    """
    tests = [_test(name, rows, now) for name, rows in filters.items() if rows]
    return [finding for finding in findings if all(test(finding) for test in tests)]


def _test(name: str, rows: Sequence[Mapping[str, Any]], now: datetime) -> Callable[[Finding], bool]:
    if name in _TEXTS:
        path = _TEXTS[name]
        return lambda finding: _texts([str(v) for v in values(finding, path)], rows)
    if name in _DATES:
        path = "Note.UpdatedAt" if name == "NoteUpdatedAt" else name
        return lambda finding: any(_dated(values(finding, path), row, now) for row in rows)
    if name in _NUMBERS:
        path = _NUMBERS[name]
        return lambda finding: any(_counted(values(finding, path), row) for row in rows)
    if name in _MAPS:
        path = _MAPS[name]
        return lambda finding: _mapped(values(finding, path), rows)
    raise AwsError("InvalidInputException", f"the filter {name} is not known here")


def values(finding: Any, path: str) -> list[Any]:
    """Everything at a path: `Resources.Id` goes into each resource."""
    name, _, rest = path.partition(".")
    found = finding.get(name) if isinstance(finding, Mapping) else None
    if found is None:
        return []
    items = found if isinstance(found, list) else [found]
    return items if not rest else [v for item in items for v in values(item, rest)]


def _texts(got: list[str], rows: Sequence[Mapping[str, Any]]) -> bool:
    wanted: list[tuple[Callable[[str, str], bool], str]] = []
    excluded: list[tuple[Callable[[str, str], bool], str]] = []
    for row in rows:
        comparison, value = str(row.get("Comparison", "EQUALS")), str(row.get("Value", ""))
        negated = comparison.startswith(("NOT_", "PREFIX_NOT_"))
        bare = comparison.replace("PREFIX_NOT_EQUALS", "PREFIX").replace("NOT_", "")
        test = _ASKS.get(bare)
        if test is None:
            raise AwsError("InvalidInputException", f"the comparison {comparison} is not known")
        (excluded if negated else wanted).append((test, value))
    asked = not wanted or any(test(text, value) for test, value in wanted for text in got)
    return asked and not any(test(text, value) for test, value in excluded for text in got)


def _dated(got: list[Any], row: Mapping[str, Any], now: datetime) -> bool:
    begin, end = row.get("Start"), row.get("End")
    if span := row.get("DateRange"):
        if span.get("Unit") != "DAYS":
            raise AwsError("InvalidInputException", "a date range is in DAYS")
        begin, end = (now - timedelta(days=int(span["Value"]))).isoformat(), now.isoformat()
    moments = [moment(text) for text in got]
    return any(
        (begin is None or moment(begin) <= at) and (end is None or at <= moment(end))
        for at in moments
    )


def moment(text: str) -> datetime:
    """A time of a finding.

    Raises:
        AwsError: InvalidInputException, it is none.
    """
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise AwsError("InvalidInputException", f"{text[:40]} is not a time") from error


def _counted(got: list[Any], row: Mapping[str, Any]) -> bool:
    tests: dict[str, Callable[[float, float], bool]] = {
        "Eq": lambda a, b: a == b,
        "Gte": lambda a, b: a >= b,
        "Lte": lambda a, b: a <= b,
        "Gt": lambda a, b: a > b,
        "Lt": lambda a, b: a < b,
    }
    return any(
        all(tests[name](number, limit) for name, limit in row.items() if name in tests)
        for number in got
    )


def _mapped(got: list[Any], rows: Sequence[Mapping[str, Any]]) -> bool:
    def of_key(key: str) -> Iterator[str]:
        for pairs in got:
            if key in pairs:
                yield str(pairs[key])

    keys = {str(row["Key"]) for row in rows}
    return all(
        _texts(list(of_key(key)), [row for row in rows if row["Key"] == key]) for key in keys
    )
