"""The links that AWS Config leaves out and questions need, from what all items together tell.

A pure function of resources and told links, so that it can be tested without a graph:

- a subnet whose route table nobody names uses its VPC's main one (ROUTES_TO);
- an instance runs as the role of its instance profile (RUNS_AS);
- the internet reaches (REACHES, with `ports` and `via`, the groups that admit it) a public address
  behind a group that admits everybody in a subnet that is routed to an internet gateway (an
  instance, a container service with public addresses, a publicly accessible database); an
  internet-facing balancer behind such a group; and whatever its own policy or setting makes public;
- identities can use data (CAN_ACCESS, with `access`) that their policies name.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from integrations.resources.identity_items import grants_in
from integrations.resources.policies import Grant, access_to
from integrations.resources.port import INTERNET, Link, LinkKind, Resource

RULES = 1
"""One more with every change of what is derived: then all of it is derived again."""

DERIVED = "derived"
"""The owner of derived links."""

READ = (
    LinkKind.CONTAINS,
    LinkKind.USES,
    LinkKind.ROUTES_TO,
    LinkKind.GUARDS,
    LinkKind.ADMITS,
    LinkKind.HAS_POLICY,
    LinkKind.MEMBER_OF,
)
"""The kinds of told links that deriving looks at; it needs no others."""

FROM_SUBJECT = (LinkKind.ROUTES_TO, LinkKind.RUNS_AS, LinkKind.CAN_ACCESS)
"""The kinds of derived links whose source is what they are derived about."""
TO_SUBJECT = (LinkKind.REACHES,)
"""The kinds of derived links whose target is that."""

MOST_ACCESS = 200
"""Data stores that one identity is linked to; an administrator has `admin` beside that."""

DATA = {
    "AwsS3Bucket": "s3",
    "AwsDynamoDbTable": "dynamodb",
    "AwsSecretsManagerSecret": "secretsmanager",
    "AwsSqsQueue": "sqs",
    "AwsSnsTopic": "sns",
    "AwsKmsKey": "kms",
    "AwsRdsDbInstance": "rds",
    "AwsRdsDbCluster": "rds",
    "AwsRdsDbSnapshot": "rds",
}
IDENTITIES = frozenset({"AwsIamRole", "AwsIamUser"})
_BY_POLICY = frozenset(
    {
        "AwsS3Bucket",
        "AwsRdsDbSnapshot",
        "AwsRdsDbClusterSnapshot",
        "AwsEc2Snapshot",
        "AwsLambdaFunction",
        "AwsSqsQueue",
        "AwsSnsTopic",
    }
)
_DATABASES = frozenset({"AwsRdsDbInstance", "AwsRdsDbCluster", "AwsRedshiftCluster"})
_BALANCERS = frozenset({"AwsElbv2LoadBalancer", "AwsElbLoadBalancer"})


def derived_links(
    resources: Sequence[Resource], links: Sequence[Link], subjects: Collection[str] | None = None
) -> list[Link]:
    """Every derived link, each once, from told links of the kinds in `READ`.

    With `subjects`, only the links about those resources; then what has to be given is: them, their
    told links, the groups and subnets around them with theirs, the policies and groups of
    identities, every route table, and where there are identities among them every data store.
    """
    graph = _Told(resources, links, subjects)
    found = [
        *_main_routes(graph),
        *_roles_of_instances(graph),
        *_reached(graph),
        *_accessible(graph),
    ]
    return list({(li.source, li.kind, li.target): li for li in found}.values())


class _Told:
    """Told links, indexed the ways that deriving needs."""

    def __init__(
        self,
        resources: Sequence[Resource],
        links: Sequence[Link],
        subjects: Collection[str] | None,
    ) -> None:
        self.resources = {r.id: r for r in resources}
        self.subjects = (
            list(self.resources.values())
            if subjects is None
            else [self.resources[i] for i in sorted(subjects) if i in self.resources]
        )
        self.out: dict[tuple[str, LinkKind], list[Link]] = defaultdict(list)
        self.into: dict[tuple[str, LinkKind], list[Link]] = defaultdict(list)
        for link in links:
            self.out[link.source, link.kind].append(link)
            self.into[link.target, link.kind].append(link)
        self.main_table = {
            r.properties["vpc"]: r.id
            # Of several the same one every time.
            for r in sorted(resources, key=lambda r: r.id, reverse=True)
            if r.type == "AwsEc2RouteTable" and r.properties.get("main") and "vpc" in r.properties
        }

    def of_type(self, types: Iterable[str]) -> Iterator[Resource]:
        wanted = frozenset(types)
        return (r for r in self.resources.values() if r.type in wanted)

    def about(self, types: Iterable[str]) -> Iterator[Resource]:
        """The subjects of some types."""
        wanted = frozenset(types)
        return (r for r in self.subjects if r.type in wanted)

    def is_routed(self, subnet_id: str) -> bool:
        """Whether a subnet's default route leads to an internet gateway, or may for all we know."""
        tables = [li.target for li in self.out[subnet_id, LinkKind.ROUTES_TO]]
        if not tables:
            subnet = self.resources.get(subnet_id)
            main = self.main_table.get(subnet.properties.get("vpc", "")) if subnet else None
            tables = [main] if main else []
        known = [table for t in tables if (table := self.resources.get(t)) and table.known]
        return not known or any(table.properties.get("routed") is True for table in known)

    def in_routed_subnet(self, resource_id: str) -> bool:
        """True too where no subnet is known: what is not known must not hide a path."""
        subnets = [
            li.source
            for li in self.into[resource_id, LinkKind.CONTAINS]
            if self.type_of(li.source) == "AwsEc2Subnet"
        ]
        return not subnets or any(self.is_routed(subnet) for subnet in subnets)

    def type_of(self, resource_id: str) -> str:
        """A resource's type; "" for one that is not there."""
        found = self.resources.get(resource_id)
        return found.type if found is not None else ""

    def doors(self, resource_id: str) -> tuple[str, str]:
        """(ports, groups), each separated by commas, through which a resource admits everybody."""
        ports: dict[str, None] = {}
        via: dict[str, None] = {}
        for guard in sorted(self.into[resource_id, LinkKind.GUARDS], key=lambda li: li.source):
            for admitted in self.into[guard.source, LinkKind.ADMITS]:
                if admitted.source == INTERNET:
                    via[guard.source] = None
                    ports |= dict.fromkeys(str(admitted.properties.get("ports", "")).split(","))
        return ",".join(ports), ",".join(via)


