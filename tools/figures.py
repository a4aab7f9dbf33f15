"""The figures of docs/pictures.md, drawn from the traces of prepared pictures.

usage: python tools/figures.py DIRECTORY
"""

import io
import sys
from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import chain, cycle
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import photos
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from panels import (
    MUTED,
    Answered,
    Column,
    Mark,
    Panel,
    Shown,
    lay_out_columns,
    lay_out_rows,
    tint,
    to_png,
)
from PIL import Image, ImageOps

from mnistcli.evaluation.plots import BLUE, ORANGE, PAPER, RED
from mnistcli.images import CLASSES, Gray
from mnistcli.inference.interpreter import Predictor
from mnistcli.inference.model import open_pretrained
from mnistcli.pictures.extraction import thicken, turn_back
from mnistcli.pictures.geometry import Box, find_bounds
from mnistcli.pictures.instances import Instance, find_centres, find_instances
from mnistcli.pictures.location import Located
from mnistcli.pictures.locator import Levels, Maps, enhance
from mnistcli.pictures.normalization import Normalized, find_centre_of_mass, normalize
from mnistcli.pictures.parameters import PARAMETERS
from mnistcli.pictures.pipeline import PictureOptions, Trace, prepare
from mnistcli.pictures.pyramid import Level

SAMPLES = Path(__file__).parents[1] / "test_num"

CHECKS = 16
"""Squares along a picture's longer side, where it is transparent."""

HUES = (BLUE, ORANGE, "#38a169", "#9f7aea", RED)
"""Colours of digits that are beside each other."""

SPACE = 16
"""Pixels between the levels of a pyramid."""

ARROWS = 9
"""Votes that are drawn along a digit's longer side."""

WHEEL = 61
"""Side, in pixels, of the wheel that explains the colours of offsets."""


class View(NamedTuple):
    """A level without its margin, what the network says of it, and its digits."""

    picture: Shown  # [H, W, 3]
    contrast: Shown  # [H, W, 3]
    maps: Maps
    digits: list[Instance]
    area: Box  # of the level

    def crop(self, shown: Shown) -> Shown:
        """Return an array of the level, or of a map of its pixels, without the margin."""
        return shown[self.area.slices]


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
    ((main,),), (digit,) = trace.rows, trace.digits
    view = see_level(trace, main.level, main.maps)
    return lay_out_rows(
        [
            Panel(open_file(data), "a photo's file", "a digit on paper, on a table"),
            Panel(trace.picture, "decoding", "turned upright"),
            draw_pyramid_panel(trace, "pyramid", "copies, each twice as large as the last"),
        ],
        [
            Panel(view.picture, "level", "in which the digit is found", is_next=False),
            Panel(view.crop(show_ink(main.maps.ink)), "locator", "ink of digits, …"),
            draw_votes_panel(view, "instances", "… which points to its centre"),
            Panel(digit.image, "normalization", "28×28, for the classifier"),
        ],
    )


def draw_read() -> Figure:
    """Draw a photo stored on its side, and a picture with a transparent background."""
    photo, transparent = photos.photo(), read_sample("2_2")
    return lay_out_rows(
        [
            Panel(open_file(photo), "a photo's file", "with EXIF orientation 6"),
            Panel(trace_steps(photo).picture, "decoded", "turned upright"),
            Panel(open_file(transparent), "test_num/2_2.png", "white on nothing", is_next=False),
            Panel(trace_steps(transparent).picture, "decoded", "white on black"),
        ]
    )


def draw_pyramid() -> Figure:
    """Draw the levels of a picture whose digits are of very different sizes."""
    trace = trace_steps(photos.sizes(), is_several=True)
    note = "blue: the digit is taken from this level; orange: found here, but not taken"
    return lay_out_rows([draw_pyramid_panel(trace, "levels", note, is_found=True)])


