"""The network that says where a picture has ink of digits, and where each digit's centre is.

For every pixel it gives the probability that it is ink of a digit, and the place of that digit's
centre, as in Panoptic-DeepLab (Cheng et al., "Panoptic-DeepLab: A Simple, Strong, and Fast Baseline
for Bottom-Up Panoptic Segmentation", 2020); centres are found as in CenterNet (Zhou, Wang and
Krähenbühl, "Objects as Points", 2019). It is a U-Net (Ronneberger, Fischer and Brox, "U-Net:
Convolutional Networks for Biomedical Image Segmentation", 2015).
"""

from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mnistcli import pretrained
from mnistcli.errors import ModelError
from mnistcli.pictures.decoding import Colours
from mnistcli.pictures.parameters import PARAMETERS
from mnistcli.system.litert import LITERT_ERRORS, open_interpreter

CHANNELS = 6
"""Of the network's input: levels of red, green and blue, and their contrast."""

FINE_CHANNELS, COARSE_CHANNELS = 3, 2
"""Of its outputs: ink and an offset of each pixel; centre and angle of each cell."""

Levels = NDArray[np.float32]
"""Values of each pixel, or of each cell, [H, W]."""


class Maps(NamedTuple):
    """What the network says about a picture [H, W, 3]; a cell has 4×4 pixels."""

    ink: Levels  # [H, W], probability of being ink of a digit
    offsets: NDArray[np.float32]  # [H, W, 2], right and down to the digit's centre, in pixels
    centres: Levels  # [H / 4, W / 4], probability of being a digit's centre
    angles: Levels  # [H / 4, W / 4], by which the digit is turned clockwise, in radians


class Locator:
    """Runs the network on pictures of any size."""

    def __init__(self, tflite: bytes, source: str) -> None:
        """Load the content of a ``.tflite``; ``source`` names it in errors.

        Raises:
            ModelError: it isn't a model with that input and those outputs.
        """
        interpreter = open_interpreter(tflite, source)
        given, found = (
            sorted(end["shape_signature"].tolist()[-1] for end in ends)
            for ends in (interpreter.get_input_details(), interpreter.get_output_details())
        )
        if (given, found) != ([CHANNELS], [COARSE_CHANNELS, FINE_CHANNELS]):
            raise ModelError(f"{source}: has inputs of {given} and outputs of {found} channels")
        self._source = source
        self._run = interpreter.get_signature_runner()

    def locate(self, picture: Colours) -> Maps:
        """Return the maps of a picture, uint8 [H, W, 3]; H and W are multiples of the stride.

        It is divided into tiles, which bounds the memory.

        Raises:
            ModelError: the network can't be run.
        """
        height, width, _ = picture.shape
        cell, side = PARAMETERS.cell, PARAMETERS.tile_side
        fine = np.empty((height, width, FINE_CHANNELS), np.float32)
        coarse = np.empty((height // cell, width // cell, COARSE_CHANNELS), np.float32)
        for top in range(0, height, side):
            for left in range(0, width, side):
                self._locate_tile(picture, top, left, fine, coarse)
        return Maps(
            _to_probability(fine[..., 0]),
            fine[..., 1:] * np.float32(PARAMETERS.vote_unit),
            _to_probability(coarse[..., 0]),
            coarse[..., 1],
        )

    def _locate_tile(
        self, picture: Colours, top: int, left: int, fine: Levels, coarse: Levels
    ) -> None:
        """Fill the outputs for the tile that begins at a place; more than the tile is looked at."""
        side, overlap = PARAMETERS.tile_side, PARAMETERS.tile_overlap
        first, last = np.maximum([top - overlap, left - overlap], 0), side + overlap
        seen = picture[first[0] : top + last, first[1] : left + last]
        try:
            outputs = self._run(x=enhance(seen)[np.newaxis]).values()
        except LITERT_ERRORS as error:
            raise ModelError(f"{self._source}: can't be run: {error}") from error
        for whole in (fine, coarse):
            unit = 1 if whole is fine else PARAMETERS.cell
            (output,) = (found[0] for found in outputs if found.shape[-1] == whole.shape[-1])
            place = whole[top // unit : (top + side) // unit, left // unit : (left + side) // unit]
            above, before = (top - first[0]) // unit, (left - first[1]) // unit
            place[:] = output[above:, before:][: len(place), : place.shape[1]]


@cache
def open_locator() -> Locator:
    """Open the network that comes with the package.

    Raises:
        ModelError: it is missing or damaged.
    """
    return Locator(pretrained.read_locator(), "the locator of the package")


def enhance(picture: Colours) -> NDArray[np.float32]:
    """Return the levels of a picture [H, W, 3], and their contrast to the surroundings, [H, W, 6].

    Both are in [-1, 1]. The contrast is compressed, so that pale ink is seen beside black ink.
    """
    levels = picture.astype(np.float32)
    window = (PARAMETERS.contrast_window, PARAMETERS.contrast_window)
    difference = levels - cv2.blur(levels, window, borderType=cv2.BORDER_REPLICATE)
    contrast = difference / (np.abs(difference) + np.float32(PARAMETERS.half_contrast))
    return np.concatenate([levels * np.float32(1 / 127.5) - 1, contrast], axis=-1)


def _to_probability(logits: Levels) -> Levels:
    """Return the logistic function of logits."""
    probability: Levels = np.reciprocal(1 + np.exp(-np.clip(logits, -30, 30)))
    return probability
