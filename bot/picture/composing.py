"""The largest type at which a picture fits its page, and where everything is at that size."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.picture.cards import (
    Face,
    Style,
    chips_across,
    cut_names,
    face_of,
    tray_size,
)
from bot.picture.folding import Edge, Node, Shown
from bot.picture.layout import Placed, Room, bands_of, laid_out, least_height
from bot.picture.lines import label_lines, label_size
from bot.picture.ranks import Ranks, components, is_bend, ranked
from bot.picture.shapes import Piece, Rect
from integrations.resources.port import INTERNET

_TYPES = ((44, 34), (40, 32), (36, 30), (33, 28), (30, 26), (27, 24), (24, 22))
"""Names and the rest, in pixels; nothing is ever smaller than the last."""
_WRAP_PATH, _WRAP = 33, 27
"""At this size of names a path (anything else) may go over several bands, not above it."""
_LEAST_GAP, _BESIDE_LABEL = 76.0, 16.0
_CARD = (6.4, 9.4)
"""A card's width in sizes of its name: at least, at most."""
_BESIDE_TRAY = 7.6
"""The same where trays take the room."""
_TURN = 60.0
"""Of the width, lost to turning lines where there are several bands."""


@dataclass(frozen=True, slots=True)
class Composition:
    """Where everything is, from the content's upper left corner."""

    face: Face
    boxes: Mapping[str, Rect]
    routes: Mapping[Edge, Sequence[Piece]]
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class _Part:
    ranks: Ranks
    edges: tuple[Edge, ...]


def composed(shown: Shown, page_w: float, page_h: float) -> Composition:
    """Fit the boxes on a page: as wide at most, and as high unless even small type is higher."""
    parts = _parts(shown)
    trials = [_style(shown, parts, sizes, page_w) for sizes in _TYPES]
    fewest_cut = cut_names(shown.nodes, trials[-1])
    for style in trials:
        face, room = _measured(shown, style, page_w)
        if cut_names(shown.nodes, style) > fewest_cut:
            continue
        wrap = _WRAP_PATH if shown.path else _WRAP
        if style.name > wrap and any(len(bands_of(part.ranks, room)) > 1 for part in parts):
            continue
        if _lowest(parts, room) <= page_h:
            found = _packed(parts, face, room)
            if found.height <= page_h:
                return found
    return _packed(parts, *_measured(shown, trials[-1], page_w))


def _parts(shown: Shown) -> list[_Part]:
    """Connected parts, ordered and ranked: the same at every size."""
    found = []
    edge_of = {(edge.source, edge.target): edge for edge in shown.edges}
    bold = frozenset(ends for ends, edge in edge_of.items() if edge.on_path or edge.cut)
    for keys in components([node.key for node in shown.nodes], edge_of):
        inside = set(keys)
        edges = [ends for ends in edge_of if ends[0] in inside]
        path = shown.path if inside.issuperset(shown.path) else ()
        ranks = ranked(keys, edges, path=path, first=[INTERNET], bold=bold)
        found.append(_Part(ranks, tuple(edge_of[ends] for ends in edges)))
    return found


def _gap(edges: Sequence[Edge], small: float) -> float:
    labels = [label_size(label_lines(e.label, small), small)[0] for e in edges if e.label]
    return max([_LEAST_GAP, *(wide + _BESIDE_LABEL for wide in labels)])


def _style(
    shown: Shown, parts: Sequence[_Part], sizes: tuple[float, float], page_w: float
) -> Style:
    """Widths of cards and chips at a size of type, so that the widest part fills the page."""
    name, small = sizes
    gap = _gap(shown.edges, small)
    trays = {node.key for node in shown.nodes if node.chips}
    columns = max((len(part.ranks.rows) for part in parts), default=1)
    with_trays = max((_tray_ranks(part.ranks, trays) for part in parts), default=0)
    least, most = _CARD[0] * name, _CARD[1] * name
    if not with_trays:
        if columns * (least + gap) - gap > page_w:
            page_w -= _TURN
            fit = max(1, int((page_w + gap) // (least + gap)))
            bands = -(-columns // fit)
            columns = -(-columns // bands)
        card_w = (page_w - (columns - 1) * gap) / columns
        return Style(name, small, max(least, min(most, card_w)), 0.0, 1)
    card_w = _BESIDE_TRAY * name
    cards = columns - with_trays
    room = (page_w - (columns - 1) * gap - cards * card_w) / with_trays
    style = Style(name, small, card_w, 0.0, 1)
    return chips_across([n for n in shown.nodes if n.chips], style, room)


def _tray_ranks(ranks: Ranks, trays: set[str]) -> int:
    return sum(any(key in trays for key in row) for row in ranks.rows)


def _measured(shown: Shown, style: Style, page_w: float) -> tuple[Face, Room]:
    cards = [node for node in shown.nodes if not node.chips]
    face = face_of(cards, style)
    sizes = {node.key: _size(node, face) for node in shown.nodes}
    gap = _gap(shown.edges, style.small)
    return face, Room(sizes=sizes, gap=gap, between=style.name * 0.8, width=page_w + 1)


def _size(node: Node, face: Face) -> tuple[float, float]:
    if node.chips:
        return tray_size(node, face.style)
    return face.style.card_w, face.height(node)


def _lowest(parts: Sequence[_Part], room: Room) -> float:
    return max((least_height(part.ranks, room) for part in parts), default=0.0)


def _packed(parts: Sequence[_Part], face: Face, room: Room) -> Composition:
    """Parts on shelves, the largest first: small ones stand beside each other."""
    boxes: dict[str, Rect] = {}
    routes: dict[Edge, Sequence[Piece]] = {}
    x = y = shelf = width = 0.0
    for part in parts:
        placed = laid_out(part.ranks, room, [(e.source, e.target) for e in part.edges])
        if x and x + placed.width > room.width:
            x, y, shelf = 0.0, y + shelf + room.between, 0.0
        _put(part, placed, (x, y), boxes, routes)
        width = max(width, x + placed.width)
        x += placed.width + room.between * 2
        shelf = max(shelf, placed.height)
    return Composition(face, boxes, routes, width, y + shelf)


def _put(
    part: _Part,
    placed: Placed,
    at: tuple[float, float],
    boxes: dict[str, Rect],
    routes: dict[Edge, Sequence[Piece]],
) -> None:
    boxes |= {key: rect.moved(*at) for key, rect in placed.boxes.items() if not is_bend(key)}
    for edge in part.edges:
        routes[edge] = [p.moved(*at) for p in placed.routes[edge.source, edge.target]]
