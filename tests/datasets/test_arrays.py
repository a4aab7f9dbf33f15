"""Images in files of arrays: .npy, .npz, IDX and CSV."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from helpers.drawing import seven, to_png
from PIL import Image

from mnistcli.datasets import idx
from mnistcli.datasets.arrays import find_images
from mnistcli.datasets.synthetic.dataset import draw_images
from mnistcli.errors import PictureError
from mnistcli.pictures.pipeline import prepare


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return draw_images(3, 12)[0]


@pytest.fixture(scope="module")
def labels() -> np.ndarray:
    return draw_images(3, 12)[1]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A path without a suffix."""
    return tmp_path / "data"


def read(path: Path) -> tuple[list[str], np.ndarray, list[int | None]]:
    """The names behind the path, the images as they are given to a model, and the labels."""
    names, images, labels = [], [], []
    for name, label, content in find_images([str(path)]):
        assert isinstance(content, bytes), content
        (digit,) = prepare(content).digits
        names.append(name.removeprefix(str(path)))
        images.append(digit.image)
        labels.append(label.digit if label else None)
    return names, np.array(images), labels


def read_error(path: Path) -> str:
    """The one error of a file."""
    ((name, _, error),) = find_images([str(path)])
    assert (name, type(error)) == (str(path), PictureError)
    return str(error)


def write_csv(path: Path, images: np.ndarray, labels: np.ndarray | None, heading: str = "") -> Path:
    table = images.reshape(len(images), -1)
    if labels is not None:
        table = np.column_stack([labels, table])
    np.savetxt(path, table, fmt="%g", delimiter=",", header=heading, comments="")
    return path


PIXELS = ",".join(f"pixel{number}" for number in range(784))


@pytest.mark.parametrize(
    "change",
    [
        lambda images: images,
        lambda images: images.reshape(-1, 784),
        lambda images: images[..., np.newaxis],
        lambda images: images[:, np.newaxis],
        lambda images: images.astype(np.int64),
        lambda images: images.astype(">f8"),
        lambda images: (images / 255).astype(np.float32),
        lambda images: np.asfortranarray(images),
        lambda images: np.repeat(images[..., np.newaxis], 3, axis=-1),
    ],
    ids=["28x28", "784", "last", "first", "int64", "big-endian", "fractions", "Fortran", "colours"],
)
def test_numpy_arrays_of_normalized_images_are_used_as_they_are(
    change, images: np.ndarray, file: Path
) -> None:
    path = file.with_suffix(".NPY")
    with path.open("wb") as stream:
        np.save(stream, change(images))

    names, found, labels = read(path)

    np.testing.assert_array_equal(found, images)
    assert names == [f"[{number}]" for number in range(12)]
    assert labels == [None] * 12


def test_dark_images_are_inverted(images: np.ndarray, file: Path) -> None:
    np.save(file.with_suffix(".npy"), 255 - images)

    np.testing.assert_array_equal(read(file.with_suffix(".npy"))[1], images)


def test_other_images_are_prepared_like_pictures(file: Path) -> None:
    large = np.asarray(seven())
    np.save(file.with_suffix(".npy"), np.stack([large, large]))
    np.savez(file.with_suffix(".npz"), one=large)

    expected = prepare(to_png(large)).digits[0].image
    for suffix, names in ((".npy", ["[0]", "[1]"]), (".npz", ["[one][0]"])):
        found, shown, _ = read(file.with_suffix(suffix))
        assert found == names
        np.testing.assert_array_equal(shown, [expected] * len(names))


def test_binary_images_are_of_full_contrast(file: Path) -> None:
    np.save(file.with_suffix(".npy"), np.asarray(seven()) < 128)

    ((_, _, content),) = find_images([str(file.with_suffix(".npy"))])

    assert content == b"P5 120 160 255\n" + (255 - np.asarray(seven())).tobytes()


@pytest.mark.parametrize(
    ("of_images", "of_labels"),
    [
        *(("x_test", "y_test"), ("X", "y"), ("test_images", "test_labels")),
        *(("train_x", "train_y"), ("images", "labels"), ("data", "target")),
    ],
)
@pytest.mark.parametrize("is_column", [True, False])
def test_an_archive_has_labels(
    of_images: str,
    of_labels: str,
    is_column: bool,
    images: np.ndarray,
    labels: np.ndarray,
    file: Path,
) -> None:
    path = file.with_suffix(".npz")
    column = labels[:, np.newaxis] if is_column else labels
    np.savez_compressed(path, **{of_images: images, of_labels: column, "ids": np.arange(12)})

    names, found, read_labels = read(path)

    np.testing.assert_array_equal(found, images)
    assert read_labels == labels.tolist()
    assert names[-1] == f"[{of_images}][11]"


