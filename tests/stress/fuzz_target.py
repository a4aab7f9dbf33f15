"""Coverage-guided fuzzing of one target, in a process that libFuzzer ends.

``cd tests && python -m stress.fuzz_target TARGET SCRATCH CORPUS [-runs=N ...]``: the target may
write in the directory SCRATCH. A file in place of CORPUS is tried once.
"""

import math
import os
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["mnistcli", "PIL"]):
    import numpy as np
    import pillow_heif  # noqa: F401  # loaded before the audit begins
    from helpers.listening import SILENT
    from helpers.training import make_request
    from PIL import Image

    from mnistcli import pretrained
    from mnistcli.datasets import idx
    from mnistcli.errors import DataError, ModelError, PictureError
    from mnistcli.images import SIDE
    from mnistcli.inference.interpreter import Predictor
    from mnistcli.pictures.pipeline import PictureOptions, prepare
    from mnistcli.runs import checkpoints, plan
    from mnistcli.system.files import digest
    from mnistcli.system.litert import open_interpreter

    Image.init()

MODES = (PictureOptions(), PictureOptions(several=True), PictureOptions(preprocess="plain"))
"""How a picture is prepared, chosen by its first byte."""

REACH = 2048
"""Bytes at each end of a model, which hold its structure."""

CHANGING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
READING = {"os.listdir", "os.scandir", "os.walk", "os.fwalk", "os.getxattr", "os.listxattr"}
NEVER = {"pickle.find_class", "subprocess.Popen", "socket.connect"}
"""Events of Python's audit hooks."""


def read_idx(data: bytes, scratch: Path) -> None:
    """Read a data file, compressed or raw."""
    with suppress(DataError):
        idx.parse(idx.decompress(data, "data"), "data")


def read_picture(data: bytes, scratch: Path) -> None:
    """Prepare a picture; a byte before it chooses the options."""
    with suppress(PictureError):
        for digit in prepare(data[1:], MODES[sum(data[:1]) % len(MODES)]).digits:
            assert digit.image.shape == (SIDE, SIDE)


def open_checkpoint(data: bytes, scratch: Path) -> None:
    """Resume from a checkpoint, one of whose files holds the data.

    A byte before it chooses the file, and whether the checksums match, so that the file is parsed.
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
        made = plan.make_plan(make_request(folder.parent), SILENT)
        known = made.settings
        numbers = (made.run, made.first_step, made.steps, known.seed, known.batch_size)
        assert {type(number) for number in (*numbers, *known.cycles)} == {int}, made
        assert math.isfinite(known.learning_rate), made
        assert isinstance(known.pictures, str | None), made
        if known.base is not None:
            assert checkpoints.find_base(folder.parent, known.base).path.parent == folder.parent


def load_model(data: bytes, scratch: Path) -> None:
    """Open a network of the package with other bytes in its structure; run the detector.

    A byte before them chooses the network.
    """
    is_locator = sum(data[:1]) % 2
    model = bytearray(pretrained.read_locator() if is_locator else pretrained.read_detector())
    changes = data[1:]
    for place, value in struct.iter_unpack("<HB", changes[: len(changes) // 3 * 3]):
        model[place % (2 * REACH) - REACH] = value
    with suppress(ModelError):
        if is_locator:
            open_interpreter(bytes(model), "model")
        else:
            blank = np.zeros((1, SIDE, SIDE), np.uint8)
            Predictor(bytes(model), "model", outputs=1).predict(blank)


TARGETS = {
    "idx": read_idx,
    "picture": read_picture,
    "checkpoint": open_checkpoint,
    "model": load_model,
}


def watch(scratch: Path) -> list[str]:
    """Return a list to which forbidden actions are added, such as a write elsewhere."""
    violations: list[str] = []
    allowed = (str(scratch), os.devnull)

    def listen(event: str, arguments: tuple[Any, ...]) -> None:
        is_change = event.startswith(("os.", "shutil.")) and event not in READING
        if event == "open":
            is_change = bool(arguments[2] & CHANGING)
        if event in NEVER or (is_change and not str(arguments[0]).startswith(allowed)):
            violations.append(f"{event} {arguments}")  # raised, it might be taken for bad data

    sys.addaudithook(listen)
    return violations


def main() -> None:
    """Fuzz the target named on the command line."""
    name, scratch = sys.argv.pop(1), Path(sys.argv.pop(1)).absolute()
    violations = watch(scratch)

    def try_one(data: bytes) -> None:
        TARGETS[name](data, scratch)
        assert not violations, violations

    atheris.Setup(sys.argv, try_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
