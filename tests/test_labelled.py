from pathlib import Path

import numpy as np
import pytest
from drawing import seven, to_png
from PIL import Image

from mnistcli import strokes
from mnistcli.errors import DataError
from mnistcli.labelled import digest, load


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return strokes.make(3, 60)[0]


def write(directory: Path, names: list[str], images: np.ndarray) -> None:
    for name, image in zip(names, images, strict=False):
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(255 - image).save(directory / name)


def fail(message: str) -> None:
    raise AssertionError(message)


def test_one_in_four_of_each_digit_is_held_out(images: np.ndarray, tmp_path: Path) -> None:
    names = [f"{digit}_{number}.png" for digit in range(10) for number in range(4)]
    write(tmp_path, names, images)

    training, held_out = load(tmp_path, fail, fail)

    assert training.labels.tolist() == sorted([*range(10)] * 3)
    assert held_out.labels.tolist() == [*range(10)]
    together = np.concatenate([training.images, held_out.images])
    assert {image.tobytes() for image in together} == {image.tobytes() for image in images[:40]}
    assert (held_out.name, held_out.split) == ("pictures", "held out")
    for image, label in zip(together, [*training.labels, *held_out.labels], strict=True):
        place = next(n for n, one in enumerate(images) if one.tobytes() == image.tobytes())
        assert names[place].startswith(str(label))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_of_few_pictures_some_are_held_out(count: int, images: np.ndarray, tmp_path: Path) -> None:
    names = [f"{digit}_{number}.png" for digit in range(10) for number in range(count)]
    write(tmp_path, names, images)

    training, held_out = load(tmp_path, fail, fail)

    assert len(training.labels) + len(held_out.labels) == 10 * count
    assert 2 * count <= len(held_out.labels) <= 3 * count


def test_pictures_added_later_leave_the_parts_as_they_were(
    images: np.ndarray, tmp_path: Path
) -> None:
    names = [f"5_{number}.png" for number in range(30)]
    write(tmp_path, names[:10], images)
    before = load(tmp_path, fail, fail)
    write(tmp_path, names, images)

    after = load(tmp_path, fail, fail)

    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(new.images[: len(old.images)], old.images)
    assert digest(before[0]) != digest(after[0])


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

    twice = load(tmp_path, fail, fail)

    assert [digest(part) for part in twice] == [digest(part) for part in once]


@pytest.mark.parametrize("names", [["3_1.png"], ["a.png", "b.png"]])
def test_too_few_are_an_error(names: list[str], images: np.ndarray, tmp_path: Path) -> None:
    write(tmp_path, names, images)

    with pytest.raises(DataError, match=r"labelled pictures, too few.* names like 8_3\.png"):
        load(tmp_path, fail, lambda message: None)


def test_a_directory_without_pictures_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="none: No such file"):
        load(tmp_path / "none", fail, fail)
    with pytest.raises(DataError, match="a directory without pictures"):
        load(tmp_path, fail, fail)
