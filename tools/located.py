"""What the locator finds on composed pages, digits and others, for the other two networks.

What is left there of lines, neighbours and grain, they see in people's pictures too.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
from canvas import Random
from forms import CALM, WORLD
from glyphs import NO_DIGIT, Pool, make_pool
from numpy.typing import NDArray
from pages import Scene, make_scene
from scoring import find_centre
from targets import measure_visible

from mnistcli.datasets.synthetic.handwriting import write
from mnistcli.images import Gray
from mnistcli.pictures.extraction import extract
from mnistcli.pictures.geometry import Box
from mnistcli.pictures.instances import Instance, find_instances
from mnistcli.pictures.location import Located
from mnistcli.pictures.locator import open_locator
from mnistcli.pictures.parameters import PARAMETERS
from mnistcli.pictures.pyramid import Level
from mnistcli.system.parallel import map_ahead

BLOCK = 500
"""Images located together, as a function of the seed and the block's number."""

NEAR, ALIKE = 0.2, 1.25
"""Greatest distance of centres, in a digit's side, and greatest factor between longer sides, of a
digit on a page and the one that is located there."""

MIN_SEEN, MIN_SCORE = 0.85, 0.5
"""Least share of a digit's ink that must be seen, and its least score."""

Labels = NDArray[np.int64]


def locate_all(
    seed: int, digits: Gray, labels: NDArray[np.uint8], count: int
) -> tuple[Gray, Labels]:
    """Return at least ``count`` images, uint8 [N, 28, 28], and their labels, or NO_DIGIT, [N].

    ``digits``, [M, 28, 28], and their ``labels``, [M], are MNIST's.
    """
    blocks = map_ahead(partial(locate_block, seed, digits, labels), range(-(-count // BLOCK)))
    images, answers = zip(*blocks, strict=True)
    return np.concatenate(images), np.concatenate(answers)


def locate_block(
    seed: int, digits: Gray, labels: NDArray[np.uint8], block: int
) -> tuple[Gray, Labels]:
    """Return the images of one block, and their labels; see :func:`locate_all`."""
    random = np.random.default_rng([seed, block])
    pool = make_pool(random, digits, labels)
    pool = pool._replace(paths=write(random, pool.path_labels, CALM, WORLD))
    found: list[tuple[Gray, int]] = []
    while len(found) < BLOCK:
        found += locate_labelled(random, pool)
    images, answers = zip(*found, strict=True)
    return np.stack(images), np.array(answers)


def locate_labelled(random: Random, pool: Pool) -> Iterator[tuple[Gray, int]]:
    """Yield what is found on a page, with its label: well seen digits, and what is no digit."""
    scene = make_scene(random, pool)
    maps = open_locator().locate(scene.picture)
    level = Level(scene.picture, 1, 0)
    angle = scene.angle if abs(scene.angle) > PARAMETERS.min_angle else 0
    for instance in find_instances(maps):
        label = find_label(scene, instance)
        if label is not None:
            yield extract(Located(instance, level, maps, instance.box), angle).image, label


def find_label(scene: Scene, instance: Instance) -> int | None:
    """Return the label of an instance on a page, NO_DIGIT, or None for a doubtful case."""
    middle = find_centre(instance)
    for one in scene.placed:
        distance = np.hypot(*np.subtract(one.centre, middle))
        factor = one.side / instance.box.longer_side
        is_alike = distance < NEAR * one.side and 1 / ALIKE < factor < ALIKE
        if one.label != NO_DIGIT and is_alike and measure_visible(one, scene.visible) >= MIN_SEEN:
            return one.label if instance.score > MIN_SCORE else None
    return None if has_digit(scene, instance.box) else NO_DIGIT


def has_digit(scene: Scene, box: Box) -> bool:
    """Tell whether a box on a page has ink of a digit, also of a part of one."""
    owners = np.unique(scene.written.owners[box.slices])
    return any(scene.placed[owner].label != NO_DIGIT for owner in owners if owner >= 0)
