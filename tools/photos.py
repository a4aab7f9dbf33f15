"""Pictures as people make them, drawn: photographs, a scan, a blackboard, a page of digits."""

import io
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcli.datasets.synthetic.handwriting import Hand, write

Levels = NDArray[np.float32]
"""Ink [H, W] or colours [H, W, 3], within 0 to 1."""

Colour = tuple[float, float, float]

WHITE, CREAM = (0.93, 0.94, 0.94), (0.95, 0.91, 0.82)
BLUE_BLACK, PENCIL, BALLPOINT = (0.12, 0.14, 0.28), (0.33, 0.33, 0.35), (0.13, 0.2, 0.55)
YELLOW, PALE = (1, 0.9, 0.2), (0.55, 0.55, 0.57)
PRINT = (0.45, 0.62, 0.8)
SLATE, CHALK = (0.17, 0.24, 0.22), (0.9, 0.91, 0.88)
WOOD = (0.33, 0.21, 0.13)

WIDTH, HEIGHT = 640, 480
"""Of a picture, in pixels, unless it says otherwise."""

NEAT = Hand(
    jitter=(0.008, 0.02), overshoot=0.1, warp=0.03, slant=(0.1, 0.06), rotation=0.04, tremor=0
)
"""Hands that write with some care."""

FINE = 2
"""Lines of the grid, in a pixel, that strokes are drawn on."""

EVEN_LIGHT = np.ones((1, 1), np.float32)

LIFT = 0.07
"""Distance between two samples of a digit, as a share of its height, on which the pen is lifted."""

TURN = 20
"""Degrees by which a page is turned clockwise."""

LYING = 6
"""EXIF orientation of a photo that has to be turned clockwise."""


class Written(NamedTuple):
    """A digit on paper, all in pixels."""

    digit: int
    seed: int  # of the hand
    x: float  # of its middle
    y: float
    height: float
    width: float  # of the pen


@cache
def photo() -> bytes:
    """A sheet of cream paper on a table, in the photographer's shadow; stored on its side."""
    random = np.random.default_rng(1)
    width, height = 900, 1200
    ink = draw_ink((height, width), [Written(5, 120, 440, 590, 430, 27)])
    for x, y, radius in ((190, 930, 9), (660, 250, 7), (700, 890, 11), (210, 230, 7)):
        cv2.circle(ink, (x, y), radius, 0.8, cv2.FILLED, cv2.LINE_AA)
    sheet = lay_ink(make_paper(random, ink.shape, CREAM), ink, BLUE_BLACK)
    corners = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
    on_table = np.float32([[110, 130], [820, 95], [845, 1070], [80, 1095]])
    turn = cv2.getPerspectiveTransform(corners, on_table)
    lies = cv2.warpPerspective(np.ones_like(ink), turn, (width, height))[..., np.newaxis]
    table = make_wood(random, ink.shape) * (1 - 0.5 * soften(lies[..., 0], 14)[..., np.newaxis])
    scene = table * (1 - lies) + cv2.warpPerspective(sheet, turn, (width, height)) * lies
    down, across = measure(ink.shape)
    light = 1.08 - 0.2 * across - 0.1 * down
    picture = develop(random, scene * light[..., np.newaxis], noise=0.008)
    return to_jpeg(picture.transpose(Image.Transpose.ROTATE_90), LYING)


@cache
def board() -> bytes:
    """Chalk on a blackboard that reflects a window."""
    random = np.random.default_rng(2)
    ink = draw_ink((HEIGHT, WIDTH), [Written(4, 9, 330, 245, 250, 15)])
    grain = soften(random.standard_normal(ink.shape), 0.8)
    chalk = ink * np.clip(0.86 + 0.5 * grain, 0.3, 1)
    smudges = 0.03 * make_clouds(random, ink.shape, (5, 7))
    slate = np.float32(SLATE) + smudges[..., np.newaxis]
    down, across = measure(ink.shape)
    window = 0.28 * np.exp(-3 * (across**2 + down**2))
    scene = lay_ink(slate, chalk, CHALK) * (1 - 0.25 * across)[..., np.newaxis]
    return to_jpeg(develop(random, scene + window[..., np.newaxis], noise=0.006))


@cache
def marker() -> bytes:
    """A yellow felt pen on white paper."""
    ink = draw_ink((HEIGHT, WIDTH), [Written(2, 18, 315, 240, 270, 24)])
    down, across = measure(ink.shape)
    light = 1.03 - 0.1 * down - 0.05 * across
    return photograph_paper(np.random.default_rng(3), WHITE, ink, YELLOW, light, noise=0.006)


