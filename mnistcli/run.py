"""A checkpoint directory: its files, what they say, and which is the newest.

    checkpoints/.lock           held by the process that trains there: see lock.py
    checkpoints/model-2000/
        checkpoint.json         the run's settings and the step
        weights.index, weights.data-00000-of-00001      TensorFlow's checkpoint
        SHA256SUMS              of these, as ``sha256sum`` writes it
        model.tflite            the export, once there is one
        model.tflite.sha256     of the export and of the weights that it was made from

A checkpoint is written aside and renamed, so under its name it is whole or damaged from outside.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NamedTuple

from mnistcli.curve import Point, parse
from mnistcli.errors import DataError, ModelError
from mnistcli.files import (
    choose_aside,
    digest,
    read_inside,
    remove,
    remove_stale,
    write_directory,
    write_whole,
)
from mnistcli.settings import Settings

FORMAT = 2
"""Version of ``checkpoint.json``."""

WEIGHTS = "weights"
"""How the names of TensorFlow's files begin."""

RECORD, INDEX, DATA = "checkpoint.json", f"{WEIGHTS}.index", f"{WEIGHTS}.data-00000-of-00001"
SUMS = "SHA256SUMS"
EXPORT, EXPORT_SUMS = "model.tflite", "model.tflite.sha256"
NAME = re.compile(r"model-([0-9]{1,15})(\.replaced)?")

LOOKS = 10
"""How often to look at a directory in which another process saves and removes checkpoints."""


class Record(NamedTuple):
    """What ``checkpoint.json`` says."""

    settings: Settings
    run: int  # 1 for a directory's first run, one more for every --restart
    step: int
    curve: tuple[Point, ...] = ()  # as far as the run was logged


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that was found whole."""

    path: Path
    settings: Settings
    run: int
    step: int
    curve: tuple[Point, ...]
    weights: Mapping[str, bytes]  # TensorFlow's files by name, as they were verified
    export: bytes | None  # the .tflite; None if it was never made, or is damaged
    damage: str = ""  # what is wrong with the export


def find_newest(directory: Path, warn: Callable[[str], None]) -> Checkpoint | None:
    """Return the newest whole checkpoint of a directory, None if it holds no checkpoints.

    ``warn`` is told of damaged ones that may be newer.

    Raises:
        ModelError: there are checkpoints, and none is whole.
    """
    for _ in range(LOOKS):
        newest, damaged = _open_newest(directory)
        if (newest or damaged) and all(path.exists() for path in damaged):
            break
    for path, error in damaged.items():
        if newest is None:
            raise ModelError(f"{error}; no checkpoint is left, 'train --restart' begins anew")
        if _step(path) > newest.step:
            warn(f"{error}; using {newest.path}")
    if newest and newest.damage:
        warn(f"{newest.damage}; it is made anew from the weights")
    return newest


def find_last_run(directory: Path) -> int:
    """Return the highest number of a run in a directory, 0 if there is none."""
    records = (_read_record(path) for path in _list(directory))
    return max((record.run for record in records if record), default=0)


def find_base(directory: Path, name: str) -> Checkpoint:
    """Read the checkpoint of a directory that has a name.

    Raises:
        ModelError: it is damaged, or there is none.
    """
    for path in _list(directory):
        if path.name == name:
            return open_checkpoint(path)
    raise ModelError(f"{directory}: there is no checkpoint {name!r}")


def open_checkpoint(path: Path) -> Checkpoint:
    """Read one checkpoint, and verify its files.

    Raises:
        ModelError: it is damaged, gone, or of another format.
    """
    try:
        sums = _parse_sums(_read(path, SUMS))
        contents = {name: _read(path, name) for name in (RECORD, INDEX, DATA)}
    except DataError as error:
        raise ModelError(f"{path}: damaged: {error}") from error
    if damaged := [name for name in contents if digest(contents[name]) != sums.get(name)]:
        raise ModelError(f"{path}: damaged: {', '.join(damaged)} not as in {SUMS}")
    try:
        record = _parse_record(contents.pop(RECORD))
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
    """Write a checkpoint into a directory that this process holds.

    One of the same step, damaged or of an earlier run, is replaced; at no moment are both gone.

    Raises:
        OSError: it can't be written; the directory's other checkpoints are as they were.
    """
    remove_stale(directory, seconds=0)
    path = directory / f"model-{record.step}"
    contents = {RECORD: _serialise(record), **weights}
    contents[SUMS] = _list_sums(contents)
    write_directory(path, contents, replaced=path.with_name(f"{path.name}.replaced"))
    return Checkpoint(path, *record, weights, export=None)


def add_export(checkpoint: Checkpoint, tflite: bytes) -> Checkpoint:
    """Store the export of a checkpoint beside its weights.

    Raises:
        OSError: it can't be written; the checkpoint is without one.
    """
    path = checkpoint.path
    sums = _list_sums({DATA: checkpoint.weights[DATA], EXPORT: tflite})
    try:
        write_whole(path / EXPORT, tflite)
        write_whole(path / EXPORT_SUMS, sums)
    except OSError:
        remove(path / EXPORT)
        raise
    return replace(checkpoint, export=tflite, damage="")


def remove_old(newest: Checkpoint, keep: int) -> None:
    """Remove other runs' checkpoints, and all but the newest ``keep`` of this run's.

    What one of these goes on from with pictures stays, too. Those of later steps than the newest
    are damaged, or it would have gone on from them, or left by another run.
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
        hidden = choose_aside(path.parent)
        path.rename(hidden)  # so that a removal that is killed leaves no ruin
        remove(hidden)


