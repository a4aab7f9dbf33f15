import pytest

from mnistcli.errors import ModelError
from mnistcli.predictor import Predictor


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x1c\0\0\0TFL3" + bytes(100)])
def test_what_is_no_model_is_refused(content: bytes) -> None:
    with pytest.raises(ModelError, match="there: not a TensorFlow Lite model"):
        Predictor(content, "there")


def test_a_model_of_other_shapes_is_refused(tensorflow: None) -> None:
    import tensorflow as tf

    module = tf.Module()
    module.double = tf.function(lambda x: x * 2, [tf.TensorSpec([None, 3], name="x")])
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [module.double.get_concrete_function()], module
    )

    with pytest.raises(ModelError, match=r"there: maps \[-1, 3\] to \[-1, 3\]"):
        Predictor(converter.convert(), "there")
