"""Rectangles and the pieces that lines are made of, in pixels from the upper left corner."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from itertools import pairwise

Point = tuple[float, float]

_APART = 12.0
"""Sampled points are about so many pixels from each other."""


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

    def grown(self, by: float) -> "Rect":
        """The same with so many pixels more on every side."""
        return Rect(self.x - by, self.y - by, self.w + 2 * by, self.h + 2 * by)

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

    @property
    def run(self) -> float:
        """How far it goes sideways."""
        return abs(self.points[0][0] - self.points[-1][0])

    @property
    def rise(self) -> float:
        """How far it goes up or down."""
        return abs(self.points[0][1] - self.points[-1][1])

    @property
    def longest(self) -> "Piece":
        """Of corners the longest leg; anything else is of one leg."""
        if self.form is not Form.CORNERS:
            return self
        legs = [Piece(Form.STRAIGHT, ends) for ends in pairwise(self.points)]
        return max(legs, key=lambda leg: leg.run)

    def at(self, share: float) -> Point:
        """The point after so much of the way, 0 to 1, of a piece with two ends or an arc."""
        (x0, y0), (x1, y1) = self.points[0], self.points[-1]
        if self.form is Form.STRAIGHT:
            return x0 + (x1 - x0) * share, y0 + (y1 - y0) * share
        aside = self.points[1][0] if self.form is Form.ARC else (x0 + x1) / 2
        a, b, c, d = _weights(share)
        return a * x0 + (b + c) * aside + d * x1, (a + b) * y0 + (c + d) * y1

    def sampled(self) -> Iterator[Point]:
        """Points close enough to each other to tell what it runs through."""
        if self.form is Form.CORNERS:
            for ends in pairwise(self.points):
                yield from Piece(Form.STRAIGHT, ends).sampled()
            return
        steps = 4 + int((self.run + self.rise) / _APART)
        if self.form is Form.STRAIGHT:
            (x, y), (x1, y1) = self.points
            dx, dy = (x1 - x) / steps, (y1 - y) / steps
            yield from [(x + dx * step, y + dy * step) for step in range(steps + 1)]
        else:
            (x, y), (x1, y1) = self.points[0], self.points[-1]
            aside = self.points[1][0] if self.form is Form.ARC else (x + x1) / 2
            yield from [
                (a * x + bc * aside + d * x1, ab * y + cd * y1)
                for a, bc, d, ab, cd in _curve(steps)
            ]


@lru_cache(maxsize=512)
def _curve(steps: int) -> tuple[tuple[float, float, float, float, float], ...]:
    """Of a cubic curve in so many steps: the first point's weight, both inner ones' together, ...

    ... the last one's, the first two's, the last two's. A picture asks thousands of times.
    """
    every = [_weights(step / steps) for step in range(steps + 1)]
    return tuple((a, b + c, d, a + b, c + d) for a, b, c, d in every)


def _weights(t: float) -> tuple[float, float, float, float]:
    """Of a cubic curve's four points."""
    u = 1 - t
    return u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t
