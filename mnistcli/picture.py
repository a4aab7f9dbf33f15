"""A picture, as people have it, to an image, as MNIST has it; one small function a step.

MNIST's own images: light ink on black, the ink's longer side fitted to 20 pixels, its centre
of mass put on index 14 of 28 (LeCun et al., "Gradient-Based Learning Applied to Document
Recognition", 1998, section III.A, and the data set's home page).
"""

import io
import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from mnistcli.digit import SIDE
from mnistcli.errors import PictureError

BOX = 20
"""Longer side of the ink in one of MNIST's images."""

CENTRE = 14
"""Index, on both axes, that the centre of mass is put on."""

FAINTEST = 12
"""Least contrast, in gray levels of 255, between ink and background."""

EDGE = 0.2
"""Share of the darkest ink's strength at which ink begins, for its bounding box."""

UNREADABLE = (
    *(ArithmeticError, EOFError, LookupError, MemoryError, NotImplementedError, OSError),
    *(RuntimeError, SyntaxError, TypeError, ValueError),
)
"""What Pillow's decoders raise on damaged files, besides what they document."""

Gray = NDArray[np.uint8]  # [H, W]


@dataclass(frozen=True)
class Prepared:
    """An image made of a picture."""

    image: Gray  # [28, 28], 0 background, 255 ink
    warnings: tuple[str, ...]


def prepare(data: bytes, preprocess: str = "mnist", invert: str = "auto") -> Prepared:
    """Turn a picture file's bytes into an image.

    Args:
        data: in any format that Pillow reads.
        preprocess: ``mnist`` frames the ink as MNIST does; ``plain`` only resizes, as the
            tutorials do.
        invert: ``yes`` for dark ink on a light background, ``no`` for light on dark, ``auto``
            to look (``mnist``), or for ``yes`` (``plain``).

    Raises:
        PictureError: it can't be read, or has more pixels than Pillow's limit.
    """
    picture = open_picture(data)
    if preprocess == "plain":
        return Prepared(resize_plainly(picture, is_inverted=invert != "no"), ())
    gray, alpha = to_gray(upright(picture))
    is_light = is_light_on_dark(gray, alpha) if invert == "auto" else invert == "no"
    ink = to_light_ink(gray, alpha, is_light)
    if is_mnist_image(ink):
        return Prepared(ink, ())
    ink = remove_background(ink)
    if ink.max() < FAINTEST:
        return Prepared(np.zeros((SIDE, SIDE), np.uint8), ("no ink found: is it blank?",))
    return Prepared(centre(stretch(fit(crop_to_ink(ink)))), ())


