"""What runs: instances, balancers, functions, clusters."""

import importlib
import json

from moto.ec2.models import elastic_network_interfaces, instances
from moto.elbv2 import models as elbv2

from infra.local.account import Item
from infra.local.aws.holdings import Holdings, drawing
from infra.local.aws.seeding.network import AFTER_INSTANCES, tags_of


def _instance(holdings: Holdings, item: Item) -> None:
    said, ec2 = item["configuration"], holdings.ec2
    interface = said["networkInterfaces"][0]["networkInterfaceId"]
    with (
        drawing(instances, random_instance_id=said["instanceId"]),
        drawing(elastic_network_interfaces, random_eni_id=interface),
    ):
        reservation = ec2.run_instances(
            said["imageId"],
            1,
            None,
            [],
            security_group_ids=[group["groupId"] for group in said["securityGroups"]],
            instance_type=said["instanceType"],
            is_instance_type_default=True,
            subnet_id=said["subnetId"],
            private_ip=said["privateIpAddress"],
            associate_public_ip=bool(said["publicIpAddress"]),
            region_name=holdings.region,
            metadata_options={"HttpTokens": said["metadataOptions"]["httpTokens"]},
            tags={"instance": item["tags"]},
        )
    made = reservation.instances[0]
    made.nics[0].public_ip = said["publicIpAddress"]
    if said["iamInstanceProfile"]:
        made.iam_instance_profile = None
        ec2.associate_iam_instance_profile(
            made.id, iam_instance_profile_arn=said["iamInstanceProfile"]["arn"]
        )


def _balancer(holdings: Holdings, item: Item) -> None:
    said, arn = item["configuration"], item["ARN"]
    balancers = holdings.of("elbv2")
    with drawing(elbv2, make_arn_for_load_balancer=arn):
        made = balancers.create_load_balancer(
            said["loadBalancerName"],
            said["securityGroups"],
            [zone["subnetId"] for zone in said["availabilityZones"]],
            scheme=said["scheme"],
            loadbalancer_type=said["type"],
            tags=tags_of(item),
        )
    made.state = said["state"]["code"]
    for row in item["supplementaryConfiguration"].get("LoadBalancerAttributes", []):
        made.attrs[row["key"]] = row["value"]
    for row in item["relationships"]:
        if row["resourceType"] == "AWS::WAFv2::WebACL":
            holdings.of("wafv2").associate_web_acl(row["resourceId"], arn)


def _target_group(holdings: Holdings, item: Item) -> None:
    said, balancers = item["configuration"], holdings.of("elbv2")
    arn = item["ARN"]
    balancer = balancers.load_balancers[said["loadBalancerArns"][0]]
    with drawing(elbv2, make_arn_for_target_group=arn):
        made = balancers.create_target_group(
            said["targetGroupName"], protocol="HTTP", port=8080, target_type="instance",
            vpc_id=balancer.vpc_id,
        )  # fmt: skip
    made.load_balancer_arns.append(balancer.arn)
    balancers.register_targets(
        arn, [{"Id": row["target"]["id"], "Port": row["target"]["port"]}
              for row in said["targetHealthDescriptions"]],
    )  # fmt: skip


def _function(holdings: Holdings, item: Item) -> None:
    said = item["configuration"]
    made = holdings.of("lambda").create_function(
        {
            "FunctionName": said["functionName"],
            "Runtime": said["runtime"],
            "Role": said["role"],
            "Handler": said["handler"],
            "MemorySize": said["memorySize"],
            "Tags": dict(item["tags"]),
            "Code": {"ImageUri": "none"},
        }
    )
    made.package_type = "Zip"
    policy = item["supplementaryConfiguration"].get("Policy")
    for statement in json.loads(policy)["Statement"] if policy else []:
        made.policy.statements.append(statement)
        if statement["Action"] == "lambda:InvokeFunctionUrl":
            made.create_url_config({"AuthType": "NONE"})


def _cluster(holdings: Holdings, item: Item) -> None:
    said = item["configuration"]
    network = said["resourcesVpcConfig"]
    clusters = holdings.of("eks")
    with drawing(importlib.import_module("moto.eks.models"), validate_role_arn=""):
        clusters.create_cluster(
            said["name"],
            said["roleArn"],
            {
                "subnetIds": network["subnetIds"],
                "securityGroupIds": network["securityGroupIds"],
                "endpointPublicAccess": network["endpointPublicAccess"],
            },
            version=said["version"],
            tags=dict(item["tags"]),
        )


CREATORS = {
    "AWS::Lambda::Function": _function,
    "AWS::EC2::Instance": _instance,
    **AFTER_INSTANCES,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _balancer,
    "AWS::ElasticLoadBalancingV2::TargetGroup": _target_group,
    "AWS::EKS::Cluster": _cluster,
}
