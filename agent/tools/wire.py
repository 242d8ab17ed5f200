"""How a tool's typed result travels through a model's messages, and back.

A result is one JSON text: `{"views": [{"type": "ExposureList", ...}, ...]}`, a view per tenant of
the scope. Text JSON, because evaluation tools read only the text of a result's first block. The
text stands in a fence that names it as data, and every string in it is stripped of hidden
characters: what findings, tags and names say is nobody's order.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from agent.guard.untrusted import cleaned
from agent.views import View

OPEN_FENCE = "<tool-data untrusted>"
CLOSE_FENCE = "</tool-data>"

_TYPES: dict[str, type[View]] = {cls.__name__: cls for cls in View.__args__}


def encode(views: Sequence[View]) -> str:
    """A tool's answer as the text that models read."""
    rows = []
    for view in views:
        fields: dict[str, Any] = cleaned(msgspec.to_builtins(view, str_keys=True))
        rows.append({"type": type(view).__name__, **fields})
    body = msgspec.json.encode({"views": rows}).decode()
    # A value could hold the closing fence; JSON lets "<" be written so that it cannot.
    return f"{OPEN_FENCE}{body.replace('<', chr(92) + 'u003c')}{CLOSE_FENCE}"


def decode(text: str) -> tuple[View, ...]:
    """The views of a tool's answer; none when the text is not one (an error, another tool's)."""
    if not (text.startswith(OPEN_FENCE) and text.endswith(CLOSE_FENCE)):
        return ()
    try:
        document = msgspec.json.decode(text[len(OPEN_FENCE) : -len(CLOSE_FENCE)])
        return tuple(_view(row) for row in document["views"])
    except (msgspec.MsgspecError, KeyError, TypeError):
        return ()


def _view(row: dict[str, Any]) -> View:
    fields = dict(row)
    return msgspec.convert(fields, _TYPES[fields.pop("type")], strict=False, str_keys=True)


def view_types() -> list[str]:
    """The names that `type` can have."""
    return sorted(_TYPES)
