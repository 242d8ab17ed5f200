"""Calls of AWS signed by hand, as botocore signs them."""

import time
from calendar import timegm
from collections.abc import Callable

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from bot.handlers.aws_json import AwsJson, Service
from bot.handlers.rotating import SECRETS_MANAGER
from bot.handlers.settings import AwsKeys
from bot.handlers.sqs_sender import SQS
from tests.lambda_slack import NOW


def calls(
    service: Service = SQS, token: str = "", now: Callable[[], float] = lambda: NOW
) -> AwsJson:
    url = f"https://{service.name}.eu-west-1.amazonaws.com"
    return AwsJson(service, url, "eu-west-1", AwsKeys("AKIDEXAMPLE", "not-a-secret", token), now)


def signed(by: AwsJson, payload: bytes) -> tuple[dict[str, str], bytes]:
    """The fields of a request's head, and what it carries."""
    head, _, sent = by.signed("DoIt", payload).partition(b"\r\n\r\n")
    first, *lines = head.decode("ascii").split("\r\n")
    assert first == "POST / HTTP/1.1"
    fields = {name: value.strip() for name, _, value in (one.partition(":") for one in lines)}
    assert int(fields["content-length"]) == len(sent)
    return fields, sent


@pytest.mark.parametrize("service", [SQS, SECRETS_MANAGER])
@pytest.mark.parametrize("token", ["", "a/token+of=a role"])
def test_the_signature_is_botocores(service: Service, token: str) -> None:
    payload = b'{"MessageBody": "{}"}'
    heads, sent = signed(calls(service, token), payload)
    assert sent == payload
    plain = {n: v for n, v in heads.items() if n in {"content-type", "host", "x-amz-target"}}
    url = f"https://{service.name}.eu-west-1.amazonaws.com/"
    request = AWSRequest("POST", url, plain, payload)
    credentials = Credentials("AKIDEXAMPLE", "not-a-secret", token or None)
    SigV4Auth(credentials, service.name, "eu-west-1").add_auth(request)
    theirs = timegm(time.strptime(request.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ"))
    ours, _ = signed(calls(service, token, lambda: theirs), payload)
    assert ours["authorization"] == request.headers["Authorization"]
    assert ("x-amz-security-token" in ours["authorization"]) is bool(token)


def test_the_key_is_made_anew_when_the_day_changes() -> None:
    days = iter((NOW, NOW + 86_400, NOW + 86_400))
    mine = calls(now=lambda: next(days))
    today, tomorrow = mine.signed("DoIt", b""), mine.signed("DoIt", b"")
    assert today != tomorrow
    assert tomorrow == calls(now=lambda: NOW + 86_400).signed("DoIt", b"")
    assert next(days) > NOW
