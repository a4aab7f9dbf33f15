import numpy as np
import pytest

from mnistcli.pictures.components import find_components
from mnistcli.pictures.geometry import Box
from mnistcli.pictures.segmentation import find_group, find_main, find_rows

Rectangles = list[tuple[int, int, int, int]]


def draw(*rectangles: tuple[int, int, int, int], height: int = 200, width: int = 200) -> np.ndarray:
    """Ink [H, W] of rectangles (left, top, right, bottom)."""
    ink = np.zeros((height, width), np.float32)
    for left, top, right, bottom in rectangles:
        ink[top:bottom, left:right] = 1
    return ink


def gather_all(*rectangles: tuple[int, int, int, int], **options: float) -> set[Box]:
    """The boxes of the pieces gathered around the main one."""
    ink = draw(*rectangles)
    pieces = find_components(ink, ink > 0)
    return {piece.box for piece in find_group(pieces, find_main(pieces), **options)}


def test_boxes_have_sides_and_gaps() -> None:
    box, other = Box(10, 20, 40, 80), Box(43, 84, 50, 90)

    assert (box.width, box.height, box.longest) == (30, 60, 60)
    assert box.join(other) == (10, 20, 50, 90)
    assert box.measure_gap(other) == 5
    assert box.measure_gap(Box(0, 0, 200, 200)) == 0
    assert box.share_columns(Box(35, 0, 45, 5)) == 0.5
    assert box.share_rows(Box(90, 0, 95, 30)) == pytest.approx(1 / 3)


def test_pieces_are_found_by_mass() -> None:
    ink = draw((10, 10, 20, 60), (100, 0, 105, 20))
    ink[30, 150:152] = 0.5
    ink[61, 20] = ink[60, 21] = ink[60, 20] = 1  # hangs together diagonally

    pieces = find_components(ink, ink > 0)

    assert [(piece.box, piece.mass, piece.contact) for piece in pieces.by_mass] == [
        ((10, 10, 22, 62), 503, 0),
        ((100, 0, 105, 20), 100, 5),
    ]  # and no speck
    np.testing.assert_array_equal(pieces.select(pieces.by_mass[1:]), draw((100, 0, 105, 20)) > 0)


def test_the_main_piece_is_not_an_edge() -> None:
    ink = draw((0, 0, 200, 10), (50, 50, 70, 110))

    assert find_main(find_components(ink, ink > 0)).box == (50, 50, 70, 110)


def test_a_digit_cut_by_the_border_is_the_main_piece() -> None:
    ink = draw((50, 140, 70, 200), (120, 50, 130, 60))

    assert find_main(find_components(ink, ink > 0)).box == (50, 140, 70, 200)


FIVE = (50, 80, 100, 150)


@pytest.mark.parametrize(
    "part",
    [
        pytest.param((55, 60, 110, 68), id="the bar of a 5"),
        pytest.param((80, 62, 120, 70), id="its bar, to the right"),
        pytest.param((104, 80, 112, 150), id="a second stroke of a 4"),
        pytest.param((60, 155, 90, 170), id="a broken end"),
    ],
)
def test_parts_of_a_digit_belong_to_it(part: tuple[int, int, int, int]) -> None:
    assert gather_all(FIVE, part) == {FIVE, part}


@pytest.mark.parametrize(
    "other",
    [
        pytest.param((140, 80, 180, 150), id="a neighbour"),
        pytest.param((0, 80, 30, 150), id="a neighbour cut off"),
        pytest.param((0, 0, 200, 6), id="a dark edge"),
        pytest.param((120, 60, 123, 63), id="a dot"),
        pytest.param((106, 100, 114, 112), id="a blot beside it"),
        pytest.param((50, 0, 100, 30), id="a digit of the row above"),
    ],
)
def test_what_is_no_part_of_it_does_not(other: tuple[int, int, int, int]) -> None:
    assert gather_all(FIVE, other) == {FIVE}


def test_a_bar_may_touch_the_border() -> None:
    five, bar = (50, 20, 100, 90), (60, 0, 120, 8)

    assert gather_all(five, bar) == {five, bar}


def test_of_several_digits_none_is_too_large_or_too_near() -> None:
    above, beside = (52, 45, 98, 75), (106, 80, 150, 150)

    assert gather_all(FIVE, above, beside) == {FIVE, above, beside}
    assert gather_all(FIVE, above, beside, beside=0.05, largest=100) == {FIVE}


def test_digits_are_read_row_by_row() -> None:
    boxes = [Box(x, y, x + 30, y + 50) for y in (100, 0) for x in (80, 0, 40)]

    assert find_rows(boxes) == [[4, 5, 3], [1, 2, 0]]


def test_rows_may_rise() -> None:
    boxes = [
        Box(40 * i, 10 * (20 - i) + 80 * row, 40 * i + 30, 10 * (20 - i) + 80 * row + 50)
        for row in (0, 1)
        for i in range(10)
    ]

    assert find_rows(boxes) == [[*range(10)], [*range(10, 20)]]


def test_no_boxes_are_no_rows() -> None:
    assert find_rows([]) == []
