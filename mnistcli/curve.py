"""How a run did at some of its steps, as its checkpoints keep it."""

import math
from collections.abc import Iterable
from typing import Any, NamedTuple


class Point(NamedTuple):
    """A step, how training images did since the point before, and how held-out ones do now.

    Where a run was gone on with, it is since then.
    """

    step: int
    loss: float  # mean of an image, in nats
    accuracy: float  # in [0, 1]
    held_out_loss: float
    held_out_accuracy: float


def parse(rows: Iterable[Any]) -> tuple[Point, ...]:
    """Return the points of rows of five numbers each, as JSON has them.

    Raises:
        TypeError, ValueError: they are something else.
    """
    points = tuple(Point(*row) for row in rows)
    for point in points:
        types = [type(value) for value in point]
        if types != [int, *4 * [float]] or not all(map(math.isfinite, point[1:])):
            raise ValueError(f"{point} is no point of a curve")
    return points
