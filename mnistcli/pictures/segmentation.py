"""Connected components grouped into digits, and the reading order of digits.

The rules are this project's own.
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from mnistcli.pictures.components import Component, Components, find_components, join_boxes
from mnistcli.pictures.filters import find_percentile
from mnistcli.pictures.foreground import Ink
from mnistcli.pictures.geometry import Box

MIN_DIGIT_CONTRAST = 8
"""Least contrast, in gray levels of 255, of the strongest ink."""

PALE_CONTRAST = 48
"""Contrast of the strongest ink below which everything above the noise is ink, too."""

THRESHOLDS = (0.25, 0.4, 0.55, 0.7)
"""Least strength of ink, as a share of the strongest; later ones are tried against shadows."""

MAX_BORDER_SHARE = 0.4
"""Share of a component's length on the border above which it is a shadow or an edge."""

MAX_COMPONENTS_OF_DIGIT = 24
"""A group with more, such as a page of text, is not a digit."""

MAX_GAP = 0.25
"""Greatest gap within a digit, as a share of its longer side, as between a 5 and its bar."""


class Segmentation(NamedTuple):
    """The components of a picture, grouped into digits."""

    components: Components
    rows: list[list[list[Component]]]  # rows of digits, each a group of components
    has_more: bool = False  # digits than were looked for


def find_digit(ink: Ink) -> Segmentation:
    """Segment the main digit of a picture."""
    components = find_components(ink.smooth, ink.is_ink)
    if not components.by_mass:
        return Segmentation(components, [])
    main = find_main(components)
    area = main.box.slices
    is_main = components.select([main], area)
    strongest, contrast = (
        find_percentile(levels[area][is_main], 98) for levels in (ink.smooth, ink.contrast)
    )
    if contrast < MIN_DIGIT_CONTRAST:
        return Segmentation(components, [])
    best: Segmentation | None = None
    for threshold in (0, *THRESHOLDS) if contrast < PALE_CONTRAST else THRESHOLDS:
        is_strong = ink.smooth > threshold * strongest
        components = find_components(ink.smooth, ink.is_ink & is_strong)
        if not components.by_mass:
            break
        group = find_group(components, find_main(components))
        found = Segmentation(components, [[group]], has_more_digits(components, group))
        border_pixels = sum(component.border_pixels for component in group)
        border_share = border_pixels / join_boxes(group).longer_side
        if best is None and border_share <= MAX_BORDER_SHARE:
            return found
        is_core = components.select(group) & (ink.smooth > 0.7 * strongest)
        if best is None:
            best, first_core, first_share = found, is_core, border_share
        elif border_share < 0.2 * first_share and is_core[first_core].mean() > 0.8:
            return found
    return best or Segmentation(components, [])


def find_digits(ink: Ink) -> Segmentation:
    """Segment all digits of a picture, row by row."""
    is_ink = ink.is_ink
    if is_ink.any():
        is_ink = is_ink & (ink.smooth > THRESHOLDS[0] * find_percentile(ink.smooth[is_ink], 98))
    components = find_components(ink.smooth, is_ink)
    groups = find_groups(components)
    rows = find_rows([join_boxes(group) for group in groups])
    return Segmentation(components, [[groups[index] for index in row] for row in rows])


