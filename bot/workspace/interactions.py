"""Presses, submissions and answers to a `response_url`."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.workspace import envelopes, fields, rules, streams
from bot.workspace.arguments import Arguments
from bot.workspace.blocks import interactive
from bot.workspace.delivery import Delivery
from bot.workspace.records import (
    JsonObject,
    Message,
    ResponseUrl,
    Trigger,
    View,
    WorkspacePerson,
)
from bot.workspace.refusals import SlackRefusalError
from bot.workspace.state import State
from bot.workspace.web_api import WebApi

_FORMS = {
    "button": "value",
    "static_select": "selected_option",
    "radio_buttons": "selected_option",
    "overflow": "selected_option",
    "checkboxes": "selected_options",
    "multi_static_select": "selected_options",
    "datepicker": "selected_date",
    "users_select": "selected_user",
    "plain_text_input": "value",
}


class NothingToPressError(LookupError):
    """There is no such message, view or element for this person."""


class Interactions:
    """What people press, sent to the app; what the app may still answer."""

    def __init__(self, state: State, api: WebApi, delivery: Delivery) -> None:
        self._state, self._api, self._delivery = state, api, delivery

    def press(
        self,
        user_id: str,
        source_id: tuple[str, str],
        action_id: str,
        *,
        block_id: str = "",
        choice: Any = None,
        values: Mapping[str, Any] | None = None,
    ) -> str:
        """Press something, and wait for the app's ack.

        Args:
            user_id: Who presses.
            source_id: Channel and ts of the message, or `""` and the view's id.
            action_id: Of the element.
            block_id: Of its block; the first block with such an element when empty.
            choice: What was chosen: a feedback button's or an option's value, a date, a user.
            values: The other fields' state, as `state.values`.

        Returns:
            `ok`, or why Slack would show a warning: `http_timeout`, `http_error`, ...

        Raises:
            NothingToPressError: There is no such element to press for this person.
        """
        state = self._state
        with state.held():
            person = self._person(user_id)
            source, blocks = self._source(person, source_id)
            block, element = _found(blocks, action_id, block_id)
            visible = element.get("visible_to_user_ids")
            if visible and user_id not in visible:
                raise NothingToPressError(action_id)
            payload = envelopes.block_actions(
                state,
                person,
                source,
                _action(block, element, choice),
                trigger_id=self._trigger(user_id, source),
                response_url=self._response_url(user_id, source),
                values=fields.filled_in(blocks, values or {}),
            )
        return self._delivery.interaction(payload).outcome

    def submit(self, user_id: str, view_id: str, values: Mapping[str, Any]) -> JsonObject:
        """Press a modal's submit.

        What a field's own rules forbid is said at once, as Slack's clients do, and not sent.

        Returns:
            `{"outcome": "ok"}` and the modal is closed or replaced, or `errors` by block id; with
            another outcome it stays as it is: the app did not answer (`http_timeout`, ...) or not
            in a way that Slack understands (`invalid_answer`).

        Raises:
            NothingToPressError: That modal is not the one before this person.
        """
        state = self._state
        with state.held():
            person, view = self._person(user_id), self._top(user_id, view_id)
            values = fields.filled_in(view.view["blocks"], values)
            wrong = fields.wrongly_filled_in(view.view["blocks"], values)
            if wrong:
                return {"outcome": "ok", "errors": wrong}
            trigger_id = self._trigger(user_id, view)
            payload = envelopes.view_submission(state, person, view, values, trigger_id=trigger_id)
        answer = self._delivery.interaction(payload)
        if answer.outcome != "ok":
            return {"outcome": answer.outcome}
        with state.held():
            return self._answered(user_id, view, answer.body)

    def dismiss(self, user_id: str, view_id: str) -> None:
        """Close a modal without submitting it."""
        with self._state.held():
            person, view = self._person(user_id), self._top(user_id, view_id)
            cleared = bool(view.view.get("clear_on_close"))
            payload = envelopes.view_closed(self._state, person, view, cleared=cleared)
            self._api.views.close(view, everything=cleared)
        if view.view.get("notify_on_close"):
            self._delivery.interaction(payload)

    def respond(self, response_id: str, body: Any) -> None:
        """A post to a `response_url`: five times within thirty minutes.

        Raises:
            SlackRefusalError: `used_url`, `expired_url`, or what the content is refused with.
        """
        state = self._state
        with state.held():
            right = state.response_urls.get(response_id)
            if right is None or right.uses >= state.limits.response_url_uses:
                raise SlackRefusalError("used_url")
            if state.clock() - right.issued > state.limits.response_url_s:
                raise SlackRefusalError("expired_url")
            if not isinstance(body, dict):
                raise SlackRefusalError("invalid_payload")
            self._respond(right, body)
            state.response_urls[response_id] = replace(right, uses=right.uses + 1)

    def _respond(self, right: ResponseUrl, body: JsonObject) -> None:
        state = self._state
        pressed = state.message(right.channel, right.message_ts)
        if body.get("delete_original"):
            if pressed is not None:
                self._api.posting.remove(pressed)
            return
        arguments = Arguments(body)
        text, blocks = arguments.text("text"), self._api.posting.blocks(arguments)
        if not text and not blocks:
            raise SlackRefusalError("no_text")
        if body.get("replace_original") and pressed is not None:
            self._api.posting.rewrite(pressed, text, blocks)
            return
        everybody = body.get("response_type") == "in_channel"
        message = Message(
            channel=right.channel,
            ts=state.next_ts(),
            user=state.bot.user_id,
            text=text[: rules.TEXT_LONGEST],
            thread_ts=arguments.text("thread_ts"),
            blocks=blocks,
            by_bot=True,
            only_for="" if everybody else right.user,
        )
        self._api.posting.say(message)

    def _person(self, user_id: str) -> WorkspacePerson:
        person = self._state.people.get(user_id)
        if person is None:
            raise NothingToPressError(user_id)
        return person

    def _source(
        self, person: WorkspacePerson, source_id: tuple[str, str]
    ) -> tuple[Message | View, list[JsonObject]]:
        channel_id, ts = source_id
        if not channel_id:
            view = self._view(person.user_id, ts)
            return view, list(view.view["blocks"])
        channel = self._state.channel_of(channel_id)
        message = self._state.message(channel_id, ts)
        if channel is None or message is None or person.user_id not in channel.members:
            raise NothingToPressError(ts)
        if message.only_for not in {"", person.user_id}:
            raise NothingToPressError(ts)
        if message.stream is not None:
            return message, streams.blocks_of(message.stream)
        return message, list(message.blocks)

    def _view(self, user_id: str, view_id: str) -> View:
        view = self._state.views.get(view_id)
        if view is None or view.user != user_id:
            raise NothingToPressError(view_id)
        return view

    def _top(self, user_id: str, view_id: str) -> View:
        """The modal that a person sees: those below it wait."""
        if self._state.open_views.get(user_id, ())[-1:] != (view_id,):
            raise NothingToPressError(view_id)
        return self._view(user_id, view_id)

    def _trigger(self, user_id: str, source: Message | View) -> str:
        state = self._state
        trigger_id = f"{state.next_id('9')}.{state.next_id('8')}"
        view_id = source.view_id if isinstance(source, View) else ""
        state.triggers[trigger_id] = Trigger(user=user_id, issued=state.clock(), view_id=view_id)
        return trigger_id

    def _response_url(self, user_id: str, source: Message | View) -> str:
        if isinstance(source, View):
            return ""
        response_id = self._state.next_id("R")
        self._state.response_urls[response_id] = ResponseUrl(
            user=user_id,
            channel=source.channel,
            message_ts=source.ts,
            thread_ts=source.thread_ts,
            issued=self._state.clock(),
        )
        return f"{self._state.url}/response/{response_id}"

    def _answered(self, user_id: str, view: View, body: bytes) -> JsonObject:
        """What the app's answer to a submission brings about."""
        try:
            answer = json.loads(body) if body.strip() else {}
            if not isinstance(answer, dict):
                return {"outcome": "invalid_answer"}
            errors = self._obeyed(user_id, view, answer)
        except (ValueError, SlackRefusalError):
            return {"outcome": "invalid_answer"}
        return {"outcome": "ok", "errors": errors} if errors else {"outcome": "ok"}

    def _obeyed(self, user_id: str, view: View, answer: JsonObject) -> dict[str, str]:
        """Do what `response_action` asks for: update, push, clear, errors, or just close."""
        views = self._api.views
        match answer.get("response_action"):
            case None:
                views.close(view)
            case "clear":
                views.close(view, everything=True)
            case "update":
                views.replaced(view, rules.check_view(answer.get("view"), "modal"))
            case "push":
                trigger_id = self._trigger(user_id, view)
                views.push(Arguments({"trigger_id": trigger_id, "view": answer.get("view")}))
            case "errors":
                return _errors(view, answer.get("errors"))
            case other:
                raise ValueError(f"unknown response_action: {other}")
        return {}


