"""Every mapped channel's digest, at most once a day, whoever else is about to post it.

The mark is written before the message, by compare-and-set: of two runs one posts. A mark whose run
ended in between stays, and its channel goes without a digest that day rather than having two. What
the platform surely did not take is marked so, and the next run tries again.
"""

import json
import logging
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.cards.card import Audience
from bot.cards.digest import digest_card, operators_card
from bot.digest import DAY, Digest, digest_of
from bot.messages import Place, Reply
from integrations.checkpoints.port import Checkpoints
from integrations.errors import InvalidSettingError, SecurityAssistError
from integrations.systems import Estate
from integrations.tenants.port import Binding, Tenant, TenantDirectory

_log = logging.getLogger(__name__)

SETTING = "digest"
"""A tenant's setting: `08:00 Europe/Berlin`, or `off`."""
USUAL = "07:00 UTC"
_AT = re.compile(r"(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)(?: (?P<zone>[A-Za-z0-9_+/-]+))?")
_POSTING, _POSTED, _REFUSED = "posting", "posted", "refused"


class NotSaidError(SecurityAssistError):
    """The platform did not take a message, for certain."""


@dataclass(slots=True)
class Round:
    """What one run did, channel by channel."""

    posted: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    """Had theirs today, or somebody is at it."""
    later: list[str] = field(default_factory=list)
    """It is not time yet, or they want none."""
    failed: dict[str, str] = field(default_factory=dict)
    """Channel -> why; tried again by the next run where nothing was said."""
    unfinished: bool = False
    """Time ran out; the next run goes on."""

    def counts(self) -> dict[str, Any]:
        """For a log and an answer: numbers, and nothing that anybody wrote."""
        return {
            "posted": len(self.posted),
            "before": len(self.before),
            "later": len(self.later),
            "failed": len(self.failed),
            "unfinished": self.unfinished,
        }


@dataclass(frozen=True, slots=True)
class _Mark:
    """What is known of a channel's digests."""

    day: str
    state: str
    at: float
    """When the last digest was begun that was posted, in seconds since the epoch."""

    def text(self) -> str:
        return json.dumps({"day": self.day, "state": self.state, "at": self.at}, sort_keys=True)


_Made = dict[tuple[str, datetime], Digest]
"""A tenant's, and since when; a run makes each once, however many channels see it."""


