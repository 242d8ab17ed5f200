"""Checks of what is reached: AWS, the tenants' roles, Slack, the model, the runtime."""

import asyncio
import re
import time
from collections.abc import Callable, Mapping

from bot.doctor.checks import Check, Found, failed, off, ok, warn
from bot.doctor.stores import Stores
from bot.doctor.trust import problem_of
from bot.handlers.settings import AwsKeys, MissingSettingError
from bot.handlers.settings import slack as slack_settings
from bot.phrases import counted
from integrations.errors import SecurityAssistError
from integrations.settings import Settings
from integrations.tenants.port import Tenant

SCOPES: Mapping[str, str] = {
    "app_mentions:read": "to hear that it is spoken to",
    "assistant:write": "to say in the status line what it is doing",
    "channels:history": "to hear replies in its threads",
    "channels:read": "to know who is in a channel",
    "chat:write": "to answer",
    "files:read": "to know when a picture is ready",
    "files:write": "to post pictures",
    "groups:history": "the same in private channels",
    "groups:read": "the same of private channels",
    "im:history": "to hear direct messages",
    "users:read": "to turn guests away",
}
"""What the bot's token needs, and for what (scopes of the methods at docs.slack.dev)."""

_SIGNING_SECRET = re.compile(r"[0-9a-f]{32}")
_UNSET = "for a real workspace set SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET, or their _ARN"


