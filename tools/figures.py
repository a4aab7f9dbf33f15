"""The figures of docs/pictures.md, drawn by what prepares pictures.

usage: python tools/figures.py DIRECTORY
"""

import io
import sys
from collections.abc import Sequence
from functools import cache, partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import photos
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from panels import Answered, Column, Panel, Shown, lay_out_columns, lay_out_rows, tint, to_png
from PIL import Image, ImageOps

from mnistcli.evaluation.plots import BLUE, ORANGE, PAPER, RED
from mnistcli.images import CLASSES, Gray
from mnistcli.inference.interpreter import Predictor
from mnistcli.inference.model import open_pretrained
from mnistcli.pictures.components import join_boxes
from mnistcli.pictures.decoding import Planes, read_planes
from mnistcli.pictures.extraction import Digit, extract, soften, thicken
from mnistcli.pictures.foreground import (
    Ink,
    choose_plane,
    is_light_on_dark,
    measure_difference,
    separate,
)
from mnistcli.pictures.geometry import Box, find_bounds
from mnistcli.pictures.illumination import COPY_SIDE, Levels, filter_median, shrink
from mnistcli.pictures.normalization import find_centre_of_mass, normalize
from mnistcli.pictures.page import fill_around_sheet, find_page
from mnistcli.pictures.pipeline import prepare
from mnistcli.pictures.segmentation import Segmentation, find_digit

SAMPLES = Path(__file__).parents[1] / "test_num"

CHECKS = 16
"""Squares along a picture's longer side, where it is transparent."""

FULL = 80
"""Difference, in gray levels, that is shown by a full colour."""


class Steps(NamedTuple):
    """What the steps make of a picture of one digit."""

    planes: Planes
    gray: Gray
    sheet: Box
    lifted: Gray
    is_light: bool
    ink: Ink
    found: Segmentation
    digit: Digit  # in pixels of ``lifted``


@cache
def follow(data: bytes) -> Steps:
    """Take the steps that ``preparation.prepare`` takes, one after the other."""
    planes, _ = read_planes(data)
    gray = choose_plane(planes)
    rows, columns = find_page(gray)
    sheet = Box(columns.start, rows.start, columns.stop, rows.stop)
    lifted = fill_around_sheet(gray[sheet.place])
    is_light = is_light_on_dark(lifted)
    ink = separate(~lifted if is_light else lifted)
    found = find_digit(ink)
    ((group,),) = found.rows
    digit = extract(ink, found.pieces, group)
    return Steps(planes, gray, sheet, lifted, is_light, ink, found, digit)


def draw_start() -> Figure:
    """Draw some pictures, above what the network sees of them and what it answers."""
    pictures = [
        *((photos.photo(), 5), (photos.board(), 4), (read_sample("3_1"), 3)),
        *((read_sample("9_0"), 9), (photos.marker(), 2)),
    ]
    columns = [make_column(data, label, "mnist") for data, label in pictures]
    return lay_out_columns(["the picture", "what the\nnetwork sees", "its answer"], columns)


def draw_plain() -> Figure:
    """Draw what both ways of preparing make of some pictures, and the answers."""
    pictures = [
        *((photos.photo(), 5), (photos.marker(), 2), (read_sample("3_1"), 3)),
        *((read_sample("6_2"), 6), (read_sample("9_0"), 9), (read_sample("0_0"), 0)),
    ]
    ways = ("plain", "mnist")
    labels = ((f"--preprocess\n{way}", "the answer") for way in ways)
    columns = [make_column(data, label, *ways) for data, label in pictures]
    return lay_out_columns(["the picture", *chain(*labels)], columns)


def draw_image() -> Figure:
    """Draw an image's measures, and what is made of the pictures in test_num/."""
    images = [[see(f"{digit}_{row}") for digit in range(CLASSES)] for row in range(3)]
    image = see("4_0")
    told = "box of 20 pixels, centre\nof mass on index 14"
    title = "the pictures of test_num/, as the network sees them"
    return lay_out_rows(
        [
            Panel(image, "an image", told, partial(mark_frame, image=image)),
            Panel(np.block(images), title, is_next=False),
        ]
    )


def draw_steps() -> Figure:
    """Draw a photo's way through all steps."""
    data = photos.photo()
    steps = follow(data)
    return lay_out_rows(
        [
            Panel(open_file(data), "a photo's file", "a digit on a sheet of paper, on a table"),
            Panel(show_colours(steps.planes), "read", "turned upright"),
            Panel(steps.gray, "gray", "luminance"),
            Panel(steps.lifted, "sheet", "without the table"),
        ],
        [
            Panel(show_difference(steps.lifted), "polarity", "dark on light"),
            Panel(show_ink(steps.ink.smooth), "ink", "where and how strong"),
            Panel(show_pieces(steps), "parts", "but not the specks"),
            Panel(steps.digit.image, "frame", "28×28, for the network"),
        ],
    )


