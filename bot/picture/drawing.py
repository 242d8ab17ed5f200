"""A walk through the resource graph as a PNG picture."""

import resvg_py

from agent.guard.untrusted import clean
from agent.views import Connections
from bot.messages import Picture
from bot.picture.folding import Shown, folded
from bot.picture.fonts import FAMILY, font_files
from bot.picture.svg import Sheet, Words, sheet
from integrations.resources.port import INTERNET

_LONGEST_ALT = 2_000
_LONGEST_TITLE = 300
_NAMED = 6


def draw(view: Connections) -> Picture:
    """The picture of a view: boxes and lines left to right, the path bold, the cut dashed."""
    shown = folded(view)
    png = resvg_py.svg_to_bytes(
        svg_string=drawn(view, shown).svg,
        skip_system_fonts=True,
        font_files=font_files(),
        font_family=FAMILY,
    )
    return Picture(png=bytes(png), title=_title(view), alt=_alt(view, shown))


def svg_of(view: Connections) -> str:
    """The same picture as SVG."""
    return drawn(view, folded(view)).svg


def drawn(view: Connections, shown: Shown) -> Sheet:
    """The boxes and lines of a view on their page."""
    left = view.graph.left_out
    there = len(view.graph.resources) + left
    note = f"{there - left} of {there} resources; the other {left} are not drawn" if left else ""
    words = Words(
        title=_title(view),
        whose=f"{clean(view.tenant, 100)} · {view.freshness.now:%d %b %Y %H:%M} UTC",
        note=note,
        cut=view.cut.text if view.cut else "",
    )
    return sheet(shown, words)


def _title(view: Connections) -> str:
    said = " ".join(clean(view.caption or view.about.name, _LONGEST_TITLE).split())
    return said.replace("->", "→")


def _alt(view: Connections, shown: Shown) -> str:
    """What the picture finds, in a sentence."""
    if view.path is not None and len(view.path.resources) > 1:
        steps = " to ".join(
            r.name if r.id != INTERNET else "the internet" for r in view.path.resources
        )
        cut = f" The dashed line is the smallest cut: {view.cut.text}." if view.cut else ""
        return clean(f"A path in {view.tenant} from {steps}.{cut}", _LONGEST_ALT)
    others = [node.title for node in shown.nodes if node.key != view.about.id]
    if not others:
        return clean(
            f"{view.about.name} by itself: nothing is known to be connected.", _LONGEST_ALT
        )
    named = ", ".join(others[:_NAMED])
    more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
    return clean(f"{_title(view)}: {named}{more}.", _LONGEST_ALT)
