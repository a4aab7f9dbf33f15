"""MNIST as other programs leave it: found in a data directory, and by ``download --from``."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest
from helpers.layouts import FORMS, lay_out, read_arrays
from helpers.listening import SILENT, Recorder

from mnistcli.datasets import dataset, layouts, mnist
from mnistcli.errors import DataError

NAMES = [file.name for file in mnist.FILES]


def load_both(data_dir: Path) -> list[np.ndarray]:
    """Read both splits, without a word and without a file more."""
    before, heard = sorted(data_dir.rglob("*")), Recorder()
    parts = [dataset.load("mnist", split, data_dir, heard) for split in ("train", "test")]
    assert heard.infos + heard.warnings + heard.steps == []
    assert sorted(data_dir.rglob("*")) == before
    return [array for part in parts for array in (part.images, part.labels)]


@pytest.fixture
def data(small_mnist: Path, tmp_path: Path) -> Path:
    """An empty data directory, with the small data set as MNIST."""
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.fixture
def keras(data: Path, small_files: Path) -> Path:
    """Keras's archive in it."""
    np.savez_compressed(data / "mnist.npz", **read_arrays(small_files))
    return data / "mnist.npz"


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_found_in_the_data_directory(form: str, data: Path, small_files: Path) -> None:
    lay_out(form, small_files, data)

    for found, expected in zip(load_both(data), read_arrays(small_files).values(), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert mnist.download(data, [], SILENT) == []


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_a_source(form: str, data: Path, small_files: Path, tmp_path: Path) -> None:
    lay_out(form, small_files, tmp_path / "source")

    mnist.download(data, [str(tmp_path / "source")], SILENT)

    assert sorted(path.name for path in data.iterdir()) == sorted(f"{name}.gz" for name in NAMES)
    assert mnist.find_problems(data) == {}


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_keras_archive_is_found_in_the_data_directory(
    save: Callable[..., None], data: Path, small_files: Path
) -> None:
    arrays = read_arrays(small_files)
    save(data / "mnist.npz", **arrays)

    for found, expected in zip(load_both(data), arrays.values(), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert set(mnist.check(data).values()) == {data / "mnist.npz"}


@pytest.mark.parametrize("is_named", [True, False])
def test_keras_archive_is_a_source(is_named: bool, keras: Path, tmp_path: Path) -> None:
    source = keras if is_named else keras.parent

    mnist.download(tmp_path / "new", [str(source)], SILENT)

    assert mnist.find_problems(tmp_path / "new") == {}


def test_an_archive_under_another_name_is_a_source(keras: Path, tmp_path: Path) -> None:
    other = keras.rename(tmp_path / "mnist (1).npz")

    mnist.download(tmp_path / "new", [str(other)], SILENT)

    assert mnist.find_problems(tmp_path / "new") == {}


def test_a_good_copy_in_any_place_counts(keras: Path, small_files: Path) -> None:
    (keras.parent / f"{NAMES[0]}.gz").write_bytes(b"")
    (keras.parent / NAMES[1]).write_bytes(b"\0\0\x08\x01")

    assert mnist.find_problems(keras.parent) == {}


def write_zip(method: int = zipfile.ZIP_DEFLATED, **entries: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(f"{name}.npy", content)
    return stream.getvalue()


def to_npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


LABELS = to_npy(np.zeros(3, np.uint8))
HUGE = LABELS.replace(b"(3,), }" + b" " * 15, b"(%d,), }" % 10**15)

BAD_ARCHIVES = {
    "none": (b"", "File is not a zip file"),
    "page": (b"<!DOCTYPE html>", "File is not a zip file"),
    "short": (write_zip(y_train=LABELS)[:-30], "File is not a zip file"),
    "another": (write_zip(arr_0=LABELS), "has no array y_train"),
    "no array": (write_zip(y_train=b"none"), "y_train is damaged, or no array"),
    "objects": (
        write_zip(y_train=to_npy(np.array([{}], object))),
        "y_train is damaged, or no array of n",
    ),
    "huge": (write_zip(y_train=HUGE), "y_train is damaged, or no array"),
    "method": (write_zip(zipfile.ZIP_LZMA, y_train=LABELS), "compressed by method 14"),
    "entries": (write_zip(**{f"y{number}": b"" for number in range(101)}), "more than 100 arrays"),
    "integers": (write_zip(y_train=to_npy(np.zeros(3, int))), "y_train: IDX has no element type"),
    "other": (write_zip(y_train=LABELS), "11 bytes of content, expected 608"),
}


@pytest.mark.parametrize(("data", "message"), BAD_ARCHIVES.values(), ids=BAD_ARCHIVES)
def test_a_bad_archive_is_one_line(
    data: bytes, message: str, small_mnist: Path, tmp_path: Path
) -> None:
    path = tmp_path / "mnist.npz"
    path.write_bytes(data)

    with pytest.raises(DataError, match=f"mnist.npz: {message}|{message}") as caught:
        mnist.read_verified(tmp_path, mnist.FILES[1])
    assert "\n" not in str(caught.value)


def test_an_array_that_python_2_wrote_is_read(data: Path, small_files: Path) -> None:
    labels = to_npy(read_arrays(small_files)["y_train"])
    old = labels.replace(b"(600,), } ", b"(600L,), }")
    assert old != labels
    (data / "mnist.npz").write_bytes(write_zip(y_train=old))

    assert mnist.read_verified(data, mnist.FILES[1]).path == data / "mnist.npz"


def test_the_huge_array_is_one() -> None:
    assert len(HUGE) == len(LABELS)
    assert b"(1000000000000000,)" in HUGE


@pytest.mark.slow
def test_damage_to_an_archive_is_found(keras: Path) -> None:
    intact, random = keras.read_bytes(), Random(0)
    content = layouts.extract(intact, NAMES[1], keras)
    for _ in range(300):
        damaged = bytearray(intact)
        for _ in range(random.choice([1, 8])):
            damaged[random.randrange(-600, 600)] ^= 1 << random.randrange(8)
        try:
            found = layouts.extract(bytes(damaged), NAMES[1], keras)
        except DataError:
            continue
        assert found == content  # what zip's checksum does not cover
