import numpy as np
import pytest

from mnistcli.training.sampling import batch_indices


def test_every_epoch_is_a_permutation() -> None:
    order = batch_indices(seed=3, first_step=0, steps=15, batch_size=4, count=20).ravel()

    epochs = order.reshape(3, 20)
    assert np.sort(epochs, axis=1).tolist() == [list(range(20))] * 3
    assert len({tuple(epoch) for epoch in epochs}) == 3


def test_a_batch_may_span_epochs() -> None:
    order = batch_indices(seed=3, first_step=0, steps=10, batch_size=6, count=20).ravel()

    assert np.sort(order.reshape(3, 20), axis=1).tolist() == [list(range(20))] * 3


@pytest.mark.parametrize("chunk", [1, 2, 7])
def test_the_images_of_a_step_do_not_depend_on_the_call(chunk: int) -> None:
    whole = batch_indices(seed=1, first_step=0, steps=14, batch_size=8, count=30)

    parts = [batch_indices(1, first, chunk, 8, 30) for first in range(0, 14, chunk)]

    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_seeds_differ() -> None:
    assert not np.array_equal(batch_indices(0, 0, 1, 50, 1000), batch_indices(1, 0, 1, 50, 1000))


def test_an_epoch_sorts_the_published_philox_stream() -> None:
    assert philox([0, 0, 0, 0], [0, 0])[0] == 0x16554D9ECA36314C  # the authors' known answer
    stream = [value for counter in (1, 2, 3) for value in philox([counter, 0, 0, 0], [5, 1])][:10]

    order = batch_indices(seed=5, first_step=1, steps=1, batch_size=10, count=10)

    assert order[0].tolist() == sorted(range(10), key=stream.__getitem__)


def philox(counter: list[int], key: list[int]) -> list[int]:
    """Philox4x64-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", 2011)."""
    mask = 2**64 - 1
    for _ in range(10):
        first, second = counter[0] * 0xD2E7470EE14C6C93, counter[2] * 0xCA5A826395121157
        counter = [
            second >> 64 ^ counter[1] ^ key[0],
            second & mask,
            first >> 64 ^ counter[3] ^ key[1],
            first & mask,
        ]
        key = [(key[0] + 0x9E3779B97F4A7C15) & mask, (key[1] + 0xBB67AE8584CAA73B) & mask]
    return counter
