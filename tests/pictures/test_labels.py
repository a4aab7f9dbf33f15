from pathlib import Path

import pytest

from mnistcli.pictures.labels import Label, explain_guesses, find_label, parse_folder

CERTAIN = {
    "8_3.png": 8,
    "3__0.jpg": 3,
    "8-3.png": 8,
    "8 (3).png": 8,
    "8 - Copy.png": 8,
    "0.28x28.png": 0,
    "digit_8_1.png": 8,
    "Label-4 b.png": 4,
    "class7_0012.png": 7,
    "seven.png": 7,
    "Zero_2.png": 0,
}
GUESSES = {
    "7": 7,
    "0.png": 0,
    "digit_8.png": 8,
    "my_8.png": 8,
    "my_own_8.png": 8,
    "scan_2_b.png": 2,
    "IMG (5).jpg": 5,
}
NONE = (
    "12_3.png",
    "12.png",
    "a.png",
    "a8.png",
    "IMG_0008.png",
    "2024-01-08.png",
    "8a.png",
    "³.png",
)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        *((name, Label(digit)) for name, digit in CERTAIN.items()),
        *((name, Label(digit, is_guess=True)) for name, digit in GUESSES.items()),
        *((name, None) for name in NONE),
    ],
)
def test_a_name_has_a_label_that_may_be_a_guess(name: str, label: Label | None) -> None:
    assert find_label(f"some/where/{name}") == label


@pytest.mark.parametrize(
    ("folder", "digit"),
    [
        *(("8", 8), ("eight", 8), ("Eight", 8), ("class_8", 8), ("digit-8", 8), ("label 8", 8)),
        *(("num8", 8), ("class_eight", 8), ("training/0", 0), ("8/.", 8), ("8/", 8)),
        *(("10", None), ("session_1", None), ("8/more", None), ("8s", None), ("08", None)),
    ],
)
def test_a_folder_has_a_label(folder: str, digit: int | None) -> None:
    assert parse_folder(folder) == digit


def test_the_folder_counts_before_the_name() -> None:
    assert find_label("8/1.png") == Label(8)
    assert find_label("8/img_3.png") == Label(8)
    assert find_label("8/8_3.png") == Label(8)
    assert find_label("8/photo.png") == Label(8)


def test_a_name_that_contradicts_its_folder_makes_the_label_a_guess() -> None:
    assert find_label("8/3_1.png") == Label(8, is_guess=True)


def test_the_current_folder_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "8").mkdir()
    monkeypatch.chdir(tmp_path / "8")

    assert find_label("1.png") == find_label("./1.png") == Label(8)
    assert find_label("../1.png") == Label(1, is_guess=True)


def test_guesses_are_counted() -> None:
    one = explain_guesses([("1.png", 1)])
    three = explain_guesses([("1.png", 1), ("2.png", 2), ("3.png", 3)])

    assert one.startswith("the label 1 of 1.png is a guess: the files may be merely numbered,")
    assert three.startswith("the labels of 3 pictures are guesses, such as 1 of 1.png:")
