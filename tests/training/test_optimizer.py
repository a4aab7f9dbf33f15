import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("tensorflow")


@pytest.mark.parametrize("size", [1, 1e-6])
def test_adam_takes_the_steps_of_the_paper(size: float) -> None:
    import tensorflow as tf

    from mnistcli.training.optimizer import ADAM_EPSILON, Adam

    weight = tf.Variable([1.0, -2.0, 3.0])
    adam = Adam([weight], 0.7, 0.9)
    w, m, v = weight.numpy().astype(float), np.zeros(3), np.zeros(3)
    random = np.random.default_rng(6)

    for step in range(20):
        gradient, rate = random.normal(0, size, 3), 0.1 / (1 + step)
        adam.apply([tf.constant(gradient, tf.float32)], [weight], rate, tf.constant(step))
        m = 0.7 * m + 0.3 * gradient
        v = 0.9 * v + 0.1 * gradient**2
        corrected = rate * np.sqrt(1 - 0.9 ** (step + 1)) / (1 - 0.7 ** (step + 1))
        w -= corrected * m / (np.sqrt(v) + ADAM_EPSILON)

    assert np.abs(w - [1, -2, 3]).min() > 0.05
    np.testing.assert_allclose(weight.numpy(), w, rtol=1e-5)


def test_ema_follows_its_variable() -> None:
    import tensorflow as tf

    from mnistcli.training.optimizer import update_ema

    average, variable = tf.Variable(4.0), tf.Variable(10.0)

    update_ema([average], [variable], 0.75, tf.constant(1000))
    assert float(average) == 0.75 * 4 + 0.25 * 10
    update_ema([average], [variable], 0.75, tf.constant(0))
    assert float(average) == pytest.approx(0.1 * 5.5 + 0.9 * 10)
