"""The data that the detector is trained on: outliers and variations."""

import numpy as np
import outliers
import pytest
import variations
from helpers.drawing import SAMPLES

from mnistcli.pictures.pipeline import prepare


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    """The sample pictures, uint8 [30, 28, 28]."""
    return np.stack([prepare(path.read_bytes()).digits[0].image for path in SAMPLES])


@pytest.mark.parametrize("kind", outliers.KINDS)
def test_outliers_are_normalized_images_and_a_function_of_the_seed(
    kind: str, digits: np.ndarray
) -> None:
    first, again, other = (
        outliers.make_kind(np.random.default_rng(seed), kind, 6, digits) for seed in (1, 1, 2)
    )

    assert first.dtype == np.uint8
    assert first.shape[1:] == (28, 28)
    assert 3 <= len(first) <= 6
    assert all(image.max() > 100 for image in first)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first[:3], other[:3])


def test_shares_of_kinds_add_up_to_1() -> None:
    assert sum(share for share, _ in outliers.KINDS.values()) == pytest.approx(1)


def test_variations_correlate_with_their_originals(digits: np.ndarray) -> None:
    varied = variations.vary(np.random.default_rng(0), digits)

    correlations = [
        np.corrcoef(image.ravel(), digit.ravel())[0, 1]
        for image, digit in zip(varied, digits, strict=True)
    ]
    assert varied.shape == digits.shape
    assert 0.5 < np.mean(correlations) < 0.98


def test_only_an_upright_stroke_is_a_bar() -> None:
    bar = np.zeros((28, 28), np.uint8)
    bar[4:24, 13:16] = 255

    assert outliers.is_bar(bar)
    assert not outliers.is_bar(bar.T)
    assert not outliers.is_bar(np.maximum(bar, bar.T))
