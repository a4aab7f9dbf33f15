from pathlib import Path

import numpy as np
import pytest

from mnistcli.datasets import idx
from mnistcli.pictures import normalization


def blob(top: int, left: int, height: int, width: int, side: int = 28) -> np.ndarray:
    ink = np.zeros((side, side), np.uint8)
    ink[top : top + height, left : left + width] = 255
    return ink


@pytest.mark.parametrize(
    ("ink", "is_normalized"),
    [
        (blob(4, 9, 20, 10), True),
        (blob(4, 9, 20, 11), True),
        (blob(5, 9, 19, 10), True),
        (blob(4, 4, 20, 20), True),
        (blob(6, 9, 18, 10), False),
        (blob(3, 9, 22, 10), False),
        (blob(6, 9, 20, 10), False),
        (blob(4, 11, 20, 10), False),
        (blob(4, 9, 20, 10) // 2, False),
        (blob(4, 9, 20, 10, side=29), False),
        (blob(0, 0, 0, 0), False),
    ],
)
def test_is_normalized_follows_the_rules_of_mnist(ink: np.ndarray, is_normalized: bool) -> None:
    assert normalization.is_normalized(ink) is is_normalized


@pytest.mark.parametrize(("height", "width"), [(20, 10), (40, 20), (7, 20), (200, 1), (3, 300)])
def test_a_bar_is_normalized_to_20_pixels(height: int, width: int) -> None:
    image = normalization.normalize(blob(30, 50, height, width, side=400)).image

    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    shown = (rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1)
    assert max(shown) == 20
    assert shown == tuple(max(1, round(side * 20 / max(height, width))) for side in (height, width))
    assert np.unique(image).tolist() == [0, 255]
    assert normalization.is_normalized(image)


def test_the_box_and_the_map_tell_where_the_ink_comes_from() -> None:
    ink = np.zeros((400, 300), np.uint8)
    ink[100:300, 50:150] = 255

    normalized = normalization.normalize(ink)

    assert normalized.box == (50, 100, 150, 300)
    left, top = normalized.transform.apply(50, 100)
    assert normalized.transform.scale == pytest.approx(0.1)
    np.testing.assert_array_equal(
        np.argwhere(normalized.image)[[0, -1]], [[top, left], [top + 19, left + 9]]
    )


def test_the_centre_of_mass_goes_to_index_14() -> None:
    ink = np.zeros((20, 12), np.uint8)
    ink[:8], ink[8:, :5] = 200, 100  # heavier at the top and on the left
    before = normalization.find_centre_of_mass(ink)

    image, top, left = normalization.centre(ink)
    row, column = normalization.find_centre_of_mass(image)

    assert before[0] < 7
    np.testing.assert_array_equal(image[top : top + 20, left : left + 12], ink)
    assert (row, column) == (pytest.approx(14, abs=0.5), pytest.approx(14, abs=0.5))


def test_the_centre_of_mass_is_the_weighted_mean_index() -> None:
    ink = np.array([[0, 100, 0], [0, 0, 0], [0, 0, 200]], np.uint8)

    assert normalization.find_centre_of_mass(ink) == pytest.approx((4 / 3, 5 / 3))


def test_no_ink_is_lost_however_uneven_the_mass() -> None:
    ink = np.zeros((20, 20), np.uint8)
    ink[:, 0], ink[0, :] = 255, 1

    assert normalization.centre(ink)[0].sum() == ink.sum(dtype=int)


@pytest.mark.slow
@pytest.mark.parametrize("split", ["train", "t10k"])
def test_all_of_mnist_is_normalized(split: str, shared: Path) -> None:
    images = idx.read(shared / "mnist" / f"{split}-images-idx3-ubyte.gz")

    assert all(normalization.is_normalized(image) for image in images)


def test_normalizing_an_image_of_mnist_again_moves_nothing(shared: Path) -> None:
    images = idx.read(shared / "mnist" / "t10k-images-idx3-ubyte.gz")[:1000]
    again = [normalization.normalize(image).image for image in images]

    assert np.abs(np.array(again).astype(int) - images).mean() < 4
