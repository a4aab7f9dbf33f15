"""The history of a run: its loss and accuracy at some steps, as checkpoints store it."""

import math
from collections.abc import Iterable
from typing import Any, NamedTuple


class Point(NamedTuple):
    """Loss and accuracy at a step.

    Those of training are means over the steps since the point before, or since training resumed.
    """

    step: int
    loss: float  # of training: mean of an image, in nats
    accuracy: float  # of training, in [0, 1]
    test_loss: float  # of the test images, at this step
    test_accuracy: float


def parse_history(rows: Iterable[Any]) -> tuple[Point, ...]:
    """Return the points of rows of five numbers each, as JSON has them.

    Raises:
        TypeError, ValueError: the rows are something else.
    """
    points = tuple(Point(*row) for row in rows)
    for point in points:
        types = [type(value) for value in point]
        if types != [int, *4 * [float]] or not all(map(math.isfinite, point[1:])):
            raise ValueError(f"{point} is no point of a history")
    return points
