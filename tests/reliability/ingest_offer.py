"""What the ingest soak offers: findings and updates of them out of order, and poison among them."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from integrations.deadletters.port import FINDINGS, letter
from tests.unit.findings.given import asff, guardduty, hub_v2

TENANTS = {"acme": "111122223333", "globex": "444455556666", "initech": "777788889999"}
NOBODYS = "999999999999"
UPDATES = 4
"""Events of each finding; they come in the order 0, 3, 2, 1 of their time, far apart."""

_BEGIN = datetime(2026, 11, 20, 9, tzinfo=UTC)
_ID, _AT, _ACCOUNT = "@ID@", "2000-01-01T00:00:00.000Z", "@ACCOUNT@"


def _event(detail_type: str, detail: object) -> str:
    return json.dumps({"version": "0", "detail-type": detail_type, "detail": detail})


_HUB = _event(
    "Security Hub Findings - Imported",
    {"findings": [asff(Id=_ID, UpdatedAt=_AT, AwsAccountId=_ACCOUNT)]},
)
_GUARDDUTY = _event("GuardDuty Finding", guardduty(arn=_ID, updatedAt=_AT, accountId=_ACCOUNT))

Poison = Callable[[int], tuple[str, str]]
"""From a number to (body of a message, the record in it that has to be kept)."""


def _alone(make: Callable[[int], str]) -> Poison:
    return lambda number: (make(number), make(number))


def _with_good(number: int) -> tuple[str, str]:
    """A record of nobody's account, between two of a tenant's."""
    bad = json.dumps(asff(Id=f"poison {number}", AwsAccountId=NOBODYS))
    good = json.dumps(asff(Id="beside poison", AwsAccountId=TENANTS["acme"]))
    body = '{"detail-type": "x", "detail": {"findings": [%s, %s, %s]}}'
    return body % (good, bad, good), bad


POISON: tuple[Poison, ...] = (
    _alone(lambda n: f'{{"Id": "poison {n}", "broken'),
    _alone(lambda n: f'{{"hello": {n}}}'),
    _alone(lambda n: f"poison {n}"),
    _alone(lambda n: json.dumps(asff(Id=None, Title=f"poison {n}"))),
    _alone(lambda n: json.dumps(asff(Id=f"poison {n}", AwsAccountId=NOBODYS))),
    _alone(lambda n: json.dumps(asff(Id=f"poison {n}", Title="a\x00b"))),
    _alone(lambda n: json.dumps(asff(Id=f"poison {n}", Title="a\ud800b"))),
    _alone(lambda n: f'{{"n": {n}, "a": ' + '{"a": ' * 70 + "1" + "}" * 71),
    _alone(lambda n: json.dumps(hub_v2(severity_id=42, message=f"poison {n}"))),
    _with_good,
)


class Offer:
    """Messages one by one, and what has to be stored of them in the end."""

    def __init__(self, messages: int, poison_every: int) -> None:
        """One message in `poison_every` is poison; 0: none."""
        self.messages = messages
        self.good: dict[tuple[str, str], int] = {}
        """(tenant, uid) -> the newest time (ms since 1970)."""
        self.bad: set[str] = set()
        """Ids of dead letters."""
        self._poison_every = poison_every
        self._findings = max(1, messages // UPDATES)
        self._names = tuple(TENANTS)

    def __iter__(self) -> Iterator[str]:
        every = self._poison_every
        for number in range(self.messages):
            yield self._bad(number) if every and number % every == 0 else self._good(number)

    def _good(self, number: int) -> str:
        which, turn = number % self._findings, number // self._findings
        tenant = self._names[which % len(self._names)]
        at = _BEGIN + timedelta(milliseconds=which, minutes=(turn * 3) % UPDATES)
        uid = f"finding/{which}"
        key, ms = (tenant, uid), round(at.timestamp() * 1000)
        self.good[key] = max(self.good.get(key, 0), ms)
        stamp = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        frame = _GUARDDUTY if which % 4 == 3 else _HUB
        filled = frame.replace(_ID, uid).replace(_AT, stamp)
        return filled.replace(_ACCOUNT, TENANTS[tenant])

    def _bad(self, number: int) -> str:
        kind = (number // self._poison_every) % len(POISON)
        body, kept = POISON[kind](number)
        if POISON[kind] is _with_good:
            at = datetime.fromisoformat(asff()["UpdatedAt"])
            self.good["acme", "beside poison"] = round(at.timestamp() * 1000)
        self.bad.add(letter(FINDINGS, "", "", kept.encode(), _BEGIN).id)
        return body