@cache
def scan() -> bytes:
    """A digit in pencil, scanned with the lid's edge at two sides."""
    random = np.random.default_rng(4)
    ink = draw_ink((HEIGHT, WIDTH), [Written(3, 15, 360, 210, 240, 9)])
    scene = lay_ink(make_paper(random, ink.shape, WHITE), ink, PENCIL)
    scene[-26:] = 0.16
    scene[:, :44] = 0.13
    return to_jpeg(develop(random, scene, noise=0.006))


@cache
def shade() -> bytes:
    """A digit in ballpoint, partly in a shadow with an edge."""
    ink = draw_ink((HEIGHT, WIDTH), [Written(8, 5, 320, 240, 300, 13)])
    down, across = measure(ink.shape)
    shadow = 1 / (1 + np.exp(-40 * (across - 0.6 - 0.25 * (down - 0.5))))
    light = 1.04 - 0.2 * down - 0.5 * shadow
    return photograph_paper(np.random.default_rng(5), CREAM, ink, BALLPOINT, light)


@cache
def pair() -> bytes:
    """Two digits that touch, where one is expected."""
    digits = [Written(3, 5, 235, 240, 250, 14), Written(6, 4, 386, 248, 240, 14)]
    ink = draw_ink((HEIGHT, WIDTH), digits)
    return photograph_paper(np.random.default_rng(7), CREAM, ink, BLUE_BLACK)


@cache
def hairline() -> bytes:
    """A digit in a hairline, at the side of its sheet."""
    ink = draw_ink((HEIGHT, WIDTH), [Written(9, 9, 200, 255, 150, 2)])
    return photograph_paper(np.random.default_rng(8), CREAM, ink, BLUE_BLACK, noise=0.006)


@cache
def form() -> bytes:
    """A form printed in blue: three boxes after "No.", with digits in pencil that cross a line."""
    shape = (240, 640)
    printed = np.zeros(shape, np.uint8)
    cv2.putText(printed, "No.", (120, 140), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 255, 3, cv2.LINE_AA)
    for left in (230, 355, 480):
        cv2.rectangle(printed, (left, 50), (left + 125, 195), 255, 2)
    digits = [Written(7, 4, 292, 122, 118, 7), Written(0, 8, 418, 119, 112, 7)]
    pencil = draw_ink(shape, [*digits, Written(2, 14, 542, 118, 118, 7)])
    paper = make_paper(np.random.default_rng(10), shape, WHITE)
    scene = lay_ink(lay_ink(paper, printed / np.float32(255), PRINT), pencil, PALE)
    return to_jpeg(develop(np.random.default_rng(6), scene, noise=0.006))


@cache
def sizes() -> bytes:
    """Digits of very different sizes on one sheet."""
    digits = [Written(8, 5, 165, 240, 310, 24), Written(5, 120, 390, 150, 135, 11)]
    small = [Written(2, 14, 455, 380, 72, 6), Written(0, 8, 520, 378, 66, 6)]
    digits += [Written(3, 15, 525, 145, 120, 10), *small, Written(7, 3, 580, 380, 72, 6)]
    ink = draw_ink((HEIGHT, WIDTH), digits)
    return photograph_paper(np.random.default_rng(11), CREAM, ink, BLUE_BLACK)


@cache
def page() -> bytes:
    """Rows of digits that rise and fall, lit from one corner."""
    random = np.random.default_rng(9)
    ink = write_rows(random, ("31415926", "271828", "16180339"))
    return photograph_paper(random, CREAM, ink, BALLPOINT, light_page(ink.shape), noise=0.002)


@cache
def turned_page() -> bytes:
    """Rows of digits on a page that is turned clockwise."""
    random = np.random.default_rng(18)
    ink = write_rows(random, ("1414", "1732", "2236"))
    height, width = ink.shape
    side = round(1.12 * max(height, width))
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -TURN, 1)
    turn[:, 2] += (side - width) / 2, (side - height) / 2
    turned: Levels = cv2.warpAffine(ink, turn, (side, side), flags=cv2.INTER_CUBIC).clip(0, 1)
    return photograph_paper(random, CREAM, turned, BALLPOINT, light_page(turned.shape), noise=0.002)


def write_rows(random: np.random.Generator, rows: Sequence[str]) -> Levels:
    """Write rows of digits, each a little higher than the one before it, on ink [H, W]."""
    digits = []
    for row, text in enumerate(rows):
        for column, digit in enumerate(text):
            x, y = 110 + 110 * column, 110 + 155 * row - 4 * column
            jump, height = random.uniform(-9, 9, 2), random.uniform(90, 112)
            seed = int(random.integers(20))
            digits.append(Written(int(digit), seed, x + jump[0], y + jump[1], height, 7))
    width = 120 + round(max(digit.x for digit in digits))
    return draw_ink((155 * len(rows) + 45, width), digits)


