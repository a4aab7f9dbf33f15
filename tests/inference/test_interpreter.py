import struct

import numpy as np
import pytest

from mnistcli import pretrained
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


@pytest.mark.parametrize(
    ("shape", "other", "message"),
    [
        ((1, 28, 28, 1), (1, 28, 1 << 26, 1), "a tensor is too large"),
        ((48, 3, 3, 32), (48, 67, 3, 32), r"\[48, .*\] values are dequantised to"),
    ],
)
def test_a_shape_that_would_crash_or_hang_is_refused(
    shape: tuple[int, ...], other: tuple[int, ...], message: str
) -> None:
    model = pretrained.read_detector()
    stored, changed = (struct.pack("<4i", *sides) for sides in (shape, other))
    assert stored in model

    with pytest.raises(ModelError, match=message):
        Predictor(model.replace(stored, changed, 1), "there", outputs=1)


@pytest.mark.parametrize("field", [1, 2])
def test_a_model_without_operators_or_a_graph_is_refused(field: int) -> None:
    model = bytearray(pretrained.read_detector())
    (root,) = struct.unpack_from("<I", model)
    (before,) = struct.unpack_from("<i", model, root)
    struct.pack_into("<H", model, root - before + 4 + 2 * field, 0)

    with pytest.raises(ModelError, match="no operators, or no graph"):
        Predictor(bytes(model), "there", outputs=1)


def test_an_operator_that_would_crash_litert_is_refused() -> None:
    """A case found by fuzzing: RESHAPE's code, at the end of the model, becomes SPLIT's."""
    model = bytearray(pretrained.read_detector())
    reshape, split = 22, 49
    assert model[-36] == reshape
    model[-36] = split

    with pytest.raises(ModelError, match="SPLIT is no operator of this project's models"):
        Predictor(bytes(model), "there", outputs=1)


def test_a_model_that_cannot_be_run_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    predictor = Predictor(pretrained.read_detector(), "there", outputs=1)

    def fail(x: object) -> None:
        raise RuntimeError("Input tensor 4 lacks data")

    monkeypatch.setattr(predictor, "_run", fail)
    with pytest.raises(ModelError, match="there: can't be run: Input tensor 4 lacks data"):
        predictor.predict(np.zeros((1, 28, 28), np.uint8))
