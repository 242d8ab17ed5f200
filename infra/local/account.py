"""One AWS account of the demo, as AWS Config describes it: items in Config's own snapshot form."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from infra.local import shapes
from infra.local.shapes import relation

Item = dict[str, Any]
Rows = Sequence[Mapping[str, Any]]

ANYWHERE = "0.0.0.0/0"

SECURITY_KEY = "5ec00000-0000-4000-8000-000000000001"
"""Id of the key in each account that runbooks encrypt with."""


def stamp(moment: datetime) -> str:
    """A time as AWS writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def allow(actions: Sequence[str], resources: Sequence[str]) -> dict[str, Any]:
    """A policy document that allows some actions on some resources."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    return {"Version": "2012-10-17", "Statement": [statement]}


def trusting(**principal: Any) -> dict[str, Any]:
    """A trust document: `Service="ec2.amazonaws.com"` or `AWS="arn:aws:iam::111111111111:root"`."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An access key of a user, active, as IAM lists it."""

    user: str
    id: str
    age: timedelta
    idle: timedelta
    """Since it was last used."""


@dataclass(slots=True)
class Account:
    """Collects the items of one account and Region."""

    id: str
    region: str
    now: datetime
    items: list[Item] = field(default_factory=list)
    captured: timedelta = timedelta(minutes=6)
    """How long ago Config looked."""
    access_keys: list["AccessKey"] = field(default_factory=list)
    """What IAM knows of users and Config does not tell."""
    hosts: dict[str, list[str]] = field(default_factory=dict)
    """Subnet -> the addresses in it that are taken."""

    def arn(self, service: str, rest: str, *, regional: bool = True) -> str:
        """An ARN of this account."""
        region = self.region if regional else ""
        return f"arn:aws:{service}:{region}:{self.id}:{rest}"

    @property
    def root(self) -> str:
        """How Security Hub names the account itself as a resource."""
        return f"AWS::::Account:{self.id}"

    def add(
        self,
        kind: str,
        short_id: str,
        arn: str,
        configuration: Mapping[str, Any],
        *,
        name: str = "",
        tags: Mapping[str, str] | None = None,
        relationships: Rows = (),
        supplementary: Mapping[str, Any] | None = None,
    ) -> str:
        """One item; its ARN."""
        tags = dict(tags or {})
        self.items.append(
            {
                "configurationItemVersion": "1.3",
                "configurationItemCaptureTime": stamp(self.now - self.captured),
                "configurationStateId": int((self.now - self.captured).timestamp() * 1000),
                "configurationItemStatus": "OK",
                "awsAccountId": self.id,
                "awsRegion": self.region,
                "resourceType": kind,
                "resourceId": short_id,
                "resourceName": name or None,
                "ARN": arn,
                "tags": tags,
                "relationships": [dict(row) for row in relationships],
                "configuration": dict(configuration),
                "supplementaryConfiguration": dict(supplementary or {}),
            }
        )
        return arn

    # -- network

    def vpc(self, vpc_id: str, name: str) -> str:
        """A VPC with an internet gateway and an empty default group; its id."""
        gateway = vpc_id.replace("vpc", "igw")
        self.add("AWS::EC2::VPC", vpc_id, self.arn("ec2", f"vpc/{vpc_id}"),
                 shapes.vpc(vpc_id, "10.0.0.0/16"), tags={"Name": name})  # fmt: skip
        self.add("AWS::EC2::InternetGateway", gateway,
                 self.arn("ec2", f"internet-gateway/{gateway}"),
                 {"internetGatewayId": gateway, "attachments": [{"vpcId": vpc_id}]},
                 relationships=[relation("AWS::EC2::VPC", vpc_id,
                                         "Is attached to Vpc")])  # fmt: skip
        self.group(f"sg-{vpc_id.removeprefix('vpc-')}default", "default", vpc_id, [], sends=False,
                   tagged=False)  # fmt: skip
        return vpc_id

    def subnets(self, vpc_id: str, stem: str, count: int, *, public: bool) -> list[str]:
        """Subnets of a VPC behind one route table; their ids."""
        kind = "public" if public else "private"
        table = f"rtb-{stem}{'1' if public else '2'}"
        ids = [f"subnet-{stem}{'a' if public else 'b'}{n}" for n in range(count)]
        blocks = [f"10.0.{len(self.hosts) + n}" for n in range(count)]
        gateway = (
            {"gatewayId": vpc_id.replace("vpc", "igw")}
            if public
            else {"natGatewayId": f"nat-{stem}"}
        )
        if not public:
            self._nat_gateway(f"nat-{stem}", ids[0], vpc_id)
        self.add("AWS::EC2::RouteTable", table, self.arn("ec2", f"route-table/{table}"), {
            "routeTableId": table, "vpcId": vpc_id,
            "routes": [{"destinationCidrBlock": "10.0.0.0/16", "gatewayId": "local",
                        "state": "active"},
                       {"destinationCidrBlock": ANYWHERE, "state": "active", **gateway}],
            "associations": [{"subnetId": s, "routeTableId": table, "main": False} for s in ids],
        }, tags={"Name": f"{kind}-routes"}, relationships=shapes.in_vpc(vpc_id))  # fmt: skip
        for n, subnet in enumerate(ids):
            self.hosts[subnet] = [f"{blocks[n]}.{host}" for host in range(5)]
            self.add("AWS::EC2::Subnet", subnet, self.arn("ec2", f"subnet/{subnet}"), {
                "subnetId": subnet, "vpcId": vpc_id, "cidrBlock": f"{blocks[n]}.0/24",
                "availabilityZone": f"{self.region}{'abc'[n % 3]}", "mapPublicIpOnLaunch": public,
            }, tags={"Name": f"{kind}-{'abc'[n % 3]}"},
               relationships=shapes.in_vpc(vpc_id))  # fmt: skip
        return ids

    def _nat_gateway(self, gateway: str, subnet: str, vpc_id: str) -> None:
        """What a private subnet's default route leads to."""
        where = relation("AWS::EC2::Subnet", subnet, "Is contained in Subnet")
        self.add("AWS::EC2::NatGateway", gateway, self.arn("ec2", f"natgateway/{gateway}"), {
            "natGatewayId": gateway, "subnetId": subnet, "vpcId": vpc_id, "state": "available",
            "connectivityType": "private",
        }, relationships=[where, *shapes.in_vpc(vpc_id)])  # fmt: skip

    def group(self, group_id: str, name: str, vpc_id: str, rules: Sequence[tuple[int, str]],
              *, sends: bool = True, tagged: bool = True) -> str:  # fmt: skip
        """A security group that admits (port, CIDR) over TCP; its id."""
        admitted: dict[int, list[str]] = {}
        for port, cidr in rules:
            admitted.setdefault(port, []).append(cidr)
        inbound = [shapes.permission("tcp", (port, port), ipv4=ipv4)
                   for port, ipv4 in admitted.items()]  # fmt: skip
        outbound = [shapes.permission("-1", None, ipv4=[ANYWHERE])] if sends else []
        about = "default VPC security group" if name == "default" else name
        told = shapes.group(group_id, name, vpc_id, self.id, inbound, outbound,
                            description=about)  # fmt: skip
        self.add("AWS::EC2::SecurityGroup", group_id, self.arn("ec2", f"security-group/{group_id}"),
                 told, name=name, tags={"Name": name} if tagged else {},
                 relationships=shapes.in_vpc(vpc_id))  # fmt: skip
        return group_id

    # -- compute

    def instance(
        self,
        instance_id: str,
        name: str,
        subnet: str,
        groups: Sequence[str],
        *,
        profile: str = "",
        public_ip: str = "",
        imds: str = "required",
        tags: Mapping[str, str] | None = None,
    ) -> str:
        """An instance; its ARN."""
        taken = self.hosts[subnet]
        address = f"{taken[0].removesuffix('.0')}.{len(taken)}"
        taken.append(address)
        profile_arn = self.arn("iam", f"instance-profile/{profile}", regional=False)
        told = shapes.instance(
            instance_id, subnet, address, groups, interface=f"eni-{instance_id[2:]}",
            public_ip=public_ip, profile_arn=profile_arn if profile else None, tokens=imds,
        )  # fmt: skip
        arn = self.arn("ec2", f"instance/{instance_id}")
        return self.add("AWS::EC2::Instance", instance_id, arn, told,
                        tags={"Name": name, **(tags or {})},
                        relationships=shapes.instance_relations(subnet, groups))  # fmt: skip

    def address(self, allocation: str, public_ip: str, instance_id: str) -> str:
        """An Elastic IP address of an instance."""
        arn = self.arn("ec2", f"eip-allocation/{allocation}")
        return self.add("AWS::EC2::EIP", allocation, arn,
                        {"allocationId": allocation, "publicIp": public_ip,
                         "instanceId": instance_id, "domain": "vpc"},
                        relationships=[relation("AWS::EC2::Instance", instance_id,
                                                "Is attached to Instance")])  # fmt: skip

    def balancer(self, name: str, subnets: Sequence[str], groups: Sequence[str],
                 targets: Sequence[str], *, acl: str = "") -> str:  # fmt: skip
        """An internet-facing application load balancer in front of instances; its ARN."""
        arn = self.arn("elasticloadbalancing", f"loadbalancer/app/{name}/{_hex(name)}")
        target_group = self.arn("elasticloadbalancing", f"targetgroup/{name}/{_hex(name)}")
        relations = shapes.guarded_by(groups)
        relations += [relation("AWS::EC2::Subnet", s, "Is attached to Subnet") for s in subnets]
        if acl:
            relations.append(relation("AWS::WAFv2::WebACL", acl, "Is associated with WebACL"))
        self.add("AWS::ElasticLoadBalancingV2::LoadBalancer", arn, arn, {
            "loadBalancerArn": arn, "loadBalancerName": name, "scheme": "internet-facing",
            "type": "application", "state": {"code": "active"}, "securityGroups": list(groups),
            "availabilityZones": [{"zoneName": f"{self.region}{'abc'[n % 3]}", "subnetId": s}
                                  for n, s in enumerate(subnets)],
        }, name=name, relationships=relations,
           supplementary=shapes.balancer_attributes({
               "access_logs.s3.enabled": "false", "deletion_protection.enabled": "false",
           }))  # fmt: skip
        self.add("AWS::ElasticLoadBalancingV2::TargetGroup", target_group, target_group, {
            "targetGroupArn": target_group, "targetGroupName": name, "loadBalancerArns": [arn],
            "targetHealthDescriptions": [{"target": {"id": t, "port": 8080}} for t in targets],
        }, name=name)  # fmt: skip
        return arn

    def function(self, name: str, role: str, runtime: str, *, public_url: bool = False) -> str:
        """A Lambda function; its ARN. A public URL shows as the permission that opens it."""
        arn = self.arn("lambda", f"function:{name}")
        opened = {
            "Sid": "FunctionURLAllowPublicAccess", "Effect": "Allow", "Principal": "*",
            "Action": "lambda:InvokeFunctionUrl", "Resource": arn,
            "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
        }  # fmt: skip
        policy = shapes.function_policy([opened] if public_url else [])
        return self.add("AWS::Lambda::Function", name, arn, {
            "functionName": name, "functionArn": arn, "runtime": runtime, "role": role,
            "handler": "app.handler", "memorySize": 512,
            "vpcConfig": {"subnetIds": [], "securityGroupIds": []},
        }, name=name, supplementary=policy)  # fmt: skip

    # -- identities

    def role(
        self,
        name: str,
        trust: Mapping[str, Any],
        *,
        policies: Sequence[str] = (),
        inline: Mapping[str, Any] | None = None,
        profile: bool = False,
    ) -> str:
        """An IAM role; its ARN. With `profile`, an instance profile of the same name holds it."""
        arn = self.arn("iam", f"role/{name}", regional=False)
        profile_arn = self.arn("iam", f"instance-profile/{name}", regional=False)
        role_id = f"AROA{_hex(name)[:17].upper()}"
        told = shapes.role(
            name, role_id, arn, json.dumps(trust), policies=policies,
            inline_policies={f"{name}-inline": json.dumps(inline)} if inline else {},
            profiles={name: profile_arn} if profile else {},
        )  # fmt: skip
        return self.add("AWS::IAM::Role", role_id, arn, told, name=name)

    def user(self, name: str, policies: Sequence[str] = (), *, key_days: int = 0) -> str:
        """An IAM user; its ARN. With `key_days`, it has an access key that old, in use."""
        arn = self.arn("iam", f"user/{name}", regional=False)
        user_id = f"AIDA{_hex(name)[:17].upper()}"
        if key_days:
            key_id = f"FAKE{_hex(f'{self.id} {name}')[:16].upper()}"
            age, idle = timedelta(days=key_days), timedelta(hours=2)
            self.access_keys.append(AccessKey(name, key_id, age, idle))
        told = shapes.user(name, user_id, arn, policies=policies, inline_policies={}, groups=())
        return self.add("AWS::IAM::User", user_id, arn, told, name=name)

    def policy(self, name: str, document: Mapping[str, Any]) -> str:
        """A customer-managed policy; its ARN."""
        arn = self.arn("iam", f"policy/{name}", regional=False)
        policy_id = f"ANPA{_hex(name)[:17].upper()}"
        told = shapes.policy(name, policy_id, arn, {"v1": json.dumps(document)}, "v1")
        return self.add("AWS::IAM::Policy", policy_id, arn, told, name=name)

    # -- data

    def bucket(
        self,
        name: str,
        *,
        public: bool = False,
        policy: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        logs_to: str = "",
        versioned: bool = True,
    ) -> str:
        """A bucket; its ARN."""
        arn = f"arn:aws:s3:::{name}"
        statement = {"Sid": "PublicRead", "Effect": "Allow", "Principal": "*",
                     "Action": "s3:GetObject", "Resource": f"{arn}/*"}  # fmt: skip
        if public:
            policy = {"Version": "2012-10-17", "Statement": [statement]}
        text = json.dumps(policy) if policy else None
        names = ("blockPublicAcls", "ignorePublicAcls", "blockPublicPolicy",
                 "restrictPublicBuckets")  # fmt: skip
        extra = shapes.bucket_supplement(
            policy_text=text, block=dict.fromkeys(names, not public), logs_to=logs_to,
            versioning="Enabled" if versioned else "Off", algorithm="AES256",
        )  # fmt: skip
        return self.add("AWS::S3::Bucket", name, arn,
                        {"name": name, "owner": {"id": _hex(name) * 2}}, name=name, tags=tags,
                        supplementary=extra)  # fmt: skip

    def security(self) -> None:
        """What the tenants' settings name (`story.SETTINGS`): a bucket for logs, and a key."""
        bucket = f"security-logs-{self.id}"
        writers = ("cloudtrail", "delivery.logs", "elasticloadbalancing", "logging.s3")
        arn, own = f"arn:aws:s3:::{bucket}", {"StringEquals": {"aws:SourceAccount": self.id}}
        statements = [
            {"Effect": "Allow", "Principal": {"Service": f"{writer}.amazonaws.com"},
             "Action": "s3:PutObject", "Resource": f"{arn}/*", "Condition": own}
            for writer in writers
        ]  # fmt: skip
        looks = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"},
                 "Action": "s3:GetBucketAcl", "Resource": arn, "Condition": own}  # fmt: skip
        policy = {"Version": "2012-10-17", "Statement": [*statements, looks]}
        self.bucket(bucket, policy=policy, tags={"owner": "security team"})
        self.key(SECURITY_KEY, "security")

    def database(self, name: str, subnets: Sequence[str], groups: Sequence[str], *, key: str = "",
                 public: bool = False, tags: Mapping[str, str] | None = None) -> str:  # fmt: skip
        """An RDS instance; its ARN."""
        resource_id = f"db-{_hex(name)[:20].upper()}"
        told = shapes.database(
            name, resource_id, engine="postgres", public=public, key=key, encrypted=bool(key),
            multi_az=True, backup_days=7, port=5432, groups=groups, subnets=subnets,
            protected=True, upgrades=True, monitoring_s=0,
        )  # fmt: skip
        return self.add("AWS::RDS::DBInstance", resource_id, self.arn("rds", f"db:{name}"), told,
                        name=name, tags=tags)  # fmt: skip

    def snapshot(self, name: str, database: str, *, public: bool) -> str:
        """An RDS snapshot; its ARN."""
        told = shapes.snapshot(name, database, engine="postgres", encrypted=False)
        return self.add("AWS::RDS::DBSnapshot", name, self.arn("rds", f"snapshot:{name}"), told,
                        name=name,
                        supplementary=shapes.restorable_by(["all"] if public else []))  # fmt: skip

    def key(self, key_id: str, name: str, *, pending: bool = False) -> str:
        """A KMS key; its ARN."""
        gone = int((self.now + timedelta(days=5)).timestamp() * 1000)
        arn = self.arn("kms", f"key/{key_id}")
        told = shapes.key(key_id, arn, state="PendingDeletion" if pending else "Enabled",
                          deleted_at_ms=gone if pending else None)  # fmt: skip
        return self.add("AWS::KMS::Key", key_id, arn, told, tags={"Name": name},
                        supplementary={"KeyRotationStatus": not pending})  # fmt: skip

    def queue(self, name: str) -> str:
        """A queue without encryption; its ARN."""
        arn = self.arn("sqs", name)
        told = shapes.queue(name, arn, managed_key=False, key_id=None, text=None)
        return self.add("AWS::SQS::Queue", name, arn, told, name=name)

    def table(self, name: str) -> str:
        """A table that can be deleted and not be recovered; its ARN."""
        arn = self.arn("dynamodb", f"table/{name}")
        return self.add("AWS::DynamoDB::Table", name, arn,
                        shapes.table(name, arn, protected=False), name=name,
                        supplementary=shapes.table_supplement(recoverable=False))  # fmt: skip

    def plain(
        self, kind: str, name: str, arn: str, configuration: Mapping[str, Any] | None = None
    ) -> str:
        """An ordinary resource about which nothing special is told; its ARN."""
        return self.add(kind, name, arn, configuration or {"name": name}, name=name, tags={})


def _hex(text: str) -> str:
    """32 hexadecimal digits that follow from a name, for ids that AWS would draw."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]
