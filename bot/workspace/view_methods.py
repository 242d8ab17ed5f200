"""`views.*`: modals opened with a trigger, and each person's home tab."""

from dataclasses import replace

from bot.workspace import rules, wire
from bot.workspace.arguments import Arguments
from bot.workspace.posting import Posting
from bot.workspace.records import JsonObject, View
from bot.workspace.refusals import SlackRefusalError

_STACK = 3
"""A modal and two pushed on it (Slack's `push_limit_reached`)."""


class ViewMethods:
    """Modals and home tabs."""

    def __init__(self, posting: Posting) -> None:
        self._posting = posting
        self._state = posting.state

    def open(self, arguments: Arguments) -> JsonObject:
        """`views.open`: within three seconds of a press, once."""
        view = rules.check_view(arguments.json("view"), "modal")
        user, _ = self._exchanged(arguments)
        opened = self._stored(user, view)
        self._state.open_views[user] = (opened.view_id,)
        self._state.note("view", "", user, user)
        return {"view": wire.view_json(self._state, opened)}

    def push(self, arguments: Arguments) -> JsonObject:
        """`views.push`: on top of the modal that was pressed."""
        view = rules.check_view(arguments.json("view"), "modal")
        user, _ = self._exchanged(arguments)
        stack = self._state.open_views.get(user, ())
        if not stack:
            raise SlackRefusalError("invalid_trigger_id")
        if len(stack) >= _STACK:
            raise SlackRefusalError("push_limit_reached")
        pushed = self._stored(user, view, below=self._state.views[stack[-1]])
        self._state.open_views[user] = (*stack, pushed.view_id)
        self._state.note("view", "", user, user)
        return {"view": wire.view_json(self._state, pushed)}

    def publish(self, arguments: Arguments) -> JsonObject:
        """`views.publish`: a person's home tab."""
        user = arguments.required("user_id", "user_not_found")
        if user not in self._state.people:
            raise SlackRefusalError("user_not_found")
        view = rules.check_view(arguments.json("view"), "home")
        before = self._state.homes.get(user)
        if before is not None and "hash" in arguments and arguments.text("hash") != before.hash:
            raise SlackRefusalError("hash_conflict")
        home = self._stored(user, view)
        self._state.homes[user] = home
        self._state.note("home", "", user, user)
        return {"view": wire.view_json(self._state, home)}

    def update(self, arguments: Arguments) -> JsonObject:
        """`views.update`."""
        held = self._state.views.get(arguments.required("view_id", "not_found"))
        if held is None:
            raise SlackRefusalError("not_found")
        view = rules.check_view(arguments.json("view"), held.view["type"])
        if "hash" in arguments and arguments.text("hash") != held.hash:
            raise SlackRefusalError("hash_conflict")
        return {"view": wire.view_json(self._state, self.replaced(held, view))}

    def replaced(self, held: View, view: JsonObject) -> View:
        """Show other content in a view that is there."""
        blocks = list(self._posting.identified(view["blocks"]))
        fresh = replace(held, view={**view, "blocks": blocks}, hash=self._state.next_ts())
        self._state.views[held.view_id] = fresh
        kind = "home" if view["type"] == "home" else "view"
        if kind == "home":
            self._state.homes[held.user] = fresh
        self._state.note(kind, "", held.user, held.user)
        return fresh

    def _stored(self, user: str, view: JsonObject, below: View | None = None) -> View:
        view_id = self._state.next_id("V")
        blocks = list(self._posting.identified(view["blocks"]))
        stored = View(
            view_id=view_id,
            user=user,
            view={**view, "blocks": blocks},
            root_id=below.root_id if below else view_id,
            previous_id=below.view_id if below else "",
            hash=self._state.next_ts(),
        )
        self._state.views[view_id] = stored
        return stored

    def _exchanged(self, arguments: Arguments) -> tuple[str, str]:
        """Whose trigger it is, and from which view; a trigger serves once."""
        trigger_id = arguments.required("trigger_id", "invalid_trigger_id")
        trigger = self._state.triggers.get(trigger_id)
        if trigger is None:
            raise SlackRefusalError("invalid_trigger_id")
        if trigger.used:
            raise SlackRefusalError("exchanged_trigger_id")
        if self._state.clock() - trigger.issued > self._state.limits.trigger_s:
            raise SlackRefusalError("expired_trigger_id")
        self._state.triggers[trigger_id] = replace(trigger, used=True)
        return trigger.user, trigger.view_id
