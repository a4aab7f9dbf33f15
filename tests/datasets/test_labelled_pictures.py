from pathlib import Path

import numpy as np
import pytest
from helpers.drawing import seven, to_png
from helpers.listening import Recorder, Silence
from PIL import Image

from mnistcli.datasets import labelled_pictures
from mnistcli.datasets.labelled_pictures import digest_dataset, load
from mnistcli.datasets.synthetic import dataset as synthetic
from mnistcli.errors import DataError


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return synthetic.draw_images(3, 60)[0]


def write(directory: Path, names: list[str], images: np.ndarray) -> None:
    for name, image in zip(names, images, strict=False):
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(255 - image).save(directory / name)


class Strict(Silence):
    """A listener that fails the test at a warning or an error."""

    def warn(self, message: str) -> None:
        raise AssertionError(message)

    error = warn


def test_a_quarter_is_held_out(tmp_path: Path) -> None:
    images, labels = synthetic.draw_images(3, 400)
    names = [f"{label}_{number}.png" for number, label in enumerate(labels)]
    write(tmp_path, names, images)

    training, held_out = load(tmp_path, Strict())

    assert len(training.labels) + len(held_out.labels) == 400
    assert 70 < len(held_out.labels) < 130  # of 100, with a deviation of 9
    assert (held_out.name, held_out.split) == ("pictures", "held out")
    label_of = {image.tobytes(): label for image, label in zip(images, labels, strict=True)}
    for part in (training, held_out):
        for image, label in zip(part.images, part.labels, strict=True):
            assert label_of.pop(image.tobytes()) == label
    assert label_of == {}


def test_no_picture_changes_sides(images: np.ndarray, tmp_path: Path) -> None:
    """A training picture is never held out, however names, labels and other pictures change."""
    names = [f"5_{number}.png" for number in range(40)]
    write(tmp_path / "all", names, images)
    write(tmp_path / "some", [f"6_{number}.png" for number in range(20)], images[:40:2])

    every = load(tmp_path / "all", Strict())
    some = load(tmp_path / "some", Strict())

    for all_of, some_of in zip(every, some, strict=True):
        known = {image.tobytes() for image in all_of.images}
        assert {image.tobytes() for image in some_of.images} < known
    assert digest_dataset(every[0]) != digest_dataset(some[0])


def test_each_digit_may_have_a_folder(images: np.ndarray, tmp_path: Path) -> None:
    folders = [f"{digit}/{number}.png" for digit in (3, 8) for number in range(8)]
    write(tmp_path / "folders", folders, images)
    write(tmp_path / "names", [name.replace("/", "_") for name in folders], images)

    by_folder, by_name = (load(tmp_path / kind, Strict()) for kind in ("folders", "names"))

    assert set(by_folder[0].labels.tolist()) == {3, 8}
    assert digest_dataset(by_folder[0]) == digest_dataset(by_name[0])
    assert digest_dataset(by_folder[1]) == digest_dataset(by_name[1])


def test_unusable_pictures_are_reported_and_the_rest_is_used(
    images: np.ndarray, tmp_path: Path
) -> None:
    write(tmp_path, [f"{digit}_0.png" for digit in range(10)] + ["a.png"], images)
    (tmp_path / "4_1.png").write_bytes(b"no picture")
    (tmp_path / "5_1.png").write_bytes(to_png(np.full((50, 50), 255, np.uint8)))
    pair = Image.new("L", (300, 160), 255)
    for left in (20, 170):
        pair.paste(seven(), (left, 0))
    (tmp_path / "7_1.png").write_bytes(to_png(pair))
    listener = Recorder()

    training, held_out = load(tmp_path, listener)

    assert len(training.labels) + len(held_out.labels) == 11
    assert [message.split(": ")[:2] for message in listener.errors] == [
        [str(tmp_path / "4_1.png"), "not a picture in a known format"],
        [str(tmp_path / "5_1.png"), "no digit found"],
        [str(tmp_path / "a.png"), "no label"],
    ]
    (warning,) = listener.warnings
    assert warning.startswith(f"{tmp_path / '7_1.png'}: more than one digit?")


def test_copies_count_once(images: np.ndarray, tmp_path: Path) -> None:
    names = [f"{number % 2}_{number}.png" for number in range(16)]
    write(tmp_path, names, images)
    once = load(tmp_path, Strict())
    write(tmp_path, [f"{number % 2}_{number + 100}.png" for number in range(16)], images)
    write(tmp_path, ["9_0.png"], images)
    listener = Recorder()

    twice = load(tmp_path, listener)

    assert [digest_dataset(part) for part in twice] == [digest_dataset(part) for part in once]
    message = f"{tmp_path / '9_0.png'}: the same image as one that is labelled 0"
    assert (listener.warnings, listener.errors) == ([], [message])


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "0; no label: names like 8_3.png or folders like 8/"),
        (["a.png", "b.png"], "0; no label: names like 8_3.png or folders like 8/"),
        (["3_1.png"], "1; some twenty are enough to start with"),
        (["3_1.png", "3_2.png", "4_1.png"], "3; some twenty are enough to start with"),
    ],
)
def test_too_few_are_an_error(
    names: list[str],
    message: str,
    images: np.ndarray,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(labelled_pictures, "HELD_OUT_SHARE", 0)
    write(tmp_path, names, images)
    listener = Recorder()

    with pytest.raises(DataError) as caught:
        load(tmp_path, listener)

    assert f"{tmp_path}: too few labelled pictures: {message}" in str(caught.value)
    assert listener.warnings == []


def test_guessed_labels_are_told_of_once(images: np.ndarray, tmp_path: Path) -> None:
    write(tmp_path, [f"{number}.png" for number in range(10)], images)
    write(tmp_path / "5", [f"{number}.png" for number in range(10)], images[10:])
    listener = Recorder()

    load(tmp_path, listener)

    (warning,) = listener.warnings
    assert warning.startswith(
        f"the labels of 10 pictures are guesses, such as 0 of {tmp_path / '0.png'}:"
    )
    assert listener.errors == []


@pytest.mark.parametrize("name", ["none", "file", "-"])
def test_a_missing_directory_is_an_error(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(DataError, match=f"{name}: no such directory"):
        load(tmp_path / name, Strict())
