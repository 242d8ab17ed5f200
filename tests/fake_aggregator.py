"""A Config aggregator that answers as AWS documents it, and throttles a share of the calls."""

import json
import random
import re
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

_IN = re.compile(r"(NOT )?\b(accountId|resourceId|arn|resourceType) (NOT )?IN \(([^)]*)\)")


def row(
    number: int,
    *,
    account: str = "111122223333",
    groups: Sequence[str] = (),
    subnet: str = "subnet-1",
    captured: str = "2026-11-20T08:00:00.000Z",
    **configuration: Any,
) -> dict[str, Any]:
    """The nth instance, as an advanced query tells it."""
    short_id = f"i-{number:017x}"
    relations = [("AWS::EC2::Subnet", subnet), *(("AWS::EC2::SecurityGroup", g) for g in groups)]
    tags = {"Name": f"host-{number}", "team": f"team-{number % 40}"}
    return {
        "accountId": account,
        "awsRegion": "us-east-1",
        "arn": f"arn:aws:ec2:us-east-1:{account}:instance/{short_id}",
        "resourceId": short_id,
        "resourceType": "AWS::EC2::Instance",
        "configurationItemCaptureTime": captured,
        "configurationItemStatus": "OK",
        "configuration": {
            "instanceId": short_id,
            "instanceType": "t3.micro",
            "imageId": "ami-0001",
            "subnetId": subnet,
            "vpcId": "vpc-1",
            "privateIpAddress": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
            "state": {"code": 16, "name": "running"},
            "metadataOptions": {"httpTokens": "required"},
            "securityGroups": [{"groupId": group} for group in groups],
            **configuration,
        },
        "supplementaryConfiguration": {},
        "relationships": [{"resourceType": kind, "resourceId": i} for kind, i in relations],
        "tags": [{"key": k, "value": v, "tag": f"{k}={v}"} for k, v in tags.items()],
    }


def refusal(code: str) -> ClientError:
    """What the client raises."""
    return ClientError(
        {"Error": {"Code": code, "Message": "refused"}}, "SelectAggregateResourceConfig"
    )


class FakeAggregator:
    """A Config client of the account that has the aggregator."""

    def __init__(self, rows: Sequence[dict[str, Any]], throttled: float = 0.0) -> None:
        self.rows = {found["arn"]: found for found in rows}
        self.answered = 0
        self.refused = 0
        self.expressions: list[str] = []
        self.failures: list[Exception] = []
        """Raised one after the other, before anything is answered."""
        self.skipped: set[str] = set()
        """ARNs that a listing leaves out by mischance."""
        self.known_tokens = True
        """Whether tokens given before are still known."""
        self._throttled = throttled
        self._chance = random.Random(11)
        self._texts: dict[str, tuple[int, str]] = {}
        self._listed: tuple[str, list[dict[str, Any]]] = ("", [])

    def text(self, found: dict[str, Any]) -> str:
        """One result."""
        known = self._texts.get(found["arn"])
        if known is None or known[0] != id(found):
            known = self._texts[found["arn"]] = (id(found), json.dumps(found))
        return known[1]

    def select_aggregate_resource_config(
        self,
        *,
        Expression: str,  # noqa: N803 - the service's names
        ConfigurationAggregatorName: str,  # noqa: N803
        Limit: int = 25,  # noqa: N803
        NextToken: str = "",  # noqa: N803
    ) -> dict[str, Any]:
        """Some results and the next token."""
        assert ConfigurationAggregatorName == "SecurityAssist"
        assert 0 < Limit <= 100
        if self.failures:
            raise self.failures.pop(0)
        if self._chance.random() < self._throttled:
            self.refused += 1
            raise refusal("ThrottlingException")
        if NextToken and not self.known_tokens:
            raise refusal("InvalidNextTokenException")
        self.answered += 1
        self.expressions.append(Expression)
        begin = int(NextToken.partition("/")[2] or 0)
        if not begin or self._listed[0] != Expression:
            self._listed = (Expression, self._such(Expression))
        found = self._listed[1]
        end = begin + Limit
        answer: dict[str, Any] = {"Results": [self.text(one) for one in found[begin:end]]}
        if end < len(found):
            answer["NextToken"] = f"from/{end}"
        return answer

    def _such(self, expression: str) -> list[dict[str, Any]]:
        asked = [
            (name, bool(before or after), {w.strip(" '") for w in words.split(",")})
            for before, name, after, words in _IN.findall(expression)
        ]
        either = [one for one in asked if one[0] in {"resourceId", "arn"}]
        every = [one for one in asked if one[0] not in {"resourceId", "arn"}]
        return [
            found
            for found in self.rows.values()
            if (either or found["arn"] not in self.skipped)
            and all((found[name] in words) != negated for name, negated, words in every)
            and (not either or any(found[name] in words for name, _, words in either))
        ]
