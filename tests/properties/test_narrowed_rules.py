"""Closing ports closes these ports, and nothing else: held against one port at a time."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shipped_scripts import closed, functions, handler

CONTROLS = ("EC2.13", "EC2.14", "EC2.18", "EC2.19")
EVERYBODY, EVERYBODY_6, OFFICE = "0.0.0.0/0", "::/0", "10.0.0.0/8"
EDGES = sorted(
    {0, 1, 65534, 65535}
    | {
        port + beside
        for control in CONTROLS
        for rows in closed(control).values()
        for row in rows
        for port in row
        for beside in (-1, 0, 1)
        if 0 <= port + beside <= 65535
    }
)
"""Where something can change: between two of these all ports are alike."""
ports = st.sampled_from(EDGES)
sources = st.sampled_from((EVERYBODY, EVERYBODY_6, OFFICE))
descriptions = st.sampled_from(("", "office", "to be narrowed"))
NUMBERS = {"6": "tcp", "17": "udp"}
Rule = Mapping[str, Any]


def permission(protocol: str, low: int, high: int, source: str, said: str) -> Rule:
    named = "CidrIpv6" if ":" in source else "CidrIp"
    entry = {named: source, "Description": said} if said else {named: source}
    span = {} if protocol == "-1" else {"FromPort": low, "ToPort": high}
    return {
        "IpProtocol": protocol,
        **span,
        "IpRanges": [entry] if named == "CidrIp" else [],
        "Ipv6Ranges": [entry] if named == "CidrIpv6" else [],
        "UserIdGroupPairs": [],
    }


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    protocol = draw(st.sampled_from(("tcp", "udp", "-1", "icmp", "6", "50")))
    low, high = sorted((draw(ports), draw(ports)))
    if protocol in {"icmp", "50"}:
        low = high = -1
    return permission(protocol, low, high, draw(sources), draw(descriptions))


def admitted(found: Iterable[Rule]) -> set[tuple[str, int, str]]:
    """(protocol, port, source) of all that gets in, for the ports where something can change."""
    got: set[tuple[str, int, str]] = set()
    for rule in found:
        protocol = NUMBERS.get(rule["IpProtocol"], str(rule["IpProtocol"]))
        kinds = ("tcp", "udp", "icmp", "icmpv6", "50") if protocol == "-1" else (protocol,)
        cidrs = [entry["CidrIp"] for entry in rule.get("IpRanges", [])]
        cidrs += [entry["CidrIpv6"] for entry in rule.get("Ipv6Ranges", [])]
        low, high = rule.get("FromPort", 0), rule.get("ToPort", 65535)
        for kind in kinds:
            for port in EDGES if kind in {"tcp", "udp"} else (-1,):
                if port == -1 or low <= port <= high:
                    got |= {(kind, port, cidr) for cidr in cidrs}
    return got


def is_closed(control: str, row: tuple[str, int, str]) -> bool:
    protocol, port, source = row
    spans = closed(control).get(protocol, [])
    return source != OFFICE and any(low <= port <= high for low, high in spans)


def applied(found: list[Rule], plan: Mapping[str, Any]) -> list[Rule]:
    """A group's rules after the calls: each entry by itself, as EC2 compares them."""
    gone = [identity(rule) for rule in plan["Revoke"]]
    singles = [rule for rule in found if identity(rule) not in gone]
    return [*singles, *plan["Authorize"]]


def identity(rule: Rule) -> tuple[Any, ...]:
    protocol = NUMBERS.get(rule["IpProtocol"], str(rule["IpProtocol"]))
    cidrs = [entry["CidrIp"] for entry in rule.get("IpRanges", [])]
    cidrs += [entry["CidrIpv6"] for entry in rule.get("Ipv6Ranges", [])]
    return protocol, rule.get("FromPort"), rule.get("ToPort"), *cidrs


def unlike(found: list[Rule]) -> list[Rule]:
    """EC2 has no two rules that say the same."""
    return list({identity(rule): rule for rule in found}.values())


groups = st.lists(rules(), max_size=5).map(unlike)


