"""Images of what is no digit, normalized as a user's pictures are, to train the detector on.

Hendrycks, Mazeika and Dietterich, "Deep Anomaly Detection with Outlier Exposure", 2019.
"""

from collections.abc import Callable, Iterable
from functools import partial

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from signs import LETTERS, PRINTED, SYMBOLS, Signs, print_sign, write_signs
from variations import vary

from mnistcli.datasets.synthetic.handwriting import Points, spline
from mnistcli.datasets.synthetic.rasterizer import PENS, Pen, draw
from mnistcli.images import SIDE, Gray
from mnistcli.pictures.geometry import find_bounds
from mnistcli.pictures.normalization import normalize
from mnistcli.system.parallel import map_ahead

LINE = 480
"""Places that the pen touches on its way through a scribble."""

SHAPES = 64
"""Rows and columns of a picture of filled shapes."""

NARROW = 18
"""Columns of an enlarged digit that must stand apart to be seen as one of several, as a 1 must."""

STRAIGHT = 0.28
"""Most width of a 1, in its length, both standard deviations."""

MARKERS = Pen(radius=(0.75, 0.4))
"""Pens bolder than digits are written with."""

BLOCK = 1000
"""Outliers made together, as a function of the seed and the block's number."""

VARIED = 0.6
"""Share of the outliers that are varied as digits are."""

Make = Callable[[np.random.Generator, int, Gray], Iterable[Gray]]
"""Makes ink of any size, of the number asked for, from digits, [M, 28, 28], if it needs them."""