def _main_routes(told: _Told) -> Iterator[Link]:
    for subnet in told.about(["AwsEc2Subnet"]):
        main = told.main_table.get(subnet.properties.get("vpc", ""))
        if main and not told.out[subnet.id, LinkKind.ROUTES_TO]:
            yield Link(source=subnet.id, kind=LinkKind.ROUTES_TO, target=main)


def _roles_of_instances(told: _Told) -> Iterator[Link]:
    for instance in told.about(["AwsEc2Instance"]):
        for used in told.out[instance.id, LinkKind.USES]:
            for role in told.out[used.target, LinkKind.USES]:
                if told.type_of(role.target) == "AwsIamRole":
                    yield Link(source=instance.id, kind=LinkKind.RUNS_AS, target=role.target)


def _reached(told: _Told) -> Iterator[Link]:
    for instance in told.about(["AwsEc2Instance"]):
        stopped = instance.properties.get("state") in {"stopped", "terminated"}
        if instance.properties.get("public_ip") and not stopped:
            yield from _through_groups(told, instance)
    for service in told.about(["AwsEcsService"]):
        if service.properties.get("assign_public_ip") is True:
            yield from _through_groups(told, service)
    for balancer in told.about(_BALANCERS):
        if balancer.properties.get("scheme") == "internet-facing":
            yield from _to_balancer(told, balancer)
    yield from _by_setting(told)


def _by_setting(told: _Told) -> Iterator[Link]:
    """What its own policy or setting opens to everybody."""
    for database in told.about(_DATABASES):
        if database.properties.get("publicly_accessible") is True:
            yield from _through_groups(told, database)
    for resource in told.subjects:
        if resource.type in _BY_POLICY and resource.properties.get("public") is True:
            yield _reach(resource.id)
        elif resource.properties.get("public_endpoint") is True:
            yield _reach(resource.id, ports="443/tcp")
        elif resource.type == "AwsCloudFrontDistribution" and resource.known:
            yield _reach(resource.id, ports="443/tcp", waf=bool(resource.properties.get("waf")))


def _to_balancer(told: _Told, balancer: Resource) -> Iterator[Link]:
    guards = told.into[balancer.id, LinkKind.GUARDS]
    acls = [told.type_of(guard.source) == "AwsWafv2WebAcl" for guard in guards]
    acl = any(acls)
    if not all(acls):
        yield from _through_groups(told, balancer, waf=acl)
    else:
        # A network balancer may have no group at all: then it admits whoever comes.
        yield _reach(balancer.id, waf=acl)


def _through_groups(told: _Told, resource: Resource, *, waf: bool = False) -> Iterator[Link]:
    ports, via = told.doors(resource.id)
    if ports and told.in_routed_subnet(resource.id):
        yield _reach(resource.id, ports=ports, via=via, waf=waf)


def _reach(target: str, *, ports: str = "", via: str = "", waf: bool = False) -> Link:
    properties: dict[str, str | bool] = {}
    if ports:
        properties["ports"] = ports
    if via:
        properties["via"] = via
    if waf:
        properties["waf"] = True
    return Link(source=INTERNET, kind=LinkKind.REACHES, target=target, properties=properties)


def _accessible(told: _Told) -> Iterator[Link]:
    stores = [(r, DATA[r.type]) for r in told.of_type(DATA) if r.known]
    # Where not all can be linked the sensitive ones are, and the same ones every time.
    stores.sort(key=lambda pair: (pair[0].properties.get("sensitive") is not True, pair[0].id))
    for identity in told.about(IDENTITIES):
        grants = _grants_of(told, identity)
        if grants:
            accessible = (
                _access(identity.id, store.id, access)
                for store, service in stores
                if (access := access_to(grants, service, store.id))
            )
            yield from islice(accessible, MOST_ACCESS)


def _access(identity: str, store: str, access: str) -> Link:
    return Link(
        source=identity,
        kind=LinkKind.CAN_ACCESS,
        target=store,
        properties={"access": access},
    )


def _grants_of(told: _Told, identity: Resource) -> list[Grant]:
    """An identity's own grants, its policies' and its groups'."""
    holders = [identity.id, *(li.target for li in told.out[identity.id, LinkKind.MEMBER_OF])]
    grants: list[Grant] = []
    for holder in holders:
        grants += _own(told.resources, holder)
        for policy in told.out[holder, LinkKind.HAS_POLICY]:
            grants += _own(told.resources, policy.target)
    return grants


def _own(resources: Mapping[str, Resource], resource_id: str) -> list[Grant]:
    resource = resources.get(resource_id)
    return grants_in(resource.properties.get("grants")) if resource is not None else []
