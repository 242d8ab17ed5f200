"""The resource graph: what exists in a tenant's accounts and what is connected to what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path as FilePath
from typing import Protocol

INTERNET = "internet"
"""Id of the one vertex that stands for everybody outside."""

INTERNET_TYPE = "Internet"

Scalar = str | int | float | bool


class LinkKind(StrEnum):
    """What an edge means, read from its source to its target; `travel` says who can follow it.

    The directions are ours; the relations are AWS Config's and those that it leaves out.
    """

    CONTAINS = "contains"
    """VPC contains subnet, subnet contains instance, cluster contains service."""
    USES = "uses"
    """Any relation that no attacker travels: instance uses volume, function uses layer."""
    ROUTES_TO = "routes_to"
    """Subnet routes to a route table, route table to an internet gateway."""
    GUARDS = "guards"
    """Security group guards a network interface, an instance, a database, a balancer."""
    ADMITS = "admits"
    """The internet (or a group) is admitted by a security group; `ports` tells where."""
    REACHES = "reaches"
    """Reachability as derived: the internet reaches an instance; `ports`, `via` (the groups that
    admit it, separated by commas), `waf` (a web ACL stands in front)."""
    FORWARDS_TO = "forwards_to"
    """Load balancer to target, API to function, distribution to origin."""
    RUNS_AS = "runs_as"
    """Compute runs as an IAM role (through its instance profile)."""
    HAS_POLICY = "has_policy"
    """Role, user or group has a policy."""
    MEMBER_OF = "member_of"
    """User is a member of a group."""
    CAN_ASSUME = "can_assume"
    """A principal (role, user, account, service, everybody) can assume a role."""
    CAN_ACCESS = "can_access"
    """Role or user can use a resource; `access` is read, write or admin."""
    ENCRYPTED_BY = "encrypted_by"
    """Data at rest is encrypted by a KMS key."""
    LOGS_TO = "logs_to"
    """Trail, balancer or bucket writes its logs there."""

    @property
    def travel(self) -> bool:
        """Whether somebody who holds the source gets at the target."""
        return self in _TRAVEL


_TRAVEL = frozenset(
    {
        LinkKind.REACHES,
        LinkKind.FORWARDS_TO,
        LinkKind.RUNS_AS,
        LinkKind.MEMBER_OF,
        LinkKind.CAN_ASSUME,
        LinkKind.CAN_ACCESS,
    }
)


class Direction(StrEnum):
    """Which way to walk from a resource."""

    OUT = "out"
    """Along the edges: what could it get at?"""
    IN = "in"
    """Against them: who could get at it?"""
    BOTH = "both"

    @property
    def back(self) -> "Direction":
        """The way that leads back."""
        return _BACK.get(self, self)


_BACK = {Direction.OUT: Direction.IN, Direction.IN: Direction.OUT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One vertex."""

    id: str
    """The ARN where AWS gives one, else `type/account/region/resourceId`; unique in the tenant."""
    type: str
    """As Security Hub names it: `AwsEc2Instance`, `AwsS3Bucket`, `AwsIamRole`, ..."""
    name: str
    """What people call it: the Name tag, else the resource's own name, else the short id."""
    short_id: str
    """AWS's short id: `i-0abc`, `sg-0a1`, the bucket's name."""
    account: str = ""
    region: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, Scalar] = field(default_factory=dict)
    """Flat facts that questions need, named in `config_items.PROPERTIES`."""
    captured_at: datetime | None = None
    """When AWS Config saw it; None for what only others mention (then `known` is False)."""
    known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One edge."""

    source: str
    kind: LinkKind
    target: str
    properties: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphChange:
    """What to write: resources and links as they now are, and what is gone.

    The links given for a resource replace the links that were stored *from its own item* before:
    each link names its `owner`, the resource whose item told of it.
    """

    resources: Sequence[Resource] = ()
    links: Sequence[tuple[str, Link]] = ()
    """(owner's resource id, link)."""
    deleted: Sequence[str] = ()
    """Ids of resources that no longer exist; their links go with them."""
    deleted_at: Mapping[str, datetime] = field(default_factory=dict)
    """When they were found to be gone: what was captured later than that stays, and what was
    captured earlier does not come back. One that is not named here is gone whatever is stored."""
    rows: Mapping[str, str] = field(default_factory=dict)
    """By id the digest of the record that told of a resource, as it was written (`listed_rows`)."""


@dataclass(frozen=True, slots=True)
class GraphSummary:
    """What there is."""

    resources: int
    links: int
    by_type: Mapping[str, int]
    captured_at: datetime | None
    """The newest capture time; None for an empty graph."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subgraph:
    """A part of the graph, closed: every link's ends are among the resources."""

    resources: tuple[Resource, ...]
    links: tuple[Link, ...]
    start: tuple[str, ...] = ()
    """Ids that were asked about."""
    left_out: int = 0
    """How many resources the limit left out, exactly; 0 says that this is everything."""


@dataclass(frozen=True, slots=True)
class Path:
    """A way through the graph: one link fewer than resources."""

    resources: tuple[Resource, ...]
    links: tuple[Link, ...]


class ResourceGraph(Protocol):
    """One tenant's resources.

    Promises: ids are unique within the tenant and no question leaves it; a resource's newer item
    replaces its older one and an older item that arrives late changes nothing; after `apply`,
    derived links (reachability, access, trust) agree with the resources; limits are kept and what
    they leave out is said; what was applied is there after a restart.

    Where an engine over the network differs: a change is several requests, so a question that is
    asked meanwhile may be answered from the middle of it, and one whose writer is lost half way
    stays half there until the same change is applied again, which completes it; an
    older item changes nothing even then. Of several writers of a tenant one writes at a time.
    """

    def apply(self, change: GraphChange) -> GraphSummary:
        """Write a change, all or nothing, and derive the links that Config leaves out.

        Raises:
            RejectedRecordError: an id or a name is no text; nothing was written.
        """
        ...

    def get(self, ids: Sequence[str]) -> dict[str, Resource]:
        """Resources by id; ids that are not there are missing from the answer."""
        ...

    def find(self, text: str = "", types: Sequence[str] = (), limit: int = 20) -> list[Resource]:
        """Resources by name, short id, id or part of them (best match first), of given types."""
        ...

    def neighbourhood(self, ids: Sequence[str], hops: int = 1, limit: int = 40) -> Subgraph:
        """Everything connected within so many hops, whatever the edge's direction or kind.

        Nearest first; nothing is connected through the internet unless it is asked about. Ids that
        are not there are left out; none of them there gives an empty subgraph.
        """
        ...

    def blast_radius(
        self, resource_id: str, direction: Direction = Direction.OUT, hops: int = 4, limit: int = 40
    ) -> Subgraph:
        """What somebody who holds a resource could get at (or, IN, who could get at it).

        Along the links that can be travelled, nearest first; empty for a resource that is not
        there.
        """
        ...

    def paths_from_internet(self, targets: Sequence[str] = (), limit: int = 200) -> list[Path]:
        """The shortest travel path from the internet to each target (every resource if empty).

        The shortest paths first, up to ten links long; a target without one has no row.
        """
        ...

    def path_between(self, source: str, target: str, hops: int = 8) -> Path | None:
        """The shortest path of any links between two resources, travel paths preferred.

        A travel path goes along its links, any other may go against them; none leads through the
        internet unless it begins or ends there. None when there is none within `hops` links.

        Raises:
            NotFoundError: one of the two is not there.
        """
        ...

    def summary(self) -> GraphSummary:
        """What there is."""
        ...


@dataclass(frozen=True, slots=True)
class GraphFiles:
    """A tenant's graph as files for the bulk loader of a graph database."""

    files: Sequence[FilePath]
    vertices: int
    edges: int


class ExportableGraph(Protocol):
    """A graph that can be loaded elsewhere, as a whole and without asking it piece by piece."""

    def export(self, folder: FilePath) -> GraphFiles:
        """Write all of it to files in a folder.

        Raises:
            RejectedRecordError: something in it cannot be written so; names it.
        """
        ...


class LiveResources(Protocol):
    """What AWS Config knows of a tenant's resources now.

    Promises: only the tenant's own accounts are asked; answers are items in Config's own form.
    """

    def items(self, account: str, region: str, resources: Sequence[Resource]) -> list[bytes]:
        """The current item of each of these resources that is recorded.

        Raises:
            UnavailableError: Config did not answer.
        """
        ...
