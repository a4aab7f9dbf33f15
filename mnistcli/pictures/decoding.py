"""A picture's file decoded to red, green and blue, whatever its format and mode."""

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

from mnistcli.errors import PictureError
from mnistcli.images import SIDE, Gray
from mnistcli.pictures.formats import REFUSED_FORMATS, explain_content, register_heif
from mnistcli.pictures.geometry import find_bounds, take_border
from mnistcli.pictures.parameters import PARAMETERS

MAX_PIXELS = {"AVIF": 45_000_000, "HEIF": 60_000_000, "JPEG2000": 33_000_000, "WEBP": 60_000_000}
"""Formats of which Pillow's own limit, 89 million, would take more than 1 GiB."""

PAGED_FORMATS = frozenset({"AVIF", "DCX", "FLI", "GIF", "PNG", "TIFF", "WEBP"})
"""Formats of pages or frames; what follows in others are layers, previews and depths."""

DECODER_ERRORS = (
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
"""What Pillow's decoders raise for damaged files, besides what they document."""

Colours = NDArray[np.uint8]
"""Red, green and blue [H, W, 3], equal in a picture without colours."""


def read_colours(data: bytes | Image.Image) -> tuple[Colours, tuple[float, float], bool]:
    """Decode a picture's file, or take a picture that is decoded already.

    Returns:
        Its colours, upright, reduced to ``max_picture_side``, with paper where it is transparent;
        how many times wider and higher the picture is; and whether more pages or frames follow it.

    Raises:
        PictureError: it can't be read, or has more pixels than Pillow's limit.
    """
    with _silenced():
        picture = open_picture(data)
        is_followed = has_followers(picture)
        width, height = picture.size
        draft(picture)
        with _refused():
            picture.load()
            lying = picture.size
            picture = rotate_upright(picture)
            colours, opacity = to_colours(picture)
    if picture.size != lying:
        width, height = height, width
    rows, columns, _ = colours.shape
    return lay_on_paper(colours, opacity), (width / columns, height / rows), is_followed


def read_plainly(data: bytes | Image.Image, is_inverted: bool) -> tuple[Gray, bool]:
    """Decode a file as the tutorials do: gray, invert, Pillow's default resize.

    Returns:
        An image, uint8 [28, 28], and whether more pages or frames follow it.

    Raises:
        PictureError: as :func:`read_colours`.
    """
    with _silenced():
        picture = open_picture(data)
        is_followed = has_followers(picture)
        with _refused():
            gray = picture.convert("L")
    if is_inverted:
        gray = ImageOps.invert(gray)
    return np.asarray(gray.resize((SIDE, SIDE))), is_followed


def open_picture(data: bytes | Image.Image) -> Image.Image:
    """Recognize a picture's format by its content; of several frames, the first is used.

    Raises:
        PictureError: it is empty, of no known format, too large, or damaged at its beginning.
    """
    if isinstance(data, Image.Image):
        if not all(data.size):
            raise PictureError("it has no pixels")
        with _refused():
            return data.copy()
    if not data:
        raise PictureError("the file is empty")
    register_heif(data)
    with _refused():
        try:
            picture = Image.open(io.BytesIO(data))
        except UnidentifiedImageError as error:
            raise PictureError(explain_content(data)) from error
    if picture.format in REFUSED_FORMATS:
        raise PictureError(f"{picture.format} is {REFUSED_FORMATS[picture.format]}, not a picture")
    most = MAX_PIXELS.get(picture.format or "", math.inf)
    if math.prod(picture.size) > most:
        raise PictureError(f"more than {most} pixels, the most for {picture.format}")
    return picture


def has_followers(picture: Image.Image) -> bool:
    """Tell whether more pages or frames follow a picture's first."""
    with suppress(*DECODER_ERRORS):  # damage behind the first
        return picture.format in PAGED_FORMATS and getattr(picture, "is_animated", False)
    return False


def draft(picture: Image.Image) -> None:
    """Decode a large JPEG picture at a smaller size, in less time and memory."""
    factor = max(1, max(picture.size) // PARAMETERS.max_picture_side)
    with suppress(*DECODER_ERRORS):
        picture.draft(None, (picture.width // factor, picture.height // factor))


def rotate_upright(picture: Image.Image) -> Image.Image:
    """Turn a photo as its EXIF orientation says."""
    with suppress(*DECODER_ERRORS):  # damaged EXIF data: the pixels are still good
        ImageOps.exif_transpose(picture, in_place=True)
    return picture


def to_colours(picture: Image.Image) -> tuple[Colours, Gray | None]:
    """Return a picture's colours, and its opacity [H, W] if it has transparency, both reduced."""
    if picture.mode.startswith("I;16"):
        levels = reduce(np.asarray(picture).astype(np.float32))
        full = 1 << (16 if levels.max() >= 1 << 12 else 12)  # a scanner's or a camera's range
        return _to_gray((levels * (256 / full)).astype(np.uint8)), None
    if picture.has_transparency_data:
        if picture.mode not in ("LA", "RGBA"):  # converting these would double the memory
            picture = picture.convert("RGBA")
    elif picture.mode not in ("L", "RGB", "CMYK", "I", "F"):
        picture = picture.convert("L" if picture.mode == "1" else "RGB")
    if max(picture.size) > PARAMETERS.max_picture_side:
        size = find_reduced(picture.width, picture.height)
        picture = picture.resize(size, Image.Resampling.BOX, reducing_gap=1)
    if picture.mode in ("I", "F"):
        return _to_gray(_spread(np.asarray(picture, np.float32))), None
    if picture.mode == "LA":
        picture = picture.convert("RGBA")
    opacity = np.asarray(picture.getchannel("A")) if picture.mode == "RGBA" else None
    return np.asarray(picture.convert("RGB")), opacity


def reduce(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Reduce levels [H, W] by averaging, to at most ``max_picture_side`` rows and columns."""
    if max(levels.shape) <= PARAMETERS.max_picture_side:
        return levels
    height, width = levels.shape
    reduced: NDArray[np.float32]
    reduced = cv2.resize(levels, find_reduced(width, height), interpolation=cv2.INTER_AREA)
    return reduced


def find_reduced(width: int, height: int) -> tuple[int, int]:
    """Return the width and height of a picture of that shape that is reduced."""
    scale = PARAMETERS.max_picture_side / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def lay_on_paper(colours: Colours, opacity: Gray | None) -> Colours:
    """Blend colours [H, W, 3] with gray paper where they are transparent.

    The paper has a tone on which ink is seen. The opaque area may be ink, or a sheet of paper with
    ink on it, or nearly the whole picture. Blending is the "over" operator of Porter and Duff
    ("Compositing Digital Images", 1984).
    """
    if opacity is None or opacity.min() >= PARAMETERS.min_opacity:
        return colours
    is_opaque = opacity >= PARAMETERS.min_opacity
    if not is_opaque.any():
        return np.zeros_like(colours)
    luminance = cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY)
    seen = luminance[is_opaque]
    if take_border(is_opaque).mean() >= PARAMETERS.min_opaque_border:
        paper = np.median(seen)
    else:
        area = find_bounds(is_opaque).slices
        is_sheet = is_opaque[area].mean() > PARAMETERS.min_sheet_share
        if is_sheet and np.ptp(seen) > PARAMETERS.max_ink_range:
            paper = np.median(take_border(luminance[area]))
        else:
            paper = np.float64(0 if seen.mean() >= 128 else 255)
    share = (opacity / np.float32(255))[..., np.newaxis]
    mixed: Colours = np.rint(colours * share + np.float32(paper) * (1 - share)).astype(np.uint8)
    return mixed


@contextmanager
def _refused() -> Iterator[None]:
    """Raise :class:`PictureError` in place of whatever a bad file raises."""
    try:
        yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError(f"more than {Image.MAX_IMAGE_PIXELS} pixels") from error
    except DECODER_ERRORS as error:
        raise PictureError(f"damaged picture: {error}") from error


@contextmanager
def _silenced() -> Iterator[None]:
    """Hide Pillow's warnings, and from then on its log messages: errors are raised, too."""
    log = logging.getLogger("PIL")
    if log.level != logging.CRITICAL:  # setting a level clears caches
        log.setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _spread(values: NDArray[np.float32]) -> Gray:
    """Scale values [H, W] to the range 0 to 255."""
    values = np.nan_to_num(values, posinf=0, neginf=0)
    low, reach = values.min(), np.ptp(values)
    spread: Gray = np.rint((values - low) * (255 / reach if reach else 0)).astype(np.uint8)
    return spread


def _to_gray(levels: Gray) -> Colours:
    """Return gray levels [H, W] as equal red, green and blue [H, W, 3]."""
    return np.repeat(levels[..., np.newaxis], 3, axis=2)
