"""The path of a pen that writes digits, from glyphs, as different people write them.

The control points of a glyph are displaced at random and joined by Catmull-Rom splines. Then the
whole path is distorted by a polynomial warp and an affine map.
"""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistcli.datasets.synthetic.glyphs import GLYPHS, Glyph
from mnistcli.images import CLASSES

SAMPLES_PER_GLYPH = 160
"""Points at which the path of a digit is sampled, all its strokes together."""

Points = NDArray[np.float64]
"""Points (x, y), [..., 2]: x to the right and y downwards, in units of a glyph's height."""


class Hand(NamedTuple):
    """How handwriting varies.

    A single number is the standard deviation of a normal distribution with mean 0. A pair is the
    mean and the standard deviation of one, except for ``jitter``. Lengths are in units of a
    glyph's height.
    """

    jitter: tuple[float, float] = (0.008, 0.058)  # displacement of control points: the range of
    # its standard deviation, which is uniformly distributed over digits
    overshoot: float = 0.25  # of a stroke's ends, as a share of the distance to the next point
    warp: float = 0.075  # coefficients of the polynomials
    slant: tuple[float, float] = (0.12, 0.25)  # tangent of the angle, to the right
    rotation: float = 0.18  # radians
    width: tuple[float, float] = (0.1, 0.22)  # natural logarithm of the factor
    tremor: float = 0.004  # displacement of each four successive samples


HANDS = Hand()
"""The variation of the data set."""


class Curve(NamedTuple):
    """The splines of a glyph as arrays."""

    variants: Points  # [variants, points, 2], the control points
    basis: NDArray[np.float64]  # [SAMPLES_PER_GLYPH, points], the weights of the points
    ends: tuple[tuple[int, int], ...]  # control points at the ends of strokes, each with the next


