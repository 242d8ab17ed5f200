"""A message or a click in, replies out; knows no platform and no AWS."""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from agent.approval import Refusal
from agent.assistant import (
    Answer,
    Assistant,
    Done,
    Question,
    Replaced,
    Scope,
    Status,
    TextDelta,
)
from agent.scope import OutsideScope, scope_for
from agent.views import Connections, Proposal
from bot.cards.answer import reply_for
from bot.fixing import ACTIONS, Fixing
from bot.messages import Actions, Button, Channel, Click, Incoming, Picture, Place, Prose, Reply
from bot.turned_away import write_down
from integrations.conversations.port import ConversationStore
from integrations.conversations.session import EVERY_TENANT, ThreadKey
from integrations.errors import NotFoundError, SecurityAssistError
from integrations.systems import Estate
from integrations.tenants.port import Binding, ChannelKey, TenantDirectory

_log = logging.getLogger(__name__)

_LONGEST_ASKED = 1_000
"""Characters of a question that a button carries."""

FAILED = "I could not answer that"


class Conversation:
    """What is said in every channel: who may see what, the question, the answer, the picture."""

    def __init__(
        self,
        directory: TenantDirectory,
        estate: Estate,
        assistant: Assistant,
        memory: ConversationStore,
        draw: Callable[[Connections], Picture],
        clock: Callable[[], float],
        refused: Callable[[Place], Refusal | None],
        fixing: Fixing | None = None,
    ) -> None:
        """`draw` makes pictures; `clock` gives seconds since the epoch.

        `refused` says why a place's person is not served at all: a guest, or somebody who cannot
        be looked up. It is asked about every message and every press but thanks.
        Without `fixing` there is advice, but no card to approve a fix with.
        """
        self._directory = directory
        self._estate = estate
        self._assistant = assistant
        self._memory = memory
        self._draw = draw
        self._clock = clock
        self._refused = refused
        self._fixing = fixing

    def on_message(self, incoming: Incoming, channel: Channel) -> None:
        """Answer what a person wrote, in its thread."""
        if incoming.foreign:
            channel.whisper(
                _said("I answer only people of this workspace, not guests or other organisations.")
            )
            return
        refusal = self._refused(incoming.place)
        if refusal is not None:
            channel.whisper(_said(refusal.reason))
            return
        binding = self._binding(incoming.place, channel, incoming.text)
        if binding is not None:
            self._answer(incoming.text, binding, channel, canonical=False)

    def on_click(self, click: Click, channel: Channel) -> None:
        """Do what a pressed button says; what it may show is decided anew."""
        if click.foreign:
            self._write_down(click, "foreign")
            channel.whisper(_said("Only people of this workspace can use these buttons."))
        elif click.action == "feedback":
            _log.info("feedback=<%s>, message=<%s> | heard", click.value, click.message_id)
            channel.whisper(_said("Thank you, noted."))
        elif (refusal := self._refused(click.place)) is not None:
            self._write_down(click, refusal.rule)
            channel.whisper(_said(refusal.reason))
        elif click.action == "tenant":
            self._choose_tenant(click, channel)
        else:
            binding = self._binding(click.place, channel)
            if binding is None:
                self._write_down(click, "unmapped")
                return
            if click.action in ACTIONS:
                self._decide(click, binding, channel)
            else:
                self._answer(click.value, binding, channel, canonical=True)

    def _write_down(self, click: Click, rule: str) -> None:
        """A decision that is refused at the door belongs into the audit as any other."""
        if click.action in ACTIONS:
            binding = self._directory.binding(click.place.key)
            tenant = binding.tenant_id if binding else None
            write_down(self._estate, click, rule, self._clock, tenant)

    def _decide(self, click: Click, binding: Binding, channel: Channel) -> None:
        if self._fixing is None:
            channel.whisper(_said("I have no access to any account, so nothing can be run."))
        else:
            self._fixing.on_click(click, binding, channel)

    def knows(self, place: Place) -> bool:
        """Whether the bot has already spoken in that thread: then a reply there is for it."""
        binding = self._directory.binding(place.key)
        if binding is None:
            return False
        return bool(self._memory.load(_thread(place, binding).session_id).messages)

    def _answer(self, text: str, binding: Binding, channel: Channel, *, canonical: bool) -> None:
        place = channel.place
        thread = _thread(place, binding)
        session = thread.session_id
        focus = self._memory.load(session).focus if binding.operator else ()
        scope = scope_for(binding, text, focus, self._estate)
        if isinstance(scope, OutsideScope):
            channel.post(_outside(scope))
            return
        if not scope.systems:
            channel.post(
                _said(
                    "No tenants yet. Take one on: `assist tenants onboard --help`; where no AWS"
                    " account is reached: `assist tenants add --help`"
                )
            )
            return
        question = Question(
            text=text,
            session_id=session,
            scope=scope,
            asked_by=f"{place.key.platform}/{place.user_workspace}/{place.user}",
            canonical=canonical,
            thread=thread,
        )
        answer = self._streamed(question, channel)
        for view in answer.views:
            if isinstance(view, Connections) and view.draw:
                channel.picture(self._draw(view))
            if isinstance(view, Proposal) and self._fixing is not None:
                self._fixing.show(view, channel)

    def _streamed(self, question: Question, channel: Channel) -> Answer:
        """The answer, written into the thread as it comes; the stream is ended whatever happens."""
        channel.status(_first_status(question.scope))
        stream = channel.stream()
        try:
            for event in self._assistant.answer(question):
                match event:
                    case Status():
                        stream.step(event.step_id, event.text, event.state)
                    case TextDelta():
                        stream.text(event.text)
                    case Replaced():
                        stream.replace(event.text)
                    case Done():
                        now = datetime.fromtimestamp(self._clock(), tz=UTC)
                        operator = question.scope.operator
                        stream.finish(reply_for(event.answer, now=now, operator=operator))
                        return event.answer
                    case _:
                        pass
        except SecurityAssistError as error:
            _log.warning("error=<%s> | answer failed", type(error).__name__)
            stream.finish(_said(f"{FAILED}: {error}"))
        except BaseException:
            stream.finish(_said(f"{FAILED}. It has been noted; please ask again."))
            raise
        return Answer(text="")

    def _binding(self, place: Place, channel: Channel, asked: str = "") -> Binding | None:
        """Whose data the channel may see; says so in the thread when it may see nobody's.

        `asked` is what will be answered once its person has said whose data they mean.
        """
        binding = self._directory.binding(place.key)
        if place.direct:
            return self._binding_of_direct(place, channel, binding, asked)
        if binding is None:
            channel.post(_unmapped(place.key))
        return binding

    def _binding_of_direct(
        self, place: Place, channel: Channel, chosen: Binding | None, asked: str
    ) -> Binding | None:
        """A direct message is about a tenant that its person chose and still may see."""
        allowed = self._visible_to(place, channel)
        for binding in allowed:
            if chosen is not None and binding.tenant_id == chosen.tenant_id:
                return chosen
        if chosen is not None:
            self._directory.unbind(place.key)
        if not allowed:
            channel.post(
                _said(
                    "You are in none of the channels that I answer in, so there is nothing that I "
                    "may show you here. Ask to be added to your tenant's channel."
                )
            )
            return None
        if len(allowed) == 1:
            only = Binding(place.key, allowed[0].tenant_id)
            self._directory.bind(only)
            return only
        channel.post(_which_tenant(allowed, asked))
        return None

    def _visible_to(self, place: Place, channel: Channel) -> list[Binding]:
        """The bindings whose channel this person is in: one per tenant, operators' last."""
        found: dict[str | None, Binding] = {}
        for binding in self._directory.bindings():
            key = binding.key
            same = (key.platform, key.workspace) == (place.key.platform, place.key.workspace)
            if not same or binding.tenant_id in found or key.direct:
                continue
            if place.user in channel.members(key.channel):
                found[binding.tenant_id] = binding
        return sorted(found.values(), key=lambda b: (b.operator, b.tenant_id or ""))

    def _choose_tenant(self, click: Click, channel: Channel) -> None:
        named, _, asked = click.value.partition("\n")
        wanted = None if named == EVERY_TENANT else named
        allowed = {b.tenant_id for b in self._visible_to(click.place, channel)}
        if not click.place.direct or wanted not in allowed:
            channel.whisper(_said("That is not yours to choose."))
            return
        binding = Binding(click.place.key, wanted)
        try:
            self._directory.bind(binding)
        except NotFoundError as error:
            channel.whisper(_said(str(error)))
            return
        whose = "every tenant" if wanted is None else wanted
        if asked:
            channel.post(_said(f"This conversation is about {whose} now."))
            self._answer(asked, binding, channel, canonical=False)
            return
        channel.post(_said(f"This conversation is about {whose} now. What would you like to know?"))


