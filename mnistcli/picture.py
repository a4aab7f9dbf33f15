"""A picture, as people have it, to an image, as MNIST has it; one small function a step."""

import io
import logging
import math
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from mnistcli.digit import SIDE
from mnistcli.errors import PictureError
from mnistcli.framing import Gray, frame, is_framed

FAINTEST = 12
"""Least contrast, in gray levels of 255, between ink and background."""

UNREADABLE = (
    *(
        ArithmeticError,
        AttributeError,
        EOFError,
        LookupError,
        MemoryError,
        NotImplementedError,
        OSError,
    ),
    *(RuntimeError, SyntaxError, TypeError, ValueError, struct.error, zlib.error),
)
"""What Pillow's decoders raise on damaged files, besides what they document."""


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
    with _silenced():
        picture = open_picture(data)
        if preprocess == "plain":
            return Prepared(resize_plainly(picture, is_inverted=invert != "no"), ())
        gray, alpha = to_gray(upright(picture))
        is_light = is_light_on_dark(gray, alpha) if invert == "auto" else invert == "no"
        ink = to_light_ink(gray, alpha, is_light)
        if is_framed(ink):
            return Prepared(ink, ())
        ink = remove_background(ink)
        if ink.max() < FAINTEST:
            return Prepared(np.zeros((SIDE, SIDE), np.uint8), ("no ink found: is it blank?",))
        return Prepared(frame(ink), ())


def open_picture(data: bytes) -> Image.Image:
    """Decode a picture completely; of an animation or a document, the first frame.

    Raises:
        PictureError: it is empty, of no known format, damaged, truncated, or too large.
    """
    if not data:
        raise PictureError("the file is empty")
    try:
        picture = Image.open(io.BytesIO(data))
        if picture.format == "EPS":
            raise PictureError("EPS is a program to be run, not a picture")
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
    gray = convert(picture, "L")
    if is_inverted:
        gray = ImageOps.invert(gray)
    return np.asarray(gray.resize((SIDE, SIDE)))


def upright(picture: Image.Image) -> Image.Image:
    """Turn a photo the way its EXIF orientation says."""
    with suppress(*UNREADABLE):  # damaged EXIF data: the pixels are still good
        ImageOps.exif_transpose(picture, in_place=True)
    return picture


def to_gray(picture: Image.Image) -> tuple[Gray, Gray | None]:
    """Return gray levels, and opacity where the picture has transparency, both [H, W]."""
    if picture.mode.startswith("I;16"):
        return (np.asarray(picture) >> 8).astype(np.uint8), None
    if picture.mode in ("I", "F"):
        return _spread(np.asarray(picture, np.float32)), None
    if picture.has_transparency_data:
        picture = convert(picture, "RGBA")
        return np.asarray(convert(picture, "L")), np.asarray(picture.getchannel("A"))
    return np.asarray(convert(picture, "L")), None


def convert(picture: Image.Image, mode: str) -> Image.Image:
    """Convert to one of Pillow's modes.

    Raises:
        PictureError: Pillow can't, as from CIELAB.
    """
    try:
        return picture.convert(mode)
    except UNREADABLE as error:
        raise PictureError(f"unusable picture: {error}") from error


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


def remove_background(ink: Gray) -> Gray:
    """Subtract the background, as the border shows it: its median level and its noise."""
    edge = _border(ink).astype(np.int16)
    level = np.median(edge)
    noise = np.percentile(np.abs(edge - level), 90)
    remaining = np.arange(256) - math.ceil(level + noise)
    levels = np.maximum(remaining, 0).astype(np.uint8)
    return np.take(levels, ink)


@contextmanager
def _silenced() -> Iterator[None]:
    """Keep Pillow's warnings and log from the user: what matters of them is raised as well."""
    log = logging.getLogger("PIL")
    if log.level != logging.CRITICAL:  # setting it anew makes every line slower
        log.setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _border(values: NDArray[Any]) -> NDArray[Any]:
    """Return the outermost pixels."""
    return np.concatenate([values[0], values[-1], values[1:-1, 0], values[1:-1, -1]])


def _spread(values: NDArray[np.float32]) -> Gray:
    """Spread the values' range over 0 to 255."""
    values = np.nan_to_num(values, posinf=0, neginf=0)
    low, reach = values.min(), np.ptp(values)
    spread: Gray = np.rint((values - low) * (255 / reach if reach else 0)).astype(np.uint8)
    return spread
