"""Pages composed at random to train the locator on, with what it is to find on them.

Digits of MNIST, of pen strokes and of fonts, alone, in numbers, tables and boxes, touching,
overlapping and cut off, among lines, letters, signs and scribbles, on paper and sheets, in any
light, of any polarity and colour.
"""

from functools import partial
from typing import NamedTuple

import cv2
import numpy as np
from camera import add_margin, photograph
from canvas import PAGE_SIDE, Frame, Levels, Random, lay_on
from clutter import draw_watermark, scribble
from glyphs import Pool, make_pool
from layouts import Grid, Rows, Strip, choose_kind
from light import light_up
from numpy.typing import NDArray
from paper import Colours, choose_colours, make_paper, put_on_desk, put_panel
from placing import Placed, place_all
from rules import draw_rules
from targets import MAX_SIDE, MIN_SIDE, make_targets
from writing import Written, write_on

from mnistcli.images import Gray
from mnistcli.system.parallel import map_ahead

cv2.setNumThreads(1)  # each core has a process of its own

BLOCK_PAGES = 500
"""Pages composed together, as a function of the seed and the block's number."""

SMALLEST, LARGEST = 7, 250
"""Longer sides, in pixels, of the digits on pages whose digits are not to be found."""

TO_BE_FOUND, TOO_SMALL = 0.86, 0.06
"""Shares of the pages whose digits have sides that are to be found, or smaller ones; the others'
are larger."""

KEPT_EMPTY = 0.5
"""Share of the pages with nothing to be found that are kept; there are too many of them."""

UPRIGHT = 0.6
"""Share of the pages that are hardly turned."""

WATERMARKED, SCRIBBLED, ON_PANEL, ON_DESK, FRAMED = 0.07, 0.12, 0.08, 0.1, 0.5
"""Shares of the pages with each addition; those that are framed end, and a margin follows."""

PLAIN = 0.25
"""Share of the pages that are as a screen or a good scanner shows them."""

Arrays = tuple[NDArray[np.generic], ...]


class Page(NamedTuple):
    """A composed page, and what is to be found; see :class:`targets.Targets`."""

    picture: NDArray[np.uint8]  # [PAGE_SIDE, PAGE_SIDE, 3]
    ink: Gray
    offsets: NDArray[np.int8]
    heat: Gray
    is_ignored: Gray
    angle: np.float32  # by which the page is turned clockwise, in radians


class Scene(NamedTuple):
    """A picture of a page, and what is on it."""

    picture: NDArray[np.uint8]  # [PAGE_SIDE, PAGE_SIDE, 3]
    placed: list[Placed]
    written: Written
    visible: Levels  # share of each pixel of the page that is still seen
    angle: float  # by which the page is turned clockwise, in radians


