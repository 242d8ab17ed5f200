"""GuardDuty findings to OCSF 1.6.0 detection findings, from the API and from EventBridge.

Facts: the GuardDuty API reference (PascalCase in the SDK) and the finding details page of its user
guide (camelCase in EventBridge); severity bands as the user guide gives them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from integrations.errors import RejectedRecordError
from integrations.findings import event as ocsf
from integrations.findings.actions import evidences_of
from integrations.findings.arns import partition_of, principal_uid, region_of, resource_uid
from integrations.findings.fitting import fit
from integrations.findings.port import FindingClass
from integrations.findings.resource_types import security_hub_type
from integrations.findings.spelling import get, part, text, without
from integrations.findings.timestamps import read_finding_time

_SEVERITY_FROM: Final = ((9.0, 5), (7.0, 4), (4.0, 3), (1.0, 2))
_TARGET, _ACTOR = ("Target", 1), ("Actor", 2)
# (field of the finding's resource, ResourceType, Security Hub's type, fields with the ARN or id).
_DETAILS: Final = (
    ("InstanceDetails", "Instance", "AwsEc2Instance", ("InstanceArn", "InstanceId")),
    ("S3BucketDetails", "S3Bucket", "AwsS3Bucket", ("Arn", "Name")),
    ("EksClusterDetails", "EKSCluster", "AwsEksCluster", ("Arn", "Name")),
    ("EcsClusterDetails", "ECSCluster", "AwsEcsCluster", ("Arn", "Name")),
    ("LambdaDetails", "Lambda", "AwsLambdaFunction", ("FunctionArn", "FunctionName")),
    (
        "RdsDbInstanceDetails",
        "RDSDBInstance",
        "AwsRdsDbInstance",
        ("DbInstanceArn", "DbInstanceIdentifier"),
    ),
)
# ResourceType values of an attack sequence.
_SEQUENCE_TYPES: Final = {
    "EC2_INSTANCE": "AwsEc2Instance",
    "S3_BUCKET": "AwsS3Bucket",
    "S3_OBJECT": "AwsS3Object",
    "EKS_CLUSTER": "AwsEksCluster",
    "ACCESS_KEY": "AwsIamAccessKey",
    "ECS_CLUSTER": "AwsEcsCluster",
}


class _Finding(Struct, rename="pascal"):
    account_id: str
    type: str
    severity: float
    id: str = ""
    arn: str = ""
    region: str = ""
    partition: str = ""
    title: str = ""
    description: str = ""
    created_at: Any = None
    updated_at: Any = None
    resource: dict[str, Any] = msgspec.field(default_factory=dict)
    service: dict[str, Any] = msgspec.field(default_factory=dict)


def convert(record: Mapping[str, Any]) -> bytes:
    """One GuardDuty finding as an OCSF 1.6.0 event of class 2004.

    Raises:
        RejectedRecordError: it has no id, account, type, severity or time.
    """
    finding, left = fit(record, _Finding)
    if not (finding.arn or finding.id) or not finding.account_id:
        raise RejectedRecordError(f"{'AccountId' if finding.account_id == '' else 'Id'} is missing")
    service = finding.service
    info, time = _info(finding)
    archived = get(service, "Archived") is True
    activity_id = ocsf.CREATE if info.created_time == time else ocsf.UPDATE
    region = finding.region or region_of(finding.arn)
    resources, rest = _resources(finding, region)
    count = get(service, "Count")
    unmapped = left | _named("Service", service) | _named("Resource", rest)
    # The id is the ARN's last part; severity has a finer scale of its own.
    unmapped |= _named("Id", finding.id if finding.id not in finding.arn else None)
    unmapped |= {"Severity": finding.severity}
    for name, said in (("CreatedAt", finding.created_at), ("UpdatedAt", finding.updated_at)):
        unmapped |= _named(name, said if read_finding_time(said) is None else None)
    frame = ocsf.framed(
        FindingClass.DETECTION.value,
        ocsf.CLOSE if archived else activity_id,
        _severity(finding.severity),
        ocsf.ARCHIVED if archived else ocsf.NEW,
        ocsf.metadata(_product(finding, region)),
    )
    event = ocsf.Event(
        frame,
        time,
        info,
        ocsf.Cloud("AWS", ocsf.Entity(uid=finding.account_id), region or None),
        resources or None,
        evidences=evidences_of(get(service, "Action")),
        count=count if isinstance(count, int) and not isinstance(count, bool) else None,
        unmapped=unmapped,
    )
    return ocsf.encode(event)


def _named(key: str, value: Any) -> dict[str, Any]:
    return {key: value} if value else {}


def _severity(severity: float) -> int:
    return next((id_ for low, id_ in _SEVERITY_FROM if severity >= low), 0)


def _product(finding: _Finding, region: str) -> ocsf.Product:
    detector = finding.arn.partition("/finding/")[0]
    return ocsf.Product(
        name="GuardDuty",
        uid=f"arn:{finding.partition or partition_of(region)}:securityhub:{region}"
        "::product/aws/guardduty",
        vendor_name="AWS",
        feature=ocsf.Entity(uid=detector) if detector else None,
    )


def _info(finding: _Finding) -> tuple[ocsf.FindingInfo, int]:
    """`finding_info`, and the event's time."""
    created, updated = read_finding_time(finding.created_at), read_finding_time(finding.updated_at)
    first = read_finding_time(get(finding.service, "EventFirstSeen"))
    last = read_finding_time(get(finding.service, "EventLastSeen"))
    time = next((t for t in (updated, last, created, first) if t is not None), None)
    if time is None:
        raise RejectedRecordError("UpdatedAt is missing or is no time")
    info = ocsf.FindingInfo(
        uid=finding.arn or finding.id,
        title=finding.title or None,
        desc=finding.description or None,
        types=[finding.type],
        created_time=created,
        modified_time=time,
        first_seen_time=created if first is None else first,
        last_seen_time=updated if last is None else last,
    )
    return info, time