def make(seed: int, count: int, digits: Gray) -> Gray:
    """Make about ``count`` outliers, uint8 [N, 28, 28], on all cores.

    Those of several digits are put together from normalized ``digits``, uint8 [M, 28, 28].
    """
    blocks = range(-(-count // BLOCK))
    return np.concatenate([*map_ahead(partial(make_block, seed, digits), blocks)])


def make_block(seed: int, digits: Gray, block: int) -> Gray:
    """Make the outliers of one block, uint8 [N, 28, 28], kind by kind."""
    random = np.random.default_rng([seed, block])
    return np.concatenate(
        [
            make_kind(random, name, round(BLOCK * share), digits)
            for name, (share, _) in KINDS.items()
        ]
    )


def make_kind(random: np.random.Generator, name: str, count: int, digits: Gray) -> Gray:
    """Make outliers of one kind, uint8 [N, 28, 28]; fewer than ``count`` if some look like a 1."""
    _, make = KINDS[name]
    images = drop_bars(np.stack([normalize(ink).image for ink in make(random, count, digits)]))
    chosen = random.random(len(images)) < VARIED
    images[chosen] = vary(random, images[chosen])
    return images


def drop_bars(images: Gray) -> Gray:
    """Return those of the images [N, 28, 28] that are no straight stroke, which may be a 1."""
    return images[[not is_bar(image) for image in images]]


def is_bar(image: Gray) -> bool:
    """Tell whether an image [28, 28] has one straight stroke that is less than 60° from upright."""
    ink, places = image / image.sum(), np.arange(SIDE)
    y, x = places - ink.sum(axis=1) @ places, places - ink.sum(axis=0) @ places
    spread = np.array(
        [[x**2 @ ink.sum(axis=0), y @ ink @ x], [y @ ink @ x, y**2 @ ink.sum(axis=1)]]
    )
    (across, along), axes = np.linalg.eigh(spread)
    return bool(across < STRAIGHT**2 * along and abs(axes[1, 1]) > 0.5)


def write(
    signs: Signs, random: np.random.Generator, count: int, digits: Gray | None = None
) -> Gray:
    """Draw letters or symbols, as digits are drawn."""
    return draw(random, write_signs(random, signs, count), PENS)


def prints(random: np.random.Generator, count: int, digits: Gray) -> Iterable[Gray]:
    """Print letters."""
    return (print_sign(random, PRINTED) for _ in range(count))


def scribbles(random: np.random.Generator, count: int, digits: Gray) -> Iterable[Gray]:
    """Draw scribbles, by pens and by markers."""
    points = np.stack([SCRIBBLES[i](random) for i in random.integers(0, len(SCRIBBLES), count)])
    points = turn(random, points)
    half = count // 2
    return [*draw(random, points[:half], PENS), *draw(random, points[half:], MARKERS)]


def turn(random: np.random.Generator, points: Points) -> Points:
    """Squeeze and turn ways [N, S, 2], by any angle."""
    angles = random.uniform(0, 2 * np.pi, (len(points), 1))
    x, y = np.moveaxis(points - points.mean(axis=1, keepdims=True), -1, 0)
    y = y * np.exp(random.uniform(-0.4, 0, angles.shape))
    sine, cosine = np.sin(angles), np.cos(angles)
    return np.stack([cosine * x - sine * y, sine * x + cosine * y], axis=-1)


def wander(random: np.random.Generator) -> Points:
    """Return a way [LINE, 2] with a direction that changes at random, by bends or by corners."""
    angles = random.normal(0, 1.3, random.integers(9, 50)).cumsum()
    points = np.stack([np.cos(angles), np.sin(angles)], axis=-1).cumsum(axis=0)
    return smooth(points) if random.random() < 0.5 else straight(points)


def zigzag(random: np.random.Generator) -> Points:
    """Return a way [LINE, 2] to and fro, with corners or without."""
    count = random.integers(5, 16)
    x = np.linspace(0, random.uniform(0.6, 3), count) + random.normal(0, 0.06, count)
    y = np.arange(count) % 2 + random.normal(0, random.uniform(0, 0.2), count)
    points = np.stack([x, y], axis=-1)
    return smooth(points) if random.random() < 0.5 else straight(points)


def spiral(random: np.random.Generator) -> Points:
    """Return a way [LINE, 2] around and around, outwards."""
    angles = np.linspace(0, 2 * np.pi * random.uniform(2, 6), LINE) + random.uniform(0, 2 * np.pi)
    radii = random.uniform(0, 0.4) + np.linspace(0, 1, LINE) ** random.uniform(0.7, 1.3)
    radii *= 1 + random.uniform(0, 0.15) * np.sin(angles * random.uniform(0.2, 3))
    return np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=-1)


def runes(random: np.random.Generator) -> Points:
    """Return a way [LINE, 2] through two to four strokes between places of a grid, as of a sign."""
    count = int(random.integers(2, 5))
    ways = []
    for _ in range(count):
        places = random.integers(0, [3, 4], (random.integers(3 if count == 2 else 2, 5), 2))
        corners = places * [0.5, 0.4] + random.normal(0, 0.06, places.shape)
        way = smooth(corners) if random.random() < 0.5 else straight(corners)
        ways.append(way[:: count + 1])
    return np.resize(np.concatenate(ways), (LINE, 2))


def drift(random: np.random.Generator) -> Points:
    """Return a way [LINE, 2] of steps whose power falls with their frequency."""
    roughness = random.uniform(0.9, 2.2)
    waves = np.arange(1, random.integers(6, 80))[:, np.newaxis]
    sizes = random.standard_normal((2, len(waves), 2)) * waves**-roughness
    phases = np.pi * waves.T * np.linspace(0, 1, LINE)[:, np.newaxis]
    way: Points = np.cos(phases) @ sizes[0] + np.sin(phases) @ sizes[1]
    return way


def smooth(points: Points) -> Points:
    """Return a way [LINE, 2] that goes smoothly through points [P, 2]."""
    way: Points = spline(points, LINE) @ points
    return way


def straight(points: Points) -> Points:
    """Return a way [LINE, 2] that goes straight from one to the next of points [P, 2]."""
    places, knots = np.linspace(0, len(points) - 1, LINE), np.arange(len(points))
    return np.stack([np.interp(places, knots, points[:, axis]) for axis in (0, 1)], axis=-1)


SCRIBBLES = (wander, wander, drift, drift, drift, zigzag, spiral, runes, runes, runes)


def numbers(random: np.random.Generator, count: int, digits: Gray) -> Iterable[Gray]:
    """Put two to four digits side by side or in two rows."""
    return (put_together(random, digits) for _ in range(count))


def words(random: np.random.Generator, count: int, digits: Gray) -> Iterable[Gray]:
    """Put two to four letters side by side or in two rows, some of them with a digit."""
    pool = np.stack([normalize(ink).image for ink in write(LETTERS, random, max(count, 100))])
    mixed = np.concatenate([pool, random.choice(digits, len(pool) // 4)])
    return (put_together(random, mixed) for _ in range(count))


def put_together(random: np.random.Generator, pool: Gray) -> Gray:
    """Put two to four of the normalized images [M, 28, 28] side by side or in two rows."""
    count = int(random.choice([2, 3, 4], p=[0.55, 0.3, 0.15]))
    parts = [resize(random, crop(image)) for image in random.choice(pool, count)]
    if random.random() < 0.75:
        return join(random, parts)
    rows = [join(random, part) for part in (parts[: count // 2], parts[count // 2 :])]
    return join(random, [row.T for row in rows]).T


def crop(image: Gray) -> Gray:
    """Crop a normalized image [28, 28] to its ink."""
    return image[find_bounds(image > 50).slices]


def resize(random: np.random.Generator, ink: Gray) -> Gray:
    """Make larger or smaller, bolder or thinner."""
    scale = random.uniform(1.2, 2)
    size = tuple(max(2, round(side * scale)) for side in reversed(ink.shape))
    large = Image.fromarray(ink).resize(size, Image.Resampling.BICUBIC)
    return np.asarray(large.filter(ImageFilter.MaxFilter(3)) if random.random() < 0.6 else large)


def join(random: np.random.Generator, parts: list[Gray]) -> Gray:
    """Put parts of any size side by side, touching here and there."""
    rows = max(len(part) for part in parts)
    paper = np.zeros((rows + 12, sum(part.shape[1] + 12 for part in parts)), np.uint8)
    left = 0
    for i, part in enumerate(parts):
        height, width = part.shape
        if i:
            is_narrow = min(width, parts[i - 1].shape[1]) < NARROW
            left += int(random.integers(5 if is_narrow else -2, 12))
        top = int((rows + 12 - height) * np.clip(random.normal(0.5, 0.2), 0, 1))
        place = paper[top : top + height, max(left, 0) : max(left, 0) + width]
        np.maximum(place, part[:, : place.shape[1]], out=place)
        left += width
    return paper


def blobs(random: np.random.Generator, count: int, digits: Gray) -> Iterable[Gray]:
    """Draw one to three filled shapes, with crisp edges or soft ones."""
    return (fill_shapes(random, int(random.integers(1, 4)), 0.6) for _ in range(count))


def fill_shapes(random: np.random.Generator, count: int, least: float) -> Gray:
    """Draw rectangles, ellipses and polygons, light on black, [SHAPES, SHAPES].

    Their shorter side is at least the share ``least`` of the longer one.
    """
    picture = Image.new("L", (SHAPES, SHAPES))
    pencil = ImageDraw.Draw(picture)
    for level in random.integers(90, 256, count):
        side = random.uniform(0.1, 0.4) * SHAPES
        half = side * np.array([1, random.uniform(least, 1)])[random.permutation(2)]
        middle = random.uniform(0.4, SHAPES - 0.4, 2) * 0.6 + 0.2 * SHAPES
        around = np.arange(random.integers(3, 9))
        angles = random.uniform(0, 2 * np.pi) + 2 * np.pi * around / len(around)
        angles += random.uniform(0, 0.8, len(around))
        corners = middle + half * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
        box = [*(middle - half), *(middle + half)]
        shape = random.integers(3)
        if shape == 0:
            pencil.ellipse(box, fill=int(level))
        elif shape == 1:
            pencil.rectangle(box, fill=int(level))
        else:
            pencil.polygon([tuple(corner) for corner in corners], fill=int(level))
    turned = picture.rotate(random.uniform(-45, 45), Image.Resampling.BILINEAR)
    radius = float(random.choice([0.1, 0.8, 3]))
    return np.asarray(turned.filter(ImageFilter.GaussianBlur(radius)))


KINDS: dict[str, tuple[float, Make]] = {
    "letters": (0.26, partial(write, LETTERS)),
    "prints": (0.21, prints),
    "symbols": (0.13, partial(write, SYMBOLS)),
    "scribbles": (0.19, scribbles),
    "numbers": (0.13, numbers),
    "words": (0.05, words),
    "blobs": (0.03, blobs),
}
"""Each kind of outlier: its share, and what makes it."""
