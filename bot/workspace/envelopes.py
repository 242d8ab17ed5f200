"""What Slack sends to an app: events and interactions, with the keys of the vendor's samples."""

from collections.abc import Mapping
from typing import Any

from bot.workspace import wire
from bot.workspace.records import JsonObject, Message, View, WorkspaceChannel, WorkspacePerson
from bot.workspace.state import State


def event(state: State, content: JsonObject, channel: WorkspaceChannel | None) -> JsonObject:
    """The envelope around an event; `event_id` is the same in every redelivery."""
    bot, event_id = state.bot, state.next_id("Ev")
    authorization = {
        "enterprise_id": None,
        "team_id": state.team_id,
        "user_id": bot.user_id,
        "is_bot": True,
        "is_enterprise_install": False,
    }
    return {
        "token": "",
        "team_id": state.team_id,
        "context_team_id": state.team_id,
        "context_enterprise_id": None,
        "api_app_id": bot.app_id,
        "event": content,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(state.clock()),
        "authorizations": [authorization],
        "is_ext_shared_channel": bool(channel and channel.shared),
        "event_context": event_id,
    }


def message_event(state: State, message: Message, channel: WorkspaceChannel) -> JsonObject:
    """A `message` event: `message.channels`, `message.groups` or `message.im`."""
    content: JsonObject = {
        **_spoken(state, message),
        "type": "message",
        "channel": message.channel,
        "event_ts": message.ts,
        "channel_type": _channel_type(channel),
    }
    if message.files:
        content["subtype"] = "file_share"
        content["files"] = [wire.file_json(state, state.files[one]) for one in message.files]
    return event(state, content, channel)


def changed_event(
    state: State, before: Message, after: Message, channel: WorkspaceChannel
) -> JsonObject:
    """The `message_changed` that follows a `chat.update`."""
    content = {
        **_hidden(state, channel, "message_changed", before),
        "message": wire.message_json(state, after),
    }
    return event(state, content, channel)


def deleted_event(state: State, before: Message, channel: WorkspaceChannel) -> JsonObject:
    """The `message_deleted` that follows a `chat.delete`."""
    content = {
        **_hidden(state, channel, "message_deleted", before),
        "deleted_ts": before.ts,
    }
    return event(state, content, channel)


def _hidden(state: State, channel: WorkspaceChannel, subtype: str, before: Message) -> JsonObject:
    ts = state.next_ts()
    return {
        "type": "message",
        "subtype": subtype,
        "hidden": True,
        "channel": channel.channel_id,
        "channel_type": _channel_type(channel),
        "ts": ts,
        "event_ts": ts,
        "previous_message": wire.message_json(state, before),
    }


def mention_event(state: State, message: Message, channel: WorkspaceChannel) -> JsonObject:
    """The `app_mention` that comes beside the `message` event."""
    content = {
        **_spoken(state, message),
        "type": "app_mention",
        "channel": message.channel,
        "event_ts": message.ts,
    }
    return event(state, content, channel)


def home_event(state: State, user: str, channel_id: str, tab: str) -> JsonObject:
    """`app_home_opened`, for the `messages` or the `home` tab."""
    content: JsonObject = {
        "type": "app_home_opened",
        "user": user,
        "channel": channel_id,
        "tab": tab,
        "event_ts": state.next_ts(),
    }
    home = state.homes.get(user)
    if tab == "home" and home is not None:
        content["view"] = wire.view_json(state, home)
    return event(state, content, None)


def _channel_type(channel: WorkspaceChannel) -> str:
    if channel.channel_id.startswith("D"):
        return "im"
    return "group" if channel.private else "channel"


def _spoken(state: State, message: Message) -> JsonObject:
    person = state.people.get(message.user)
    home = (person.team_id if person else "") or state.team_id
    content: JsonObject = {
        "user": message.user,
        "ts": message.ts,
        "text": message.text,
        "team": home,
        "blocks": list(message.blocks),
    }
    if message.by_bot:
        content |= {"bot_id": state.bot.bot_id, "app_id": state.bot.app_id}
    else:
        content["client_msg_id"] = f"00000000-0000-4000-8000-{message.ts.replace('.', '')[-12:]}"
    if home != state.team_id:
        content |= {"user_team": home, "source_team": home, "user_profile": {"team": home}}
    if message.thread_ts:
        content["thread_ts"] = message.thread_ts
        root = state.message(message.channel, message.thread_ts)
        if root is not None:
            content["parent_user_id"] = root.user
    return content


def _who(state: State, person: WorkspacePerson) -> JsonObject:
    return {
        "id": person.user_id,
        "username": person.name,
        "name": person.name,
        "team_id": person.team_id or state.team_id,
    }


def _interaction(state: State, person: WorkspacePerson, trigger_id: str) -> JsonObject:
    domain = state.team_name.lower().replace(" ", "-")
    return {
        "user": _who(state, person),
        "api_app_id": state.bot.app_id,
        "token": "",
        "team": {"id": state.team_id, "domain": domain},
        "enterprise": None,
        "is_enterprise_install": False,
        "trigger_id": trigger_id,
    }


def block_actions(
    state: State,
    person: WorkspacePerson,
    source: Message | View,
    action: JsonObject,
    *,
    trigger_id: str,
    response_url: str = "",
    values: Mapping[str, Any] | None = None,
) -> JsonObject:
    """A press on something in a message, a modal or the home tab."""
    payload = {
        "type": "block_actions",
        **_interaction(state, person, trigger_id),
        "state": {"values": dict(values or {})},
        "actions": [{**action, "action_ts": state.next_ts()}],
    }
    if isinstance(source, View):
        return {
            **payload,
            "container": {"type": "view", "view_id": source.view_id},
            "view": {**wire.view_json(state, source), "state": payload["state"]},
        }
    channel = state.channel_of(source.channel)
    container: JsonObject = {
        "type": "message",
        "message_ts": source.ts,
        "channel_id": source.channel,
        "is_ephemeral": bool(source.only_for),
    }
    if source.thread_ts:
        container["thread_ts"] = source.thread_ts
    named = channel.name if channel and not source.channel.startswith("D") else "directmessage"
    payload |= {
        "container": container,
        "channel": {"id": source.channel, "name": named},
        "response_url": response_url,
    }
    if not source.only_for:
        payload["message"] = wire.message_json(state, source)
    return payload


def view_submission(
    state: State,
    person: WorkspacePerson,
    view: View,
    values: Mapping[str, Any],
    *,
    trigger_id: str,
) -> JsonObject:
    """A modal's submit button."""
    return {
        "type": "view_submission",
        **_interaction(state, person, trigger_id),
        "view": {**wire.view_json(state, view), "state": {"values": dict(values)}},
        "response_urls": [],
    }


def view_closed(
    state: State, person: WorkspacePerson, view: View, *, cleared: bool = False
) -> JsonObject:
    """A modal dismissed; sent only when the view asked for `notify_on_close`."""
    interaction = _interaction(state, person, "")
    del interaction["trigger_id"]
    shown = wire.view_json(state, view)
    return {"type": "view_closed", **interaction, "view": shown, "is_cleared": cleared}
