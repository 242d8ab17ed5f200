"""What one view becomes: parts, its small print, and what could be asked next."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from agent import canonical
from agent.guard.untrusted import clean
from agent.views import Freshness
from bot.messages import Button, Fact, Facts, Part, Style

_ESCAPED = re.compile(r"\\([\\*_~\[\]<>|])")

VALUE_LENGTH = 240
"""Characters of one value: three lines on a phone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Who reads the cards, and when."""

    now: datetime
    """Aware UTC: ages are counted up to it."""
    operator: bool = False
    """The channel sees several tenants: buttons must say which one they mean."""
    planned: frozenset[str] = frozenset()
    """Findings of exposures that the answer shows too: the fix is offered there, once."""
    text: str = ""
    """What the answer has said already, before its cards."""

    def has_read(self, words: str) -> bool:
        """Whether the text says this already, so that a card need not."""
        return bool(words) and _bare(words) in _bare(self.text)

    def tenant(self, tenant: str) -> str | None:
        """The tenant that a button's question has to name; None where the channel says it."""
        return tenant if self.operator else None

    def prefix(self, tenant: str) -> str:
        """`acme: ` where several tenants could be meant."""
        return f"{tenant}: " if self.operator else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One view, said."""

    parts: tuple[Part, ...] = ()
    whole: str = ""
    """What it was taken from, as a sentence's beginning: `From 912 open findings in acme`."""
    freshness: tuple[Freshness, ...] = ()
    then: tuple[Button, ...] = ()
    """What could be asked next, the likeliest first."""


def _bare(text: str) -> str:
    """For comparison only: without Markdown, its escapes, spacing and the last full stop."""
    plain = _ESCAPED.sub(r"\1", clean(text)).replace("**", "").replace("`", "")
    return " ".join(plain.split()).rstrip(".").casefold()


def ask(label: str, question: str, style: Style = Style.PLAIN) -> Button:
    """A button that asks a question."""
    return Button(label=label, action="ask", value=question, style=style)


def facts(rows: Sequence[tuple[str, str]]) -> Facts:
    """Labelled values; those that are empty are left out, long ones are cut."""
    said = ((label, clean(value, VALUE_LENGTH).strip()) for label, value in rows)
    return Facts(facts=tuple(Fact(label=label, value=value) for label, value in said if value))


def joined(words: Sequence[str]) -> str:
    """`a; b; c` without the empty ones."""
    return "; ".join(word for word in words if word)


def sentence(text: str) -> str:
    """With a capital letter and a full stop."""
    return f"{text[:1].upper()}{text[1:]}".rstrip(".") + "." if text else ""


def show_graph(thing: str, to: Audience, tenant: str) -> Button:
    """`Show graph` of an exposure or a resource."""
    return ask("Show graph", canonical.show_graph(thing, to.tenant(tenant)))


def plan_fix(ref: str, to: Audience, tenant: str, label: str = "Plan the fix") -> Button:
    """`Plan the fix` of an exposure or a finding."""
    return ask(label, canonical.plan_fix(ref, to.tenant(tenant)))


def why(ref: str, to: Audience, tenant: str, label: str = "Why") -> Button:
    """`Why` of an exposure."""
    return ask(label, canonical.why(ref, to.tenant(tenant)))


def explain(ref: str, to: Audience, tenant: str, label: str = "Explain") -> Button:
    """`Explain` of a finding."""
    return ask(label, canonical.explain(ref, to.tenant(tenant)))
