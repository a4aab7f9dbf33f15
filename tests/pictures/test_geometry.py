import numpy as np
import pytest

from mnistcli.pictures.geometry import IDENTITY, Affine, Box, find_bounds, take_border

BOX = Box(10, 20, 40, 80)


def test_a_box_has_sides() -> None:
    assert (BOX.width, BOX.height, BOX.longer_side) == (30, 60, 60)


def test_a_box_selects_its_rows_and_columns() -> None:
    values = np.arange(100 * 50).reshape(100, 50)

    np.testing.assert_array_equal(values[BOX.slices], values[20:80, 10:40])


def test_a_box_is_shifted_to_the_right_and_down() -> None:
    assert BOX.shift(3, -5) == (13, 15, 43, 75)


def test_a_box_is_scaled_to_whole_pixels() -> None:
    assert BOX.scale(3, 2) == (30, 40, 120, 160)
    assert Box(1, 1, 3, 5).scale(1.3, 2.45) == (1, 2, 4, 12)


def test_joined_boxes_are_the_smallest_around_both() -> None:
    assert BOX.join(Box(43, 84, 50, 90)) == (10, 20, 50, 90)
    assert BOX.join(Box(15, 30, 20, 40)) == BOX


@pytest.mark.parametrize(
    ("other", "gap"),
    [
        pytest.param(Box(43, 84, 50, 90), 5, id="diagonal: 3 across, 4 down"),
        pytest.param(Box(47, 30, 50, 40), 7, id="beside"),
        pytest.param(Box(15, 5, 20, 18), 2, id="above"),
        pytest.param(Box(40, 80, 50, 90), 0, id="touching"),
        pytest.param(Box(0, 0, 200, 200), 0, id="around it"),
    ],
)
def test_the_gap_is_the_distance_between_boxes(other: Box, gap: float) -> None:
    assert BOX.measure_gap(other) == other.measure_gap(BOX) == gap


@pytest.mark.parametrize(
    ("other", "columns", "rows"),
    [
        pytest.param(Box(35, 0, 45, 5), 0.5, 0, id="above, half beside"),
        pytest.param(Box(90, 0, 95, 30), 0, 1 / 3, id="beside, a third lower"),
        pytest.param(Box(15, 30, 20, 40), 1, 1, id="inside"),
        pytest.param(Box(0, 50, 30, 150), 2 / 3, 0.5, id="overlapping"),
    ],
)
def test_overlaps_are_shares_of_the_smaller_side(other: Box, columns: float, rows: float) -> None:
    assert BOX.measure_column_overlap(other) == pytest.approx(columns)
    assert BOX.measure_row_overlap(other) == pytest.approx(rows)


def apply(transform: Affine, x: float, y: float) -> tuple[float, float]:
    return transform.scale * x + transform.shift[0], transform.scale * y + transform.shift[1]


def test_the_identity_moves_nothing() -> None:
    assert apply(IDENTITY, 3, 4) == (3, 4)


def test_the_map_of_the_whole_picture_takes_a_pixel_where_that_of_its_crop_does() -> None:
    of_crop = Affine(0.5, (2, 3))

    whole = of_crop.from_whole(10, 20)

    assert whole == Affine(0.5, (-3, -7))
    assert apply(whole, 10 + 6, 20 + 8) == apply(of_crop, 6, 8) == (5, 7)


def test_the_map_of_the_original_takes_a_pixel_where_that_of_its_copy_does() -> None:
    of_copy = Affine(0.5, (2, 3))

    original = of_copy.from_original(4, 4)

    assert original == Affine(0.125, (2, 3))
    assert apply(original, 4 * 6, 4 * 8) == apply(of_copy, 6, 8) == (5, 7)


def test_the_map_of_the_original_has_the_mean_of_both_factors() -> None:
    assert Affine(0.6, (2, 3)).from_original(2.9, 3.1).scale == pytest.approx(0.2)


def test_bounds_hold_all_that_is_true() -> None:
    mask = np.zeros((9, 7), bool)
    mask[2, 3] = mask[5, 1] = True

    assert find_bounds(mask) == Box(1, 2, 4, 6)


def test_the_bounds_of_a_full_mask_are_its_shape() -> None:
    assert find_bounds(np.ones((9, 7), bool)) == Box(0, 0, 7, 9)


def test_the_border_has_each_outermost_value_once() -> None:
    values = np.arange(12).reshape(3, 4)

    assert sorted(take_border(values)) == [0, 1, 2, 3, 4, 7, 8, 9, 10, 11]
