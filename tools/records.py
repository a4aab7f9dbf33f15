"""The record of how a network of the package was trained."""

import platform
from importlib.metadata import version
from typing import Any

from mnistcli import __version__
from mnistcli.datasets import mnist

LIBRARIES = ("tensorflow", "numpy", "pillow", "opencv-python-headless", "matplotlib")


def describe(seed: int, command: str, split: str = "") -> dict[str, Any]:
    """Return the seed, the command, MNIST's files (of a split) and the versions of what it used."""
    return {
        "seed": seed,
        "data": {file.name: file.sha256 for file in mnist.FILES if split in file.name},
        "command": command,
        "versions": {
            "mnistcli": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in LIBRARIES},
        },
    }
