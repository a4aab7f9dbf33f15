"""Inputs as people have them: names, folders, formats and arrays; not in the repository."""

import json
from pathlib import Path

import pytest

FIRST_DIGITS = "72104149590690159734"


@pytest.fixture
def faults(shared: Path) -> Path:
    if not (shared / "faults").is_dir():
        pytest.skip("needs the folder faults/ of the real data")
    return shared / "faults"


@pytest.mark.parametrize(
    ("given", "count"),
    [
        *(("layout_digit", 30), ("layout_digit/*", 30), ("layout_digit/8", 3)),
        *(("layout_digit/8/*", 3), ("layout_png", 30), ("layout_png/testing/8", 3)),
        *(("layout_split", 30), ("names_word", 30), ("names_word/*", 30), ("names_class", 30)),
        *(("names_dash", 30), ("names_paren", 30), ("names_prefix", 30)),
        *(("formats", 20), ("formats/*", 20), ("own_mixed_formats", 27)),
    ],
)
def test_all_are_found_labelled_and_read(given: str, count: int, faults: Path, run) -> None:
    names = sorted(faults.glob(given)) if "*" in given else [faults / given]

    result = run("eval", "--pretrained", "--json", *names)

    document = json.loads(result.stdout)
    assert document["total"] == count
    assert document["correct"] >= count - 1  # a wrong label would cost a tenth, or all
    assert "guess" not in result.stderr
    assert result.exit_code == 0


def test_numbered_files_are_doubted(faults: Path, run) -> None:
    result = run("eval", "--pretrained", faults / "numbered")

    assert "warning: the labels of 9 pictures are guesses" in result.stderr
    assert result.stdout == "accuracy 0.2222 over 9 images (pictures)\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("photo.HEIC", "7"), ("digits.npy", FIRST_DIGITS), ("kaggle_test.csv", FIRST_DIGITS)),
        ("mnist_small.npz", FIRST_DIGITS + "96654074013134727121"),
    ],
)
def test_photos_and_arrays_are_read(name: str, text: str, faults: Path, run) -> None:
    result = run("predict", "--pretrained", faults / name, "--format", "json")

    digits = [answer["digit"] for answer in json.loads(result.stdout)["results"]]
    assert "".join(map(str, digits)) == text


@pytest.mark.parametrize("name", ["pages_3_5_8.tif", "anim_3_5_8.gif"])
def test_further_pages_are_told_of(name: str, faults: Path, run) -> None:
    result = run("predict", "--pretrained", faults / name)

    assert result.stdout.split("\t")[1] == "3"
    assert "only the first of its pages or frames is read" in result.stderr


def test_base64_text_has_a_hint(faults: Path, run) -> None:
    text = faults / "canvas_datauri.txt"

    assert "base64 -d | mnistcli predict -" in run("predict", "--pretrained", text).stderr
    assert "base64 -d" in run("predict", "--pretrained", text.read_text()).stderr
