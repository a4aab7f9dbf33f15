"""How much of what is to be found on composed pages is found."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pages import Arrays, Page
from targets import GRID

from mnistcli.images import Gray
from mnistcli.pictures.geometry import find_bounds
from mnistcli.pictures.instances import Instance, find_instances
from mnistcli.pictures.locator import Locator, Maps

NEAR = 0.25
"""Longest distance from a digit's centre, in its side, at which it is found."""

IS_INK = 0.5
"""Least coverage, or probability, of what is compared as ink."""


class Truth(NamedTuple):
    """A digit to be found."""

    x: float  # of its centre, in pixels
    y: float
    side: float  # longer side of what is seen of it, in pixels


class Score(NamedTuple):
    """What was found on a page."""

    digits: int  # to be found
    found: int  # of them
    false: int  # found where there is no digit, or one that was found already
    shared: int  # pixels of ink that are found, and to be found
    united: int  # pixels of ink that are found, or to be found


class Scores(NamedTuple):
    """What was found on pages."""

    recall: float  # share of the digits
    false_per_page: float  # number of false digits
    ink_iou: float  # mean, of the pages with ink, of shared pixels / united pixels


def score_all(locator: Locator, arrays: Arrays) -> Scores:
    """Locate digits on pages, whose fields are given as :func:`pages.compose_all` returns them."""
    pages = (Page(*fields) for fields in zip(*arrays, strict=True))
    return summarize(score(locator.locate(page.picture), page) for page in pages)


def summarize(scores: Iterable[Score]) -> Scores:
    """Summarize the scores of pages, of which at least one has digits."""
    digits, found, false, shared, united = np.array([*scores]).T
    has_ink = united > 0
    iou = float((shared[has_ink] / united[has_ink]).mean())
    return Scores(float(found.sum() / digits.sum()), float(false.mean()), iou)


def score(maps: Maps, page: Page) -> Score:
    """Compare what maps show with what is to be found; what is ignored is neither right nor wrong.

    A digit is found once, by the most probable instance near it.
    """
    truths = list_digits(page.ink, page.offsets)
    missing, false = set(range(len(truths))), 0
    for instance in sorted(find_instances(maps), key=lambda instance: -instance.score):
        x, y = find_centre(instance)
        distances = {number: measure_distance(truths[number], x, y) for number in missing}
        near = [number for number in missing if distances[number] <= NEAR * truths[number].side]
        if near:
            missing.remove(min(near, key=distances.__getitem__))
        elif not page.is_ignored[int(y) // GRID, int(x) // GRID]:
            false += 1
    is_asked = np.kron(page.is_ignored, np.ones((GRID, GRID), np.uint8)) == 0
    is_found, is_ink = maps.ink > IS_INK, page.ink > IS_INK * 255
    shared, united = (is_found & is_ink & is_asked), (is_found | is_ink) & is_asked
    found = len(truths) - len(missing)
    return Score(len(truths), found, false, int(shared.sum()), int(united.sum()))


def list_digits(ink: Gray, offsets: NDArray[np.int8]) -> list[Truth]:
    """Return the digits of a page, whose ink [H, W] votes for their centres, [H, W, 2]."""
    rows, columns = np.nonzero(ink)
    votes = np.stack([columns, rows], axis=-1) + offsets[rows, columns]
    centres, owners = np.unique(votes, axis=0, return_inverse=True)
    truths = []
    for number, (x, y) in enumerate(centres.tolist()):
        is_own = np.zeros(ink.shape, bool)
        is_own[rows[owners == number], columns[owners == number]] = True
        truths.append(Truth(x, y, find_bounds(is_own).longer_side))
    return truths


def find_centre(instance: Instance) -> tuple[float, float]:
    """Return x and y of the centre of an instance's box; pixels have whole numbers."""
    left, top, right, bottom = instance.box
    return (left + right - 1) / 2, (top + bottom - 1) / 2


def measure_distance(truth: Truth, x: float, y: float) -> float:
    """Return the distance, in pixels, of a digit's centre to a place."""
    return float(np.hypot(truth.x - x, truth.y - y))
