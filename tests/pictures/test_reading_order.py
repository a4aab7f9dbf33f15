import numpy as np
import pytest

from mnistcli.pictures.geometry import Box
from mnistcli.pictures.reading_order import find_rows, measure_turn

ROWS, COLUMNS = 3, 8


def make_page(
    turned: float = 0, sides: tuple[int, ...] = (50,), steps: tuple[int, int] = (60, 110)
) -> list[Box]:
    """Boxes in rows from the top, each from left to right, on a page turned clockwise, in degrees.

    They are 40 wide, their heights are ``sides`` in turn, and ``steps`` are the pixels from a
    middle to the next one in the row, and from row to row.
    """
    angle = np.deg2rad(turned)
    boxes = []
    for number in range(ROWS * COLUMNS):
        row, column = divmod(number, COLUMNS)
        x, y = steps[0] * column, steps[1] * row
        middle = (
            1000 + x * np.cos(angle) - y * np.sin(angle),
            1000 + x * np.sin(angle) + y * np.cos(angle),
        )
        left, top = np.rint(middle).astype(int)
        half = sides[number % len(sides)] // 2
        boxes.append(Box(left - 20, top - half, left + 20, top + half))
    return boxes


IN_ORDER = np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS).tolist()


def shuffle(boxes: list[Box], seed: int) -> tuple[list[Box], list[int]]:
    """The boxes in another order, and the number that each had."""
    order = np.random.default_rng(seed).permutation(len(boxes)).tolist()
    return [boxes[number] for number in order], order


def find_order(boxes: list[Box], angle: float = 0) -> list[list[int]]:
    """Rows of the boxes' numbers, found from the boxes in another order."""
    shuffled, order = shuffle(boxes, 3)
    return [[order[index] for index in row] for row in find_rows(shuffled, angle)]


def test_no_boxes_make_no_rows() -> None:
    assert find_rows([]) == []


def test_a_single_box_is_a_row() -> None:
    assert find_rows([Box(5, 6, 20, 30)]) == [[0]]


@pytest.mark.parametrize("sides", [(50,), (50, 22), (20, 70, 44)])
def test_digits_are_read_row_by_row(sides: tuple[int, ...]) -> None:
    assert find_order(make_page(sides=sides)) == IN_ORDER


@pytest.mark.parametrize("turned", [-12, -5, 5, 12])
def test_rows_may_rise_and_fall(turned: float) -> None:
    assert find_order(make_page(turned)) == IN_ORDER


@pytest.mark.parametrize("turned", [-35, -20, 20, 35])
def test_rows_of_a_turned_page_are_turned_as_it_is(turned: float) -> None:
    boxes = make_page(turned)

    assert find_order(boxes, np.deg2rad(turned)) == IN_ORDER


def test_a_short_row_is_a_row() -> None:
    boxes = make_page()
    kept = [0, 1, 2, 9, *range(16, 24)]

    rows = find_rows([boxes[number] for number in kept])

    assert [[kept[index] for index in row] for row in rows] == [[0, 1, 2], [9], [*range(16, 24)]]


@pytest.mark.parametrize(
    ("turned", "lengths"), [(35, (COLUMNS, 1)), (-35, (1, COLUMNS))], ids=["falling", "rising"]
)
def test_a_short_row_of_a_turned_page_keeps_its_place(
    turned: float, lengths: tuple[int, int]
) -> None:
    boxes = make_page(turned)
    above, below = lengths

    rows = find_rows([*boxes[:above], *boxes[COLUMNS : COLUMNS + below]], np.deg2rad(turned))

    assert rows == [[*range(above)], [*range(above, above + below)]]


def test_a_low_digit_beside_two_rows_belongs_to_the_one_that_it_shares_more_with() -> None:
    above, below = Box(0, 0, 30, 50), Box(0, 60, 30, 110)

    assert find_rows([above, below, Box(50, 20, 80, 70)]) == [[0, 2], [1]]
    assert find_rows([above, below, Box(50, 40, 80, 90)]) == [[0], [1, 2]]


@pytest.mark.parametrize("turned", [-35, -20, -5, 0, 5, 20, 35])
def test_the_turn_of_a_page_is_measured(turned: float) -> None:
    boxes, _ = shuffle(make_page(turned), 1)

    angle = measure_turn(boxes)

    assert angle is not None
    assert np.rad2deg(angle) == pytest.approx(turned, abs=1.5)


@pytest.mark.parametrize("turned", [-8, 8])
def test_the_row_above_is_not_taken_for_a_neighbour(turned: float) -> None:
    angle = measure_turn(make_page(turned, steps=(110, 60)))

    assert angle is not None
    assert np.rad2deg(angle) == pytest.approx(turned, abs=1.5)


def test_a_few_digits_out_of_line_do_not_turn_a_page() -> None:
    boxes = make_page()
    for number in (7, 15, 23):  # the last of each row
        left, top, right, bottom = boxes[number]
        boxes[number] = Box(left, top - 40, right, bottom - 40)

    assert measure_turn(boxes) == pytest.approx(0, abs=0.02)


COLUMN = [Box(0, 100 * row, 30, 100 * row + 50) for row in range(5)]

DROPS = (0, 30, 0, -30, -60, -30, -30, 10)
SCATTERED = [box.shift(0, drop) for box, drop in zip(make_page(), DROPS, strict=False)]


@pytest.mark.parametrize(
    "boxes",
    [
        pytest.param([], id="none"),
        pytest.param(make_page()[:2], id="two"),
        pytest.param(COLUMN, id="a column"),
        pytest.param([*COLUMN, Box(50, 0, 80, 50)], id="a column and one beside it"),
        pytest.param([*COLUMN, *(box.shift(200, 40) for box in COLUMN)], id="columns far apart"),
        pytest.param(SCATTERED, id="directions that differ"),
    ],
)
def test_the_turn_of_too_few_neighbours_is_unknown(boxes: list[Box]) -> None:
    assert measure_turn(boxes) is None
