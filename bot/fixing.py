"""What is done with a fix's card: posted, pressed, carried out, rewritten.

The card's buttons carry a request's opaque id and its plan's hash, nothing else: whose request it
is comes from the channel, and who may decide from the tenant's own list.
"""

import logging
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from agent.approval import Actor, Refusal
from agent.execution import Executor
from agent.remediation import Remediations
from agent.views import Connections, Proposal
from bot.cards.details import details
from bot.cards.remediation import remediation_card, verdict
from bot.messages import Channel, Click, Line, Person, Picture, Place, Prose, Reply
from bot.turned_away import write_down
from integrations.errors import (
    NotFoundError,
    SecurityAssistError,
    StaleWriteError,
    UnavailableError,
)
from integrations.remediations.port import Remediation, Stage
from integrations.runbooks.port import RunbookCatalogue
from integrations.systems import Estate, Systems
from integrations.tenants.port import Binding, Tenant
from integrations.work.port import Job

_log = logging.getLogger(__name__)

ACTIONS = frozenset({"approve", "reject", "details", "undo"})

_PERSON = re.compile(r"\b((?:slack|teams|cli)/[^/\s,]+/[^/\s,.:]+)")

_ADVANCE = "advance/"
_TRIES = 8

_REMEMBERED = 50
"""Requests of a tenant that one sweep looks at: the newest."""

_POLL_S = 1.0
_TURN_S = 40.0
"""How long one job watches an execution: shorter than the queue's lease of a job."""

_SHOWN_WITHIN_S = 60.0
"""How long whoever called a fix off has to show the new plan, before the sweep does."""

