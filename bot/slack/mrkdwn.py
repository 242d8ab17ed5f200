"""Slack's own text format: what must be escaped on the way out, and decoded on the way in.

Source: "Formatting message text" at docs.slack.dev: `&`, `<` and `>` are written as entities, all
else between `<` and `>` is a mention, a link, a date or a broadcast.
"""

import re

from agent.guard.untrusted import clean
from bot.slack.limits import FALLBACK, cut

_SEQUENCE = re.compile(r"<([^<>]*)>")
_PARSED = re.compile(r"@(?=(?:here|channel|everyone|group)\b)", re.IGNORECASE)
_WORD_JOINER = "\u2060"


def escape(text: str) -> str:
    """Text that Slack shows as it is: no part of it becomes a mention, a link or a broadcast.

    Entities keep `<!channel>` from being parsed; a word joiner keeps a bare `@here` apart from
    the word that clients look for.
    """
    visible = clean(text, FALLBACK).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _PARSED.sub("@" + _WORD_JOINER, visible)


def fallback(text: str) -> str:
    """A message's `text`: what notifications and screen readers say of its blocks."""
    return escape(cut(clean(text, FALLBACK), FALLBACK // 5)) or "An answer"


def plain(text: str, bot_user_id: str = "") -> str:
    """What a person wrote, as plain text: the bot's mention taken out, entities decoded."""
    said = _SEQUENCE.sub(lambda found: _sequence(found.group(1), bot_user_id), text)
    said = said.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return clean(" ".join(said.split(" ")).strip(), 4 * FALLBACK)


def mentions(text: str, user_id: str) -> bool:
    """Whether a message's text names a user."""
    return bool(user_id) and re.search(rf"<@{re.escape(user_id)}(?:\|[^<>]*)?>", text) is not None


def _sequence(inside: str, bot_user_id: str) -> str:
    """What stands between `<` and `>`, in words."""
    target, _, label = inside.partition("|")
    if target.startswith("@"):
        return "" if target[1:] == bot_user_id else f"@{label or target[1:]}"
    if target.startswith("#"):
        return f"#{label or target[1:]}"
    if target.startswith("!"):
        return label or f"@{target[1:].split('^')[0]}"
    return label or target.removeprefix("mailto:")
