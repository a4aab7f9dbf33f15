"""The figures of docs/pictures.md, drawn from the traces of prepared pictures.

usage: python tools/figures.py DIRECTORY
"""

import io
import sys
from collections.abc import Sequence
from functools import cache, partial
from itertools import chain
from pathlib import Path

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
from mnistcli.pictures.decoding import Planes
from mnistcli.pictures.extraction import Digit, soften, thicken
from mnistcli.pictures.filters import COPY_SIDE, Levels, filter_median, shrink
from mnistcli.pictures.foreground import measure_difference
from mnistcli.pictures.geometry import Box, find_bounds
from mnistcli.pictures.normalization import find_centre_of_mass, normalize
from mnistcli.pictures.pipeline import PictureOptions, Trace, prepare

SAMPLES = Path(__file__).parents[1] / "test_num"

CHECKS = 16
"""Squares along a picture's longer side, where it is transparent."""

FULL = 80
"""Difference, in gray levels, that is shown by a full colour."""


def draw_start() -> Figure:
    """Draw some pictures above what the network sees of them and its answers."""
    pictures = [
        *((photos.photo(), 5), (photos.board(), 4), (read_sample("3_1"), 3)),
        *((read_sample("9_0"), 9), (photos.marker(), 2)),
    ]
    columns = [make_column(data, label, "mnist") for data, label in pictures]
    return lay_out_columns(["the picture", "what the\nnetwork sees", "its answer"], columns)


def draw_plain() -> Figure:
    """Draw some pictures above what each ``--preprocess`` makes of them, with the answers."""
    pictures = [
        *((photos.photo(), 5), (photos.marker(), 2), (read_sample("3_1"), 3)),
        *((read_sample("6_2"), 6), (read_sample("9_0"), 9), (read_sample("0_0"), 0)),
    ]
    ways = ("plain", "mnist")
    labels = ((f"--preprocess\n{way}", "the answer") for way in ways)
    columns = [make_column(data, label, *ways) for data, label in pictures]
    return lay_out_columns(["the picture", *chain(*labels)], columns)


def draw_image() -> Figure:
    """Draw an image with its measures, and the images of the pictures in test_num/."""
    images = [[see(f"{digit}_{row}") for digit in range(CLASSES)] for row in range(3)]
    image = see("4_0")
    note = "box of 20 pixels, centre\nof mass on index 14"
    title = "the pictures of test_num/, as the network sees them"
    return lay_out_rows(
        [
            Panel(image, "an image", note, partial(mark_measures, image=image)),
            Panel(np.block(images), title, is_next=False),
        ]
    )


def draw_steps() -> Figure:
    """Draw what each step makes of a photo."""
    data = photos.photo()
    trace = trace_steps(data)
    (digit,) = trace.digits
    return lay_out_rows(
        [
            Panel(open_file(data), "a photo's file", "a digit on a sheet of paper, on a table"),
            Panel(show_colours(trace.planes), "read", "turned upright"),
            Panel(trace.gray, "gray", "luminance"),
            Panel(trace.filled, "sheet", "without the table"),
        ],
        [
            Panel(show_difference(trace.filled), "polarity", "dark on light"),
            Panel(show_ink(trace.ink.smooth), "ink", "where and how strong"),
            Panel(show_components(trace), "parts", "but not the specks"),
            Panel(digit.image, "frame", "28×28, for the network"),
        ],
    )


def draw_read() -> Figure:
    """Draw a photo stored on its side, and a picture with a transparent background."""
    photo, transparent = photos.photo(), read_sample("2_2")
    return lay_out_rows(
        [
            Panel(open_file(photo), "a photo's file", "with EXIF orientation 6"),
            Panel(show_colours(trace_steps(photo).planes), "read", "turned upright"),
            Panel(open_file(transparent), "test_num/2_2.png", "white on nothing", is_next=False),
            Panel(show_colours(trace_steps(transparent).planes), "read", "white on black"),
        ]
    )


def draw_gray() -> Figure:
    """Draw the planes of a picture of yellow ink."""
    data = photos.marker()
    trace = trace_steps(data)
    panels = [Panel(open_file(data), "a picture", "yellow on white")]
    for name, plane in zip(("luminance", "red", "green", "blue"), trace.planes, strict=True):
        panel = Panel(plane, name, is_next=len(panels) == 1)
        is_taken = np.array_equal(plane, trace.gray)
        panels.append(panel._replace(note="taken", frame=BLUE) if is_taken else panel)
    return lay_out_rows(panels)


def draw_sheet() -> Figure:
    """Draw a scan without its edges, and a sheet of paper without the table around it."""
    scan, photo = trace_steps(photos.scan()), trace_steps(photos.photo())
    outline = partial(mark_box, box=scan.page)
    return lay_out_rows(
        [
            Panel(scan.gray, "a scan", "with edges of the lid", outline),
            Panel(scan.filled, "sheet", "without them"),
            Panel(photo.gray, "a photo", "of paper on a table", is_next=False),
            Panel(photo.filled, "sheet", "paper all around"),
        ]
    )


