"""Rectangles and the pieces that lines are made of, in pixels from the upper left corner."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise

Point = tuple[float, float]

_SAMPLES = 12


@dataclass(frozen=True, slots=True)
class Rect:
    """A piece of the picture."""

    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        """Where it ends to the right."""
        return self.x + self.w

    @property
    def bottom(self) -> float:
        """Where it ends below."""
        return self.y + self.h

    @property
    def middle(self) -> Point:
        """Its centre."""
        return self.x + self.w / 2, self.y + self.h / 2

    def meets(self, other: "Rect") -> bool:
        """Whether they overlap."""
        return (
            self.x < other.right
            and other.x < self.right
            and self.y < other.bottom
            and other.y < self.bottom
        )

    def holds(self, other: "Rect", slack: float = 0.0) -> bool:
        """Whether the other lies inside, give or take so many pixels."""
        return (
            self.x - slack <= other.x
            and self.y - slack <= other.y
            and other.right <= self.right + slack
            and other.bottom <= self.bottom + slack
        )

    def moved(self, dx: float, dy: float) -> "Rect":
        """The same, elsewhere."""
        return Rect(self.x + dx, self.y + dy, self.w, self.h)


class Form(Enum):
    """How a piece of a line goes from point to point."""

    STRAIGHT = auto()
    CURVE = auto()
    """From one point to the other, level at both: an S."""
    ARC = auto()
    """From one point to the other, bulging sideways to the x of the point between: a C."""
    CORNERS = auto()
    """Along right angles, rounded."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a line."""

    form: Form
    points: tuple[Point, ...]

    def moved(self, dx: float, dy: float) -> "Piece":
        """The same, elsewhere."""
        return Piece(self.form, tuple((x + dx, y + dy) for x, y in self.points))

    def at(self, share: float) -> Point:
        """The point after so much of the way, 0 to 1, of a piece with two ends or an arc."""
        (x0, y0), (x1, y1) = self.points[0], self.points[-1]
        if self.form is Form.STRAIGHT:
            return x0 + (x1 - x0) * share, y0 + (y1 - y0) * share
        xs = _controls(self)
        ys = (y0, y0, y1, y1)
        return _cubic(xs, share), _cubic(ys, share)

    def sampled(self) -> Iterator[Point]:
        """Points close enough to each other to tell what it runs through."""
        if self.form is Form.CORNERS:
            for (x0, y0), (x1, y1) in pairwise(self.points):
                for step in range(_SAMPLES + 1):
                    share = step / _SAMPLES
                    yield x0 + (x1 - x0) * share, y0 + (y1 - y0) * share
        else:
            for step in range(_SAMPLES + 1):
                yield self.at(step / _SAMPLES)


def _controls(piece: Piece) -> tuple[float, float, float, float]:
    (x0, _), (x1, _) = piece.points[0], piece.points[-1]
    if piece.form is Form.ARC:
        aside = piece.points[1][0]
        return x0, aside, aside, x1
    half = (x0 + x1) / 2
    return x0, half, half, x1


def _cubic(c: tuple[float, float, float, float], t: float) -> float:
    u = 1 - t
    return u * u * u * c[0] + 3 * u * u * t * c[1] + 3 * u * t * t * c[2] + t * t * t * c[3]
