from collections.abc import Callable

import numpy as np
import pytest

from mnistcli.pictures.components import find_components, join_boxes
from mnistcli.pictures.foreground import Ink, separate
from mnistcli.pictures.geometry import Box
from mnistcli.pictures.segmentation import (
    Segmentation,
    find_digit,
    find_digits,
    find_group,
    find_main,
    find_rows,
)


def draw(*rectangles: tuple[int, int, int, int]) -> np.ndarray:
    """Ink [200, 200] of rectangles (left, top, right, bottom)."""
    ink = np.zeros((200, 200), np.float32)
    for left, top, right, bottom in rectangles:
        ink[top:bottom, left:right] = 1
    return ink


def group(*rectangles: tuple[int, int, int, int], **options: float) -> set[Box]:
    """The boxes of the components that are grouped with the main one."""
    ink = draw(*rectangles)
    components = find_components(ink, ink > 0)
    return {one.box for one in find_group(components, find_main(components), **options)}


def test_the_main_component_is_not_an_edge() -> None:
    ink = draw((0, 0, 200, 10), (50, 50, 70, 110))

    assert find_main(find_components(ink, ink > 0)).box == (50, 50, 70, 110)


def test_a_digit_cut_off_by_the_border_is_the_main_component() -> None:
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
def test_parts_of_a_digit_are_grouped(part: tuple[int, int, int, int]) -> None:
    assert group(FIVE, part) == {FIVE, part}


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
def test_other_ink_is_not_grouped_with_a_digit(other: tuple[int, int, int, int]) -> None:
    assert group(FIVE, other) == {FIVE}


def test_the_bar_of_a_5_may_touch_the_border() -> None:
    five, bar = (50, 20, 100, 90), (60, 0, 120, 8)

    assert group(five, bar) == {five, bar}


def test_among_several_digits_parts_must_be_nearer_and_smaller() -> None:
    above, beside = (52, 45, 98, 75), (106, 80, 150, 150)

    assert group(FIVE, above, beside) == {FIVE, above, beside}
    assert group(FIVE, above, beside, max_beside=0.05, max_side=100) == {FIVE}


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


def test_no_boxes_make_no_rows() -> None:
    assert find_rows([]) == []


def separate_from(*rectangles: tuple[int, int, int, int]) -> Ink:
    """The ink of a picture, dark on light."""
    return separate((230 - 200 * draw(*rectangles)).astype(np.uint8))


ONE, BESIDE, BELOW = (30, 20, 40, 80), (120, 25, 130, 85), (70, 120, 80, 180)


def test_the_main_digit_is_segmented() -> None:
    found = find_digit(separate_from(ONE))

    (((component,),),) = found.rows
    np.testing.assert_allclose(component.box, ONE, atol=1)
    assert not found.has_more


def test_further_digits_are_noticed() -> None:
    found = find_digit(separate_from(ONE, BESIDE))

    assert [len(row) for row in found.rows] == [1]
    assert found.has_more


def test_all_digits_are_segmented_row_by_row() -> None:
    found = find_digits(separate_from(BELOW, BESIDE, ONE))

    boxes = [[join_boxes(digit) for digit in row] for row in found.rows]
    assert [len(row) for row in boxes] == [2, 1]
    np.testing.assert_allclose([*boxes[0], *boxes[1]], [ONE, BESIDE, BELOW], atol=1)


@pytest.mark.parametrize("find", [find_digit, find_digits])
def test_a_blank_picture_has_no_digits(find: Callable[[Ink], Segmentation]) -> None:
    found = find(separate_from())

    assert found.rows == []
    assert not found.has_more
