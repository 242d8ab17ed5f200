"""Groups, ACLs, VPCs and instances."""

from typing import Any

from tests.proofs.case import Case, Owner, Subject

ANYWHERE, ANYWHERE_6 = "0.0.0.0/0", "::/0"


def rule(protocol: str, ports: tuple[int, int] | None, *sources: str, said: str = "") -> Any:
    """A permission as EC2 takes it."""
    found: dict[str, Any] = {"IpProtocol": protocol}
    if ports:
        found |= {"FromPort": ports[0], "ToPort": ports[1]}
    for family, named, mark in (("IpRanges", "CidrIp", "."), ("Ipv6Ranges", "CidrIpv6", ":")):
        cidrs = [source for source in sources if mark in source]
        if cidrs:
            extra = {"Description": said} if said else {}
            found[family] = [{named: cidr, **extra} for cidr in cidrs]
    return found


def group(owner: Owner, *rules: Any) -> Subject:
    """A security group with inbound rules."""
    ec2 = owner.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    made = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    other = ec2.create_security_group(GroupName="jump", Description="jump", VpcId=vpc)["GroupId"]
    # A bystander that is as wrong: the fix is of the other group.
    ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=list(rules))
    peers = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
             "UserIdGroupPairs": [{"GroupId": other, "UserId": owner.account}]}  # fmt: skip
    ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[*rules, peers])
    return Subject(id=owner.arn("ec2", f"security-group/{made}"), short_id=made)


def _ssh(owner: Owner) -> Subject:
    return group(
        owner,
        rule("tcp", (22, 22), ANYWHERE, "10.0.0.0/8", ANYWHERE_6, said="remote access"),
        rule("tcp", (443, 443), ANYWHERE),
        rule("udp", (22, 22), ANYWHERE),
    )


def _ssh_in_a_range(owner: Owner) -> Subject:
    return group(owner, rule("tcp", (20, 25), ANYWHERE, ANYWHERE_6, said="old tools"),
                 rule("tcp", (23, 25), ANYWHERE, said="mail"))  # fmt: skip


def _everything(owner: Owner) -> Subject:
    return group(owner, rule("-1", None, ANYWHERE, "10.0.0.0/8", said="to be narrowed"))


def _rdp(owner: Owner) -> Subject:
    return group(owner, rule("tcp", (3389, 3389), ANYWHERE, ANYWHERE_6),
                 rule("tcp", (3000, 4000), "192.0.2.0/24"))  # fmt: skip


def _many_ports(owner: Owner) -> Subject:
    return group(owner, rule("tcp", (0, 65535), ANYWHERE), rule("icmp", (-1, -1), ANYWHERE),
                 rule("udp", (53, 53), ANYWHERE))  # fmt: skip


def _database(owner: Owner) -> Subject:
    return group(owner, rule("tcp", (3306, 3306), ANYWHERE), rule("tcp", (80, 443), ANYWHERE),
                 rule("tcp", (9000, 9299), ANYWHERE_6))  # fmt: skip


def _default_group(owner: Owner) -> Subject:
    ec2 = owner.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    found = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    made = found["SecurityGroups"][0]["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=made, IpPermissions=[rule("tcp", (8443, 8443), "192.0.2.0/24", said="tests")]
    )
    return Subject(id=owner.arn("ec2", f"security-group/{made}"), short_id=made)


def _silent_vpc(owner: Owner) -> Subject:
    vpc = owner.client("ec2").create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    owner.client("logs").create_log_group(logGroupName="/vpc/refused")
    role = owner.role("flow-logs", "vpc-flow-logs")
    return Subject(
        id=owner.arn("ec2", f"vpc/{vpc}"),
        short_id=vpc,
        settings={"flow_log_group": "/vpc/refused", "flow_log_role_arn": role},
    )


def _account(owner: Owner) -> Subject:
    return Subject(id=f"AWS::::Account:{owner.account}", short_id=owner.account)


def _instance(owner: Owner) -> Subject:
    ec2 = owner.client("ec2")
    subnet = _subnet_id(owner)
    made = ec2.run_instances(
        ImageId="ami-12c6146b", MinCount=1, MaxCount=1, SubnetId=subnet,
        MetadataOptions={"HttpTokens": "optional", "HttpPutResponseHopLimit": 2},
    )["Instances"][0]["InstanceId"]  # fmt: skip
    return Subject(id=owner.arn("ec2", f"instance/{made}"), short_id=made)


