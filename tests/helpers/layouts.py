"""A data set in MNIST's form, laid out as other programs and archives leave it."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mnistcli.datasets import idx, mnist

HEADER = ",".join(["label", *(f"pixel{number}" for number in range(784))])
"""The first line of Kaggle's ``train.csv``."""


def lay_out(form: str, source: Path, target: Path) -> None:
    """Write the four files of a directory into another one, in one of FORMS."""
    for file in mnist.FILES:
        packed = (source / file.archive).read_bytes()
        path, content = FORMS[form](file.name, packed, gzip.decompress(packed))
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_bytes(content)


def dot(name: str) -> str:
    return name.replace("-idx", ".idx")


FORMS: dict[str, Callable[[str, bytes, bytes], tuple[str, bytes]]] = {
    "compressed": lambda name, packed, raw: (f"{name}.gz", packed),
    "raw": lambda name, packed, raw: (name, raw),
    "raw as .gz": lambda name, packed, raw: (f"{name}.gz", raw),
    "dotted": lambda name, packed, raw: (dot(name), raw),
    "dotted, compressed": lambda name, packed, raw: (f"{dot(name)}.gz", packed),
    "a folder each": lambda name, packed, raw: (f"{name}/{name}", raw),
    "a dotted folder each": lambda name, packed, raw: (f"{dot(name)}/{dot(name)}", raw),
    "a folder each, dotted in it": lambda name, packed, raw: (f"{name}/{dot(name)}", raw),
    "torchvision": lambda name, packed, raw: (f"MNIST/raw/{name}", raw),
    "torchvision's MNIST": lambda name, packed, raw: (f"raw/{name}", raw),
}
"""Path and bytes of a file, of its name, its compressed and its raw bytes."""


def read_arrays(source: Path) -> dict[str, np.ndarray]:
    """Return the data set as the arrays of Keras's archive."""
    parts = {"train": "train", "test": "t10k"}
    return {
        f"{axis}_{part}": idx.read(source / f"{prefix}-{kind}-ubyte.gz")
        for part, prefix in parts.items()
        for axis, kind in (("x", "images-idx3"), ("y", "labels-idx1"))
    }


def write_csv(path: Path, images: np.ndarray, labels: np.ndarray) -> None:
    """Write images [N, 28, 28] as Kaggle's ``train.csv``."""
    rows = np.column_stack([labels, images.reshape(len(images), -1)]).tolist()
    lines = [HEADER, *(",".join(map(str, row)) for row in rows)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