def light_page(shape: tuple[int, ...]) -> Levels:
    """Return light [H, W] that comes from the upper left corner."""
    down, across = measure(shape)
    return 1.05 - 0.25 * down - 0.15 * across


def photograph_paper(
    random: np.random.Generator,
    paper: Colour,
    ink: Levels,
    colour: Colour,
    light: Levels = EVEN_LIGHT,
    noise: float = 0.008,
) -> bytes:
    """Return a JPEG file of paper with ink [H, W] of a colour on it, in light [H, W]."""
    scene = lay_ink(make_paper(random, ink.shape, paper), ink, colour)
    return to_jpeg(develop(random, scene * light[..., np.newaxis], noise))


def draw_ink(shape: tuple[int, int], digits: Iterable[Written]) -> Levels:
    """Write digits on ink [H, W]."""
    rows, columns = shape
    fine = np.zeros((rows * FINE, columns * FINE), np.uint8)
    for digit, seed, x, y, height, width in digits:
        random = np.random.default_rng([digit, seed])
        (points,) = write(random, np.array([digit]), NEAT)
        points = points * (height / np.ptp(points[:, 1])) + (x, y)
        phase = np.linspace(0, 2 * np.pi, len(points)) * random.uniform(0.6, 1.4)
        widths = width * (1 + 0.16 * np.sin(phase + random.uniform(0, 6)))
        steps = np.hypot(*np.diff(points, axis=0).T)
        ends = np.rint(points * FINE).astype(int).tolist()
        for start, end, step, stroke in zip(ends[:-1], ends[1:], steps, widths[1:], strict=True):
            if step < LIFT * height:
                cv2.line(fine, start, end, 255, max(1, round(stroke * FINE)), cv2.LINE_AA)
    ink: Levels = cv2.resize(fine, (columns, rows), interpolation=cv2.INTER_AREA)
    return ink / np.float32(255)


def lay_ink(ground: Levels, ink: Levels, colour: Colour) -> Levels:
    """Put ink [H, W] of a colour on a ground [H, W, 3]."""
    share = ink[..., np.newaxis]
    return ground * (1 - share) + np.float32(colour) * share


def make_paper(random: np.random.Generator, shape: tuple[int, int], colour: Colour) -> Levels:
    """Make paper [H, W, 3] that is a little uneven."""
    clouds = 0.008 * make_clouds(random, shape, (12, 16))
    return np.float32(colour) + clouds[..., np.newaxis]


def make_wood(random: np.random.Generator, shape: tuple[int, int]) -> Levels:
    """Make a table's boards [H, W, 3], their fibres running across."""
    fibres = make_clouds(random, shape, (260, 5)) + make_clouds(random, shape, (60, 3))
    return np.float32(WOOD) * (1 + 0.09 * fibres)[..., np.newaxis]


def make_clouds(
    random: np.random.Generator, shape: tuple[int, int], cells: tuple[int, int]
) -> Levels:
    """Make noise [H, W], of a deviation near 1, that is as fine as a number of cells."""
    rows, columns = shape
    noise = random.standard_normal(cells).astype(np.float32)
    return cv2.resize(noise, (columns, rows), interpolation=cv2.INTER_CUBIC)


def soften(levels: Levels, reach: float) -> Levels:
    """Blur [H, W]."""
    return cv2.GaussianBlur(levels.astype(np.float32), (0, 0), reach)


def measure(shape: tuple[int, ...]) -> tuple[Levels, Levels]:
    """Return how far down and across each place [H, W] is, from 0 to 1."""
    down, across = (np.linspace(0, 1, length, dtype=np.float32) for length in shape[:2])
    return np.repeat(down[:, np.newaxis], len(across), 1), np.repeat(
        across[np.newaxis], len(down), 0
    )


def develop(random: np.random.Generator, scene: Levels, noise: float) -> Image.Image:
    """Take a picture of a scene [H, W, 3], with the sensor's noise."""
    seen = scene + noise * random.standard_normal((*scene.shape[:2], 1))
    return Image.fromarray(np.rint(np.clip(seen, 0, 1) * 255).astype(np.uint8))


def to_jpeg(picture: Image.Image, orientation: int = 1) -> bytes:
    """Return a JPEG file's bytes."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=92, exif=exif)
    return stream.getvalue()
