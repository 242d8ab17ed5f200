"""Keys: visibly fake, never the same twice, and over when their time is."""

from datetime import UTC, datetime, timedelta

import pytest

from infra.local.aws import refusals
from infra.local.aws.principals import Keys, Principal, hub, owner

_NOW = datetime(2026, 11, 1, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = _NOW

    def __call__(self) -> datetime:
        return self.now


def test_a_session_is_known_but_over_when_its_time_has_come() -> None:
    clock = Clock()
    keys = Keys(clock)
    key = keys.issue(Principal(account="1" * 12, arn="arn"), _NOW + timedelta(hours=1))

    clock.now += timedelta(minutes=59, seconds=59)
    assert not keys.is_over(key)
    clock.now += timedelta(seconds=1)
    assert keys.is_over(key)
    assert keys.find(key.id) == key


def test_keys_are_visibly_fake_and_drawn_anew() -> None:
    keys = Keys(Clock())
    issued = [keys.issue(hub(), _NOW) for _ in range(50)]

    assert all(key.id.startswith("FAKE") and len(key.id) == 20 for key in issued)
    assert all(key.secret.startswith("fake-") for key in issued)
    assert len({key.secret for key in issued}) == len({key.id for key in issued}) == 50
    assert issued[0].secret not in repr(issued[0])


def test_only_an_accounts_root_is_its_owner() -> None:
    assert owner("1" * 12).owner
    assert not hub().owner
    assert hub().names == {
        "arn:aws:sts::999999999999:assumed-role/SecurityAssistHub/local",
        "arn:aws:iam::999999999999:role/SecurityAssistHub",
    }


@pytest.mark.parametrize(
    ("service", "protocol", "code"),
    [
        ("ec2", "ec2", "RequestExpired"),
        ("sts", "query", "ExpiredToken"),
        ("s3", "rest-xml", "ExpiredToken"),
        ("ssm", "json", "ExpiredTokenException"),
        ("lambda", "rest-json", "ExpiredTokenException"),
    ],
)
def test_an_expired_session_is_refused_in_the_services_own_words(
    service: str, protocol: str, code: str
) -> None:
    assert refusals.expired(service, protocol).code == code  # type: ignore[arg-type]
