"""The aggregator of all accounts: every resource once, within its pace, whatever it refuses."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from integrations.errors import DeniedByAwsError, NotFoundError, UnavailableError
from integrations.resources.aggregator import (
    ACCOUNTS_AT_ONCE,
    APART_S,
    BACK_OFF_S,
    ConfigAggregator,
)
from integrations.resources.config_items import change_of, read_item
from integrations.resources.listing import ResourceListing, StaleListingError
from integrations.resources.port import LinkKind
from tests.fake_aggregator import FakeAggregator, refusal, row
from tests.graph_builders import ec2

ACCOUNT = "111122223333"


@dataclass
class Time:
    """A clock that goes on only while somebody waits."""

    now: float = 0.0
    waits: list[float] = field(default_factory=list)

    def pause(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def _listing(fake: Any, time: Time, *accounts: str) -> ConfigAggregator:
    return ConfigAggregator(
        lambda: fake,
        "SecurityAssist",
        accounts or (ACCOUNT,),
        clock=lambda: time.now,
        pause=time.pause,
    )


def _all(listing: ResourceListing) -> list[str]:
    found, token = [], ""
    while True:
        page = listing.page(token)
        found += [json.loads(record)["resourceId"] for record in page.records]
        token = page.token
        if not token:
            return found


def _refusing(code: str) -> Any:
    class Refusing:
        def select_aggregate_resource_config(self, **_: Any) -> Any:
            raise refusal(code)

    return Refusing()


def test_every_resource_is_listed_once_in_full_pages_below_the_pace() -> None:
    fake, time = FakeAggregator([row(n) for n in range(950)]), Time()
    assert sorted(_all(_listing(fake, time))) == sorted(f"i-{n:017x}" for n in range(950))
    assert fake.answered == 10
    assert time.now == pytest.approx(9 * APART_S)


def test_one_call_in_five_is_throttled_and_nothing_is_missing_or_asked_for_twice() -> None:
    fake, time = FakeAggregator([row(n) for n in range(5_000)], throttled=0.2), Time()
    listing = _listing(fake, time)
    assert len(set(_all(listing))) == 5_000
    assert fake.answered == 50
    assert 3 <= fake.refused == listing.throttled


def test_a_throttle_that_does_not_end_is_given_up() -> None:
    time = Time()
    with pytest.raises(UnavailableError, match="config:SelectAggregateResourceConfig"):
        _listing(_refusing("ThrottlingException"), time).page()
    assert time.now == pytest.approx(sum(BACK_OFF_S), abs=2 * APART_S)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("AccessDeniedException", DeniedByAwsError),
        ("InvalidNextTokenException", StaleListingError),
        ("NoSuchConfigurationAggregatorException", NotFoundError),
        ("InvalidExpressionException", UnavailableError),
    ],
)
def test_what_trying_again_does_not_help_is_told_at_once(code: str, error: type[Exception]) -> None:
    time = Time()
    with pytest.raises(error):
        _listing(_refusing(code), time).page()
    assert time.waits == []


def test_no_answer_is_tried_again() -> None:
    fake, time = FakeAggregator([row(1)]), Time()
    fake.failures = [EndpointConnectionError(endpoint_url="https://config")]
    assert _all(_listing(fake, time)) == [f"i-{1:017x}"]


def test_only_the_tenants_accounts_are_asked_for_and_many_in_several_expressions() -> None:
    accounts = [f"{700_000_000_000 + n}" for n in range(ACCOUNTS_AT_ONCE + 20)]
    rows = [row(n, account=account) for n, account in enumerate(accounts)]
    fake, time = FakeAggregator([*rows, row(999, account="999999999999")]), Time()
    assert len(_all(_listing(fake, time, *accounts, "root' OR '1"))) == len(accounts)
    assert max(map(len, fake.expressions)) <= 4_096


def test_a_result_is_read_as_the_item_that_a_snapshot_holds() -> None:
    told = row(1, groups=("sg-1",), subnet="subnet-1")
    del told["configuration"]["subnetId"]
    change = change_of([read_item(json.loads(FakeAggregator([told]).text(told)))])
    (instance,) = change.resources
    assert (instance.name, instance.tags["team"]) == ("host-1", "team-1")
    assert {(li.source, li.kind) for _, li in change.links if li.target == instance.id} == {
        (ec2("subnet/subnet-1").replace("eu-west-1", "us-east-1"), LinkKind.CONTAINS),
        (ec2("security-group/sg-1").replace("eu-west-1", "us-east-1"), LinkKind.GUARDS),
    }


def test_what_is_still_there_is_asked_for_by_name_in_few_expressions() -> None:
    fake, time = FakeAggregator([row(n) for n in range(0, 200, 2)]), Time()
    listing = _listing(fake, time)
    asked = [change_of([read_item(row(n))]).resources[0] for n in range(200)]
    found = listing.still(asked)
    assert found == {one.id for one in asked[::2]}
    assert fake.answered <= 8
    assert max(map(len, fake.expressions)) <= 4_096
