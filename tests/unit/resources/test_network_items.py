"""What network and compute items tell, type by type."""

from typing import Any

import pytest

from integrations.resources.port import INTERNET, LinkKind
from tests.graph_builders import (
    arn,
    config_item,
    ec2,
    facts_of,
    iam,
    links_of,
    policy,
    statement,
    told,
)

GROUP = ec2("security-group/sg-1")
SUBNET = ec2("subnet/subnet-1")
KEY = arn("kms", "key/k-1")

# -- security groups


def _rule(first: int | None, last: int | None = None, protocol: str = "tcp", **to: Any) -> Any:
    ports = {"fromPort": first, "toPort": first if last is None else last}
    return {"ipProtocol": protocol} | ({} if first is None else ports) | to


V4: dict[str, Any] = {"ipRanges": ["0.0.0.0/0"]}
V6: dict[str, Any] = {"ipv6Ranges": [{"cidrIpv6": "::/0"}]}


@pytest.mark.parametrize(
    ("rules", "ports"),
    [
        ([_rule(22, **V4)], "22/tcp"),
        ([_rule(22, **V6)], "22/tcp"),
        ([_rule(22, ipv4Ranges=[{"cidrIp": "0.0.0.0/0"}])], "22/tcp"),
        ([_rule(22, ipRanges=[{"cidrIp": "0.0.0.0/0"}])], "22/tcp"),
        ([_rule(443, **V4), _rule(22, **V6)], "22/tcp,443/tcp"),
        ([_rule(8000, 8100, "udp", **V4)], "8000-8100/udp"),
        ([_rule(0, 65_535, **V4)], "all"),
        ([_rule(None, protocol="-1", **V4)], "all"),
        ([_rule(22, protocol="6", **V4)], "22/tcp"),
        ([_rule(22, **V4), _rule(22, **V4)], "22/tcp"),
        ([_rule(22, ipRanges=["10.0.0.0/8", "0.0.0.0/0"])], "22/tcp"),
        ([_rule(22, ipRanges=["0.0.0.0/1", "128.0.0.0/1"])], "22/tcp"),
        ([_rule(22, ipRanges=["10.0.0.0/8"])], None),
        ([_rule(22, ipRanges=["203.0.113.7/32"])], None),
        ([_rule(22, ipv6Ranges=[{"cidrIpv6": "fc00::/7"}])], None),
        ([_rule(22, prefixListIds=[{"prefixListId": "pl-1"}])], None),
        ([_rule(22, userIdGroupPairs=[{"groupId": "sg-2"}])], None),
        ([_rule(-1, protocol="icmp", **V4)], None),
        ([_rule(8, 0, "1", **V4)], None),
        ([], None),
    ],
)
def test_a_group_tells_which_ports_are_open_to_everybody(
    rules: list[Any], ports: str | None
) -> None:
    item = config_item("AWS::EC2::SecurityGroup", "sg-1", {"ipPermissions": rules})
    change = told(item)
    admitted = [li for _, li in change.links if li.source == INTERNET]
    assert change.resources[0].properties.get("open_ports") == ports
    assert [(li.kind, li.target, li.properties) for li in admitted] == (
        [(LinkKind.ADMITS, GROUP, {"ports": ports})] if ports else []
    )


def test_what_a_group_lets_out_opens_nothing() -> None:
    out = {"ipPermissions": [], "ipPermissionsEgress": [_rule(None, protocol="-1", **V4)]}
    assert "open_ports" not in facts_of("AWS::EC2::SecurityGroup", out)


def test_a_group_admits_another_group() -> None:
    pairs = [{"groupId": "sg-2"}, {"groupId": "sg-1"}]
    rules = {"ipPermissions": [_rule(5432, userIdGroupPairs=pairs)]}
    links = links_of("AWS::EC2::SecurityGroup", "sg-1", rules)
    assert links == {(ec2("security-group/sg-2"), LinkKind.ADMITS, GROUP)}


# -- routes


def _route(to: str = "0.0.0.0/0", **by: Any) -> dict[str, Any]:
    key = "destinationIpv6CidrBlock" if ":" in to else "destinationCidrBlock"
    return {key: to, "state": "active"} | by