def _errors(view: View, errors: Any) -> dict[str, str]:
    """Errors stand at inputs and nowhere else.

    Raises:
        ValueError: There are none, or one is for something that is no input of this view.
    """
    inputs = {b["block_id"] for b in view.view["blocks"] if b["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not inputs >= set(errors):
        raise ValueError("errors are for inputs")
    return {block_id: str(words) for block_id, words in errors.items()}


def _found(
    blocks: list[JsonObject], action_id: str, block_id: str
) -> tuple[JsonObject, JsonObject]:
    for block in blocks:
        if block_id and block.get("block_id") != block_id:
            continue
        for element in interactive(block):
            if element.get("action_id") == action_id:
                return block, element
    raise NothingToPressError(action_id)


def _action(block: JsonObject, element: JsonObject, choice: Any) -> JsonObject:
    """The pressed element as it stands in `actions`."""
    kind = element["type"]
    action: JsonObject = {
        "type": kind,
        "action_id": element["action_id"],
        "block_id": block.get("block_id", ""),
    }
    if kind == "feedback_buttons":
        sides = [element["positive_button"], element["negative_button"]]
        chosen = next((side for side in sides if side["value"] == choice), sides[0])
        return {**action, "value": chosen["value"], "text": chosen["text"]}
    if kind in {"button", "icon_button"}:
        pressed = {"text": element["text"]}
        return {**action, **pressed, **({"value": element["value"]} if "value" in element else {})}
    options = fields.options_of(element)
    if kind in {"checkboxes", "multi_static_select"}:
        return {**action, _FORMS[kind]: [options[one] for one in choice or () if one in options]}
    return {**action, _FORMS.get(kind, "value"): options.get(choice, choice)}