def _open_newest(directory: Path) -> tuple[Checkpoint | None, dict[Path, ModelError]]:
    """Return the newest whole checkpoint, and what is wrong with newer ones."""
    damaged: dict[Path, ModelError] = {}
    for path in sorted(_list(directory), key=_age):
        try:
            return open_checkpoint(path), damaged
        except ModelError as error:
            damaged[path] = error
    return None, damaged


def _age(path: Path) -> tuple[float, int]:
    """Return a key that puts the newest run's last checkpoint first, after unreadable ones."""
    record = _read_record(path)
    return -record.run if record else -math.inf, -_step(path)


def _read_record(path: Path) -> Record | None:
    """Return what a checkpoint's record says, None if it is damaged."""
    try:
        content = _read(path, RECORD)
        record = _parse_record(content)
        is_whole = _parse_sums(_read(path, SUMS)).get(RECORD) == digest(content)
        return record if is_whole and record.step == _step(path) else None
    except (DataError, ModelError):
        return None


def _list(directory: Path) -> list[Path]:
    """Return the folders of all checkpoints, whole or not."""
    named = (path for path in sorted(directory.glob("model-*")) if NAME.fullmatch(path.name))
    return [path for path in named if path.is_dir() and not path.is_symlink()]


def _step(path: Path) -> int:
    """Return the step that a checkpoint's name says."""
    match = NAME.fullmatch(path.name)
    assert match
    return int(match[1])


def _read(path: Path, name: str) -> bytes:
    """Read a file of a checkpoint."""
    return read_inside(path.parent, path / name)


def _serialise(record: Record) -> bytes:
    """Return ``checkpoint.json``."""
    known = {**record._asdict(), "settings": asdict(record.settings)}
    return f"{json.dumps({'version': FORMAT, **known}, indent=2)}\n".encode()


def _parse_record(content: bytes) -> Record:
    """Parse ``checkpoint.json``.

    Raises:
        ModelError: it is of another form.
    """
    try:
        record = json.loads(content)
        if record["version"] != FORMAT:
            raise ModelError(f"its format is {record['version']}, expected {FORMAT}")
        cycles = {"cycles": tuple(record["settings"]["cycles"])}
        settings, run, step = Settings(**record["settings"] | cycles), record["run"], record["step"]
        if not all(type(number) is int and 0 <= number < 1 << 63 for number in (run, step)):
            raise ValueError(f"run {run!r}, step {step!r}")
        curve = parse(record.get("curve", ()))
    except (KeyError, RecursionError, TypeError, ValueError) as error:
        raise ModelError(f"not a checkpoint's record: {error!r}") from error
    return Record(settings, run, step, curve)


def _read_export(path: Path, weights: str) -> bytes | None:
    """Return a checkpoint's export, None if there is none; ``weights`` is their digest.

    Raises:
        DataError: it is damaged, or of other weights.
    """
    if not (path / EXPORT_SUMS).exists():
        return None
    sums, export = _parse_sums(_read(path, EXPORT_SUMS)), _read(path, EXPORT)
    if sums != {DATA: weights, EXPORT: digest(export)}:
        raise DataError(f"{path / EXPORT}: damaged: not as in {EXPORT_SUMS}")
    return export


def _parse_sums(content: bytes) -> dict[str, str]:
    lines = content.decode(errors="replace").splitlines()
    return {name: known for known, _, name in (line.partition("  ") for line in lines)}


def _list_sums(contents: Mapping[str, bytes]) -> bytes:
    lines = [f"{digest(content)}  {name}\n" for name, content in sorted(contents.items())]
    return "".join(lines).encode()
