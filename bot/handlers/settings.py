"""What the environment says of the doors; the standard library only, as the ingress imports it."""

import os
from collections.abc import Mapping
from typing import NamedTuple

PATH = "/slack/events"
"""Where Slack delivers, unless SECURITY_ASSIST_SLACK_PATH says otherwise."""


class MissingSettingError(Exception):
    """A door was started without a setting that it needs; says which."""


class AwsKeys(NamedTuple):
    """The credentials of the function's role, which Lambda puts into the environment.

    They do not change while the process lives: Lambda starts another before they run out.
    """

    access_key: str
    secret_key: str
    token: str


class IngressSettings(NamedTuple):
    """What the ingress needs; has no repr of its own, so never print it."""

    signing_secret: str
    queue_url: str
    region: str
    keys: AwsKeys
    path: str = PATH


class WorkerSettings(NamedTuple):
    """What the worker needs to know of Slack; has no repr of its own, so never print it."""

    signing_secret: str
    bot_token: str
    api_url: str


def ingress(env: Mapping[str, str] | None = None) -> IngressSettings:
    """`SLACK_SIGNING_SECRET`, `SECURITY_ASSIST_QUEUE`, and what Lambda itself sets.

    Raises:
        MissingSettingError: one of them is empty.
    """
    found = os.environ if env is None else env  # noqa: TID251 - this is the settings module
    return IngressSettings(
        signing_secret=_needed(found, "SLACK_SIGNING_SECRET"),
        queue_url=_needed(found, "SECURITY_ASSIST_QUEUE"),
        region=_needed(found, "AWS_REGION"),
        keys=AwsKeys(
            _needed(found, "AWS_ACCESS_KEY_ID"),
            _needed(found, "AWS_SECRET_ACCESS_KEY"),
            found.get("AWS_SESSION_TOKEN", ""),
        ),
        path=found.get("SECURITY_ASSIST_SLACK_PATH") or PATH,
    )


def worker(env: Mapping[str, str] | None = None) -> WorkerSettings:
    """`SLACK_SIGNING_SECRET`, `SLACK_BOT_TOKEN`, and `SLACK_API_URL` where it is not Slack's own.

    Raises:
        MissingSettingError: one of the first two is empty.
    """
    found = os.environ if env is None else env  # noqa: TID251 - this is the settings module
    api_url = found.get("SLACK_API_URL") or "https://slack.com/api/"
    return WorkerSettings(
        signing_secret=_needed(found, "SLACK_SIGNING_SECRET"),
        bot_token=_needed(found, "SLACK_BOT_TOKEN"),
        api_url=f"{api_url.rstrip('/')}/",
    )


def _needed(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "")
    if not value:
        raise MissingSettingError(f"{name} is not set")
    return value
