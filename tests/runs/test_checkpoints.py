import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.listening import SILENT, Recorder

from mnistcli.errors import ModelError
from mnistcli.runs import checkpoints
from mnistcli.runs.config import Settings
from mnistcli.runs.record import Record
from mnistcli.system.files import remove

SETTINGS = Settings("softmax", "mnist", seed=0, batch_size=64, learning_rate=0.001, cycles=())


def add(directory: Path, step: int, run: int = 1, export: bytes | None = None) -> Path:
    return write(directory, step, run, export).path


def write(
    directory: Path, step: int, run: int = 1, export: bytes | None = None
) -> checkpoints.Checkpoint:
    weights = {checkpoints.INDEX: b"index", checkpoints.DATA: b"data of step %d" % step}
    checkpoint = checkpoints.write_checkpoint(directory, Record(SETTINGS, run, step), weights)
    return checkpoints.add_export(checkpoint, export) if export else checkpoint


def restore_sums(path: Path) -> None:
    files = [file for file in path.iterdir() if file.name != checkpoints.SUMS]
    sums = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
    (path / checkpoints.SUMS).write_text("".join(sums))


def find(directory: Path) -> tuple[str, list[str]]:
    listener = Recorder()
    newest = checkpoints.find_newest(directory, listener)
    return (newest.path.name if newest else "", listener.warnings)


def test_the_newest_step_is_found(tmp_path: Path) -> None:
    for step in (900, 1000, 30):
        add(tmp_path, step)

    newest = checkpoints.find_newest(tmp_path, SILENT)

    assert newest is not None
    assert (newest.path, newest.step, newest.run) == (tmp_path / "model-1000", 1000, 1)
    assert newest.settings == SETTINGS


def test_one_checkpoint_stands_for_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    older = add(tmp_path, 100)
    add(tmp_path, 200)

    assert checkpoints.find_newest(older, SILENT).step == 100
    monkeypatch.chdir(older)
    assert checkpoints.find_newest(Path(), SILENT).step == 100


def test_a_checkpoint_that_is_named_and_damaged_is_an_error(tmp_path: Path) -> None:
    older = add(tmp_path, 100)
    add(tmp_path, 200)
    (older / "checkpoint.json").unlink()

    with pytest.raises(ModelError, match=r"model-100: damaged: .*checkpoint\.json"):
        checkpoints.find_newest(older, SILENT)


def test_a_directory_without_checkpoints_has_none(tmp_path: Path) -> None:
    (tmp_path / "README.md").touch()
    (tmp_path / "model-1000.index").touch()  # of a tutorial's own checkpoint

    assert find(tmp_path) == ("", [])
    assert find(tmp_path / "nowhere") == ("", [])


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-3])


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize(
    "damage", [truncate, flip, Path.unlink, lambda file: file.write_bytes(b"")]
)
@pytest.mark.parametrize(
    "name", [checkpoints.RECORD, checkpoints.SUMS, "weights.index", "weights.data-00000-of-00001"]
)
def test_a_damaged_checkpoint_is_passed_over(
    name: str, damage: Callable[[Path], None], tmp_path: Path
) -> None:
    add(tmp_path, 1000)
    damage(add(tmp_path, 2000) / name)

    newest, (warning,) = find(tmp_path)

    assert newest == "model-1000"
    assert "model-2000" in warning
    assert warning.endswith(f"using {tmp_path / 'model-1000'}")


def test_a_damaged_older_checkpoint_is_not_warned_of(tmp_path: Path) -> None:
    flip(add(tmp_path, 1000) / checkpoints.RECORD)
    add(tmp_path, 2000)

    assert find(tmp_path) == ("model-2000", [])


def test_a_directory_without_an_intact_checkpoint_is_an_error(tmp_path: Path) -> None:
    flip(add(tmp_path, 1000) / checkpoints.RECORD)

    with pytest.raises(ModelError, match=r"model-1000: damaged: checkpoint\.json .* --restart"):
        find(tmp_path)


@pytest.mark.parametrize("name", [checkpoints.EXPORT, checkpoints.EXPORT_SUMS])
@pytest.mark.parametrize("damage", [truncate, flip, Path.unlink])
def test_a_damaged_export_is_not_used_and_can_be_replaced(
    damage: Callable[[Path], None], name: str, tmp_path: Path
) -> None:
    path = add(tmp_path, 1000, export=b"a model")
    assert checkpoints.open_checkpoint(path).export == b"a model"

    damage(path / name)

    assert checkpoints.open_checkpoint(path).export is None
    newest, warnings = find(tmp_path)
    assert newest == "model-1000"
    if (path / checkpoints.EXPORT_SUMS).exists():  # else it looks as if it was never made
        (warning,) = warnings
        assert "model.tflite" in warning
    checkpoints.add_export(checkpoints.open_checkpoint(path), b"made again")
    assert checkpoints.open_checkpoint(path).export == b"made again"


def test_an_export_of_other_weights_is_not_used(tmp_path: Path) -> None:
    old = checkpoints.open_checkpoint(add(tmp_path, 1000))
    weights = {checkpoints.INDEX: b"index", checkpoints.DATA: b"of a run restarted meanwhile"}
    path = checkpoints.write_checkpoint(tmp_path, Record(SETTINGS, 2, 1000), weights).path

    checkpoints.add_export(old, b"a model of the old weights")

    assert checkpoints.open_checkpoint(path).export is None
    assert "not as in model.tflite.sha256" in checkpoints.open_checkpoint(path).damage


def test_adding_an_export_does_not_hide_damaged_weights(tmp_path: Path) -> None:
    path = add(tmp_path, 1000)
    checkpoint = checkpoints.open_checkpoint(path)
    flip(path / "weights.index")

    checkpoints.add_export(checkpoint, b"a model")

    with pytest.raises(ModelError, match=r"damaged: weights\.index"):
        checkpoints.open_checkpoint(path)


