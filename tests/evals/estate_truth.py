"""What is true of a tenant's resources, read from its AWS Config snapshot itself."""

import json
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any
from urllib.parse import unquote

Item = dict[str, Any]

ANYWHERE = ("0.0.0.0/0", "::/0")
_FOR_ADMINISTRATORS = {"22", "3389"}
_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"


class EstateTruth:
    """What one tenant's Config items say."""

    def __init__(self, items: list[Item]) -> None:
        self.items = [i for i in items if "Deleted" not in i["configurationItemStatus"]]

    def of_type(self, kind: str) -> list[Item]:
        """The items of one type: `AWS::S3::Bucket`."""
        return [item for item in self.items if item["resourceType"] == kind]

    def item(self, called: str) -> Item:
        """The one item that is called so, by its name, its short id or its ARN."""
        (found,) = [i for i in self.items if called in (name_of(i), i["resourceId"], i["ARN"])]
        return found

    @cached_property
    def _names(self) -> dict[str, str]:
        by_arn = {item["ARN"]: name_of(item) for item in self.items}
        return by_arn | {item["resourceId"]: name_of(item) for item in self.items}

    def name(self, uid: str) -> str:
        """What people call the resource with this ARN or short id."""
        return self._names.get(uid, uid.rsplit("/", 1)[-1].rsplit(":", 1)[-1])

    def tag(self, called: str, key: str) -> str:
        """A resource's tag."""
        return str(self.item(called)["tags"][key])

    def accounts(self) -> set[str]:
        """The accounts that the items are of."""
        return {item["awsAccountId"] for item in self.items}

    def open_groups(self) -> set[str]:
        """Names of security groups that admit everybody to something."""
        return {
            name_of(item)
            for item in self.of_type("AWS::EC2::SecurityGroup")
            if any(f'"{cidr}"' in json.dumps(_inbound(item)) for cidr in ANYWHERE)
        }

    def open_ports(self, group: str) -> set[str]:
        """The ports at which a security group admits everybody."""
        permissions = self.item(group)["configuration"]["ipPermissions"]
        return {str(p["fromPort"]) for p in permissions if set(p["ipRanges"]) & set(ANYWHERE)}

    def public_storage(self) -> set[str]:
        """Names of buckets and snapshots that everybody can read."""
        return {
            name_of(item)
            for item in self.items
            if (item["resourceType"] == "AWS::S3::Bucket" and '"Principal": "*"' in _more(item))
            or (item["resourceType"] == "AWS::RDS::DBSnapshot" and '"all"' in _more(item))
        }

    def public_functions(self) -> set[str]:
        """Names of functions that everybody can call."""
        functions = self.of_type("AWS::Lambda::Function")
        return {name_of(item) for item in functions if '"Principal": "*"' in _more(item)}

    def public_hosts(self) -> set[str]:
        """Names of instances with a public address behind a group that admits everybody."""
        return {
            name_of(item)
            for item in self.of_type("AWS::EC2::Instance")
            if item["configuration"]["publicIpAddress"] and self._is_open(item)
        }

    def public_balancers(self, *, bare: bool = False) -> set[str]:
        """Names of internet-facing balancers; `bare`: those with no web ACL in front."""
        return {
            name_of(item)
            for item in self.of_type(_BALANCER)
            if self._is_open(item) and not (bare and "WebACL" in json.dumps(item["relationships"]))
        }

    def public(self) -> set[str]:
        """Names of everything that the internet reaches."""
        hosts = self.public_hosts() | self.public_balancers()
        return hosts | self.public_storage() | self.public_functions()

    def floodable(self) -> set[str]:
        """Names of what serves the internet with no web ACL in front."""
        hosts = {
            name
            for name in self.public_hosts()
            for groups in [{self.name(g) for g in _groups(self.item(name))} & self.open_groups()]
            if any(self.open_ports(group) - _FOR_ADMINISTRATORS for group in groups)
        }
        return hosts | self.public_balancers(bare=True) | self.public_functions()

    def _is_open(self, item: Item) -> bool:
        return any(self.name(group) in self.open_groups() for group in _groups(item))

    def around(self, called: str) -> set[str]:
        """Names of what an instance's own item says it is in, guarded by and runs as."""
        item = self.item(called)
        near = {self.name(row["resourceId"]) for row in item["relationships"]}
        profile = item["configuration"].get("iamInstanceProfile")
        return near | ({profile["arn"].rsplit("/", 1)[-1]} if profile else set())

    def buckets_of_role(self, role: str) -> set[str]:
        """Names of the buckets that the policies of a role name, or all of them for `*`."""
        (item,) = [i for i in self.of_type("AWS::IAM::Role") if name_of(i) == role]
        text = "".join(self._policies(item))
        buckets = {name_of(bucket) for bucket in self.of_type("AWS::S3::Bucket")}
        if '"Resource": ["*"]' in text and '"s3:' in text:
            return buckets
        return {name for name in buckets if f'"arn:aws:s3:::{name}' in text}

    def _policies(self, role: Item) -> Iterator[str]:
        for row in role["configuration"]["rolePolicyList"]:
            yield unquote(row["policyDocument"])
        for row in role["configuration"]["attachedManagedPolicies"]:
            for policy in self.of_type("AWS::IAM::Policy"):
                if policy["ARN"] == row["policyArn"]:
                    yield unquote(policy["configuration"]["policyVersionList"][0]["document"])

    def administrators(self) -> set[str]:
        """Names of users with the administrator's policy."""
        return {
            name_of(item)
            for item in self.of_type("AWS::IAM::User")
            if "AdministratorAccess" in json.dumps(item["configuration"])
        }

    def trusted_accounts(self, role: str) -> set[str]:
        """Accounts outside the tenant's own that a role's trust document lets in."""
        text = unquote(self.item(role)["configuration"]["assumeRolePolicyDocument"])
        named = {word for word in text.replace(":", " ").split() if word.isdecimal()}
        return {account for account in named if len(account) == 12} - self.accounts()

    def dying_keys(self) -> set[str]:
        """Names of keys that are about to be deleted."""
        keys = self.of_type("AWS::KMS::Key")
        return {name_of(k) for k in keys if k["configuration"]["keyState"] == "PendingDeletion"}

    @cached_property
    def ids(self) -> frozenset[str]:
        """Every name, id and ARN of the tenant's resources, and its accounts."""
        ids = {word for i in self.items for word in (name_of(i), i["resourceId"], i["ARN"])}
        return frozenset(ids | self.accounts())

    @cached_property
    def mentioned(self) -> frozenset[str]:
        """Every word that its items hold: other tenants' accounts too, where a role trusts them."""
        text = unquote(json.dumps(self.items))
        return (
            self.ids
            | frozenset(re.findall(r"[\w][\w./:@-]*[\w]|\b\d{12}\b", text))
            | frozenset(re.findall(r"\b\d{12}\b", text))
        )


def name_of(item: Item) -> str:
    """What people call a resource: its Name tag, else its own name, else its short id."""
    return str(item["tags"].get("Name") or item["resourceName"] or item["resourceId"])


def _inbound(item: Item) -> object:
    return item["configuration"]["ipPermissions"]


def _groups(item: Item) -> list[str]:
    given = item["configuration"].get("securityGroups") or []
    return [row if isinstance(row, str) else row["groupId"] for row in given]


def _more(item: Item) -> str:
    """The supplementary configuration as text; documents in it are JSON in JSON."""
    text = unquote(json.dumps(item["supplementaryConfiguration"]))
    return text.replace("\\", "")
