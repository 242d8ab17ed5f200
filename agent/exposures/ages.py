"""Ages in an exposure's words: left open while it is ranked, and filled in when it is said.

So a ranking says nothing that time alone makes untrue, and can be kept.
"""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from agent.exposures.wording import ago
from agent.views import Exposure

_BEGIN, _END = "\ue000", "\ue001"
"""Of Unicode's private use: nothing that is shown to anybody holds them."""
_LEFT_OPEN: Final = re.compile(f"{_BEGIN}([+-])([0-9T:.-]{{10,26}}){_END}")
_BARE: Final = "-"


def aged(since: datetime, *, bare: bool = False) -> str:
    """The place of "41 days ago", or bare of "41 days", in a text that `dated` fills in."""
    moment = since.astimezone(UTC).replace(tzinfo=None).isoformat()
    return f"{_BEGIN}{_BARE if bare else '+'}{moment}{_END}"


def dated(exposure: Exposure, now: datetime) -> Exposure:
    """An exposure with its ages as of `now` (aware UTC)."""

    def said(text: str) -> str:
        return _LEFT_OPEN.sub(lambda place: _age(place, now), text) if _BEGIN in text else text

    return replace(
        exposure,
        headline=said(exposure.headline),
        verdict=said(exposure.verdict),
        why=tuple(map(said, exposure.why)),
        terms=tuple(replace(term, because=said(term.because)) for term in exposure.terms),
        cut=replace(exposure.cut, text=said(exposure.cut.text)),
    )


def _age(place: re.Match[str], now: datetime) -> str:
    try:
        since = datetime.fromisoformat(place[2])
    except ValueError:
        # A finding's own text that looks like a place of ours.
        return ""
    return ago(since.replace(tzinfo=UTC), now, bare=place[1] == _BARE)
