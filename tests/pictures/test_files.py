import os
from pathlib import Path

import pytest

from mnistcli.pictures.files import find_pictures, parse_label


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("8_3.png", 8),
        ("some/where/0.png", 0),
        ("3__0.jpg", 3),
        ("12_3.png", None),
        ("a_3.png", None),
        ("7", None),
        ("5_/photo.png", None),
    ],
)
def test_the_label_is_the_digit_before_the_separator(name: str, label: int | None) -> None:
    assert parse_label(name) == label


def find(*names: str | Path) -> list[tuple[str, int | None, str]]:
    return [
        (os.path.relpath(name, names[0]), label, str(error or ""))
        for name, label, error in find_pictures(map(str, names))
    ]


def test_folders_named_after_digits_label_their_pictures(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "7_1.png")
    (tmp_path / "6_1.png").symlink_to("none")
    for name in ("8_1.png", "a.png", "3/0.png", "3/photo.jpg", "3/7/9.png", "12/1.png", "b/2.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    assert find(tmp_path) == [
        ("6_1.png", 6, ""),  # reading it reports the broken link
        ("8_1.png", 8, ""),
        ("a.png", None, ""),
        ("3/0.png", 3, ""),
        ("3/photo.jpg", 3, ""),
    ]
    # Of a folder that is named itself, the files' names are the labels.
    assert find(tmp_path / "3") == [("0.png", 0, ""), ("photo.jpg", None, ""), ("7/9.png", 7, "")]


def test_a_folder_that_cannot_be_listed_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("3/0.png", "4/0.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    scandir = os.scandir

    def refuse(path: str) -> object:
        if path.endswith("3"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)

    assert find(tmp_path) == [("3", 3, "Permission denied"), ("4/0.png", 4, "")]
