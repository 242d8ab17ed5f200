"""The JSON of Slack's objects: messages, files, channels, people, views.

Keys follow the vendor's published samples (java-slack-sdk, json-logs/samples).
"""

from typing import Any

from bot.workspace import streams
from bot.workspace.records import (
    JsonObject,
    Message,
    StoredFile,
    View,
    WorkspaceChannel,
    WorkspacePerson,
)
from bot.workspace.state import State

_KINDS = (
    (b"\x89PNG\r\n\x1a\n", "image/png", "png", "PNG"),
    (b"\xff\xd8\xff", "image/jpeg", "jpg", "JPEG"),
    (b"GIF8", "image/gif", "gif", "GIF"),
)


def kind_of(data: bytes) -> tuple[str, str, str]:
    """Mimetype, Slack's filetype and its pretty name, from the first bytes only."""
    for magic, mimetype, filetype, pretty in _KINDS:
        if data.startswith(magic):
            return mimetype, filetype, pretty
    return "application/octet-stream", "binary", "Binary"


def message_json(state: State, message: Message) -> JsonObject:
    """A message as `conversations.replies` and the posting methods show it."""
    shown: JsonObject = {
        "type": "message",
        "user": message.user,
        "ts": message.ts,
        "text": message.text,
        "team": state.team_id,
    }
    blocks = list(message.blocks)
    if message.by_bot:
        bot = state.bot
        shown |= {"bot_id": bot.bot_id, "app_id": bot.app_id, "bot_profile": _profile(state)}
    if message.stream is not None:
        blocks = streams.blocks_of(message.stream)
        shown["text"] = message.text or streams.text_of(message.stream)
    if blocks:
        shown["blocks"] = blocks
    shown |= _thread_json(state, message)
    if message.edited_ts:
        shown["edited"] = {"user": message.user, "ts": message.edited_ts}
    if message.files:
        shown["files"] = [file_json(state, state.files[one]) for one in message.files]
        shown["upload"] = False
    if message.reactions:
        shown["reactions"] = _reactions(message)
    if message.metadata is not None:
        shown["metadata"] = message.metadata
    return shown


def _profile(state: State) -> JsonObject:
    bot = state.bot
    return {
        "id": bot.bot_id,
        "app_id": bot.app_id,
        "user_id": bot.user_id,
        "name": bot.title,
        "icons": {},
        "deleted": False,
        "updated": 0,
        "team_id": state.team_id,
    }


def _thread_json(state: State, message: Message) -> JsonObject:
    if message.thread_ts:
        root = state.message(message.channel, message.thread_ts)
        parent = {"parent_user_id": root.user} if root is not None else {}
        return {"thread_ts": message.thread_ts, **parent}
    replies = state.thread(message.channel, message.ts)[1:]
    if not replies or message.only_for:
        return {}
    people = list(dict.fromkeys(reply.user for reply in replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users_count": len(people),
        "reply_users": people,
        "latest_reply": replies[-1].ts,
        "is_locked": False,
        "subscribed": False,
    }


def _reactions(message: Message) -> list[JsonObject]:
    names = list(dict.fromkeys(name for name, _ in message.reactions))
    return [
        {
            "name": name,
            "users": [user for other, user in message.reactions if other == name],
            "count": sum(other == name for other, _ in message.reactions),
        }
        for name in names
    ]


def file_json(state: State, file: StoredFile) -> JsonObject:
    """A file as `files.info` shows it: without a mimetype until it was processed."""
    created = int(file.completed or 0)
    shown: JsonObject = {
        "id": file.file_id,
        "created": created,
        "timestamp": created,
        "name": file.name,
        "title": file.title or file.name,
        "mimetype": "",
        "filetype": "",
        "pretty_type": "",
        "user": state.bot.user_id,
        "user_team": state.team_id,
        "mode": "hosted",
        "size": len(file.data or b""),
        "is_external": False,
        "is_public": False,
        "editable": False,
        "display_as_bot": False,
        "username": "",
        "url_private": f"/files/{file.file_id}/{file.name}",
        "permalink": f"/files/{file.file_id}/{file.name}",
        "channels": [c for c, _ in file.shared if c.startswith("C")],
        "groups": [],
        "ims": [c for c, _ in file.shared if c.startswith("D")],
        "has_rich_preview": False,
        "file_access": "visible",
        "shares": _shares(state, file),
    }
    if file.alt:
        shown["alt_txt"] = file.alt
    if state.file_ready(file.file_id):
        kind = kind_of(file.data or b"")
        shown |= dict(zip(("mimetype", "filetype", "pretty_type"), kind, strict=True))
    return shown


def _shares(state: State, file: StoredFile) -> JsonObject:
    public: dict[str, list[JsonObject]] = {}
    for channel_id, ts in file.shared:
        message = state.message(channel_id, ts)
        thread = {"thread_ts": message.thread_ts} if message and message.thread_ts else {}
        public.setdefault(channel_id, []).append({"ts": ts, **thread})
    return {"public": public} if public else {}


def channel_json(state: State, channel: WorkspaceChannel) -> JsonObject:
    """A conversation as `conversations.info` shows it."""
    direct = channel.channel_id.startswith("D")
    shown: JsonObject = {
        "id": channel.channel_id,
        "is_channel": not direct and not channel.private,
        "is_group": channel.private,
        "is_im": direct,
        "is_mpim": False,
        "is_private": channel.private or direct,
        "is_archived": False,
        "is_shared": channel.shared,
        "is_ext_shared": channel.shared,
        "is_org_shared": False,
        "context_team_id": state.team_id,
        "created": 0,
        "updated": 0,
    }
    if direct:
        return {**shown, "user": channel.members[0], "is_user_deleted": False}
    topic = {"value": channel.topic, "creator": "", "last_set": 0}
    return {
        **shown,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_general": False,
        "is_member": channel.with_bot,
        "topic": topic,
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "num_members": len(channel.members) + channel.with_bot,
    }


def person_json(state: State, person: WorkspacePerson) -> JsonObject:
    """A person as `users.info` shows them."""
    return {
        "id": person.user_id,
        "team_id": person.team_id or state.team_id,
        "name": person.name,
        "real_name": person.name,
        "deleted": person.deleted,
        "is_admin": False,
        "is_owner": False,
        "is_bot": False,
        "is_app_user": False,
        "is_restricted": person.guest,
        "is_ultra_restricted": False,
        "is_stranger": bool(person.team_id) and person.team_id != state.team_id,
        "tz": "Etc/UTC",
        "tz_offset": 0,
        "profile": {
            "real_name": person.name,
            "display_name": person.name,
            "title": person.title,
            "team": person.team_id or state.team_id,
        },
    }


def view_json(state: State, view: View) -> JsonObject:
    """A view as `views.open` answers it."""
    bot = state.bot
    empty: dict[str, Any] = {
        "private_metadata": "",
        "callback_id": "",
        "external_id": "",
        "clear_on_close": False,
        "notify_on_close": False,
        "submit_disabled": False,
        "title": {"type": "plain_text", "text": bot.title, "emoji": True},
        "submit": None,
        "close": None,
    }
    return {
        **empty,
        **view.view,
        "id": view.view_id,
        "team_id": state.team_id,
        "state": {"values": {}},
        "hash": view.hash,
        "root_view_id": view.root_id,
        "previous_view_id": view.previous_id or None,
        "app_id": bot.app_id,
        "app_installed_team_id": state.team_id,
        "bot_id": bot.bot_id,
    }
