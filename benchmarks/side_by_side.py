"""How well numbers of MNIST's test digits, side by side, are read.

usage: python benchmarks/side_by_side.py DATA_DIR [OPTIONS of mnistcli predict]

DATA_DIR holds MNIST's files. Each number has 2 to 8 digits, cut to the columns of their ink, with a
gap of some pixels between them; they overlap where it is negative. Numbers are black on white, 60
for each gap, and also stand on ruled lines and in boxes. Without options, the pretrained model
answers.
"""

import sys
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from reading import join_rows, predict

from mnistcli.cli.console import Console
from mnistcli.datasets import dataset
from mnistcli.datasets.dataset import Dataset
from mnistcli.images import Gray

NUMBERS = 60
MARGIN = 20
SCALE = 3

Paint = Callable[[ImageDraw.ImageDraw, list[tuple[int, int]], int], None]


def put_side_by_side(images: Gray, gap: int) -> tuple[Gray, list[tuple[int, int]]]:
    """Return ink [28 + 2 · MARGIN, W] of digits [N, 28, 28], and the columns of each."""
    parts = [image[:, image.any(axis=0)] for image in images]
    width = sum(part.shape[1] for part in parts) + gap * (len(parts) - 1) + 2 * MARGIN
    ink = np.zeros((28 + 2 * MARGIN, width), np.uint8)
    left, places = MARGIN, []
    for part in parts:
        place = ink[MARGIN : MARGIN + 28, left : left + part.shape[1]]
        np.maximum(place, part, out=place)
        places.append((left, left + part.shape[1]))
        left += part.shape[1] + gap
    return ink, places


def leave(pencil: ImageDraw.ImageDraw, places: list[tuple[int, int]], width: int) -> None:
    """Draw nothing."""


def rule(pencil: ImageDraw.ImageDraw, places: list[tuple[int, int]], width: int) -> None:
    """Draw a line on which the digits stand, and one above them."""
    for row in (MARGIN - 4, MARGIN + 24):
        pencil.line([(0, row * SCALE), (width * SCALE, row * SCALE)], 120, 2)


def box(pencil: ImageDraw.ImageDraw, places: list[tuple[int, int]], width: int) -> None:
    """Draw a box around each digit; neighbours share a side."""
    sides = [(before[1] + after[0]) / 2 for before, after in pairwise(places)]
    for left, right in zip([places[0][0] - 4, *sides], [*sides, places[-1][1] + 4], strict=True):
        corners = [left * SCALE, (MARGIN - 2) * SCALE, right * SCALE, (MARGIN + 30) * SCALE]
        pencil.rectangle(corners, outline=60, width=2)


def paint(ink: Gray, places: list[tuple[int, int]], lines: Paint) -> Image.Image:
    """Return ink [H, W] in black on white, enlarged if there are lines, which it is written on."""
    if lines is leave:
        return Image.fromarray(255 - ink)
    size = (ink.shape[1] * SCALE, ink.shape[0] * SCALE)
    paper = Image.new("L", size, 255)
    lines(ImageDraw.Draw(paper), places, ink.shape[1])
    written = Image.fromarray(255 - ink).resize(size, Image.Resampling.BICUBIC)
    return Image.fromarray(np.minimum(np.asarray(paper), np.asarray(written)))


def count_right(test: Dataset, gap: int, lines: Paint, options: list[str]) -> int:
    """Return how many numbers are read exactly."""
    random = np.random.default_rng([gap + 10, 1])
    written = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(NUMBERS):
            chosen = random.integers(0, len(test.images), random.integers(2, 9))
            ink, places = put_side_by_side(test.images[chosen], gap)
            paint(ink, places, lines).save(Path(folder, f"{number:02}.png"))
            written.append("".join(map(str, test.labels[chosen])))
        results = predict("--several", *options, folder)["results"]
        return sum(map(str.__eq__, written, map(join_rows, results)))


def main() -> None:
    """Print a row for each gap."""
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    data_dir, options = Path(sys.argv[1]), sys.argv[2:] or ["--pretrained"]
    test = dataset.load("mnist", "test", data_dir, Console(is_quiet=False))
    print(f"| on | gap, in pixels of MNIST | exact of {NUMBERS} | |\n|---|---|---|---|")
    kinds = [("blank paper", leave, (6, 2, 0, -1, -2, -3, -4))]
    kinds += [("ruled lines", rule, (6, 2)), ("boxes", box, (6, 2))]
    for name, lines, gaps in kinds:
        for gap in gaps:
            right = count_right(test, gap, lines, options)
            print(f"| {name} | {gap} | {right} | {right / NUMBERS:.0%} |", flush=True)


if __name__ == "__main__":
    main()
