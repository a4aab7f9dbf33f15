"""What a page is written on: the colours of paper and ink, texture, panels, a sheet on a desk."""

from typing import NamedTuple

import cv2
import numpy as np
from canvas import PAGE_SIDE, Levels, Random
from numpy.typing import NDArray

TEXTURED, PATTERNED = 0.3, 0.06
"""Shares of the pages whose paper has a texture, or a printed pattern."""

MIN_DIFFERENCE = 60
"""Least difference of ink from paper in some channel, in gray levels, where both are random."""

CONTRASTS = (1, 0.9, 0.8, 0.6, 0.35, 0.18)
"""Of ink from pen black to pencil gray, as shares of the paper's brightness."""

PANEL_TURN, SHEET_TURN = 0.02, 0.6
"""Greatest angles, in radians, of panels on a page and of sheets on a desk."""

SHEET_BLUR = 0.6
"""Standard deviation, in pixels, of the edge of a sheet."""

Colour = NDArray[np.float32]
"""Red, green and blue, [3], in [0, 255]."""


class Colours(NamedTuple):
    """The colours of a page."""

    paper: Colour
    inks: tuple[Colour, Colour]  # the one of digits first

    @property
    def contrast(self) -> float:
        """The greatest difference of the first ink from the paper in a channel, in gray levels."""
        return float(abs(self.inks[0] - self.paper).max())


def choose_colours(random: Random) -> Colours:
    """Choose any colours, or dark ink on light paper, or the opposite of that."""
    if random.random() < 0.12:
        return choose_any(random)
    brightness = 255.0 if random.random() < 0.35 else random.uniform(90, 255)
    paper = np.clip(brightness + random.normal(0, random.choice([0, 8, 25]), 3), 0, 255)
    inks = [choose_ink(random, paper, brightness) for _ in range(2)]
    if random.random() < 0.33:
        paper, inks = 255 - paper, [255 - ink for ink in inks]
    first, second = (ink.astype(np.float32) for ink in inks)
    return Colours(paper.astype(np.float32), (first, second))


def choose_any(random: Random) -> Colours:
    """Choose a colour of paper, and of ink that can be seen on it."""
    paper = random.uniform(0, 255, 3)
    inks: list[Colour] = []
    while len(inks) < 2:
        ink = random.uniform(0, 255, 3)
        if abs(ink - paper).max() > MIN_DIFFERENCE:
            inks.append(ink.astype(np.float32))
    return Colours(paper.astype(np.float32), (inks[0], inks[1]))


def choose_ink(
    random: Random, paper: NDArray[np.float64], brightness: float
) -> NDArray[np.float64]:
    """Choose an ink darker than paper [3] whose brightness is given, black or coloured."""
    share = random.choice(CONTRASTS) * random.uniform(0.7, 1)
    contrast = brightness * np.clip(share, 0.1, 1)
    tint = random.uniform(0, 1, 3) if random.random() < 0.5 else np.zeros(3)
    ink: NDArray[np.float64] = np.clip(paper - contrast * (1 - 0.8 * (tint - tint.min())), 0, 255)
    return ink


def make_paper(random: Random, colours: Colours, rough: float) -> Levels:
    """Return a picture of empty paper; ``rough`` is the probability that it is no paper.

    What is on it is in proportion to the ink's contrast.
    """
    picture = np.broadcast_to(colours.paper, (PAGE_SIDE, PAGE_SIDE, 3)).astype(np.float32)
    reach = min(max(colours.contrast / 128, 0.2), 1.0)
    if random.random() < TEXTURED:
        texture = make_noise(random, int(random.integers(8, 64))) * random.uniform(1, 7) * reach
        picture = picture + texture[..., np.newaxis]
    if random.random() < rough:  # cloth, wood, walls
        sizes = random.choice([4, 9, 20, 50], 2)
        first, second = (make_noise(random, int(cells)) for cells in sizes)
        relief = (first + second) * random.uniform(2, 40) * reach
        picture = picture + relief[..., np.newaxis]
    if random.random() < PATTERNED:
        phase = np.linspace(0, random.uniform(20, 120), PAGE_SIDE, dtype=np.float32)
        waves = np.sin(phase + 3 * make_noise(random, 4)) * np.sin(phase[:, np.newaxis])
        picture = picture + waves[..., np.newaxis] * random.uniform(3, 12) * reach
    return picture


def make_noise(random: Random, cells: int) -> Levels:
    """Return smooth noise [PAGE_SIDE, PAGE_SIDE] of about unit deviation around 0."""
    rough = random.standard_normal((cells, cells)).astype(np.float32)
    return np.asarray(cv2.resize(rough, (PAGE_SIDE, PAGE_SIDE), interpolation=cv2.INTER_CUBIC))


def put_panel(random: Random, picture: Levels, paper: Colour) -> tuple[Levels, Levels]:
    """Invert a picture on a panel; return it, and a layer of what is still seen.

    The panel is on the page, or the page ends where it ends.
    """
    panel = make_rectangle(random, PANEL_TURN)
    is_panel = panel[..., np.newaxis] > 0
    inverted = np.where(is_panel, 255 - picture, picture)
    if random.random() < 0.5:
        return np.where(is_panel, inverted, 255 - paper), panel
    return inverted, np.ones_like(panel)


def put_on_desk(random: Random, picture: Levels, paper: Colour) -> tuple[Levels, Levels]:
    """Cut a sheet out of a picture, and put it on a darker desk.

    Return the picture, and a layer of what is still seen.
    """
    sheet = cv2.GaussianBlur(make_rectangle(random, SHEET_TURN), (0, 0), SHEET_BLUR)
    desk = random.uniform(0, 0.75) * paper + random.uniform(0, 40, 3)
    texture = make_noise(random, int(random.integers(4, 40))) * random.uniform(1, 20)
    around = np.clip(desk + texture[..., np.newaxis], 0, 255).astype(np.float32)
    share = sheet[..., np.newaxis]
    return picture * share + around * (1 - share), sheet


def make_rectangle(random: Random, turn: float) -> Levels:
    """Return a layer with a rectangle, turned by up to ``turn`` radians, over most of a page."""
    size = random.uniform(0.35, 1.0, 2) * PAGE_SIDE
    centre = (0.5 + random.uniform(-0.2, 0.2, 2)) * PAGE_SIDE
    degrees = float(np.rad2deg(random.uniform(-turn, turn)))
    corners = cv2.boxPoints((tuple(centre.tolist()), tuple(size.tolist()), degrees))
    layer = np.zeros((PAGE_SIDE, PAGE_SIDE), np.float32)
    cv2.fillPoly(layer, [np.rint(corners).astype(np.int32)], 1.0)
    return layer
