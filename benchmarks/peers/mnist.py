"""MNIST for the peers, read as their own examples read it: no checksums."""

import gzip
from pathlib import Path

import numpy as np


def load(directory, split):
    """Return float32 images [N, 784] in [0, 1] and uint8 labels [N] of ``train`` or ``t10k``."""
    images, labels = (
        np.frombuffer(
            gzip.decompress(Path(directory, f"{split}-{kind}-ubyte.gz").read_bytes()),
            np.uint8,
            offset=offset,
        )
        for kind, offset in (("images-idx3", 16), ("labels-idx1", 8))
    )
    return images.reshape(-1, 784).astype(np.float32) / 255, labels
