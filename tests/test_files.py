import os
from pathlib import Path

import pytest

from mnistcli.errors import DataError
from mnistcli.files import new_directory, read_whole, write_whole


def test_replaces_a_file(tmp_path: Path) -> None:
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


def test_a_directory_takes_anothers_place_whole(tmp_path: Path) -> None:
    path = tmp_path / "model"
    for content in ("old", "new"):
        with new_directory(path) as directory:
            (directory / "file").write_text(content)

    assert (path / "file").read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("when", ["writing", "renaming"])
def test_a_directory_that_fails_leaves_the_former(
    when: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, rename = tmp_path / "model", Path.rename
    with new_directory(path) as directory:
        (directory / "file").write_text("old")

    def fail(source: Path, target: Path) -> None:
        if target == path and not source.name.endswith(".old"):
            raise OSError(5, "Input/output error")
        rename(source, target)

    def replace() -> None:
        with new_directory(path) as new:
            if when == "writing":
                raise OSError(5, "Input/output error", str(new))

    if when == "renaming":
        monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(OSError, match="Input/output error") as caught:
        replace()

    assert caught.value.filename == str(path)
    assert (path / "file").read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