class Digests:
    """The digests of one workspace of a platform."""

    def __init__(
        self,
        directory: TenantDirectory,
        estate: Estate,
        marks: Checkpoints,
        say: Callable[[Place, Reply], object],
        clock: Callable[[], float],
    ) -> None:
        """`say` posts into a channel, and raises NotSaidError where it surely did not.

        `clock` gives seconds since the epoch.
        """
        self._directory = directory
        self._estate = estate
        self._marks = marks
        self._say = say
        self._clock = clock

    def run(
        self,
        workspace: str,
        tenants: Collection[str] = (),
        channels: Collection[str] = (),
        *,
        left_s: Callable[[], float] = lambda: 1.0,
    ) -> Round:
        """Post what is due in a workspace; of named tenants or channels at once, not at their hour.

        Args:
            workspace: The platform's id of it; channels of others are not spoken to.
            tenants: Ids; none: every tenant's.
            channels: As the command line has them, `slack/T0001/C0001`; none: every one.
            left_s: Seconds that are left; at 0 no further channel is begun.
        """
        done = Round()
        digests: _Made = {}
        named = bool(tenants or channels)
        for binding in self._directory.bindings():
            key = binding.key
            if key.workspace != workspace or key.direct:
                continue
            other_tenant = tenants and binding.tenant_id not in tenants
            if other_tenant or (channels and str(key) not in channels):
                continue
            if left_s() <= 0:
                done.unfinished = True
                break
            try:
                self._one(binding, done, digests, at_once=named)
            except SecurityAssistError as error:
                done.failed[str(key)] = str(error)
                _log.warning("channel=<%s>, error=<%s> | no digest", key, type(error).__name__)
            except Exception as error:  # noqa: BLE001 - a door: one channel's fault stops no other
                done.failed[str(key)] = f"a fault of ours ({type(error).__name__})"
                _log.error("channel=<%s>, error=<%s> | no digest", key, type(error).__name__)
        return done

    def preview(self, tenant_id: str) -> Reply:
        """A tenant's digest as it would be now; nothing is posted or marked."""
        now = self._now()
        systems = self._estate.systems(tenant_id)
        _, day = _when(systems.tenant, now)
        return digest_card(digest_of(systems, now, now - DAY), day, Audience(now=now))

    def _one(self, binding: Binding, done: Round, digests: _Made, *, at_once: bool) -> None:
        channel, now = str(binding.key), self._now()
        due, day = self._due(binding, now)
        if not due and not at_once:
            done.later.append(channel)
            return
        name = f"digest/{channel}"
        before = self._marks.load(name)
        last = _read(before)
        if last.day == day.isoformat() and last.state != _REFUSED:
            done.before.append(channel)
            return
        since = datetime.fromtimestamp(last.at, tz=UTC) if last.at else now - DAY
        # Made before the mark: what cannot be read is tried again by the next run.
        reply = self._reply(binding, day, now, since, digests)
        mine = _Mark(day.isoformat(), _POSTING, last.at)
        if not self._marks.swap(name, before, mine.text()):
            done.before.append(channel)
            return
        place = Place(key=binding.key, thread="", user="", user_workspace=binding.key.workspace)
        try:
            self._say(place, reply)
        except NotSaidError:
            self._marks.swap(name, mine.text(), _Mark(mine.day, _REFUSED, last.at).text())
            raise
        done.posted.append(channel)
        self._marks.swap(name, mine.text(), _Mark(mine.day, _POSTED, now.timestamp()).text())

    def _reply(
        self,
        binding: Binding,
        day: date,
        now: datetime,
        since: datetime,
        digests: _Made,
    ) -> Reply:
        def of(tenant_id: str) -> Digest:
            if (tenant_id, since) not in digests:
                systems = self._estate.systems(tenant_id)
                digests[tenant_id, since] = digest_of(systems, now, since)
            return digests[tenant_id, since]

        if binding.tenant_id is not None:
            return digest_card(of(binding.tenant_id), day, Audience(now=now))
        every = [of(tenant.id) for tenant in self._estate.tenants()]
        return operators_card(every, day, Audience(now=now, operator=True))

    def _due(self, binding: Binding, now: datetime) -> tuple[bool, date]:
        tenant = None if binding.tenant_id is None else self._directory.get(binding.tenant_id)
        return _when(tenant, now)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), tz=UTC)


def _when(tenant: Tenant | None, now: datetime) -> tuple[bool, date]:
    """Whether a tenant's hour has come, and which day it is there; operators have the usual one.

    Raises:
        InvalidSettingError: the tenant's setting is not one.
    """
    told = (tenant.settings.get(SETTING) if tenant else None) or USUAL
    if told == "off":
        return False, now.date()
    hour, zone = hour_of(told)
    here = now.astimezone(zone)
    return here.time() >= hour, here.date()


def hour_of(told: str) -> tuple[time, tzinfo]:
    """`08:00 Europe/Berlin` -> the hour and its zone; UTC where none is named.

    Raises:
        InvalidSettingError: it is not of that form, or nobody knows the zone.
    """
    found = _AT.fullmatch(told)
    if found is None:
        raise InvalidSettingError(f"the setting {SETTING} is off or such as 08:00 Europe/Berlin")
    zone = found["zone"] or "UTC"
    hour = time(int(found["hour"]), int(found["minute"]))
    if zone == "UTC":
        return hour, UTC
    try:
        return hour, ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidSettingError(
            f"the setting {SETTING} names no time zone that is known here: {zone}"
        ) from error


def _read(told: str | None) -> _Mark:
    if told is None:
        return _Mark("", "", 0.0)
    found = json.loads(told)
    return _Mark(found["day"], found["state"], found["at"])
