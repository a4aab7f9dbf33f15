"""Pictures made for the tests, and the samples of the project."""

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

SAMPLES = sorted((Path(__file__).parents[2] / "test_num").iterdir())


def seven(width: int = 120, height: int = 160, paper: int = 255, ink: int = 0) -> Image.Image:
    """A 7 of thick strokes, off the centre: in size 120x160 its ink spans [30:131, 20:81]."""
    picture = Image.new("L", (width, height), paper)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((20, 30, 80, 42), fill=ink)
    draw.polygon([(68, 42), (80, 42), (48, 130), (36, 130)], fill=ink)
    return picture


def to_png(picture: Image.Image | NDArray[np.uint8], **options: object) -> bytes:
    """The bytes of a PNG file."""
    return to_file(picture, "PNG", **options)


def to_file(picture: Image.Image | NDArray[np.uint8], format: str, **options: object) -> bytes:
    """The bytes of a picture file."""
    if not isinstance(picture, Image.Image):
        picture = Image.fromarray(picture)
    stream = io.BytesIO()
    picture.save(stream, format, **options)
    return stream.getvalue()


def blocks_on_paper(shape: tuple[int, int], *boxes: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """A white picture [H, W, 3] with black blocks in boxes (left, top, right, bottom)."""
    picture = np.full((*shape, 3), 255, np.uint8)
    for left, top, right, bottom in boxes:
        picture[top:bottom, left:right] = 0
    return picture