@pytest.mark.parametrize("control", CONTROLS)
@settings(max_examples=150, deadline=None)
@given(found=groups)
def test_what_is_closed_is_closed_and_all_else_stays_open(control: str, found: list[Rule]) -> None:
    plan = handler(control, "fix", "Split")({"Rules": found, "Closed": closed(control)}, {})
    after = admitted(applied(found, plan))
    before = admitted(found)
    open_still = {row for row in before if not is_closed(control, row)}
    # Of all traffic for everybody only TCP, UDP and ICMP can be said port by port; `care` says so.
    lost = {row for row in open_still - after if row[0] in {"50", "icmp", "icmpv6"}}
    assert after == open_still - lost
    assert all(any(r["IpProtocol"] == "-1" for r in found) for _ in lost)
    assert not any(is_closed(control, row) for row in after)
    assert plan["Open"] == len(plan["Revoke"])
    assert plan["Kept"] == len(plan["Authorize"])


@pytest.mark.parametrize("control", CONTROLS)
@settings(max_examples=100, deadline=None)
@given(found=groups)
def test_the_undo_of_a_fix_gives_the_rules_that_were(control: str, found: list[Rule]) -> None:
    checked = handler(control, "check", "Check")({"Rules": found, "Closed": closed(control)}, {})
    plan = handler(control, "fix", "Split")({"Rules": found, "Closed": closed(control)}, {})
    fixed = applied(found, plan)
    again = handler(control, "check", "Check")({"Rules": fixed, "Closed": closed(control)}, {})
    assert again["Compliant"]
    assert again["State"] == again["Target"] == checked["Target"]
    back = handler(control, "undo", "Recall")({"Rules": fixed, "Saved": checked["Saved"]}, {})
    restored = applied(fixed, back)
    assert described(restored) == described(found)
    none = handler(control, "undo", "Recall")({"Rules": restored, "Saved": checked["Saved"]}, {})
    assert (none["Back"], none["Added"]) == (0, 0)


def described(found: list[Rule]) -> set[tuple[Any, ...]]:
    return {
        (*identity(rule), entry.get("Description", ""))
        for rule in found
        for entry in [*rule.get("IpRanges", []), *rule.get("Ipv6Ranges", [])]
    }


ACL = functions("EC2.21", "check", "Check")
VPC = {
    "CidrBlockAssociationSet": [{"CidrBlock": "10.0.0.0/16"}],
    "Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": "2001:db8::/56"}],
}
ACL_EDGES = sorted({0, 21, 22, 23, 443, 3388, 3389, 3390, 65535})


@st.composite
def entries(draw: st.DrawFn) -> Rule:
    protocol = draw(st.sampled_from(("-1", "6", "17")))
    cidr = draw(st.sampled_from((EVERYBODY, EVERYBODY_6, "10.0.0.0/16", "192.0.2.0/24")))
    low, high = sorted((draw(st.sampled_from(ACL_EDGES)), draw(st.sampled_from(ACL_EDGES))))
    return {
        "RuleNumber": draw(st.sampled_from((10, 40, 80, 100, 101, 200))),
        "Egress": False,
        "Protocol": protocol,
        "RuleAction": draw(st.sampled_from(("allow", "allow", "deny"))),
        ("Ipv6CidrBlock" if ":" in cidr else "CidrBlock"): cidr,
        **({} if protocol == "-1" else {"PortRange": {"From": low, "To": high}}),
    }


def lets_in(found: Iterable[Rule], protocol: str, port: int, who: str) -> bool:
    """What an ACL decides: by the first entry, in the order of the numbers, that fits."""
    for entry in sorted(found, key=lambda one: int(one["RuleNumber"])):
        span = entry.get("PortRange") or {"From": 0, "To": 65535}
        fits = entry["Protocol"] in {"-1", protocol} and span["From"] <= port <= span["To"]
        cidr = entry.get("CidrBlock") or entry["Ipv6CidrBlock"]
        if fits and cidr in {EVERYBODY, who}:
            return bool(entry["RuleAction"] == "allow")
    return False


@settings(max_examples=300, deadline=None)
@given(found=st.lists(entries(), max_size=5, unique_by=lambda one: one["RuleNumber"]))
def test_an_acl_keeps_what_it_decided_but_for_ssh_and_rdp_from_outside(found: list[Rule]) -> None:
    before, inside = ACL["read"](found, VPC)
    after = ACL["planned"](before, inside).values()
    assert not any(ACL["open_to_everybody"](entry) for entry in after)
    for protocol in ("6", "17"):
        for port in ACL_EDGES:
            for who in ("10.0.0.0/16", "192.0.2.0/24", "somebody else"):
                was = lets_in(found, protocol, port, who)
                now = lets_in(after, protocol, port, who)
                outside = who != "10.0.0.0/16" and protocol == "6" and port in {22, 3389}
                assert now == was or (outside and was)