def _thread(place: Place, binding: Binding) -> ThreadKey:
    key = place.key
    whose = binding.tenant_id or EVERY_TENANT
    return ThreadKey(whose, key.platform, key.workspace, key.channel, place.thread)


def _first_status(scope: Scope) -> str:
    whose = scope.systems[0].tenant.id if len(scope.systems) == 1 else "every tenant"
    return f"Looking into {whose}"


def _said(text: str) -> Reply:
    return Reply(plain=text, parts=(Prose(text=text),))


def _unmapped(key: ChannelKey) -> Reply:
    text = (
        "This channel is not mapped to a tenant, so I can show nothing here. "
        f"Whoever runs me can map it: `assist tenants map-channel {key} TENANT`"
    )
    return _said(text)


def _outside(refused: OutsideScope) -> Reply:
    other = refused.other.id
    return _said(
        f"This channel is {refused.own.id}'s. "
        f"Ask in {other}'s own channel, or in the operators' channel."
    )


def _which_tenant(allowed: Sequence[Binding], asked: str) -> Reply:
    """The choice as buttons; each carries the question, so that it need not be asked again."""
    text = "Whose findings is this about? I show only tenants whose channel you are in."
    buttons = tuple(
        Button(
            label=binding.tenant_id or "Every tenant",
            action="tenant",
            value=f"{binding.tenant_id or EVERY_TENANT}\n{asked[:_LONGEST_ASKED]}".rstrip(),
        )
        for binding in allowed
    )
    return Reply(plain=text, parts=(Prose(text=text), Actions(buttons=buttons)))
