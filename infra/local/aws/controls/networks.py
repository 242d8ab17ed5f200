"""Controls of EC2, read from the account as it is.

Facts: the Security Hub controls reference for EC2, in our own words and code.
"""

from collections.abc import Iterator
from typing import Any

from infra.local.aws.controls.verdicts import Control, Looked, Verdict

_EVERYBODY = frozenset({"0.0.0.0/0", "::/0"})
_AUTHORIZED = frozenset({80, 443})
_HIGH_RISK = (20, 21, 22, 23, 25, 110, 135, 143, 445, 1433, 1434, 3000, 3306, 3389, 4333, 5000,
              5432, 5500, 5601, 8080, 8088, 8888, 9200, 9300)  # fmt: skip
_LAST_PORT = 65_535
_TERMINATED = 48


def _groups(looked: Looked) -> Iterator[Any]:
    for of_vpc in looked.holdings.ec2.groups.values():
        yield from of_vpc.values()


def _group(looked: Looked, group: Any, *, passed: bool) -> Verdict:
    arn = looked.arn("ec2", f"security-group/{group.id}")
    return Verdict(arn, "AwsEc2SecurityGroup", passed)


def _open(group: Any) -> Iterator[tuple[str, int, int]]:
    """Protocol, first and last port of what a group admits from everybody."""
    for rule in group.ingress_rules:
        if {rule.cidr_ipv4, rule.cidr_ipv6} & _EVERYBODY:
            first = 0 if rule.from_port is None else rule.from_port
            last = _LAST_PORT if rule.to_port is None else rule.to_port
            if first == -1:
                first, last = 0, _LAST_PORT
            yield rule.ip_protocol, first, last


def _admits(group: Any, ports: tuple[int, ...]) -> bool:
    return any(
        protocol in {"tcp", "6", "-1"} and first <= port <= last
        for protocol, first, last in _open(group)
        for port in ports
    )


def _default_groups_are_empty(looked: Looked) -> Iterator[Verdict]:
    for group in _groups(looked):
        if group.name == "default":
            empty = not group.ingress_rules and not group.egress_rules
            yield _group(looked, group, passed=empty)


def _flow_logs_are_on(looked: Looked) -> Iterator[Verdict]:
    ec2 = looked.holdings.ec2
    watched = {
        log.resource_id for log in ec2.flow_logs.values() if log.traffic_type in {"REJECT", "ALL"}
    }
    for vpc_id in ec2.vpcs:
        yield Verdict(looked.arn("ec2", f"vpc/{vpc_id}"), "AwsEc2Vpc", vpc_id in watched)


def _volumes_are_encrypted_by_default(looked: Looked) -> Iterator[Verdict]:
    yield looked.account(passed=looked.holdings.ec2.get_ebs_encryption_by_default())


def _instances(looked: Looked) -> Iterator[Any]:
    for reservation in looked.holdings.ec2.reservations.values():
        for instance in reservation.instances:
            if instance.state_code != _TERMINATED:
                yield instance


def _metadata_needs_tokens(looked: Looked) -> Iterator[Verdict]:
    for instance in _instances(looked):
        options = instance.metadata_options
        passed = options.http_tokens == "required" or options.http_endpoint == "disabled"
        arn = looked.arn("ec2", f"instance/{instance.id}")
        yield Verdict(arn, "AwsEc2Instance", passed)


def _instances_are_private(looked: Looked) -> Iterator[Verdict]:
    for instance in _instances(looked):
        private = not any(nic.public_ip for nic in instance.nics.values())
        yield Verdict(looked.arn("ec2", f"instance/{instance.id}"), "AwsEc2Instance", private)


def _subnets_give_no_addresses(looked: Looked) -> Iterator[Verdict]:
    for of_zone in looked.holdings.ec2.subnets.values():
        for subnet in of_zone.values():
            gives = str(subnet.map_public_ip_on_launch).lower() == "true"
            yield Verdict(looked.arn("ec2", f"subnet/{subnet.id}"), "AwsEc2Subnet", not gives)


def _ssh_is_closed(looked: Looked) -> Iterator[Verdict]:
    for group in _groups(looked):
        yield _group(looked, group, passed=not _admits(group, (22,)))


def _rdp_is_closed(looked: Looked) -> Iterator[Verdict]:
    for group in _groups(looked):
        yield _group(looked, group, passed=not _admits(group, (3389,)))


def _only_authorized_ports(looked: Looked) -> Iterator[Verdict]:
    for group in _groups(looked):
        strange = any(
            protocol == "-1"
            or protocol in {"udp", "17"}
            or (protocol in {"tcp", "6"} and not set(range(first, last + 1)) <= _AUTHORIZED)
            for protocol, first, last in _open(group)
        )
        yield _group(looked, group, passed=not strange)


def _high_risk_is_closed(looked: Looked) -> Iterator[Verdict]:
    for group in _groups(looked):
        yield _group(looked, group, passed=not _admits(group, _HIGH_RISK))


def _access_lists(looked: Looked) -> Iterator[Verdict]:
    for acl in looked.holdings.ec2.network_acls.values():
        inbound = sorted(
            (entry for entry in acl.network_acl_entries if _is_inbound(entry)),
            key=lambda entry: int(entry.rule_number),
        )
        passed = not any(_decides(inbound, port) == "allow" for port in (22, 3389))
        yield Verdict(looked.arn("ec2", f"network-acl/{acl.id}"), "AwsEc2NetworkAcl", passed)


def _is_inbound(entry: Any) -> bool:
    return str(entry.egress).lower() == "false"


def _decides(entries: list[Any], port: int) -> str:
    """What the first entry says that covers everybody on a TCP port."""
    for entry in entries:
        everybody = {entry.cidr_block, entry.ipv6_cidr_block} & _EVERYBODY
        every_protocol = str(entry.protocol) == "-1"
        first, last = entry.port_range_from, entry.port_range_to
        ports = first is None or int(first) <= port <= int(last)
        if everybody and (every_protocol or (str(entry.protocol) == "6" and ports)):
            return str(entry.rule_action)
    return "deny"


CONTROLS = (
    Control("EC2.2", "vpc-default-security-group-closed", _default_groups_are_empty),
    Control("EC2.6", "vpc-flow-logs-enabled", _flow_logs_are_on),
    Control("EC2.7", "ec2-ebs-encryption-by-default", _volumes_are_encrypted_by_default),
    Control("EC2.8", "ec2-imdsv2-check", _metadata_needs_tokens),
    Control("EC2.9", "ec2-instance-no-public-ip", _instances_are_private),
    Control("EC2.13", "restricted-ssh", _ssh_is_closed),
    Control("EC2.14", "restricted-common-ports", _rdp_is_closed),
    Control("EC2.15", "subnet-auto-assign-public-ip-disabled", _subnets_give_no_addresses),
    Control("EC2.18", "vpc-sg-open-only-to-authorized-ports", _only_authorized_ports),
    Control("EC2.19", "vpc-sg-restricted-common-ports", _high_risk_is_closed),
    Control("EC2.21", "nacl-no-unrestricted-ssh-rdp", _access_lists),
)
