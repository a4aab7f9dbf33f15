import json
import math
from dataclasses import asdict

import pytest

from mnistcli.errors import ModelError
from mnistcli.runs.config import Settings
from mnistcli.runs.history import Point
from mnistcli.runs.record import RECORD_VERSION, Record, parse_record, serialize_record

SETTINGS = Settings("softmax", "mnist", seed=0, batch_size=64, learning_rate=0.001, cycles=())
RECORD = {"version": RECORD_VERSION, "settings": asdict(SETTINGS), "run": 1, "step": 1000}


@pytest.mark.parametrize("curve", [(), (Point(500, 2.0, 0.3, 1.9, 0.4),)])
def test_a_record_is_read_as_it_was_written(curve: tuple[Point, ...]) -> None:
    settings = Settings("cnn", "strokes", 7, 256, 0.01, (50, 80), pictures="0123", base="model-50")
    record = Record(settings, run=3, step=1000, curve=curve)

    assert parse_record(serialize_record(record)) == record


def test_a_record_without_a_history_is_read() -> None:
    assert parse_record(json.dumps(RECORD).encode()) == Record(SETTINGS, run=1, step=1000)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"version": 1}, "its format is 1, expected 2"),
        ({}, "not a checkpoint's record: KeyError"),
        ([], "not a checkpoint's record: TypeError"),
        ({"version": 2, "settings": {"cycles": []}}, "not a checkpoint's record: TypeError"),
        (RECORD | {"curve": [[1, 0.5]]}, "not a checkpoint's record: TypeError"),
        (RECORD | {"curve": [[1, 0.5, "0.5", 0.5, 0.5]]}, "not a checkpoint's record: ValueError"),
        (RECORD | {"step": "1000"}, "not a checkpoint's record: ValueError"),
        (RECORD | {"run": None}, "not a checkpoint's record: ValueError"),
        (RECORD | {"run": math.inf}, "not a checkpoint's record: ValueError"),
        (RECORD | {"run": True}, "not a checkpoint's record: ValueError"),
        (RECORD | {"settings": asdict(SETTINGS) | {"seed": "0"}}, "no settings of a run"),
        (RECORD | {"settings": asdict(SETTINGS) | {"batch_size": 0}}, "no settings of a run"),
        (RECORD | {"settings": asdict(SETTINGS) | {"base": 7}}, "no settings of a run"),
        (RECORD | {"settings": asdict(SETTINGS) | {"learning_rate": -1.0}}, "no settings of a run"),
        (RECORD | {"settings": asdict(SETTINGS) | {"cycles": ["x"]}}, "no settings of a run"),
    ],
)
def test_a_record_of_another_form_is_refused(record: object, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        parse_record(json.dumps(record).encode())


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"", "JSONDecodeError"), (b"\xff", "UnicodeDecodeError"), (b"[" * 100_000, "RecursionError")],
)
def test_content_that_is_not_json_is_refused(content: bytes, error: str) -> None:
    with pytest.raises(ModelError, match=f"not a checkpoint's record: {error}"):
        parse_record(content)
