"""The accounts as they are, in Config's words: what the recorder sees when it looks.

Each reader gives what can change of its type; what moto does not hold is kept as the specification
says it (`recorder.py` lays one over the other).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from infra.local import shapes
from infra.local.aws.holdings import Holdings


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """One resource as it is."""

    kind: str
    """Config's type."""
    id: str
    arn: str
    name: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    configuration: Mapping[str, Any] = field(default_factory=dict)
    supplementary: Mapping[str, Any] = field(default_factory=dict)
    relationships: Sequence[Mapping[str, Any]] | None = None
    """None: as they were."""


Reader = Callable[[Holdings], Iterator[Live]]
_TERMINATED = 48


def arn_in(holdings: Holdings, service: str, rest: str) -> str:
    """An ARN of a regional service of an account."""
    return f"arn:aws:{service}:{holdings.region}:{holdings.account}:{rest}"


def pairs(tags: Any) -> dict[str, str]:
    """Tags as a map, from any of the ways in which moto keeps them."""
    if isinstance(tags, Mapping):
        return {str(k): v["Value"] if isinstance(v, Mapping) else str(v) for k, v in tags.items()}
    names = [name for row in (tags or ())[:1] for name in row]
    key = next((name for name in names if name.lower().endswith("key")), "Key")
    value = next((name for name in names if name.lower().endswith("value")), "Value")
    return {row[key]: row[value] for row in tags or ()}


def _vpcs(holdings: Holdings) -> Iterator[Live]:
    for vpc in holdings.ec2.vpcs.values():
        yield Live(
            kind="AWS::EC2::VPC",
            id=vpc.id,
            arn=arn_in(holdings, "ec2", f"vpc/{vpc.id}"),
            tags=pairs(holdings.ec2.tags.get(vpc.id)),
            configuration=shapes.vpc(vpc.id, vpc.cidr_block),
        )


def _groups(holdings: Holdings) -> Iterator[Live]:
    for of_vpc in holdings.ec2.groups.values():
        for group in of_vpc.values():
            yield Live(
                kind="AWS::EC2::SecurityGroup",
                id=group.id,
                arn=arn_in(holdings, "ec2", f"security-group/{group.id}"),
                name=group.name,
                tags=pairs(holdings.ec2.tags.get(group.id)),
                configuration=shapes.group(
                    group.id,
                    group.name,
                    group.vpc_id,
                    group.owner_id,
                    _permissions(holdings, group.ingress_rules),
                    _permissions(holdings, group.egress_rules),
                    description=group.description,
                ),
                relationships=shapes.in_vpc(group.vpc_id),
            )


def _permissions(holdings: Holdings, rules: Sequence[Any]) -> list[dict[str, Any]]:
    """Rules with protocol and ports in common are one permission, as EC2 describes them."""
    grouped: dict[tuple[str, Any, Any], list[Any]] = {}
    for rule in rules:
        grouped.setdefault((rule.ip_protocol, rule.from_port, rule.to_port), []).append(rule)
    return [
        shapes.permission(
            protocol,
            None if first is None else (first, last),
            ipv4=[rule.cidr_ipv4 for rule in same if rule.cidr_ipv4],
            ipv6=[rule.cidr_ipv6 for rule in same if rule.cidr_ipv6],
            groups=[
                {
                    "groupId": rule.source_group["GroupId"],
                    "userId": rule.source_group.get("OwnerId", holdings.account),
                }
                for rule in same
                if rule.source_group
            ],
            prefixes=[rule.prefix_list_id for rule in same if rule.prefix_list_id],
        )
        for (protocol, first, last), same in grouped.items()
    ]


def _instances(holdings: Holdings) -> Iterator[Live]:
    associations = holdings.ec2.iam_instance_profile_associations
    for reservation in holdings.ec2.reservations.values():
        for instance in reservation.instances:
            if instance.state_code == _TERMINATED:
                continue
            groups = [group.id for group in instance.security_groups]
            association = associations.get(instance.id)
            told = shapes.instance(
                instance.id,
                instance.subnet_id,
                instance.private_ip,
                groups,
                interface=instance.nics[0].id,
                public_ip=instance.public_ip,
                profile_arn=association.iam_instance_profile.arn if association else None,
                tokens=instance.metadata_options.http_tokens,
                state=(instance.state_code, instance.state),
            )
            told |= {"imageId": instance.image_id, "instanceType": instance.instance_type}
            yield Live(
                kind="AWS::EC2::Instance",
                id=instance.id,
                arn=arn_in(holdings, "ec2", f"instance/{instance.id}"),
                tags=pairs(holdings.ec2.tags.get(instance.id)),
                configuration=told,
                relationships=shapes.instance_relations(instance.subnet_id, groups),
            )


def _balancers(holdings: Holdings) -> Iterator[Live]:
    balancers = holdings.of("elbv2")
    acls = holdings.of("wafv2").wacls.values()
    for arn, balancer in balancers.load_balancers.items():
        known = {"access_logs.s3.enabled": "false", **balancer.attrs}
        attributes = {key: value for key, value in known.items() if key in _ATTRIBUTES and value}
        relations = shapes.guarded_by(balancer.security_groups)
        relations += [
            shapes.relation("AWS::EC2::Subnet", subnet.id, "Is attached to Subnet")
            for subnet in balancer.subnets
        ]
        relations += [
            shapes.relation("AWS::WAFv2::WebACL", acl.arn, "Is associated with WebACL")
            for acl in acls
            if arn in acl.associated_resources
        ]
        yield Live(
            kind="AWS::ElasticLoadBalancingV2::LoadBalancer",
            id=arn,
            arn=arn,
            name=balancer.name,
            tags=balancers.tagging_service.get_tag_dict_for_resource(arn),
            configuration={
                "loadBalancerArn": arn,
                "loadBalancerName": balancer.name,
                "scheme": balancer.scheme,
                "type": balancer.type,
                "securityGroups": list(balancer.security_groups),
            },
            supplementary=shapes.balancer_attributes(attributes),
            relationships=relations,
        )


_ATTRIBUTES = frozenset(
    {
        "access_logs.s3.enabled",
        "access_logs.s3.bucket",
        "access_logs.s3.prefix",
        "deletion_protection.enabled",
    }
)


def _functions(holdings: Holdings) -> Iterator[Live]:
    for function in holdings.of("lambda").list_functions():
        network = function.vpc_config or {}
        yield Live(
            kind="AWS::Lambda::Function",
            id=function.function_name,
            arn=function.function_arn,
            name=function.function_name,
            tags=pairs(function.tags),
            configuration={
                "functionName": function.function_name,
                "functionArn": function.function_arn,
                "runtime": function.run_time,
                "role": function.role,
                "handler": function.handler,
                "memorySize": function.memory_size,
                "vpcConfig": {
                    "subnetIds": network.get("SubnetIds", []),
                    "securityGroupIds": network.get("SecurityGroupIds", []),
                },
            },
            supplementary=shapes.function_policy(function.policy.statements),
        )


READERS: tuple[Reader, ...] = (_vpcs, _groups, _instances, _balancers, _functions)
