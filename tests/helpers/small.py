"""A small data set in MNIST's form, for tests that must run without MNIST.

As a script it runs the command line with that data set in MNIST's place:
``python tests/helpers/small.py DIRECTORY ARGUMENTS...``
"""

import hashlib
import sys
from pathlib import Path

import numpy as np

from mnistcli.__main__ import run
from mnistcli.datasets import idx, mnist

TRAIN, TEST = 600, 200


def make(directory: Path) -> None:
    """Write the four files: each digit is a fixed pattern of blocks, with noise on it."""
    directory.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(7)
    patterns = random.integers(0, 2, (10, 7, 7)).repeat(4, axis=1).repeat(4, axis=2) * 200
    for prefix, count in (("train", TRAIN), ("t10k", TEST)):
        labels = random.integers(0, 10, count).astype(np.uint8)
        images = (patterns[labels] + random.integers(0, 56, (count, 28, 28))).astype(np.uint8)
        idx.write(directory / f"{prefix}-images-idx3-ubyte.gz", images)
        idx.write(directory / f"{prefix}-labels-idx1-ubyte.gz", labels)


def files_in(directory: Path) -> tuple[mnist.RemoteFile, ...]:
    """Describe the files of a directory as MNIST's are described."""
    contents = {
        file.name: idx.decompress((directory / file.archive).read_bytes(), file.name)
        for file in mnist.FILES
    }
    return tuple(
        mnist.RemoteFile(name, len(content), hashlib.sha256(content).hexdigest())
        for name, content in contents.items()
    )


if __name__ == "__main__":
    mnist.FILES = files_in(Path(sys.argv.pop(1)))
    run()
