"""An exported model run by LiteRT, without TensorFlow."""

from collections.abc import Collection
from copy import copy

import numpy as np
from numpy.typing import NDArray

from mnistcli.errors import ModelError
from mnistcli.images import CLASSES, PIXELS, to_input
from mnistcli.system.litert import LITERT_ERRORS, open_interpreter

IMAGES_PER_CALL = 250
"""Most images per call: more need more memory and are not faster."""


class Predictor:
    """Runs a ``.tflite`` that maps float32 [N, 784] in [0, 1] to float32 [N, outputs]."""

    def __init__(self, tflite: bytes, source: str, outputs: int = CLASSES) -> None:
        """Load the content of a ``.tflite``; ``source`` names it in errors.

        Raises:
            ModelError: it isn't a model with that input and output.
        """
        interpreter = open_interpreter(tflite, source)
        ends = (interpreter.get_input_details()[0], interpreter.get_output_details()[0])
        shapes = [end["shape_signature"].tolist() for end in ends]
        if shapes != [[-1, PIXELS], [-1, outputs]]:
            raise ModelError(f"{source}: maps {shapes[0]} to {shapes[1]}, not pixels to digits")
        self._run = interpreter.get_signature_runner()
        self._source, self._outputs = source, outputs
        self._excluded: list[int] = []

    def restrict(self, digits: Collection[int]) -> "Predictor":
        """Return a predictor of these digits only.

        The probabilities of the others are 0, and those of these are divided by their sum.
        """
        restricted = copy(self)
        restricted._excluded = [digit for digit in range(self._outputs) if digit not in digits]
        return restricted

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
        return self._exclude(probabilities) if self._excluded else probabilities

    def _exclude(self, probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
        """Leave out digits; where all others have underflowed to 0, these are equally probable."""
        probabilities = np.maximum(probabilities, np.finfo(np.float32).tiny)
        probabilities[:, self._excluded] = 0
        shares: NDArray[np.float32] = probabilities / probabilities.sum(axis=1, keepdims=True)
        return shares
