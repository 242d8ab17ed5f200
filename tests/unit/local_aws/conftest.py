"""Emulated accounts: the story's, read only; the same, to be changed; and bare ones."""

from collections.abc import Callable, Iterator

import pytest

from tests.emulated_aws import Emulated, emulated
from tests.unit.local_aws.runs import SHOP, Runs

ACTIONS = (
    "ec2:DescribeSecurityGroups",
    "ec2:RevokeSecurityGroupIngress",
    "ec2:AuthorizeSecurityGroupIngress",
    "s3:GetBucketPublicAccessBlock",
    "s3:PutBucketPublicAccessBlock",
)


@pytest.fixture(scope="session")
def story_aws() -> Iterator[Emulated]:
    """The demo's accounts, as the story tells them. To be read only: nobody changes them."""
    with emulated(actions=ACTIONS) as aws:
        yield aws


@pytest.fixture(scope="session")
def played_aws() -> Iterator[Emulated]:
    """The demo's accounts once more, to be changed: what was put back is not as if untouched."""
    with emulated(actions=ACTIONS) as aws:
        yield aws


@pytest.fixture(scope="session")
def bare_aws() -> Iterator[Emulated]:
    """Accounts with the two roles and nothing else: every test makes what it needs."""
    with emulated(empty=True, actions=ACTIONS) as aws:
        yield aws


@pytest.fixture(scope="session")
def runs(bare_aws: Emulated) -> Callable[[str], Runs]:
    kept: dict[str, Runs] = {}

    def of(account: str) -> Runs:
        if account not in kept:
            kept[account] = Runs(bare_aws, account)
        return kept[account]

    return of


@pytest.fixture
def shop(runs: Callable[[str], Runs]) -> Runs:
    return runs(SHOP)
