"""What a control says about a resource."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from infra.local.aws.holdings import Holdings


class Verdict(NamedTuple):
    """Whether one resource passes."""

    resource: str
    """As Security Hub names it: an ARN, or `AWS::::Account:ID` for the account itself."""
    kind: str
    """As Security Hub names the type: `AwsEc2SecurityGroup`."""
    passed: bool


class Looked(NamedTuple):
    """What a check looks at."""

    holdings: Holdings
    now: datetime
    """Aware UTC: by which ages are told."""

    def arn(self, service: str, rest: str) -> str:
        """An ARN of a regional service of this account."""
        return f"arn:aws:{service}:{self.holdings.region}:{self.holdings.account}:{rest}"

    def account(self, *, passed: bool) -> Verdict:
        """About the account itself."""
        return Verdict(f"AWS::::Account:{self.holdings.account}", "AwsAccount", passed)


Check = Callable[[Looked], Iterator[Verdict]]


@dataclass(frozen=True, slots=True)
class Control:
    """One control, and the Config rule that Security Hub evaluates it with."""

    id: str
    rule: str
    """The managed rule's identifier: `restricted-ssh`."""
    check: Check
