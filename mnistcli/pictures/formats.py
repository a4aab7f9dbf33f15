"""Which files are pictures: the formats that are read, those that are not, and what helps then."""

import os
import re
from functools import cache

from PIL import Image

from mnistcli.errors import PictureError

REFUSED_FORMATS = {
    "EPS": "a program to be run",
    "ICNS": "a set of files of other formats",
    "IPTC": "a file of another format, even EPS, in an envelope",
}
"""Formats that aren't read: files inside other files escape the limits of format and size."""

RECOGNIZED_FORMATS = frozenset({"BUFR", "GRIB", "HDF5", "MPEG", "WMF"})
"""Formats that Pillow recognizes, and can't decode."""

USUAL_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp"})
HEIF_SUFFIXES = frozenset({".heic", ".heics", ".heif", ".heifs", ".hif"})

AVIF_BRANDS = (b"avif", b"avis")
"""In a file's first box, bytes 8 to 12, where HEIF has others: AVIF is Pillow's own."""

CONTENT_HINTS = (
    (rb".{,1024}%PDF-", "a PDF document: 'pdftoppm -png FILE page' makes pictures of its pages"),
    (rb".{,4096}<svg\b", "an SVG drawing: 'rsvg-convert FILE -o FILE.png' makes a picture of it"),
    (rb"\s*<(!doctype )?html\b", "a web page, not the picture on it"),
    (
        rb"\s*data:image/\w+;base64,",
        "a picture as base64 text: 'cut -d, -f2 FILE | base64 -d | mnistcli predict -' reads it",
    ),
    (
        rb"\s*(iVBORw0KGgo|/9j/|R0lGOD|UklGR)[\w+/=\s]+\Z",
        "a picture as base64 text: 'base64 -d FILE | mnistcli predict -' reads it",
    ),
    (rb"\x93NUMPY", "a NumPy array: its file's name has to end in .npy"),
)
"""Beginnings of files that people take for pictures, and what to say of them."""

NAME_HINTS = (
    (r"(https?|ftp)://", "an address, not a file: 'curl -L URL | mnistcli predict -' reads it"),
    (
        r"data:image/|(iVBORw0KGgo|/9j/|R0lGOD|UklGR)[\w+/=\s]{40,}\Z",
        "a picture as base64 text, not a file: save it, and decode it with 'base64 -d'",
    ),
)

MAX_SHOWN_NAME = 80
"""Characters of an argument that is no file's name, and may be a whole picture as text."""


@cache
def list_suffixes() -> frozenset[str]:
    """Return the suffixes of all formats that are read; Pillow loads its formats for that."""
    known = Image.registered_extensions().items()
    read = {*Image.OPEN, "MPO"} - RECOGNIZED_FORMATS - REFUSED_FORMATS.keys()  # MPO opens as JPEG
    return HEIF_SUFFIXES | {suffix for suffix, name in known if name in read}


def is_picture_name(name: str) -> bool:
    """Tell whether a file's suffix is that of a format that is read."""
    suffix = os.path.splitext(name)[1].lower()
    return suffix in USUAL_SUFFIXES or suffix in list_suffixes()


def register_heif(data: bytes) -> None:
    """Let Pillow open HEIF, as phones' photos are, if the data looks like it.

    Raises:
        PictureError: the package that does it can't be loaded.
    """
    if data[4:8] == b"ftyp" and data[8:12] not in AVIF_BRANDS and "HEIF" not in Image.OPEN:
        try:
            from pillow_heif import register_heif_opener
        except ImportError as error:
            raise PictureError(f"HEIF needs pillow-heif, which is missing: {error}") from error
        register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)


def explain_content(data: bytes) -> str:
    """Return what a file is that Pillow doesn't recognize, and what helps."""
    for pattern, hint in CONTENT_HINTS:
        if re.match(pattern, data, re.DOTALL | re.IGNORECASE):
            return hint
    return "not a picture in a known format"


def explain_name(name: str) -> str | None:
    """Return what an argument is that is no file's name, and what helps; None if it may be one."""
    for pattern, hint in NAME_HINTS:
        if re.match(pattern, name) and not os.path.exists(name):
            return hint
    return None


def shorten(name: str) -> str:
    """Return an argument that is no file's name as it is shown."""
    return name if len(name) <= MAX_SHOWN_NAME else f"{name[:MAX_SHOWN_NAME]}…"
