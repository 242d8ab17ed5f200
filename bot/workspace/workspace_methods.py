"""Methods that ask about the workspace, and those that dress a thread: status, prompts, title."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from bot.workspace import wire
from bot.workspace.arguments import Arguments
from bot.workspace.posting import Posting
from bot.workspace.records import JsonObject, Message, Prompts, Status
from bot.workspace.refusals import SlackRefusalError
from bot.workspace.state import direct_channel

_PAGE = 100
_LOADING_MOST = 10
_PROMPTS_MOST = 4
_CURSOR = "next:"
_T = TypeVar("_T")


class WorkspaceMethods:
    """`auth`, `users`, `bots`, `conversations`, `reactions` and `assistant.threads`."""

    def __init__(self, posting: Posting) -> None:
        self._posting = posting
        self._state = posting.state

    def who_am_i(self, _arguments: Arguments) -> JsonObject:
        """`auth.test`."""
        bot = self._state.bot
        return {
            "url": f"{self._state.url}/",
            "team": self._state.team_name,
            "user": bot.name,
            "team_id": self._state.team_id,
            "user_id": bot.user_id,
            "bot_id": bot.bot_id,
            "is_enterprise_install": False,
        }

    def bot(self, arguments: Arguments) -> JsonObject:
        """`bots.info`."""
        bot = self._state.bot
        if arguments.text("bot", bot.bot_id) != bot.bot_id:
            raise SlackRefusalError("bot_not_found")
        shown = {
            "id": bot.bot_id,
            "deleted": False,
            "name": bot.title,
            "updated": 0,
            "app_id": bot.app_id,
            "user_id": bot.user_id,
            "icons": {},
        }
        return {"bot": shown}

    def person(self, arguments: Arguments) -> JsonObject:
        """`users.info`."""
        user, bot = arguments.required("user", "user_not_found"), self._state.bot
        if user == bot.user_id:
            profile = {"real_name": bot.title, "display_name": bot.name, "bot_id": bot.bot_id}
            shown = {"id": user, "team_id": self._state.team_id, "name": bot.name, "is_bot": True}
            return {"user": {**shown, "deleted": False, "profile": profile}}
        if user not in self._state.people:
            raise SlackRefusalError("user_not_found")
        return {"user": wire.person_json(self._state, self._state.people[user])}

    def channel(self, arguments: Arguments) -> JsonObject:
        """`conversations.info`."""
        channel_id = arguments.required("channel", "channel_not_found")
        channel = self._posting.channel(channel_id, member=False)
        return {"channel": wire.channel_json(self._state, channel)}

    def members(self, arguments: Arguments) -> JsonObject:
        """`conversations.members`, the bot among them."""
        channel_id = arguments.required("channel", "channel_not_found")
        channel = self._posting.channel(channel_id, member=False)
        bot = (self._state.bot.user_id,) if channel.with_bot else ()
        page, cursor = self._page([*channel.members, *bot], arguments)
        return {"members": page, "response_metadata": {"next_cursor": cursor}}

    def history(self, arguments: Arguments) -> JsonObject:
        """`conversations.history`, the newest first."""
        channel = self._posting.channel(arguments.required("channel", "channel_not_found"))
        messages = self._between(self._state.timeline(channel.channel_id), arguments)
        return self._listed(messages[::-1], arguments)

    def replies(self, arguments: Arguments) -> JsonObject:
        """`conversations.replies`: the root, then the replies."""
        channel = self._posting.channel(arguments.required("channel", "channel_not_found"))
        ts = arguments.required("ts", "thread_not_found")
        message = self._state.message(channel.channel_id, ts)
        if message is None or message.only_for:
            raise SlackRefusalError("thread_not_found")
        thread = self._state.thread(channel.channel_id, message.thread_ts or message.ts)
        return self._listed(thread[:1] + self._between(thread[1:], arguments), arguments)

    def open(self, arguments: Arguments) -> JsonObject:
        """`conversations.open`: the direct messages with one person."""
        people = [one for one in arguments.text("users").split(",") if one]
        if len(people) != 1 or people[0] not in self._state.people:
            raise SlackRefusalError("user_not_found" if people else "users_list_not_supplied")
        return {"channel": {"id": direct_channel(people[0])}}

    def react(self, arguments: Arguments) -> JsonObject:
        """`reactions.add`."""
        message, pair = self._reaction(arguments)
        if pair in message.reactions:
            raise SlackRefusalError("already_reacted")
        self._state.put(replace(message, reactions=(*message.reactions, pair)))
        return {}

    def unreact(self, arguments: Arguments) -> JsonObject:
        """`reactions.remove`."""
        message, pair = self._reaction(arguments)
        if pair not in message.reactions:
            raise SlackRefusalError("no_reaction")
        left = tuple(one for one in message.reactions if one != pair)
        self._state.put(replace(message, reactions=left))
        return {}

    def set_status(self, arguments: Arguments) -> JsonObject:
        """`assistant.threads.setStatus`: gone with the next message, "" or two minutes."""
        channel, thread = self._thread(arguments)
        text, loading = arguments.text("status"), arguments.json("loading_messages") or []
        if not isinstance(loading, list) or len(loading) > _LOADING_MOST:
            raise SlackRefusalError("invalid_arguments", ["no more than 10 loading_messages"])
        lines = tuple(str(line) for line in loading)
        status = Status(text=text, loading=lines, since=self._state.clock()) if text else None
        self._state.set_status(channel, thread, status)
        return {}

    def set_title(self, arguments: Arguments) -> JsonObject:
        """`assistant.threads.setTitle`, in direct messages only."""
        channel, thread = self._thread(arguments, direct=True)
        self._state.titles[channel, thread] = arguments.required("title")
        self._state.note("title", channel, thread)
        return {}

    def set_prompts(self, arguments: Arguments) -> JsonObject:
        """`assistant.threads.setSuggestedPrompts`, in direct messages only."""
        if "thread_ts" in arguments:
            channel, thread = self._thread(arguments, direct=True)
        else:
            channel_id = arguments.required("channel_id", "channel_not_found")
            channel, thread = self._direct(channel_id), ""
        given = arguments.json("prompts")
        if not isinstance(given, list) or not 1 <= len(given) <= _PROMPTS_MOST:
            raise SlackRefusalError("invalid_arguments", ["prompts must hold 1 to 4 items"])
        prompts = tuple(self._prompt(one) for one in given)
        kept = Prompts(title=arguments.text("title"), prompts=prompts)
        self._state.prompts[channel, thread] = kept
        self._state.note("prompts", channel, thread)
        return {}

    def _prompt(self, given: object) -> tuple[str, str]:
        if isinstance(given, dict) and given.get("title") and given.get("message"):
            return str(given["title"]), str(given["message"])
        raise SlackRefusalError("invalid_arguments", ["a prompt needs title and message"])

    def _direct(self, channel_id: str) -> str:
        channel = self._posting.channel(channel_id)
        if not channel.channel_id.startswith("D"):
            raise SlackRefusalError("channel_type_not_supported")
        return channel.channel_id

    def _thread(self, arguments: Arguments, *, direct: bool = False) -> tuple[str, str]:
        channel_id = arguments.required("channel_id", "channel_not_found")
        if direct:
            self._direct(channel_id)
        channel = self._posting.channel(channel_id)
        thread = self._posting.root(channel, arguments.required("thread_ts"))
        return channel.channel_id, thread

    def _reaction(self, arguments: Arguments) -> tuple[Message, tuple[str, str]]:
        channel = self._posting.channel(arguments.required("channel", "channel_not_found"))
        name = arguments.required("name", "no_item_specified").strip(":")
        ts = arguments.required("timestamp", "no_item_specified")
        message = self._state.message(channel.channel_id, ts)
        if message is None:
            raise SlackRefusalError("message_not_found")
        return message, (name, self._state.bot.user_id)

    def _between(self, messages: list[Message], arguments: Arguments) -> list[Message]:
        oldest, latest = arguments.text("oldest", "0"), arguments.text("latest", "9999999999")
        if arguments.flag("inclusive"):
            return [m for m in messages if float(oldest) <= float(m.ts) <= float(latest)]
        return [m for m in messages if float(oldest) < float(m.ts) < float(latest)]

    def _listed(self, messages: list[Message], arguments: Arguments) -> JsonObject:
        page, cursor = self._page(messages, arguments)
        return {
            "messages": [wire.message_json(self._state, message) for message in page],
            "has_more": bool(cursor),
            "response_metadata": {"next_cursor": cursor},
        }

    def _page(self, items: Sequence[_T], arguments: Arguments) -> tuple[list[_T], str]:
        cursor, size = arguments.text("cursor"), arguments.number("limit", _PAGE)
        if cursor and not cursor.removeprefix(_CURSOR).isdecimal():
            raise SlackRefusalError("invalid_cursor")
        start = int(cursor.removeprefix(_CURSOR) or 0) if cursor else 0
        end = start + max(1, min(size, 1000))
        return list(items[start:end]), f"{_CURSOR}{end}" if end < len(items) else ""
