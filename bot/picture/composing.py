"""The largest type at which a picture fits its page, and where everything is at that size."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.picture.cards import Style, card_height, card_need, head, shortened, tray_size
from bot.picture.folding import Edge, Node, Shown
from bot.picture.labels import label_lines, label_size
from bot.picture.layout import (
    CURVE,
    ONLY_BENDS,
    TURN,
    Placed,
    Room,
    laid_out,
    least_height,
)
from bot.picture.ranks import Ranks, components, is_bend, ranked
from bot.picture.shapes import Piece, Point, Rect
from integrations.resources.port import INTERNET

_STYLES = tuple(
    Style(*sizes)
    for sizes in ((44, 34), (40, 32), (36, 30), (33, 28), (30, 26), (27, 24), (24, 22))
)
"""Names and the rest, in pixels; nothing is ever smaller than the last."""
_LEAST_GAP, _BESIDE_LABEL = CURVE, 26.0
_BETWEEN, _BELOW_PATH = 0.6, 0.95
"""Between boxes of a column, in sizes of their names: below a path's there is room for an arrow."""
_ABOVE_LANE = 10.0
_CHIPS_ACROSS = 5
_HIGH = 4 / 3
"""So many pages may be filled before words are left out beside lines."""


@dataclass(frozen=True, slots=True)
class Composition:
    """Where everything is, from the content's upper left corner."""

    style: Style
    chips_across: int
    """Chips beside each other in a tray, at most."""
    boxes: Mapping[str, Rect]
    routes: Mapping[Edge, Sequence[Piece]]
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class _Part:
    """One connected part, ordered and ranked: the same at every size of type."""

    ranks: Ranks
    edges: tuple[Edge, ...]
    rows: tuple[tuple[Node, ...], ...]
    """The boxes of every rank."""

    def gaps(self, small: float, tight: int) -> list[float]:
        """Between neighbouring ranks: as wide as the words of the lines there, and a curve."""
        gaps = [_LEAST_GAP] * max(0, len(self.rows) - 1)
        rank = self.ranks.rank
        for edge in self.edges:
            left, right = sorted((edge.source, edge.target), key=rank.__getitem__)
            if edge.label and rank[left] < rank[right]:
                words = label_size(label_lines(edge.label, small), small)[0]
                beside = _BESIDE_LABEL if edge.on_path or tight > 1 else CURVE
                gaps[rank[right] - 1] = max(gaps[rank[right] - 1], words + beside)
        return gaps


@dataclass(frozen=True, slots=True)
class _Needs:
    """The least widths at one size of type: for every part, of every column."""

    style: Style
    chips_across: int
    gaps: list[list[float]]
    cards: list[list[float]]
    columns: list[list[float]]
    """Of cards and trays."""
    over_bands: bool
    """Whether some part is wider than the page and has to be wrapped."""


@dataclass(frozen=True, slots=True)
class _Trial:
    """How large everything is at one size of type."""

    style: Style
    chips_across: int
    rooms: tuple[Room, ...]
    """For every part."""


@dataclass(frozen=True, slots=True)
class _Packed:
    """Parts where they go, without their lines."""

    trial: _Trial
    spots: Sequence[tuple[_Part, Placed, Point]]
    width: float
    height: float


def composed(shown: Shown, page_w: float, page_h: float) -> Composition:
    """Fit the boxes on a page: as wide at most, and about as high unless even small type is not."""
    parts = _parts(shown)
    last = _measured(parts, _needs(parts, _STYLES[-1], page_w, tight=1), page_w)
    fewest = _shortened(parts, last)
    for style, tight, over_bands, pages in _trials(path=bool(shown.path)):
        needs = _needs(parts, style, page_w, tight)
        if needs.over_bands and not over_bands:
            continue
        trial = _measured(parts, needs, page_w)
        if _shortened(parts, trial) > fewest or _lowest(parts, trial) > page_h * pages:
            continue
        found = _packed(parts, trial, page_w)
        if found.height <= page_h * pages:
            return _composition(found)
    return _composition(_packed(parts, last, page_w))


