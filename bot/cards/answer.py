"""An answer's views as the reply that follows its text."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from agent.approvers import Approvers
from agent.assistant import Answer
from agent.offline.say_findings import is_part_of_another
from agent.views import (
    Advice,
    Changes,
    Choices,
    Connections,
    ExposureDetail,
    ExposureList,
    FindingDetail,
    FindingList,
    IdentityList,
    Posture,
    Proposal,
    PublicList,
    ResourceDetail,
    TenantList,
    TopResources,
    View,
)
from bot import phrases
from bot.cards import across, card, estate, exposures, findings, resources
from bot.cards.card import Audience, Card
from bot.messages import Actions, Button, Part, Reply, Rule, Small

MOST_CARDS = 3
"""Cards of one reply: the last ones, because an assistant looks around before it finds."""

MOST_BUTTONS = 5
"""Buttons of one row: what a phone shows without scrolling."""

_OF_ONE_THING = (ExposureDetail, FindingDetail, ResourceDetail, Connections, Advice, Proposal)

FEEDBACK = Actions(
    buttons=(
        Button(label="Helpful", action="feedback", value="up"),
        Button(label="Not helpful", action="feedback", value="down"),
    )
)


def reply_for(answer: Answer, *, now: datetime, operator: bool = False) -> Reply:
    """What follows an answer's text: cards with buttons, small print, what could be asked next.

    The text itself is streamed before and is not repeated; `plain` is its first line. Give
    `operator` for a channel that sees every tenant: its buttons then name the tenant they mean.
    """
    views = _told(answer.views)
    tenants = {view.tenant for view in views if not isinstance(view, TenantList | Choices)}
    lists = [view for view in views if isinstance(view, ExposureList)]
    planned = frozenset(ref for view in lists for e in view.exposures for ref in e.findings)
    several = operator or len(tenants) > 1
    to = Audience(now=now, operator=several, text=answer.text, planned=planned)
    cards = [_card(group, to) for group in _groups(views)[-MOST_CARDS:]]
    parts: list[Part] = []
    offered: list[Button] = []
    for index, shown in enumerate(cards):
        if index and shown.parts:
            parts.append(Rule())
        parts.extend(shown.parts)
        small = _small(shown, now)
        if small:
            parts.append(Small(text=small))
        then = _then(shown, offered)
        offered.extend(then)
        if then:
            parts.append(Actions(buttons=then))
    if answer.notice:
        parts.append(Small(text=answer.notice))
    if cards:
        parts.append(FEEDBACK)
    return Reply(plain=_plain(answer), parts=tuple(parts))


def _told(views: Sequence[View]) -> Sequence[View]:
    """Without the lists that were only looked through on the way to one thing."""
    if views and isinstance(views[-1], _OF_ONE_THING):
        return [view for view in views if isinstance(view, (*_OF_ONE_THING, Choices))]
    lists = [view for view in views if isinstance(view, FindingList)]
    if len(lists) == len(views) and is_part_of_another(lists):
        return views[len(views) // 2 :]
    return views


def _groups(views: Sequence[View]) -> list[list[View]]:
    """Views that make one card: one tool's answers of several tenants, one for each."""
    groups: list[list[View]] = []
    for view in views:
        last = groups[-1] if groups else []
        if last and type(last[0]) is type(view) and type(view) in _MAKERS_OF_SEVERAL:
            others = {getattr(v, "tenant", "") for v in last}
            if getattr(view, "tenant", "") not in others:
                last.append(view)
                continue
        groups.append([view])
    return groups


_MAKERS_OF_SEVERAL: dict[type, Callable[[Sequence[Any], Audience], Card]] = {
    ExposureList: exposures.exposure_lists,
    Posture: estate.postures,
    FindingList: across.finding_lists,
    TopResources: across.top_resources,
    IdentityList: estate.identities,
    Approvers: estate.approvers,
    PublicList: across.public_lists,
    Changes: across.changes,
}
"""What makes one card of a tool's answers from several tenants."""

_MAKERS: dict[type, Callable[[Any, Audience], Card]] = {
    ExposureDetail: exposures.exposure_detail,
    FindingList: findings.finding_list,
    FindingDetail: findings.finding_detail,
    Changes: findings.changes,
    Advice: findings.advice,
    Proposal: findings.proposal,
    TopResources: resources.top_resources,
    ResourceDetail: resources.resource_detail,
    Connections: resources.connections,
    PublicList: resources.public_list,
    TenantList: lambda view, _: estate.tenant_list(view),
    Choices: lambda view, _: findings.choices(view),
}
"""What makes the card of each view that makes one by itself."""


def _card(group: Sequence[View], to: Audience) -> Card:
    first = group[0]
    if len(group) > 1 or type(first) not in _MAKERS:
        return _MAKERS_OF_SEVERAL[type(first)](group, to)
    return _MAKERS[type(first)](first, to)


def _small(shown: Card, now: datetime) -> str:
    """The small print: the whole and the age in one sentence."""
    return card.sentence(
        "; ".join(w for w in (shown.whole, phrases.freshness(shown.freshness, now)) if w)
    )


def _then(shown: Card, offered: Sequence[Button]) -> tuple[Button, ...]:
    """What could be asked next of a card, below it; nothing that a card before it offers."""
    labels: set[str] = set()
    questions = {button.value for button in offered}
    new: list[Button] = []
    for button in shown.then:
        if button.label not in labels and button.value not in questions:
            labels.add(button.label)
            questions.add(button.value)
            new.append(button)
    return tuple(new[:MOST_BUTTONS])


def _plain(answer: Answer) -> str:
    """The verdict: the text's first line, without Markdown."""
    for line in answer.text.splitlines():
        words = line.strip().lstrip("#>-* ").replace("**", "").replace("`", "")
        if words:
            return words
    return "Here is what was found." if answer.views else "There is nothing to show."