def test_each_part_of_an_archive_has_its_labels(images: np.ndarray, file: Path) -> None:
    path = file.with_suffix(".npz")
    parts = {"x_train": images[:2], "y_train": [3, 4], "x_test": images[2:3], "y_test": [5]}
    np.savez(path, **parts)

    names, found, labels = read(path)

    np.testing.assert_array_equal(found, images[:3])
    assert names == ["[x_train][0]", "[x_train][1]", "[x_test][0]"]
    assert labels == [3, 4, 5]


@pytest.mark.parametrize("suffix", ["-idx{}-ubyte", "-idx{}-ubyte.gz", ".idx{}-ubyte"])
def test_idx_files_have_the_labels_beside_them(
    suffix: str, images: np.ndarray, labels: np.ndarray, tmp_path: Path
) -> None:
    path = tmp_path / f"t10k-images{suffix.format(3)}"
    idx.write(path, images)
    without = read(path)[2]
    idx.write(tmp_path / f"t10k-labels{suffix.format(1)}", labels)

    _, found, read_labels = read(path)

    np.testing.assert_array_equal(found, images)
    assert (without, read_labels) == ([None] * 12, labels.tolist())


@pytest.mark.parametrize(
    ("heading", "has_labels"),
    [
        *(("", False), (PIXELS, False), ("", True), (f"label,{PIXELS}", True)),
        *((f"\ufeffy,{PIXELS}", True), (f'"label",{PIXELS}', True)),
    ],
)
@pytest.mark.parametrize("scale", [1, 1 / 255])
def test_tables_may_have_a_heading_and_labels(
    heading: str,
    has_labels: bool,
    scale: float,
    images: np.ndarray,
    labels: np.ndarray,
    file: Path,
) -> None:
    path = write_csv(
        file.with_suffix(".csv"), images * scale, labels if has_labels else None, heading
    )
    if not heading:
        path.write_text(path.read_text().removeprefix("\n"))

    names, found, read_labels = read(path)

    np.testing.assert_array_equal(found, images)
    assert names == [f"[{number}]" for number in range(12)]
    assert read_labels == (labels.tolist() if has_labels else [None] * 12)


def test_the_label_may_be_the_last_column_and_an_id_the_first(
    images: np.ndarray, labels: np.ndarray, file: Path
) -> None:
    path = file.with_suffix(".csv")
    table = np.column_stack([np.arange(12) + 70_000, images.reshape(12, -1), labels])
    np.savetxt(path, table, fmt="%d", delimiter=",", header=f"id,{PIXELS},class", comments="")

    _, found, read_labels = read(path)

    np.testing.assert_array_equal(found, images)
    assert read_labels == labels.tolist()


def test_a_label_that_is_no_digit_is_none(images: np.ndarray, file: Path) -> None:
    path = write_csv(file.with_suffix(".csv"), images[:3], np.array([9, 10, -1]))

    assert read(path)[2] == [9, None, None]


