"""What network items tell: groups, subnets, route tables, interfaces, addresses, balancers."""

from collections.abc import Callable, Mapping
from typing import Any

from integrations.resources.port import INTERNET, Link, LinkKind
from integrations.resources.telling import Telling, rows, texts, value

_EVERYBODY = frozenset({"0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1"})
"""Everybody, or half of everybody: a rule in two halves is one for all."""
_DEFAULT = frozenset({"0.0.0.0/0", "::/0"})
_ALL_PORTS = frozenset({(0, 65_535), (1, 65_535)})
_PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}
_NO_PORTS = frozenset({"icmp", "icmpv6"})
"""Answering a ping opens nothing."""


def _group(told: Telling) -> None:
    told.fact("vpc", told.get("vpcId"))
    told.fact("group_name", told.get("groupName"))
    open_ports: list[str] = []
    for permission in rows(told.get("ipPermissions")):
        if _protocol(permission) in _NO_PORTS:
            continue
        if _EVERYBODY.intersection(_ranges(permission)):
            open_ports.append(_ports(permission))
        for pair in rows(value(permission, "userIdGroupPairs")):
            source = told.other("AWS::EC2::SecurityGroup", value(pair, "groupId"))
            if source != told.id:
                told.by(LinkKind.ADMITS, source, ports=_ports(permission))
    ports = ",".join(sorted(dict.fromkeys(open_ports), key=_port_order))
    told.fact("open_ports", ports)
    if ports:
        told.by(LinkKind.ADMITS, INTERNET, ports=ports)


def _ranges(permission: Mapping[str, Any]) -> list[str]:
    """Config writes ranges as plain strings and again as objects, IPv4 and IPv6 apart."""
    found = texts(value(permission, "ipRanges"))
    for name, key in (("ipv4Ranges", "cidrIp"), ("ipRanges", "cidrIp"), ("ipv6Ranges", "cidrIpv6")):
        found += [str(value(row, key)) for row in rows(value(permission, name))]
    return found


def _ports(permission: Mapping[str, Any]) -> str:
    """`22/tcp`, `8000-8100/udp`, `all`."""
    protocol = _protocol(permission)
    first, last = value(permission, "fromPort"), value(permission, "toPort")
    if protocol == "-1" or not isinstance(first, int) or (first, last) in _ALL_PORTS:
        return "all"
    span = str(first) if first == last or not isinstance(last, int) else f"{first}-{last}"
    return f"{span}/{protocol}"


def _protocol(permission: Mapping[str, Any]) -> str:
    """By name where it has one: `tcp`; `-1` for every protocol."""
    protocol = str(value(permission, "ipProtocol") or "-1").casefold()
    return _PROTOCOLS.get(protocol, protocol)


def _port_order(ports: str) -> tuple[int, str]:
    head = ports.split("/", maxsplit=1)[0].split("-", maxsplit=1)[0]
    return (int(head) if head.isdigit() else -1, ports)


def _subnet(told: Telling) -> None:
    told.fact("vpc", told.get("vpcId"))
    told.fact("public_ip_on_launch", told.get("mapPublicIpOnLaunch"))
    told.by(LinkKind.CONTAINS, told.other("AWS::EC2::VPC", told.get("vpcId")))


def _route_table(told: Telling) -> None:
    told.fact("vpc", told.get("vpcId"))
    for association in rows(told.get("associations")):
        subnet = told.other("AWS::EC2::Subnet", value(association, "subnetId"))
        if subnet:
            told.by(LinkKind.ROUTES_TO, subnet)
        elif value(association, "main") is True:
            told.fact("main", True)  # noqa: FBT003 - the fact's value
    for route in rows(told.get("routes")):
        if value(route, "state") == "blackhole":
            continue
        gateway = value(route, "gatewayId")
        to_all = {
            value(route, "destinationCidrBlock"),
            value(route, "destinationIpv6CidrBlock"),
        }
        if isinstance(gateway, str) and gateway.startswith("igw-") and _DEFAULT & to_all:
            told.fact("routed", True)  # noqa: FBT003 - the fact's value
            told.to(LinkKind.ROUTES_TO, told.other("AWS::EC2::InternetGateway", gateway))
        nat = told.other("AWS::EC2::NatGateway", value(route, "natGatewayId"))
        told.to(LinkKind.ROUTES_TO, nat)