def draw_polarity() -> Figure:
    """Draw what differs from its surroundings, on a board and on paper in a shadow."""
    rows = []
    for data in (photos.board(), photos.shade()):
        trace = trace_steps(data)
        median = filter_median(shrink(trace.filled, COPY_SIDE)).astype(np.uint8)
        polarity = "light on dark" if trace.is_light_on_dark else "dark on light"
        rows.append(
            [
                Panel(trace.filled, "gray"),
                Panel(median, "median of the surroundings"),
                Panel(show_difference(trace.filled), f"difference: {polarity}"),
            ]
        )
    return lay_out_rows(*rows)


def draw_ink() -> Figure:
    """Draw ink in a shadow, separated by local contrast, and by one threshold."""
    trace = trace_steps(photos.shade())
    background = np.rint(trace.ink.background).astype(np.uint8)
    _, otsu = cv2.threshold(trace.filled, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    return lay_out_rows(
        [
            Panel(trace.filled, "gray", "partly in a shadow"),
            Panel(background, "background", "no stroke is left"),
            Panel(show_ink(trace.ink.smooth), "ink", "contrast to it"),
            Panel(otsu, "otherwise", "by one threshold (Otsu's)", is_next=False),
        ]
    )


def draw_parts() -> Figure:
    """Draw connected components of ink that are part of a digit, and others that aren't."""
    snippet, pair = photos.snippet(), photos.pair()
    return lay_out_rows(
        [
            Panel(open_file(snippet), "a piece of a form"),
            Panel(show_components(trace_steps(snippet)), "parts", "orange is left out"),
            Panel(open_file(pair), "a number", is_next=False),
            Panel(show_components(trace_steps(pair)), "parts", "one digit, and a warning"),
        ]
    )


def draw_frame() -> Figure:
    """Draw how a digit in a hairline is normalized."""
    ink, thick = extract_strokes(trace_steps(photos.hairline()))
    normalized, thin = normalize(thick), normalize(ink)
    box = normalized.box
    left = max(0, (box.left + box.right - thick.shape[0]) // 2)
    square = np.s_[:, left : left + thick.shape[0]]
    outline = partial(mark_box, box=box.shift(-left, 0))
    measures = partial(mark_measures, image=normalized.image)
    return lay_out_rows(
        [
            Panel(ink[square], "ink", "of a hairline"),
            Panel(thick[square], "thickened", "near the width of MNIST's", outline),
            Panel(normalized.image, "framed", "box and centre of mass", measures),
            Panel(thin.image, "otherwise", "not thickened", is_next=False),
        ]
    )


def draw_several() -> Figure:
    """Draw a page of digits with their boxes and the answers."""
    data = photos.page()
    digits = prepare(data, PictureOptions(several=True)).digits
    return lay_out_rows([Panel(open_file(data), mark=partial(mark_digits, digits=digits))])


@cache
def trace_steps(data: bytes) -> Trace:
    """Prepare a picture, and return what each step makes of it."""
    trace = prepare(data).trace
    assert trace, "the picture is used as it is"
    return trace


def read_sample(name: str) -> bytes:
    """Return the content of one of the pictures in test_num/."""
    return (SAMPLES / f"{name}.png").read_bytes()


def see(name: str) -> Gray:
    """Return what the network sees of one of the pictures in test_num/."""
    return prepare(read_sample(name)).digits[0].image


def make_column(data: bytes, label: int, *ways: str) -> Column:
    """Prepare a picture in some ways, and answer; wrong answers are red."""
    prepared = [prepare(data, PictureOptions(preprocess=way)) for way in ways]
    answers = [answer(one.digits[0].image) for one in prepared]
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


def extract_strokes(trace: Trace) -> tuple[Gray, Gray]:
    """Return a digit's ink [H, W] as it is, and thickened, at its place on the page."""
    components, ((group,),), _ = trace.segmentation
    is_digit = components.select(group)
    is_other = (components.labels > 0) & ~is_digit
    strokes = soften(trace.ink.measure_strength(np.s_[:, :]), is_digit, is_other)
    return strokes, thicken(strokes, is_digit, join_boxes(group).longer_side)


def show_colours(planes: Planes) -> Shown:
    """Return the colours of a picture's planes."""
    return np.moveaxis(planes[1:], 0, -1)


def show_difference(gray: Gray) -> Shown:
    """Return colours of what is darker (blue) and lighter (orange) than its surroundings."""
    difference = measure_difference(gray) / FULL
    is_lighter = difference[..., np.newaxis] > 0
    return np.where(is_lighter, tint(difference, ORANGE), tint(-difference, BLUE))


def show_ink(strength: Levels) -> Shown:
    """Return gray levels, 255 where the ink is strongest."""
    return np.rint(strength * (255 / strength.max())).astype(np.uint8)


def show_components(trace: Trace) -> Shown:
    """Return colours of the components of a digit (white) and of the others (orange)."""
    components, ((group,),), _ = trace.segmentation
    strength = trace.ink.smooth
    ink = np.where(components.labels > 0, 0.3 + strength / strength.max(), 0)
    is_digit = components.select(group)[..., np.newaxis]
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


def mark_measures(axes: Axes, image: Gray) -> None:
    """Draw the bounding box of an image's ink, and its centre of mass."""
    mark_box(axes, find_bounds(image > 0))
    row, column = find_centre_of_mass(image)
    axes.plot(column, row, "+", color=ORANGE, markersize=14, markeredgewidth=2.2)


def mark_digits(axes: Axes, digits: Sequence[Digit]) -> None:
    """Draw the boxes of digits, and the answers above them."""
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