def find_groups(components: Components) -> list[list[Component]]:
    """Return the groups of all digits, without what is too small beside the others to be one."""
    inner = [one for one in components.by_mass if one.border_share <= MAX_BORDER_SHARE]
    greatest = max((one.box.height for one in inner), default=0)
    heights = [one.box.height for one in inner if one.box.height >= greatest / 2]
    usual = sorted(heights)[len(heights) // 2] if heights else 0
    groups = []
    while inner:
        remaining = Components(components.labels, tuple(inner))
        group = find_group(remaining, inner[0], max_beside=0.05, max_side=1.3 * usual)
        inner = [one for one in inner if one not in group]
        if join_boxes(group).longer_side >= 0.4 * usual:
            groups.append(group)
    return groups


def has_more_digits(components: Components, group: list[Component]) -> bool:
    """Tell whether other ink is as heavy as a group, or the group is wider than any digit."""
    heavy = [one for one in components.by_mass if one.mass >= 0.2 * group[0].mass]
    if any(one not in group and not one.border_pixels for one in heavy):
        return True
    box = join_boxes(group)
    is_wide = box.width > 1.2 * box.height and sum(one in group for one in heavy) > 1
    return is_wide or len(group) >= MAX_COMPONENTS_OF_DIGIT


def find_main(components: Components) -> Component:
    """Return the heaviest component; one along the picture's border weighs less."""

    def weigh(component: Component) -> float:
        if not component.border_pixels:
            return component.mass
        return component.mass * min(max(1 - 1.5 * component.border_share, 0.02), 0.8)

    return max(components.by_mass, key=weigh)


def find_group(
    components: Components,
    main: Component,
    max_beside: float = 0.1,
    max_side: float = math.inf,
) -> list[Component]:
    """Return the components of a digit, beginning with its main one.

    Args:
        components: of which some may be part of the digit.
        main: the digit's main component.
        max_beside: greatest gap between strokes side by side, as a share of the longer side.
        max_side: greatest height and width of a digit, in pixels.
    """
    group, box = [main], main.box
    remaining = [one for one in components.by_mass if one is not main]
    while len(group) < MAX_COMPONENTS_OF_DIGIT:
        for component in remaining:
            joined = box.join(component.box)
            is_small = joined.longer_side <= max(max_side, main.box.longer_side)
            if is_small and _is_part(components, component, group, box, max_beside):
                break
        else:
            break
        group.append(component)
        box = joined
        remaining.remove(component)
    return group


def _is_part(
    components: Components,
    component: Component,
    group: Sequence[Component],
    box: Box,
    max_beside: float,
) -> bool:
    """Tell whether a component is part of the digit of a group, whose box is given."""
    joined = box.join(component.box)
    share = component.mass / group[0].mass
    if joined == box and not component.border_pixels:
        return True
    if share < 0.012 or box.measure_gap(component.box) > MAX_GAP * joined.longer_side:
        return False
    gap = _measure_distance(components, component, group, joined) / joined.longer_side
    overlap = box.measure_column_overlap(component.box)
    if component.border_pixels:  # cut off by the border: a near part, or a bar above
        height, width = components.labels.shape
        is_band = component.box.width >= 0.95 * width or component.box.height >= 0.95 * height
        is_above = overlap >= 0.2 and gap <= 0.2 and share < 0.8
        return not is_band and (gap <= 0.05 or is_above)
    if share < 0.04:  # a stray dot, unless very near
        return gap <= 0.06
    return gap <= (MAX_GAP if overlap >= 0.5 else max_beside)


def find_rows(boxes: Sequence[Box]) -> list[list[int]]:
    """Return the indices of boxes row by row from the top, each from left to right.

    A box continues the row whose last box it is beside, so rows may rise or fall.
    """
    rows: list[list[int]] = []
    for index in sorted(range(len(boxes)), key=lambda i: boxes[i].left):
        overlaps = [boxes[row[-1]].measure_row_overlap(boxes[index]) for row in rows]
        if overlaps and max(overlaps) >= 0.5:
            rows[overlaps.index(max(overlaps))].append(index)
        else:
            rows.append([index])
    return sorted(rows, key=lambda row: sum(boxes[i].top + boxes[i].bottom for i in row) / len(row))


def _measure_distance(
    components: Components, component: Component, group: Iterable[Component], around: Box
) -> float:
    """Return the least distance, in pixels, between a component and a group, within a box.

    It is read off the group's distance transform (Borgefors, "Distance Transformations in Digital
    Images", 1986).
    """
    is_elsewhere = ~components.select(group, around.slices)
    distances = cv2.distanceTransform(is_elsewhere.astype(np.uint8), cv2.DIST_L2, 5)
    return float(distances[components.select([component], around.slices)].min()) - 1
