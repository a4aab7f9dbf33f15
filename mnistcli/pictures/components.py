"""Connected components of ink."""

from collections.abc import Iterable
from functools import reduce
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mnistcli.pictures.geometry import Box, Slices, take_border

MIN_MASS = 0.004
"""Least mass of a component, as a share of the heaviest one's; lighter ones are specks."""

MAX_COMPONENTS = 300
"""Number of components that are looked at, the heaviest first."""


class Component(NamedTuple):
    """Connected ink."""

    label: int  # its number in Components.labels
    box: Box
    mass: float  # sum of the strength of its ink
    border_pixels: int  # on the picture's border

    @property
    def border_share(self) -> float:
        """Pixels on the picture's border, as a share of the longer side of its box."""
        return self.border_pixels / self.box.longer_side


class Components(NamedTuple):
    """The connected components of a picture's ink, without specks."""

    labels: NDArray[np.int32]  # [H, W], 0 for background
    by_mass: tuple[Component, ...]  # the heaviest first

    def select(self, group: Iterable[Component], area: Slices = np.s_[:, :]) -> NDArray[np.bool_]:
        """Return the mask of some components, bool [h, w], in some rows and columns."""
        labels = self.labels[area]
        selected: NDArray[np.bool_]
        selected = np.logical_or.reduce([labels == component.label for component in group])
        return selected


def find_components(strength: NDArray[np.float32], is_ink: NDArray[np.bool_]) -> Components:
    """Find the 8-connected components of a mask [H, W], with the strength [H, W] of its ink.

    Connected-component labelling is OpenCV's (Bolelli et al., "Spaghetti Labeling", IEEE
    Transactions on Image Processing 29, 2020).
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(is_ink.astype(np.uint8))
    masses = np.bincount(labels[is_ink], strength[is_ink], count)
    border_pixels = np.bincount(take_border(labels), minlength=count)
    order = np.argsort(-masses, kind="stable")[:MAX_COMPONENTS]
    return Components(
        labels,
        tuple(
            Component(
                int(label),
                Box(x, y, x + width, y + height),
                float(masses[label]),
                int(border_pixels[label]),
            )
            for label in order
            for x, y, width, height in [stats[label, :4].tolist()]
            if label and masses[label] >= MIN_MASS * masses[order[0]]
        ),
    )


def join_boxes(group: Iterable[Component]) -> Box:
    """Return the smallest box around some components."""
    return reduce(Box.join, (component.box for component in group))
