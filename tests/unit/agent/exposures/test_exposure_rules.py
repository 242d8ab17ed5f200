"""Each rule fires on the smallest estate that it is about, and not when any one leg is missing."""

import pytest

from agent.views import Exposure
from integrations.findings.port import Severity
from tests.builders import ACCOUNT, tenant
from tests.graph_builders import OTHER_ACCOUNT, config_item, ec2, iam
from tests.unit.agent.exposures.estates import (
    BALANCER,
    BEHIND,
    DATA,
    EVERY,
    FUNCTION,
    GROUP,
    HOST,
    KEY,
    R1,
    R2,
    R3,
    R4,
    R5,
    R6,
    R7,
    R8,
    R9,
    R10,
    R12,
    ROLE,
    ROOT,
    USER,
    Estate,
    balancer,
    bucket,
    failed,
    function,
    group,
    host,
    key,
    muted,
    ranked,
    ref,
    role,
    rules,
    table,
    targets,
    threat,
    vulnerable,
)

FEW_GRANTS = role("ec2:DescribeInstances")


def _one(estate: Estate) -> Exposure:
    (exposure,) = ranked(estate)
    return exposure


@pytest.mark.parametrize(
    ("rule", "main"),
    [("R1", HOST), ("R2", HOST), ("R3", HOST), ("R4", HOST), ("R5", DATA), ("R6", USER),
     ("R7", HOST), ("R8", FUNCTION), ("R9", ROOT), ("R10", ROLE), ("R12", KEY)],
)  # fmt: skip
def test_the_rule_fires_on_its_smallest_estate(rule: str, main: str) -> None:
    estate = EVERY[rule]
    exposure = _one(estate)
    assert rule in exposure.rule.split("+")
    assert exposure.resource == main
    assert main in exposure.resources
    assert set(exposure.findings) == set(map(ref, estate.findings))


MISSING = [
    ("R1", "no public address", R1.but(host=host(public=False, role=False))),
    ("R1", "no open port", R1.but(group=group())),
    ("R1", "open to ourselves only", R1.but(group=group(22, to="10.0.0.0/8"))),
    ("R1", "another group is open", R1.but(group=group(22, short_id="sg-2"))),
    ("R1", "no route", R1.but(table=table(routed=False))),
    ("R1", "no vulnerability", R1.without("cve")),
    ("R1", "resolved", R1.resolved("cve")),
    ("R1", "hardly exploitable", R1.but(cve=vulnerable(exploitable=False, epss=0.05))),
    ("R1", "another host's", R1.but(cve=vulnerable(on=ec2("instance/i-2")))),
    ("R2", "no administrator", R2.but(role=FEW_GRANTS)),
    ("R2", "no role", R2.but(host=host(role=False))),
    ("R2", "no port open", R2.but(group=group())),
    ("R2", "nobody attacks it", R2.but(group=group(443)).without("cve")),
    ("R3", "metadata service asks for tokens", R3.without("imds")),
    ("R3", "resolved", R3.resolved("imds")),
    ("R3", "role may nothing", R3.but(role=FEW_GRANTS)),
    ("R3", "no role", R3.but(host=host(role=False))),
    ("R3", "no data", R3.without("data")),
    ("R3", "no port open", R3.but(group=group())),
    ("R4", "only a web server's ports", R4.but(group=group(80, 443))),
    ("R4", "no port open", R4.but(group=group())),
    ("R4", "no role", R4.but(host=host(role=False))),
    ("R4", "role may nothing", R4.but(role=FEW_GRANTS)),
    ("R4", "no data", R4.without("data")),
    ("R5", "private", R5.but(data=bucket())),
    ("R5", "no finding", R5.without("open")),
    ("R5", "accepted", R5.but(open=muted("open", "S3.2", DATA))),
    ("R5", "another control", R5.but(open=failed("open", "S3.9", DATA))),
    ("R6", "no administrator", R6.but(user=config_item("AWS::IAM::User", "AIDA1", ARN=USER))),
    ("R6", "no old key", R6.without("key")),
    ("R6", "resolved", R6.resolved("key")),
    ("R7", "no threat", R7.without("threat")),
    ("R7", "hardly a threat", R7.but(threat=threat(severity=Severity.MEDIUM))),
    ("R7", "over", R7.resolved("threat")),
    ("R8", "asks who calls", R8.but(function=function(public=False))),
    ("R8", "does no harm", R8.but(role=role("s3:GetObject")).without("url")),
    ("R9", "recorded", R9.resolved("trail")),
    ("R9", "hardly grave", R9.but(trail=failed("trail", "CloudTrail.1", ROOT, Severity.MEDIUM))),
    ("R10", "nobody else", R10.but(role=role("s3:*", trusts={"AWS": ACCOUNT}))),
    ("R10", "only reads", R10.but(role=role("s3:GetObject", trusts={"AWS": OTHER_ACCOUNT}))),
    (
        "R10",
        "asks for an external id",
        R10.but(
            role=role(
                "s3:*",
                trusts={"AWS": OTHER_ACCOUNT},
                Condition={"StringEquals": {"sts:ExternalId": "e"}},
            )
        ),
    ),
    ("R12", "key lives", R12.but(key=key("Enabled")).without("dying")),
    ("R12", "encrypts nothing", R12.but(data=bucket())),
    ("R12", "what it encrypted is gone", R12.without("data")),
]


