import numpy as np
import pytest

from mnistcli.pictures.parameters import PARAMETERS
from mnistcli.pictures.pyramid import list_scales, make_level

PAPER, INK = (200, 180, 160), (20, 40, 90)


def make_picture(height: int, width: int) -> np.ndarray:
    """A picture [H, W, 3] of one tone, with a block of another from a quarter to the middle."""
    picture = np.full((height, width, 3), PAPER, np.uint8)
    picture[height // 4 : height // 2, width // 4 : width // 2] = INK
    return picture


@pytest.mark.parametrize("shape", [(480, 640, 3), (640, 480, 3), (2048, 100), (97, 2000)])
def test_the_longer_side_doubles_from_level_to_level(shape: tuple[int, ...]) -> None:
    longer_side = max(shape[:2])

    sides = np.array(list_scales(shape)) * longer_side

    assert sides[0] == pytest.approx(PARAMETERS.coarsest_side)
    np.testing.assert_allclose(sides[1:] / sides[:-1], 2)
    largest = min(PARAMETERS.finest_side, PARAMETERS.max_enlargement * longer_side)
    assert largest / 2 < sides[-1] <= largest + 1e-6


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 3), (10, 7, 3)])
def test_a_tiny_picture_has_one_level(shape: tuple[int, ...]) -> None:
    (scale,) = list_scales(shape)

    assert scale * max(shape[:2]) == pytest.approx(PARAMETERS.coarsest_side)


@pytest.mark.parametrize("scale", [0.25, 0.7, 1, 1.3, 3])
@pytest.mark.parametrize("shape", [(160, 120), (77, 203)])
def test_a_level_has_the_picture_within_a_margin(shape: tuple[int, int], scale: float) -> None:
    picture = make_picture(*shape)

    level = make_level(picture, scale)

    margin = PARAMETERS.margin
    assert (level.scale, level.margin) == (scale, margin)
    assert (level.picture.dtype, level.picture.shape[2]) == (np.uint8, 3)
    for side, picture_side in zip(level.picture.shape, shape, strict=False):
        assert side % PARAMETERS.stride == 0
        around = side - picture_side * scale
        assert 2 * margin - 1 < around < 2 * margin + PARAMETERS.stride + 1
    for place in np.ndindex(8, 8):  # the middles of 64 fields
        row, column = ((number + 0.5) / 8 * side for number, side in zip(place, shape, strict=True))
        expected = picture[int(row), int(column)]
        found = level.picture[int(margin + row * scale), int(margin + column * scale)]
        np.testing.assert_array_equal(found, expected)


def test_the_margin_is_the_median_of_the_picture_border() -> None:
    picture = make_picture(160, 120)
    picture[:, :9] = picture[:4, 60:90] = INK  # a line and a digit that are cut off

    level = make_level(picture, 0.5)

    copied = np.zeros(level.picture.shape[:2], bool)
    copied[level.margin : level.margin + 80, level.margin : level.margin + 60] = True
    assert np.unique(level.picture[~copied], axis=0).tolist() == [[*PAPER]]


def test_a_reduced_level_keeps_the_mean() -> None:
    random = np.random.default_rng(0)
    picture = random.integers(0, 256, (256, 256, 3)).astype(np.uint8)

    level = make_level(picture, 1 / 8)

    inner = level.picture[level.margin : level.margin + 32, level.margin : level.margin + 32]
    blocks = picture.reshape(32, 8, 32, 8, 3).mean(axis=(1, 3))
    assert np.abs(inner - blocks).max() <= 1
