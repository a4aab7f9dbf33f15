"""The files of a checkpoint directory: read, verified, written and removed.

    checkpoints/.lock           held by the process that trains there: see lock.py
    checkpoints/model-2000/
        checkpoint.json         the run's settings, the step and the history
        weights.index, weights.data-00000-of-00001      TensorFlow's checkpoint
        SHA256SUMS              of these, as ``sha256sum`` writes it
        model.tflite            the export, once there is one
        model.tflite.sha256     of the export and of the weights it was made from

A checkpoint is written under a temporary name and then renamed. So under its own name it is
complete, unless it was damaged from outside.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mnistcli.errors import DataError, ModelError
from mnistcli.runs.checksums import parse_checksums, serialize_checksums
from mnistcli.runs.config import Settings
from mnistcli.runs.history import Point
from mnistcli.runs.record import Record, parse_record, serialize_record
from mnistcli.system.files import (
    choose_temporary,
    digest,
    read_inside,
    remove,
    remove_stale,
    write_directory,
    write_whole,
)
from mnistcli.system.listener import Listener

WEIGHTS = "weights"
"""Beginning of the names of TensorFlow's files."""

RECORD, INDEX, DATA = "checkpoint.json", f"{WEIGHTS}.index", f"{WEIGHTS}.data-00000-of-00001"
SUMS = "SHA256SUMS"
EXPORT, EXPORT_SUMS = "model.tflite", "model.tflite.sha256"
CHECKPOINT_NAME = re.compile(r"model-([0-9]{1,15})(\.replaced)?")

MAX_LOOKS = 10
"""At a directory in which another process saves and removes checkpoints."""


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint whose files were verified."""

    path: Path
    settings: Settings
    run: int
    step: int
    curve: tuple[Point, ...]
    weights: Mapping[str, bytes]  # contents of TensorFlow's files by name
    export: bytes | None  # the .tflite; None if it was never made, or is damaged
    damage: str = ""  # of the export


def find_newest(directory: Path, listener: Listener) -> Checkpoint | None:
    """Return the newest intact checkpoint of a directory, None if it holds no checkpoints.

    A directory that is a checkpoint itself stands for this one. The listener is warned of damaged
    ones that may be newer.

    Raises:
        ModelError: there are checkpoints, and all are damaged.
    """
    is_one = is_checkpoint(directory)
    newest = open_checkpoint(directory) if is_one else _find_intact(directory, listener)
    if newest and newest.damage:
        listener.warn(f"{newest.damage}; it is made again from the weights")
    return newest


def is_checkpoint(path: Path) -> bool:
    """Tell whether a path is that of one checkpoint, damaged or not, in a directory of them."""
    is_named = CHECKPOINT_NAME.fullmatch(path.absolute().name)
    return bool(is_named) and any((path / name).is_file() for name in (RECORD, SUMS, DATA))


def find_last_run(directory: Path) -> int:
    """Return the highest number of a run in a directory, 0 if there is no run."""
    records = (_read_record(path) for path in _list(directory))
    return max((record.run for record in records if record), default=0)


def find_base(directory: Path, name: str) -> Checkpoint:
    """Read the checkpoint of a given name.

    Raises:
        ModelError: it is damaged, or there is none.
    """
    for path in _list(directory):
        if path.name == name:
            return open_checkpoint(path)
    raise ModelError(f"{directory}: there is no checkpoint {name!r}")


def open_checkpoint(path: Path) -> Checkpoint:
    """Read one checkpoint and verify its files.

    Raises:
        ModelError: it is damaged, gone, or of another format.
    """
    try:
        sums = parse_checksums(_read(path, SUMS))
        contents = {name: _read(path, name) for name in (RECORD, INDEX, DATA)}
    except DataError as error:
        raise ModelError(f"{path}: damaged: {error}") from error
    if damaged := [name for name in contents if digest(contents[name]) != sums.get(name)]:
        raise ModelError(f"{path}: damaged: {', '.join(damaged)} not as in {SUMS}")
    try:
        record = parse_record(contents.pop(RECORD))
    except ModelError as error:
        raise ModelError(f"{path / RECORD}: {error}") from error
    if record.step != _step(path):
        raise ModelError(f"{path / RECORD}: it is of step {record.step}")
    try:
        export, damage = _read_export(path, sums[DATA]), ""
    except DataError as error:
        export, damage = None, str(error)
    return Checkpoint(path, *record, contents, export, damage)


def write_checkpoint(directory: Path, record: Record, weights: Mapping[str, bytes]) -> Checkpoint:
    """Write a checkpoint into a directory that this process has locked.

    It replaces one of the same step, damaged or of an earlier run; one of the two exists at any
    moment.

    Raises:
        OSError: it can't be written; the directory's other checkpoints are unchanged.
    """
    remove_stale(directory, seconds=0)
    path = directory / f"model-{record.step}"
    contents = {RECORD: serialize_record(record), **weights}
    contents[SUMS] = serialize_checksums(contents)
    write_directory(path, contents, replaced=path.with_name(f"{path.name}.replaced"))
    return Checkpoint(path, *record, weights, export=None)


def add_export(checkpoint: Checkpoint, tflite: bytes) -> Checkpoint:
    """Store the export of a checkpoint beside its weights.

    Raises:
        OSError: it can't be written; the checkpoint has no export.
    """
    path = checkpoint.path
    sums = serialize_checksums({DATA: checkpoint.weights[DATA], EXPORT: tflite})
    try:
        write_whole(path / EXPORT, tflite)
        write_whole(path / EXPORT_SUMS, sums)
    except OSError:
        remove(path / EXPORT)
        raise
    return replace(checkpoint, export=tflite, damage="")


def remove_old(newest: Checkpoint, keep: int) -> None:
    """Remove the checkpoints of other runs, and all but the newest ``keep`` of this run.

    The base of a fine-tuned checkpoint that is kept stays, too. Checkpoints of later steps than
    the newest are damaged, or training would have resumed from them, or belong to another run.
    """
    records = {path: _read_record(path) for path in _list(newest.path.parent)}
    own = {
        path: record
        for path, record in records.items()
        if record and record.run == newest.run and record.step <= newest.step
    }
    kept = sorted({record.step for record in own.values()})[-keep:]
    bases = {record.settings.base for record in own.values() if record.step in kept}
    old = [
        path
        for path, record in records.items()
        if (path in own and _step(path) not in kept and path.name not in bases)
        or (path not in own and (record or _step(path) > newest.step))
    ]
    for path in old:
        hidden = choose_temporary(path.parent)
        path.rename(hidden)  # a removal that is killed leaves no damaged checkpoint
        remove(hidden)


def _find_intact(directory: Path, listener: Listener) -> Checkpoint | None:
    """Look for the newest intact checkpoint until no other process changes the directory."""
    for _ in range(MAX_LOOKS):
        newest, damaged = _open_newest(directory)
        if (newest or damaged) and all(path.exists() for path in damaged):
            break
    for path, error in damaged.items():
        if newest is None:
            raise ModelError(f"{error}; no checkpoint is left, 'train --restart' starts over")
        if _step(path) > newest.step:
            listener.warn(f"{error}; using {newest.path}")
    return newest


def _open_newest(directory: Path) -> tuple[Checkpoint | None, dict[Path, ModelError]]:
    """Return the newest intact checkpoint, and what is wrong with newer ones."""
    damaged: dict[Path, ModelError] = {}
    for path in sorted(_list(directory), key=_age):
        try:
            return open_checkpoint(path), damaged
        except ModelError as error:
            damaged[path] = error
    return None, damaged


def _age(path: Path) -> tuple[float, int]:
    """Return a sort key: unreadable ones, then the newest run's last checkpoint, and so on."""
    record = _read_record(path)
    return -record.run if record else -math.inf, -_step(path)


