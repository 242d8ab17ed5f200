"""A walk through the resource graph as a PNG picture."""

from math import sqrt

from agent.guard.untrusted import clean
from agent.views import Connections
from bot.messages import Picture
from bot.picture.folding import folded
from bot.picture.page import pixels, png
from bot.picture.saying import alt_of, note_of, title_of
from bot.picture.sheet import Sheet, Words, sheet

_PIXELS = 800_000
"""A larger picture is made a little smaller: encoding pixels is most of the time that it takes."""
_LEAST_SCALE = 0.7
"""But not smaller than this: 22 px labels of a picture 1,460 px wide are then 15 px high."""


def draw(view: Connections) -> Picture:
    """The picture of a view: boxes and lines left to right, the path bold, the cut dashed."""
    drawn = sheet_of(view)
    scale = max(_LEAST_SCALE, min(1.0, sqrt(_PIXELS / (drawn.width * drawn.height))))
    return Picture(
        png=png(pixels(drawn.page(scale))), title=title_of(view), alt=alt_of(view, drawn.shown)
    )


def sheet_of(view: Connections) -> Sheet:
    """The same picture before it is drawn, with where its things are."""
    words = Words(
        title=title_of(view),
        whose=f"{clean(view.tenant, 100)} · {view.freshness.now:%d %b %Y %H:%M} UTC",
        note=note_of(view),
        cut=view.cut.text if view.cut else "",
    )
    return sheet(folded(view), words)
