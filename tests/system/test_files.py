import os
from pathlib import Path

import pytest

from mnistcli.errors import DataError
from mnistcli.system import files
from mnistcli.system.files import (
    read_inside,
    read_whole,
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


def test_a_file_larger_than_the_limit_is_a_data_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_FILE_BYTES", 1 << 20)
    (tmp_path / "file").write_bytes(bytes(1 << 20))
    assert read_whole(tmp_path / "file") == bytes(1 << 20)

    (tmp_path / "file").write_bytes(bytes((1 << 20) + 1))
    with pytest.raises(DataError, match="file: larger than 1 MiB"):
        read_whole(tmp_path / "file")


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
