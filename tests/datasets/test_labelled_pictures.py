from pathlib import Path

import numpy as np
import pytest
from helpers.drawing import seven, to_png
from PIL import Image

from mnistcli.datasets.labelled_pictures import digest, load
from mnistcli.datasets.synthetic import dataset as synthetic
from mnistcli.errors import DataError


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return synthetic.make(3, 60)[0]


def write(directory: Path, names: list[str], images: np.ndarray) -> None:
    for name, image in zip(names, images, strict=False):
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(255 - image).save(directory / name)


def fail(message: str) -> None:
    raise AssertionError(message)


def test_one_in_four_is_held_out(tmp_path: Path) -> None:
    images, labels = synthetic.make(3, 400)
    names = [f"{label}_{number}.png" for number, label in enumerate(labels)]
    write(tmp_path, names, images)

    training, held_out = load(tmp_path, fail, fail)

    assert len(training.labels) + len(held_out.labels) == 400
    assert 70 < len(held_out.labels) < 130  # of 100, with a deviation of 9
    assert (held_out.name, held_out.split) == ("pictures", "held out")
    label_of = {image.tobytes(): label for image, label in zip(images, labels, strict=True)}
    for part in (training, held_out):
        for image, label in zip(part.images, part.labels, strict=True):
            assert label_of.pop(image.tobytes()) == label
    assert label_of == {}


def test_no_picture_changes_sides(images: np.ndarray, tmp_path: Path) -> None:
    """However names, labels and other pictures change, what was trained on never scores."""
    names = [f"5_{number}.png" for number in range(40)]
    write(tmp_path / "all", names, images)
    write(tmp_path / "some", [f"6_{number}.png" for number in range(20)], images[:40:2])

    every = load(tmp_path / "all", fail, fail)
    some = load(tmp_path / "some", fail, fail)

    for all_of, some_of in zip(every, some, strict=True):
        known = {image.tobytes() for image in all_of.images}
        assert {image.tobytes() for image in some_of.images} < known
    assert digest(every[0]) != digest(some[0])


def test_a_folder_may_hold_each_digit(images: np.ndarray, tmp_path: Path) -> None:
    folders = [f"{digit}/{number}.png" for digit in (3, 8) for number in range(8)]
    write(tmp_path / "folders", folders, images)
    write(tmp_path / "names", [name.replace("/", "_") for name in folders], images)

    by_folder, by_name = (load(tmp_path / kind, fail, fail) for kind in ("folders", "names"))

    assert set(by_folder[0].labels.tolist()) == {3, 8}
    assert digest(by_folder[0]) == digest(by_name[0])
    assert digest(by_folder[1]) == digest(by_name[1])


def test_what_cannot_be_used_is_reported_and_the_rest_is_used(
    images: np.ndarray, tmp_path: Path
) -> None:
    write(tmp_path, [f"{digit}_0.png" for digit in range(10)] + ["a.png"], images)
    (tmp_path / "4_1.png").write_bytes(b"no picture")
    (tmp_path / "5_1.png").write_bytes(to_png(np.full((50, 50), 255, np.uint8)))
    pair = Image.new("L", (300, 160), 255)
    for left in (20, 170):
        pair.paste(seven(), (left, 0))
    (tmp_path / "7_1.png").write_bytes(to_png(pair))
    warned: list[str] = []
    reported: list[str] = []

    training, held_out = load(tmp_path, warned.append, reported.append)

    assert len(training.labels) + len(held_out.labels) == 11
    assert [message.split(": ")[:2] for message in reported] == [
        [str(tmp_path / "4_1.png"), "not a picture in a known format"],
        [str(tmp_path / "5_1.png"), "no ink found"],
        [str(tmp_path / "a.png"), "no label"],
    ]
    assert len(warned) == 1
    assert warned[0].startswith(f"{tmp_path / '7_1.png'}: more than one digit?")


def test_copies_count_once(images: np.ndarray, tmp_path: Path) -> None:
    names = [f"{number % 2}_{number}.png" for number in range(16)]
    write(tmp_path, names, images)
    once = load(tmp_path, fail, fail)
    write(tmp_path, [f"{number % 2}_{number + 100}.png" for number in range(16)], images)
    write(tmp_path, ["9_0.png"], images)
    reported: list[str] = []

    twice = load(tmp_path, fail, reported.append)

    assert [digest(part) for part in twice] == [digest(part) for part in once]
    assert reported == [f"{tmp_path / '9_0.png'}: the same image as one that is labelled 0"]


@pytest.mark.parametrize("names", [[], ["3_1.png"], ["a.png", "b.png"]])
def test_too_few_are_an_error(names: list[str], images: np.ndarray, tmp_path: Path) -> None:
    write(tmp_path, names, images)

    with pytest.raises(DataError, match=r"too few labelled pictures: .* names like 8_3\.png"):
        load(tmp_path, fail, lambda message: None)


@pytest.mark.parametrize("name", ["none", "file", "-"])
def test_what_is_no_directory_is_an_error(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(DataError, match=f"{name}: no such directory"):
        load(tmp_path / name, fail, fail)
