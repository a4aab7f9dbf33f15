"""An exported model run by LiteRT, without TensorFlow."""

import math
import struct

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from mnistcli.errors import ModelError
from mnistcli.images import CLASSES, PIXELS, to_input
from mnistcli.system.native import silenced_stderr
from mnistcli.system.parallel import count_cores

IMAGES_PER_CALL = 250
"""Most images per call: more need more memory and are not faster."""

MAX_TENSOR_SIZE = 1 << 20
"""Values of a tensor: eight times those of the largest, in cnn and deepcnn."""

OPERATORS = {
    *("ADD", "CONV_2D", "DEQUANTIZE", "FULLY_CONNECTED", "LOGISTIC", "MAX_POOL_2D", "MUL", "PACK"),
    *("PAD", "RELU", "RESHAPE", "SHAPE", "SLICE", "SOFTMAX", "STRIDED_SLICE", "SUB"),
}
"""Operators of exported layers; others, in damaged models, may crash LiteRT."""

INPUT_COUNTS = {"PAD": 2, "SLICE": 3, "STRIDED_SLICE": 4}
"""Inputs of operators for which LiteRT does not check the number."""

LITERT_ERRORS = (LookupError, RuntimeError, TypeError, ValueError, struct.error)
"""What LiteRT raises for a damaged model, or a file that is no model."""


class Predictor:
    """Runs a ``.tflite`` that maps float32 [N, 784] in [0, 1] to float32 [N, outputs]."""

    def __init__(self, tflite: bytes, source: str, outputs: int = CLASSES) -> None:
        """Load the content of a ``.tflite``; ``source`` names it in errors.

        Raises:
            ModelError: it isn't a model with that input and output.
        """
        try:
            _check_root(tflite)
            with silenced_stderr():
                interpreter = Interpreter(model_content=tflite, num_threads=count_cores())
                _check_graph(interpreter)
                interpreter.allocate_tensors()
                self._run = interpreter.get_signature_runner()
            ends = (interpreter.get_input_details()[0], interpreter.get_output_details()[0])
        except LITERT_ERRORS as error:
            raise ModelError(f"{source}: not a TensorFlow Lite model: {error}") from error
        shapes = [end["shape_signature"].tolist() for end in ends]
        if shapes != [[-1, PIXELS], [-1, outputs]]:
            raise ModelError(f"{source}: maps {shapes[0]} to {shapes[1]}, not pixels to digits")
        self._source, self._outputs = source, outputs

    def predict(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return probabilities, float32 [N, outputs], for uint8 images [N, 28, 28].

        Raises:
            ModelError: the model can't be run.
        """
        probabilities = np.empty((len(images), self._outputs), np.float32)
        for start in range(0, len(images), IMAGES_PER_CALL):
            rows = slice(start, start + IMAGES_PER_CALL)
            try:
                (probabilities[rows],) = self._run(x=to_input(images[rows])).values()
            except LITERT_ERRORS as error:
                raise ModelError(f"{self._source}: can't be run: {error}") from error
        return probabilities


def _check_root(tflite: bytes) -> None:
    """Raise :class:`ValueError` if a model has no operators or no graph, which crashes LiteRT.

    A model is a FlatBuffer: a table before the root has the offsets of the root's fields.
    """
    (root,) = struct.unpack_from("<I", tflite)
    (before,) = struct.unpack_from("<i", tflite, root)
    size, _, _, operators, graphs = struct.unpack_from("<5H", tflite, root - before)
    if size < 10 or not (operators and graphs):
        raise ValueError("no operators, or no graph")


def _check_graph(interpreter: Interpreter) -> None:
    """Raise :class:`ValueError` for what LiteRT does not check, and crashes or hangs at."""
    shapes = [tensor["shape"].tolist() for tensor in interpreter.get_tensor_details()]
    if any(math.prod(shape) > MAX_TENSOR_SIZE for shape in shapes):
        raise ValueError("a tensor is too large")
    # It is private, and may disappear.
    list_operators = getattr(interpreter, "_get_ops_details", list)
    for operator in list_operators():
        name, inputs, outputs = (operator[key] for key in ("op_name", "inputs", "outputs"))
        if name not in OPERATORS:
            raise ValueError(f"{name} is no operator of this project's models")
        if name == "DEQUANTIZE" and shapes[inputs[0]] != shapes[outputs[0]]:
            raise ValueError(f"{shapes[inputs[0]]} values are dequantised to {shapes[outputs[0]]}")
        if len(inputs) != INPUT_COUNTS.get(name, len(inputs)):
            raise ValueError(f"{name} of {len(inputs)} inputs")
