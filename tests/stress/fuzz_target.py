"""Fuzzing of one target, guided by coverage, in a process that libFuzzer ends.

``python tests/stress/fuzz_target.py TARGET SCRATCH CORPUS [-runs=N ...]``: in SCRATCH, a directory,
the target may write. A file in place of CORPUS is tried once.
"""

import math
import os
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["mnistcli", "PIL"]):
    import numpy as np
    from PIL import Image

    from mnistcli import pretrained
    from mnistcli.datasets import idx
    from mnistcli.errors import DataError, ModelError, PictureError
    from mnistcli.images import SIDE
    from mnistcli.inference.interpreter import Predictor
    from mnistcli.pictures.pipeline import prepare
    from mnistcli.runs import checkpoints, plan
    from mnistcli.system.files import digest

    Image.init()

Target = Callable[[bytes], None]

MODES: tuple[dict[str, Any], ...] = ({}, {"several": True}, {"preprocess": "plain"})
"""How a picture is prepared, by its first byte."""

REACH = 2048
"""Bytes at a model's beginning, and as many at its end, that hold its structure."""

CHANGING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
READING = {"os.listdir", "os.scandir", "os.walk", "os.fwalk", "os.getxattr", "os.listxattr"}
NEVER = {"pickle.find_class", "subprocess.Popen", "socket.connect"}
"""What Python tells audit hooks of."""


def read_idx(data: bytes, scratch: Path) -> None:
    """Read a data file's content, compressed or not."""
    with suppress(DataError):
        idx.parse(idx.decompress(data, "data"), "data")


def read_picture(data: bytes, scratch: Path) -> None:
    """Read a picture's file; a byte before it says how it is prepared."""
    with suppress(PictureError):
        for digit in prepare(data[1:], **MODES[sum(data[:1]) % len(MODES)]).digits:
            assert digit.image.shape == (SIDE, SIDE)


def open_checkpoint(data: bytes, scratch: Path) -> None:
    """Go on from a checkpoint with the data for one of its files.

    A byte before says for which, and whether the sums are made right, so that it is looked into.
    """
    files = {
        checkpoints.RECORD: b"{}",
        checkpoints.INDEX: b"",
        checkpoints.DATA: b"",
        checkpoints.EXPORT: b"",
    }
    choice, names = sum(data[:1]), [*files, checkpoints.SUMS, checkpoints.EXPORT_SUMS]
    replaced = {names[choice // 2 % len(names)]: data[1:]}
    summed = files | replaced if choice % 2 else files
    sums = "".join(f"{digest(content)}  {name}\n" for name, content in summed.items()).encode()
    folder = scratch / "checkpoints" / "model-7"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (
        {checkpoints.SUMS: sums, checkpoints.EXPORT_SUMS: sums} | files | replaced
    ).items():
        (folder / name).write_bytes(content)
    with suppress(ModelError):
        made = plan.make_plan(
            *(folder.parent, plan.Request()),
            **{"steps": None, "save_every": 1, "keep": 1, "log_every": 1},
            **{"restart": False, "warn": str},
        )
        known = made.settings
        numbers = (made.run, made.first_step, made.steps, known.seed, known.batch_size)
        assert {type(number) for number in (*numbers, *known.cycles)} == {int}, made
        assert math.isfinite(known.learning_rate), made
        assert isinstance(known.pictures, str | None), made
        if known.base is not None:
            assert checkpoints.find_base(folder.parent, known.base).path.parent == folder.parent


def load_model(data: bytes, scratch: Path) -> None:
    """Ask the package's detector, with some bytes of its structure set to others."""
    model = bytearray(pretrained.read_detector())
    for place, value in struct.iter_unpack("<HB", data[: len(data) // 3 * 3]):
        model[place % (2 * REACH) - REACH] = value
    with suppress(ModelError):
        Predictor(bytes(model), "model", outputs=1).predict(np.zeros((1, SIDE, SIDE), np.uint8))


TARGETS = {
    "idx": read_idx,
    "picture": read_picture,
    "checkpoint": open_checkpoint,
    "model": load_model,
}


def watch(scratch: Path) -> list[str]:
    """Return a list that will grow by what must not be done, such as a write elsewhere."""
    misdeeds: list[str] = []
    allowed = (str(scratch), os.devnull)

    def listen(event: str, arguments: tuple[Any, ...]) -> None:
        is_change = event.startswith(("os.", "shutil.")) and event not in READING
        if event == "open":
            is_change = bool(arguments[2] & CHANGING)
        if event in NEVER or (is_change and not str(arguments[0]).startswith(allowed)):
            misdeeds.append(f"{event} {arguments}")  # raised, it might be taken for bad data

    sys.addaudithook(listen)
    return misdeeds


def main() -> None:
    """Fuzz the target that the command line names."""
    name, scratch = sys.argv.pop(1), Path(sys.argv.pop(1)).absolute()
    misdeeds = watch(scratch)

    def try_one(data: bytes) -> None:
        TARGETS[name](data, scratch)
        assert not misdeeds, misdeeds

    atheris.Setup(sys.argv, try_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
