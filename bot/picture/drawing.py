"""A walk through the resource graph as a PNG picture."""

import resvg_py

from agent.guard.untrusted import clean
from agent.views import Connections
from bot.messages import Picture
from bot.picture.folding import Shown, folded
from bot.picture.fonts import FAMILY, font_files
from bot.picture.svg import Sheet, sheet
from integrations.resources.port import INTERNET

_LONGEST_ALT = 2_000
_NAMED = 6


def draw(view: Connections) -> Picture:
    """The picture of a view: boxes and lines left to right, the path bold, the cut dashed."""
    shown = folded(view)
    png = resvg_py.svg_to_bytes(
        svg_string=_sheet(view, shown).svg,
        skip_system_fonts=True,
        font_files=font_files(),
        font_family=FAMILY,
    )
    return Picture(png=bytes(png), title=_title(view), alt=_alt(view, shown))


def svg_of(view: Connections) -> str:
    """The same picture as SVG."""
    return _sheet(view, folded(view)).svg


def _sheet(view: Connections, shown: Shown) -> Sheet:
    now = view.freshness.now
    return sheet(
        shown,
        title=_title(view),
        tenant=view.tenant,
        time=f"{now:%d %b %Y %H:%M} UTC",
        legend=_legend(view, shown),
    )


def _title(view: Connections) -> str:
    return clean(view.caption or view.about.name, 300)


def _legend(view: Connections, shown: Shown) -> list[str]:
    """Only what occurs in the picture."""
    words = []
    if any(edge.on_path for edge in shown.edges):
        words.append("red: the path")
    if any(edge.cut for edge in shown.edges):
        words.append("dashed: the smallest cut")
    if view.severities:
        words.append("pill: worst open finding")
    return words


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
