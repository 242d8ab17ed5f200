"""The official OCSF schema as judge, offline, and what it leaves unsaid."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import jsonschema_rs
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

_NAME = {
    2002: "vulnerability_finding",
    2003: "compliance_finding",
    2004: "detection_finding",
    2006: "data_security_finding",
}
_SEVERITY = {
    0: "Unknown",
    1: "Informational",
    2: "Low",
    3: "Medium",
    4: "High",
    5: "Critical",
    6: "Fatal",
}
_MILLISECONDS = range(946_684_800_000, 10_000_000_000_000)
"""From the year 2000 on; anything below is written in seconds."""


@cache
def _schema(version: str) -> OcsfJsonSchemaEmbedded:
    return OcsfJsonSchemaEmbedded(get_ocsf_schema(version))


@cache
def _validator(version: str, class_uid: int, profiles: tuple[str, ...]) -> jsonschema_rs.Validator:
    schema = _schema(version).get_class_schema(_NAME[class_uid], list(profiles))
    return jsonschema_rs.validator_for(schema)


def problems(event: Mapping[str, Any]) -> list[str]:
    """Every way in which an event breaks the schema of its own version; empty when it is valid."""
    metadata = event["metadata"]
    profiles = tuple(metadata.get("profiles", ()))
    validator = _validator(metadata["version"], event["class_uid"], profiles)
    found = [
        "/".join(map(str, error.instance_path)) + ": " + error.message
        for error in validator.iter_errors(event)
    ]
    severity = _SEVERITY.get(event["severity_id"])
    if severity is not None and event.get("severity", severity) != severity:
        found.append(f"severity: {event['severity']} is not {severity}")
    if event["type_uid"] != event["class_uid"] * 100 + event["activity_id"]:
        found.append(f"type_uid: {event['type_uid']} does not follow from class and activity")
    return found + [
        f"{name}: {value} is not in milliseconds"
        for name, value in _times(event)
        if value not in _MILLISECONDS
    ]


def _times(event: Mapping[str, Any]) -> list[tuple[str, int]]:
    info = event["finding_info"]
    return [("time", event["time"])] + [
        (name, value)
        for name, value in info.items()
        if name.endswith("_time") and isinstance(value, int)
    ]
