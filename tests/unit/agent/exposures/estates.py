"""The smallest estates about which a rule has something to say, leg by leg."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from agent.exposure import rank
from agent.views import Exposure
from integrations.findings.ocsf import ref_of
from integrations.findings.port import FindingClass, FindingState, Severity
from integrations.findings.sqlite import SqliteFindings
from integrations.remediations.sqlite import SqliteRemediations
from integrations.resources.graphersal import GraphersalGraphs
from integrations.systems import Systems
from integrations.tenants.port import Tenant
from tests.builders import NOON, ocsf_event, tenant
from tests.graph_builders import (
    OTHER_ACCOUNT,
    arn,
    config_item,
    ec2,
    iam,
    policy,
    statement,
    told,
    trust,
)

NOW = NOON + timedelta(hours=6)
HOST, GROUP, ROLE = ec2("instance/i-1"), ec2("security-group/sg-1"), iam("role/web")
DATA, FUNCTION = "arn:aws:s3:::data", arn("lambda", "function:f")
BALANCER = arn("elasticloadbalancing", "loadbalancer/app/front/1")
TARGETS = arn("elasticloadbalancing", "targetgroup/web/1")
USER, KEY = iam("user/ana"), arn("kms", "key/k-1")
ROOT = iam("root")

Item = Mapping[str, Any]


@dataclass(frozen=True)
class Estate:
    """Config items and findings by what they are called here: the legs of an exposure."""

    items: Mapping[str, Item] = field(default_factory=dict)
    findings: Mapping[str, bytes] = field(default_factory=dict)

    def without(self, *legs: str) -> "Estate":
        """The estate with some legs missing."""
        return Estate(
            {key: item for key, item in self.items.items() if key not in legs},
            {key: event for key, event in self.findings.items() if key not in legs},
        )

    def but(self, **legs: Item | bytes) -> "Estate":
        """The estate with other or more legs."""
        items = {k: v for k, v in legs.items() if not isinstance(v, bytes)}
        findings = {k: v for k, v in legs.items() if isinstance(v, bytes)}
        return replace(self, items={**self.items, **items}, findings={**self.findings, **findings})

    def resolved(self, leg: str) -> "Estate":
        """The estate after a finding has been resolved."""
        event = json.loads(self.findings[leg])
        event |= {"status_id": 4, "status": "Resolved", "time": event["time"] + 60_000}
        return self.but(**{leg: json.dumps(event).encode()})


@contextmanager
def systems(estate: Estate, owner: Tenant | None = None) -> Iterator[Systems]:
    """A tenant that has an estate."""
    with TemporaryDirectory() as folder:
        findings = SqliteFindings(Path(folder) / "findings.sqlite")
        graph = GraphersalGraphs(Path(folder)).of("acme")
        if estate.findings:
            findings.of("acme").upsert(list(estate.findings.values()))
        if estate.items:
            graph.apply(told(*estate.items.values()))
        remediations = SqliteRemediations(Path(folder) / "remediations.sqlite")
        yield Systems(
            tenant=owner or tenant(),
            findings=findings.of("acme"),
            resources=graph,
            remediations=remediations.of("acme"),
            audit=remediations.audit_of("acme"),
        )
        remediations.close()
        findings.close()


def ranked(estate: Estate, owner: Tenant | None = None) -> list[Exposure]:
    """The exposures of an estate."""
    with systems(estate, owner) as known:
        return rank(known, NOW)


def rules(exposures: list[Exposure]) -> set[str]:
    """Every rule that any of them names."""
    return {rule for exposure in exposures for rule in exposure.rule.split("+")}


def ref(leg: str) -> str:
    """The ref of the finding of a leg."""
    return ref_of(leg)


# -- legs


def host(short_id: str = "i-1", *groups: str, public: bool = True, role: bool = True) -> Item:
    """An instance in a subnet, behind groups, with a role's profile."""
    configuration: dict[str, Any] = {
        "state": {"name": "running"},
        "subnetId": "subnet-1",
        "securityGroups": [{"groupId": group} for group in groups or ("sg-1",)],
    }
    if public:
        configuration["publicIpAddress"] = "203.0.113.7"
    if role:
        configuration["iamInstanceProfile"] = {"arn": iam("instance-profile/web")}
    return config_item("AWS::EC2::Instance", short_id, configuration, tags={"Name": short_id})


def group(*ports: int, short_id: str = "sg-1", to: str = "0.0.0.0/0") -> Item:
    """A security group that opens ports."""
    opened = [
        {"ipProtocol": "tcp", "fromPort": port, "toPort": port, "ipRanges": [to]} for port in ports
    ]
    return config_item("AWS::EC2::SecurityGroup", short_id, {"ipPermissions": opened})