def draw_locator() -> Figure:
    """Draw what the network is given of a form, and what it says."""
    trace = trace_steps(photos.form(), is_several=True)
    levels = reversed(trace.found.levels)  # the finest of those that show the most
    view = see_level(trace, *max(levels, key=lambda pair: len(find_probable(pair[1]))))
    ink, centres = view.crop(show_ink(view.maps.ink)), view.crop(show_centres(view.maps))
    offsets = view.crop(show_offsets(view.maps.offsets, view.maps.ink))
    return lay_out_rows(
        [
            Panel(view.picture, "given: red, green, blue", "of a form filled in with a pencil"),
            Panel(
                view.contrast,
                "given: contrast",
                "to the surroundings, pale ink like black",
                is_next=False,
            ),
        ],
        [
            Panel(ink, "found: ink", "of digits, hardly of letters and lines", is_next=False),
            Panel(
                offsets,
                "found: offsets",
                "in which direction the digit's centre is",
                draw_wheel,
                is_next=False,
            ),
        ],
        [
            Panel(centres, "found: centres", "of digits, before the ink", is_next=False),
            Panel(show_instances(view), "instances", "made of the three: the ink of each digit"),
        ],
    )


def draw_ink() -> Figure:
    """Draw the ink that the network finds in any light, of any colour, on anything."""
    pictures: dict[str, Callable[[], bytes]] = {
        "chalk": photos.board,
        "in a shadow": photos.shade,
        "yellow ink": photos.marker,
        "a scan": photos.scan,
        "on a table": photos.photo,
    }
    above, below = [], []
    for title, draw in pictures.items():
        trace = trace_steps(draw())
        ((main,),) = trace.rows
        view = see_level(trace, main.level, main.maps)
        above.append(Panel(trace.picture, title, is_next=False))
        below.append(Panel(view.crop(show_ink(main.maps.ink)), is_next=False))
    return lay_out_rows(above, below)


def draw_instances() -> Figure:
    """Draw two digits that touch, the votes of their ink, and what comes of them."""
    trace = trace_steps(photos.pair(), is_several=True)
    main = trace.rows[0][0]
    view = see_level(trace, main.level, main.maps)
    images = np.hstack([digit.image for digit in trace.digits])
    return lay_out_rows(
        [
            Panel(trace.picture, "a picture", "of digits that touch"),
            draw_votes_panel(view, "votes", "each pixel of ink points to a centre"),
        ],
        [
            Panel(show_instances(view), "instances", "the ink that belongs to each centre"),
            Panel(images, "images", "the ink of each alone"),
        ],
    )


def draw_frame() -> Figure:
    """Draw how a digit in a hairline is normalized, and one on a turned page."""
    thin = trace_steps(photos.hairline())
    turned = trace_steps(photos.turned_page(), is_several=True)
    ((hairline,),) = thin.rows
    largest = max(chain(*turned.rows), key=lambda one: one.box.area)
    ink, _, thick, normalized = take_last_steps(hairline, thin.angle)
    lying, upright, _, straight = take_last_steps(largest, turned.angle)
    return lay_out_rows(
        [
            Panel(to_square(ink), "ink", "of a hairline"),
            Panel(to_square(thick), "thickened", "near the width of MNIST's"),
            draw_normalized(normalized),
            Panel(normalize(ink).image, "otherwise", "not thickened", is_next=False),
        ],
        [
            Panel(to_square(lying), "ink", "on a turned page"),
            Panel(to_square(upright), "turned back", "by the page's angle"),
            draw_normalized(straight),
            Panel(normalize(lying).image, "otherwise", "not turned back", is_next=False),
        ],
    )


def draw_several() -> Figure:
    """Draw pages of digits, with the rows in which they are read and the answers."""
    panels = []
    for data, note in (
        (photos.page(), "rows that rise"),
        (photos.turned_page(), "a page that is turned"),
    ):
        trace = trace_steps(data, is_several=True)
        panels.append(
            Panel(trace.picture, "", note, partial(mark_rows, trace=trace), is_next=False)
        )
    return lay_out_rows(panels)


@cache
def trace_steps(data: bytes, is_several: bool = False) -> Trace:
    """Prepare a picture, and return what each step makes of it."""
    trace = prepare(data, PictureOptions(several=is_several)).trace
    assert trace, "the picture is used as it is"
    return trace


def see_level(trace: Trace, level: Level, maps: Maps) -> View:
    """Return what is on a picture's level, and what the network says of it, without the margin."""
    height, width = (round(side * level.scale) for side in trace.picture.shape[:2])
    area = Box(0, 0, width, height).shift(level.margin, level.margin)
    contrast = np.rint(127.5 + 127.5 * enhance(level.picture)[..., 3:]).astype(np.uint8)
    picture = level.picture[area.slices]
    return View(picture, contrast[area.slices], maps, find_probable(maps), area)


def find_probable(maps: Maps) -> list[Instance]:
    """Return the digits that maps show, without mere candidates."""
    return [one for one in find_instances(maps) if one.is_probable]


