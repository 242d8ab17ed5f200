"""Block Kit's text objects and elements: which fields, how long.

Lengths and field names are those of the validators and attributes in slack_sdk's
`models/blocks` and of Slack's Block Kit reference.
"""

from bot.workspace.shapes import (
    Check,
    anything,
    boolean,
    many,
    one_of,
    record,
    string,
    typed,
    whole,
)

_KIND = {"type": anything}
_ACTION_ID = string(255)
_URL = string(3000)
FILE_ID = r"^F[A-Z0-9]{8,}$"


def plain(longest: int) -> Check:
    """A `plain_text` object; a `mrkdwn` one is refused here."""
    fields = {**_KIND, "text": string(longest), "emoji": boolean}
    return typed({"plain_text": record(fields, required=("text",))})


def text(longest: int) -> Check:
    """A `plain_text` or `mrkdwn` object."""
    mrkdwn = record({**_KIND, "text": string(longest), "verbatim": boolean}, required=("text",))
    emoji = record({**_KIND, "text": string(longest), "emoji": boolean}, required=("text",))
    return typed({"plain_text": emoji, "mrkdwn": mrkdwn})


CONFIRM = record(
    {
        "title": plain(100),
        "text": text(300),
        "confirm": plain(30),
        "deny": plain(30),
        "style": one_of("primary", "danger"),
    },
    required=("title", "text", "confirm", "deny"),
)
_SLACK_FILE = record({"id": string(255, pattern=FILE_ID), "url": _URL}, only_one=("id", "url"))
_PICTURE = {**_KIND, "alt_text": string(2000), "image_url": _URL, "slack_file": _SLACK_FILE}
IMAGE = record(_PICTURE, required=("alt_text",), only_one=("image_url", "slack_file"))
IMAGE_BLOCK = record(
    {**_PICTURE, "title": plain(2000), "block_id": string(255)},
    required=("alt_text",),
    only_one=("image_url", "slack_file"),
)

BUTTON = record(
    {
        **_KIND,
        "text": plain(75),
        "action_id": _ACTION_ID,
        "url": _URL,
        "value": string(2000),
        "style": one_of("primary", "danger"),
        "confirm": CONFIRM,
        "accessibility_label": string(75),
        "agent_prompt": string(4000),
        "agent_prompt_display": anything,
        "visible_to_user_ids": many(string(255), 10),
    },
    required=("text",),
)
_FEEDBACK_BUTTON = record(
    {"text": plain(75), "value": string(2000), "accessibility_label": string(75)},
    required=("text", "value"),
)
FEEDBACK = record(
    {
        **_KIND,
        "action_id": _ACTION_ID,
        "positive_button": _FEEDBACK_BUTTON,
        "negative_button": _FEEDBACK_BUTTON,
    },
    required=("positive_button", "negative_button"),
)
ICON_BUTTON = record(
    {
        **_KIND,
        "icon": one_of("trash"),
        "text": plain(75),
        "action_id": _ACTION_ID,
        "value": string(2000),
        "accessibility_label": string(75),
        "confirm": CONFIRM,
        "visible_to_user_ids": many(string(255), 10),
    },
    required=("icon", "text"),
)
_OPTION = record(
    {"text": text(75), "value": string(150), "description": text(75), "url": _URL},
    required=("text", "value"),
)
_GROUP = record({"label": plain(75), "options": many(_OPTION, 100)}, required=("label", "options"))
_INPUT = {
    **_KIND,
    "action_id": _ACTION_ID,
    "placeholder": plain(150),
    "confirm": CONFIRM,
    "focus_on_load": boolean,
}
OVERFLOW = record(
    {**_KIND, "action_id": _ACTION_ID, "options": many(_OPTION, 5), "confirm": CONFIRM},
    required=("options",),
)
_CHOICES = {**_INPUT, "options": many(_OPTION, 100), "option_groups": many(_GROUP, 100)}
SELECT = record({**_CHOICES, "initial_option": _OPTION}, only_one=("options", "option_groups"))
MULTI_SELECT = record(
    {**_CHOICES, "initial_options": many(_OPTION, 100), "max_selected_items": whole(1, 100)},
    only_one=("options", "option_groups"),
)
RADIO = record(
    {**_INPUT, "options": many(_OPTION, 10), "initial_option": _OPTION}, required=("options",)
)
CHECKBOXES = record(
    {**_INPUT, "options": many(_OPTION, 10), "initial_options": many(_OPTION, 10)},
    required=("options",),
)
DATE = record({**_INPUT, "initial_date": string(10, pattern=r"^\d{4}-\d{2}-\d{2}$")})
USERS = record({**_INPUT, "initial_user": string(255)})
TEXT_INPUT = record(
    {
        **_INPUT,
        "initial_value": string(3000, 0),
        "multiline": boolean,
        "min_length": whole(0, 3000),
        "max_length": whole(1, 3000),
        "dispatch_action_config": anything,
    }
)

INTERACTIVE = {
    "button": BUTTON,
    "overflow": OVERFLOW,
    "static_select": SELECT,
    "multi_static_select": MULTI_SELECT,
    "users_select": USERS,
    "datepicker": DATE,
    "radio_buttons": RADIO,
    "checkboxes": CHECKBOXES,
}
SECTION_ACCESSORY = typed({**INTERACTIVE, "image": IMAGE})
ACTIONS_ELEMENT = typed(
    {kind: check for kind, check in INTERACTIVE.items() if kind != "multi_static_select"}
)
INPUT_ELEMENT = typed(
    {
        **{k: c for k, c in INTERACTIVE.items() if k not in {"button", "overflow"}},
        "plain_text_input": TEXT_INPUT,
    }
)
CONTEXT_ELEMENT = typed(
    {
        "image": IMAGE,
        "mrkdwn": record({**_KIND, "text": string(3000), "verbatim": boolean}, required=("text",)),
        "plain_text": record({**_KIND, "text": string(3000), "emoji": boolean}, required=("text",)),
    }
)
CONTEXT_ACTION = typed({"feedback_buttons": FEEDBACK, "icon_button": ICON_BUTTON})
