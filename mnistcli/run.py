"""A checkpoint directory without its tensors: its files, what they say, which is the newest.

    checkpoints/model-2000/
        checkpoint.json         the run's settings and the step
        weights.index, weights.data-00000-of-00001      TensorFlow's checkpoint
        model.tflite            the export, once there is one
        SHA256SUMS              of the others, as ``sha256sum`` writes it

A checkpoint is written aside and renamed, so under its name it is whole or damaged from outside.
"""

import json
import math
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from mnistcli.errors import DataError, ModelError
from mnistcli.files import digest, flush, read_whole, write_whole
from mnistcli.settings import Settings

FORMAT = 2
"""Version of ``checkpoint.json``."""

RECORD, WEIGHTS, EXPORT, SUMS = "checkpoint.json", "weights", "model.tflite", "SHA256SUMS"
NAME = re.compile(r"model-(\d+)(\.replaced)?")


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that was found whole."""

    path: Path
    settings: Settings
    run: int  # 1 for a directory's first run, one more for every --restart
    step: int
    export: bytes | None  # the .tflite; None if it was never made, or is damaged


def find_newest(directory: Path, warn: Callable[[str], None]) -> Checkpoint | None:
    """Return the newest whole checkpoint of a directory, None if it holds no checkpoints.

    ``warn`` is told of damaged ones that may be newer.

    Raises:
        ModelError: there are checkpoints, and none is whole.
    """
    newest, damaged = _open_newest(directory)
    if damaged and not newest:  # or were they just removed, as newer ones took their place?
        newest, damaged = _open_newest(directory)
    if not newest:
        for error in damaged.values():
            raise ModelError(f"{error}; no checkpoint is left, 'train --restart' begins anew")
        return None
    for step, error in damaged.items():
        if step > newest.step:
            warn(f"{error}; using {newest.path}")
    return newest


def find_last_run(directory: Path) -> int:
    """Return the highest number of a run that has a whole checkpoint, 0 if none has."""
    whole, _ = _open_all(directory)
    return max((checkpoint.run for checkpoint in whole), default=0)


def open_checkpoint(path: Path) -> Checkpoint:
    """Read what is known of one checkpoint, after verifying its files.

    Raises:
        ModelError: it is damaged, gone, or of another format.
    """
    try:
        return _open(path)
    except (DataError, OSError) as error:
        raise ModelError(f"{path}: damaged: {error}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path / RECORD}: not a checkpoint's record: {error!r}") from error


def _open(path: Path) -> Checkpoint:
    sums = _read_sums(path)
    present = {file.name: file for file in path.iterdir()}
    damaged = [
        name
        for name in sorted({RECORD, f"{WEIGHTS}.index", *sums})
        if name not in present or digest(present[name].read_bytes()) != sums.get(name)
    ]
    if damaged and damaged != [EXPORT]:
        raise ModelError(f"{path}: damaged: {', '.join(damaged)} not as in {SUMS}")
    record = json.loads((path / RECORD).read_bytes())
    if record["version"] != FORMAT:
        raise ModelError(f"{path}: its format is {record['version']}, expected {FORMAT}")
    settings = Settings(**record["settings"] | {"cycles": tuple(record["settings"]["cycles"])})
    export = (path / EXPORT).read_bytes() if EXPORT in sums and not damaged else None
    return Checkpoint(path, settings, record["run"], record["step"], export)


@contextmanager
def new_checkpoint(directory: Path, settings: Settings, run: int, step: int) -> Iterator[Path]:
    """Yield an empty folder for the tensors and the export; on leaving it is the checkpoint.

    One of the same step, damaged or of an earlier run, is replaced; at no moment are both gone.
    """
    path = directory / f"model-{step}"
    aside, replaced = path.with_name(f".{path.name}"), path.with_name(f"{path.name}.replaced")
    directory.mkdir(parents=True, exist_ok=True)
    for leftover in directory.glob(".model-*"):  # of a save or a removal that was killed
        shutil.rmtree(leftover)
    aside.mkdir()
    try:
        yield aside
        record = {"version": FORMAT, "settings": asdict(settings), "run": run, "step": step}
        (aside / RECORD).write_text(json.dumps(record, indent=2) + "\n")
        for file in aside.iterdir():
            flush(file)
        _write_sums(aside, {file.name: digest(file.read_bytes()) for file in aside.iterdir()})
        if path.exists():
            shutil.rmtree(replaced, ignore_errors=True)
            path.rename(replaced)
        aside.rename(path)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    flush(directory)
    shutil.rmtree(replaced, ignore_errors=True)


def add_export(checkpoint: Checkpoint, tflite: bytes) -> None:
    """Store the export of a checkpoint beside its weights.

    Raises:
        OSError: it can't be written; the checkpoint is as it was.
    """
    write_whole(checkpoint.path / EXPORT, tflite)
    sums = _read_sums(checkpoint.path) | {EXPORT: digest(tflite)}
    _write_sums(checkpoint.path, sums)


def remove_old(directory: Path, run: int, keep: int) -> None:
    """Remove other runs' checkpoints, and all but the newest ``keep`` of this run's.

    What one of these goes on from with pictures stays, too. Damaged ones of later steps than this
    run's are what is left of another.
    """
    whole, damaged = _open_all(directory)
    own = sorted((point for point in whole if point.run == run), key=lambda point: point.step)
    kept = [point.step for point in own[-keep:]]
    bases = {point.settings.base for point in own[-keep:]}
    needed = [point.path for point in own if point.step in kept or point.path.name in bases]
    old = [point.path for point in whole if point.path not in needed]
    for path in old + [directory / f"model-{step}" for step in damaged if step > max(kept)]:
        hidden = path.with_name(f".{path.name}")
        path.rename(hidden)  # so that a removal that is killed leaves no ruin
        shutil.rmtree(hidden)


def _open_newest(directory: Path) -> tuple[Checkpoint | None, dict[int, ModelError]]:
    """Return the newest whole checkpoint, and what is wrong with newer ones, by step."""
    damaged: dict[int, ModelError] = {}
    for step, path in sorted(_list(directory), key=_age):
        try:
            return open_checkpoint(path), damaged
        except ModelError as error:
            damaged[step] = error
    return None, damaged


def _age(found: tuple[int, Path]) -> tuple[float, int]:
    """Return a key that puts the newest run's last checkpoint first, after unreadable ones."""
    step, path = found
    try:
        return -int(json.loads((path / RECORD).read_bytes())["run"]), -step
    except (KeyError, OSError, TypeError, ValueError):
        return -math.inf, -step


def _open_all(directory: Path) -> tuple[list[Checkpoint], dict[int, ModelError]]:
    """Return a directory's whole checkpoints, and what is wrong with the others, by step."""
    whole: list[Checkpoint] = []
    damaged: dict[int, ModelError] = {}
    for step, path in _list(directory):
        try:
            whole.append(open_checkpoint(path))
        except ModelError as error:
            damaged[step] = error
    return whole, damaged


def _list(directory: Path) -> list[tuple[int, Path]]:
    """Return the steps and folders of all checkpoints, whole or not."""
    found = ((NAME.fullmatch(path.name), path) for path in sorted(directory.glob("model-*")))
    return [(int(match[1]), path) for match, path in found if match and path.is_dir()]


def _read_sums(path: Path) -> dict[str, str]:
    lines = read_whole(path / SUMS).decode(errors="replace").splitlines()
    return {name: known for known, _, name in (line.partition("  ") for line in lines)}


def _write_sums(path: Path, sums: dict[str, str]) -> None:
    lines = [f"{known}  {name}\n" for name, known in sorted(sums.items())]
    write_whole(path / SUMS, "".join(lines).encode())
