"""What AWS answers, in our words: each code that matters, from DynamoDB and from SQS."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from integrations.dynamodb import RefusedWriteError, Tables, Write
from integrations.dynamodb_tables import TENANTS
from integrations.errors import (
    DeniedByAwsError,
    InvalidSettingError,
    RejectedRecordError,
    SecurityAssistError,
    UnavailableError,
)
from integrations.work.sqs import SqsWorkQueue

PUT = Write(kind="Put", table=TENANTS, item={"pk": "a", "sk": "b"}, condition="#pk = :x")


class _Answers:
    """A client all of whose calls are answered with an error."""

    def __init__(self, error: Exception | str, **more: Any) -> None:
        told: Any = {"Error": {"Code": error, "Message": "said"}, **more}
        self._error = error if isinstance(error, Exception) else ClientError(told, "Some")
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        def call(**_: Any) -> Any:
            self.calls += 1
            raise self._error

        return call


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("ThrottlingException", UnavailableError),
        ("ProvisionedThroughputExceededException", UnavailableError),
        ("RequestLimitExceeded", UnavailableError),
        ("InternalServerError", UnavailableError),
        ("503", UnavailableError),
        ("AccessDeniedException", DeniedByAwsError),
        ("ResourceNotFoundException", InvalidSettingError),
        ("ValidationException", RejectedRecordError),
        ("ItemCollectionSizeLimitExceededException", RejectedRecordError),
        ("ConditionalCheckFailedException", RefusedWriteError),
    ],
)
def test_each_error_of_dynamodb_has_a_name(code: str, named: type[SecurityAssistError]) -> None:
    tables = Tables(_Answers(code), "assist", lambda _: None)
    with pytest.raises(named) as raised:
        tables.write(PUT)
    assert type(raised.value) is named


def test_what_does_not_answer_is_unavailable() -> None:
    gone = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
    with pytest.raises(UnavailableError):
        Tables(_Answers(gone), "assist").get(TENANTS, "tenant", "acme")
    tables = Tables(_Answers("ConditionalCheckFailedException"), "assist")
    with pytest.raises(UnavailableError):
        SqsWorkQueue(_Answers(gone), "http://q/1/q.fifo", tables, lambda: 0.0).take(0)


@pytest.mark.parametrize("reason", ["TransactionConflict", "ThrottlingError"])
def test_a_transaction_that_others_are_in_the_way_of_is_tried_again_and_then_given_up(
    reason: str,
) -> None:
    reasons = [{"Code": "None"}, {"Code": reason}]
    client = _Answers("TransactionCanceledException", CancellationReasons=reasons)
    with pytest.raises(UnavailableError, match="too many at once"):
        Tables(client, "assist", lambda _: None).transact([PUT, PUT])
    assert client.calls > 10


def test_a_transaction_whose_condition_failed_says_which_and_is_not_tried_again() -> None:
    reasons = [{"Code": "TransactionConflict"}, {"Code": "ConditionalCheckFailed"}]
    client = _Answers("TransactionCanceledException", CancellationReasons=reasons)
    with pytest.raises(RefusedWriteError) as refused:
        Tables(client, "assist", lambda _: None).transact([PUT, PUT])
    assert (refused.value.places, client.calls) == ((1,), 1)


def test_a_transaction_with_an_item_that_is_too_large_is_refused_at_once() -> None:
    reasons = [{"Code": "None"}, {"Code": "ValidationError"}]
    client = _Answers("TransactionCanceledException", CancellationReasons=reasons)
    with pytest.raises(RejectedRecordError):
        Tables(client, "assist", lambda _: None).transact([PUT, PUT])
    assert client.calls == 1


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("RequestThrottled", UnavailableError),
        ("OverLimit", UnavailableError),
        ("AccessDenied", DeniedByAwsError),
        ("AWS.SimpleQueueService.NonExistentQueue", InvalidSettingError),
        ("QueueDoesNotExist", InvalidSettingError),
    ],
)
def test_each_error_of_sqs_has_a_name(code: str, named: type[SecurityAssistError]) -> None:
    tables = Tables(_Answers("503"), "assist")
    queue = SqsWorkQueue(_Answers(code), "http://q/1/q.fifo", tables, lambda: 0.0)
    with pytest.raises(named):
        queue.take(0)