@pytest.mark.parametrize(
    ("rule", "estate"), [(r, e) for r, _, e in MISSING], ids=[f"{r} {why}" for r, why, _ in MISSING]
)
def test_the_rule_does_not_fire_when_a_leg_is_missing(rule: str, estate: Estate) -> None:
    assert rule not in rules(ranked(estate))


@pytest.mark.parametrize("rule", ["R1", "R3", "R4", "R5", "R6", "R7", "R10", "R12"])
def test_an_estate_with_nothing_wrong_has_no_exposure(rule: str) -> None:
    broken = [estate for r, _, estate in MISSING if r == rule]
    assert any(ranked(estate) == [] for estate in broken)


# -- variations


def test_a_vulnerability_without_exploit_counts_from_one_in_ten() -> None:
    for epss, fires in ((0.1, True), (0.099, False)):
        estate = R1.but(cve=vulnerable(exploitable=False, epss=epss))
        assert ("R1" in rules(ranked(estate))) is fires


def test_a_port_range_that_holds_a_risky_port_is_a_door() -> None:
    wide = {"ipProtocol": "tcp", "fromPort": 20, "toPort": 25, "ipRanges": ["0.0.0.0/0"]}
    opened = config_item("AWS::EC2::SecurityGroup", "sg-1", {"ipPermissions": [wide]})
    assert _one(R4.but(group=opened)).cut.text == "Remove port 20-25 from sg-1"


def test_an_open_door_is_told_though_nothing_else_is_wrong() -> None:
    door = failed("door", "EC2.13", GROUP)
    exposure = _one(R1.without("cve").but(door=door))
    assert (exposure.rule, exposure.findings) == ("R1", (ref("door"),))
    assert exposure.cut.control == "EC2.13"
    assert exposure.cut.resource == GROUP


def test_a_vulnerable_host_behind_a_balancer_is_reached() -> None:
    exposure = _one(BEHIND)
    assert (exposure.rule, exposure.resource) == ("R1", HOST)
    assert exposure.path is not None
    assert [r.id for r in exposure.path.resources][1:3] == [BALANCER, exposure.path.resources[2].id]
    assert exposure.cut.text == "Patch CVE-2024-6387 on i-1"
    weights = {term.name: term.weight for term in exposure.terms}
    direct = {term.name: term.weight for term in _one(R1).terms}
    assert weights["Reach"] < direct["Reach"]


@pytest.mark.parametrize(
    "estate",
    [
        BEHIND.without("cve"),
        BEHIND.but(balancer=balancer("internal")),
        BEHIND.but(front=group(short_id="sg-front")),
        BEHIND.but(targets=targets("i-2")),
        BEHIND.without("targets"),
    ],
    ids=["nothing wrong", "internal", "closed", "another host", "no targets"],
)
def test_a_host_that_no_balancer_leads_to_is_not(estate: Estate) -> None:
    assert HOST not in {e.resource for e in ranked(estate)}


def test_a_public_function_that_writes_needs_no_finding() -> None:
    exposure = _one(R8.without("url"))
    assert exposure.rule in {"R8+R4", "R8"}


def test_a_function_with_a_vulnerable_package_needs_no_role() -> None:
    cve = vulnerable(on=FUNCTION)
    exposure = _one(R8.without("url", "role", "data").but(cve=cve))
    assert exposure.rule == "R8"


def test_an_attack_on_an_identity_needs_no_old_key() -> None:
    exposure = _one(R6.without("key").but(threat=threat(on=USER)))
    assert (exposure.rule, exposure.headline) == ("R6", "SSH brute force")


