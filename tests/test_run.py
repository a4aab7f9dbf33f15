import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mnistcli import run
from mnistcli.errors import ModelError
from mnistcli.settings import Settings

SETTINGS = Settings("softmax", "mnist", seed=0, batch_size=64, learning_rate=0.001, cycles=())


def add(directory: Path, step: int, number: int = 1, export: bytes | None = None) -> Path:
    with run.new_checkpoint(directory, SETTINGS, number, step) as folder:
        (folder / "weights.index").write_bytes(b"index")
        (folder / "weights.data-00000-of-00001").write_bytes(b"data of step %d" % step)
        if export:
            (folder / "model.tflite").write_bytes(export)
    return directory / f"model-{step}"


def find(directory: Path) -> tuple[str, list[str]]:
    warnings: list[str] = []
    newest = run.find_newest(directory, warnings.append)
    return (newest.path.name if newest else "", warnings)


def test_the_newest_step_is_found(tmp_path: Path) -> None:
    for step in (900, 1000, 30):
        add(tmp_path, step)

    newest = run.find_newest(tmp_path, print)

    assert newest is not None
    assert (newest.path, newest.step, newest.run) == (tmp_path / "model-1000", 1000, 1)
    assert newest.settings == SETTINGS


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
    "name", [run.RECORD, run.SUMS, "weights.index", "weights.data-00000-of-00001"]
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


def test_damage_to_older_checkpoints_is_no_news(tmp_path: Path) -> None:
    flip(add(tmp_path, 1000) / run.RECORD)
    add(tmp_path, 2000)

    assert find(tmp_path) == ("model-2000", [])


def test_when_none_is_whole_it_is_an_error_and_no_new_start(tmp_path: Path) -> None:
    flip(add(tmp_path, 1000) / run.RECORD)

    with pytest.raises(ModelError, match=r"model-1000: damaged: checkpoint\.json .* --restart"):
        find(tmp_path)


@pytest.mark.parametrize("damage", [truncate, flip, Path.unlink])
def test_a_damaged_export_is_as_good_as_none(
    damage: Callable[[Path], None], tmp_path: Path
) -> None:
    path = add(tmp_path, 1000, export=b"a model")
    assert run.open_checkpoint(path).export == b"a model"

    damage(path / run.EXPORT)

    assert run.open_checkpoint(path).export is None
    run.add_export(run.open_checkpoint(path), b"made again")
    assert run.open_checkpoint(path).export == b"made again"


def test_an_export_is_added_beside_another_that_is_on_its_way(tmp_path: Path) -> None:
    path = add(tmp_path, 1000)
    (path / ".SHA256SUMS.1").write_bytes(b"of another process")

    run.add_export(run.open_checkpoint(path), b"a model")
    (path / ".SHA256SUMS.1").unlink()

    assert run.open_checkpoint(path).export == b"a model"


def test_adding_an_export_blesses_no_damage(tmp_path: Path) -> None:
    path = add(tmp_path, 1000)
    checkpoint = run.open_checkpoint(path)
    flip(path / "weights.index")

    run.add_export(checkpoint, b"a model")

    with pytest.raises(ModelError, match=r"damaged: weights\.index"):
        run.open_checkpoint(path)


def test_a_restart_removes_the_old_runs_damaged_checkpoints_too(tmp_path: Path) -> None:
    add(tmp_path, 1000, number=1)
    flip(add(tmp_path, 2000, number=1) / run.RECORD)
    add(tmp_path, 100, number=2)

    run.remove_old(tmp_path, 2, keep=5)

    assert [path.name for path in tmp_path.iterdir()] == ["model-100"]


def test_a_good_export_does_not_excuse_damaged_weights(tmp_path: Path) -> None:
    path = add(tmp_path, 1000, export=b"a model")
    for name in (run.EXPORT, "weights.index"):
        flip(path / name)

    with pytest.raises(ModelError, match=r"damaged: model\.tflite, weights\.index"):
        run.open_checkpoint(path)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"version": 1}, "its format is 1, expected 2"),
        ({}, "not a checkpoint's record: KeyError"),
        ([], "not a checkpoint's record: TypeError"),
        ({"version": 2, "settings": {"cycles": []}}, "not a checkpoint's record: TypeError"),
    ],
)
def test_a_record_of_another_form_is_refused(record: object, message: str, tmp_path: Path) -> None:
    path = add(tmp_path, 1000)
    (path / run.RECORD).write_text(json.dumps(record))
    files = [file for file in path.iterdir() if file.name != run.SUMS]
    sums = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
    (path / run.SUMS).write_text("".join(sums))

    with pytest.raises(ModelError, match=message):
        run.open_checkpoint(path)


def test_a_failed_save_leaves_nothing(tmp_path: Path) -> None:
    add(tmp_path, 1000)

    with pytest.raises(OSError, match="full"), run.new_checkpoint(tmp_path, SETTINGS, 1, 2000):
        raise OSError("full")

    assert [path.name for path in tmp_path.iterdir()] == ["model-1000"]


def test_what_a_killed_save_left_is_cleared_away(tmp_path: Path) -> None:
    add(tmp_path, 1000)
    (tmp_path / ".model-2000").mkdir()
    (tmp_path / ".model-2000" / "weights.index").touch()
    assert find(tmp_path) == ("model-1000", [])

    add(tmp_path, 3000)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["model-1000", "model-3000"]


def test_the_newest_few_are_kept(tmp_path: Path) -> None:
    for step in (100, 1000, 200, 900):
        add(tmp_path, step)

    run.remove_old(tmp_path, 1, keep=2)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["model-1000", "model-900"]


def test_a_later_run_comes_before_a_higher_step(tmp_path: Path) -> None:
    add(tmp_path, 2000, number=1)
    add(tmp_path, 1000, number=2)

    assert find(tmp_path) == ("model-1000", [])
    assert run.find_last_run(tmp_path) == 2
    run.remove_old(tmp_path, 2, keep=5)
    assert [path.name for path in tmp_path.iterdir()] == ["model-1000"]


def test_replacing_a_checkpoint_never_leaves_a_moment_without_one(tmp_path: Path) -> None:
    path = add(tmp_path, 1000, number=1)
    shutil.copytree(path, tmp_path / "model-1000.replaced")
    shutil.rmtree(path)  # as if killed between the two renames

    assert find(tmp_path) == ("model-1000.replaced", [])
    add(tmp_path, 1000, number=2)
    assert [path.name for path in tmp_path.iterdir()] == ["model-1000"]
    assert run.find_last_run(tmp_path) == 2
