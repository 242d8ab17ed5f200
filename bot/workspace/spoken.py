"""What a person types, turned into what Slack stores: entities escaped, names into ids."""

import re

from bot.workspace.records import JsonObject
from bot.workspace.state import State

_STORED = re.compile(r"(<@[UW][A-Z0-9]+>)")
_TYPED = re.compile(r"(?<![\w@])@([A-Za-z0-9][\w.-]*)|(?<![\w#])#([a-z0-9][\w-]*)")


def stored_text(state: State, typed: str) -> str:
    """Typed text as Slack stores it: `@assist` becomes `<@U...>`, `<` becomes `&lt;`.

    Mentions that are already in Slack's form stay. A trailing dot or dash is no part of a name.
    """
    parts = _STORED.split(typed)
    return "".join(
        part if index % 2 else _TYPED.sub(lambda m: _named(state, m), _escaped(part))
        for index, part in enumerate(parts)
    )


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _named(state: State, match: re.Match[str]) -> str:
    person, channel = match.group(1), match.group(2)
    if person:
        handle = person.rstrip(".-")
        user = _user_id(state, handle.lower())
        return f"<@{user}>{person[len(handle) :]}" if user else match.group(0)
    for known in state.channels.values():
        if known.name == channel:
            return f"<#{known.channel_id}|{known.name}>"
    return match.group(0)


def _user_id(state: State, handle: str) -> str:
    if handle == state.bot.name.lower():
        return state.bot.user_id
    found = (p.user_id for p in state.people.values() if p.name.lower() == handle)
    return next(found, "")


def mentions(text: str, user_id: str) -> bool:
    """Whether stored text mentions somebody."""
    return f"<@{user_id}>" in text


def rich_text(state: State, text: str) -> JsonObject:
    """The `rich_text` block that Slack puts beside a typed message."""
    elements: list[JsonObject] = []
    for index, part in enumerate(_STORED.split(text)):
        if index % 2:
            elements.append({"type": "user", "user_id": part[2:-1]})
        elif part:
            plain = part.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
            elements.append({"type": "text", "text": plain})
    section = {"type": "rich_text_section", "elements": elements}
    return {"type": "rich_text", "block_id": state.next_id("b"), "elements": [section]}
