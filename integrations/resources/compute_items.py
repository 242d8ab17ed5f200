"""What compute items tell: instances, functions, containers, and the roles that they run as."""

from collections.abc import Callable, Mapping
from typing import Any

from integrations.resources.policies import admits_everybody, document_of, statements, url_auth_of
from integrations.resources.port import LinkKind
from integrations.resources.telling import Telling, rows, texts, value


def _instance(told: Telling) -> None:
    told.fact("public_ip", told.get("publicIpAddress") or _interface_ip(told))
    told.fact("private_ip", told.get("privateIpAddress"))
    told.fact("state", value(told.get("state"), "name"))
    told.fact("imds", value(told.get("metadataOptions"), "httpTokens"))
    told.fact("instance_type", told.get("instanceType"))
    told.fact("image", told.get("imageId"))
    told.fact("platform", told.get("platform"))
    told.fact("vpc", told.get("vpcId"))
    groups = [*rows(told.get("securityGroups"))]
    for interface in rows(told.get("networkInterfaces")):
        groups += rows(value(interface, "groups"))
    told.network(told.get("subnetId"), [value(group, "groupId") for group in groups])
    profile = value(told.get("iamInstanceProfile"), "arn")
    if isinstance(profile, str):
        told.to(LinkKind.USES, profile)
    for mapping in rows(told.get("blockDeviceMappings")):
        volume = value(value(mapping, "ebs"), "volumeId")
        told.to(LinkKind.USES, told.other("AWS::EC2::Volume", volume))


def _interface_ip(told: Telling) -> Any:
    for interface in rows(told.get("networkInterfaces")):
        found = value(value(interface, "association"), "publicIp")
        if found:
            return found
    return None


def _function(told: Telling) -> None:
    told.fact("runtime", told.get("runtime"))
    role = told.get("role")
    told.to(LinkKind.RUNS_AS, role if isinstance(role, str) else "")
    network = told.get("vpcConfig")
    told.network(value(network, "subnetIds"), value(network, "securityGroupIds"))
    told.key(told.get("kmsKeyArn"))
    policy = document_of(_policy(told.supplementary))
    told.fact("public", admits_everybody(policy))
    auth = next((a for s in statements(policy) if (a := url_auth_of(s))), "")
    told.fact("url_auth", auth)


def _policy(supplementary: Mapping[str, Any]) -> Any:
    """The resource policy: the document itself, or its text in an object."""
    found = value(supplementary, "Policy")
    if isinstance(found, Mapping) and "Statement" not in found:
        return value(found, "policy", "policyText", "text")
    return found


def _task_definition(told: Telling) -> None:
    for name in ("taskRoleArn", "executionRoleArn"):
        role = told.get(name)
        told.to(LinkKind.RUNS_AS, role if isinstance(role, str) else "")


def _service(told: Telling) -> None:
    _whole(told, "cluster")
    definition = told.get("taskDefinition")
    if isinstance(definition, str) and definition.startswith("arn:"):
        told.to(LinkKind.FORWARDS_TO, definition)
    network = value(told.get("networkConfiguration"), "awsvpcConfiguration")
    told.network(value(network, "subnets"), value(network, "securityGroups"))
    told.fact("assign_public_ip", value(network, "assignPublicIp") == "ENABLED")
    for balancer in rows(told.get("loadBalancers")):
        group = value(balancer, "targetGroupArn")
        told.by(LinkKind.FORWARDS_TO, group if isinstance(group, str) else "")


def _whole(told: Telling, name: str) -> None:
    cluster = told.get(name, f"{name}Arn")
    if isinstance(cluster, str) and cluster.startswith("arn:"):
        told.by(LinkKind.CONTAINS, cluster)


def _eks_cluster(told: Telling) -> None:
    role = told.get("roleArn")
    told.to(LinkKind.RUNS_AS, role if isinstance(role, str) else "")
    network = told.get("resourcesVpcConfig")
    groups = [
        *texts(value(network, "securityGroupIds")),
        *texts(value(network, "clusterSecurityGroupId")),
    ]
    told.network(value(network, "subnetIds"), groups)
    ranges = texts(value(network, "publicAccessCidrs")) or ["0.0.0.0/0"]
    everybody = value(network, "endpointPublicAccess") is True and "0.0.0.0/0" in ranges
    told.fact("public_endpoint", everybody)
    told.fact("version", told.get("version"))
    for config in rows(told.get("encryptionConfig")):
        told.key(value(value(config, "provider"), "keyArn"))


def _node_group(told: Telling) -> None:
    role = told.get("nodeRole")
    told.to(LinkKind.RUNS_AS, role if isinstance(role, str) else "")
    cluster = told.other("AWS::EKS::Cluster", told.get("clusterName"))
    told.by(LinkKind.CONTAINS, cluster)
    told.network(told.get("subnets"), None)


def _scaling_group(told: Telling) -> None:
    for member in rows(told.get("instances")):
        instance = told.other("AWS::EC2::Instance", value(member, "instanceId"))
        told.to(LinkKind.CONTAINS, instance)
    for group in texts(told.get("targetGroupARNs")):
        told.by(LinkKind.FORWARDS_TO, group)


def _api(told: Telling) -> None:
    told.fact("api_type", str(value(told.get("endpointConfiguration"), "types") or ""))


TELLERS: dict[str, Callable[[Telling], None]] = {
    "AWS::EC2::Instance": _instance,
    "AWS::Lambda::Function": _function,
    "AWS::ECS::TaskDefinition": _task_definition,
    "AWS::ECS::Service": _service,
    "AWS::EKS::Cluster": _eks_cluster,
    "AWS::EKS::Nodegroup": _node_group,
    "AWS::AutoScaling::AutoScalingGroup": _scaling_group,
    "AWS::ApiGateway::RestApi": _api,
}