def test_data_that_config_has_not_described_are_public_by_their_findings() -> None:
    findings = {
        "high": failed("high", "S3.3", DATA, Severity.HIGH),
        "low": failed("low", "S3.2", DATA, Severity.LOW),
    }
    exposure = _one(Estate({}, findings))
    assert (exposure.rule, exposure.resource_name) == ("R5", "data")
    assert set(exposure.findings) == {ref("high"), ref("low")}
    assert exposure.score == _one(Estate({}, {"high": findings["high"]})).score


def test_of_public_data_one_accepted_control_does_not_hide_another() -> None:
    estate = R5.but(other=muted("other", "S3.8", DATA))
    assert rules(ranked(estate)) == {"R5"}


@pytest.mark.parametrize("sensitive", [True, False])
def test_sensitive_data_weigh_more(sensitive: bool) -> None:  # noqa: FBT001 - the one thing that differs
    for estate in (R4, R5):
        public = estate is R5
        exposure = _one(estate.but(data=bucket(public=public, sensitive=sensitive)))
        assert ("Sensitive data" in {t.name for t in exposure.terms}) is sensitive


def test_a_blind_spot_weighs_more_where_something_grave_is_open() -> None:
    alone = _one(R9)
    both = {e.rule: e for e in ranked(R9.but(**R7.items, **R7.findings))}
    assert both["R9"].score > alone.score
    assert "Blind spot" in {t.name for t in both["R9"].terms}


def test_a_role_that_everybody_can_assume_is_told_whatever_it_may_do() -> None:
    exposure = _one(Estate({"role": role(trusts="*")}))
    assert exposure.rule == "R10"
    assert "everybody" in exposure.headline
    guarded = role(trusts="*", Condition={"StringEquals": {"sts:ExternalId": "e"}})
    assert ranked(Estate({"role": guarded})) == []


def test_an_account_of_the_tenants_own_is_not_foreign() -> None:
    assert ranked(R10, tenant("acme", ACCOUNT, OTHER_ACCOUNT)) == []


def test_a_dying_key_needs_no_finding() -> None:
    assert _one(R12.without("dying")).rule == "R12"


# -- merging


def test_several_rules_about_one_host_make_one_exposure() -> None:
    estate = R4.but(
        cve=vulnerable(), threat=threat(), imds=failed("imds", "EC2.8", HOST), role=role("*")
    )
    exposure = _one(estate)
    assert set(exposure.rule.split("+")) == {"R1", "R2", "R3", "R4", "R7"}
    assert set(exposure.findings) == {ref("cve"), ref("threat"), ref("imds")}


def test_an_attack_on_public_data_belongs_to_the_same_exposure() -> None:
    exposure = _one(R5.but(threat=threat(on=DATA)))
    assert set(exposure.rule.split("+")) == {"R5", "R7"}
    assert "Threat" in {t.name for t in exposure.terms}


def test_two_hosts_make_two_exposures_of_different_refs() -> None:
    both = R1.but(second=host("i-2", role=False), cve2=vulnerable("cve2", ec2("instance/i-2")))
    first, second = ranked(both)
    assert first.ref != second.ref
    assert {first.resource, second.resource} == {HOST, ec2("instance/i-2")}


def test_a_ref_stays_while_what_it_is_about_stays() -> None:
    more = R1.but(threat=threat(), door=failed("door", "EC2.13", GROUP))
    assert _one(R1).ref == _one(more).ref


def test_an_exposure_is_as_old_as_its_oldest_finding() -> None:
    for exposure in map(_one, EVERY.values()):
        assert (exposure.since is None) is (not exposure.findings)


def test_everything_at_once_is_every_rule_and_nothing_twice() -> None:
    everything = R4.but(
        **R1.findings,
        imds=failed("imds", "EC2.8", HOST),
        threat=threat(),
        **{f"r6_{k}": item for k, item in R6.items.items()},
        **{f"r6_{k}": event for k, event in R6.findings.items()},
        r5=bucket("open", public=True),
        r5_finding=failed("r5", "S3.2", "arn:aws:s3:::open"),
        r9=R9.findings["trail"],
        r10=role("s3:*", name="partner", trusts={"AWS": OTHER_ACCOUNT}),
        r12=key(),
        r12_data=bucket("kept", key="k-1"),
        function=function(),
        admin=role("*", name="admin"),
    )
    found = ranked(everything)
    assert rules(found) >= {"R1", "R3", "R4", "R5", "R6", "R7", "R8", "R9", "R10", "R12"}
    assert len({e.ref for e in found}) == len(found)
    assert len({(e.resource, e.rule) for e in found}) == len(found)
    assert iam("role/partner") in {e.resource for e in found}
