"""What a record that no format takes was probably meant to be, and what it lacks for that."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

_LEAST = 2
"""Keys of a format that a record must have to look like it."""


class _Form(NamedTuple):
    """A format: by which keys it is told, in each of its spellings, and which of them it needs."""

    name: str
    needs: tuple[str, ...]
    more: tuple[str, ...] = ()
    """Keys that the format also has: they tell of it, but it is taken without them."""


_FORMS: Final = (
    _Form(
        "an ASFF finding",
        ("AwsAccountId", "GeneratorId", "Id", "Resources", "Severity", "Title", "UpdatedAt"),
        ("ProductArn", "SchemaVersion", "Types", "CreatedAt", "Description", "Compliance"),
    ),
    _Form(
        "a GuardDuty finding (as its API gives it)",
        ("AccountId", "Id", "Service", "Severity", "Type"),
        ("Resource", "Region", "Partition", "Arn", "Title"),
    ),
    _Form(
        "a GuardDuty finding (as an event gives it)",
        ("accountId", "id", "service", "severity", "type"),
        ("resource", "region", "partition", "arn", "title"),
    ),
    _Form(
        "an Inspector finding",
        ("findingArn", "awsAccountId", "severity", "status", "title"),
        ("packageVulnerabilityDetails", "firstObservedAt", "inspectorScore", "exploitAvailable"),
    ),
    _Form(
        "an OCSF event",
        ("class_uid", "finding_info", "metadata", "time"),
        ("severity_id", "activity_id", "type_uid", "category_uid", "cloud", "status_id"),
    ),
    _Form(
        "an AWS Config configuration item",
        ("resourceType", "resourceId", "configurationItemStatus", "configuration"),
        ("configurationItemCaptureTime", "awsAccountId", "awsRegion", "ARN", "relationships"),
    ),
)
"""The keys are those of the services' own references: the ASFF's required attributes, GuardDuty's
and Inspector2's Finding, OCSF's Finding base class, AWS Config's ConfigurationItem."""


def nearest(record: Mapping[str, Any]) -> str:
    """`looks like an ASFF finding, but AwsAccountId is missing`; "" where it looks like nothing."""
    form = max(_FORMS, key=lambda form: _likeness(form, record))
    missing = [key for key in form.needs if key not in record]
    if _likeness(form, record) < _LEAST or not missing:
        return ""
    are = "is" if len(missing) == 1 else "are"
    listed = " and ".join([", ".join(missing[:-1]), missing[-1]]) if missing[1:] else missing[0]
    return f"looks like {form.name}, but {listed} {are} missing"


def _likeness(form: _Form, record: Mapping[str, Any]) -> int:
    return sum(key in record for key in (*form.needs, *form.more))