@pytest.mark.parametrize(
    ("route", "routed"),
    [
        (_route(gatewayId="igw-1"), True),
        (_route("::/0", gatewayId="igw-1"), True),
        (_route(gatewayId="igw-1", state="blackhole"), False),
        (_route("10.0.0.0/8", gatewayId="igw-1"), False),
        (_route(gatewayId="local"), False),
        (_route(gatewayId="vgw-1"), False),
        (_route(natGatewayId="nat-1"), False),
        (_route("::/0", egressOnlyInternetGatewayId="eigw-1"), False),
        (_route(transitGatewayId="tgw-1"), False),
    ],
)
def test_a_route_table_is_routed_when_its_default_route_is_an_internet_gateway(
    route: dict[str, Any],
    routed: bool,  # noqa: FBT001 - the expectation
) -> None:
    facts = facts_of("AWS::EC2::RouteTable", {"routes": [_route("10.0.0.0/16"), route]})
    assert (facts.get("routed") is True) is routed


def test_a_route_table_tells_of_its_subnets_gateways_and_of_being_the_main_one() -> None:
    table = ec2("route-table/rtb-1")
    configuration = {
        "vpcId": "vpc-1",
        "associations": [{"subnetId": "subnet-1", "main": False}, {"main": True}],
        "routes": [_route(gatewayId="igw-1"), _route("10.1.0.0/16", natGatewayId="nat-1")],
    }
    assert links_of("AWS::EC2::RouteTable", "rtb-1", configuration) == {
        (SUBNET, LinkKind.ROUTES_TO, table),
        (table, LinkKind.ROUTES_TO, ec2("internet-gateway/igw-1")),
        (table, LinkKind.ROUTES_TO, ec2("natgateway/nat-1")),
    }
    facts = facts_of("AWS::EC2::RouteTable", configuration)
    assert (facts["main"], facts["vpc"]) == (True, "vpc-1")


# -- what stands in the network


def test_an_instance_tells_of_all_that_it_has() -> None:
    configuration = {
        "publicIpAddress": "203.0.113.7",
        "privateIpAddress": "10.0.0.7",
        "state": {"name": "running"},
        "metadataOptions": {"httpTokens": "optional"},
        "imageId": "ami-1",
        "vpcId": "vpc-1",
        "subnetId": "subnet-1",
        "securityGroups": [{"groupId": "sg-1"}],
        "networkInterfaces": [{"groups": [{"groupId": "sg-1"}, {"groupId": "sg-2"}]}],
        "iamInstanceProfile": {"arn": iam("instance-profile/web")},
        "blockDeviceMappings": [{"ebs": {"volumeId": "vol-1"}}, {"ebs": None}],
    }
    host = ec2("instance/i-1")
    facts = facts_of("AWS::EC2::Instance", configuration)
    assert facts["public_ip"] == "203.0.113.7"
    assert (facts["state"], facts["imds"], facts["image"]) == ("running", "optional", "ami-1")
    assert links_of("AWS::EC2::Instance", "i-1", configuration) == {
        (SUBNET, LinkKind.CONTAINS, host),
        (GROUP, LinkKind.GUARDS, host),
        (ec2("security-group/sg-2"), LinkKind.GUARDS, host),
        (host, LinkKind.USES, iam("instance-profile/web")),
        (host, LinkKind.USES, ec2("volume/vol-1")),
    }


def test_an_instances_address_may_stand_with_its_interface() -> None:
    interface = {"association": {"publicIp": "203.0.113.8"}}
    facts = facts_of("AWS::EC2::Instance", {"networkInterfaces": [{}, interface]})
    assert facts["public_ip"] == "203.0.113.8"


def test_a_balancer_forwards_through_listeners_and_groups_to_targets() -> None:
    balancer = arn("elasticloadbalancing", "loadbalancer/app/web/1")
    group = arn("elasticloadbalancing", "targetgroup/web/1")
    listener = {"loadBalancerArn": balancer, "defaultActions": [{"targetGroupArn": group}]}
    assert (balancer, LinkKind.FORWARDS_TO, group) in links_of(
        "AWS::ElasticLoadBalancingV2::Listener", "x", listener
    )
    targets = {
        "loadBalancerArns": [balancer],
        "targetHealthDescriptions": [
            {"target": {"id": "i-1"}},
            {"target": {"id": arn("lambda", "function:f")}},
            {"target": {"id": "10.0.0.7"}},
        ],
    }
    assert links_of("AWS::ElasticLoadBalancingV2::TargetGroup", "x", targets, ARN=group) == {
        (balancer, LinkKind.FORWARDS_TO, group),
        (group, LinkKind.FORWARDS_TO, ec2("instance/i-1")),
        (group, LinkKind.FORWARDS_TO, arn("lambda", "function:f")),
    }