def _read_record(path: Path) -> Record | None:
    """Return the record of a checkpoint, None if it is damaged."""
    try:
        content = _read(path, RECORD)
        record = parse_record(content)
        is_intact = parse_checksums(_read(path, SUMS)).get(RECORD) == digest(content)
        return record if is_intact and record.step == _step(path) else None
    except (DataError, ModelError):
        return None


def _list(directory: Path) -> list[Path]:
    """Return the folders of all checkpoints, damaged ones included."""
    found = sorted(directory.glob("model-*"))
    named = (path for path in found if CHECKPOINT_NAME.fullmatch(path.name))
    return [path for path in named if path.is_dir() and not path.is_symlink()]


def _step(path: Path) -> int:
    """Return the step in a checkpoint's name."""
    match = CHECKPOINT_NAME.fullmatch(path.absolute().name)
    assert match
    return int(match[1])


def _read(path: Path, name: str) -> bytes:
    """Read a file of a checkpoint."""
    return read_inside(path.parent, path / name)


def _read_export(path: Path, weights: str) -> bytes | None:
    """Return a checkpoint's export, None if there is none; ``weights`` is their digest.

    Raises:
        DataError: it is damaged, or belongs to other weights.
    """
    if not (path / EXPORT_SUMS).exists():
        return None
    sums, export = parse_checksums(_read(path, EXPORT_SUMS)), _read(path, EXPORT)
    if sums != {DATA: weights, EXPORT: digest(export)}:
        raise DataError(f"{path / EXPORT}: damaged: not as in {EXPORT_SUMS}")
    return export
