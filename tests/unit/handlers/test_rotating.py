"""Secrets that are changed while a door is open: no restart, no forgery, no flood of reads."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from typing_extensions import override

from bot.handlers import settings
from bot.handlers.aws_json import RefusedCallError
from bot.handlers.rotating import APART_S, KEPT_S, Rotating, UnreadSecretError, kept
from bot.handlers.settings import AwsKeys, MissingSettingError, SecretPlace
from bot.handlers.slack_ingress import ANSWERED_S, SlackIngress
from bot.handlers.worker import Opening, Worker
from bot.slack_bot import SlackBot
from integrations.errors import UnavailableError
from tests.lambda_slack import NOW, PATH, SECRET, Edge, delivered, mention, sign
from tests.loopback_http import Quiet, serving

ARN = "arn:aws:secretsmanager:eu-west-1:999999999999:secret:assist/slack-AbCdEf"
KEYS = AwsKeys("AKIDEXAMPLE", "not-a-secret", "a-token")
STAMP = str(int(NOW))


@dataclass
class Vault:
    """What Secrets Manager holds; None: it is away."""

    secret: str | None = SECRET
    reads: int = 0

    def __call__(self) -> str:
        self.reads += 1
        if self.secret is None:
            raise RefusedCallError("TimeoutError")
        return self.secret


@dataclass
class Door:
    """An ingress before a vault, with a clock that is turned by hand."""

    vault: Vault = field(default_factory=Vault)
    edge: Edge = field(default_factory=Edge)

    def __post_init__(self) -> None:
        edge = self.edge
        secret = Rotating(self.vault, lambda: edge.now)
        edge.ingress = SlackIngress(secret, PATH, edge.fifo, lambda: edge.now, edge.lines.append)

    def deliver(self, secret: str, event_id: str = "Ev1") -> int:
        stamp, body = str(int(self.edge.now)), mention(event_id)
        return self.edge.receive(delivered(body, stamp=stamp, signature=sign(stamp, body, secret)))


def test_a_secret_is_read_once_and_again_after_minutes() -> None:
    door = Door()
    for number in range(5):
        assert door.deliver(SECRET, f"Ev{number}") == 200
    assert door.vault.reads == 1
    door.edge.now += KEPT_S
    assert door.deliver(SECRET, "Ev9") == 200
    assert door.vault.reads == 2


def test_a_rotated_secret_is_taken_up_by_the_first_delivery_that_is_signed_with_it() -> None:
    door = Door()
    assert door.deliver(SECRET) == 200
    door.edge.now += APART_S
    door.vault.secret = "another"
    assert door.deliver("another", "Ev2") == 200
    assert door.deliver(SECRET, "Ev3") == 401, "the old one is good no longer"


def test_the_old_secret_opens_for_no_longer_than_minutes() -> None:
    door = Door()
    assert door.deliver(SECRET) == 200
    door.vault.secret = "another"
    door.edge.now += KEPT_S
    assert door.deliver(SECRET, "Ev2") == 401


def test_forgeries_do_not_make_it_read_again_and_again() -> None:
    door = Door()
    for number in range(50):
        assert door.deliver("a forger's", f"Ev{number}") == 401
        door.edge.now += 1.0
    assert door.vault.reads <= 1 + 50 / APART_S + 1


def test_what_is_old_and_cannot_be_read_again_is_still_good() -> None:
    door = Door()
    assert door.deliver(SECRET) == 200
    door.vault.secret = None
    door.edge.now += KEPT_S
    assert door.deliver(SECRET, "Ev2") == 200
    assert door.deliver("a forger's", "Ev3") == 401


@pytest.mark.parametrize(("held", "why"), [(None, "TimeoutError"), ("", "empty")])
def test_without_a_secret_nobody_is_let_in_and_slack_is_told_to_come_again(
    held: str | None, why: str
) -> None:
    door = Door(Vault(held))
    for signed_with in (SECRET, ""):
        assert door.deliver(signed_with) == 503
        assert json.loads(door.edge.lines[-1])["error"] == why
    door.vault.secret = SECRET
    assert door.deliver(SECRET) == 200, "it does not wait once the secret is there"


def test_what_the_secret_took_is_not_left_for_the_queue() -> None:
    door = Door()

    def read() -> str:
        door.edge.now += 0.7
        return SECRET

    secret = Rotating(read, lambda: door.edge.now)
    fifo, lines = door.edge.fifo, door.edge.lines
    ingress = SlackIngress(secret, PATH, fifo, lambda: door.edge.now, lines.append)
    for event_id, left in (("Ev1", ANSWERED_S - 0.7), ("Ev2", ANSWERED_S)):
        assert ingress.receive(delivered(mention(event_id)))["statusCode"] == 200
        assert fifo.within_s == pytest.approx(left)


@contextmanager
def secrets_manager(answer: Callable[[str], Any]) -> Iterator[tuple[str, list[bool]]]:
    """A loopback Secrets Manager, and of each request whether botocore signs it the same."""
    signed: list[bool] = []

    class Handler(Quiet):
        @override
        def serve(self) -> None:
            body = self.sent()
            names = self.headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0]
            heads = {n: self.headers[n] for n in names.split(";") if not n.startswith("x-amz-sec")}
            del heads["x-amz-date"]
            request = AWSRequest("POST", f"http://{self.headers['host']}/", heads, body)
            request.context["timestamp"] = self.headers["x-amz-date"]
            credentials = Credentials(KEYS.access_key, KEYS.secret_key, KEYS.token)
            theirs = SigV4Auth(credentials, "secretsmanager", "eu-west-1")
            request.headers["X-Amz-Date"] = self.headers["x-amz-date"]
            request.headers["X-Amz-Security-Token"] = self.headers["x-amz-security-token"]
            to_sign = theirs.string_to_sign(request, theirs.canonical_request(request))
            wanted = theirs.signature(to_sign, request)
            signed.append(self.headers["authorization"].endswith(f"Signature={wanted}"))
            assert self.headers["x-amz-target"] == "secretsmanager.GetSecretValue"
            said = answer(json.loads(body)["SecretId"])
            status = 400 if "__type" in said else 200
            self.answer(status, json.dumps(said).encode(), "application/x-amz-json-1.1")

    with serving(Handler) as url:
        yield url, signed


def test_a_secret_comes_from_secrets_manager_by_a_signed_call() -> None:
    with secrets_manager(lambda arn: {"ARN": arn, "SecretString": f"{SECRET}\n"}) as (url, signed):
        secret = kept(SecretPlace(ARN, "eu-west-1", url), KEYS, lambda: NOW)
        assert (secret.value(), signed) == (SECRET, [True])
        assert not secret.changed()


def test_a_refusal_of_secrets_manager_is_told_by_its_name() -> None:
    no = {"__type": "AccessDeniedException", "Message": f"{ARN} is not for you"}
    with secrets_manager(lambda _: no) as (url, _signed):
        secret = kept(SecretPlace(ARN, "eu-west-1", url), KEYS, lambda: NOW)
        with pytest.raises(UnreadSecretError) as told:
            secret.value()
    assert str(told.value) == "AccessDeniedException"


def env(**more: str) -> dict[str, str]:
    given = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "us-east-1"}
    return {**given, "SECURITY_ASSIST_QUEUE": "https://q", "SLACK_BOT_TOKEN": "xoxb", **more}


def test_where_a_secret_is_follows_from_its_arn() -> None:
    told = settings.ingress(env(SLACK_SIGNING_SECRET_ARN=ARN, SLACK_SIGNING_SECRET="not this"))
    url = "https://secretsmanager.eu-west-1.amazonaws.com"
    place = told.signing_secret
    assert isinstance(place, SecretPlace)
    assert (place.arn, place.region, place.url) == (ARN, "eu-west-1", url)
    assert settings.worker(env(SLACK_SIGNING_SECRET="s")).signing_secret == "s"
    there = settings.worker(env(SLACK_SIGNING_SECRET="s", SLACK_BOT_TOKEN_ARN=ARN)).bot_token
    assert isinstance(there, SecretPlace)
    assert there.url == url


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "SLACK_SIGNING_SECRET or SLACK_SIGNING_SECRET_ARN is not set"),
        ({"SLACK_SIGNING_SECRET_ARN": "assist/slack"}, "SLACK_SIGNING_SECRET_ARN is no ARN"),
        ({"SLACK_SIGNING_SECRET_ARN": ARN.replace("eu-west-1", "")}, "is no ARN"),
        ({"SLACK_SIGNING_SECRET_ARN": ARN.replace("secretsmanager", "ssm")}, "is no ARN"),
    ],
)
def test_a_setting_that_leads_nowhere_is_named(more: dict[str, str], said: str) -> None:
    with pytest.raises(MissingSettingError, match=said):
        settings.ingress(env(**more))


@dataclass
class Made:
    """Workers that are made, by the secrets that they were made with."""

    known: list[tuple[str, ...]] = field(default_factory=list)
    down: bool = False

    def __call__(self, *told: str) -> tuple[Worker, SlackBot]:
        if self.down:
            raise UnavailableError("auth.test")
        self.known.append(told)
        return cast("tuple[Worker, SlackBot]", told)


def test_a_worker_is_made_again_once_a_secret_is_another() -> None:
    vault, made, now = Vault(), Made(), [NOW]
    opening = Opening([Rotating(vault, lambda: now[0])], made)
    opening.now()
    opening.now()
    vault.secret = "another"
    opening.now()
    assert made.known == [(SECRET,)], "it is not asked for each event"
    now[0] += APART_S
    opening.doubt()
    opening.now()
    assert made.known == [(SECRET,), ("another",)]


def test_a_token_that_slack_no_longer_knows_is_read_again_before_the_next_event() -> None:
    vault, made, now = Vault(), Made(down=True), [NOW]
    opening = Opening([Rotating(vault, lambda: now[0])], made)
    with pytest.raises(UnavailableError):
        opening.now()
    vault.secret, made.down, now[0] = "another", False, NOW + APART_S
    opening.doubt()
    opening.now()
    assert made.known == [("another",)]
