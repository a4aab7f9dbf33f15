"""Kaggle's ``train.csv``."""

import zlib
from pathlib import Path
from random import Random

import numpy as np
import pytest
from helpers.layouts import HEADER, read_arrays, write_csv
from helpers.listening import SILENT

from mnistcli.datasets import dataset, kaggle
from mnistcli.errors import DataError


@pytest.fixture
def path(tmp_path: Path, small_files: Path) -> Path:
    """The small data set's 600 training images as Kaggle's file."""
    arrays = read_arrays(small_files)
    write_csv(tmp_path / "train.csv", arrays["x_train"], arrays["y_train"])
    return tmp_path / "train.csv"


def read_pairs(directory: Path, split: str) -> set[tuple[bytes, int]]:
    images, labels = kaggle.read(split, directory)
    return {(image.tobytes(), int(label)) for image, label in zip(images, labels, strict=True)}


def read_all(directory: Path) -> set[tuple[bytes, int]]:
    return read_pairs(directory, "train") | read_pairs(directory, "test")


def test_the_splits_are_the_whole_file(path: Path, small_files: Path) -> None:
    arrays = read_arrays(small_files)
    images = [image.tobytes() for image in arrays["x_train"]]
    expected = set(zip(images, arrays["y_train"].tolist(), strict=True))

    train, test = (read_pairs(path.parent, split) for split in ("train", "test"))

    assert train | test == expected
    assert not train & test
    assert 30 < len(test) < 90  # a tenth of 600, by 4 standard deviations


def test_a_pixel_is_where_kaggle_says(tmp_path: Path) -> None:
    """Pixel 31 is in the fourth column from the left and the second row from the top."""
    row = [0] * 784
    row[31] = 255
    copies = [[7, *row[:-1], corner] for corner in range(40)]
    (tmp_path / "train.csv").write_text(
        "\n".join([HEADER, *(",".join(map(str, copy)) for copy in copies)])
    )

    images, labels = kaggle.read("train", tmp_path)

    assert (images.dtype, labels.dtype, set(labels.tolist())) == (np.uint8, np.uint8, {7})
    assert images[0].shape == (28, 28)
    assert (images[:, 1, 3] == 255).all()
    assert np.count_nonzero(images[0]) == 1 + (images[0, 27, 27] > 0)


def test_an_image_stays_on_its_side(path: Path, tmp_path: Path) -> None:
    test = read_pairs(path.parent, "test")
    header, *lines = path.read_text().splitlines()
    path.write_text("\n".join([header, *lines[:0:-1]]))  # reversed, and without the first

    again = read_pairs(path.parent, "test")

    assert again <= test
    assert len(again) >= len(test) - 1


@pytest.mark.parametrize("change", ["\r\n", "bom", "names", "blank"])
def test_other_programs_files_are_read(change: str, path: Path) -> None:
    before = read_pairs(path.parent, "train")
    text = path.read_text()
    text = {
        "\r\n": text.replace("\n", "\r\n"),
        "bom": "\ufeff" + text,
        "names": text.replace("pixel783", "28x28"),
        "blank": text + "\n\n",
    }[change]
    path.write_bytes(text.encode())

    assert read_pairs(path.parent, "train") == before


ROW = ",".join(["3"] + ["0"] * 784)

BAD_FILES = {
    "empty": ("", "the first line must name 785 columns, of which one is label"),
    "titanic": ("PassengerId,Survived\n1,0", "the first line must name 785 columns"),
    "test.csv": (HEADER.partition(",")[2] + "\n" + ROW[2:], "the first line must name 785"),
    "headless": (ROW, "the first line must name 785 columns"),
    "no rows": (HEADER + "\n", "no images"),
    "label 10": (f"{HEADER}\n{ROW}\n10{ROW[1:]}", "label 10, expected 0 to 9"),
    "256": (f"{HEADER}\n{ROW[:-1]}256", "256"),
    "-1": (f"{HEADER}\n{ROW[:-1]}-1", "-1"),
    "half": (f"{HEADER}\n{ROW[:-1]}0.5", r"0\.5"),
    "text": (f"{HEADER}\n{ROW[:-1]}none", "none"),
    "short": (f"{HEADER}\n{ROW}\n{ROW[:-2]}", "number of columns changed from 785 to 784"),
    "narrow": (f"{HEADER}\n1,2\n3,4", "lines of 2 numbers, expected 785"),
    "empty lines": (HEADER + "\n" * 1000, "lines too short for 785 columns"),
    "short lines": (HEADER + "\n1,2" * 1000, "lines too short for 785 columns"),
    "copies": (HEADER + f"\n{ROW}" * 300, "of 300 images, none is for .*copies of one another"),
    "long": (f"{HEADER}\n{'0,' * 10_000}", "a line is longer than 12560 bytes"),
    "endless": ("0" * 1_000_000, "a line is longer than 12560 bytes"),
    "binary": (HEADER.encode() + b"\n\xff\xfe\0", "can't decode|codec"),
    "one": (f"{HEADER}\n{ROW}", "of 1 images, none is for t"),
}


@pytest.mark.parametrize(("content", "message"), BAD_FILES.values(), ids=BAD_FILES)
def test_another_file_is_refused(content: str | bytes, message: str, tmp_path: Path) -> None:
    data = content if isinstance(content, bytes) else content.encode()
    (tmp_path / "train.csv").write_bytes(data)

    with pytest.raises(DataError, match=message) as caught:
        read_all(tmp_path)

    assert str(caught.value).startswith(f"{tmp_path / 'train.csv'}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_damage_is_a_data_error(path: Path) -> None:
    intact, random = path.read_bytes()[:20_000], Random(0)
    for _ in range(300):
        damaged = bytearray(intact)
        for _ in range(random.choice([1, 8])):
            damaged[random.randrange(len(damaged))] = random.randrange(256)
        path.write_bytes(damaged)
        try:
            images, labels = kaggle.read("train", path.parent)
        except DataError:
            continue
        assert (images.shape[1:], labels.max() < 10) == ((28, 28), True)


def test_a_data_set_of_that_name_is_loaded(path: Path) -> None:
    test = dataset.load("kaggle", "test", path.parent, SILENT)

    assert (test.name, test.split, len(test.labels)) == (
        "kaggle",
        "test",
        len(read_pairs(path.parent, "test")),
    )
    assert all(zlib.crc32(image.tobytes()) % 10 == 0 for image in test.images)


def test_a_missing_file_is_not_replaced_by_another_data_set(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"train\.csv: No such file.*; --data-dir names"):
        dataset.load("kaggle", "train", tmp_path, SILENT)


@pytest.mark.parametrize(("name", "is_one"), [("train.csv", True), ("other.csv", False)])
def test_a_hint_names_the_command(name: str, is_one: bool, path: Path) -> None:
    path.rename(path.with_name(name))

    hint = kaggle.find_hint(path.parent)

    command = f"mnistcli train --dataset kaggle --data-dir {path.parent}"
    assert (command in hint) == is_one == bool(hint)


def test_another_contests_file_gets_no_hint(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("PassengerId,Survived\n1,0\n")

    assert kaggle.find_hint(tmp_path) == ""
