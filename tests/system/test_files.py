import errno
import io
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistcli.cli.png import save_image
from mnistcli.errors import DataError
from mnistcli.evaluation import plots, report
from mnistcli.evaluation.metrics import AnsweredImages, evaluate
from mnistcli.inference import metadata
from mnistcli.pretrained import read_export
from mnistcli.system import files
from mnistcli.system.files import (
    MARKS,
    is_ours,
    read_bounded,
    read_inside,
    read_whole,
    refuse_foreign,
    remove_stale,
    write_directory,
    write_whole,
)


def test_a_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    write_whole(path, b"new")

    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new")

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


OPEN = os.open


def refuse_directory(path: Path, flags: int, *rest: int) -> int:
    if Path(path).is_dir():
        raise PermissionError(13, "Permission denied", str(path))
    return OPEN(path, flags, *rest)


def test_a_directory_that_cannot_be_opened_is_not_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "open", refuse_directory)

    write_whole(tmp_path / "file", b"new")

    assert (tmp_path / "file").read_bytes() == b"new"


def test_a_file_that_cannot_be_read_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Is a directory"):
        read_whole(tmp_path)


def test_a_directory_replaces_another_completely(tmp_path: Path) -> None:
    path = tmp_path / "model"
    for content in (b"old", b"new"):
        write_directory(path, {"file": content, "deeper/file": b""})

    assert (path / "file").read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("when", ["writing", "renaming"])
