import numpy as np
import pytest
from helpers.drawing import ACROSS, DOWN, INK, light_of

from mnistcli.pictures.illumination import estimate_illumination, fit_surface


@pytest.mark.parametrize("order", [1, 2])
def test_a_surface_is_fitted_to_the_background_in_spite_of_ink(order: int) -> None:
    true = 100 + 50 * ACROSS - 30 * DOWN + (40 * ACROSS * DOWN - 20 * DOWN**2) * (order == 2)
    page = np.where(INK, 20, true).astype(np.float32)

    coefficients = fit_surface(page, order)

    x, y = (2 * (np.arange(n) + 0.5) / n - 1 for n in (120, 160))
    terms = [1, x[np.newaxis], y[:, np.newaxis]]
    if order == 2:
        terms += [x * y[:, np.newaxis], x[np.newaxis] ** 2, y[:, np.newaxis] ** 2]
    fitted = sum(factor * term for factor, term in zip(coefficients, terms, strict=True))
    assert np.abs(fitted - true).max() < 1.5


def test_only_soft_changes_of_light_are_estimated() -> None:
    for kind, least in (("even", 0), ("hard shadow", 0), ("plane", 100), ("vignette", 80)):
        page = np.where(INK, 20, 220 * light_of(kind)).astype(np.uint8)

        change = np.ptp(estimate_illumination(page))

        assert bool(change > least) == (least > 0), kind