_MOVED = Refusal("moved", "This request's own card is elsewhere now; please press there.")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a card stands."""

    place: Place
    message_id: str


class Later(Protocol):
    """Sees to it that `see_through` is called for a request, in this process or another."""

    def __call__(self, tenant_id: str, request_id: str) -> None:
        """Soon."""
        ...


class Fixing:
    """Cards of requests, and the work behind them."""

    def __init__(
        self,
        estate: Estate,
        catalogue: RunbookCatalogue,
        clock: Callable[[], float],
        draw: Callable[[Connections], Picture],
        channel_at: Callable[[Place], Channel],
        later: Later,
        owner: str,
        pause: Callable[[float], object],
    ) -> None:
        """`owner` names this process among those that carry out; `pause` waits for seconds."""
        self._estate = estate
        self._catalogue = catalogue
        self._clock = clock
        self._draw = draw
        self._channel_at = channel_at
        self._later = later
        self._owner = owner
        self._pause = pause

    # -- proposed

    def show(self, proposal: Proposal, channel: Channel) -> None:
        """Post a request's card into the thread, with the picture of what the fix touches."""
        systems = self._estate.systems(proposal.tenant)
        request = systems.remediations.get(proposal.request)
        if proposal.touches and proposal.around.resources:
            channel.picture(self._draw(_picture_of(proposal)))
        message = channel.post(remediation_card(request, systems.tenant))
        self._keep_address(systems, request.id, Address(channel.place, message))
        self._retire(_address(request), request)
        self._requests(systems).viewed(request, _person(channel.place))

    def _keep_address(self, systems: Systems, request_id: str, address: Address) -> None:
        """Where its card stands now, whoever decides on an older card of it meanwhile."""
        where = msgspec.json.encode(address).decode()
        for _ in range(_TRIES):
            try:
                systems.remediations.save(systems.remediations.get(request_id).shown_at(where))
            except StaleWriteError:
                continue
            return

    def _retire(self, old: Address | None, request: Remediation) -> None:
        """An older card says that it has moved, and loses its buttons."""
        if old is None:
            return
        moved = _said(f"{request.plan.title}: its card ({request.id}) was asked for again.")
        try:
            self._channel_at(old.place).update(old.message_id, moved)
        except SecurityAssistError as error:
            name = type(error).__name__
            _log.warning("request=<%s>, error=<%s> | old card stays", request.id, name)

    # -- pressed

    def on_click(self, click: Click, binding: Binding, channel: Channel) -> None:
        """Decide as the presser asks, if they may; what is refused only they are told."""
        request_id, _, plan_hash = click.value.partition(":")
        systems = self._systems_of(request_id, binding)
        actor = Actor(_person(click.place), click.foreign, via=f"message {click.message_id}")
        if systems is None:
            write_down(self._estate, click, "unknown", self._clock, binding.tenant_id)
            channel.whisper(_said("There is no such request in this channel."))
            return
        try:
            if click.action == "details":
                request = systems.remediations.get(request_id)
                requests = self._requests(systems)
                requests.viewed(request, actor.id)
                channel.whisper(details(request, requests.foreseen_undo(request)))
                return
            decided = self._decide(click, systems, request_id, plan_hash, actor)
        except SecurityAssistError as error:
            channel.whisper(_said(f"That could not be done: {error}."))
            return
        if isinstance(decided, Refusal):
            channel.whisper(_naming(decided.reason))
            self._rewrite(systems, request_id)
            return
        self._rewrite(systems, request_id)
        if decided.stage in {Stage.APPROVED, Stage.UNDOING}:
            self._later(systems.tenant.id, request_id)

    def _decide(
        self, click: Click, systems: Systems, request_id: str, plan_hash: str, actor: Actor
    ) -> Remediation | Refusal:
        requests = self._requests(systems)
        if not self._on_its_own_card(click, systems, request_id):
            return requests.refused(request_id, actor, _MOVED)
        reason = click.typed.get("reason", "")
        if click.action == "approve":
            return requests.approve(request_id, plan_hash, actor, reason)
        if click.action == "reject":
            return requests.reject(request_id, plan_hash, actor, reason)
        return requests.undo(request_id, plan_hash, actor, self._owner, reason)

    def _on_its_own_card(self, click: Click, systems: Systems, request_id: str) -> bool:
        """A button that was forwarded, or stands on an older card, decides nothing."""
        try:
            address = _address(systems.remediations.get(request_id))
        except NotFoundError:
            return True
        if address is None:
            return False
        return (address.place.key, address.message_id) == (click.place.key, click.message_id)

    def _systems_of(self, request_id: str, binding: Binding) -> Systems | None:
        """The systems of the tenant whose request it is, as far as the channel sees them."""
        tenants = [binding.tenant_id] if binding.tenant_id else [t.id for t in self._tenants()]
        for tenant_id in tenants:
            systems = self._estate.systems(tenant_id)
            try:
                systems.remediations.get(request_id)
            except NotFoundError:
                continue
            return systems
        return None

    # -- carried out

    def see_through(self, tenant_id: str, request_id: str) -> None:
        """Carry out an approved request, or an undo, and rewrite its card at every step.

        Safe to be called for any request at any time, by several processes at once.
        """
        systems = self._estate.systems(tenant_id)
        executor = Executor(systems, self._catalogue, self._clock)
        if not systems.remediations.get(request_id).stage.open:
            # A job too many: somebody else has ended it, and said so.
            return
        until = self._clock() + _TURN_S
        shown: Remediation | None = None
        while True:
            request = executor.advance(request_id, self._owner)
            if request != shown:
                self._rewrite(systems, request_id)
                shown = request
            if not request.stage.open:
                self._announce(request)
                self._show_replacement(systems, request)
                return
            if request.run is None or request.run.owner != self._owner:
                # It waits for a free place, or another worker is at it: the sweep looks again.
                return
            if self._clock() >= until:
                self._later(tenant_id, request_id)
                return
            self._pause(_POLL_S)

    def sweep(self) -> None:
        """Close what nobody decided in time, and take up what a worker that died has left.

        Cards that are behind are rewritten: of requests that were decided elsewhere, as on the
        command line, and those that the platform, or a worker that died, did not rewrite in time.

        Raises:
            SecurityAssistError: of the first tenant that could not be looked at; all others were.
        """
        failed: SecurityAssistError | None = None
        for tenant in self._tenants():
            try:
                self._sweep(tenant.id)
            except SecurityAssistError as error:
                _log.warning("error=<%s> | a tenant not swept", type(error).__name__)
                failed = failed or error
        if failed is not None:
            raise failed

    def _sweep(self, tenant_id: str) -> None:
        systems = self._estate.systems(tenant_id)
        self._requests(systems).sweep()
        for request in systems.remediations.unshown(_REMEMBERED):
            self._rewrite(systems, request.id)
        self._show_replacements(systems)
        executor = Executor(systems, self._catalogue, self._clock)
        for request in executor.waiting():
            self._later(tenant_id, request.id)

    # -- said

    def _rewrite(self, systems: Systems, request_id: str) -> None:
        """The card as the request stands now; a card that cannot be rewritten stops nothing.

        The sweep tries again what the platform could not take for now.
        """
        store = systems.remediations
        try:
            for _ in range(_TRIES):
                request = store.get(request_id)
                self._put_on_card(systems, request)
                store.shown(request.id, request.version)
                if store.get(request_id).version == request.version:
                    return
        except SecurityAssistError as error:
            name = type(error).__name__
            _log.warning("request=<%s>, error=<%s> | card not rewritten", request_id[:32], name)

    def _put_on_card(self, systems: Systems, request: Remediation) -> None:
        address = _address(request)
        if address is None:
            return
        card = remediation_card(request, systems.tenant)
        try:
            self._channel_at(address.place).update(address.message_id, card)
        except UnavailableError:
            raise
        except SecurityAssistError as error:
            # A message that is gone for good would be tried for ever.
            name = type(error).__name__
            _log.warning("request=<%s>, error=<%s> | card is not there any more", request.id, name)

    def _announce(self, request: Remediation) -> None:
        """The thread's last word about it, which notifies as a rewritten card does not."""
        address = _address(request)
        if address is None:
            return
        try:
            self._channel_at(address.place).post(_said(verdict(request)))
        except SecurityAssistError as error:
            name = type(error).__name__
            _log.warning("request=<%s>, error=<%s> | not announced", request.id, name)

    def _show_replacements(self, systems: Systems) -> None:
        """New plans that whoever called the old ones off did not live to show."""
        late = datetime.fromtimestamp(self._clock() - _SHOWN_WITHIN_S, tz=UTC)
        called_off = systems.remediations.search(frozenset({Stage.EXPIRED}), limit=_REMEMBERED)
        for request in called_off:
            ended = request.fix.claimed_at if request.fix is not None else late
            if request.replaced_by and ended < late:
                self._show_replacement(systems, request)

    def _show_replacement(self, systems: Systems, old: Remediation) -> None:
        """Post the new plan under the old card, once, for those who approved the old one to see."""
        address = _address(old)
        try:
            new = self._requests(systems).replacement(old)
            if new is None or new.card or address is None:
                return
            channel = self._channel_at(address.place)
            message = channel.post(remediation_card(new, systems.tenant))
            self._keep_address(systems, new.id, Address(address.place, message))
        except SecurityAssistError as error:
            name = type(error).__name__
            _log.warning("request=<%s>, error=<%s> | new plan not shown", old.id, name)

    def _requests(self, systems: Systems) -> Remediations:
        return Remediations(systems, self._catalogue, self._clock)

    def _tenants(self) -> Sequence[Tenant]:
        return self._estate.tenants()


