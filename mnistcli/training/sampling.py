"""The images of each training step: a function of the seed and the step, and of nothing else."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


def batch_indices(
    seed: int, first_step: int, steps: int, batch_size: int, count: int
) -> NDArray[np.int32]:
    """Return the indices, int32 [steps, batch_size], of the images of consecutive steps.

    Each epoch is a permutation of ``range(count)``, and epochs follow one another without a gap.
    Step *k*, counted from 0, takes the places ``k * batch_size`` to ``(k + 1) * batch_size``.
    """
    start, end = first_step * batch_size, (first_step + steps) * batch_size
    parts = [
        _epoch_order(seed, epoch, count)[max(start - epoch * count, 0) : end - epoch * count]
        for epoch in range(start // count, (end - 1) // count + 1)
    ]
    return np.concatenate(parts).reshape(steps, batch_size)


@lru_cache(maxsize=2)
def _epoch_order(seed: int, epoch: int, count: int) -> NDArray[np.int32]:
    """Return a permutation of ``range(count)``, int32.

    It sorts the raw output of a bit generator, whose stream is the same in every release of NumPy
    (NEP 19); that of ``Generator.permutation`` may change. Seed and epoch are Philox's key, so no
    two epochs share a stream.
    """
    keys = np.random.Philox(key=[seed, epoch]).random_raw(count)
    return np.argsort(keys, kind="stable").astype(np.int32)