def open_picture(data: bytes) -> Image.Image:
    """Decode a picture completely; of an animation or a document, the first frame.

    Raises:
        PictureError: it is empty, of no known format, damaged, truncated, or too large.
    """
    if not data:
        raise PictureError("the file is empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data))
            picture.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError(f"more than {Image.MAX_IMAGE_PIXELS} pixels") from error
    except UnidentifiedImageError as error:
        raise PictureError("not a picture in a known format") from error
    except UNREADABLE as error:
        raise PictureError(f"damaged picture: {error}") from error
    return picture


def resize_plainly(picture: Image.Image, is_inverted: bool) -> Gray:
    """Do what the tutorials do: gray, invert, Pillow's default resize to 28×28."""
    gray = picture.convert("L")
    if is_inverted:
        gray = ImageOps.invert(gray)
    return np.asarray(gray.resize((SIDE, SIDE)))


def upright(picture: Image.Image) -> Image.Image:
    """Turn a photo the way its EXIF orientation says."""
    try:
        return ImageOps.exif_transpose(picture)
    except UNREADABLE:  # damaged EXIF data: the pixels are still good
        return picture


def to_gray(picture: Image.Image) -> tuple[Gray, Gray | None]:
    """Return gray levels, and opacity where the picture has transparency, both [H, W]."""
    if picture.mode.startswith("I;16"):
        return (np.asarray(picture) >> 8).astype(np.uint8), None
    if picture.mode in ("I", "F"):
        return _spread(np.asarray(picture, np.float64)), None
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        return np.asarray(picture.convert("L")), np.asarray(picture.getchannel("A"))
    return np.asarray(picture.convert("L")), None


def is_light_on_dark(gray: Gray, alpha: Gray | None) -> bool:
    """Tell the polarity from the border: the ink is what differs most from it.

    Where the border is transparent, all that is opaque counts as ink.
    """
    edge = _border(gray)
    if alpha is not None:
        is_opaque = alpha >= 128
        edge, gray = edge[_border(is_opaque)], gray[is_opaque]
        if gray.size and edge.size < _border(is_opaque).size / 2:
            return bool(gray.mean() >= 128)
    if not edge.size:
        return False
    background = np.median(edge)
    return bool(gray.max() - background > background - gray.min())


def to_light_ink(gray: Gray, alpha: Gray | None, is_light: bool) -> Gray:
    """Make the ink light; what is transparent becomes its opposite, black."""
    ink = gray if is_light else ~gray
    if alpha is None:
        return ink
    return (ink.astype(np.uint16) * alpha // 255).astype(np.uint8)


def is_mnist_image(ink: Gray) -> bool:
    """Tell whether light ink is framed as MNIST's images are, to be left as it is.

    All 70,000 of MNIST's images are: 13 training images and 3 test images have a box of 19,
    the others of 20, and two of them have a centre of mass just outside [13.5, 14.5).
    """
    if ink.shape != (SIDE, SIDE) or np.median(_border(ink)) > 0 or not ink.any():
        return False
    top, bottom, left, right = _bounds(ink > 0)
    is_centred = all(abs(mass - CENTRE) < 0.6 for mass in centre_of_mass(ink))
    return is_centred and max(bottom - top, right - left) in (BOX - 1, BOX)


def remove_background(ink: Gray) -> Gray:
    """Subtract the background, as the border shows it: its median level and its noise."""
    edge = _border(ink).astype(np.int16)
    level = np.median(edge)
    noise = np.percentile(np.abs(edge - level), 90)
    remaining = np.arange(256) - math.ceil(level + noise)
    levels = np.maximum(remaining, 0).astype(np.uint8)
    return np.take(levels, ink)


def crop_to_ink(ink: Gray) -> Gray:
    """Cut out the bounding box of the ink."""
    top, bottom, left, right = _bounds(ink > EDGE * ink.max())
    return ink[top:bottom, left:right]


def fit(ink: Gray) -> Gray:
    """Scale the longer side to 20 pixels, keeping the shape."""
    scale = BOX / max(ink.shape)
    height, width = (max(1, round(side * scale)) for side in ink.shape)
    return np.asarray(Image.fromarray(ink).resize((width, height), Image.Resampling.HAMMING))


def stretch(ink: Gray) -> Gray:
    """Make the strongest ink 255, as it is in MNIST, however faint the pen or thin the line."""
    return _spread(ink.astype(np.float64), lowest=0)


def centre(ink: Gray) -> Gray:
    """Put the centre of mass on index 14 of 28×28, by whole pixels, and lose no ink."""
    image = np.zeros((SIDE, SIDE), np.uint8)
    (top, left) = (
        min(max(math.ceil(CENTRE - 0.5 - mass), 0), SIDE - side)
        for mass, side in zip(centre_of_mass(ink), ink.shape, strict=True)
    )
    image[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return image


def centre_of_mass(ink: Gray) -> tuple[float, float]:
    """Return the mean row and column index, weighted by the ink."""
    rows, columns = ink.sum(axis=1, dtype=np.int64), ink.sum(axis=0, dtype=np.int64)
    return (
        float(rows @ np.arange(len(rows)) / rows.sum()),
        float(columns @ np.arange(len(columns)) / columns.sum()),
    )


def _border(values: NDArray[Any]) -> NDArray[Any]:
    """Return the outermost pixels."""
    return np.concatenate([values[0], values[-1], values[1:-1, 0], values[1:-1, -1]])


def _bounds(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Return the bounding box of what is true: top, bottom, left, right, ends exclusive."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def _spread(values: NDArray[np.floating[Any]], lowest: float | None = None) -> Gray:
    """Spread the values' range, or from ``lowest`` up, over 0 to 255."""
    values = np.nan_to_num(values)
    low = values.min() if lowest is None else lowest
    reach = values.max() - low
    spread: Gray = np.rint((values - low) * (255 / reach if reach else 0)).astype(np.uint8)
    return spread