def test_a_function_tells_of_its_role_network_key_and_url() -> None:
    function, role = arn("lambda", "function:f"), iam("role/f")
    configuration = {
        "role": role,
        "vpcConfig": {"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]},
        "kmsKeyArn": KEY,
    }
    assert links_of("AWS::Lambda::Function", "f", configuration) == {
        (function, LinkKind.RUNS_AS, role),
        (SUBNET, LinkKind.CONTAINS, function),
        (GROUP, LinkKind.GUARDS, function),
        (function, LinkKind.ENCRYPTED_BY, KEY),
    }


@pytest.mark.parametrize(("auth", "public"), [("NONE", True), ("AWS_IAM", False)])
@pytest.mark.parametrize("wrapped", [True, False])
def test_a_functions_permission_opens_it(auth: str, public: bool, wrapped: bool) -> None:  # noqa: FBT001 - the expectation
    url = {"StringEquals": {"lambda:FunctionUrlAuthType": auth}}
    document = policy(statement("lambda:InvokeFunctionUrl", Principal="*", Condition=url))
    extra = {"Policy": {"policy": document} if wrapped else document}
    facts = facts_of("AWS::Lambda::Function", {}, supplementary=extra)
    assert (facts["public"], facts["url_auth"]) == (public, auth)


def test_a_container_service_tells_of_its_task_network_and_balancer() -> None:
    service, task = arn("ecs", "service/c/web"), arn("ecs", "task-definition/web:3")
    cluster = arn("ecs", "cluster/c")
    group = arn("elasticloadbalancing", "targetgroup/web/1")
    network = {"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "ENABLED"}
    configuration = {
        "cluster": cluster,
        "taskDefinition": task,
        "networkConfiguration": {"awsvpcConfiguration": network},
        "loadBalancers": [{"targetGroupArn": group}],
    }
    assert links_of("AWS::ECS::Service", "x", configuration, ARN=service) == {
        (cluster, LinkKind.CONTAINS, service),
        (service, LinkKind.FORWARDS_TO, task),
        (SUBNET, LinkKind.CONTAINS, service),
        (GROUP, LinkKind.GUARDS, service),
        (group, LinkKind.FORWARDS_TO, service),
    }
    assert facts_of("AWS::ECS::Service", configuration)["assign_public_ip"] is True
    roles = {"taskRoleArn": iam("role/task"), "executionRoleArn": iam("role/pull")}
    assert {t for *_, t in links_of("AWS::ECS::TaskDefinition", "x", roles, ARN=task)} == {
        iam("role/task"),
        iam("role/pull"),
    }


@pytest.mark.parametrize(
    ("network", "public"),
    [
        ({"endpointPublicAccess": True, "publicAccessCidrs": ["0.0.0.0/0"]}, True),
        ({"endpointPublicAccess": True}, True),
        ({"endpointPublicAccess": True, "publicAccessCidrs": ["203.0.113.0/24"]}, False),
        ({"endpointPublicAccess": False}, False),
        ({}, False),
    ],
)
def test_a_clusters_api_answers_everybody_or_not(network: dict[str, Any], public: bool) -> None:  # noqa: FBT001 - the expectation
    facts = facts_of("AWS::EKS::Cluster", {"resourcesVpcConfig": network})
    assert facts["public_endpoint"] is public


def test_a_cluster_tells_of_its_role_network_key_and_nodes() -> None:
    cluster = arn("eks", "cluster/c")
    configuration = {
        "roleArn": iam("role/eks"),
        "resourcesVpcConfig": {"subnetIds": ["subnet-1"], "clusterSecurityGroupId": "sg-1"},
        "encryptionConfig": [{"provider": {"keyArn": KEY}}],
    }
    assert links_of("AWS::EKS::Cluster", "c", configuration) == {
        (cluster, LinkKind.RUNS_AS, iam("role/eks")),
        (SUBNET, LinkKind.CONTAINS, cluster),
        (GROUP, LinkKind.GUARDS, cluster),
        (cluster, LinkKind.ENCRYPTED_BY, KEY),
    }
    nodes = arn("eks", "nodegroup/c/n/1")
    configuration = {"nodeRole": iam("role/node"), "clusterName": "c", "subnets": ["subnet-1"]}
    assert links_of("AWS::EKS::Nodegroup", "x", configuration, ARN=nodes) == {
        (nodes, LinkKind.RUNS_AS, iam("role/node")),
        (cluster, LinkKind.CONTAINS, nodes),
        (SUBNET, LinkKind.CONTAINS, nodes),
    }
