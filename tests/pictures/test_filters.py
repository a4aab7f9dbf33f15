import numpy as np
import pytest

from mnistcli.pictures.filters import close, filter_median, find_percentile, shrink

STROKE = np.full((60, 80), 200, np.float32)
STROKE[20:40, 40:43] = 30


def test_a_percentile_is_the_value_of_the_nearest_rank() -> None:
    values = np.random.default_rng(0).permutation(101).reshape(1, -1)

    assert [find_percentile(values, share) for share in (0, 12.5, 50, 98, 100)] == [
        *(0, 12, 50, 98, 100)
    ]


@pytest.mark.parametrize("function", [close, filter_median])
def test_a_filter_fills_in_a_dark_stroke(function) -> None:
    np.testing.assert_array_equal(function(STROKE), 200)


def test_the_longer_side_is_shrunk_by_averaging() -> None:
    levels = np.arange(8 * 4, dtype=np.float32).reshape(8, 4)

    small = shrink(levels, 4)

    np.testing.assert_array_equal(small, levels.reshape(4, 2, 2, 2).mean(axis=(1, 3)))


def test_smaller_levels_are_not_enlarged() -> None:
    levels = np.arange(6, dtype=np.uint8).reshape(2, 3)

    np.testing.assert_array_equal(shrink(levels, 4), levels)