def _person(place: Place) -> str:
    """A person's stable id: platform, home workspace, user."""
    return f"{place.key.platform}/{place.user_workspace}/{place.user}"


def _address(request: Remediation) -> Address | None:
    return msgspec.json.decode(request.card, type=Address) if request.card else None


def _said(text: str) -> Reply:
    return Reply(plain=text, parts=(Prose(text=text),))


def _naming(reason: str) -> Reply:
    """A refusal with its people as people."""
    words = [w for w in _PERSON.split(reason) if w]
    said = tuple(Person(w) if _PERSON.fullmatch(w) else w for w in words)
    return Reply(plain=reason, parts=(Line(words=said),))


def _picture_of(proposal: Proposal) -> Connections:
    """What is changed, with those that feel it."""
    (about, *_) = (r for r in proposal.around.resources if r.id in proposal.around.start)
    felt = len(proposal.touches)
    return Connections(
        tenant=proposal.tenant,
        about=about,
        asked="neighbourhood",
        graph=proposal.around,
        severities={about.id: proposal.finding.severity},
        draw=True,
        caption=f"{about.name} is changed; {felt} other {'resource' if felt == 1 else 'resources'} "
        "share it.",
        freshness=proposal.freshness,
    )


def advance_job(tenant_id: str, request_id: str) -> Job:
    """A job that sees a request through; each is another, so that none is taken for a repetition.

    Jobs of one request are done one after the other.
    """
    body = msgspec.json.encode({"tenant": tenant_id, "request": request_id}).decode()
    name = f"{_ADVANCE}{tenant_id}/{request_id}"
    return Job(id=f"{name}/{secrets.token_hex(6)}", group=name, body=body)


def advance_of(job: Job) -> tuple[str, str] | None:
    """The tenant and the request of such a job; None for other jobs."""
    if not job.id.startswith(_ADVANCE):
        return None
    body = msgspec.json.decode(job.body)
    return body["tenant"], body["request"]
