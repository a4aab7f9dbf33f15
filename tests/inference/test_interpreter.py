import numpy as np
import pytest

from mnistcli import pretrained
from mnistcli.datasets.synthetic.dataset import draw_images
from mnistcli.errors import ModelError
from mnistcli.inference.interpreter import Predictor


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x1c\0\0\0TFL3" + bytes(100)])
def test_a_file_that_is_not_a_model_is_refused(content: bytes) -> None:
    with pytest.raises(ModelError, match="there: not a TensorFlow Lite model"):
        Predictor(content, "there")


def test_a_model_of_other_shapes_is_refused(tensorflow: None) -> None:
    import tensorflow as tf

    module = tf.Module()
    module.share = tf.function(tf.nn.softmax, [tf.TensorSpec([None, 3], name="x")])
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [module.share.get_concrete_function()], module
    )

    with pytest.raises(ModelError, match=r"there: maps \[-1, 3\] to \[-1, 3\]"):
        Predictor(converter.convert(), "there")


def test_the_digits_may_be_restricted() -> None:
    predictor = Predictor(pretrained.read_export(), "there")
    images = draw_images(1, 20)[0]
    among = {1, 5, 9}

    every, some = predictor.predict(images), predictor.restrict(among).predict(images)

    for probabilities, restricted in zip(every.tolist(), some.tolist(), strict=True):
        total = sum(probabilities[digit] for digit in among)
        for digit in range(10):
            share = probabilities[digit] / total if digit in among else 0
            assert restricted[digit] == pytest.approx(share, abs=1e-5)
    np.testing.assert_array_equal(predictor.predict(images), every)


def test_digits_that_have_underflowed_are_equally_probable(monkeypatch: pytest.MonkeyPatch) -> None:
    predictor = Predictor(pretrained.read_export(), "there")
    certain = np.eye(10, dtype=np.float32)[[3, 8]]
    monkeypatch.setattr(predictor, "_run", lambda x: {"output_0": certain})

    restricted = predictor.restrict({3, 4}).predict(np.zeros((2, 28, 28), np.uint8))

    np.testing.assert_allclose(restricted[:, 3:5], [[1, 0], [0.5, 0.5]], atol=1e-6)
    assert not np.delete(restricted, [3, 4], axis=1).any()


def test_a_model_that_cannot_be_run_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    predictor = Predictor(pretrained.read_detector(), "there", outputs=1)

    def fail(x: object) -> None:
        raise RuntimeError("Input tensor 4 lacks data")

    monkeypatch.setattr(predictor, "_run", fail)
    with pytest.raises(ModelError, match="there: can't be run: Input tensor 4 lacks data"):
        predictor.predict(np.zeros((1, 28, 28), np.uint8))