def draw_read() -> Figure:
    """Draw a photo that lies on its side, and a picture on nothing."""
    photo, transparent = photos.photo(), read_sample("2_2")
    return lay_out_rows(
        [
            Panel(open_file(photo), "a photo's file", "with EXIF orientation 6"),
            Panel(show_colours(follow(photo).planes), "read", "turned upright"),
            Panel(open_file(transparent), "test_num/2_2.png", "white on nothing", is_next=False),
            Panel(show_colours(follow(transparent).planes), "read", "white on black"),
        ]
    )


def draw_gray() -> Figure:
    """Draw the planes of a picture of yellow ink."""
    data = photos.marker()
    planes, gray, *_ = follow(data)
    panels = [Panel(open_file(data), "a picture", "yellow on white")]
    for name, plane in zip(("luminance", "red", "green", "blue"), planes, strict=True):
        panel = Panel(plane, name, is_next=len(panels) == 1)
        is_taken = np.array_equal(plane, gray)
        panels.append(panel._replace(note="taken", frame=BLUE) if is_taken else panel)
    return lay_out_rows(panels)


def draw_sheet() -> Figure:
    """Draw a scan with its edges, and a sheet on a table."""
    scan, photo = follow(photos.scan()), follow(photos.photo())
    outline = partial(mark_box, box=scan.sheet)
    return lay_out_rows(
        [
            Panel(scan.gray, "a scan", "with edges of the lid", outline),
            Panel(scan.lifted, "sheet", "without them"),
            Panel(photo.gray, "a photo", "of paper on a table", is_next=False),
            Panel(photo.lifted, "sheet", "paper all around"),
        ]
    )


def draw_polarity() -> Figure:
    """Draw what differs from its surroundings, on a board and on paper in a shadow."""
    rows = []
    for data in (photos.board(), photos.shade()):
        steps = follow(data)
        median = filter_median(shrink(steps.lifted, COPY_SIDE)).astype(np.uint8)
        polarity = "light on dark" if steps.is_light else "dark on light"
        rows.append(
            [
                Panel(steps.lifted, "gray"),
                Panel(median, "median of the surroundings"),
                Panel(show_difference(steps.lifted), f"difference: {polarity}"),
            ]
        )
    return lay_out_rows(*rows)