def _subnet_id(owner: Owner) -> str:
    ec2 = owner.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    return str(ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"])


def _subnet(owner: Owner) -> Subject:
    subnet = _subnet_id(owner)
    owner.client("ec2").modify_subnet_attribute(
        SubnetId=subnet, MapPublicIpOnLaunch={"Value": True}
    )
    return Subject(id=owner.arn("ec2", f"subnet/{subnet}"), short_id=subnet)


def _acl(owner: Owner) -> Subject:
    """A new VPC's own ACL lets everything in; here it also lets SSH in by itself."""
    ec2 = owner.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.6.0.0/16")["Vpc"]["VpcId"]
    found = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    made = found["NetworkAcls"][0]["NetworkAclId"]
    ec2.create_network_acl_entry(
        NetworkAclId=made, RuleNumber=101, Protocol="6", RuleAction="allow", Egress=False,
        CidrBlock=ANYWHERE, PortRange={"From": 20, "To": 22},
    )  # fmt: skip
    ec2.create_network_acl_entry(
        NetworkAclId=made, RuleNumber=110, Protocol="6", RuleAction="deny", Egress=False,
        CidrBlock="198.51.100.0/24", PortRange={"From": 443, "To": 443},
    )  # fmt: skip
    return Subject(id=owner.arn("ec2", f"network-acl/{made}"), short_id=made)


_RULES = ("/{short_id}/ingress_rules/",)
CASES = (
    Case(
        control="EC2.13", story="SSH from everywhere, beside HTTPS and the office", make=_ssh,
        touches=_RULES,
        remains=("tcp 443 from 0.0.0.0/0", "tcp 22 from 10.0.0.0/8", "udp 22 from 0.0.0.0/0"),
    ),
    Case(
        control="EC2.13", story="SSH within a range of ports, one part of it said twice",
        make=_ssh_in_a_range, touches=_RULES,
        remains=("tcp 20-21 from 0.0.0.0/0", "tcp 23-25 from 0.0.0.0/0", "tcp 20-21 from ::/0"),
    ),
    Case(
        control="EC2.13", story="all traffic from everywhere", make=_everything, touches=_RULES,
        remains=("tcp 0-21 from 0.0.0.0/0", "tcp 23-65535 from 0.0.0.0/0",
                 "udp 0-65535 from 0.0.0.0/0", "icmp from 0.0.0.0/0",
                 "all traffic from 10.0.0.0/8"),
    ),
    Case(
        control="EC2.14", story="RDP from everywhere, beside a network's own range", make=_rdp,
        touches=_RULES, remains=("tcp 3000-4000 from 192.0.2.0/24",),
    ),
    Case(
        control="EC2.18", story="all ports from everywhere", make=_many_ports, touches=_RULES,
        remains=("tcp 80 from 0.0.0.0/0", "tcp 443 from 0.0.0.0/0", "icmp from 0.0.0.0/0"),
    ),
    Case(
        control="EC2.19", story="a database from everywhere, beside the web", make=_database,
        touches=_RULES,
        remains=("tcp 80-109 from 0.0.0.0/0", "tcp 144-443 from 0.0.0.0/0",
                 "tcp 9000-9199 from ::/0", "tcp 9201-9299 from ::/0"),
    ),
    Case(
        control="EC2.2", story="a default group as AWS makes it, and a rule more",
        make=_default_group, touches=("/{short_id}/ingress_rules", "/{short_id}/egress_rules"),
    ),
    Case(control="EC2.6", story="a VPC without flow logs", make=_silent_vpc,
         touches=("/flow_logs",)),
    Case(control="EC2.7", story="an account that encrypts no volumes", make=_account,
         touches=("/ebs_encryption_by_default",)),
    Case(control="EC2.8", story="an instance that answers IMDSv1", make=_instance,
         touches=("/{short_id}/metadata_options/",)),
    Case(control="EC2.15", story="a subnet that gives out public addresses", make=_subnet,
         touches=("/{short_id}/map_public_ip_on_launch",)),
    Case(
        control="EC2.21", story="an ACL that lets SSH in twice", make=_acl,
        touches=("/{short_id}/network_acl_entries/",),
        remains=("110 deny tcp 443 from 198.51.100.0/24",),
        unordered=("/network_acl_entries/",),
    ),
)  # fmt: skip
