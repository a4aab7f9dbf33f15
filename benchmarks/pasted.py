"""How much accuracy is lost when MNIST's test images come as pictures.

usage: python benchmarks/pasted.py DATA_DIR [OPTIONS of mnistcli eval]

DATA_DIR holds MNIST's files. The test images are written as PNG files: all of them as they are and
inverted; the first COUNT of them cut to their ink and enlarged 8 times, with and without a margin,
and pasted in black on a white page of 600×400 pixels, small, large and at any place. ``mnistcli
eval`` scores them. Without options, the pretrained model answers.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from reading import run

from mnistcli.cli.console import Console
from mnistcli.datasets import dataset
from mnistcli.images import Gray

PAGE = (600, 400)
COUNT = 1000
MARGIN = 2


def paste(image: Gray, side: int, random: np.random.Generator) -> Image.Image:
    """Paste an image [28, 28], enlarged or reduced to a side, in black somewhere on a page."""
    resized = Image.fromarray(255 - image).resize((side, side), Image.Resampling.BICUBIC)
    page = Image.new("L", PAGE, 255)
    left, top = (int(random.integers(0, length - side + 1)) for length in PAGE)
    page.paste(resized, (left, top))
    return page


def cut(image: Gray, margin: int) -> Image.Image:
    """Cut an image [28, 28] to its ink and a margin, and enlarge it 8 times, in black on white."""
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    ink = np.pad(image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], margin)
    size = (8 * ink.shape[1], 8 * ink.shape[0])
    return Image.fromarray(255 - ink).resize(size, Image.Resampling.BICUBIC)


WAYS: dict[str, Callable[[Gray, np.random.Generator], Image.Image]] = {
    "dark on light": lambda image, random: Image.fromarray(255 - image),
}
"""All test images."""

FURTHER_WAYS: dict[str, Callable[[Gray, np.random.Generator], Image.Image]] = {
    "cut to the ink": lambda image, random: cut(image, 0),
    "cut, with a margin": lambda image, random: cut(image, MARGIN),
    "pasted as it is": lambda image, random: paste(image, 28, random),
    "pasted small, 20 pixels": lambda image, random: paste(image, 20, random),
    "pasted large, 350 pixels": lambda image, random: paste(image, 350, random),
    "pasted, 28 to 350 pixels": lambda image, random: paste(
        image, int(random.integers(28, 351)), random
    ),
}
"""The first COUNT of them."""


def main() -> None:
    """Print a row for each way."""
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    data_dir, options = Path(sys.argv[1]), sys.argv[2:] or ["--pretrained"]
    test = dataset.load("mnist", "test", data_dir, Console(is_quiet=False))
    print("| MNIST's test images | of | right | lost |\n|---|---|---|---|")
    for ways, count in ((WAYS, len(test.images)), (FURTHER_WAYS, COUNT)):
        images, labels = test.images[:count], test.labels[:count]
        as_they_are = score(images, labels, lambda image, random: Image.fromarray(image), options)
        print(f"| as they are | {count} | {as_they_are} | |", flush=True)
        for name, way in ways.items():
            right = score(images, labels, way, options)
            print(
                f"| {name} | {count} | {right} | {(as_they_are - right) / count:.2%} |", flush=True
            )


def score(
    images: Gray,
    labels: NDArray[np.uint8],
    way: Callable[[Gray, np.random.Generator], Image.Image],
    options: list[str],
) -> int:
    """Return how many images [N, 28, 28] are read right if they come in some way."""
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        for number, (image, label) in enumerate(zip(images, labels, strict=True)):
            way(image, random).save(Path(folder, f"{label}_{number:05}.png"), compress_level=1)
        right: int = run("eval", "--json", *options, folder)["correct"]
        return right


if __name__ == "__main__":
    main()
