"""Groups, subnets, access lists and instances, got wrong and right again."""

from typing import Any

from tests.unit.local_aws.wrongs.resources import make_role, subnets, vpc
from tests.unit.local_aws.wrongs.wrong import Make, Service, Wrong, arn_of, draw

EVERYBODY = [{"CidrIp": "0.0.0.0/0"}]


def rule(protocol: str, first: int, last: int, **ranges: Any) -> dict[str, Any]:
    """A rule as the EC2 API takes it; open to everybody when nothing else is said."""
    where = ranges or {"IpRanges": EVERYBODY}
    ports = {} if protocol == "-1" else {"FromPort": first, "ToPort": last}
    return {"IpProtocol": protocol, **ports, **where}


def open_group(*rules: dict[str, Any]) -> Make:
    """A group that admits too much; right once its rules are gone."""

    def make(of: Service, account: str) -> Wrong:
        ec2 = of("ec2")
        group = ec2.create_security_group(GroupName=draw("group"), Description="d", VpcId=vpc(of))[
            "GroupId"
        ]
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=list(rules))
        return Wrong(
            arn_of(account, "ec2", f"security-group/{group}"),
            lambda: ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=list(rules)),
        )

    return make


def _default_group(of: Service, account: str) -> Wrong:
    ec2 = of("ec2")
    where = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    filters = [{"Name": "vpc-id", "Values": [where]}]
    (group,) = ec2.describe_security_groups(Filters=filters)["SecurityGroups"]

    def right() -> None:
        ec2.revoke_security_group_egress(
            GroupId=group["GroupId"], IpPermissions=group["IpPermissionsEgress"]
        )

    return Wrong(arn_of(account, "ec2", f"security-group/{group['GroupId']}"), right)


def _flow_logs(of: Service, account: str) -> Wrong:
    ec2 = of("ec2")
    where = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]

    def right() -> None:
        group = draw("/flow")
        of("logs").create_log_group(logGroupName=group)
        role = make_role(of, "vpc-flow-logs")
        ec2.create_flow_logs(
            ResourceIds=[where], ResourceType="VPC", TrafficType="REJECT",
            LogGroupName=group, DeliverLogsPermissionArn=role,
        )  # fmt: skip

    return Wrong(arn_of(account, "ec2", f"vpc/{where}"), right)


def _ebs(of: Service, account: str) -> Wrong:
    of("ec2").disable_ebs_encryption_by_default()
    return Wrong(f"AWS::::Account:{account}", of("ec2").enable_ebs_encryption_by_default)


def instance(of: Service, **more: Any) -> str:
    """A new instance in the account's first subnet."""
    made = of("ec2").run_instances(
        ImageId="ami-12345678", MinCount=1, MaxCount=1, SubnetId=subnets(of)[0], **more
    )
    return str(made["Instances"][0]["InstanceId"])


def _imds(of: Service, account: str) -> Wrong:
    made = instance(of, MetadataOptions={"HttpTokens": "optional"})
    return Wrong(
        arn_of(account, "ec2", f"instance/{made}"),
        lambda: of("ec2").modify_instance_metadata_options(InstanceId=made, HttpTokens="required"),
    )


def _public_instance(of: Service, account: str) -> Wrong:
    ec2, made = of("ec2"), instance(of)
    address = ec2.allocate_address(Domain="vpc")
    association = ec2.associate_address(InstanceId=made, AllocationId=address["AllocationId"])
    return Wrong(
        arn_of(account, "ec2", f"instance/{made}"),
        lambda: ec2.disassociate_address(AssociationId=association["AssociationId"]),
    )


def _access_list(of: Service, account: str) -> Wrong:
    ec2 = of("ec2")
    acl = ec2.create_network_acl(VpcId=vpc(of))["NetworkAcl"]["NetworkAclId"]
    entry = {"NetworkAclId": acl, "Protocol": "6", "Egress": False, "CidrBlock": "0.0.0.0/0",
             "PortRange": {"From": 20, "To": 25}}  # fmt: skip
    ec2.create_network_acl_entry(RuleNumber=100, RuleAction="allow", **entry)
    return Wrong(
        arn_of(account, "ec2", f"network-acl/{acl}"),
        lambda: ec2.create_network_acl_entry(RuleNumber=50, RuleAction="deny", **entry),
    )


def _generous_subnet(of: Service, account: str) -> Wrong:
    ec2, (_, subnet) = of("ec2"), subnets(of)
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    return Wrong(
        arn_of(account, "ec2", f"subnet/{subnet}"),
        lambda: ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": False}),
    )


WRONGS: dict[str, Make] = {
    "EC2.2": _default_group,
    "EC2.6": _flow_logs,
    "EC2.7": _ebs,
    "EC2.8": _imds,
    "EC2.9": _public_instance,
    "EC2.13": open_group(rule("tcp", 20, 25)),
    "EC2.14": open_group(rule("tcp", 3389, 3389, Ipv6Ranges=[{"CidrIpv6": "::/0"}])),
    "EC2.15": _generous_subnet,
    "EC2.18": open_group(rule("tcp", 8443, 8443)),
    "EC2.19": open_group(rule("tcp", 5432, 5432)),
    "EC2.21": _access_list,
}
