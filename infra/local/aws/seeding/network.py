"""VPCs and what is in them."""

from typing import Any

from moto.ec2.models import (
    elastic_ip_addresses,
    internet_gateways,
    nat_gateways,
    network_acls,
    route_tables,
    security_groups,
    subnets,
    vpcs,
)

from infra.local.account import Item
from infra.local.aws.holdings import Holdings, drawing


def tags_of(item: Item) -> list[dict[str, str]]:
    """An item's tags as the API takes them."""
    return [{"Key": key, "Value": value} for key, value in item["tags"].items()]


def _vpc(holdings: Holdings, item: Item) -> None:
    said, ec2 = item["configuration"], holdings.ec2
    vpc_id = said["vpcId"]
    stem = vpc_id.removeprefix("vpc-")
    with (
        drawing(vpcs, random_vpc_id=vpc_id),
        drawing(route_tables, random_route_table_id=f"rtb-{stem}main"),
        drawing(network_acls, random_network_acl_id=f"acl-{stem}"),
        drawing(security_groups, random_security_group_id=f"sg-{stem}default"),
    ):
        ec2.create_vpc(said["cidrBlock"], tags=tags_of(item))
    default = ec2.groups[vpc_id][f"sg-{stem}default"]
    default.egress_rules.clear()


def _internet_gateway(holdings: Holdings, item: Item) -> None:
    said, ec2 = item["configuration"], holdings.ec2
    with drawing(internet_gateways, random_internet_gateway_id=said["internetGatewayId"]):
        ec2.create_internet_gateway(tags_of(item))
    for attachment in said["attachments"]:
        ec2.attach_internet_gateway(said["internetGatewayId"], attachment["vpcId"])


def _subnet(holdings: Holdings, item: Item) -> None:
    said, ec2 = item["configuration"], holdings.ec2
    with drawing(subnets, random_subnet_id=said["subnetId"]):
        made = ec2.create_subnet(
            said["vpcId"],
            said["cidrBlock"],
            availability_zone=said["availabilityZone"],
            tags={"subnet": item["tags"]},
        )
    made.map_public_ip_on_launch = said["mapPublicIpOnLaunch"]


def _nat_gateway(holdings: Holdings, item: Item) -> None:
    said, ec2 = item["configuration"], holdings.ec2
    with drawing(nat_gateways, random_nat_gateway_id=said["natGatewayId"]):
        ec2.create_nat_gateway(
            said["subnetId"], "", item["tags"], connectivity_type=said["connectivityType"]
        )


def _route_table(holdings: Holdings, item: Item) -> None:
    said, ec2 = item["configuration"], holdings.ec2
    table = said["routeTableId"]
    with drawing(route_tables, random_route_table_id=table):
        ec2.create_route_table(said["vpcId"], tags_of(item))
    for route in said["routes"]:
        if route.get("gatewayId") != "local":
            ec2.create_route(
                table,
                route["destinationCidrBlock"],
                gateway_id=route.get("gatewayId"),
                nat_gateway_id=route.get("natGatewayId"),
            )
    for association in said["associations"]:
        ec2.associate_route_table(table, subnet_id=association["subnetId"])


def _group(holdings: Holdings, item: Item) -> None:
    said, ec2 = item["configuration"], holdings.ec2
    group_id, vpc = said["groupId"], said["vpcId"]
    if said["groupName"] != "default":
        with drawing(security_groups, random_security_group_id=group_id):
            ec2.create_security_group(
                said["groupName"], said["description"], vpc, tags=item["tags"]
            )
    group = ec2.groups[vpc][group_id]
    group.egress_rules.clear()
    for permission in said["ipPermissions"]:
        ec2.authorize_security_group_ingress(group_id, *_permission(permission), vpc_id=vpc)
    for permission in said["ipPermissionsEgress"]:
        ec2.authorize_security_group_egress(group_id, *_permission(permission), vpc_id=vpc)


def _permission(said: dict[str, Any]) -> tuple[Any, ...]:
    """Protocol, ports and ranges, as moto's authorize calls take them."""
    ranges = [{"CidrIp": row["cidrIp"]} for row in said["ipv4Ranges"]]
    ranges += [{"CidrIpv6": row["cidrIpv6"]} for row in said.get("ipv6Ranges", [])]
    return said["ipProtocol"], said.get("fromPort"), said.get("toPort"), ranges


def _address(holdings: Holdings, item: Item) -> None:
    said, ec2 = item["configuration"], holdings.ec2
    with drawing(elastic_ip_addresses, random_eip_allocation_id=said["allocationId"]):
        ec2.allocate_address(said["domain"], said["publicIp"], item["tags"])
    instance = ec2.get_instance(said["instanceId"])
    ec2.associate_address(instance=instance, allocation_id=said["allocationId"])


CREATORS = {
    "AWS::EC2::VPC": _vpc,
    "AWS::EC2::InternetGateway": _internet_gateway,
    "AWS::EC2::Subnet": _subnet,
    "AWS::EC2::NatGateway": _nat_gateway,
    "AWS::EC2::RouteTable": _route_table,
    "AWS::EC2::SecurityGroup": _group,
}
AFTER_INSTANCES = {"AWS::EC2::EIP": _address}
