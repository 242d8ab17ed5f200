"""Security Hub's findings by polling `GetFindings`.

Facts: the Security Hub API reference: 100 findings a page at most; filters of one date field take a
start and an end; `SortCriteria` by `UpdatedAt`; `InvalidAccessException` where the account does not
use Security Hub; quotas of 3 requests a second with a burst of 6 for each account and Region.
`BatchUpdateFindings` says that what people change does not move `UpdatedAt`: a poll that looks only
at what was updated lately does not see it, a full one does.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import orjson
from botocore.exceptions import ClientError
from typing_extensions import override

from integrations.aws_errors import error_code, is_away, is_denied
from integrations.aws_pace import Pace
from integrations.errors import DeniedByAwsError, NotFoundError, UnavailableError
from integrations.findings.polling import FindingPage, FindingPoll, StaleTokenError, Window

PER_PAGE: Final = 100
APART_S: Final = 1 / 3
"""Between two requests: 3 a second, never the burst that others in the account may need."""
BACK_OFF_S: Final = (1.0, 2.0, 4.0, 8.0, 16.0)
"""After a throttle or no answer, before the next try; then it is given up."""

_ACTION: Final = "securityhub:GetFindings"
_NOT_USED: Final = "InvalidAccessException"
_INVALID: Final = "InvalidInputException"
_LATER: Final = frozenset({"LimitExceededException", "InternalException"})


class SecurityHubPoll(FindingPoll):
    """One account's own findings in one Region; those of its member accounts are left to them."""

    def __init__(
        self,
        client: Callable[[], Any],
        account: str,
        role: str,
        *,
        clock: Callable[[], float],
        pause: Callable[[float], None],
    ) -> None:
        """Call nothing yet.

        Args:
            client: A Security Hub client that tries once, in the account and Region; asked for
                before each request, so that a long pull outlives its credentials.
            account: Whose findings are asked for.
            role: The ARN of the role that the client calls with.
            clock: Seconds, from whenever.
            pause: Waits for so many seconds.
        """
        self._client = client
        self._account = account
        self._role = role
        self._pace = Pace(APART_S, BACK_OFF_S, clock=clock, pause=pause)

    @override
    def page(self, window: Window, token: str = "") -> FindingPage:
        asked: dict[str, Any] = {
            "Filters": {
                "AwsAccountId": [{"Value": self._account, "Comparison": "EQUALS"}],
                "UpdatedAt": [{"Start": _stamp(window.since), "End": _stamp(window.until)}],
            },
            "SortCriteria": [{"Field": "UpdatedAt", "SortOrder": "asc"}],
            "MaxResults": PER_PAGE,
        }
        if token:
            asked["NextToken"] = token
        answer = self._asked(asked)
        rows = answer.get("Findings") or []
        times = [at for row in rows if (at := _moment(row.get("UpdatedAt"))) is not None]
        records = [orjson.dumps(row, default=str) for row in rows]
        return FindingPage(records, max(times, default=None), str(answer.get("NextToken") or ""))

    def _asked(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._pace.ask(
            lambda: self._client().get_findings(**parameters),
            f"{_ACTION} in {self._account}",
            lambda error: self._refused(error, with_token="NextToken" in parameters),
        )

    def _refused(self, error: ClientError, *, with_token: bool) -> None:
        """Raise what trying again would not help against."""
        code = error_code(error.response)
        if code == _NOT_USED:
            raise NotFoundError(
                f"account {self._account} does not use Security Hub here"
            ) from error
        if code == _INVALID and with_token:
            raise StaleTokenError(f"{_ACTION}: {error}") from error
        if is_denied(code):
            raise DeniedByAwsError(_ACTION, self._role, str(error)) from error
        if not is_away(code) and code not in _LATER:
            raise UnavailableError(f"{_ACTION} in {self._account}: {error}") from error


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _moment(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else None