def test_rows_are_counted_through_a_long_table(
    images: np.ndarray, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnistcli.datasets.arrays.ROWS_AT_ONCE", 5)
    path = write_csv(file.with_suffix(".csv"), images, None, PIXELS)
    path.write_text(path.read_text().replace("\n", "\n\n") + "1,2\n")

    *found, (name, _, error) = find_images([str(path)])

    assert [name for name, *_ in found] == [f"{path}[{number}]" for number in range(10)]
    assert name == str(path)
    assert str(error).startswith("after row 10: ")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "a table of 0 columns; 784 of pixels, or one more of labels, are expected"),
        ("name,label\na.png,8\n", "a table of 2 columns"),
        (PIXELS, "a table without rows"),
        (f"{PIXELS}\n" + "x," * 783 + "1\n", "after row 0: could not convert string 'x'"),
        (f"{PIXELS}\n" + "256," * 783 + "0\n", "levels from 0 to 256"),
        ("\0\1\2\n", "a table of 1 columns"),
    ],
)
def test_other_tables_are_an_error(content: str, message: str, file: Path) -> None:
    file.with_suffix(".csv").write_text(content)

    assert read_error(file.with_suffix(".csv")).startswith(message)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((0, 28, 28)), "no images"),
        (np.array(3.0), "an array of one numbers, where N×28×28 or N×784 are expected"),
        (np.zeros(10), "an array of 10 numbers"),
        (np.zeros((4, 5, 4)), "an array of 4×5×4 numbers"),
        (np.full((2, 28, 28), -0.5), "levels from -0.5 to -0.5; 0 to 255, or 0 to 1, are expected"),
        (np.full((2, 28, 28), np.nan), "levels from nan to nan"),
        (np.full((2, 28, 28), 300), "levels from 300 to 300"),
        (np.full((2, 28, 28), 1j), "elements of type complex128"),
        (np.full((2, 28, 28), "7"), "elements of type str32"),
        (np.array([{}], object), "damaged, or of another format: "),
    ],
)
def test_other_arrays_are_an_error(array: np.ndarray, message: str, file: Path) -> None:
    np.save(file.with_suffix(".npy"), array, allow_pickle=True)
    np.savez(file.with_suffix(".npz"), images=array, allow_pickle=True)

    assert read_error(file.with_suffix(".npy")).startswith(message)
    assert isinstance(next(find_images([str(file.with_suffix(".npz"))])).content, PictureError)


def test_labels_of_another_number_are_an_error(images: np.ndarray, file: Path) -> None:
    np.savez(file.with_suffix(".npz"), x=images, y=np.zeros(3))

    assert read_error(file.with_suffix(".npz")) == "12 images have 3 labels"


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.csv", "a-idx3-ubyte", "a.idx", "a.idx.gz"])
@pytest.mark.parametrize(
    "content", [b"", b"PK\3\4", b"\x93NUMPY\1\0\xff\xff", b"\x1f\x8b\x08", b"?"]
)
def test_damaged_files_are_an_error(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)

    assert read_error(tmp_path / name)
    assert str(tmp_path) not in read_error(tmp_path / name)


@pytest.mark.parametrize("suffix", [".npy", ".npz", "-idx3-ubyte"])
def test_what_is_cut_off_is_an_error(suffix: str, images: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    if suffix == "-idx3-ubyte":
        idx.write(path, images)
    else:
        (np.save if suffix == ".npy" else np.savez)(path, images)
    path.write_bytes(path.read_bytes()[:-2000])

    assert read_error(path)


def test_a_file_of_labels_alone_is_an_error(labels: np.ndarray, tmp_path: Path) -> None:
    idx.write(tmp_path / "t10k-labels-idx1-ubyte", labels)
    np.savez(tmp_path / "y.npz", y_test=labels)

    assert "an array of 12 numbers" in read_error(tmp_path / "t10k-labels-idx1-ubyte")
    assert read_error(tmp_path / "y.npz") == "no array of images, only y_test"


def test_an_archive_of_too_large_arrays_is_refused(
    images: np.ndarray, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnistcli.datasets.npz.MAX_FILE_BYTES", 1 << 10)
    np.savez(file.with_suffix(".npz"), images=images)

    assert "images can't be read: larger than" in read_error(file.with_suffix(".npz"))


def test_a_large_array_is_not_read_at_once(file: Path) -> None:
    np.save(file.with_suffix(".npy"), np.full((300, 300, 300), 7, np.uint8))
    tracemalloc.start()
    try:
        count = sum(1 for _ in find_images([str(file.with_suffix(".npy"))]))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert count == 300
    assert peak < 300**3 / 10


def test_pictures_and_arrays_come_in_the_order_of_their_names(
    images: np.ndarray, tmp_path: Path
) -> None:
    np.save(tmp_path / "a.npy", images[:2])
    Image.fromarray(images[2]).save(tmp_path / "8_1.png")
    (tmp_path / "folder.npy").mkdir()
    given = [tmp_path / name for name in ("8_1.png", "a.npy", "none.npy", "folder.npy")]

    names = [Path(name).name for name, *_ in find_images(map(str, given))]

    assert names == ["8_1.png", "a.npy[0]", "a.npy[1]", "none.npy", "folder.npy"]
