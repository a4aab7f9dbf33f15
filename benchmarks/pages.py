"""How many digits are read of full pages, and of sheets of paper on a dark desk.

usage: python benchmarks/pages.py DATA_DIR [OPTIONS of mnistcli predict]

DATA_DIR holds MNIST's files. Pages hold 480 and 1,080 of its test digits in rows. A sheet with two
rows of digits lies on a dark desk in seven lights, and is turned by 0 to 35 degrees. Without
options, the pretrained model answers.
"""

import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from reading import join_rows, predict

from mnistcli.cli.console import Console
from mnistcli.datasets import dataset
from mnistcli.datasets.dataset import Dataset

PAGES = ((24, 20), (36, 30))
"""Rows and columns of digits."""

CELL = 56
"""Side of the square of paper for each digit, in pixels; digits are up to 40 pixels large."""

ANGLES = (0, 5, 10, 15, 20, 25, 30, 35)
HEIGHT, WIDTH = 900, 1200

Light = NDArray[np.float64]


def make_lights() -> dict[str, Light]:
    """Return how lights fall on a picture [HEIGHT, WIDTH], and on what is dark; 1 is full light."""
    y, x = np.mgrid[:HEIGHT, :WIDTH] / np.array([HEIGHT, WIDTH]).reshape(2, 1, 1)
    spot = np.exp(-((x - 0.7) ** 2 + (y - 0.3) ** 2) / 0.05)
    return {
        "even": np.ones_like(x),
        "dim": np.full_like(x, 0.35),
        "from the left": 1 - 0.6 * x,
        "from above": 1 - 0.6 * y,
        "a spot": 0.5 + 0.5 * spot,
        "a soft shadow": 1 - 0.5 / (1 + np.exp(-(x + 0.3 * y - 0.6) * 30)),
        "a sharp shadow": np.where(x + 0.3 * y > 0.65, 0.5, 1.0),
    }


def write_rows(test: Dataset, rows: int, columns: int, seed: int) -> tuple[NDArray[np.uint8], str]:
    """Return ink [rows · CELL, columns · CELL] of test digits, and what it says."""
    random = np.random.default_rng(seed)
    chosen = random.choice(len(test.images), rows * columns, replace=False)
    ink = np.zeros((rows * CELL, columns * CELL), np.uint8)
    for number, index in enumerate(chosen):
        top, left = (place * CELL for place in divmod(number, columns))
        ink[top : top + CELL, left : left + CELL] = cv2.resize(
            test.images[index], (CELL, CELL), interpolation=cv2.INTER_CUBIC
        )
    text = "".join(map(str, test.labels[chosen]))
    return ink, "/".join(text[start : start + columns] for start in range(0, len(text), columns))


def lay_on_desk(ink: NDArray[np.uint8], light: Light, degrees: float) -> Image.Image:
    """Return a photo of a sheet with ink on a dark desk, turned clockwise."""
    rows, columns = ink.shape
    sheet = np.zeros((HEIGHT, WIDTH))
    written = np.zeros((HEIGHT, WIDTH))
    top, left = (HEIGHT - rows) // 2, (WIDTH - columns) // 2
    margin = 60
    sheet[top - margin : top + rows + margin, left - margin : left + columns + margin] = 1
    written[top : top + rows, left : left + columns] = ink / 255
    matrix = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), -degrees, 1)
    sheet, written = (cv2.warpAffine(each, matrix, (WIDTH, HEIGHT)) for each in (sheet, written))
    grain = np.random.default_rng(0).normal(0, 2, (HEIGHT, WIDTH))
    reflected = 45 + sheet * 185 - sheet * written * 150
    return Image.fromarray(np.clip(reflected * light + grain, 0, 255).astype(np.uint8))


def read(picture: Image.Image, options: list[str]) -> str:
    """Return what is read from a picture."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "page.png")
        picture.save(path)
        (result,) = predict("--several", *options, path)["results"]
        return join_rows(result)


def report(name: str, read_text: str, written: str) -> None:
    """Print a row: how many digits were found, and are right if all of them were."""
    found, wanted = (text.replace("/", "") for text in (read_text, written))
    is_complete = [len(row) for row in read_text.split("/")] == [
        len(row) for row in written.split("/")
    ]
    right = str(sum(map(str.__eq__, found, wanted))) if is_complete else "rows differ"
    print(f"| {name} | {len(wanted)} | {len(found)} | {right} |", flush=True)


def main() -> None:
    """Print a row for each page."""
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    data_dir, options = Path(sys.argv[1]), sys.argv[2:] or ["--pretrained"]
    test = dataset.load("mnist", "test", data_dir, Console(is_quiet=False))
    print("| page | digits | found | right |\n|---|---|---|---|")
    for rows, columns in PAGES:
        ink, written = write_rows(test, rows, columns, 1)
        report(f"{rows} rows", read(Image.fromarray(255 - ink), options), written)
    ink, written = write_rows(test, 2, 6, 2)
    for name, light in make_lights().items():
        report(f"sheet, light: {name}", read(lay_on_desk(ink, light, 8), options), written)
    for degrees in ANGLES:
        picture = lay_on_desk(ink, make_lights()["even"], degrees)
        report(f"sheet turned by {degrees}°", read(picture, options), written)


if __name__ == "__main__":
    main()