def take_last_steps(located: Located, angle: float) -> tuple[Gray, Gray, Gray, Normalized]:
    """Return a digit's ink as it is, turned back, thickened, too, and normalized."""
    instance = located.instance
    strongest = np.rint(instance.ink * (255 / instance.ink.max())).astype(np.uint8)
    ink = np.pad(strongest, instance.box.longer_side // 2)
    upright = turn_back(ink, angle) if angle else ink
    thick = thicken(upright, instance.box.longer_side)
    return ink, upright, thick, normalize(thick)


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


def draw_pyramid_panel(trace: Trace, title: str, note: str, is_found: bool = False) -> Panel:
    """Return a panel of a picture's levels, side by side; and of the digits found on each."""
    levels = [level for level, _ in trace.found.levels]
    height = max(len(level.picture) for level in levels)
    width = sum(level.picture.shape[1] + SPACE for level in levels) - SPACE
    shown = np.full((height, width, 3), 255, np.uint8)
    marks = []
    left = 0
    for level in levels:
        rows, columns, _ = level.picture.shape
        shown[height - rows :, left : left + columns] = level.picture
        marks.append(partial(mark_level, trace=trace, level=level, left=left, top=height - rows))
        left += columns + SPACE
    return Panel(shown, title, note, partial(mark_all, marks=marks if is_found else []), PAPER)


def draw_votes_panel(view: View, title: str, note: str) -> Panel:
    """Return a panel of a level's ink, with arrows from pixels of it to where they point."""
    faint = tint(0.45 * view.crop(view.maps.ink), "#ffffff", "black")
    return Panel(faint, title, note, partial(mark_votes, view=view))


def draw_normalized(normalized: Normalized) -> Panel:
    """Return a panel of an image with its measures."""
    measures = partial(mark_measures, image=normalized.image)
    return Panel(normalized.image, "normalized", "box and centre of mass", measures)


def show_ink(ink: Levels) -> Shown:
    """Return gray levels, 255 where the ink is certain."""
    return np.rint(255 * ink).astype(np.uint8)


def show_centres(maps: Maps) -> Shown:
    """Return colours of the probability that a cell is a centre (orange), before the ink (gray)."""
    height, width = maps.ink.shape
    centres = cv2.resize(maps.centres, (width, height), interpolation=cv2.INTER_NEAREST)
    return np.maximum(tint(0.35 * maps.ink, PAPER, "black"), tint(centres, ORANGE, "black"))


def show_offsets(offsets: Levels, ink: Levels) -> Shown:
    """Return colours [H, W, 3] of directions [H, W, 2], as strong as the ink."""
    turn = np.arctan2(offsets[..., 1], offsets[..., 0]) / (2 * np.pi) % 1
    hue = np.rint(turn * 180).astype(np.uint8) % 180
    full = np.full_like(hue, 200)
    return cv2.cvtColor(np.dstack([hue, full, show_ink(ink)]), cv2.COLOR_HSV2RGB)


def show_instances(view: View) -> Shown:
    """Return colours of the ink, another for each digit."""
    height, width = view.maps.ink.shape
    shown = np.zeros((height, width, 3), np.uint8)
    for instance, colour in colour_digits(view.digits):
        rows, columns = instance.ink.shape
        place = shown[instance.top : instance.top + rows, instance.left : instance.left + columns]
        np.maximum(place, tint(instance.ink, colour, "black"), out=place)
    return view.crop(shown)


def colour_digits(digits: Sequence[Instance]) -> list[tuple[Instance, str]]:
    """Return digits from left to right, each with a colour."""
    return list(zip(sorted(digits, key=lambda one: one.box.left), cycle(HUES), strict=False))


def to_square(ink: Gray) -> Gray:
    """Crop ink [H, W] to a square around it, with some margin."""
    box = find_bounds(ink > 0)
    side = round(1.2 * box.longer_side)
    padded = np.pad(ink, side)
    top, left = (side + (low + high - side) // 2 for low, high in (box[1::2], box[::2]))
    return padded[top : top + side, left : left + side]


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


def mark_box(axes: Axes, box: Box, **style: object) -> None:
    """Draw a box of pixels."""
    corner = box.left - 0.5, box.top - 0.5
    style = {"color": BLUE, "linewidth": 1.8, **style}
    axes.add_patch(Rectangle(corner, box.width, box.height, fill=False, **style))


def mark_all(axes: Axes, marks: Sequence[Mark]) -> None:
    """Draw several marks."""
    for mark in marks:
        mark(axes)


def mark_level(axes: Axes, trace: Trace, level: Level, left: int, top: int) -> None:
    """Draw a level's size, and the boxes of its digits: of those that are taken from it, solid."""
    side = round(max(trace.picture.shape) * level.scale)
    axes.text(left, top - 4, f"{side}", color=MUTED, size=9)
    taken = [one.instance.box for one in trace.found.digits if one.level is level]
    (maps,) = (maps for other, maps in trace.found.levels if other is level)
    for box in (instance.box for instance in find_probable(maps)):
        other = {"color": ORANGE, "linestyle": (0, (1, 1))}
        placed = box.expand(1).shift(left, top)
        mark_box(axes, placed, linewidth=1.3, **({} if box in taken else other))


def mark_votes(axes: Axes, view: View) -> None:
    """Draw the votes of some pixels of ink as arrows, and the centres as circles."""
    left, top = view.area[:2]
    for instance, colour in colour_digits(view.digits):
        step = max(1, instance.box.longer_side // ARROWS)
        rows, columns = np.nonzero(instance.ink > 0.5)
        rows, columns = rows + instance.top, columns + instance.left
        is_drawn = (rows % step == 0) & (columns % step == 0)
        rows, columns = rows[is_drawn], columns[is_drawn]
        right, down = view.maps.offsets[rows, columns].T
        arrows = {"angles": "xy", "scale_units": "xy", "scale": 1, "width": 0.006}
        axes.quiver(columns - left, rows - top, right, down, color=colour, **arrows)
    half = PARAMETERS.cell // 2
    for row, column in zip(*find_centres(view.maps.centres), strict=True):
        if view.maps.centres[row, column] < PARAMETERS.min_centre:
            continue
        place = PARAMETERS.cell * column + half - left, PARAMETERS.cell * row + half - top
        axes.plot(*place, "o", color=PAPER, markersize=6, markeredgecolor="black")


def draw_wheel(axes: Axes) -> None:
    """Draw the colours of offsets in a corner: those of pixels around a centre."""
    down, across = np.indices((WHEEL, WHEEL)) - WHEEL // 2
    distance = np.hypot(down, across)
    is_wheel = (distance < WHEEL // 2) & (distance > 2)
    wheel = show_offsets(np.dstack([-across, -down]), is_wheel.astype(np.float32))
    inset = axes.inset_axes((0.01, 0.52, 0.18, 0.46), xticks=[], yticks=[])
    inset.imshow(np.dstack([wheel, np.where(is_wheel, 255, 0).astype(np.uint8)]))
    inset.axis("off")
    turns = np.arange(8) * np.pi / 4
    out = 0.42 * WHEEL * np.stack([np.cos(turns), np.sin(turns)])
    arrows = {"angles": "xy", "scale_units": "xy", "scale": 1.4, "width": 0.025}
    inset.quiver(*(out + WHEEL // 2), *-out, color="black", **arrows)


def mark_measures(axes: Axes, image: Gray) -> None:
    """Draw the bounding box of an image's ink, and its centre of mass."""
    mark_box(axes, find_bounds(image > 0))
    row, column = find_centre_of_mass(image)
    axes.plot(column, row, "+", color=ORANGE, markersize=14, markeredgewidth=2.2)


def mark_rows(axes: Axes, trace: Trace) -> None:
    """Draw the boxes of digits, the answers above them, and lines through the rows."""
    digits = iter(trace.digits)
    for row, colour in zip(trace.rows, cycle(HUES), strict=False):
        boxes = [one.box for one in row]
        x, y = ([(box[i] + box[i + 2]) / 2 for box in boxes] for i in range(2))
        axes.plot(x, y, color=colour, linewidth=1, alpha=0.6)
        for box in boxes:
            mark_box(axes, box, color=colour, linewidth=1.2)
            text = f"{answer(next(digits).image).digit}"
            axes.text(box.left, box.top - 5, text, color=colour, size=11, weight="bold")


FIGURES = {
    "start": draw_start,
    "steps": draw_steps,
    "image": draw_image,
    "read": draw_read,
    "pyramid": draw_pyramid,
    "locator": draw_locator,
    "ink": draw_ink,
    "instances": draw_instances,
    "several": draw_several,
    "frame": draw_frame,
    "plain": draw_plain,
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
