"""Ages, counts and names as people say them."""

from datetime import timedelta

import pytest

from bot import phrases
from integrations.findings.port import FindingState, Severity
from tests.unit.cards.story import NOW, a_finding, a_resource


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(seconds=-5), "under a minute"),
        (timedelta(seconds=59), "under a minute"),
        (timedelta(minutes=3), "3 min"),
        (timedelta(minutes=89), "89 min"),
        (timedelta(minutes=90), "1 h"),
        (timedelta(hours=47), "47 h"),
        (timedelta(hours=48), "2 days"),
        (timedelta(days=412), "412 days"),
    ],
)
def test_ages_are_told_in_the_largest_unit_that_says_enough(passed: timedelta, said: str) -> None:
    assert phrases.age(NOW - passed, NOW) == said


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("AwsEc2Instance", "instance"),
        ("AwsRdsDbSnapshot", "RDS DB snapshot"),
        ("AwsElbv2LoadBalancer", "load balancer"),
        ("AwsEcsService", "ECS service"),
        ("AwsSqsQueue", "SQS queue"),
        ("", "resource"),
        ("Other", "other"),
    ],
)
def test_resource_types_are_told_in_words(kind: str, said: str) -> None:
    assert phrases.kind(kind) == said


@pytest.mark.parametrize(
    ("uid", "name"),
    [
        ("arn:aws:s3:::acme-logs", "acme-logs"),
        ("arn:aws:ec2:us-east-1:1:instance/i-0abc", "i-0abc"),
        ("AwsAccount/111122223333", "111122223333"),
        ("x/", "x"),
        ("", ""),
    ],
)
def test_what_has_no_name_is_called_by_its_arns_end(uid: str, name: str) -> None:
    assert phrases.short_name(uid) == name


def test_a_resource_is_named_with_its_id_beside_it() -> None:
    assert phrases.resource_name(a_resource()) == "web-7 (i-0abc)"
    assert phrases.resource_name(a_resource("logs")) == "logs"


def test_a_finding_says_how_long_it_has_been_open_or_when_it_ended() -> None:
    assert phrases.finding_since(a_finding(), NOW) == "open for 41 days"
    back = a_finding(reopened_at=NOW - timedelta(hours=7))
    said = "open again for 7 h, first seen 41 days ago"
    assert phrases.finding_since(back, NOW) == said
    gone = a_finding(state=FindingState.RESOLVED, resolved_at=NOW - timedelta(hours=3))
    assert phrases.finding_since(gone, NOW) == "resolved 3 h ago"
    assert phrases.finding_since(a_finding(state=FindingState.MUTED), NOW) == "muted"


def test_only_the_urgent_are_counted_out() -> None:
    counts = {Severity.CRITICAL: 1, Severity.LOW: 1000}
    assert phrases.whole(1001, counts, "acme") == "From 1,001 open findings (1 critical) in acme"
    assert phrases.whole(1, {}, "acme") == "From 1 open finding in acme"


def test_a_first_sentence_ends_where_a_sentence_does() -> None:
    assert phrases.first_sentence("Cuts EC2.13's sessions. And more.") == "Cuts EC2.13's sessions."
    assert phrases.first_sentence("no end") == "no end"