def _trials(*, path: bool) -> Iterator[tuple[Style, int, bool, float]]:
    """Sizes of type, the largest first; how tight; whether columns may go over bands; pages high.

    Tight: 1 where kinds may go on two lines, 2 where words may find no place beside lines. A path
    is wrapped before its type gets small; anything else is easier to read in one piece.
    """
    if path:
        yield from ((style, 0, False, 1.0) for style in _STYLES[:4])
        yield from ((style, 1, False, 1.0) for style in _STYLES[3:5])
        yield from ((style, 0, True, 1.0) for style in _STYLES[2:])
    else:
        yield from ((style, 0, False, 1.0) for style in _STYLES[:6])
        yield from ((style, 1, False, 1.0) for style in _STYLES[4:])
        yield from ((_STYLES[-1], tight, False, _HIGH) for tight in (1, 2))
        yield from ((style, 0, True, _HIGH) for style in _STYLES[5:])


def _parts(shown: Shown) -> list[_Part]:
    found = []
    node_of = {node.key: node for node in shown.nodes}
    edge_of = {(edge.source, edge.target): edge for edge in shown.edges}
    bold = frozenset(ends for ends, edge in edge_of.items() if edge.on_path or edge.cut)
    for keys in components(list(node_of), edge_of):
        inside = set(keys)
        edges = [ends for ends in edge_of if ends[0] in inside]
        path = shown.path if inside.issuperset(shown.path) else ()
        ranks = ranked(keys, edges, path=path, first=[INTERNET], bold=bold)
        rows = tuple(tuple(node_of[k] for k in row if not is_bend(k)) for row in ranks.rows)
        found.append(_Part(ranks, tuple(edge_of[ends] for ends in edges), rows))
    return found


def _needs(parts: Sequence[_Part], style: Style, page_w: float, tight: int) -> _Needs:
    """As many chips across as go beside the cards; one where not even these have room."""
    gaps = [part.gaps(style.small, tight) for part in parts]
    cards = [[_card_need(row, style, tight=tight > 0) for row in part.rows] for part in parts]
    least = max((sum(c) + sum(g) for c, g in zip(cards, gaps, strict=True)), default=0.0)
    for across in range(_CHIPS_ACROSS if least <= page_w else 1, 0, -1):
        columns = [
            [max(need, _tray_need(row, style, across)) for need, row in zip(n, p.rows, strict=True)]
            for n, p in zip(cards, parts, strict=True)
        ]
        widest = max((sum(c) + sum(g) for c, g in zip(columns, gaps, strict=True)), default=0.0)
        if widest <= page_w:
            break
    return _Needs(style, across, gaps, cards, columns, over_bands=widest > page_w)


def _measured(parts: Sequence[_Part], needs: _Needs, page_w: float) -> _Trial:
    """Cards as wide as there is room for."""
    style, across = needs.style, needs.chips_across
    every = list(zip(parts, needs.cards, needs.columns, needs.gaps, strict=True))
    wide = min([style.most, *(_share(columns, gaps, page_w) for _, _, columns, gaps in every)])
    rooms = []
    for part, cards, columns, gaps in every:
        even = sum(columns) + sum(gaps) > page_w
        widths = [max(least, wide) for least in ([max(cards)] * len(cards) if even else cards)]
        rooms.append(
            Room(
                sizes=_sizes(part, style, widths, across),
                heads={node.key: head(node, style) for row in part.rows for node in row},
                gaps=[max(gaps)] * len(gaps) if even else gaps,
                between=style.name * (_BELOW_PATH if part.ranks.path else _BETWEEN),
                words=label_size(("", ""), style.small)[1] + _ABOVE_LANE,
                width=page_w + 1,
            )
        )
    return _Trial(style, across, tuple(rooms))


