import numpy as np
import pytest

from mnistcli.training.schedule import WARMUP_SHARE, learning_rates


def test_a_rate_without_cycles_is_constant() -> None:
    rates = learning_rates(0.5, 0, (), 7, 3)

    assert rates.dtype == np.float32
    assert rates.tolist() == [0.5, 0.5, 0.5]


def test_a_cycle_rises_to_the_peak_and_falls_to_zero() -> None:
    rates = learning_rates(2.0, 0, (1000,), 0, 1000)

    top = round(WARMUP_SHARE * 1000)
    assert rates.argmax() in (top - 1, top)
    assert 1.99 < rates.max() < 2
    np.testing.assert_allclose(np.diff(rates[:top]), 2 / top, rtol=1e-4)
    np.testing.assert_allclose(np.diff(rates[top:]), -2 / (1000 - top), rtol=1e-4)
    np.testing.assert_allclose(rates[0], 1 / top)
    np.testing.assert_allclose(rates[-1], 1 / (1000 - top), rtol=1e-5)


def test_a_cycle_may_end_above_zero() -> None:
    rates = learning_rates(2.0, 0.5, (1000, 2000), 0, 2000)

    top = round(WARMUP_SHARE * 1000)
    np.testing.assert_allclose(np.diff(rates[:top]), 2 / top, rtol=1e-4)
    np.testing.assert_allclose(np.diff(rates[top:1000]), -1.5 / (1000 - top), rtol=1e-3)
    assert rates[999] == pytest.approx(0.5, abs=0.002)
    np.testing.assert_allclose(rates[1000:], rates[:1000], atol=1e-6)


def test_a_second_cycle_starts_where_the_first_ends() -> None:
    rates = learning_rates(1.0, 0, (100, 300), 0, 300)

    np.testing.assert_array_equal(rates[:100], learning_rates(1.0, 0, (100,), 0, 100))
    np.testing.assert_allclose(rates[100:], learning_rates(1.0, 0, (200,), 0, 200), rtol=1e-6)


def test_the_rate_of_a_step_does_not_depend_on_the_call() -> None:
    whole = learning_rates(0.01, 0, (40, 70), 0, 70)

    pieces = [learning_rates(0.01, 0, (40, 70), start, 7) for start in range(0, 70, 7)]
    np.testing.assert_array_equal(np.concatenate(pieces), whole)


def test_the_rate_of_a_single_step_is_positive() -> None:
    assert learning_rates(0.01, 0, (1,), 0, 1)[0] > 0
