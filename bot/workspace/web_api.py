"""Slack's Web API, the part the bot uses: who asks, which method, how fast."""

import hmac
from collections.abc import Callable, Mapping
from typing import Any

from bot.workspace.arguments import Arguments
from bot.workspace.chat_methods import ChatMethods
from bot.workspace.file_methods import FileMethods
from bot.workspace.limits import RateLimiter
from bot.workspace.posting import Posting
from bot.workspace.records import JsonObject
from bot.workspace.refusals import SlackRefusalError
from bot.workspace.state import State
from bot.workspace.stream_methods import StreamMethods
from bot.workspace.view_methods import ViewMethods
from bot.workspace.workspace_methods import WorkspaceMethods

Method = Callable[[Arguments], JsonObject]


class WebApi:
    """Calls by name."""

    def __init__(self, state: State, send_event: Callable[[JsonObject], None]) -> None:
        self._state = state
        self._rates = RateLimiter(state.limits, state.clock)
        self.posting = Posting(state, self._rates, send_event)
        self.files = FileMethods(self.posting)
        self.views = ViewMethods(self.posting)
        self.chat = ChatMethods(self.posting)
        self._methods = self._named()

    def _named(self) -> dict[str, Method]:
        streams, asked = StreamMethods(self.posting), WorkspaceMethods(self.posting)
        return {
            "api.test": lambda _arguments: {},
            "auth.test": asked.who_am_i,
            "bots.info": asked.bot,
            "users.info": asked.person,
            "conversations.info": asked.channel,
            "conversations.members": asked.members,
            "conversations.history": asked.history,
            "conversations.replies": asked.replies,
            "conversations.open": asked.open,
            "reactions.add": asked.react,
            "reactions.remove": asked.unreact,
            "assistant.threads.setStatus": asked.set_status,
            "assistant.threads.setTitle": asked.set_title,
            "assistant.threads.setSuggestedPrompts": asked.set_prompts,
            "chat.postMessage": self.chat.post,
            "chat.postEphemeral": self.chat.whisper,
            "chat.update": self.chat.update,
            "chat.delete": self.chat.delete,
            "chat.getPermalink": self.chat.permalink,
            "chat.startStream": streams.start,
            "chat.appendStream": streams.append,
            "chat.stopStream": streams.stop,
            "files.getUploadURLExternal": self.files.upload_url,
            "files.completeUploadExternal": self.files.complete,
            "files.info": self.files.info,
            "views.open": self.views.open,
            "views.push": self.views.push,
            "views.publish": self.views.publish,
            "views.update": self.views.update,
        }

    @property
    def names(self) -> frozenset[str]:
        """The methods there are."""
        return frozenset(self._methods)

    def call(self, method: str, token: str, values: Mapping[str, Any]) -> JsonObject:
        """One call; the answer's JSON.

        Raises:
            SlackRefusalError: With Slack's error: `not_authed`, `invalid_auth`, `unknown_method`,
                `ratelimited`, or one of the method's own.
        """
        called = self._methods.get(method)
        if called is None:
            raise SlackRefusalError("unknown_method")
        if not token:
            raise SlackRefusalError("not_authed")
        if not hmac.compare_digest(token.encode(), self._state.bot.token.encode()):
            raise SlackRefusalError("invalid_auth")
        with self._state.held():
            wait_s = self._rates.wait_for_call(method)
            if wait_s:
                raise SlackRefusalError("ratelimited", retry_after_s=wait_s)
            return {"ok": True, **called(Arguments(values))}
