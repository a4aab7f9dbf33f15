"""A trained model's export giving answers, without TensorFlow."""

import math
import struct

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from mnistcli.digit import CLASSES, PIXELS, to_input
from mnistcli.errors import ModelError
from mnistcli.parallel import count_cores
from mnistcli.quiet import silenced_stderr

BATCH_SIZE = 250
"""Most images a call: beyond it memory grows and speed doesn't."""

MOST_VALUES = 1 << 20
"""Of a tensor: more than twice those of the largest, the weights of cnn's dense layer."""

OPERATORS = {
    *("ADD", "CONV_2D", "DEQUANTIZE", "FULLY_CONNECTED", "LOGISTIC", "MAX_POOL_2D", "MUL", "PACK"),
    *("PAD", "RELU", "RESHAPE", "SHAPE", "SLICE", "SOFTMAX", "STRIDED_SLICE", "SUB"),
}
"""What TensorFlow may make of the recipes' layers; others, in damaged models, may crash LiteRT."""

INPUTS = {"PAD": 2, "SLICE": 3, "STRIDED_SLICE": 4}
"""How many an operator has, where LiteRT doesn't count them."""

UNUSABLE = (LookupError, RuntimeError, TypeError, ValueError, struct.error)
"""What is raised for a model that is damaged, or no model."""


class Predictor:
    """Runs a ``.tflite`` that maps float32 [N, 784] in [0, 1] to float32 [N, outputs]."""

    def __init__(self, tflite: bytes, source: str, outputs: int = CLASSES) -> None:
        """Load the content of a ``.tflite``; ``source`` names it in errors.

        Raises:
            ModelError: it isn't a model of that form.
        """
        try:
            _check_root(tflite)
            with silenced_stderr():
                interpreter = Interpreter(model_content=tflite, num_threads=count_cores())
                _check_graph(interpreter)
                interpreter.allocate_tensors()
                self._run = interpreter.get_signature_runner()
            ends = (interpreter.get_input_details()[0], interpreter.get_output_details()[0])
        except UNUSABLE as error:
            raise ModelError(f"{source}: not a TensorFlow Lite model: {error}") from error
        shapes = [end["shape_signature"].tolist() for end in ends]
        if shapes != [[-1, PIXELS], [-1, outputs]]:
            raise ModelError(f"{source}: maps {shapes[0]} to {shapes[1]}, not pixels to digits")
        self._source, self._outputs = source, outputs

    def predict(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return probabilities, float32 [N, outputs], for uint8 images [N, 28, 28].

        Raises:
            ModelError: what was loaded can't be run.
        """
        probabilities = np.empty((len(images), self._outputs), np.float32)
        for start in range(0, len(images), BATCH_SIZE):
            rows = slice(start, start + BATCH_SIZE)
            try:
                (probabilities[rows],) = self._run(x=to_input(images[rows])).values()
            except UNUSABLE as error:
                raise ModelError(f"{self._source}: can't be run: {error}") from error
        return probabilities


def _check_root(tflite: bytes) -> None:
    """Raise :class:`ValueError` if a model has no operators or no graph, which crashes LiteRT.

    It is a FlatBuffer: its root tells, before itself, where in it which of its fields are.
    """
    (root,) = struct.unpack_from("<I", tflite)
    (before,) = struct.unpack_from("<i", tflite, root)
    size, _, _, operators, graphs = struct.unpack_from("<5H", tflite, root - before)
    if size < 10 or not (operators and graphs):
        raise ValueError("no operators, or no graph")


def _check_graph(interpreter: Interpreter) -> None:
    """Raise :class:`ValueError` for what LiteRT trusts: beyond it are a crash and endless work."""
    shapes = [tensor["shape"].tolist() for tensor in interpreter.get_tensor_details()]
    if any(math.prod(shape) > MOST_VALUES for shape in shapes):
        raise ValueError("a tensor is too large")
    list_operators = getattr(interpreter, "_get_ops_details", list)  # there may be none one day
    for operator in list_operators():
        name, inputs, outputs = (operator[key] for key in ("op_name", "inputs", "outputs"))
        if name not in OPERATORS:
            raise ValueError(f"{name} is no operator of this project's models")
        if name == "DEQUANTIZE" and shapes[inputs[0]] != shapes[outputs[0]]:
            raise ValueError(f"{shapes[inputs[0]]} values are dequantised to {shapes[outputs[0]]}")
        if len(inputs) != INPUTS.get(name, len(inputs)):
            raise ValueError(f"{name} of {len(inputs)} inputs")
