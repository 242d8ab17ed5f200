"""The links that Config leaves out: each is there for its reasons, and gone with any of them."""

from collections.abc import Mapping
from typing import Any

import pytest

from integrations.resources.derive import MOST_ACCESS, derived_links
from integrations.resources.port import INTERNET, LinkKind
from tests.graph_builders import (
    arn,
    config_item,
    derived,
    ec2,
    iam,
    policy,
    resource,
    statement,
    told,
)

HOST, SUBNET, TABLE = ec2("instance/i-1"), ec2("subnet/subnet-1"), ec2("route-table/rtb-1")
GROUP = ec2("security-group/sg-1")
REACHES = LinkKind.REACHES
Item = Mapping[str, Any]
DEFAULT_ROUTE = {"destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}


def _host(**changes: Any) -> Item:
    configuration = {
        "publicIpAddress": "203.0.113.7",
        "state": {"name": "running"},
        "subnetId": "subnet-1",
        "vpcId": "vpc-1",
        "securityGroups": [{"groupId": "sg-1"}],
    }
    return config_item("AWS::EC2::Instance", "i-1", configuration | changes)


def _group(short_id: str = "sg-1", *ports: int, to: str = "0.0.0.0/0") -> Item:
    rules = [
        {"ipProtocol": "tcp", "fromPort": port, "toPort": port, "ipRanges": [to]} for port in ports
    ]
    return config_item("AWS::EC2::SecurityGroup", short_id, {"ipPermissions": rules})


def _subnet() -> Item:
    return config_item("AWS::EC2::Subnet", "subnet-1", {"vpcId": "vpc-1"})


def _table(
    *, subnet: str | None = "subnet-1", routed: bool = True, short_id: str = "rtb-1"
) -> Item:
    association = {"subnetId": subnet} if subnet else {"main": True}
    configuration = {
        "vpcId": "vpc-1",
        "associations": [association],
        "routes": [DEFAULT_ROUTE] if routed else [],
    }
    return config_item("AWS::EC2::RouteTable", short_id, configuration)


def _reached(*items: Item) -> dict[str, Mapping[str, Any]]:
    """What the internet reaches, and how."""
    found = derived(*items)
    return {target: how for (_, kind, target), how in found.items() if kind is REACHES}


# -- instances


def test_the_internet_reaches_a_public_address_behind_an_open_group_in_a_routed_subnet() -> None:
    reached = _reached(_host(), _group("sg-1", 22), _subnet(), _table())
    assert reached == {HOST: {"ports": "22/tcp", "via": GROUP}}
    (ends,) = [key for key in derived(_host(), _group("sg-1", 22)) if key[1] is REACHES]
    assert ends == (INTERNET, REACHES, HOST)


@pytest.mark.parametrize(
    "items",
    [
        [_host(publicIpAddress=None), _group("sg-1", 22), _subnet(), _table()],
        [_host(state={"name": "stopped"}), _group("sg-1", 22), _subnet(), _table()],
        [_host(state={"name": "terminated"}), _group("sg-1", 22), _subnet(), _table()],
        [_host(), _group("sg-1"), _subnet(), _table()],
        [_host(), _group("sg-1", 22, to="10.0.0.0/8"), _subnet(), _table()],
        [_host(), _group("sg-2", 22), _subnet(), _table()],
        [_host(), _group("sg-1", 22), _subnet(), _table(routed=False)],
        [_host(), _group("sg-1", 22), _subnet(), _table(subnet=None, routed=False)],
    ],
    ids=["no public address", "stopped", "terminated", "closed group", "open to ourselves only",
         "another group", "no route", "main table without a route"],
)  # fmt: skip
def test_without_any_one_of_them_it_does_not(items: list[Item]) -> None:
    assert _reached(*items) == {}


@pytest.mark.parametrize(
    "items",
    [
        [_host(), _group("sg-1", 22)],
        [_host(), _group("sg-1", 22), _subnet()],
        [_host(subnetId=None), _group("sg-1", 22)],
    ],
    ids=["subnet only mentioned", "route table unknown", "no subnet"],
)
def test_what_is_not_known_hides_no_path(items: list[Item]) -> None:
    assert set(_reached(*items)) == {HOST}


def test_the_doors_of_all_groups_are_added_up() -> None:
    host = _host(securityGroups=[{"groupId": "sg-2"}, {"groupId": "sg-1"}])
    reached = _reached(host, _group("sg-1", 22, 80), _group("sg-2", 443, 80))
    both = f"{GROUP},{ec2('security-group/sg-2')}"
    assert reached == {HOST: {"ports": "22/tcp,80/tcp,443/tcp", "via": both}}


# -- routes


def test_a_subnet_that_no_table_names_uses_its_vpcs_main_table() -> None:
    main = _table(subnet=None)
    assert (SUBNET, LinkKind.ROUTES_TO, TABLE) in derived(_subnet(), main)
    assert set(_reached(_host(), _group("sg-1", 22), _subnet(), main)) == {HOST}


def test_a_table_of_its_own_goes_before_the_main_one() -> None:
    own = _table(short_id="rtb-2", routed=False)
    items = [_host(), _group("sg-1", 22), _subnet(), _table(subnet=None), own]
    assert not any(kind is LinkKind.ROUTES_TO for _, kind, _ in derived(*items))
    assert _reached(*items) == {}


def test_another_vpcs_main_table_is_not_used() -> None:
    other = config_item("AWS::EC2::Subnet", "subnet-1", {"vpcId": "vpc-2"})
    assert derived(other, _table(subnet=None)) == {}


# -- balancers


BALANCER = arn("elasticloadbalancing", "loadbalancer/app/web/1")


def _balancer(scheme: str = "internet-facing", groups: tuple[str, ...] = ("sg-1",)) -> Item:
    return config_item(
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        BALANCER,
        {"scheme": scheme, "securityGroups": list(groups)},
        ARN=BALANCER,
    )


def _acl() -> Item:
    web_acl = arn("wafv2", "regional/webacl/front/1")
    row = {"resourceType": "AWS::ElasticLoadBalancingV2::LoadBalancer", "resourceId": BALANCER,
           "name": "Is associated with "}  # fmt: skip
    return config_item("AWS::WAFv2::WebACL", web_acl, ARN=web_acl, relationships=[row])


def test_an_internet_facing_balancer_is_reached_through_its_groups() -> None:
    assert _reached(_balancer(), _group("sg-1", 443)) == {
        BALANCER: {"ports": "443/tcp", "via": GROUP}
    }
    assert _reached(_balancer(), _group("sg-1")) == {}
    assert _reached(_balancer("internal"), _group("sg-1", 443)) == {}


def test_a_balancer_without_groups_admits_whoever_comes() -> None:
    assert _reached(_balancer(groups=())) == {BALANCER: {}}


def test_a_web_acl_in_front_is_told_on_the_link() -> None:
    reached = _reached(_balancer(), _group("sg-1", 443), _acl())
    assert reached[BALANCER] == {"ports": "443/tcp", "via": GROUP, "waf": True}
    assert _reached(_balancer(groups=()), _acl()) == {BALANCER: {"waf": True}}


# -- functions, containers, clusters


def test_a_function_is_reached_when_its_policy_admits_everybody() -> None:
    def function(principal: Any) -> Item:
        document = policy(statement("lambda:InvokeFunction", Principal=principal))
        return config_item("AWS::Lambda::Function", "f", supplementary={"Policy": document})

    assert _reached(function("*")) == {arn("lambda", "function:f"): {}}
    assert _reached(function({"Service": "s3.amazonaws.com"})) == {}


def _service(public: str = "ENABLED") -> Item:
    network = {"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": public}
    configuration = {"networkConfiguration": {"awsvpcConfiguration": network}}
    return config_item("AWS::ECS::Service", "web", configuration, ARN=arn("ecs", "service/c/web"))


def test_a_container_service_with_public_addresses_is_reached_like_an_instance() -> None:
    around = (_group("sg-1", 80), _subnet(), _table())
    assert _reached(_service(), *around) == {
        arn("ecs", "service/c/web"): {"ports": "80/tcp", "via": GROUP}
    }
    assert _reached(_service("DISABLED"), *around) == {}
    assert _reached(_service(), _group("sg-1"), _subnet(), _table()) == {}
    assert _reached(_service(), _group("sg-1", 80), _subnet(), _table(routed=False)) == {}


def test_a_clusters_public_api_is_reached() -> None:
    public = {"resourcesVpcConfig": {"endpointPublicAccess": True}}
    cluster = arn("eks", "cluster/c")
    assert _reached(config_item("AWS::EKS::Cluster", "c", public)) == {
        cluster: {"ports": "443/tcp"}
    }
    assert _reached(config_item("AWS::EKS::Cluster", "c")) == {}


# -- data


def _database(public: bool = True) -> Item:  # noqa: FBT001, FBT002 - the one thing it says
    configuration = {
        "publiclyAccessible": public,
        "vpcSecurityGroups": [{"vpcSecurityGroupId": "sg-1"}],
        "dBSubnetGroup": {"subnets": [{"subnetIdentifier": "subnet-1"}]},
    }
    return config_item("AWS::RDS::DBInstance", "db", configuration)


def test_a_database_needs_a_public_address_an_open_group_and_a_route_to_be_reached() -> None:
    db = arn("rds", "db:db")
    around = (_group("sg-1", 5432), _subnet(), _table())
    assert _reached(_database(), *around) == {db: {"ports": "5432/tcp", "via": GROUP}}
    assert _reached(_database(public=False), *around) == {}
    assert _reached(_database(), _group("sg-1"), _subnet(), _table()) == {}
    assert _reached(_database(), _group("sg-1", 5432), _subnet(), _table(routed=False)) == {}


@pytest.mark.parametrize(
    ("config_type", "configuration", "supplementary"),
    [
        ("AWS::S3::Bucket", {},
         {"BucketPolicy": {"policyText": policy(statement("s3:*", Principal="*"))}}),
        ("AWS::EC2::Snapshot", {"createVolumePermissions": [{"group": "all"}]}, {}),
        ("AWS::SQS::Queue", {"Policy": policy(statement("sqs:*", Principal="*"))}, {}),
    ],
)  # fmt: skip
def test_what_its_own_policy_makes_public_is_reached(
    config_type: str, configuration: dict[str, Any], supplementary: dict[str, Any]
) -> None:
    public = config_item(config_type, "x", configuration, supplementary=supplementary)
    assert list(_reached(public).values()) == [{}]
    assert _reached(config_item(config_type, "x")) == {}


# -- roles


def _role(*statements: dict[str, Any], name: str = "web", **more: Any) -> Item:
    configuration = {"rolePolicyList": [{"policyDocument": policy(*statements)}]} | more
    return config_item("AWS::IAM::Role", f"AROA{name}", configuration, ARN=iam(f"role/{name}"))


def test_an_instance_runs_as_the_role_of_its_profile() -> None:
    profile = iam("instance-profile/web")
    role = _role(instanceProfileList=[{"arn": profile}])
    host = _host(iamInstanceProfile={"arn": profile})
    assert (HOST, LinkKind.RUNS_AS, iam("role/web")) in derived(host, role)
    other = _host(iamInstanceProfile={"arn": iam("instance-profile/other")})
    assert not any(kind is LinkKind.RUNS_AS for _, kind, _ in derived(other, role))
    assert not any(kind is LinkKind.RUNS_AS for _, kind, _ in derived(_host(), role))


BUCKET = config_item("AWS::S3::Bucket", "data")


def _access(*items: Item) -> dict[tuple[str, str], Any]:
    found = derived(BUCKET, *items)
    return {
        (source, target): how["access"]
        for (source, kind, target), how in found.items()
        if kind is LinkKind.CAN_ACCESS
    }


@pytest.mark.parametrize(
    ("action", "access"), [("s3:GetObject", "read"), ("s3:PutObject", "write"), ("s3:*", "admin")]
)
def test_an_identity_can_use_the_data_that_its_own_policy_names(action: str, access: str) -> None:
    named = statement(action, "arn:aws:s3:::data/*")
    assert _access(_role(named)) == {(iam("role/web"), "arn:aws:s3:::data"): access}
    assert _access(_role(statement(action, "arn:aws:s3:::other/*"))) == {}
    assert _access(_role(statement("dynamodb:*"))) == {}


def test_attached_policies_and_groups_count_too() -> None:
    attached = iam("policy/data")
    document = policy(statement("s3:GetObject"))
    versions = [{"isDefaultVersion": True, "document": document}]
    policy_item = config_item(
        "AWS::IAM::Policy", "ANPA1", {"policyVersionList": versions}, ARN=attached
    )
    role = _role(attachedManagedPolicies=[{"policyArn": attached}])
    assert _access(role, policy_item) == {(iam("role/web"), "arn:aws:s3:::data"): "read"}
    user = config_item("AWS::IAM::User", "AIDA1", {"groupList": ["readers"]}, ARN=iam("user/ana"))
    group = config_item(
        "AWS::IAM::Group",
        "AGPA1",
        {"attachedManagedPolicies": [{"policyArn": attached}]},
        ARN=iam("group/readers"),
    )
    assert _access(user, group, policy_item) == {(iam("user/ana"), "arn:aws:s3:::data"): "read"}


def test_a_deny_anywhere_takes_access_away() -> None:
    role = _role(statement("s3:*"), statement("s3:*", effect="Deny"))
    assert _access(role) == {}


def test_data_that_nobody_has_described_are_not_guessed_at() -> None:
    trail = config_item("AWS::CloudTrail::Trail", "t", {"s3BucketName": "mentioned"})
    assert set(_access(_role(statement("s3:*")), trail)) == {(iam("role/web"), "arn:aws:s3:::data")}


def test_an_administrator_is_linked_to_a_number_of_stores_the_sensitive_ones_first() -> None:
    buckets = [config_item("AWS::S3::Bucket", f"b-{n:03}") for n in range(MOST_ACCESS + 20)]
    precious = config_item("AWS::S3::Bucket", "z", tags={"data-classification": "customer"})
    items = [_role(statement("*")), *buckets, precious]
    targets = [target for _, target in _access(*items)]
    assert len(targets) == MOST_ACCESS
    assert targets[0] == "arn:aws:s3:::z"
    assert _access(*items[::-1]) == _access(*items)


# -- as a whole


def test_deriving_does_not_depend_on_order() -> None:
    items = [
        _host(iamInstanceProfile={"arn": iam("instance-profile/web")}),
        _group("sg-1", 22),
        _subnet(),
        _table(),
        _role(statement("s3:*"), instanceProfileList=[{"arn": iam("instance-profile/web")}]),
        _balancer(),
        BUCKET,
    ]
    assert derived(*items) == derived(*items[::-1])
    assert len(derived(*items)) == 4


def test_nothing_gives_nothing_and_missing_ends_do_not_matter() -> None:
    assert derived_links([], []) == []
    change = told(_host(), _group("sg-1", 22))
    found = derived_links(change.resources, [li for _, li in change.links])
    assert [li.target for li in found] == [HOST]
    assert derived_links([resource(HOST, public_ip="203.0.113.7")], []) == []