class Outside:
    """The checks of some settings; `answers` asks the model for a word."""

    def __init__(self, settings: Settings, stores: Stores, only: str = "") -> None:
        """`only`: a tenant whose roles alone are tried; empty: every tenant's."""
        self._settings = settings
        self._stores = stores
        self._only = only

    def checks(self) -> list[Check]:
        """AWS first, then what leans on it."""
        return [
            Check(
                "aws",
                self._aws,
                "give credentials as boto3 finds them; aws sts get-caller-identity tries them",
            ),
            *self._roles(),
            Check("slack", self._slack, "is this computer let out to slack.com?"),
            Check("model", self._model, "SECURITY_ASSIST_MODEL names it; offline needs none"),
            Check("runtime", self._runtime, "SECURITY_ASSIST_RUNTIME is its ARN"),
        ]

    def _aws(self) -> Found:
        aws = self._settings.aws
        if aws is None:
            return off(
                "the tenants' accounts are not reached; fixes are advice only",
                "SECURITY_ASSIST_AWS=on, with credentials of the hub's account",
            )
        from integrations.access import hub_identity

        account, arn = hub_identity(aws)
        emulated = ", emulated" if aws.endpoint_url else ""
        return ok(f"{arn.rpartition(':')[2]} in {account}, {aws.region}{emulated}")

    def _roles(self) -> list[Check]:
        """One check for each tenant, where accounts are reached."""
        if self._settings.aws is None:
            return []
        try:
            with self._stores.opened() as connections:
                tenants = [t for t in connections.tenants() if self._only in {"", t.id}]
        except SecurityAssistError:
            # That the tenants cannot be read is said where they are looked at.
            return []
        return [Check(f"roles {t.id}", self._roles_of(t)) for t in tenants]

    def _roles_of(self, tenant: Tenant) -> Callable[[], Found]:
        def look() -> Found:
            with self._stores.opened() as connections:
                found = connections.trust(tenant.id)
            wrong = [one for one in found if not one.sound]
            if not wrong:
                accounts = counted(len(tenant.accounts), "account")
                return ok(f"{counted(len(found), 'role')} in {accounts} open to us and to no other")
            worst = min(wrong, key=lambda one: (not one.holes, not one.refused))
            verdict, _ = problem_of(worst)
            more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
            return failed(
                f"{worst.account} {worst.role.rpartition('/')[2]}: {verdict}{more}",
                f"assist tenants onboard {tenant.id} --check",
            )

        return look

    def _slack(self) -> Found:
        try:
            told = slack_settings(keys=self._keys)
        except MissingSettingError as error:
            return failed(str(error), "arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME")
        if not told.bot_token:
            return off("not set up: it is spoken to in the local workspace (assist demo)", _UNSET)
        from bot.handlers.rotating import UnreadSecretError, kept

        try:
            secret, token = (
                kept(place, told.keys, time.time).value() if place else ""
                for place in (told.signing_secret, told.bot_token)
            )
        except UnreadSecretError as error:
            return failed(
                f"Secrets Manager does not give us a secret ({error})",
                "the role needs secretsmanager:GetSecretValue on it, and it needs a text",
            )
        return self._introduced(secret, token, told.api_url)

    def _introduced(self, secret: str, token: str, api_url: str) -> Found:
        from bot.slack.calls import SlackRefusedError, calling, web_client

        try:
            with calling("auth.test"):
                me = web_client(token, api_url).auth_test()
        except SlackRefusedError as error:
            return failed(
                f"Slack refuses the token ({error.code})",
                "take the Bot User OAuth Token of the app's page OAuth & Permissions",
            )
        held = _scopes(me.headers)
        if held is not None and (missing := sorted(set(SCOPES) - held)):
            return failed(
                f"the token lacks {', '.join(missing)} ({SCOPES[missing[0]]})",
                "add the scopes on OAuth & Permissions, and install the app again",
            )
        who = f"{me.get('user', 'the bot')} in {me.get('team', 'a workspace')}"
        if not secret:
            return ok(f"{who}; without a signing secret by Socket Mode alone (assist serve)")
        if not _SIGNING_SECRET.fullmatch(secret):
            return warn(
                f"{who}; the signing secret does not look like one (32 of 0-9 and a-f)",
                "take it from Basic Information, App Credentials",
            )
        said = "" if held is not None else "; it did not tell the token's scopes"
        return ok(f"{who}, {counted(len(SCOPES), 'scope')}{said}")

    def _keys(self) -> AwsKeys:
        """What boto3 finds, where the environment itself has none."""
        from integrations.access import hub_keys

        return AwsKeys(*hub_keys(self._settings))

    def _model(self) -> Found:
        from agent.settings import Settings as AgentSettings

        told = AgentSettings.from_env()
        if told.provider == "offline":
            return ok("the offline planner; no language model is asked")
        from agent.llm import model_for

        name = f"{told.provider} {told.model_id}".strip()
        try:
            asyncio.run(_one_word(model_for(told)))
        except SecurityAssistError:
            raise
        except Exception as error:  # noqa: BLE001 - every provider's client has errors of its own
            return failed(
                f"{name} does not answer ({type(error).__name__})",
                "is access to the model granted, in this Region? Until then the offline planner "
                "answers",
            )
        return ok(f"{name} answers")

    def _runtime(self) -> Found:
        from agent.settings import Settings as AgentSettings

        told = AgentSettings.from_env()
        if not told.runtime:
            return ok("none: answers are made in the worker itself")
        if self._settings.aws is None:
            return failed(
                "SECURITY_ASSIST_RUNTIME is set, but AWS is not reached", "SECURITY_ASSIST_AWS=on"
            )
        from integrations.diagnosis import runtime_status

        status = runtime_status(told.runtime, told.runtime_endpoint, self._settings.aws)
        if status != "READY":
            return failed(f"its endpoint is {status}", "wait, or deploy it again (make deploy)")
        return ok(f"{told.runtime.rpartition('/')[2]}, endpoint {told.runtime_endpoint} is ready")


def _scopes(headers: Mapping[str, str]) -> set[str] | None:
    """The scopes that Slack tells of a token in the header of its answer; None: it did not."""
    told = next((v for k, v in headers.items() if k.lower() == "x-oauth-scopes"), None)
    return None if told is None else {one.strip() for one in told.split(",") if one.strip()}


async def _one_word(model: object) -> None:
    """As little as can be asked for; the first thing that comes is answer enough."""
    said = [{"role": "user", "content": [{"text": "Say ok."}]}]
    async for _ in model.stream(said):  # type: ignore[attr-defined]
        return
