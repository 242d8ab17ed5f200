"""Slack's payloads as what the conversation understands, and on their way through the queue.

Shapes: the Events API envelope and `block_actions` payloads as documented at docs.slack.dev.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from bot.messages import Click, Incoming, Place
from bot.slack import mrkdwn
from bot.slack.render import TYPED
from integrations.errors import RejectedRecordError
from integrations.tenants.port import ChannelKey
from integrations.work.port import Job

Payload = Mapping[str, Any]

PLATFORM = "slack"

_DIRECT = "im"
_KINDS: dict[str, type[Incoming | Click]] = {"incoming": Incoming, "click": Click}


def incoming(body: Payload, bot_user_id: str) -> Incoming | None:
    """The message of an `app_mention` or `message` envelope; None for what nobody said to the bot.

    Not said to it are: messages with a subtype (edits, joins, bots), bots' messages, its own, and
    a channel message that mentions it, because the same message comes as `app_mention` too.
    """
    event = _mapping(body, "event")
    if event.get("subtype") not in {None, "file_share", "thread_broadcast"}:
        return None
    user, ts, channel = _text(event, "user"), _text(event, "ts"), _text(event, "channel")
    if not (user and ts and channel) or event.get("bot_id") or user == bot_user_id:
        return None
    direct = event.get("channel_type") == _DIRECT or channel.startswith("D")
    mentioned = mrkdwn.mentions(_text(event, "text"), bot_user_id)
    if event.get("type") == "message" and mentioned and not direct:
        return None
    if event.get("type") == "app_mention" and direct:
        return None
    thread = _text(event, "thread_ts") or ts
    return Incoming(
        place=Place(
            key=ChannelKey(PLATFORM, workspace(body), channel),
            thread=thread,
            user=user,
            user_workspace=_user_team(event) or _text(body, "team_id"),
            direct=direct,
        ),
        text=mrkdwn.plain(_text(event, "text"), bot_user_id),
        message_id=ts,
        new_thread=thread == ts,
        foreign=_foreign(body, event),
        delivery_id=_text(body, "event_id"),
    )


def click(body: Payload) -> Click | None:
    """The pressed button of a `block_actions` payload; None for what is not one of ours."""
    actions = body.get("actions")
    action = actions[0] if isinstance(actions, list) and actions else None
    if not isinstance(action, Mapping):
        return None
    container, message = _mapping(body, "container"), _mapping(body, "message")
    channel = _text(_mapping(body, "channel"), "id") or _text(container, "channel_id")
    user, message_id = _mapping(body, "user"), _text(container, "message_ts")
    name, value = _text(action, "action_id").split(":", 1)[0], _text(action, "value")
    if not (channel and message_id and _text(user, "id") and name and value):
        return None
    home = _text(user, "team_id")
    return Click(
        place=Place(
            key=ChannelKey(PLATFORM, workspace(body), channel),
            thread=_text(message, "thread_ts") or _text(container, "thread_ts") or message_id,
            user=_text(user, "id"),
            user_workspace=home,
            direct=channel.startswith("D"),
        ),
        action=name,
        value=value,
        message_id=message_id,
        typed=_typed(body),
        # Whoever is of no team, as far as the click says, is of none of ours.
        foreign=home not in _ours(body),
        delivery_id=_text(body, "trigger_id"),
    )


def _typed(body: Payload) -> dict[str, str]:
    """What stands in our text fields: `state.values` is block id -> action id -> the input."""
    values = _mapping(_mapping(body, "state"), "values")
    fields = (
        field for block in values.values() if isinstance(block, Mapping) for field in block.items()
    )
    return {
        name.removeprefix(TYPED): _text(value, "value")
        for name, value in fields
        if name.startswith(TYPED) and isinstance(value, Mapping)
    }


def workspace(body: Payload) -> str:
    """The enterprise or else the team that the app is installed in."""
    for where in (body, *_authorizations(body)):
        enterprise = where.get("enterprise")
        found = _text(enterprise, "id") if isinstance(enterprise, Mapping) else ""
        if found or _text(where, "enterprise_id"):
            return found or _text(where, "enterprise_id")
    return team(body)


def team(body: Payload) -> str:
    """The team that the app is installed in."""
    for where in _authorizations(body):
        if _text(where, "team_id"):
            return _text(where, "team_id")
    return _text(body, "team_id") or _text(_mapping(body, "team"), "id")


def to_job(what: Incoming | Click) -> Job:
    """A message or a click as a job of its thread.

    A message's job is named after its channel and time stamp, which Slack's redeliveries share with
    each other and `app_mention` with its twin `message`; a click's after its trigger.
    """
    name = "incoming" if isinstance(what, Incoming) else "click"
    key = what.place.key
    own = what.message_id if isinstance(what, Incoming) else what.delivery_id or _press(what)
    body = msgspec.json.encode({"kind": name, "what": what}).decode()
    return Job(id=f"{key}/{name}/{own}", group=f"{key}/{what.place.thread}", body=body)


def _press(pressed: Click) -> str:
    """A press without a trigger, as far as it can be told from others."""
    return f"{pressed.message_id}/{pressed.place.user}/{pressed.action}/{pressed.value}"


def from_job(job: Job) -> Incoming | Click:
    """What `to_job` wrote.

    Raises:
        RejectedRecordError: the job's body is not one of ours.
    """
    try:
        document = msgspec.json.decode(job.body)
        return msgspec.convert(document["what"], _KINDS[document["kind"]])
    except (msgspec.MsgspecError, KeyError, TypeError) as error:
        raise RejectedRecordError(f"job {job.id} is not a message or a click") from error


def _foreign(body: Payload, event: Payload) -> bool:
    """Written by somebody of another organisation; in doubt, in a shared channel, yes.

    Within one Enterprise Grid people of several teams meet in channels that are not shared with
    anybody outside: there another team is no stranger.
    """
    if not body.get("is_ext_shared_channel") and workspace(body) != team(body):
        return False
    teams = [_text(event, name) for name in ("user_team", "source_team")]
    said = [t for t in teams if t] or [t for t in (_text(event, "team"),) if t]
    if body.get("is_ext_shared_channel") and not said:
        return True
    return any(t not in _ours(body) for t in said)


def _ours(body: Payload) -> set[str]:
    """The ids that stand for our own workspace."""
    ids = {workspace(body), team(body), _text(body, "team_id")}
    ids.add(_text(_mapping(body, "team"), "enterprise_id"))
    return ids - {""}


def _user_team(event: Payload) -> str:
    return next((t for t in (_text(event, n) for n in ("user_team", "team")) if t), "")


def _authorizations(body: Payload) -> list[Payload]:
    given = body.get("authorizations")
    return [a for a in given if isinstance(a, Mapping)] if isinstance(given, list) else []


def _mapping(of: Payload, name: str) -> Payload:
    value = of.get(name)
    return value if isinstance(value, Mapping) else {}


def _text(of: Payload, name: str) -> str:
    value = of.get(name)
    return value if isinstance(value, str) else ""
