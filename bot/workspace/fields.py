"""What can be filled in: its value as Slack tells it, and what Slack's own clients let nobody send.

The shapes are those of `view.state.values` in Slack's view payloads: every stateful element is
there, an empty one with null (changelog of September 2020).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.workspace.blocks import interactive
from bot.workspace.records import JsonObject

_LONGEST = 3000
_REQUIRED = "Please complete this required field."


def options_of(element: JsonObject) -> dict[str, JsonObject]:
    """A menu's options, groups included, by their values."""
    groups = [group["options"] for group in element.get("option_groups") or ()]
    listed = [*(element.get("options") or ()), *(one for group in groups for one in group)]
    return {option["value"]: option for option in listed}


def filled_in(blocks: Sequence[JsonObject], given: Mapping[str, Any]) -> JsonObject:
    """`state.values`: what stands in each field.

    `given` has the same form; a field that is not in it holds what the app put there at first.
    """
    values: JsonObject = {}
    for block in blocks:
        for element in interactive(block):
            if element["type"] not in _READ:
                continue
            block_id, action_id = block["block_id"], element["action_id"]
            typed = _at(given, block_id, action_id)
            values.setdefault(block_id, {})[action_id] = _value(element, typed)
    return values


def wrongly_filled_in(blocks: Sequence[JsonObject], values: JsonObject) -> dict[str, str]:
    """What a person is told before anything is sent: a sentence by block id."""
    wrong: dict[str, str] = {}
    for block in blocks:
        if block["type"] == "input" and block["block_id"] in values:
            element = block["element"]
            value = values[block["block_id"]][element["action_id"]]
            problem = _problem(element, value[_field(element)], optional=block.get("optional"))
            if problem:
                wrong[block["block_id"]] = problem
    return wrong


def _problem(element: JsonObject, value: Any, *, optional: bool | None) -> str:
    if not value:
        return "" if optional else _REQUIRED
    if element["type"] != "plain_text_input":
        return ""
    least, most = element.get("min_length", 0), element.get("max_length", _LONGEST)
    if len(value) < least:
        return f"Please enter at least {least} characters."
    return f"Please enter at most {most} characters." if len(value) > most else ""


def _at(given: Mapping[str, Any], block_id: str, action_id: str) -> JsonObject | None:
    block = given.get(block_id)
    field = block.get(action_id) if isinstance(block, Mapping) else None
    return dict(field) if isinstance(field, Mapping) else None


def _field(element: JsonObject) -> str:
    return _READ[element["type"]][0]


def _value(element: JsonObject, typed: JsonObject | None) -> JsonObject:
    field, initial, read = _READ[element["type"]]
    raw = element.get(initial) if typed is None else typed.get(field)
    return {"type": element["type"], field: read(element, raw)}


def _words(_element: JsonObject, raw: Any) -> str | None:
    return raw if isinstance(raw, str) and raw else None


def _one(element: JsonObject, raw: Any) -> JsonObject | None:
    """An option as the view has it: what is chosen elsewhere is chosen nowhere."""
    return options_of(element).get(str(raw.get("value"))) if isinstance(raw, dict) else None


def _several(element: JsonObject, raw: Any) -> list[JsonObject]:
    chosen = [_one(element, one) for one in raw] if isinstance(raw, list) else []
    return [option for option in chosen if option is not None]


_READ: dict[str, tuple[str, str, Callable[[JsonObject, Any], Any]]] = {
    "plain_text_input": ("value", "initial_value", _words),
    "datepicker": ("selected_date", "initial_date", _words),
    "users_select": ("selected_user", "initial_user", _words),
    "static_select": ("selected_option", "initial_option", _one),
    "radio_buttons": ("selected_option", "initial_option", _one),
    "checkboxes": ("selected_options", "initial_options", _several),
    "multi_static_select": ("selected_options", "initial_options", _several),
}
"""Stateful elements: where the value stands, where the app's own first value stands, how to read
either."""
