"""AWS Config's aggregator, asked for every resource of a tenant.

Facts: `SelectAggregateResourceConfig` in the Config API reference: 100 results a page at most, 25
without a limit; an expression of at most 4,096 characters; each result one JSON object as text;
`InvalidNextTokenException`, `NoSuchConfigurationAggregatorException`. "Query components" and "Query
limitations" in the developer guide: only what is there now can be asked for, and `*` gives only the
top level's scalars, so configuration, tags and the rest are named. What a result lacks beside an
item of a snapshot, by AWS's published resource schema: a relationship has no name (of the two ends
only types and ids), tags are rows of key and value, `accountId` and `arn` are spelled so. Which
parts of `supplementaryConfiguration` may be left out AWS does not say. How many requests a second
it allows AWS does not say either: `APART_S` is ours.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import orjson
from botocore.exceptions import ClientError
from typing_extensions import override

from integrations.aws_errors import error_code, is_away, is_denied
from integrations.aws_pace import Pace
from integrations.errors import (
    DeniedByAwsError,
    NotFoundError,
    RejectedRecordError,
    UnavailableError,
)
from integrations.resources.config_items import read_item
from integrations.resources.listing import ResourceListing, ResourcePage, StaleListingError
from integrations.resources.port import Resource

PER_PAGE: Final = 100
APART_S: Final = 0.25
"""Between two requests: 4 a second, so 200,000 resources take 500 s of a Lambda's 900, and
860 s where one call in five is throttled."""
BACK_OFF_S: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""After a throttle or no answer, before the next try; then it is given up."""
ACCOUNTS_AT_ONCE: Final = 150
"""Accounts that one expression names: a larger tenant is listed in several."""
_LONGEST: Final = 4_000
"""Characters of an expression; AWS takes 96 more."""
_NAMES: Final = "accountId, awsRegion, arn, resourceId, resourceName, resourceType"
_FIELDS: Final = (
    _NAMES, "configurationItemCaptureTime", "configurationItemStatus", "configuration",
    "supplementaryConfiguration", "relationships", "tags",
)  # fmt: skip
NOT_RESOURCES: Final = (
    "AWS::Config::ResourceCompliance", "AWS::Config::ConformancePackCompliance",
)  # fmt: skip
"""One for each resource, and nothing that is in an account."""
_ACTION: Final = "config:SelectAggregateResourceConfig"
_STALE: Final = "InvalidNextTokenException"
_NONE: Final = "NoSuchConfigurationAggregatorException"
_ACCOUNT: Final = re.compile(r"[0-9]{12}")


class ConfigAggregator(ResourceListing):
    """One tenant's resources as the hub's aggregator has them."""

    def __init__(
        self,
        client: Callable[[], Any],
        name: str,
        accounts: Sequence[str],
        *,
        clock: Callable[[], float],
        pause: Callable[[float], None],
    ) -> None:
        """Call nothing yet.

        Args:
            client: A Config client of the aggregator's account that tries once; asked for before
                each request, so that a long listing outlives its credentials.
            name: The aggregator's.
            accounts: The tenant's: no other account's resources are asked for.
            clock: Seconds, from whenever.
            pause: Waits for so many seconds.
        """
        self._client = client
        self._name = name
        usable = [account for account in accounts if _ACCOUNT.fullmatch(account)]
        self._parts = [
            usable[at : at + ACCOUNTS_AT_ONCE] for at in range(0, len(usable), ACCOUNTS_AT_ONCE)
        ]
        self._pace = Pace(APART_S, BACK_OFF_S, clock=clock, pause=pause)

    @override
    def page(self, token: str = "") -> ResourcePage:
        """See the port; a token of ours is the part's number, a colon and the service's token."""
        number, _, theirs = token.partition(":")
        part = int(number) if number.isdecimal() else 0
        if part >= len(self._parts):
            return ResourcePage([], "")
        answer = self._asked(_expression(self._parts[part]), theirs)
        records = [str(row).encode("utf-8", "surrogatepass") for row in answer.get("Results") or []]
        further = str(answer.get("NextToken") or "")
        if further:
            return ResourcePage(records, f"{part}:{further}")
        return ResourcePage(records, f"{part + 1}:" if part + 1 < len(self._parts) else "")

    @override
    def still(self, resources: Sequence[Resource]) -> set[str]:
        found: set[str] = set()
        for expression in _by_name(resources):
            answer = self._asked(expression, "")
            while True:
                for row in answer.get("Results") or []:
                    found |= _ids_in(row)
                further = str(answer.get("NextToken") or "")
                if not further:
                    break
                answer = self._asked(expression, further)
        return found

    def _asked(self, expression: str, token: str) -> Mapping[str, Any]:
        parameters: dict[str, Any] = {
            "Expression": expression,
            "ConfigurationAggregatorName": self._name,
            "Limit": PER_PAGE,
        }
        if token:
            parameters["NextToken"] = token
        return self._pace.ask(
            lambda: self._client().select_aggregate_resource_config(**parameters),
            _ACTION,
            self._refused,
        )

    @property
    def throttled(self) -> int:
        """Requests so far that were refused or not answered, and made again."""
        return self._pace.repeated

    def _refused(self, error: ClientError) -> None:
        """Raise what trying again would not help against."""
        code = error_code(error.response)
        if code == _NONE:
            raise NotFoundError(
                f"the hub's account has no Config aggregator {self._name!r} here: "
                "SECURITY_ASSIST_AGGREGATOR names it"
            ) from error
        if code == _STALE:
            raise StaleListingError(f"{_ACTION}: {error}") from error
        if is_denied(code):
            raise DeniedByAwsError(_ACTION, "the hub's own", str(error)) from error
        if not is_away(code):
            raise UnavailableError(f"{_ACTION}: {error}") from error


def _expression(accounts: Sequence[str]) -> str:
    return (
        f"SELECT {', '.join(_FIELDS)} WHERE accountId IN ({_quoted(accounts)}) "
        f"AND resourceType NOT IN ({_quoted(NOT_RESOURCES)})"
    )


def _by_name(resources: Sequence[Resource]) -> Iterator[str]:
    """Expressions that ask for these resources by their ARNs and ids, as few as hold them."""
    asked: list[Resource] = []
    for resource in resources:
        longer = _naming([*asked, resource])
        if asked and len(longer) > _LONGEST:
            yield _naming(asked)
            asked = []
        asked.append(resource)
    if asked:
        yield _naming(asked)


def _naming(resources: Sequence[Resource]) -> str:
    accounts = _quoted(sorted({resource.account for resource in resources}))
    ids = _quoted(sorted({resource.short_id for resource in resources}))
    arns = _quoted([resource.id for resource in resources if resource.id.startswith("arn:")])
    named = f"(resourceId IN ({ids}) OR arn IN ({arns}))" if arns else f"resourceId IN ({ids})"
    return f"SELECT {_NAMES} WHERE accountId IN ({accounts}) AND {named}"


def _ids_in(row: Any) -> set[str]:
    """Our id of the resource that a result names."""
    try:
        return {read_item(orjson.loads(row)).id}
    except (orjson.JSONDecodeError, RejectedRecordError):
        return set()


def _quoted(texts: Sequence[str]) -> str:
    return ", ".join("'" + text.replace("'", "''") + "'" for text in texts)
