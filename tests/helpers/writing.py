"""Pages of synthetic digits, whose boxes and images are known."""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcli.datasets.synthetic import dataset as synthetic
from mnistcli.pictures.geometry import Box, find_bounds

Colour = tuple[int, int, int]

BLACK, WHITE = (20, 20, 20), (235, 235, 235)


class Page(NamedTuple):
    """Digits, in the order in which they were written."""

    ink: NDArray[np.float64]  # [H, W], in [0, 1]
    boxes: list[Box]
    images: list[NDArray[np.uint8]]  # [28, 28] of each digit, normalized

    def paint(self, ink: Colour = BLACK, paper: Colour = WHITE) -> NDArray[np.uint8]:
        """Return a picture [H, W, 3] of two colours."""
        share = self.ink[..., np.newaxis]
        return np.rint(share * ink + (1 - share) * np.array(paper)).astype(np.uint8)


@cache
def draw_digits(label: int) -> NDArray[np.uint8]:
    """Return synthetic images [N, 28, 28] of a digit, the most usual ones first."""
    images, labels = synthetic.draw_images(5, 1000)
    of_label = images[labels == label]
    flat = of_label.reshape(len(of_label), -1)
    likeness = np.corrcoef(flat, flat.mean(axis=0))[-1, :-1]
    return of_label[np.argsort(-likeness)]


def write(shape: tuple[int, int], *digits: tuple[int, int, int, int]) -> Page:
    """Write digits (label, left, top, longer side) on a page [H, W], each in another hand."""
    page = Page(np.zeros(shape), [], [])
    for index, (label, left, top, side) in enumerate(digits):
        images = draw_digits(label)
        image = images[index % len(images)]
        strokes = image[find_bounds(image > 0).slices]
        height, width = (max(1, round(length * side / 20)) for length in strokes.shape)
        resized = Image.fromarray(strokes).resize((width, height), Image.Resampling.BICUBIC)
        box = Box(left, top, left + width, top + height)
        page.ink[box.slices] = np.maximum(page.ink[box.slices], np.asarray(resized) / 255)
        page.boxes.append(box)
        page.images.append(image)
    return page


def compare(image: NDArray[np.uint8], expected: NDArray[np.uint8]) -> float:
    """Return the correlation of images [28, 28], one of them moved by a pixel if need be."""
    moved = (np.roll(image, (down, right), (0, 1)) for down in (-1, 0, 1) for right in (-1, 0, 1))
    return max(float(np.corrcoef(each.ravel(), expected.ravel())[0, 1]) for each in moved)
