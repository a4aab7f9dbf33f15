import os
from pathlib import Path

import pytest

from mnistcli.pictures.files import find_pictures


def find(*names: str | Path) -> list[tuple[str, int | None, str]]:
    """Each picture's path, relative to the first name, its label and its error."""
    return [
        (os.path.relpath(name, names[0]), label.digit if label else None, str(content or ""))
        for name, label, content in find_pictures(map(str, names))
    ]


def touch(directory: Path, *names: str) -> None:
    for name in names:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).touch()


def test_folders_named_after_digits_label_their_pictures(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "7_1.png")
    (tmp_path / "6_1.png").symlink_to("none")
    touch(tmp_path, "8_1.png", "a.png", "3/0.png", "3/photo.jpg", "3/7/9.png")
    touch(tmp_path, "12/1.png", "b/2.png", ".hidden/4/1.png", "notes.txt", ".9_1.png")

    assert find(tmp_path) == [
        ("6_1.png", 6, ""),  # reading it reports the broken link
        ("8_1.png", 8, ""),
        ("a.png", None, ""),
        ("3/0.png", 3, ""),
        ("3/photo.jpg", 3, ""),
        ("3/7/9.png", 7, ""),
    ]
    assert find(tmp_path / "3") == [("0.png", 3, ""), ("photo.jpg", 3, ""), ("7/9.png", 7, "")]


@pytest.mark.parametrize("folder", ["8", "eight", "class_8"])
def test_the_folder_counts_however_it_is_reached(folder: str, tmp_path: Path) -> None:
    touch(tmp_path, f"archive/mnist_png/training/{folder}/1.png")
    place = tmp_path / "archive" / "mnist_png" / "training" / folder

    for name in (place / "1.png", place, *place.parents[:3]):
        ((path, label, error),) = find(name)
        assert (Path(name, path).resolve(), label, error) == (place / "1.png", 8, "")


def test_links_out_of_the_directory_are_followed_to_labelled_folders_only(tmp_path: Path) -> None:
    touch(tmp_path, "elsewhere/3/1.png", "here/8/1.png")
    (tmp_path / "here" / "link").symlink_to(tmp_path)
    (tmp_path / "here" / "5").symlink_to(tmp_path / "elsewhere" / "3")

    assert find(tmp_path / "here") == [("5/1.png", 5, ""), ("8/1.png", 8, "")]


def test_a_directory_without_pictures_is_an_error(tmp_path: Path) -> None:
    touch(tmp_path, "notes.txt", "one/two/three/8/1.png")  # too deep

    ((_, _, error),) = find(tmp_path)

    assert error == "a directory without pictures; folders like 8/ were looked for, too"


def test_a_folder_that_cannot_be_listed_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, "3/0.png", "4/0.png", "other3/0.png")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if path.endswith("3"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)

    assert find(tmp_path) == [("3", None, "Permission denied"), ("4/0.png", 4, "")]


def test_what_is_no_file_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = "data:image/png;base64," + "iVBORw0KGgo" * 50

    (address, given) = find_pictures(["https://example.org/8_3.png", text])

    assert address.name == "https://example.org/8_3.png"
    assert "an address, not a file: 'curl -L URL | mnistcli predict -'" in str(address.content)
    assert len(given.name) < 100
    assert "base64" in str(given.content)
    touch(tmp_path, "https:/example.org/8_3.png")
    assert find("https://example.org/8_3.png") == [(".", 8, "")]
