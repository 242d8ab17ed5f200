"""One AWS account of the demo, as AWS Config describes it: items in Config's own snapshot form."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

Item = dict[str, Any]
Rows = Sequence[Mapping[str, Any]]

ANYWHERE = "0.0.0.0/0"


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


@dataclass(slots=True)
class Account:
    """Collects the items of one account and Region."""

    id: str
    region: str
    now: datetime
    items: list[Item] = field(default_factory=list)
    captured: timedelta = timedelta(minutes=6)
    """How long ago Config looked."""
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
                 {"vpcId": vpc_id, "cidrBlock": "10.0.0.0/16", "state": "available"},
                 tags={"Name": name})  # fmt: skip
        self.add("AWS::EC2::InternetGateway", gateway,
                 self.arn("ec2", f"internet-gateway/{gateway}"),
                 {"internetGatewayId": gateway, "attachments": [{"vpcId": vpc_id}]},
                 relationships=[_rel("AWS::EC2::VPC", vpc_id, "Is attached to Vpc")])  # fmt: skip
        self.group(f"sg-{vpc_id.removeprefix('vpc-')}default", "default", vpc_id, [], sends=False)
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
        }, tags={"Name": f"{kind}-routes"},
           relationships=[_rel("AWS::EC2::VPC", vpc_id, "Is contained in Vpc")])  # fmt: skip
        for n, subnet in enumerate(ids):
            self.hosts[subnet] = [f"{blocks[n]}.{host}" for host in range(5)]
            self.add("AWS::EC2::Subnet", subnet, self.arn("ec2", f"subnet/{subnet}"), {
                "subnetId": subnet, "vpcId": vpc_id, "cidrBlock": f"{blocks[n]}.0/24",
                "availabilityZone": f"{self.region}{'abc'[n % 3]}", "mapPublicIpOnLaunch": public,
            }, tags={"Name": f"{kind}-{'abc'[n % 3]}"},
               relationships=[_rel("AWS::EC2::VPC", vpc_id, "Is contained in Vpc")])  # fmt: skip
        return ids

    def _nat_gateway(self, gateway: str, subnet: str, vpc_id: str) -> None:
        """What a private subnet's default route leads to."""
        self.add("AWS::EC2::NatGateway", gateway, self.arn("ec2", f"natgateway/{gateway}"), {
            "natGatewayId": gateway, "subnetId": subnet, "vpcId": vpc_id, "state": "available",
            "connectivityType": "private",
        }, relationships=[_rel("AWS::EC2::Subnet", subnet, "Is contained in Subnet"),
                          _rel("AWS::EC2::VPC", vpc_id, "Is contained in Vpc")])  # fmt: skip

    def group(self, group_id: str, name: str, vpc_id: str, rules: Sequence[tuple[int, str]],
              *, sends: bool = True) -> str:  # fmt: skip
        """A security group that admits (port, CIDR) over TCP; its id."""
        permissions: dict[int, list[str]] = {}
        for port, cidr in rules:
            permissions.setdefault(port, []).append(cidr)
        arn = self.arn("ec2", f"security-group/{group_id}")
        self.add("AWS::EC2::SecurityGroup", group_id, arn, {
            "groupId": group_id, "groupName": name, "vpcId": vpc_id, "ownerId": self.id,
            "description": name,
            "ipPermissions": [{
                "ipProtocol": "tcp", "fromPort": port, "toPort": port, "ipRanges": ranges,
                "ipv4Ranges": [{"cidrIp": cidr} for cidr in ranges], "ipv6Ranges": [],
                "prefixListIds": [], "userIdGroupPairs": [],
            } for port, ranges in permissions.items()],
            "ipPermissionsEgress": [{"ipProtocol": "-1", "ipRanges": [ANYWHERE],
                                     "ipv4Ranges": [{"cidrIp": ANYWHERE}]}] if sends else [],
        }, name=name, tags={"Name": name},
           relationships=[_rel("AWS::EC2::VPC", vpc_id, "Is contained in Vpc")])  # fmt: skip
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
        relations = [
            _rel("AWS::EC2::SecurityGroup", g, "Is associated with SecurityGroup") for g in groups
        ]
        relations.append(_rel("AWS::EC2::Subnet", subnet, "Is contained in Subnet"))
        profile_arn = self.arn("iam", f"instance-profile/{profile}", regional=False)
        arn = self.arn("ec2", f"instance/{instance_id}")
        taken = self.hosts[subnet]
        address = f"{taken[0].removesuffix('.0')}.{len(taken)}"
        taken.append(address)
        return self.add("AWS::EC2::Instance", instance_id, arn, {
            "instanceId": instance_id, "imageId": "ami-0de30000000000001",
            "instanceType": "m7g.large",
            "state": {"code": 16, "name": "running"}, "subnetId": subnet,
            "privateIpAddress": address, "publicIpAddress": public_ip or None,
            "securityGroups": [{"groupId": g} for g in groups],
            "iamInstanceProfile": {"arn": profile_arn} if profile else None,
            "metadataOptions": {"httpTokens": imds, "httpEndpoint": "enabled", "state": "applied"},
            "networkInterfaces": [{"networkInterfaceId": f"eni-{instance_id[2:]}",
                                   "groups": [{"groupId": g} for g in groups]}],
        }, tags={"Name": name, **(tags or {})}, relationships=relations)  # fmt: skip

    def address(self, allocation: str, public_ip: str, instance_id: str) -> str:
        """An Elastic IP address of an instance."""
        arn = self.arn("ec2", f"eip-allocation/{allocation}")
        return self.add("AWS::EC2::EIP", allocation, arn,
                        {"allocationId": allocation, "publicIp": public_ip,
                         "instanceId": instance_id, "domain": "vpc"},
                        relationships=[_rel("AWS::EC2::Instance", instance_id,
                                            "Is attached to Instance")])  # fmt: skip

    def balancer(self, name: str, subnets: Sequence[str], groups: Sequence[str],
                 targets: Sequence[str], *, acl: str = "") -> str:  # fmt: skip
        """An internet-facing application load balancer in front of instances; its ARN."""
        arn = self.arn("elasticloadbalancing", f"loadbalancer/app/{name}/{_hex(name)}")
        target_group = self.arn("elasticloadbalancing", f"targetgroup/{name}/{_hex(name)}")
        relations = [
            _rel("AWS::EC2::SecurityGroup", g, "Is associated with SecurityGroup") for g in groups
        ]
        relations += [_rel("AWS::EC2::Subnet", s, "Is attached to Subnet") for s in subnets]
        if acl:
            relations.append(_rel("AWS::WAFv2::WebACL", acl, "Is associated with WebACL"))
        self.add("AWS::ElasticLoadBalancingV2::LoadBalancer", arn, arn, {
            "loadBalancerArn": arn, "loadBalancerName": name, "scheme": "internet-facing",
            "type": "application", "state": {"code": "active"}, "securityGroups": list(groups),
            "availabilityZones": [{"zoneName": f"{self.region}a", "subnetId": s} for s in subnets],
        }, name=name, relationships=relations)  # fmt: skip
        self.add("AWS::ElasticLoadBalancingV2::TargetGroup", target_group, target_group, {
            "targetGroupArn": target_group, "targetGroupName": name, "loadBalancerArns": [arn],
            "targetHealthDescriptions": [{"target": {"id": t, "port": 8080}} for t in targets],
        }, name=name)  # fmt: skip
        return arn

    def function(self, name: str, role: str, runtime: str, *, public_url: bool = False) -> str:
        """A Lambda function; its ARN. A public URL shows as the permission that opens it."""
        arn = self.arn("lambda", f"function:{name}")
        statements = [{
            "Sid": "FunctionURLAllowPublicAccess", "Effect": "Allow", "Principal": "*",
            "Action": "lambda:InvokeFunctionUrl", "Resource": arn,
            "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
        }]  # fmt: skip
        policy = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": statements})}
        return self.add("AWS::Lambda::Function", name, arn, {
            "functionName": name, "functionArn": arn, "runtime": runtime, "role": role,
            "handler": "app.handler", "memorySize": 512,
            "vpcConfig": {"subnetIds": [], "securityGroupIds": []},
        }, name=name, supplementary=policy if public_url else {})  # fmt: skip

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
        configuration: dict[str, Any] = {
            "roleName": name, "roleId": f"AROA{_hex(name)[:17].upper()}", "arn": arn, "path": "/",
            "assumeRolePolicyDocument": quote(json.dumps(trust)),
            "instanceProfileList": (
                [{"instanceProfileName": name, "arn": profile_arn}] if profile else []),
            "rolePolicyList": _inline(f"{name}-inline", inline),
            "attachedManagedPolicies": _attached(policies),
        }  # fmt: skip
        return self.add(
            "AWS::IAM::Role", str(configuration["roleId"]), arn, configuration, name=name
        )

    def user(self, name: str, policies: Sequence[str] = ()) -> str:
        """An IAM user; its ARN."""
        arn = self.arn("iam", f"user/{name}", regional=False)
        user_id = f"AIDA{_hex(name)[:17].upper()}"
        return self.add("AWS::IAM::User", user_id, arn, {
            "userName": name, "userId": user_id, "arn": arn, "path": "/", "userPolicyList": [],
            "groupList": [], "attachedManagedPolicies": _attached(policies),
        }, name=name)  # fmt: skip

    def policy(self, name: str, document: Mapping[str, Any]) -> str:
        """A customer-managed policy; its ARN."""
        arn = self.arn("iam", f"policy/{name}", regional=False)
        policy_id = f"ANPA{_hex(name)[:17].upper()}"
        return self.add("AWS::IAM::Policy", policy_id, arn, {
            "policyName": name, "policyId": policy_id, "arn": arn, "defaultVersionId": "v1",
            "policyVersionList": [{"versionId": "v1", "isDefaultVersion": True,
                                   "document": quote(json.dumps(document))}],
        }, name=name)  # fmt: skip

    # -- data

    def bucket(
        self,
        name: str,
        *,
        public: bool = False,
        tags: Mapping[str, str] | None = None,
        logs_to: str = "",
        versioned: bool = True,
    ) -> str:
        """A bucket; its ARN."""
        arn = f"arn:aws:s3:::{name}"
        statement = {"Sid": "PublicRead", "Effect": "Allow", "Principal": "*",
                     "Action": "s3:GetObject", "Resource": f"{arn}/*"}  # fmt: skip
        text = json.dumps({"Version": "2012-10-17", "Statement": [statement]}) if public else None
        blocked = not public
        return self.add("AWS::S3::Bucket", name, arn,
            {"name": name, "owner": {"id": _hex(name) * 2}}, name=name, tags=tags, supplementary={
                "BucketPolicy": {"policyText": text},
                "PublicAccessBlockConfiguration": {
                    "blockPublicAcls": blocked, "ignorePublicAcls": blocked,
                    "blockPublicPolicy": blocked, "restrictPublicBuckets": blocked},
                "BucketLoggingConfiguration": {"destinationBucketName": logs_to or None},
                "BucketVersioningConfiguration": {"status": "Enabled" if versioned else "Off"},
                "ServerSideEncryptionConfiguration": {"rules": [
                    {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]},
            })  # fmt: skip

    def database(self, name: str, subnets: Sequence[str], groups: Sequence[str], *, key: str = "",
                 public: bool = False, tags: Mapping[str, str] | None = None) -> str:  # fmt: skip
        """An RDS instance; its ARN."""
        resource_id = f"db-{_hex(name)[:20].upper()}"
        return self.add("AWS::RDS::DBInstance", resource_id, self.arn("rds", f"db:{name}"), {
            "dBInstanceIdentifier": name, "dbiResourceId": resource_id,
            "engine": "postgres", "dBInstanceStatus": "available", "publiclyAccessible": public,
            "storageEncrypted": bool(key), "kmsKeyId": key or None, "multiAZ": True,
            "backupRetentionPeriod": 7, "endpoint": {"port": 5432},
            "vpcSecurityGroups": [{"vpcSecurityGroupId": g, "status": "active"} for g in groups],
            "dBSubnetGroup": {"subnets": [{"subnetIdentifier": s} for s in subnets]},
        }, name=name, tags=tags)  # fmt: skip

    def snapshot(self, name: str, database: str, *, public: bool) -> str:
        """An RDS snapshot; its ARN."""
        return self.add("AWS::RDS::DBSnapshot", name, self.arn("rds", f"snapshot:{name}"), {
            "dBSnapshotIdentifier": name, "dBInstanceIdentifier": database, "engine": "postgres",
            "status": "available", "snapshotType": "manual", "encrypted": False,
        }, name=name, supplementary={"DBSnapshotAttributes": [
            {"attributeName": "restore",
             "attributeValues": ["all"] if public else []}]})  # fmt: skip

    def key(self, key_id: str, name: str, *, pending: bool = False) -> str:
        """A KMS key; its ARN."""
        gone = int((self.now + timedelta(days=5)).timestamp() * 1000)
        return self.add("AWS::KMS::Key", key_id, self.arn("kms", f"key/{key_id}"), {
            "keyId": key_id, "arn": self.arn("kms", f"key/{key_id}"), "enabled": not pending,
            "keyState": "PendingDeletion" if pending else "Enabled", "keyManager": "CUSTOMER",
            "deletionDate": gone if pending else None,
        }, tags={"Name": name}, supplementary={"KeyRotationStatus": not pending})  # fmt: skip

    def plain(
        self, kind: str, name: str, arn: str, configuration: Mapping[str, Any] | None = None
    ) -> str:
        """An ordinary resource about which nothing special is told; its ARN."""
        return self.add(kind, name, arn, configuration or {"name": name}, name=name, tags={})


def _rel(kind: str, resource_id: str, words: str) -> dict[str, Any]:
    """A relationship as snapshot files write it, blank at the end and all."""
    return {"resourceType": kind, "resourceId": resource_id, "resourceName": None, "name": words}


def _inline(name: str, document: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    if document is None:
        return []
    return [{"policyName": name, "policyDocument": quote(json.dumps(document))}]


def _attached(policies: Sequence[str]) -> list[dict[str, str]]:
    return [{"policyName": p.rsplit("/", 1)[-1], "policyArn": p} for p in policies]


def _hex(text: str) -> str:
    """32 hexadecimal digits that follow from a name, for ids that AWS would draw."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]