def test_a_failed_write_of_a_directory_leaves_the_former_one(
    when: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, rename = tmp_path / "model", Path.rename
    write_directory(path, {"file": b"old"})

    def fail(source: Path, target: Path) -> None:
        if target == path and (source / "new").exists():
            raise OSError(5, "Input/output error")
        rename(source, target)

    def fail_writing(file: Path, content: bytes) -> None:
        file.touch()
        raise OSError(5, "Input/output error", str(file))

    if when == "renaming":
        monkeypatch.setattr(Path, "rename", fail)
    else:
        monkeypatch.setattr(Path, "write_bytes", fail_writing)
    with pytest.raises(OSError, match="Input/output error") as caught:
        write_directory(path, {"new": b""})

    assert caught.value.filename == str(path)
    assert (path / "file").read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_larger_than_the_limit_is_a_data_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_FILE_BYTES", 1 << 20)
    (tmp_path / "file").write_bytes(bytes(1 << 20))
    assert read_whole(tmp_path / "file") == bytes(1 << 20)

    (tmp_path / "file").write_bytes(bytes((1 << 20) + 1))
    with pytest.raises(DataError, match="file: larger than 1 MiB"):
        read_whole(tmp_path / "file")


@pytest.mark.parametrize("size", [0, 1, 99_999, 100_000])
def test_a_stream_is_read_to_its_end(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_FILE_BYTES", 100_000)
    content = os.urandom(size)

    assert read_bounded(io.BytesIO(content)) == content


@pytest.mark.parametrize("size", [100_001, 1_000_000])
def test_a_stream_longer_than_the_limit_is_refused(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_FILE_BYTES", 100_000)
    stream = io.BytesIO(bytes(size))

    with pytest.raises(OSError, match="larger than 0 MiB") as caught:
        read_bounded(stream)

    assert caught.value.errno == errno.EFBIG
    assert stream.tell() == 100_001  # the rest was never read


def test_a_symbolic_link_is_followed_within_its_directory_only(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    for place in (tmp_path, inside):
        (place / "file").write_text(place.name)
    (inside / "near").symlink_to("file")
    (inside / "far").symlink_to(tmp_path / "file")
    (tmp_path / "directory").symlink_to(inside)

    assert read_inside(tmp_path / "directory", tmp_path / "directory" / "near") == b"inside"
    with pytest.raises(DataError, match=r"far: a symbolic link that leads out of .*inside"):
        read_inside(inside, inside / "far")


def test_old_temporary_files_of_killed_processes_are_removed(tmp_path: Path) -> None:
    names = (".mnistcli-0.part", ".mnistcli-1.part", ".mnistcli-2.part", ".other.part")
    for name in names:
        (tmp_path / name).write_text("half")
    (tmp_path / ".mnistcli-3.part").mkdir()
    for name in (names[0], names[3], ".mnistcli-3.part"):
        os.utime(tmp_path / name, (0, 0))

    remove_stale(tmp_path)

    assert {path.name for path in tmp_path.iterdir()} == {names[1], names[2], ".other.part"}


def write_image(directory: Path) -> Path:
    save_image(directory / "7.28x28.png", np.zeros((28, 28), np.uint8))
    return directory / "7.28x28.png"


def write_plot(directory: Path) -> Path:
    (directory / "confusion.png").write_bytes(plots.draw_confusion(np.eye(10, dtype=int).tolist()))
    return directory / "confusion.png"


def write_report(directory: Path) -> Path:
    probabilities, labels = np.eye(10, dtype=np.float32), np.arange(10, dtype=np.uint8)
    names, images = [*map(str, labels)], np.zeros((10, 28, 28), np.uint8)
    answered = AnsweredImages("pictures", None, names, images, labels, probabilities)
    model = {"name": "softmax", "step": 60, "dataset": "mnist", "source": "checkpoints/model-60"}
    return report.write(directory, model, answered, evaluate(probabilities, labels))


DESCRIPTION = metadata.describe({"name": "deepcnn", "step": 1})


def write_tflite(directory: Path) -> Path:
    (directory / "model.tflite").write_bytes(metadata.attach(read_export(), DESCRIPTION))
    return directory / "model.tflite"


def write_metadata(directory: Path) -> Path:
    (directory / metadata.METADATA_FILE).write_bytes(metadata.serialize(DESCRIPTION))
    return directory / metadata.METADATA_FILE


OURS = {
    "image": write_image,
    "plot": write_plot,
    "report": write_report,
    ".tflite": write_tflite,
    "metadata": write_metadata,
}


@pytest.mark.parametrize("kind", OURS)
def test_a_file_that_mnistcli_wrote_may_be_replaced(kind: str, tmp_path: Path) -> None:
    path = OURS[kind](tmp_path)

    assert is_ours(path, path.suffix)
    refuse_foreign(path, path.suffix)


def test_a_file_that_mnistcli_wrote_is_known_under_any_name(tmp_path: Path) -> None:
    path = write_image(tmp_path).rename(tmp_path / "7")

    assert is_ours(path, ".png")
    assert not is_ours(path, ".tflite")


def write_png(path: Path) -> None:
    Image.new("L", (28, 28)).save(path)


FOREIGN: dict[str, Callable[[Path], object]] = {
    ".html": lambda path: path.write_text('<meta name="generator" content="another">'),
    ".json": lambda path: path.write_text('{"made_by": "another 1.0", "about": "mnistcli"}'),
    ".png": write_png,
    ".tflite": lambda path: path.write_bytes(read_export()),
}


@pytest.mark.parametrize("suffix", MARKS)
def test_a_foreign_file_is_not_replaced(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"file{suffix}"
    FOREIGN[suffix](path)

    assert not is_ours(path, path.suffix)
    with pytest.raises(FileExistsError, match="there already, and not by mnistcli") as caught:
        refuse_foreign(path, path.suffix)
    assert caught.value.filename == str(path)


@pytest.mark.parametrize("suffix", MARKS)
def test_an_empty_file_is_foreign(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"file{suffix}"
    path.touch()

    assert not is_ours(path, path.suffix)


def test_a_directory_is_foreign(tmp_path: Path) -> None:
    path = tmp_path / "file.png"
    path.mkdir()

    with pytest.raises(FileExistsError, match="there already"):
        refuse_foreign(path, path.suffix)


def test_a_missing_file_is_not_refused(tmp_path: Path) -> None:
    refuse_foreign(tmp_path / "file.png", ".png")