def table(*, routed: bool = True) -> Item:
    """The route table of the subnet."""
    route = {"destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}
    configuration = {
        "associations": [{"subnetId": "subnet-1"}],
        "routes": [route] if routed else [],
    }
    return config_item("AWS::EC2::RouteTable", "rtb-1", configuration)


def role(*actions: str, name: str = "web", trusts: Any = None, **condition: Any) -> Item:
    """A role with a profile, that may do something with everything."""
    document = policy(trust(trusts or {"Service": "ec2.amazonaws.com"}, **condition))
    configuration = {
        "assumeRolePolicyDocument": document,
        "instanceProfileList": [{"arn": iam(f"instance-profile/{name}")}],
        "rolePolicyList": [{"policyDocument": policy(statement(list(actions)))}] if actions else [],
    }
    return config_item(
        "AWS::IAM::Role", f"AROA{name}", configuration, ARN=iam(f"role/{name}"), resourceName=name
    )


def bucket(
    name: str = "data", *, public: bool = False, sensitive: bool = False, key: str = ""
) -> Item:
    """A bucket."""
    extra: dict[str, Any] = {}
    rule = {"applyServerSideEncryptionByDefault": {"kmsMasterKeyID": key}}
    extra["ServerSideEncryptionConfiguration"] = {"rules": [rule]}
    if public:
        document = policy(statement("s3:GetObject", Principal="*"))
        extra["BucketPolicy"] = {"policyText": json.dumps(document)}
    tags = {"data-classification": "customer"} if sensitive else {}
    return config_item("AWS::S3::Bucket", name, supplementary=extra, tags=tags)


def function(*, public: bool = True) -> Item:
    """A function with a role, and a URL that asks for nothing."""
    auth = "NONE" if public else "AWS_IAM"
    url = {"StringEquals": {"lambda:FunctionUrlAuthType": auth}}
    document = policy(statement("lambda:InvokeFunctionUrl", Principal="*", Condition=url))
    return config_item(
        "AWS::Lambda::Function", "f", {"role": ROLE}, supplementary={"Policy": document}
    )


def balancer(scheme: str = "internet-facing") -> Item:
    """A balancer behind a group of its own."""
    configuration = {"scheme": scheme, "securityGroups": ["sg-front"]}
    return config_item(
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        BALANCER,
        configuration,
        ARN=BALANCER,
        resourceName="front",
    )


def targets(*ids: str) -> Item:
    """The balancer's target group."""
    configuration = {
        "loadBalancerArns": [BALANCER],
        "targetHealthDescriptions": [{"target": {"id": target}} for target in ids],
    }
    return config_item(
        "AWS::ElasticLoadBalancingV2::TargetGroup", TARGETS, configuration, ARN=TARGETS
    )


def key(state: str = "PendingDeletion") -> Item:
    """A KMS key."""
    return config_item("AWS::KMS::Key", "k-1", {"keyState": state})


def failed(
    leg: str, control: str, on: str, severity: Severity = Severity.HIGH, **changes: Any
) -> bytes:
    """A failed control."""
    title = f"{control} failed"
    return ocsf_event(
        leg, control=control, resources=(on,), severity=severity, title=title, **changes
    )


def vulnerable(
    leg: str = "cve", on: str = HOST, *, exploitable: bool = True, epss: float = 0.5, **more: Any
) -> bytes:
    """A vulnerability."""
    return ocsf_event(
        leg,
        cls=FindingClass.VULNERABILITY,
        resources=(on,),
        exploitable=exploitable,
        epss=epss,
        kind="CVE-2024-6387",
        source="Inspector",
        **more,
    )


def threat(leg: str = "threat", on: str = HOST, severity: Severity = Severity.HIGH) -> bytes:
    """An attack that goes on."""
    return ocsf_event(
        leg,
        cls=FindingClass.DETECTION,
        resources=(on,),
        severity=severity,
        title="SSH brute force",
        source="GuardDuty",
    )


def muted(leg: str, control: str, on: str) -> bytes:
    """A failed control that somebody has accepted."""
    return failed(leg, control, on, state=FindingState.MUTED)


# -- estates


SUBNET = config_item("AWS::EC2::Subnet", "subnet-1", {"vpcId": "vpc-1"})
NET: Mapping[str, Item] = {"group": group(22), "subnet": SUBNET, "table": table()}

R1 = Estate({"host": host(role=False), **NET}, {"cve": vulnerable()})
R2 = R1.but(host=host(), role=role("*"))
R3 = Estate(
    {"host": host(), **NET, "role": role("s3:GetObject"), "data": bucket()},
    {"imds": failed("imds", "EC2.8", HOST)},
).but(group=group(443))
R4 = Estate({"host": host(), **NET, "role": role("s3:PutObject"), "data": bucket(sensitive=True)})
R5 = Estate({"data": bucket(public=True)}, {"open": failed("open", "S3.2", DATA)})
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
ANA = config_item(
    "AWS::IAM::User",
    "AIDA1",
    {"attachedManagedPolicies": [{"policyArn": ADMIN}]},
    ARN=USER,
    resourceName="ana",
)
R6 = Estate({"user": ANA}, {"key": failed("key", "IAM.3", USER)})
R7 = Estate({"host": host(public=False)}, {"threat": threat()})
R8 = Estate(
    {"function": function(), "role": role("s3:PutObject"), "data": bucket()},
    {"url": failed("url", "Lambda.1", FUNCTION, Severity.CRITICAL)},
)
R9 = Estate({}, {"trail": failed("trail", "CloudTrail.1", ROOT)})
R10 = Estate({"role": role("s3:*", trusts={"AWS": OTHER_ACCOUNT}), "data": bucket()})
R12 = Estate({"key": key(), "data": bucket(key="k-1")}, {"dying": failed("dying", "KMS.3", KEY)})
BEHIND = Estate(
    {
        "balancer": balancer(),
        "front": group(443, short_id="sg-front"),
        "targets": targets("i-1"),
        "host": host(public=False, role=False),
    },
    {"cve": vulnerable()},
)

EVERY: Mapping[str, Estate] = {
    "R1": R1, "R2": R2, "R3": R3, "R4": R4, "R5": R5, "R6": R6, "R7": R7, "R8": R8, "R9": R9,
    "R10": R10, "R12": R12, "behind a balancer": BEHIND,
}  # fmt: skip