def _resources(finding: _Finding, region: str) -> tuple[list[ocsf.Resource], dict[str, Any]]:
    """The resources, the one that the finding is about first, and what is left of `Resource`."""
    said, account = finding.resource, finding.account_id
    about = text(said, "ResourceType") or ""
    found: list[tuple[bool, ocsf.Resource]] = []
    mapped = []
    for field, kind, type_name, keys in _DETAILS:
        for details in _each(get(said, field)):
            uid = next((u for u in (text(details, key) for key in keys) if u), None)
            if uid is None:
                continue
            uid = resource_uid(type_name, uid, account, region)
            resource = ocsf.Resource(uid, type_name, region=region or None, data=details)
            resource.tags = _tags(get(details, "Tags"))
            resource.name = next((t.value for t in resource.tags or () if t.name == "Name"), None)
            resource.role, resource.role_id = _role(finding)
            found.append((kind != about, resource))
            mapped.append(field)
    key_details = get(said, "AccessKeyDetails")
    if isinstance(key_details, dict):
        keys_found = _access_key(key_details, account, region)
        found.extend((about != "AccessKey", resource) for resource in keys_found)
        mapped.append("AccessKeyDetails")
    resources = [resource for _, resource in sorted(found, key=lambda pair: pair[0])]
    rest = without(said, *mapped)
    if not resources:
        resources = _sequence(finding, region)
    return resources, rest


def _each(details: Any) -> list[Mapping[str, Any]]:
    if isinstance(details, dict):
        return [details]
    listed = details if isinstance(details, list) else []
    return [item for item in listed if isinstance(item, dict)]


def _role(finding: _Finding) -> tuple[str | None, int | None]:
    role = text(finding.service, "ResourceRole")
    return {"TARGET": _TARGET, "ACTOR": _ACTOR}.get(role or "", (None, None))


def _access_key(details: Mapping[str, Any], account: str, region: str) -> list[ocsf.Resource]:
    """The principal of an access key, which the graph knows, and the key itself."""
    name, user_type = text(details, "UserName") or "", text(details, "UserType") or ""
    key = text(details, "AccessKeyId")
    found = []
    uid = principal_uid(user_type, name, account, region)
    if uid:
        kind = "AwsIamUser" if ":user/" in uid else "AwsIamRole"
        found.append(ocsf.Resource(uid, kind, name=name, data=details))
    if key or not found:
        key_uid = f"AWS::IAM::AccessKey:{key}" if key else f"AWS::::Account:{account}"
        kind = "AwsIamAccessKey" if key else "AwsAccount"
        found.append(ocsf.Resource(key_uid, kind, data=None if found else details))
    return found


def _sequence(finding: _Finding, region: str) -> list[ocsf.Resource]:
    """The resources of an attack sequence, which stand in its detection."""
    sequence = part(part(finding.service, "Detection"), "Sequence")
    resources = []
    for item in _each(get(sequence, "Resources")):
        uid = text(item, "Uid") or text(item, "Name")
        if uid is None:
            continue
        said = text(item, "ResourceType") or ""
        kind = _SEQUENCE_TYPES.get(said, security_hub_type(said))
        where = text(item, "Region") or region
        owner = text(item, "AccountId") or finding.account_id
        resources.append(
            ocsf.Resource(
                resource_uid(kind, uid, owner, where),
                kind or None,
                region=where or None,
                name=text(item, "Name"),
                tags=_tags(get(item, "Tags")),
            )
        )
    return resources


def _tags(tags: Any) -> list[ocsf.KeyValue] | None:
    if not isinstance(tags, Sequence) or isinstance(tags, str):
        return None
    pairs = [(text(t, "Key"), get(t, "Value")) for t in tags if isinstance(t, dict)]
    return [ocsf.KeyValue(k, v if isinstance(v, str) else "") for k, v in pairs if k] or None
