"""Models run by LiteRT, without TensorFlow."""

import math
import struct

from ai_edge_litert.interpreter import Interpreter

from mnistcli.errors import ModelError
from mnistcli.system.native import silenced_stderr
from mnistcli.system.parallel import count_cores

MAX_TENSOR_SIZE = 1 << 20
"""Values of a tensor: eight times those of the largest, in cnn and deepcnn."""

OPERATORS = {
    *("ADD", "CONV_2D", "DEPTH_TO_SPACE", "DEQUANTIZE", "FULLY_CONNECTED", "LOGISTIC"),
    *("MAX_POOL_2D", "MUL", "PACK", "PAD", "RELU", "RESHAPE", "SHAPE", "SLICE", "SOFTMAX"),
    *("STRIDED_SLICE", "SUB"),
}
"""Operators of exported layers; others, in damaged models, may crash LiteRT."""

INPUT_COUNTS = {"PAD": 2, "SLICE": 3, "STRIDED_SLICE": 4}
"""Inputs of operators for which LiteRT does not check the number."""

LITERT_ERRORS = (LookupError, RuntimeError, TypeError, ValueError, struct.error)
"""What LiteRT raises for a damaged model, or a file that is no model."""


def open_interpreter(tflite: bytes, source: str) -> Interpreter:
    """Load the content of a ``.tflite``; ``source`` names it in errors.

    Raises:
        ModelError: it isn't a model that this project exports.
    """
    try:
        _check_root(tflite)
        with silenced_stderr():
            interpreter = Interpreter(model_content=tflite, num_threads=count_cores())
            _check_graph(interpreter)
            interpreter.allocate_tensors()
            interpreter.get_signature_runner()
    except LITERT_ERRORS as error:
        raise ModelError(f"{source}: not a TensorFlow Lite model: {error}") from error
    return interpreter


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
            raise ValueError(f"{shapes[inputs[0]]} values are dequantized to {shapes[outputs[0]]}")
        if len(inputs) != INPUT_COUNTS.get(name, len(inputs)):
            raise ValueError(f"{name} of {len(inputs)} inputs")