def _lowest(parts: Sequence[_Part], trial: _Trial) -> float:
    """No layout is lower than this."""
    both = zip(parts, trial.rooms, strict=True)
    return max((least_height(part.ranks, room) for part, room in both), default=0.0)


def _card_need(row: Sequence[Node], style: Style, *, tight: bool) -> float:
    """The least width of a column for its cards."""
    cards = (card_need(node, style, tight=tight) for node in row if not node.chips)
    return max([ONLY_BENDS, *cards])


def _tray_need(row: Sequence[Node], style: Style, across: int) -> float:
    """The least width of a column for its trays."""
    return max((tray_size(node, style, across)[0] for node in row if node.chips), default=0.0)


def _share(needs: Sequence[float], gaps: Sequence[float], page_w: float) -> float:
    """The width to which narrower columns can grow until the page is full."""
    space = page_w - sum(gaps)
    if sum(needs) > space:
        return _share_of_band(needs, max(gaps, default=0.0), page_w - 2 * TURN)
    ordered = sorted(needs, reverse=True)
    for index, widest in enumerate(ordered):
        share = (space - sum(ordered[:index])) / (len(ordered) - index)
        if share >= widest:
            break
    return share


def _share_of_band(needs: Sequence[float], gap: float, page_w: float) -> float:
    """The same where columns are wrapped into bands of about as many."""
    fit = max(1, int((page_w + gap) // (max(needs) + gap)))
    bands = -(-len(needs) // fit)
    columns = -(-len(needs) // bands)
    return (page_w - (columns - 1) * gap) / columns


def _sizes(
    part: _Part, style: Style, widths: Sequence[float], across: int
) -> dict[str, tuple[float, float]]:
    """Cards of a column are of one width, those of the path also of one height."""
    found: dict[str, tuple[float, float]] = {}
    for row, wide in zip(part.rows, widths, strict=True):
        for node in row:
            card = (wide, card_height(node, wide, style))
            found[node.key] = tray_size(node, style, across) if node.chips else card
    path = [node.key for row in part.rows for node in row if node.on_path]
    high = max((found[key][1] for key in path), default=0.0)
    return found | {key: (found[key][0], high) for key in path}


def _shortened(parts: Sequence[_Part], trial: _Trial) -> int:
    """How many names do not fit as they are."""
    return sum(
        shortened(node, room.sizes[node.key][0], trial.style, trial.chips_across)
        for part, room in zip(parts, trial.rooms, strict=True)
        for row in part.rows
        for node in row
    )


def _packed(parts: Sequence[_Part], trial: _Trial, page_w: float) -> _Packed:
    """Parts on shelves, the largest first: small ones stand beside each other."""
    spots: list[tuple[_Part, Placed, Point]] = []
    x = y = shelf = width = 0.0
    for part, room in zip(parts, trial.rooms, strict=True):
        placed = laid_out(part.ranks, room)
        if x and x + placed.width > page_w + 1:
            x, y, shelf = 0.0, y + shelf + room.between, 0.0
        spots.append((part, placed, (x, y)))
        width = max(width, x + placed.width)
        x += placed.width + room.between * 2
        shelf = max(shelf, placed.height)
    return _Packed(trial, spots, width, y + shelf)


def _composition(packed: _Packed) -> Composition:
    """The same with lines, where everything has its place."""
    boxes: dict[str, Rect] = {}
    routes: dict[Edge, Sequence[Piece]] = {}
    for part, placed, at in packed.spots:
        boxes |= {key: rect.moved(*at) for key, rect in placed.boxes.items()}
        ways = placed.routes({(e.source, e.target): e.label for e in part.edges})
        routes |= {e: [p.moved(*at) for p in ways[e.source, e.target]] for e in part.edges}
    style, across = packed.trial.style, packed.trial.chips_across
    return Composition(style, across, boxes, routes, packed.width, packed.height)