def test_a_restart_removes_the_old_runs_damaged_checkpoints_too(tmp_path: Path) -> None:
    add(tmp_path, 1000, run=1)
    flip(add(tmp_path, 2000, run=1) / checkpoints.RECORD)
    newest = write(tmp_path, 100, run=2)

    checkpoints.remove_old(newest, keep=5)

    assert [path.name for path in tmp_path.iterdir()] == ["model-100"]


def test_damaged_weights_beside_a_damaged_export_are_reported(tmp_path: Path) -> None:
    path = add(tmp_path, 1000, export=b"a model")
    for name in (checkpoints.EXPORT, "weights.index"):
        flip(path / name)

    with pytest.raises(ModelError, match=r"damaged: weights\.index"):
        checkpoints.open_checkpoint(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 1}, "its format is 1, expected 2"),
        ({"settings": {"cycles": []}}, "not a checkpoint's record: TypeError"),
        ({"step": 999}, "it is of step 999"),
    ],
)
def test_a_record_that_does_not_fit_is_named(changes: dict, message: str, tmp_path: Path) -> None:
    path = add(tmp_path, 1000)
    record = json.loads((path / checkpoints.RECORD).read_bytes())
    (path / checkpoints.RECORD).write_text(json.dumps(record | changes))
    restore_sums(path)

    with pytest.raises(ModelError, match=rf"model-1000/checkpoint\.json: {message}"):
        checkpoints.open_checkpoint(path)


def test_a_failed_save_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add(tmp_path, 1000)

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left on device") as caught:
        add(tmp_path, 2000)

    assert caught.value.filename == str(tmp_path / "model-2000")
    assert [path.name for path in tmp_path.iterdir()] == ["model-1000"]


def test_the_temporary_files_of_a_killed_save_are_removed(tmp_path: Path) -> None:
    add(tmp_path, 1000)
    (tmp_path / ".mnistcli-0123abcd.part").mkdir()
    (tmp_path / ".mnistcli-0123abcd.part" / "weights.index").touch()
    assert find(tmp_path) == ("model-1000", [])

    add(tmp_path, 3000)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["model-1000", "model-3000"]


def test_the_newest_checkpoints_are_kept(tmp_path: Path) -> None:
    for step in (100, 200, 900):
        add(tmp_path, step)

    checkpoints.remove_old(write(tmp_path, 1000), keep=2)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["model-1000", "model-900"]


@pytest.mark.parametrize("name", [checkpoints.DATA, checkpoints.RECORD])
def test_a_damaged_later_checkpoint_is_not_kept_in_place_of_the_newest(
    name: str, tmp_path: Path
) -> None:
    add(tmp_path, 900)
    flip(add(tmp_path, 2000) / name)
    newest = write(tmp_path, 1000)  # training resumed from step 900

    checkpoints.remove_old(newest, keep=1)

    assert [path.name for path in tmp_path.iterdir()] == ["model-1000"]


def test_a_later_run_precedes_a_higher_step(tmp_path: Path) -> None:
    add(tmp_path, 2000, run=1)
    newest = write(tmp_path, 1000, run=2)

    assert find(tmp_path) == ("model-1000", [])
    assert checkpoints.find_last_run(tmp_path) == 2
    checkpoints.remove_old(newest, keep=5)
    assert [path.name for path in tmp_path.iterdir()] == ["model-1000"]


def test_a_checkpoint_whose_replacement_was_killed_is_found(tmp_path: Path) -> None:
    path = add(tmp_path, 1000, run=1)
    shutil.copytree(path, tmp_path / "model-1000.replaced")
    shutil.rmtree(path)  # as if killed between the two renames

    assert find(tmp_path) == ("model-1000.replaced", [])
    add(tmp_path, 1000, run=2)
    assert [path.name for path in tmp_path.iterdir()] == ["model-1000"]
    assert checkpoints.find_last_run(tmp_path) == 2


def test_a_directory_without_a_readable_record_is_an_error(tmp_path: Path) -> None:
    path = add(tmp_path, 1000)
    (path / checkpoints.RECORD).write_text("[" * 100_000)
    restore_sums(path)

    with pytest.raises(ModelError, match="no checkpoint is left"):
        find(tmp_path)


@pytest.mark.parametrize(
    "name", ["model-1000", "model-1000/weights.index", "model-1000/SHA256SUMS"]
)
def test_a_link_is_not_followed_out_of_the_directory(name: str, tmp_path: Path) -> None:
    elsewhere, directory = tmp_path / "elsewhere", tmp_path / "checkpoints"
    shutil.copytree(add(directory, 1000).parent, elsewhere)
    add(directory, 900)
    remove(directory / name)
    (directory / name).symlink_to(elsewhere / name)

    newest, warnings = find(directory)

    assert newest == "model-900"
    assert all("a symbolic link that leads out of" in warning for warning in warnings)
    checkpoints.remove_old(write(directory, 1100), keep=1)
    assert (elsewhere / name).exists()


def test_a_pipe_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    path = add(tmp_path, 1000)
    (path / checkpoints.DATA).unlink()
    os.mkfifo(path / checkpoints.DATA)

    with pytest.raises(ModelError, match=r"weights\.data.*: not a file"):
        checkpoints.open_checkpoint(path)


def test_a_base_outside_the_directory_is_refused(tmp_path: Path) -> None:
    add(tmp_path / "checkpoints", 1000)
    add(tmp_path, 1000)

    assert checkpoints.find_base(tmp_path, "model-1000").step == 1000
    with pytest.raises(ModelError, match="there is no checkpoint"):
        checkpoints.find_base(tmp_path / "checkpoints", "../model-1000")
