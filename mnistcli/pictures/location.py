"""The digits of a picture, of all sizes: those of its levels, each digit once."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistcli.pictures.decoding import Colours
from mnistcli.pictures.geometry import Box
from mnistcli.pictures.instances import Instance, find_instances
from mnistcli.pictures.locator import Levels, Maps, open_locator
from mnistcli.pictures.parameters import PARAMETERS
from mnistcli.pictures.pyramid import Level, list_scales, make_level


class Located(NamedTuple):
    """A digit that was found."""

    instance: Instance
    level: Level  # that it was found on
    maps: Maps  # of the level
    box: Box  # of its ink, in pixels of the picture


class Found(NamedTuple):
    """What was found in a picture."""

    digits: list[Located]
    candidates: list[Located]  # of lower scores, also of the same digits
    levels: list[tuple[Level, Maps]]  # the coarsest first


def locate(picture: Colours, is_single: bool = False) -> Found:
    """Find the digits of a picture [H, W, 3]; the main candidate if none is probable.

    If it is to be a single digit, the last level is the one after the first that shows any: there,
    the digits of a number that looks like one digit are seen.
    """
    levels: list[tuple[Level, Maps]] = []
    located: list[Located] = []
    candidates: list[Located] = []
    for scale in list_scales(picture.shape):
        if located and is_enough(scale, picture, located, levels, is_single):
            break
        level = make_level(picture, scale)
        maps = open_locator().locate(level.picture)
        levels.append((level, maps))
        for instance in find_instances(maps):
            one = Located(instance, level, maps, to_picture(instance.box, level, picture.shape))
            (located if instance.is_probable else candidates).append(one)
    best = max(candidates, key=weigh, default=None)
    digits = choose(located) if located or not best else [best]
    return Found(digits, candidates, levels)


def weigh(located: Located) -> float:
    """Return how much a digit is the main one of its picture."""
    return located.instance.score * located.box.longer_side


def is_enough(
    scale: float,
    picture: Colours,
    located: list[Located],
    levels: list[tuple[Level, Maps]],
    is_single: bool,
) -> bool:
    """Tell whether no level of a scale is needed, given the digits that coarser levels show."""
    if is_single:
        return levels[-1][0] is not located[0].level
    is_usual = scale <= 1 and max(picture.shape) * scale <= PARAMETERS.usual_side
    return not (is_usual or has_small(located, levels))


def has_small(located: list[Located], levels: list[tuple[Level, Maps]]) -> bool:
    """Tell whether the digits of the finest level are small, so that there may be smaller ones."""
    finest = levels[-1][0]
    sides = [one.instance.box.longer_side for one in located if one.level is finest]
    return bool(sides) and float(np.median(sides)) < PARAMETERS.small_side


def find_doubtful(found: Found) -> list[Located]:
    """Return each candidate that may be a digit beside those that were found."""
    boxes = np.array([one.box for one in found.digits]).reshape(-1, 4)
    return choose(
        [
            one
            for one in found.candidates
            if one.instance.score >= PARAMETERS.min_doubtful
            and not are_covered(boxes, np.array(one.box)).any()
        ]
    )


def choose(located: list[Located]) -> list[Located]:
    """Return each digit once.

    Where a digit of one level covers digits of others, such as a number that looks like a large
    digit, or an 8 whose loops look like zeros, the larger one gives way to several smaller ones
    whose scores are nearly as high, or to one whose score is higher.
    """
    largest_first = sorted(located, key=lambda one: -one.box.area)
    boxes = np.array([one.box for one in largest_first]).reshape(-1, 4)
    scores = np.array([one.instance.score for one in largest_first])
    scales = np.array([one.level.scale for one in largest_first])
    remaining = np.ones(len(largest_first), np.bool_)
    chosen: list[Located] = []
    for number, one in enumerate(largest_first):
        if not remaining[number]:
            continue
        remaining[number] = False
        is_rival = remaining & (scales != scales[number]) & are_covered(boxes, boxes[number])
        best, second = find_best(boxes[is_rival], scores[is_rival])
        if best <= scores[number] and second <= PARAMETERS.outnumbering * scores[number]:
            chosen.append(one)
            remaining &= ~is_rival
    return chosen


def find_best(boxes: NDArray[np.int64], scores: Levels) -> tuple[float, float]:
    """Return the highest of the scores [N], and the highest of another digit's; 0 if there is none.

    Boxes [N, 4] of which one covers the other are of the same digit.
    """
    if not len(scores):
        return 0, 0
    best = scores.argmax()
    is_other = ~are_covered(boxes, boxes[best])
    return float(scores[best]), float(scores[is_other].max(initial=0))


def are_covered(boxes: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which boxes [N, 4] cover another, [4], or are covered by it: it is the same digit."""
    sides = np.minimum(boxes[:, 2:], other[2:]) - np.maximum(boxes[:, :2], other[:2])
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    smaller = np.minimum(areas, (other[2:] - other[:2]).prod())
    covered: NDArray[np.bool_]
    covered = np.maximum(sides, 0).prod(axis=1) > PARAMETERS.max_shared * smaller
    return covered


def to_picture(box: Box, level: Level, shape: tuple[int, ...]) -> Box:
    """Return a box of a level in pixels of its picture [H, W, …], at least one pixel large."""
    edges = (np.array(box) - level.margin) / level.scale
    height, width = shape[:2]
    left, top, right, bottom = np.rint(edges).astype(int).tolist()
    left, top = min(max(left, 0), width - 1), min(max(top, 0), height - 1)
    return Box(left, top, max(min(right, width), left + 1), max(min(bottom, height), top + 1))