def write(
    random: np.random.Generator,
    digits: NDArray[np.int64],
    hand: Hand,
    glyphs: Sequence[Glyph] = GLYPHS,
) -> Points:
    """Write digits.

    Args:
        random: the source of all variation.
        digits: int64 [N], each 0 to 9.
        hand: how the handwriting varies.
        glyphs: the forms of the digits.

    Returns:
        The paths of the pen, float64 [N, SAMPLES_PER_GLYPH, 2], around (0, 0).
    """
    chosen = choose_glyphs(random, digits, glyphs)
    points: Points = np.empty((len(digits), SAMPLES_PER_GLYPH, 2))
    for number in np.unique(chosen):
        rows = np.flatnonzero(chosen == number)
        points[rows] = trace(random, to_curve(glyphs[number]), len(rows), hand)
    middle = (points.max(axis=1, keepdims=True) + points.min(axis=1, keepdims=True)) / 2
    points = tilt(random, warp(random, points - middle, hand), hand)
    shakes = random.standard_normal((len(digits), SAMPLES_PER_GLYPH // 4, 2))
    return points + hand.tremor * shakes.repeat(4, axis=1)


def choose_glyphs(
    random: np.random.Generator, digits: NDArray[np.int64], glyphs: Sequence[Glyph]
) -> NDArray[np.int64]:
    """Choose a glyph for each digit, with the probabilities that the shares give.

    Args:
        random: the source of the choice.
        digits: int64 [N].
        glyphs: the forms of the digits.

    Returns:
        Indices into ``glyphs``, int64 [N].
    """
    shares = np.array([glyph.share * (glyph.digit == np.arange(CLASSES)) for glyph in glyphs])
    limits = (shares / shares.sum(axis=0)).cumsum(axis=0)
    chosen: NDArray[np.int64] = (limits[:, digits] < random.random(len(digits))).sum(axis=0)
    return chosen


def trace(random: np.random.Generator, curve: Curve, count: int, hand: Hand) -> Points:
    """Trace a glyph ``count`` times, each time a little differently.

    The control points are a random mixture of the glyph's variants; they are displaced, and the
    ends of strokes come too early or too late.

    Returns:
        Paths, float64 [count, SAMPLES_PER_GLYPH, 2], in the glyph's coordinates.
    """
    variants, points, _ = curve.variants.shape
    shares = random.exponential(size=(count, variants)) ** 1.5
    shares /= shares.sum(axis=1, keepdims=True)
    shares += 0.3 * (shares - 1 / variants)  # extrapolates a little beyond the variants
    placed = np.einsum("nv,vpc->npc", shares, curve.variants)
    jitter = random.uniform(*hand.jitter, size=(count, 1, 1))
    placed += jitter * random.standard_normal((count, points, 2))
    for end, following in curve.ends:
        share = hand.overshoot * random.standard_normal((count, 1))
        placed[:, end] += share * (placed[:, end] - placed[:, following])
    traced: Points = np.einsum("sp,npc->nsc", curve.basis, placed)
    return traced


def warp(random: np.random.Generator, points: Points, hand: Hand) -> Points:
    """Distort paths [N, S, 2] around (0, 0) by a polynomial warp, each by one of its own.

    x and y are each displaced by a polynomial of x and y, of degree 3, with random coefficients.
    """
    u, v = 2 * np.moveaxis(points, -1, 0)  # about -1 to 1
    terms = np.stack([u * v, u**2, v**2, 2 * u**2 * v, v**3])
    coefficients = hand.warp * random.standard_normal((len(terms), len(points), 2))
    warped: Points = points + np.einsum("tns,tnc->nsc", terms, coefficients)
    return warped


def tilt(random: np.random.Generator, points: Points, hand: Hand) -> Points:
    """Stretch paths [N, S, 2] horizontally, shear them (slant) and rotate them around (0, 0)."""
    width, slant, angle = random.standard_normal((3, len(points), 1))
    x, y = np.moveaxis(points, -1, 0)
    x = x * np.exp(hand.width[0] + hand.width[1] * width)
    x = x - y * (hand.slant[0] + hand.slant[1] * slant)
    sine, cosine = np.sin(hand.rotation * angle), np.cos(hand.rotation * angle)
    return np.stack([cosine * x - sine * y, sine * x + cosine * y], axis=-1)


@cache
def to_curve(glyph: Glyph) -> Curve:
    """Make the splines of a glyph.

    Sharp corners split a stroke into several splines. The samples are distributed over them by
    chord length, that of the mean of the variants.
    """
    variants = np.array([parse_variant(variant) for variant in glyph.variants])
    mean = variants.mean(axis=0)
    pieces, ends, start = [], [], 0
    for stroke in glyph.variants[0].split("/"):
        words = stroke.split()
        last = start + len(words) - 1
        corners = [start + i for i, word in enumerate(words) if word.endswith("!")]
        knots = sorted({start, *corners, last})
        pieces += [range(a, b + 1) for a, b in pairwise(knots)]
        ends += [(start, start + 1), (last, last - 1)]
        start = last + 1
    lengths = [np.linalg.norm(np.diff(mean[piece], axis=0), axis=1).sum() for piece in pieces]
    limits = np.rint(np.cumsum([0, *lengths]) / sum(lengths) * SAMPLES_PER_GLYPH).astype(int)
    basis = np.zeros((SAMPLES_PER_GLYPH, len(mean)))
    for piece, (first, end) in zip(pieces, pairwise(limits), strict=True):
        basis[first:end, piece] = spline(mean[piece], end - first)
    return Curve(variants, basis, tuple(ends))


def parse_variant(variant: str) -> list[tuple[float, float]]:
    """Return the control points (x, y) of a glyph's variant, in units of its height."""
    pairs = (word.rstrip("!").split(",") for word in variant.replace("/", " ").split())
    return [(float(x) / 100, float(y) / 100) for x, y in pairs]


def spline(points: Points, count: int) -> NDArray[np.float64]:
    """Return the weights of control points [P, 2] in a Catmull-Rom spline, sampled from end to end.

    The spline passes through its control points (Catmull and Rom, "A Class of Local Interpolating
    Splines", 1974, with tension 1/2). It needs one more point beyond each end: the last segment,
    extended by its own length. The samples are evenly spaced in chord length.

    Args:
        points: the control points, at least 2.
        count: number of samples.

    Returns:
        Weights, float64 [count, P]; ``spline(points, count) @ points`` are the samples.
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
