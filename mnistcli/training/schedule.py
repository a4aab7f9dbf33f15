"""The learning-rate schedule."""

import numpy as np
from numpy.typing import NDArray

WARMUP_SHARE = 0.2
"""Share of a cycle in which the learning rate rises."""


def learning_rates(
    peak: float, last: float, cycles: tuple[int, ...], first_step: int, steps: int
) -> NDArray[np.float32]:
    """Return the learning rates, float32 [steps], of consecutive steps, counted from 0.

    ``cycles`` are the steps at which one-cycle schedules end; each begins where the one before it
    ends. A cycle rises linearly from 0 to the peak and falls linearly to the last rate (Smith and
    Topin, "Super-Convergence", 2018, arXiv 1708.07120). Without cycles, the rate is the peak.
    """
    if not cycles:
        return np.full(steps, peak, np.float32)
    middles = np.arange(first_step, first_step + steps) + 0.5
    number = np.searchsorted(cycles, middles)
    starts, ends = np.array([0, *cycles])[number], np.array(cycles)[number]
    progress = (middles - starts) / (ends - starts)
    fall = peak + (last - peak) * (progress - WARMUP_SHARE) / (1 - WARMUP_SHARE)
    rates: NDArray[np.float64] = np.where(
        progress < WARMUP_SHARE, peak * progress / WARMUP_SHARE, fall
    )
    return rates.astype(np.float32)
