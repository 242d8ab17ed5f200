"""What the page shows one person, as JSON: everything at first, then what changed."""

from collections.abc import Iterable
from typing import Any

from bot.workspace import wire
from bot.workspace.records import JsonObject, Message, Status, WorkspaceChannel
from bot.workspace.state import Change, State, direct_channel


def whole(state: State, user_id: str) -> JsonObject:
    """All that a person sees. The lock is held by the caller."""
    channels = _channels(state, user_id)
    seen = {channel.channel_id for channel in channels}
    return {
        "number": state.count,
        "team": {"id": state.team_id, "name": state.team_name},
        "bot": {
            "id": state.bot.user_id,
            "name": state.bot.name,
            "title": state.bot.title,
            "home": state.bot.home_tab,
        },
        "you": user_id,
        "people": [
            {"id": one.user_id, "name": one.name, "title": one.title, "guest": _foreign(state, one)}
            for one in state.people.values()
        ],
        "channels": [_channel(state, channel) for channel in channels],
        "messages": [
            _message(state, message)
            for channel_id, messages in state.messages.items()
            if channel_id in seen
            for message in messages.values()
            if message.only_for in {"", user_id}
        ],
        "statuses": [
            _status(channel, thread, state.status(channel, thread))
            for channel, thread in state.statuses
            if channel in seen
        ],
        "prompts": [_prompts(state, *key) for key in state.prompts if key[0] in seen],
        "view": _open_view(state, user_id),
        "home": _home(state, user_id),
    }


def changed(state: State, user_id: str, changes: Iterable[Change]) -> list[JsonObject]:
    """What these changes mean to a person, each thing once, as it is now."""
    seen = {channel.channel_id for channel in _channels(state, user_id)}
    news: dict[tuple[str, str, str], JsonObject] = {}
    for change in changes:
        if change.person not in {"", user_id} or (change.channel and change.channel not in seen):
            continue
        key = (change.kind, change.channel, change.key)
        news.pop(key, None)
        piece = _piece(state, user_id, change)
        if piece is not None:
            news[key] = piece
    return list(news.values())


def _piece(state: State, user_id: str, change: Change) -> JsonObject | None:
    channel, key = change.channel, change.key
    shown: JsonObject | None = None
    match change.kind:
        case "gone":
            shown = {"channel": channel, "ts": key}
        case "message":
            message = state.message(channel, key)
            if message is not None and message.only_for in {"", user_id}:
                shown = _message(state, message)
        case "status":
            shown = _status(channel, key, state.status(channel, key))
        case "prompts":
            shown = _prompts(state, channel, key)
        case "view":
            shown = {"view": _open_view(state, user_id)}
        case "home":
            shown = {"view": _home(state, user_id)}
    return None if shown is None else {"kind": change.kind, **shown}


def _channels(state: State, user_id: str) -> list[WorkspaceChannel]:
    mine = [one for one in state.channels.values() if user_id in one.members]
    direct = state.channel_of(direct_channel(user_id))
    return [*mine, direct] if direct else mine


def _foreign(state: State, person: Any) -> bool:
    return bool(person.guest or (person.team_id and person.team_id != state.team_id))


def _channel(state: State, channel: WorkspaceChannel) -> JsonObject:
    direct = channel.channel_id.startswith("D")
    return {
        "id": channel.channel_id,
        "name": state.bot.title if direct else channel.name,
        "direct": direct,
        "topic": channel.topic,
        "members": [*channel.members, *([state.bot.user_id] if channel.with_bot else [])],
        "bot": channel.with_bot,
        "starters": list(channel.starters),
    }


def _message(state: State, message: Message) -> JsonObject:
    shown = wire.message_json(state, message)
    files = [_picture(state, one) for one in message.files]
    keep = (
        "ts",
        "user",
        "text",
        "thread_ts",
        "blocks",
        "reply_count",
        "reply_users",
        "latest_reply",
    )
    kept = {name: shown[name] for name in keep if name in shown}
    if not message.by_bot:
        kept.pop("blocks", None)  # a person's text carries the same, and renders as mrkdwn
    return {
        **kept,
        "channel": message.channel,
        "bot": message.by_bot,
        "whisper": bool(message.only_for),
        "streaming": state.is_streaming(message),
        "edited": bool(message.edited_ts),
        "reactions": shown.get("reactions", []),
        "files": files,
        "trouble": _trouble(state, message),
    }


def _trouble(state: State, message: Message) -> JsonObject | None:
    """Why the app does not hear a message: the page's own line, Slack shows nothing."""
    found = list(state.troubles.get((message.channel, message.ts), {}).values())
    return {"why": found[-1].outcome, "again": found[-1].again_s} if found else None


def _picture(state: State, file_id: str) -> JsonObject:
    file = state.files[file_id]
    mimetype = wire.kind_of(file.data or b"")[0]
    return {
        "id": file_id,
        "name": file.name,
        "title": file.title or file.name,
        "alt": file.alt or file.title or file.name,
        "image": mimetype.startswith("image/"),
        "size": len(file.data or b""),
    }


def _status(channel: str, thread: str, status: Status | None) -> JsonObject:
    text = status.text if status else ""
    loading = list(status.loading) if status else []
    return {"channel": channel, "thread": thread, "text": text, "loading": loading}


def _prompts(state: State, channel: str, thread: str) -> JsonObject:
    prompts = state.prompts[channel, thread]
    listed = [{"title": title, "message": message} for title, message in prompts.prompts]
    return {"channel": channel, "thread": thread, "title": prompts.title, "prompts": listed}


def _open_view(state: State, user_id: str) -> JsonObject | None:
    stack = state.open_views.get(user_id, ())
    return wire.view_json(state, state.views[stack[-1]]) if stack else None


def _home(state: State, user_id: str) -> JsonObject | None:
    home = state.homes.get(user_id)
    return wire.view_json(state, home) if home else None
