"""Whether an OCSF finding that was written elsewhere has the shape that its version asks for.

Facts: the OCSF schema (schema.ocsf.io), versions 1.1 to 1.8, classes 2002, 2003, 2004 and 2006.
What is read of an event is checked attribute by attribute; objects that are only handed through
(`device`, `evidences`, `malware`, ...) are checked for being objects.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, NamedTuple

# attribute:type, where s is a text, i an integer, n a number, b a truth value, t an ISO time, o any
# object, * anything, another name an object of this table, and [ a list; ! is required, @5 says
# that version 1.5 brought it.
_FINDING: Final = """
    activity_id:i! activity_name:s category_name:s category_uid:i! class_name:s class_uid:i!
    comment:s confidence:s confidence_id:i confidence_score:i count:i device:o duration:i
    end_time:i enrichments:[o finding_info:finding_info! message:s metadata:metadata!
    observables:[observable raw_data:s raw_data_hash:o@6 raw_data_size:i@5 severity:s
    severity_id:i! start_time:i status:s status_code:s status_detail:s status_id:i time:i!
    timezone_offset:i type_name:s type_uid:i! unmapped:o vendor_attributes:vendor_attributes@4
"""
_OF_CLASS: Final = {
    2002: "resource:resource resources:[resource@3 vulnerabilities:[vulnerability!",
    2003: """compliance:compliance! evidences:[o@4 remediation:remediation resource:resource
        resources:[resource@3""",
    2004: """anomaly_analyses:[o@5 evidences:[o impact:s impact_id:i impact_score:i is_alert:b@4
        malware:[o@4 malware_scan_info:o@5 remediation:remediation resources:[resource
        risk_details:s@2 risk_level:s risk_level_id:i risk_score:i
        vulnerabilities:[vulnerability""",
    2006: """activity_id:i!@2 actor:o@2 data_security:o@2 database:o@2 databucket:o@2
        dst_endpoint:o@2 file:o@2 impact:s impact_id:i impact_score:i is_alert:b@4
        resources:[resource@2 risk_details:s@4 risk_level:s risk_level_id:i risk_score:i
        src_endpoint:o@2 table:o@2""",
}
_OF_PROFILE: Final = {
    "cloud": "api:o cloud:cloud!",
    "datetime": "end_time_dt:t start_time_dt:t time_dt:t",
    "container": "",
}
_OBJECTS: Final = {
    "cloud": "account:account cloud_partition:s@4 org:o project_uid:s provider:s! region:s zone:s",
    "account": """is_disabled:b@8 is_locked:b@8 is_on_premises_sync_enabled:b@8 labels:[s@2 name:s
        tags:[key_value@4 type:s type_id:i uid:s""",
    "metadata": """correlation_uid:s debug:[s@4 event_code:s extension:o extensions:[o
        is_truncated:b@6 labels:[s log_format:s@7 log_level:s log_name:s log_provider:s
        log_source:s@7 log_version:s logged_time:i loggers:[o modified_time:i
        original_event_uid:s@7 original_time:s processed_time:i product:product! profiles:[s
        reporter:o@7 sequence:i source:s@7 tags:[key_value@4 tenant_uid:s
        total_queued_duration:o@8 transformation_info_list:[o@5 transmit_time:i@7 type:s@7 uid:s
        untruncated_size:i@6 version:s!""",
    "product": """cpe_name:s feature:feature lang:s name:s path:s uid:s url_string:s vendor_name:s
        version:s""",
    "feature": "name:s uid:s version:s",
    "finding_info": """analytic:analytic attack_graph:o@6 attacks:[o created_time:i data_sources:[s
        desc:s first_seen_time:i kill_chain:[o last_seen_time:i modified_time:i product:product@4
        product_uid:s related_analytics:[analytic related_events:[o related_events_count:i@4
        src_url:s tags:[key_value@4 title:s traits:[o@5 types:[s uid:s! uid_alt:s@4""",
    "analytic": """algorithm:s@5 category:s desc:s name:s related_analytics:[analytic state:s@6
        state_id:i@6 type:s type_id:i! uid:s version:s""",
    "remediation": "cis_controls:[o@5 desc:s! kb_article_list:[o kb_articles:[s references:[s",
    "compliance": """assessments:[o@5 category:s@5 checks:[o@5 compliance_references:[o@3
        compliance_standards:[o@3 control:s control_parameters:[key_value@4 desc:s@5
        requirements:[s standards:[s status:s status_code:s status_detail:s status_details:[s@4
        status_id:i""",
    "resource": """agent_list:[o@2 cloud_partition:s created_time:i@5 criticality:s data:* group:o
        hostname:s@4 ip:s@4 is_backed_up:b@5 labels:[s modified_time:i@5 name:s namespace:s
        owner:o provider:s@8 region:s resource_relationship:o@5 role:s@6 role_id:i@6
        tags:[key_value@4 type:s uid:s uid_alt:s@5 version:s zone:s@5""",
    "key_value": "name:s! value:s values:[s",
    "vulnerability": """advisory:advisory@4 affected_code:[o affected_packages:[package category:s@5
        cve:cve cwe:cwe dependency_chain:s@5 desc:s exploit_last_seen_time:i@4 exploit_ref_url:s@5
        exploit_requirement:s@5 exploit_type:s@5 first_seen_time:i fix_available:b fix_coverage:s@5
        fix_coverage_id:i@5 is_exploit_available:b is_fix_available:b kb_article_list:[o
        kb_articles:[s last_seen_time:i packages:[o references:[s related_vulnerabilities:[s
        remediation:remediation severity:s title:s vendor_name:s""",
    "cve": """created_time:i cvss:[cvss cwe:cwe cwe_uid:s cwe_url:s desc:s epss:epss
        modified_time:i product:product references:[s related_cwes:[cwe@4 title:s type:s uid:s!""",
    "cvss": """base_score:n! depth:s metrics:[o overall_score:n severity:s src_url:s@4
        vector_string:s vendor_name:s@4 version:s!""",
    "epss": "created_time:i percentile:n score:s! version:s",
    "package": """architecture:s cpe_name:s@3 epoch:i fixed_in_version:s hash:o@3 license:s
        license_url:s@5 name:s! package_manager:s package_manager_url:s@5 path:s purl:s release:s
        remediation:remediation src_url:s@5 type:s@3 type_id:i@3 uid:s@5 vendor_name:s@3
        version:s!""",
    "advisory": """avg_timespan:o bulletin:s classification:s created_time:i desc:s install_state:s
        install_state_id:i is_superseded:b modified_time:i os:o product:product references:[s
        related_cves:[cve related_cwes:[cwe size:i src_url:s title:s uid:s!""",
    "cwe": "caption:s src_url:s uid:s!",
    "observable": "event_uid:s@7 name:s reputation:o type:s type_id:i! type_uid:i@7 value:s",
    "vendor_attributes": "severity:s severity_id:i",
}
_ANY_OF: Final = {
    **dict.fromkeys(("account", "product", "feature", "analytic", "resource"), ("name", "uid")),
    "key_value": ("value", "values"),
    "vulnerability": ("cve", "cwe", "advisory"),
}
_ENUMS: Final[dict[tuple[str, str], set[int] | set[str]]] = {
    ("finding", "activity_id"): {0, 1, 2, 3, 99},
    ("finding", "severity_id"): {0, 1, 2, 3, 4, 5, 6, 99},
    ("finding", "status_id"): {0, 1, 2, 3, 4, 5, 6, 99},
    ("finding", "category_uid"): {2},
    ("finding", "confidence_id"): {0, 1, 2, 3, 99},
    ("finding", "impact_id"): {0, 1, 2, 3, 4, 99},
    ("finding", "risk_level_id"): {0, 1, 2, 3, 4, 99},
    ("compliance", "status_id"): {0, 1, 2, 3, 99},
    ("vendor_attributes", "severity_id"): {0, 1, 2, 3, 4, 5, 6, 99},
    ("analytic", "type_id"): set(range(12)) | {99},
    ("analytic", "state_id"): {0, 1, 2, 3, 99},
    ("resource", "role_id"): {0, 1, 2, 3, 4, 99},
    ("cvss", "depth"): {"Base", "Environmental", "Temporal"},
    ("vulnerability", "fix_coverage_id"): {0, 1, 2, 3, 99},
    ("package", "type_id"): {0, 1, 2, 99},
    ("account", "type_id"): set(range(18)) | {99},
    ("advisory", "install_state_id"): {0, 1, 2, 3, 99},
    ("observable", "type_id"): set(range(48)) | {99},
}
_CLOUD_ONLY: Final = {
    ("finding", "cloud"),
    ("finding", "api"),
    ("resource", "cloud_partition"),
    ("resource", "region"),
}
_TYPES: Final[dict[str, type | tuple[type, ...]]] = {
    "s": str,
    "i": int,
    "n": (int, float),
    "o": Mapping,
    "*": object,
}
_VERSION: Final = re.compile(r"^1\.([1-8])\.\d+$")
_ISO: Final = re.compile(
    r"^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})?$", re.ASCII
)
_NAMES: Final = {
    "s": "a text",
    "i": "an integer",
    "n": "a number",
    "b": "true or false",
    "t": "an ISO 8601 time",
    "o": "an object",
}


class _Attribute(NamedTuple):
    kind: str
    many: bool
    required: bool
    since: int


class _Asked(NamedTuple):
    """What an event says of itself: the rules to hold it to."""

    minor: int
    profiles: tuple[str, ...]


def misshapen(event: Mapping[str, Any]) -> str | None:
    """The first thing that is wrong with an event, in words; None when there is nothing."""
    return next(_complaints(event), None)


def _complaints(event: Mapping[str, Any]) -> Iterator[str]:
    metadata = event.get("metadata")
    said = metadata.get("version") if isinstance(metadata, Mapping) else None
    version = _VERSION.match(said) if isinstance(said, str) else None
    if version is None:
        yield f"metadata.version is {said!r}, not 1.1 to 1.8"
        return
    class_uid = event.get("class_uid")
    if not isinstance(class_uid, int) or class_uid not in _OF_CLASS:
        yield f"class {class_uid!r} is not kept (2002, 2003, 2004 and 2006 are)"
        return
    profiles = metadata.get("profiles") if isinstance(metadata, Mapping) else None
    listed = profiles if isinstance(profiles, list) else []
    names = tuple(sorted({p for p in listed if isinstance(p, str)}))
    asked = _Asked(int(version.group(1)), names)
    yield from _object(event, "finding", _top(class_uid, names), asked, "")
    activity_id = event.get("activity_id")
    if not isinstance(activity_id, int) or event.get("type_uid") != class_uid * 100 + activity_id:
        yield f"type_uid {event.get('type_uid')!r} is not class_uid * 100 + activity_id"


@cache
def _top(class_uid: int, profiles: tuple[str, ...]) -> Mapping[str, _Attribute]:
    parts = [_FINDING, _OF_CLASS[class_uid], *(_OF_PROFILE.get(name, "") for name in profiles)]
    return _table(" ".join(parts))


@cache
def _table(text: str) -> Mapping[str, _Attribute]:
    table = {}
    for token in text.split():
        name, _, rest = token.partition(":")
        rest, _, since = rest.partition("@")
        kind = rest.strip("[!")
        table[name] = _Attribute(kind, rest[0] == "[", rest[-1] == "!", int(since or 0))
    return table


def _object(
    value: Mapping[str, Any], kind: str, table: Mapping[str, _Attribute], asked: _Asked, path: str
) -> Iterator[str]:
    for name, attribute in table.items():
        if attribute.required and name not in value:
            yield f"{path}{name} is missing"
    for name, item in value.items():
        profile = _profile_of(kind, name)
        if profile is not None and profile not in asked.profiles:
            yield f"{path}{name} needs the profile {profile} in metadata.profiles"
            continue
        found = table.get(name) or _iso_twin(name, table)
        if found is None or found.since > asked.minor:
            yield f"{path}{name} is not an attribute of OCSF 1.{asked.minor} here"
            continue
        yield from _attribute(item, found, asked, f"{path}{name}")
        allowed = _ENUMS.get((kind, name))
        if allowed is not None and isinstance(item, int | str) and item not in allowed:
            yield f"{path}{name} is {item!r}, which OCSF does not define"
    wanted = _ANY_OF.get(kind, ())
    present = sum(name in value for name in wanted)
    if wanted and (present == 0 or (kind == "vulnerability" and present > 1)):
        yield f"{path.rstrip('.')} needs one of {', '.join(wanted)}"


def _profile_of(kind: str, name: str) -> str | None:
    """The profile without which an attribute may not stand."""
    if name.endswith("_dt"):
        return "datetime"
    return "cloud" if (kind, name) in _CLOUD_ONLY else None


def _iso_twin(name: str, table: Mapping[str, _Attribute]) -> _Attribute | None:
    """Of every time there may be an ISO form beside it, with the datetime profile."""
    twin = table.get(name.removesuffix("_dt")) if name.endswith("_time_dt") else None
    return twin._replace(kind="t", required=False) if twin else None


def _attribute(value: Any, attribute: _Attribute, asked: _Asked, path: str) -> Iterator[str]:
    if not attribute.many:
        yield from _single(value, attribute.kind, asked, path)
    elif not isinstance(value, list):
        yield f"{path} is not a list"
    else:
        for index, item in enumerate(value):
            yield from _single(item, attribute.kind, asked, f"{path}[{index}]")


def _single(value: Any, kind: str, asked: _Asked, path: str) -> Iterator[str]:
    if kind in _OBJECTS:
        if isinstance(value, Mapping):
            yield from _object(value, kind, _table(_OBJECTS[kind]), asked, f"{path}.")
        else:
            yield f"{path} is not an object"
    elif not _is(value, kind):
        yield f"{path} is not {_NAMES[kind]}"


def _is(value: Any, kind: str) -> bool:
    if kind == "t":
        return isinstance(value, str) and _ISO.match(value) is not None
    if isinstance(value, bool):
        return kind in {"b", "*"}
    return isinstance(value, _TYPES.get(kind, ()))
