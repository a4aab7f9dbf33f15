"""A digit's ink, extracted from a picture, turned upright and normalized."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from mnistcli.images import Gray
from mnistcli.pictures.geometry import IDENTITY, Affine, Box
from mnistcli.pictures.location import Located
from mnistcli.pictures.locator import Levels
from mnistcli.pictures.normalization import INK_SIDE, normalize
from mnistcli.pictures.parameters import PARAMETERS

FAINT = "little contrast: the ink differs by {:.0f} of 255 gray levels from the background"


@dataclass(frozen=True)
class Digit:
    """A digit's ink, extracted from a picture and normalized."""

    image: Gray  # [28, 28], 0 background, 255 ink
    box: Box | None = None  # in pixels of the upright picture
    transform: Affine = IDENTITY  # from the upright picture to the image
    score: float = 0.5  # probability of its centre, by the locator; 0.5 if it wasn't asked
    contrast: float = 255  # how much lighter it is than its paper, in gray levels; dark: negative
    warnings: tuple[str, ...] = ()

    def from_original(self, across: float, down: float) -> "Digit":
        """Return the digit of the original, given that of its reduced copy.

        The original has ``across`` times the copy's columns and ``down`` times its rows.
        """
        box = self.box.scale(across, down) if self.box else None
        return replace(self, box=box, transform=self.transform.from_original(across, down))


def extract(located: Located, angle: float = 0) -> Digit:
    """Extract a digit, turn it back by an angle, in radians, and normalize it."""
    instance, level = located.instance, located.level
    ink = np.rint(instance.ink * (255 / instance.ink.max())).astype(np.uint8)
    margin = instance.box.longer_side // 2 if angle else PARAMETERS.stroke_margin
    upright = np.pad(ink, margin)
    if angle:
        upright = turn_back(upright, angle)
    normalized = normalize(thicken(upright, instance.box.longer_side))
    height, width = upright.shape
    transform = normalized.transform.from_turned(angle, width / 2, height / 2)
    transform = transform.from_whole(instance.left - margin, instance.top - margin)
    contrast = measure_contrast(located)
    is_faint = abs(contrast) < PARAMETERS.low_contrast
    warnings = (FAINT.format(abs(contrast)),) if is_faint else ()
    return Digit(
        normalized.image,
        located.box,
        transform.from_level(level.scale, level.margin),
        instance.score,
        contrast,
        warnings,
    )


def turn_back(ink: Gray, angle: float) -> Gray:
    """Turn ink [H, W] counterclockwise around its middle by an angle, in radians."""
    height, width = ink.shape
    middle = (width - 1) / 2, (height - 1) / 2  # of the indices of pixels
    matrix = cv2.getRotationMatrix2D(middle, float(np.rad2deg(angle)), 1)
    return np.asarray(cv2.warpAffine(ink, matrix, (width, height)), np.uint8)


def thicken(ink: Gray, longer_side: int) -> Gray:
    """Dilate hairlines [H, W] to about the width of MNIST's strokes.

    The mean of the distance transform (Borgefors, "Distance Transformations in Digital Images",
    1986) of a long stroke is a quarter of its width. Strokes are dilated by a disc (Serra, "Image
    Analysis and Mathematical Morphology", 1982) that adds an even number of pixels, rounded down.

    Args:
        ink: the digit's, [H, W], 255 where it is strongest.
        longer_side: of the digit, in pixels.
    """
    is_ink = ink > ink.max() // 2
    distances = cv2.distanceTransform(is_ink.astype(np.uint8), cv2.DIST_L2, 5)
    width = 4 * (float(distances[is_ink].mean()) - 0.5)
    missing = round(PARAMETERS.min_stroke_width * longer_side / INK_SIDE - width)
    if missing < 2:
        return ink
    size = missing | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)).astype(np.uint8)
    thicker: Gray = cv2.dilate(ink, disc)
    return thicker


def measure_contrast(located: Located) -> float:
    """Return how much lighter a digit's ink is than the paper around it, in gray levels of 255.

    It is negative for dark ink. Of red, green and blue, the one that differs most counts.
    """
    instance, level, maps = located.instance, located.level, located.maps
    height, width = instance.ink.shape
    area = Box(instance.left, instance.top, instance.left + width, instance.top + height)
    reach = round(PARAMETERS.paper_reach * instance.box.longer_side)
    around = area.expand(reach).slices
    is_paper = maps.ink[around] < PARAMETERS.min_ink
    is_ink = instance.ink >= instance.ink.max() / 2
    if not is_paper.any():
        return 0.0
    ink, paper = level.picture[area.slices][is_ink], level.picture[around][is_paper]
    differences: Levels = (np.median(ink, axis=0) - np.median(paper, axis=0)).astype(np.float32)
    return float(differences[np.abs(differences).argmax()])
