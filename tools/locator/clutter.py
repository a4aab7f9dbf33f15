"""What else is on a page: scribbles, blots, specks, and a watermark of signs."""

import cv2
import numpy as np
from canvas import PAGE_SIDE, Levels, Random, make_layer
from glyphs import Pool, take_sign
from placing import place

from mnistcli.images import Gray


def draw_watermark(random: Random, pool: Pool, side: float, style: float) -> Levels:
    """Return a layer of pale signs, anywhere and at any angle, about as large as the digits."""
    layer = make_layer()
    for _ in range(int(random.integers(1, 14))):
        sign = take_sign(random, pool)
        x, y = random.uniform(0, PAGE_SIDE, 2).tolist()
        size, angle = side * random.uniform(0.5, 2), random.uniform(-0.8, 0.8)
        placed = place(random, sign, size, (x, y), angle, style)
        if placed is not None:
            np.maximum(layer, placed.levels, out=layer)
    layer *= random.uniform(0.04, 0.3)
    return layer


def scribble(random: Random) -> Levels:
    """Return a layer with a curve, specks or blots."""
    ink = np.zeros((PAGE_SIDE, PAGE_SIDE), np.uint8)
    kind = random.random()
    if kind < 0.4:
        draw_curve(random, ink)
    elif kind < 0.7:
        draw_specks(random, ink)
    else:
        draw_blots(random, ink)
    return ink.astype(np.float32) / 255


def draw_curve(random: Random, ink: Gray) -> None:
    """Draw a line with rounded corners."""
    corners = random.uniform(0, PAGE_SIDE, (int(random.integers(3, 9)), 2))
    numbers = np.arange(len(corners))
    steps = np.linspace(0, len(corners) - 1, 80)
    points = np.stack([np.interp(steps, numbers, corners[:, i]) for i in (0, 1)], axis=-1)
    rounded = cv2.blur(points.astype(np.float32), (1, 9))
    width = int(random.integers(1, 6))
    cv2.polylines(ink, [np.rint(rounded).astype(np.int32)], False, 255, width, cv2.LINE_AA)


def draw_specks(random: Random, ink: Gray) -> None:
    """Draw discs of one to five pixels."""
    for _ in range(int(random.integers(1, 30))):
        x, y = random.integers(0, PAGE_SIDE, 2).tolist()
        cv2.circle(ink, (x, y), int(random.integers(0, 3)), 255, -1, cv2.LINE_AA)


def draw_blots(random: Random, ink: Gray) -> None:
    """Draw ellipses, filled or hollow."""
    for _ in range(int(random.integers(1, 4))):
        middle = random.integers(0, PAGE_SIDE, 2).tolist()
        axes = random.integers(3, 40, 2).tolist()
        width = -1 if random.random() < 0.5 else int(random.integers(1, 6))
        cv2.ellipse(ink, middle, axes, random.uniform(0, 180), 0, 360, 255, width, cv2.LINE_AA)
