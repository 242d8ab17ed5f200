"""A grid as a table block; as fixed-width lines where Slack does not allow another table.

A message may hold one table (slackapi docs, table block: more are refused with
`invalid_attachments`), of at most 100 rows, 20 columns and 10,000 characters.
"""

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from agent.guard.untrusted import clean
from bot.messages import Grid
from bot.slack import rich_text
from bot.slack.limits import CELL, SECTION, TABLE_CHARACTERS, TABLE_COLUMNS, TABLE_ROWS, cut, units

Block = dict[str, Any]

_NARROW = 40
"""Characters of a fixed-width cell."""
_EMPTY = "\u2013"
"""Slack refuses a cell without text."""


def table(grid: Grid) -> tuple[Block, int]:
    """A table block, and how many rows were left out."""
    width = _width(grid)
    rows = [_cells(grid.columns, width, CELL)]
    size = _size(rows[0])
    for row in grid.rows[: TABLE_ROWS - 1]:
        cells = _cells(row, width, CELL)
        size += _size(cells)
        if size > TABLE_CHARACTERS:
            break
        rows.append(cells)
    settings = [
        {"align": "right" if column in grid.numeric else "left", "is_wrapped": True}
        for column in range(width)
    ]
    block = {
        "type": "table",
        "rows": [[{"type": "raw_text", "text": cell} for cell in row] for row in rows],
        "column_settings": settings,
    }
    return block, len(grid.rows) - (len(rows) - 1)


def lines(grid: Grid) -> tuple[Block | None, int]:
    """Fixed-width lines, and how many rows were left out."""
    width = _width(grid)
    every = [_cells(row, width, _NARROW) for row in (grid.columns, *grid.rows)]
    widths = [max(len(row[column]) for row in every) for column in range(width)]
    kept: list[str] = []
    size = 0
    for row in every:
        line = "  ".join(_padded(grid, row, widths)).rstrip()
        size += units(line) + 1
        if size > SECTION:
            break
        kept.append(line)
    return rich_text.block([rich_text.preformatted("\n".join(kept))]), len(every) - len(kept)


def _padded(grid: Grid, row: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [
        cell.rjust(width) if column in grid.numeric else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]


def _width(grid: Grid) -> int:
    widest = max((len(row) for row in grid.rows), default=0)
    return max(1, min(TABLE_COLUMNS, max(len(grid.columns), widest)))


def _cells(row: Sequence[str], width: int, longest: int) -> list[str]:
    """Exactly `width` cells of one line each, none of them empty."""
    pairs = zip_longest(row[:width], range(width), fillvalue="")
    said = (" ".join(clean(str(cell), longest * 2).split()) for cell, _ in pairs)
    return [cut(cell, longest) or _EMPTY for cell in said]


def _size(cells: Sequence[str]) -> int:
    return sum(units(cell) for cell in cells)
