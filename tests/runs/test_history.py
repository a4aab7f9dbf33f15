import math

import pytest

from mnistcli.runs.history import Point, parse_history


def test_rows_are_read_as_points() -> None:
    rows = [[500, 2.0, 0.3, 1.9, 0.4], [1000, 1.0, 0.7, 1.1, 0.6]]

    assert parse_history(rows) == (
        Point(500, loss=2.0, accuracy=0.3, test_loss=1.9, test_accuracy=0.4),
        Point(1000, loss=1.0, accuracy=0.7, test_loss=1.1, test_accuracy=0.6),
    )


@pytest.mark.parametrize(
    "row",
    [
        [1, 0.5, "0.5", 0.5, 0.5],
        [1000, 0.5, 0.5, 0.5, math.inf],
        [1000, math.nan, 0.5, 0.5, 0.5],
        [1.0, 0.5, 0.5, 0.5, 0.5],
        [True, 0.5, 0.5, 0.5, 0.5],
        [1, 1, 0.5, 0.5, 0.5],
    ],
)
def test_a_row_of_other_values_is_refused(row: list[object]) -> None:
    with pytest.raises(ValueError, match="is no point of a history"):
        parse_history([row])


@pytest.mark.parametrize("row", [[1, 0.5], [1, 0.5, 0.5, 0.5, 0.5, 0.5], 7, None])
def test_a_row_of_another_length_is_refused(row: object) -> None:
    with pytest.raises(TypeError):
        parse_history([row])
