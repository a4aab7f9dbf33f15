"""The record of a checkpoint: ``checkpoint.json``."""

import json
from dataclasses import asdict
from typing import NamedTuple

from mnistcli.errors import ModelError
from mnistcli.runs.config import Settings
from mnistcli.runs.history import Point, parse_history

RECORD_VERSION = 2
"""Version of the file's format."""


class Record(NamedTuple):
    """The content of ``checkpoint.json``."""

    settings: Settings
    run: int  # 1 for a directory's first run, one more for every --restart
    step: int
    curve: tuple[Point, ...] = ()  # its history, as far as it was logged


def serialize_record(record: Record) -> bytes:
    """Return the file's content."""
    known = {**record._asdict(), "settings": asdict(record.settings)}
    return f"{json.dumps({'version': RECORD_VERSION, **known}, indent=2)}\n".encode()


def parse_record(content: bytes) -> Record:
    """Parse the file's content.

    Raises:
        ModelError: it is no record of this version.
    """
    try:
        record = json.loads(content)
        if record["version"] != RECORD_VERSION:
            raise ModelError(f"its format is {record['version']}, expected {RECORD_VERSION}")
        cycles = {"cycles": tuple(record["settings"]["cycles"])}
        settings, run, step = Settings(**record["settings"] | cycles), record["run"], record["step"]
        if not all(type(number) is int and 0 <= number < 1 << 63 for number in (run, step)):
            raise ValueError(f"run {run!r}, step {step!r}")
        curve = parse_history(record.get("curve", ()))
    except (KeyError, RecursionError, TypeError, ValueError) as error:
        raise ModelError(f"not a checkpoint's record: {error!r}") from error
    return Record(settings, run, step, curve)