def _interface(told: Telling) -> None:
    told.fact("public_ip", value(told.get("association"), "publicIp"))
    told.network(
        told.get("subnetId"),
        [value(group, "groupId") for group in rows(told.get("groups"))],
    )
    instance = value(told.get("attachment"), "instanceId")
    told.by(LinkKind.USES, told.other("AWS::EC2::Instance", instance))


def _address(told: Telling) -> None:
    told.fact("public_ip", told.get("publicIp"))
    told.to(LinkKind.USES, told.other("AWS::EC2::Instance", told.get("instanceId")))


def _gateway(told: Telling) -> None:
    for attachment in rows(told.get("attachments")):
        told.to(LinkKind.USES, told.other("AWS::EC2::VPC", value(attachment, "vpcId")))


def _balancer(told: Telling) -> None:
    told.fact("scheme", told.get("scheme"))
    told.fact("balancer_type", told.get("type"))
    zones = rows(told.get("availabilityZones"))
    told.network([value(zone, "subnetId") for zone in zones], told.get("securityGroups"))
    for attribute in rows(told.supplementary.get("LoadBalancerAttributes")):
        if value(attribute, "key") == "access_logs.s3.bucket":
            bucket = told.other("AWS::S3::Bucket", value(attribute, "value"))
            told.to(LinkKind.LOGS_TO, bucket)
            told.fact("logging", value(attribute, "value"))


def _classic_balancer(told: Telling) -> None:
    told.fact("scheme", told.get("scheme"))
    told.network(told.get("subnets"), told.get("securityGroups"))
    for target in rows(told.get("instances")):
        instance = told.other("AWS::EC2::Instance", value(target, "instanceId"))
        told.to(LinkKind.FORWARDS_TO, instance)


def _listener(told: Telling) -> None:
    balancer = told.get("loadBalancerArn")
    told.fact("port", told.get("port"))
    told.fact("protocol", told.get("protocol"))
    told.by(LinkKind.USES, str(balancer or ""))
    for action in rows(told.get("defaultActions")):
        group = value(action, "targetGroupArn")
        if isinstance(group, str) and isinstance(balancer, str):
            forward = Link(source=balancer, kind=LinkKind.FORWARDS_TO, target=group)
            told.links.append(forward)


def _target_group(told: Telling) -> None:
    for balancer in texts(told.get("loadBalancerArns")):
        told.by(LinkKind.FORWARDS_TO, balancer)
    targets = [*rows(told.get("targets"))]
    targets += [
        found
        for row in rows(told.get("targetHealthDescriptions"))
        if isinstance(found := value(row, "target"), Mapping)
    ]
    for target in targets:
        target_id = str(value(target, "id") or "")
        if target_id.startswith("i-"):
            told.to(LinkKind.FORWARDS_TO, told.other("AWS::EC2::Instance", target_id))
        elif target_id.startswith("arn:"):
            told.to(LinkKind.FORWARDS_TO, target_id)


def _distribution(told: Telling) -> None:
    config = told.get("distributionConfig") or told.configuration
    told.fact("waf", bool(value(config, "webACLId")))
    for origin in rows(value(value(config, "origins"), "items") or value(config, "origins")):
        domain = str(value(origin, "domainName") or "")
        if ".s3." in domain or domain.endswith(".s3.amazonaws.com"):
            bucket = told.other("AWS::S3::Bucket", domain.split(".s3", 1)[0])
            told.to(LinkKind.FORWARDS_TO, bucket)


TELLERS: dict[str, Callable[[Telling], None]] = {
    "AWS::EC2::SecurityGroup": _group,
    "AWS::EC2::Subnet": _subnet,
    "AWS::EC2::RouteTable": _route_table,
    "AWS::EC2::NetworkInterface": _interface,
    "AWS::EC2::EIP": _address,
    "AWS::EC2::InternetGateway": _gateway,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _balancer,
    "AWS::ElasticLoadBalancing::LoadBalancer": _classic_balancer,
    "AWS::ElasticLoadBalancingV2::Listener": _listener,
    "AWS::ElasticLoadBalancingV2::TargetGroup": _target_group,
    "AWS::CloudFront::Distribution": _distribution,
}
