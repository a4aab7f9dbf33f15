"""How much accuracy is lost when MNIST's test images come as pictures.

usage: python benchmarks/pasted.py DATA_DIR [OPTIONS of mnistcli eval]

DATA_DIR holds MNIST's files. Each test image is written as a PNG, as it is, inverted, and pasted
in black on a white page of 600×400 pixels, small, large and at any place; ``mnistcli eval`` scores
them. Without options, the pretrained model answers.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from mnistcli.cli.console import Console
from mnistcli.datasets import dataset
from mnistcli.images import Gray

MNISTCLI = Path(sys.executable).parent / "mnistcli"
PAGE = (600, 400)


def paste(image: Gray, side: int, random: np.random.Generator) -> Image.Image:
    """Paste an image [28, 28], enlarged or reduced to a side, in black somewhere on a page."""
    resized = Image.fromarray(255 - image).resize((side, side), Image.Resampling.BICUBIC)
    page = Image.new("L", PAGE, 255)
    left, top = (int(random.integers(0, length - side + 1)) for length in PAGE)
    page.paste(resized, (left, top))
    return page


WAYS: dict[str, Callable[[Gray, np.random.Generator], Image.Image]] = {
    "light on dark": lambda image, random: Image.fromarray(image),
    "dark on light": lambda image, random: Image.fromarray(255 - image),
    "pasted as it is": lambda image, random: paste(image, 28, random),
    "pasted small, 20 pixels": lambda image, random: paste(image, 20, random),
    "pasted large, 350 pixels": lambda image, random: paste(image, 350, random),
    "pasted, 28 to 350 pixels": lambda image, random: paste(
        image, int(random.integers(28, 351)), random
    ),
}


def evaluate(options: list[str | Path]) -> dict[str, float]:
    """Return what ``mnistcli eval --json`` prints."""
    command = [MNISTCLI, "-q", "eval", "--json", *options]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def main() -> None:
    """Print a row for each way."""
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    data_dir, options = Path(sys.argv[1]), sys.argv[2:] or ["--pretrained"]
    test = dataset.load("mnist", "test", data_dir, Console(is_quiet=False))
    where = ["--dataset", "mnist", "--data-dir", data_dir]
    arrays = evaluate([*options, *where])
    print("| MNIST's test images | right of 10,000 | less than the arrays |\n|---|---|---|")
    print(f"| arrays | {arrays['correct']} | |", flush=True)
    for name, way in WAYS.items():
        random = np.random.default_rng(0)
        with tempfile.TemporaryDirectory() as folder:
            for number, (image, label) in enumerate(zip(test.images, test.labels, strict=True)):
                way(image, random).save(Path(folder, f"{label}_{number:05}.png"), compress_level=1)
            correct = evaluate([*options, folder])["correct"]
        lost = (arrays["correct"] - correct) / 100
        print(f"| {name} | {correct} | {lost:.2f} points |", flush=True)


if __name__ == "__main__":
    main()
