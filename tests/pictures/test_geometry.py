import numpy as np
import pytest

from mnistcli.pictures.geometry import IDENTITY, Affine, Box, find_bounds, take_border

BOX = Box(10, 20, 40, 80)


def test_a_box_has_sides() -> None:
    assert (BOX.width, BOX.height, BOX.longer_side, BOX.area) == (30, 60, 60, 1800)


def test_a_box_selects_its_rows_and_columns() -> None:
    values = np.arange(100 * 50).reshape(100, 50)

    np.testing.assert_array_equal(values[BOX.slices], values[20:80, 10:40])


def test_a_box_is_shifted_to_the_right_and_down() -> None:
    assert BOX.shift(3, -5) == (13, 15, 43, 75)


def test_a_box_is_scaled_to_whole_pixels() -> None:
    assert BOX.scale(3, 2) == (30, 40, 120, 160)
    assert Box(1, 1, 3, 5).scale(1.3, 2.45) == (1, 2, 4, 12)


def test_a_margin_does_not_begin_before_the_first_row_and_column() -> None:
    assert BOX.expand(5) == (5, 15, 45, 85)
    assert BOX.expand(12) == (0, 8, 52, 92)


def test_the_identity_moves_nothing() -> None:
    assert IDENTITY.apply(3, 4) == (3, 4)


def test_a_map_turns_counterclockwise_then_scales_and_shifts() -> None:
    quarter = Affine(2, (100, 50), np.pi / 2)

    assert quarter.apply(10, 0) == pytest.approx((100, 50 - 20))  # right becomes up
    assert quarter.apply(0, 10) == pytest.approx((100 + 20, 50))  # down becomes right


@pytest.mark.parametrize("angle", [0, 0.5])
def test_the_map_of_the_whole_picture_takes_a_pixel_where_that_of_its_crop_does(
    angle: float,
) -> None:
    of_crop = Affine(0.5, (2, 3), angle)

    whole = of_crop.from_whole(10, 20)

    assert whole.apply(10 + 6, 20 + 8) == pytest.approx(of_crop.apply(6, 8))
    assert whole.apply(10, 20) == pytest.approx((2, 3))


def test_the_map_of_a_picture_takes_a_pixel_where_that_of_its_turned_copy_does() -> None:
    of_turned = Affine(0.5, (2, 3))
    middle, beside, below = (20, 10), (30, 10), (20, 20)

    whole = of_turned.from_turned(np.pi / 2, *middle)

    # In the copy, what was beside the middle is above it, and what was below is beside it.
    assert whole.apply(*middle) == pytest.approx(of_turned.apply(20, 10))
    assert whole.apply(*beside) == pytest.approx(of_turned.apply(20, 0))
    assert whole.apply(*below) == pytest.approx(of_turned.apply(30, 10))


@pytest.mark.parametrize("angle", [0, 0.5])
def test_the_map_of_a_picture_takes_a_pixel_where_that_of_its_level_does(angle: float) -> None:
    of_level = Affine(0.5, (2, 3), angle)

    whole = of_level.from_level(scale=3, margin=16)

    assert whole.apply(6, 8) == pytest.approx(of_level.apply(6 * 3 + 16, 8 * 3 + 16))
    assert whole.angle == angle


@pytest.mark.parametrize("angle", [0, 0.5])
def test_the_map_of_the_original_takes_a_pixel_where_that_of_its_copy_does(angle: float) -> None:
    of_copy = Affine(0.5, (2, 3), angle)

    original = of_copy.from_original(4, 4)

    assert original.apply(4 * 6, 4 * 8) == pytest.approx(of_copy.apply(6, 8))


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
