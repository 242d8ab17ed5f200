"""What the environment says of the doors; the standard library only, as the ingress imports it."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PATH = "/slack/events"
"""Where Slack delivers, unless SECURITY_ASSIST_SLACK_PATH says otherwise."""

_ARN_PARTS = 7


class MissingSettingError(Exception):
    """A door was started without a setting that it needs; says which."""


class AwsKeys:
    """The credentials of the function's role, which Lambda puts into the environment.

    They do not change while the process lives: Lambda starts another before they run out.
    """

    __slots__ = ("access_key", "secret_key", "token")

    def __init__(self, access_key: str, secret_key: str, token: str) -> None:
        """`token` is empty where the keys are somebody's own."""
        self.access_key = access_key
        self.secret_key = secret_key
        self.token = token


class SecretPlace:
    """Where AWS Secrets Manager has a secret."""

    __slots__ = ("arn", "region", "url")

    def __init__(self, arn: str, region: str, url: str) -> None:
        """`url` is the service's, or an endpoint's that stands for it."""
        self.arn = arn
        self.region = region
        self.url = url


class IngressSettings:
    """What the ingress needs."""

    __slots__ = ("keys", "path", "queue_url", "region", "signing_secret")

    def __init__(
        self,
        signing_secret: str | SecretPlace,
        queue_url: str,
        region: str,
        keys: AwsKeys,
        path: str = PATH,
    ) -> None:
        """`path` is where Slack delivers."""
        self.signing_secret = signing_secret
        self.queue_url = queue_url
        self.region = region
        self.keys = keys
        self.path = path


class WorkerSettings:
    """What the worker needs to know of Slack."""

    __slots__ = ("api_url", "bot_token", "keys", "signing_secret")

    def __init__(
        self,
        signing_secret: str | SecretPlace,
        bot_token: str | SecretPlace,
        api_url: str,
        keys: AwsKeys,
    ) -> None:
        """`keys` are empty where neither secret is in Secrets Manager."""
        self.signing_secret = signing_secret
        self.bot_token = bot_token
        self.api_url = api_url
        self.keys = keys


def ingress(env: Mapping[str, str] | None = None) -> IngressSettings:
    """`SLACK_SIGNING_SECRET` or its ARN, `SECURITY_ASSIST_QUEUE`, and what Lambda itself sets.

    Raises:
        MissingSettingError: one of them is empty, or is no ARN of a secret.
    """
    found = os.environ if env is None else env  # noqa: TID251 - this is the settings module
    signing_secret = _secret(found, "SLACK_SIGNING_SECRET")
    if not signing_secret:
        raise MissingSettingError("SLACK_SIGNING_SECRET or SLACK_SIGNING_SECRET_ARN is not set")
    return IngressSettings(
        signing_secret=signing_secret,
        queue_url=_needed(found, "SECURITY_ASSIST_QUEUE"),
        region=_needed(found, "AWS_REGION"),
        keys=_keys(found),
        path=found.get("SECURITY_ASSIST_SLACK_PATH") or PATH,
    )


def worker(env: Mapping[str, str] | None = None) -> WorkerSettings:
    """`SLACK_SIGNING_SECRET`, `SLACK_BOT_TOKEN`, and `SLACK_API_URL` where it is not Slack's own.

    Of the first two each may be in Secrets Manager: `SLACK_SIGNING_SECRET_ARN`,
    `SLACK_BOT_TOKEN_ARN`.

    Raises:
        MissingSettingError: one of the first two is empty, or is no ARN of a secret.
    """
    told = slack(env)
    for name, value in (
        ("SLACK_SIGNING_SECRET", told.signing_secret),
        ("SLACK_BOT_TOKEN", told.bot_token),
    ):
        if not value:
            raise MissingSettingError(f"{name} or {name}_ARN is not set")
    return told


def slack(
    env: Mapping[str, str] | None = None, keys: Callable[[], AwsKeys] | None = None
) -> WorkerSettings:
    """What is said of Slack, with nothing for what is not; `keys` finds AWS credentials for it.

    Raises:
        MissingSettingError: an ARN is none of a secret.
    """
    found = os.environ if env is None else env  # noqa: TID251 - this is the settings module
    api_url = found.get("SLACK_API_URL") or "https://slack.com/api/"
    signing_secret = _secret(found, "SLACK_SIGNING_SECRET")
    bot_token = _secret(found, "SLACK_BOT_TOKEN")
    away = not (isinstance(signing_secret, str) and isinstance(bot_token, str))
    return WorkerSettings(
        signing_secret=signing_secret,
        bot_token=bot_token,
        api_url=f"{api_url.rstrip('/')}/",
        keys=(keys() if keys else _keys(found)) if away else AwsKeys("", "", ""),
    )


def function_name(env: Mapping[str, str] | None = None) -> str:
    """The function's name, which Lambda puts into the environment."""
    found = os.environ if env is None else env  # noqa: TID251 - this is the settings module
    return found.get("AWS_LAMBDA_FUNCTION_NAME") or "worker"


def _secret(env: Mapping[str, str], name: str) -> str | SecretPlace:
    """The ARN counts where both are set: who moves a secret away means it."""
    arn = env.get(f"{name}_ARN", "")
    if not arn:
        return env.get(name, "")
    parts = arn.split(":", 6)
    if len(parts) != _ARN_PARTS or parts[2] != "secretsmanager" or not (arn.isascii() and parts[3]):
        raise MissingSettingError(f"{name}_ARN is no ARN of a secret in Secrets Manager")
    partition, region = parts[1], parts[3]
    host = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    own = env.get("AWS_ENDPOINT_URL_SECRETS_MANAGER") or env.get("AWS_ENDPOINT_URL")
    return SecretPlace(arn, region, own or f"https://secretsmanager.{region}.{host}")


def _keys(env: Mapping[str, str]) -> AwsKeys:
    return AwsKeys(
        _needed(env, "AWS_ACCESS_KEY_ID"),
        _needed(env, "AWS_SECRET_ACCESS_KEY"),
        env.get("AWS_SESSION_TOKEN", ""),
    )


def _needed(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "")
    if not value:
        raise MissingSettingError(f"{name} is not set")
    return value