def compose_all(seed: int, digits: Gray, labels: NDArray[np.uint8], count: int) -> Arrays:
    """Compose at least ``count`` pages on all cores, in whole blocks.

    Return the fields of :class:`Page`, each of all pages. See :func:`compose_block`.
    """
    numbers = range(-(-count // BLOCK_PAGES))
    blocks = map_ahead(partial(compose_block, seed, digits, labels), numbers)
    return tuple(np.concatenate(arrays) for arrays in zip(*blocks, strict=True))


def compose_block(seed: int, digits: Gray, labels: NDArray[np.uint8], block: int) -> Arrays:
    """Compose the pages of one block.

    Args:
        seed: of all blocks.
        digits: of MNIST, [N, 28, 28].
        labels: of the digits, [N].
        block: its number.

    Returns:
        The fields of :class:`Page`, each of all pages.
    """
    random = np.random.default_rng([seed, block])
    pool = make_pool(random, digits, labels)
    pages = [compose(random, pool) for _ in range(BLOCK_PAGES)]
    return tuple(np.stack(values) for values in zip(*pages, strict=True))


def compose(random: Random, pool: Pool) -> Page:
    """Compose a page; mostly another one if there is nothing to be found."""
    page = compose_any(random, pool)
    while not page.ink.any() and random.random() > KEPT_EMPTY:
        page = compose_any(random, pool)
    return page


def compose_any(random: Random, pool: Pool) -> Page:
    """Compose a page, which may be without a digit that is to be found."""
    scene = make_scene(random, pool)
    return Page(scene.picture, *make_targets(*scene[:4]), np.float32(scene.angle))


def make_scene(random: Random, pool: Pool) -> Scene:
    """Write a page, and take a picture of it."""
    side, frame = choose_side(random), Frame(choose_angle(random))
    kind = choose_kind(random)
    layout = kind.lay_out(random, pool, side)
    style = random.random()
    placed = place_all(random, layout.items, frame, style)
    colours = choose_colours(random)
    picture = make_paper(random, colours, kind.rough)
    if random.random() < WATERMARKED:
        picture = lay_on(picture, colours.inks[1], draw_watermark(random, pool, side, style))
    if random.random() < kind.ruled:
        picture = add_rules(random, picture, layout.guides, side, frame, colours)
    if random.random() < SCRIBBLED:
        strength = scribble(random) * random.uniform(0.3, 1)
        picture = lay_on(picture, colours.inks[int(random.integers(2))], strength)
    written = write_on(random, picture, placed, colours)
    taken, visible = take_picture(random, written.picture, colours.paper, written.contrast)
    return Scene(taken, placed, written, visible, frame.angle)


def choose_side(random: Random) -> float:
    """Choose the longer side of a page's digits, in pixels; all scales are equally frequent."""
    kind = random.random()
    if kind < TO_BE_FOUND:
        limits = MIN_SIDE, MAX_SIDE
    elif kind < TO_BE_FOUND + TOO_SMALL:
        limits = SMALLEST, MIN_SIDE
    else:
        limits = MAX_SIDE, LARGEST
    side: float = np.exp(random.uniform(*np.log(limits)))
    return side


def choose_angle(random: Random) -> float:
    """Choose the angle by which a page is turned clockwise, in radians."""
    return random.normal(0, 0.05) if random.random() < UPRIGHT else random.uniform(-0.65, 0.65)


def add_rules(
    random: Random,
    picture: Levels,
    guides: Rows | Strip | Grid,
    side: float,
    frame: Frame,
    colours: Colours,
) -> Levels:
    """Draw lines on a picture, in the ink of digits or in a colour between paper and ink."""
    rules = draw_rules(random, guides, side, frame)
    paper, (first, second) = colours
    is_alike = random.random() < 0.4
    colour = first if is_alike else paper + (second - paper) * random.uniform(0.2, 1.3)
    return lay_on(picture, np.clip(colour, 0, 255), rules * random.uniform(0.4, 1))


def take_picture(
    random: Random, picture: Levels, paper: NDArray[np.float32], contrast: float
) -> tuple[NDArray[np.uint8], Levels]:
    """Take a picture of a page in some surroundings and some light.

    Args:
        random: the source of all variation.
        picture: the page, [PAGE_SIDE, PAGE_SIDE, 3].
        paper: its colour, [3].
        contrast: of its ink, in gray levels.

    Returns:
        The picture taken, and the share of each pixel of the page that is still seen.
    """
    visible = np.ones((PAGE_SIDE, PAGE_SIDE), np.float32)
    if random.random() < ON_PANEL:
        picture, seen = put_panel(random, picture, paper)
        visible *= seen
    if random.random() < ON_DESK:
        picture, seen = put_on_desk(random, picture, paper)
        visible *= seen
    if random.random() < PLAIN:
        taken = np.rint(np.clip(picture, 0, 255)).astype(np.uint8)
    else:
        taken = photograph(random, light_up(random, picture), contrast)
    if random.random() < FRAMED:
        taken, seen = add_margin(random, taken)
        visible *= seen
    return taken, visible
