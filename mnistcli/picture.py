"""A picture's file, as people have it, to gray levels; one small function a step."""

import io
import logging
import math
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from mnistcli.digit import SIDE
from mnistcli.errors import PictureError
from mnistcli.framing import Gray, find_bounds, take_border

LARGEST = 1024
"""Longer side, in pixels, of what is worked on: larger pictures are reduced by a whole factor."""

REFUSED = {
    "EPS": "a program to be run",
    "ICNS": "a set of files of other formats",
    "IPTC": "a file of another format, even EPS, in an envelope",
}
"""Formats that aren't read: of those within others, neither the kind nor the size is limited."""

MOST_PIXELS = {"AVIF": 45_000_000, "JPEG2000": 33_000_000, "WEBP": 60_000_000}
"""Where decoding as many as Pillow's own limit, 89 million, would take more than 1 GiB."""

OPAQUE = 128
"""Least opacity, of 255, of what counts as seen."""

PLAIN = 30
"""Most gray levels between the parts of an opaque area that is all ink."""

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

Planes = NDArray[np.uint8]
"""Gray levels [planes, H, W] of a picture: luminance, then red, green and blue if it has any."""


def read_planes(data: bytes) -> tuple[Planes, tuple[float, float]]:
    """Decode a picture's file.

    Returns:
        Its planes, upright, with paper where it is transparent; and how many times wider and
        higher the picture is, since they are at most LARGEST wide and high.

    Raises:
        PictureError: it can't be read, or has more pixels than Pillow's limit.
    """
    with _silenced():
        picture = open_picture(data)
        width, height = picture.size
        draft(picture)
        with _refused():
            picture.load()
            lying = picture.size
            picture = upright(picture)
            planes, opacity = to_planes(picture)
    if picture.size != lying:
        width, height = height, width
    _, rows, columns = planes.shape
    return lay_on_paper(planes, opacity), (width / columns, height / rows)


def read_plainly(data: bytes, is_inverted: bool) -> Gray:
    """Decode and do what the tutorials do: gray, invert, Pillow's default resize to 28×28.

    Raises:
        PictureError: as :func:`read_planes`.
    """
    with _silenced():
        picture = open_picture(data)
        with _refused():
            gray = picture.convert("L")
    if is_inverted:
        gray = ImageOps.invert(gray)
    return np.asarray(gray.resize((SIDE, SIDE)))


def open_picture(data: bytes) -> Image.Image:
    """Recognise a picture's format by its content; of an animation, its first frame is meant.

    Raises:
        PictureError: it is empty, of no known format, too large, or damaged at its beginning.
    """
    if not data:
        raise PictureError("the file is empty")
    with _refused():
        picture = Image.open(io.BytesIO(data))
    if picture.format in REFUSED:
        raise PictureError(f"{picture.format} is {REFUSED[picture.format]}, not a picture")
    most = MOST_PIXELS.get(picture.format or "", math.inf)
    if math.prod(picture.size) > most:
        raise PictureError(f"more than {most} pixels, the most for {picture.format}")
    return picture


def draft(picture: Image.Image) -> None:
    """Have a large JPEG picture decoded smaller, which takes less time and memory."""
    factor = max(1, max(picture.size) // LARGEST)
    with suppress(*UNREADABLE):
        picture.draft(None, (picture.width // factor, picture.height // factor))


def upright(picture: Image.Image) -> Image.Image:
    """Turn a photo the way its EXIF orientation says."""
    with suppress(*UNREADABLE):  # damaged EXIF data: the pixels are still good
        ImageOps.exif_transpose(picture, in_place=True)
    return picture


def to_planes(picture: Image.Image) -> tuple[Planes, Gray | None]:
    """Return a picture's planes, and its opacity [H, W] where it has transparency, both reduced."""
    if picture.mode.startswith("I;16"):
        levels = reduce(np.asarray(picture).astype(np.float32))
        full = 1 << (16 if levels.max() >= 1 << 12 else 12)  # of a scanner or a camera
        return (levels * (256 / full)).astype(np.uint8)[np.newaxis], None
    if picture.has_transparency_data:
        if picture.mode not in ("LA", "RGBA"):  # which hold as much as what they become
            picture = picture.convert("RGBA")
    elif picture.mode not in ("L", "RGB", "CMYK", "I", "F"):
        picture = picture.convert("L" if picture.mode == "1" else "RGB")
    factor = math.ceil(max(picture.size) / LARGEST)
    if factor > 1:
        picture = picture.reduce(factor)
    if picture.mode in ("I", "F"):
        return _spread(np.asarray(picture, np.float32))[np.newaxis], None
    if picture.mode == "LA":
        picture = picture.convert("RGBA")
    opacity = np.asarray(picture.getchannel("A")) if picture.mode == "RGBA" else None
    bands = [picture.convert("L")]
    if picture.mode != "L":
        bands += picture.convert("RGB").split()
    planes: Planes = np.stack([np.asarray(band) for band in bands])
    return planes, opacity


def reduce(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Reduce levels [H, W], of any size, to at most LARGEST rows and columns."""
    factor = math.ceil(max(levels.shape) / LARGEST)
    if factor == 1:
        return levels
    height, width = (math.ceil(side / factor) for side in levels.shape)
    reduced: NDArray[np.float32]
    reduced = cv2.resize(levels, (width, height), interpolation=cv2.INTER_AREA)
    return reduced


def lay_on_paper(planes: Planes, opacity: Gray | None) -> Planes:
    """Put paper where a picture is transparent, of a tone that ink is seen on.

    What is opaque may be ink, or a paper with ink, cut out, or nearly all of the picture.
    """
    if opacity is None or opacity.min() >= OPAQUE:
        return planes
    is_opaque = opacity >= OPAQUE
    seen = planes[0][is_opaque]
    if not seen.size:
        return np.zeros_like(planes)
    if take_border(is_opaque).mean() >= 0.5:
        paper = np.median(seen)
    else:
        top, bottom, left, right = find_bounds(is_opaque)
        is_sheet = is_opaque[top:bottom, left:right].mean() > 0.9
        if is_sheet and np.ptp(seen) > PLAIN:
            paper = np.median(take_border(planes[0][top:bottom, left:right]))
        else:
            paper = np.float64(0 if seen.mean() >= 128 else 255)
    share = opacity / np.float32(255)
    mixed: Planes = np.rint(planes * share + np.float32(paper) * (1 - share)).astype(np.uint8)
    return mixed


@contextmanager
def _refused() -> Iterator[None]:
    """Make one kind of error of all that a bad or unusable file raises."""
    try:
        yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError(f"more than {Image.MAX_IMAGE_PIXELS} pixels") from error
    except UnidentifiedImageError as error:
        raise PictureError("not a picture in a known format") from error
    except UNREADABLE as error:
        raise PictureError(f"damaged picture: {error}") from error


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


def _spread(values: NDArray[np.float32]) -> Gray:
    """Spread the values' range over 0 to 255."""
    values = np.nan_to_num(values, posinf=0, neginf=0)
    low, reach = values.min(), np.ptp(values)
    spread: Gray = np.rint((values - low) * (255 / reach if reach else 0)).astype(np.uint8)
    return spread
