"""Glyphs as hands write them: points displaced, joined by splines, then warped and slanted."""

from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistcli.datasets.synthetic.glyphs import GLYPHS, Glyph
from mnistcli.images import CLASSES

SAMPLES = 160
"""Places that the pen touches on its way through a glyph."""

Points = NDArray[np.float64]
"""Places [..., 2], x to the right and y downwards, in heights of a digit."""


class Hand(NamedTuple):
    """How hands differ: standard deviations; pairs are a mean and a deviation, but of jitter."""

    jitter: tuple[float, float] = (0.008, 0.058)  # of points, in heights: from one to the other
    overshoot: float = 0.25  # of a stroke's ends, as a share of the way from the next point
    warp: float = 0.075  # of each term, in heights
    slant: tuple[float, float] = (0.12, 0.25)  # to the right, of its tangent
    rotation: float = 0.18  # radians
    width: tuple[float, float] = (0.1, 0.22)  # of its natural logarithm
    tremor: float = 0.004  # in heights


HANDS = Hand()
"""Those of the data set."""


class Curve(NamedTuple):
    """A glyph as arrays."""

    ways: Points  # [ways, points, 2]
    basis: NDArray[np.float64]  # [SAMPLES, points]: a sample is a weighted sum of the points
    ends: tuple[tuple[int, int], ...]  # the points at the ends of strokes, each with the next


def write(random: np.random.Generator, digits: NDArray[np.int64], hand: Hand) -> Points:
    """Return the pen's places, [N, SAMPLES, 2] around (0, 0), in writing digits [N]."""
    chosen = choose_glyphs(random, digits)
    points = np.empty((len(digits), SAMPLES, 2))
    for number in np.unique(chosen):
        rows = np.flatnonzero(chosen == number)
        points[rows] = trace(random, to_curve(GLYPHS[number]), len(rows), hand)
    middle = (points.max(axis=1, keepdims=True) + points.min(axis=1, keepdims=True)) / 2
    points = tilt(random, warp(random, points - middle, hand), hand)
    shakes = random.standard_normal((len(digits), SAMPLES // 4, 2))
    return points + hand.tremor * shakes.repeat(4, axis=1)


def choose_glyphs(random: np.random.Generator, digits: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the number of one of the glyphs of each digit, as often as its share says."""
    shares = np.array([glyph.share * (glyph.digit == np.arange(CLASSES)) for glyph in GLYPHS])
    limits = (shares / shares.sum(axis=0)).cumsum(axis=0)
    chosen: NDArray[np.int64] = (limits[:, digits] < random.random(len(digits))).sum(axis=0)
    return chosen


def trace(random: np.random.Generator, curve: Curve, count: int, hand: Hand) -> Points:
    """Return places [count, SAMPLES, 2] along a curve between the glyph's ways and around them."""
    ways, points, _ = curve.ways.shape
    shares = random.exponential(size=(count, ways)) ** 1.5
    shares /= shares.sum(axis=1, keepdims=True)
    shares += 0.3 * (shares - 1 / ways)  # a little beyond the ways, too
    placed = np.einsum("nw,wpc->npc", shares, curve.ways)
    jitter = random.uniform(*hand.jitter, size=(count, 1, 1))
    placed += jitter * random.standard_normal((count, points, 2))
    for end, following in curve.ends:
        share = hand.overshoot * random.standard_normal((count, 1))
        placed[:, end] += share * (placed[:, end] - placed[:, following])
    traced: Points = np.einsum("sp,npc->nsc", curve.basis, placed)
    return traced


def warp(random: np.random.Generator, points: Points, hand: Hand) -> Points:
    """Bend the paper: displace x and y by polynomials of both with random coefficients."""
    u, v = 2 * np.moveaxis(points, -1, 0)  # about -1 to 1
    terms = np.stack([u * v, u**2, v**2, 2 * u**2 * v, v**3])
    coefficients = hand.warp * random.standard_normal((len(terms), len(points), 2))
    warped: Points = points + np.einsum("tns,tnc->nsc", terms, coefficients)
    return warped


def tilt(random: np.random.Generator, points: Points, hand: Hand) -> Points:
    """Widen, slant and turn."""
    width, slant, angle = random.standard_normal((3, len(points), 1))
    x, y = np.moveaxis(points, -1, 0)
    x = x * np.exp(hand.width[0] + hand.width[1] * width)
    x = x - y * (hand.slant[0] + hand.slant[1] * slant)
    sine, cosine = np.sin(hand.rotation * angle), np.cos(hand.rotation * angle)
    return np.stack([cosine * x - sine * y, sine * x + cosine * y], axis=-1)


@cache
def to_curve(glyph: Glyph) -> Curve:
    """Turn a glyph's text into arrays, its samples evenly apart along the mean of its ways."""
    ways = np.array([parse(way) for way in glyph.ways])
    mean = ways.mean(axis=0)
    pieces, ends, start = [], [], 0
    for stroke in glyph.ways[0].split("/"):
        words = stroke.split()
        last = start + len(words) - 1
        corners = [start + i for i, word in enumerate(words) if word.endswith("!")]
        knots = sorted({start, *corners, last})
        pieces += [range(a, b + 1) for a, b in pairwise(knots)]
        ends += [(start, start + 1), (last, last - 1)]
        start = last + 1
    lengths = [np.linalg.norm(np.diff(mean[piece], axis=0), axis=1).sum() for piece in pieces]
    limits = np.rint(np.cumsum([0, *lengths]) / sum(lengths) * SAMPLES).astype(int)
    basis = np.zeros((SAMPLES, len(mean)))
    for piece, (first, end) in zip(pieces, pairwise(limits), strict=True):
        basis[first:end, piece] = spline(mean[piece], end - first)
    return Curve(ways, basis, tuple(ends))


def parse(way: str) -> list[tuple[float, float]]:
    """Return the points of a way, in heights of a digit."""
    pairs = (word.rstrip("!").split(",") for word in way.replace("/", " ").split())
    return [(float(x) / 100, float(y) / 100) for x, y in pairs]


def spline(points: Points, count: int) -> NDArray[np.float64]:
    """Return the weights, [count, points], of points in places evenly apart from first to last.

    The curve goes through the points: Catmull and Rom, "A Class of Local Interpolating Splines",
    1974, with tension 1/2. It needs a further point at each end, which is put on a straight line.
    """
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    along = np.concatenate([[0], lengths.cumsum()])
    places = np.interp(np.linspace(0, along[-1], count), along, np.arange(len(points)))
    before = np.minimum(places.astype(int), len(points) - 2)
    t = places - before
    rows = np.arange(count)
    weights = np.zeros((count, len(points) + 2))
    weights[rows, before] = (-t + 2 * t**2 - t**3) / 2
    weights[rows, before + 1] = (2 - 5 * t**2 + 3 * t**3) / 2
    weights[rows, before + 2] = (t + 4 * t**2 - 3 * t**3) / 2
    weights[rows, before + 3] = (t**3 - t**2) / 2
    first, last = weights[:, :1], weights[:, -1:]
    inner: NDArray[np.float64] = weights[:, 1:-1]
    inner[:, :2] += first * [2, -1]
    inner[:, -2:] += last * [-1, 2]
    return inner
