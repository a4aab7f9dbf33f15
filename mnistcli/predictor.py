"""A trained model's export giving answers, without TensorFlow."""

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from mnistcli.digit import CLASSES, PIXELS, to_input
from mnistcli.errors import ModelError
from mnistcli.parallel import count_cores
from mnistcli.quiet import silenced_stderr

BATCH_SIZE = 250
"""Most images a call: beyond it memory grows and speed doesn't."""


class Predictor:
    """Runs a ``.tflite`` that maps float32 [N, 784] in [0, 1] to float32 [N, outputs]."""

    def __init__(self, tflite: bytes, source: str, outputs: int = CLASSES) -> None:
        """Load the content of a ``.tflite``; ``source`` names it in errors.

        Raises:
            ModelError: it isn't a model of that form.
        """
        try:
            with silenced_stderr():
                interpreter = Interpreter(model_content=tflite, num_threads=count_cores())
                interpreter.allocate_tensors()
                self._run = interpreter.get_signature_runner()
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{source}: not a TensorFlow Lite model: {error}") from error
        ends = (interpreter.get_input_details()[0], interpreter.get_output_details()[0])
        shapes = [end["shape_signature"].tolist() for end in ends]
        if shapes != [[-1, PIXELS], [-1, outputs]]:
            raise ModelError(f"{source}: maps {shapes[0]} to {shapes[1]}, not pixels to digits")
        self._outputs = outputs

    def predict(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return probabilities, float32 [N, outputs], for uint8 images [N, 28, 28]."""
        probabilities = np.empty((len(images), self._outputs), np.float32)
        for start in range(0, len(images), BATCH_SIZE):
            rows = slice(start, start + BATCH_SIZE)
            (probabilities[rows],) = self._run(x=to_input(images[rows])).values()
        return probabilities