def draw_ink() -> Figure:
    """Draw ink in a shadow, found by local contrast, and by one threshold for all."""
    steps = follow(photos.shade())
    _, otsu = cv2.threshold(steps.lifted, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    return lay_out_rows(
        [
            Panel(steps.lifted, "gray", "partly in a shadow"),
            Panel(
                np.rint(steps.ink.background).astype(np.uint8), "background", "no stroke is left"
            ),
            Panel(show_ink(steps.ink.smooth), "ink", "contrast to it"),
            Panel(otsu, "otherwise", "by one threshold (Otsu's)", is_next=False),
        ]
    )


def draw_parts() -> Figure:
    """Draw pieces of ink that are a digit's and that aren't."""
    snippet, pair = photos.snippet(), photos.pair()
    return lay_out_rows(
        [
            Panel(open_file(snippet), "a piece of a form"),
            Panel(show_pieces(follow(snippet)), "parts", "orange is left out"),
            Panel(open_file(pair), "a number", is_next=False),
            Panel(show_pieces(follow(pair)), "parts", "one digit, and a warning"),
        ]
    )


def draw_frame() -> Figure:
    """Draw how a hairline's digit is framed."""
    steps = follow(photos.hairline())
    ink, thick = cut_strokes(steps)
    framed, thin = normalize(thick), normalize(ink)
    box = Box(*framed.box)
    left = max(0, (box.left + box.right - thick.shape[0]) // 2)
    square = np.s_[:, left : left + thick.shape[0]]
    outline = partial(mark_box, box=box._replace(left=box.left - left, right=box.right - left))
    measures = partial(mark_frame, image=framed.image)
    return lay_out_rows(
        [
            Panel(ink[square], "ink", "of a hairline"),
            Panel(thick[square], "thickened", "near the width of MNIST's", outline),
            Panel(framed.image, "framed", "box and centre of mass", measures),
            Panel(thin.image, "otherwise", "not thickened", is_next=False),
        ]
    )


def draw_several() -> Figure:
    """Draw a page of digits with what is found on it."""
    data = photos.page()
    digits = prepare(data, several=True).digits
    return lay_out_rows([Panel(open_file(data), mark=partial(mark_digits, digits=digits))])


def read_sample(name: str) -> bytes:
    """Return the content of one of the pictures in test_num/."""
    return (SAMPLES / f"{name}.png").read_bytes()


def see(name: str) -> Gray:
    """Return what the network sees of one of the pictures in test_num/."""
    return prepare(read_sample(name)).digits[0].image


def make_column(data: bytes, label: int, *ways: str) -> Column:
    """Prepare a picture in some ways, and answer; what isn't the label is written in red."""
    answers = [answer(prepare(data, way).digits[0].image) for way in ways]
    return Column(
        open_upright(data),
        [one if one.digit == label else one._replace(colour=RED) for one in answers],
    )


def answer(image: Gray) -> Answered:
    """Return the pretrained model's answer to an image."""
    (probabilities,) = open_model().predict(image[np.newaxis])
    digit = int(probabilities.argmax())
    return Answered(image, digit, float(probabilities[digit]))


@cache
def open_model() -> Predictor:
    """Return the pretrained model."""
    return open_pretrained().predictor


def cut_strokes(steps: Steps) -> tuple[Gray, Gray]:
    """Return a digit's ink [H, W] as it is, and thickened."""
    pieces, ((group,),), _ = steps.found
    is_digit = pieces.select(group)
    ink = soften(steps.ink.measure_strength(np.s_[:, :]), is_digit, (pieces.labels > 0) & ~is_digit)
    return ink, thicken(ink, is_digit, join_boxes(group).longest)


def show_colours(planes: Planes) -> Shown:
    """Return the colours of a picture in colour."""
    return np.moveaxis(planes[1:], 0, -1)


def show_difference(gray: Gray) -> Shown:
    """Return colours of what is darker (blue) and lighter (orange) than its surroundings."""
    difference = measure_difference(gray) / FULL
    is_lighter = difference[..., np.newaxis] > 0
    return np.where(is_lighter, tint(difference, ORANGE), tint(-difference, BLUE))


def show_ink(strength: Levels) -> Shown:
    """Return gray levels, 255 where the ink is strongest."""
    return np.rint(strength * (255 / strength.max())).astype(np.uint8)


def show_pieces(steps: Steps) -> Shown:
    """Return colours of the ink that is a digit's (white) and of what is left out (orange)."""
    pieces, ((group,),), _ = steps.found
    ink = np.where(pieces.labels > 0, 0.3 + steps.ink.smooth / steps.ink.smooth.max(), 0)
    is_digit = pieces.select(group)[..., np.newaxis]
    return np.where(is_digit, tint(ink, PAPER, "black"), tint(ink, ORANGE, "black"))


def open_file(data: bytes) -> Shown:
    """Return a file's picture as it is stored, on squares where it is transparent."""
    return lay_on_squares(Image.open(io.BytesIO(data)))


def open_upright(data: bytes) -> Shown:
    """Return a file's picture, turned as its EXIF orientation says."""
    return lay_on_squares(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))


def lay_on_squares(picture: Image.Image) -> Shown:
    """Return a picture's colours, with light squares where it is transparent."""
    if picture.has_transparency_data:
        down, across = np.indices(picture.size[::-1]) * CHECKS // max(picture.size)
        squares = np.where((down + across) % 2, np.uint8(214), np.uint8(236))
        ground = Image.fromarray(squares).convert("RGBA")
        ground.alpha_composite(picture.convert("RGBA"))
        picture = ground
    return np.asarray(picture.convert("RGB"))


def mark_box(axes: Axes, box: Box) -> None:
    """Draw a box of pixels."""
    corner = box.left - 0.5, box.top - 0.5
    axes.add_patch(Rectangle(corner, box.width, box.height, fill=False, color=BLUE, lw=1.8))


def mark_frame(axes: Axes, image: Gray) -> None:
    """Draw the box of an image's ink and its centre of mass."""
    top, bottom, left, right = find_bounds(image > 0)
    mark_box(axes, Box(left, top, right, bottom))
    row, column = find_centre_of_mass(image)
    axes.plot(column, row, "+", color=ORANGE, markersize=14, markeredgewidth=2.2)


def mark_digits(axes: Axes, digits: Sequence[Digit]) -> None:
    """Draw the boxes of digits, and write above each what is read."""
    for digit in digits:
        assert digit.box
        mark_box(axes, digit.box)
        above = digit.box.left, digit.box.top - 5
        axes.text(*above, f"{answer(digit.image).digit}", color=ORANGE, size=12, weight="bold")


FIGURES = {
    "start": draw_start,
    "image": draw_image,
    "steps": draw_steps,
    "read": draw_read,
    "gray": draw_gray,
    "sheet": draw_sheet,
    "polarity": draw_polarity,
    "ink": draw_ink,
    "parts": draw_parts,
    "frame": draw_frame,
    "plain": draw_plain,
    "several": draw_several,
}


def main() -> None:
    """Draw all of them."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    for name, draw in FIGURES.items():
        path = directory / f"{name}.png"
        path.write_bytes(to_png(draw()))
        print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
