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
        view = self._checked(arguments, "modal")
        user, _ = self._exchanged(arguments)
        for below in self._state.open_views.get(user, ()):
            self._state.views.pop(below, None)
        opened = self._stored(user, view)
        self._state.open_views[user] = (opened.view_id,)
        self._state.note("view", "", user, user)
        return {"view": wire.view_json(self._state, opened)}

    def push(self, arguments: Arguments) -> JsonObject:
        """`views.push`: on top of the modal that was pressed."""
        view = self._checked(arguments, "modal")
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
        before = self._state.homes.get(user)
        view = self._checked(arguments, "home", before)
        if before is None:
            home = self._state.homes[user] = self._stored(user, view)
            self._state.note("home", "", user, user)
        else:
            home = self.replaced(before, view)
        return {"view": wire.view_json(self._state, home)}

    def update(self, arguments: Arguments) -> JsonObject:
        """`views.update`: by its id, or by the name that the app gave it."""
        held = self._held(arguments)
        view = self._checked(arguments, held.view["type"], held)
        return {"view": wire.view_json(self._state, self.replaced(held, view))}

    def close(self, view: View, *, everything: bool = False) -> None:
        """Take a modal from before its person, or all of that person's."""
        state, user = self._state, view.user
        stack = state.open_views.get(user, ())
        gone = stack if everything else (view.view_id,)
        state.open_views[user] = tuple(one for one in stack if one not in gone)
        for view_id in gone:
            state.views.pop(view_id, None)
        state.note("view", "", user, user)

    def _held(self, arguments: Arguments) -> View:
        if "view_id" in arguments:
            held = self._state.views.get(arguments.text("view_id"))
        else:
            held = self._named(arguments.text("external_id"))
        if held is None:
            raise SlackRefusalError("not_found")
        return held

    def _named(self, external_id: str) -> View | None:
        views = self._state.views.values()
        found = (view for view in views if view.view.get("external_id") == external_id)
        return next(found, None) if external_id else None

    def _checked(self, arguments: Arguments, kind: str, held: View | None = None) -> JsonObject:
        """The call's view; `held` is the one that it replaces."""
        view = rules.check_view(arguments.json("view"), kind)
        if held is not None and "hash" in arguments and arguments.text("hash") != held.hash:
            raise SlackRefusalError("hash_conflict")
        other = self._named(str(view.get("external_id") or ""))
        if other is not None and (held is None or other.view_id != held.view_id):
            raise SlackRefusalError("duplicate_external_id")
        return view

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
