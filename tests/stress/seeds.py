"""The first inputs of fuzzing: small intact files of each kind."""

import gzip
import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from itertools import product
from typing import Any

import numpy as np
from helpers.drawing import seven, to_file
from PIL import Image

from mnistcli.datasets import idx
from mnistcli.runs.config import Settings
from mnistcli.runs.record import RECORD_VERSION

FORMATS = {
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    "JPEG": ("L", "RGB", "CMYK"),
    "GIF": ("L", "P"),
    "BMP": ("1", "L", "P", "RGB", "RGBA"),
    "TIFF": ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "LAB", "I;16", "I", "F"),
    "WEBP": ("RGB", "RGBA"),
    "AVIF": ("RGB",),
    "JPEG2000": ("L", "RGBA"),
    "PPM": ("1", "L", "RGB", "I"),
    "TGA": ("L", "P", "RGBA"),
    "ICO": ("RGBA",),
    "ICNS": ("RGBA",),
    "PCX": ("1", "L", "P", "RGB"),
    "DDS": ("L", "RGBA"),
    "SGI": ("L", "RGB"),
    "IM": ("L", "RGB"),
    "MSP": ("1",),
    "XBM": ("1",),
    "SPIDER": ("F",),
    "BLP": ("P",),
    "QOI": ("RGB",),
    "MPO": ("RGB",),
}
"""Pillow's formats, with the modes that it writes."""

COMPRESSIONS = ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "zstd", "lzma")
BILEVEL = ("group3", "group4", "tiff_ccitt")


def make_idx() -> Iterator[bytes]:
    """Yield an array of each type, compressed and raw."""
    for dtype in idx.ELEMENT_TYPES.values():
        content = idx.serialize(np.ones((2, 3), dtype))
        yield from (content, gzip.compress(content), gzip.compress(content[:9]) * 2)


def make_pictures() -> Iterator[bytes]:
    """Yield a 7 in each format, after a byte that chooses the options."""
    drawn = seven().resize((30, 40))
    framed = Image.new("L", (28, 28), 255)
    framed.paste(drawn.resize((15, 20)), (6, 4))
    files = [to_file(framed, "PNG")]
    for format, modes in FORMATS.items():
        files += [to_file(drawn.convert(mode), format) for mode in modes]
    for names, mode in ((COMPRESSIONS, "RGB"), (BILEVEL, "1")):
        files += [to_file(drawn.convert(mode), "TIFF", compression=name) for name in names]
    files.append(to_file(drawn, "GIF", save_all=True, append_images=[framed, drawn]))
    for number, content in enumerate(files):
        yield bytes([number % 3]) + content


STRANGE = (None, True, "7", 1.5, -1, 0, 2**70, math.nan, math.inf, [], [None], ["7"], {}, "../..")
"""Values that are wrong for most parts of a record."""


def make_checkpoints() -> Iterator[bytes]:
    """Yield files of a checkpoint, each after a byte: records, also with wrong values, and sums."""
    for model, cycles, pictures in (("softmax", (), None), ("cnn", (9,), None), ("cnn", (7,), "a")):
        settings = Settings(model, "mnist", 0, 64, 0.01, cycles, pictures, "pretrained")
        record: dict[str, Any] = {"version": RECORD_VERSION, "run": 1, "step": 7}
        record["settings"] = asdict(settings)
        yield b"\1" + json.dumps(record).encode()
        yield b"\0" + json.dumps(record).encode()
        for part in (record, record["settings"]):
            for name, value in product(list(part), STRANGE):
                known, part[name] = part[name], value
                yield b"\1" + json.dumps(record).encode()
                part[name] = known
    yield b"\1" + b"[" * 3000
    yield b"\3" + b"0" * 64 + b"  checkpoint.json\n"
    yield from (b"\5index", b"\7model")


def make_models() -> Iterator[bytes]:
    """Yield places in a model with the bytes to set there, after a byte that chooses the model."""
    for model in (0, 1):
        yield bytes([model])
        yield from (bytes([model, place, place // 7 % 16, 0]) for place in range(0, 256, 3))


SEEDS = {
    "idx": make_idx,
    "picture": make_pictures,
    "checkpoint": make_checkpoints,
    "model": make_models,
}
