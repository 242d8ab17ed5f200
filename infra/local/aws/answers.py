"""Results of our own operations, in the form that the service's client reads."""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from infra.local.aws.refusals import Answer, AwsError


def json_answer(result: Mapping[str, Any]) -> Answer:
    """A result in a JSON protocol; times as seconds since 1970, what is None left out."""
    body = {name: value for name, value in result.items() if value is not None}
    text = json.dumps(body, default=_written)
    return 200, {"content-type": "application/x-amz-json-1.1"}, text.encode()


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(f"{type(value).__name__} is not JSON")


def page(
    rows: Sequence[Any],
    parameters: Mapping[str, Any],
    *,
    most: int,
    error: str = "InvalidNextToken",
) -> tuple[list[Any], str | None]:
    """The rows that a call asks for, and the token of the next page; None at the end.

    Args:
        rows: All of them, in an order that does not change between two calls.
        parameters: Their `NextToken`, and `MaxResults` or `Limit`.
        most: Rows in a page when the call does not say; what it says is held to this.
        error: The service's code for a token that it did not give.

    Raises:
        AwsError: the token is not one of ours, or the size is not usable.
    """
    size = parameters.get("MaxResults", parameters.get("Limit")) or most
    if not isinstance(size, int) or size < 1:
        raise AwsError("ValidationException", "MaxResults must be 1 or more")
    begin = _begin(parameters.get("NextToken"), error)
    end = begin + min(size, most)
    token = base64.urlsafe_b64encode(f"from:{end}".encode()).decode() if end < len(rows) else None
    return list(rows[begin:end]), token


def _begin(token: Any, error: str) -> int:
    if token in {None, ""}:
        return 0
    try:
        word, _, number = base64.urlsafe_b64decode(str(token)).decode().partition(":")
    except ValueError as fault:
        raise AwsError(error, "the specified token is not valid") from fault
    if word != "from" or not number.isdecimal():
        raise AwsError(error, "the specified token is not valid")
    return int(number)
