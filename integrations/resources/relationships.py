"""The relations that AWS Config itself tells of, in the graph's words."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from integrations.resources.arns import resource_id_of
from integrations.resources.port import Link, LinkKind

_GROUP = "AWS::EC2::SecurityGroup"
_ACL = "AWS::WAFv2::WebACL"
_GUARDS = frozenset({_GROUP, _ACL})
_GUARDED = frozenset(
    {
        "AWS::EC2::NetworkInterface",
        "AWS::EC2::Instance",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
    }
)
_BY_TYPES = {
    ("", "AWS::IAM::Role"): (LinkKind.RUNS_AS, True),
    ("AWS::EC2::RouteTable", "AWS::EC2::Subnet"): (LinkKind.ROUTES_TO, False),
    ("AWS::EC2::Subnet", "AWS::EC2::RouteTable"): (LinkKind.ROUTES_TO, True),
}
_VPC, _SUBNET = "AWS::EC2::VPC", "AWS::EC2::Subnet"
_NOT_IN = {
    _VPC: frozenset({"AWS::EC2::InternetGateway", "AWS::EC2::VPNGateway"}),
    _SUBNET: frozenset(
        {_VPC, "AWS::EC2::RouteTable", "AWS::EC2::NetworkAcl",
         "AWS::ElasticLoadBalancingV2::LoadBalancer"}
    ),
}  # fmt: skip
"""What is only attached to a network, not in it."""
_OTHER = (LinkKind.USES, True)
_BY_POLICY = frozenset({"AWS::IAM::Policy", "AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"})


def links_of(
    resource_id: str,
    config_type: str,
    account: str,
    region: str,
    relationships: Sequence[Mapping[str, Any]],
) -> Iterator[Link]:
    """A link for each relation whose other end is certain.

    Relations among identities name internal ids (AROA..., ANPA...) that no ARN can be made of; the
    items' own configurations tell them better, so they are left to those.
    """
    for row in relationships:
        other_type = row.get("resourceType")
        short_id = row.get("resourceId") or row.get("resourceName")
        if not isinstance(other_type, str) or not isinstance(short_id, str) or not short_id:
            continue
        if "${" in short_id or not other_type.startswith("AWS::"):
            continue
        if other_type in _BY_POLICY and (config_type in _BY_POLICY or not row.get("resourceName")):
            continue
        if other_type in _BY_POLICY:
            short_id = str(row["resourceName"])
        other = resource_id_of(other_type, short_id, account, region)
        name = row.get("relationshipName") or row.get("name") or ""
        yield _link(resource_id, config_type, other, other_type, _squeezed(str(name)))


def _link(mine: str, my_type: str, other: str, other_type: str, name: str) -> Link:
    kind, outwards = _meaning(my_type, other_type, name)
    source, target = (mine, other) if outwards else (other, mine)
    return Link(source=source, kind=kind, target=target)


def _meaning(my_type: str, other_type: str, name: str) -> tuple[LinkKind, bool]:
    """The relation's kind, and whether it reads from this resource to the other.

    An aggregator's answer names no relation: then the types say what is in what.
    """
    if not name:
        name = _name_by_types(my_type, other_type)
    if name.startswith("iscontainedin"):
        return LinkKind.CONTAINS, False
    if name.startswith("contains"):
        return LinkKind.CONTAINS, True
    if other_type in _GUARDS and my_type not in _GUARDS:
        return LinkKind.GUARDS, False
    if my_type == _ACL or (my_type == _GROUP and other_type in _GUARDED):
        return LinkKind.GUARDS, True
    return _BY_TYPES.get((my_type, other_type), _BY_TYPES.get(("", other_type), _OTHER))


def _name_by_types(my_type: str, other_type: str) -> str:
    """What Config would call a relation of a network, else nothing."""
    if other_type in _NOT_IN and my_type not in _NOT_IN[other_type] and my_type != other_type:
        return "iscontainedin"
    if my_type in _NOT_IN and other_type not in _NOT_IN[my_type] and my_type != other_type:
        return "contains"
    return ""


def _squeezed(name: str) -> str:
    """`Is contained in Vpc`, `IscontainedinVpc`, `Is associated with ` without case and blanks."""
    return "".join(name.split()).casefold()
