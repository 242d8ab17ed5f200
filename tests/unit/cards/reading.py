"""A reply as a person reads it: its cards, its small print, what can be pressed."""

from agent.assistant import Answer
from agent.views import (
    FindingList,
    View,
)
from bot.cards import reply_for
from bot.messages import Actions, Button, Facts, Grid, Item, Reply, Small
from tests.unit.cards.story import (
    FRESH,
    NOW,
    WEB_ARN,
    a_finding,
)


def reply(*views: View, text: str = "The verdict.", operator: bool = False) -> Reply:
    return reply_for(Answer(text=text, views=views), now=NOW, operator=operator)


def items(of: Reply) -> list[Item]:
    return [part for part in of.parts if isinstance(part, Item)]


def grids(of: Reply) -> list[Grid]:
    return [part for part in of.parts if isinstance(part, Grid)]


def small(of: Reply) -> list[str]:
    return [part.text for part in of.parts if isinstance(part, Small)]


def facts(of: Reply) -> dict[str, str]:
    return {f.label: f.value for p in of.parts if isinstance(p, Facts) for f in p.facts}


def buttons(of: Reply) -> list[Button]:
    found: list[Button] = []
    for part in of.parts:
        if isinstance(part, Item | Actions):
            found.extend(part.buttons)
    return [button for button in found if button.action == "ask"]


def asked(of: Reply) -> list[str]:
    return [button.value for button in buttons(of)]


def a_list(count: int, total: int, **filtered: str) -> FindingList:
    return FindingList(
        tenant="acme",
        asked="open critical findings",
        total=total,
        whole=912,
        findings=tuple(a_finding(n) for n in range(1, count + 1)),
        names={WEB_ARN: "web-7"},
        freshness=FRESH,
        filtered=filtered,
    )
