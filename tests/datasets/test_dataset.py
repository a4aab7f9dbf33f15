import gzip
from pathlib import Path

import numpy as np
import pytest
from helpers.layouts import read_arrays, write_csv
from helpers.listening import SILENT, Recorder

from mnistcli.datasets import dataset, idx, mnist
from mnistcli.datasets.synthetic import dataset as synthetic
from mnistcli.errors import DataError, OtherDataError


@pytest.fixture
def heard() -> Recorder:
    return Recorder()


@pytest.fixture
def no_source(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(mnist, "MIRRORS", [str(tmp_path / "nothing")])


@pytest.mark.parametrize("name", ["mnist", "auto"])
def test_loads_a_split(name: str, small_mnist: Path, heard: Recorder) -> None:
    data = dataset.load(name, "test", small_mnist, heard)

    assert (data.name, data.split) == ("mnist", "test")
    assert (data.images.shape, data.labels.shape) == ((200, 28, 28), (200,))
    assert (data.images.dtype, data.labels.dtype) == (np.uint8, np.uint8)
    assert heard.infos + heard.warnings + heard.steps == []


@pytest.mark.parametrize("name", ["mnist", "auto"])
def test_downloads_what_is_missing(
    name: str,
    small_mnist: Path,
    small_files: Path,
    heard: Recorder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mnist, "MIRRORS", [str(small_files)])
    (small_mnist / "train-labels-idx1-ubyte.gz").unlink()

    data = dataset.load(name, "train", small_mnist, heard)

    assert (data.name, len(data.labels)) == ("mnist", 600)
    assert heard.infos == [f"MNIST is not yet in {small_mnist}: downloading what is missing"]


def test_a_damaged_file_is_named_before_the_download(
    small_mnist: Path, small_files: Path, heard: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mnist, "MIRRORS", [str(small_files)])
    path = small_mnist / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-9])

    assert dataset.load("auto", "test", small_mnist, heard).name == "mnist"

    ending = "it ends within the content; downloading MNIST"
    assert heard.infos == [f"{path}: damaged gzip data: {ending}"]


@pytest.mark.parametrize("name", ["mnist", "auto"])
def test_another_data_set_is_neither_replaced_nor_passed_over(
    name: str, small_mnist: Path, small_files: Path, heard: Recorder, monkeypatch
) -> None:
    monkeypatch.setattr(mnist, "MIRRORS", [str(small_files)])
    path = small_mnist / "t10k-labels-idx1-ubyte.gz"
    idx.write(path, np.zeros(200, np.uint8))
    before = path.read_bytes()

    with pytest.raises(OtherDataError, match=f"{small_mnist} holds other data"):
        dataset.load(name, "test", small_mnist, heard)

    assert path.read_bytes() == before
    assert heard.infos + heard.warnings + heard.steps == []


def test_another_data_set_is_not_replaced_when_the_other_split_is_missing(
    small_mnist: Path, small_files: Path, heard: Recorder, monkeypatch
) -> None:
    monkeypatch.setattr(mnist, "MIRRORS", [str(small_files)])
    idx.write(small_mnist / "t10k-labels-idx1-ubyte.gz", np.zeros(200, np.uint8))
    (small_mnist / "train-labels-idx1-ubyte.gz").unlink()
    before = {path: path.read_bytes() for path in small_mnist.iterdir()}

    with pytest.raises(OtherDataError, match=f"{small_mnist} holds other data"):
        dataset.load("auto", "train", small_mnist, heard)

    assert {path: path.read_bytes() for path in small_mnist.iterdir()} == before


@pytest.mark.usefixtures("no_source")
def test_reads_raw_files_and_refuses_damaged_ones(small_mnist: Path, heard: Recorder) -> None:
    for path in list(small_mnist.iterdir()):
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    data = dataset.load("mnist", "test", small_mnist, heard)
    assert len(data.labels) == 200

    labels = small_mnist / "t10k-labels-idx1-ubyte"
    labels.write_bytes(labels.read_bytes()[:-1])
    with pytest.raises(DataError, match="could not get t10k-labels"):
        dataset.load("mnist", "test", small_mnist, heard)


@pytest.mark.usefixtures("no_source")
def test_mnist_never_falls_back(tmp_path: Path, heard: Recorder) -> None:
    with pytest.raises(DataError, match="could not get train-images"):
        dataset.load("mnist", "train", tmp_path, heard)


@pytest.mark.usefixtures("no_source", "few_strokes")
def test_auto_falls_back_to_strokes_and_says_so(tmp_path: Path, heard: Recorder) -> None:
    data = dataset.load("auto", "train", tmp_path, heard)

    assert (data.name, data.split, data.images.shape) == ("strokes", "train", (300, 28, 28))
    (warning,) = heard.warnings
    assert warning.startswith("MNIST can't be downloaded (")
    assert warning.endswith("): digits drawn from strokes take its place")
    assert heard.infos[:2] == [
        f"MNIST is not yet in {tmp_path}: downloading what is missing",
        "'mnistcli download' tries again, and with --from URL_OR_DIR elsewhere",
    ]


@pytest.mark.usefixtures("few_strokes", "short_limits")
def test_a_reason_that_all_mirrors_share_is_given_once(
    tmp_path: Path, refusing: str, heard: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mnist, "MIRRORS", [f"{refusing}/{name}" for name in "abc"])

    dataset.load("auto", "test", tmp_path, heard)

    assert heard.warnings == [
        "MNIST can't be downloaded (Connection refused): digits drawn from strokes take its place"
    ]


@pytest.mark.usefixtures("no_source", "few_strokes")
def test_kaggles_file_is_pointed_out_before_the_download(
    tmp_path: Path, small_files: Path, heard: Recorder
) -> None:
    arrays = read_arrays(small_files)
    write_csv(tmp_path / "train.csv", arrays["x_test"], arrays["y_test"])

    assert dataset.load("auto", "test", tmp_path, heard).name == "strokes"

    assert heard.infos[0].startswith(
        f"{tmp_path / 'train.csv'} may be Kaggle's part of MNIST; to train on it"
    )


@pytest.mark.usefixtures("few_strokes")
def test_strokes_are_drawn_once(
    tmp_path: Path, heard: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "MNIST_data"
    drawn = {split: dataset.load("strokes", split, data, heard) for split in ("train", "test")}
    assert heard.infos == [
        "drawing 300 train images from strokes",
        "drawing 100 test images from strokes",
    ]
    assert heard.steps == [("strokes train", 300, 300, ""), ("strokes test", 100, 100, "")]

    monkeypatch.setattr(synthetic, "draw_images", pytest.fail)
    for split, first in drawn.items():
        again = dataset.load("strokes", split, data, heard)
        np.testing.assert_array_equal(again.images, first.images)
        np.testing.assert_array_equal(again.labels, first.labels)
    assert not np.array_equal(drawn["train"].images[:100], drawn["test"].images)
    assert [path.name for path in data.iterdir()] == [f"strokes-{synthetic.STROKES_VERSION}"]


@pytest.mark.usefixtures("few_strokes")
def test_strokes_are_stored_in_mnists_form(tmp_path: Path, heard: Recorder) -> None:
    data = dataset.load("strokes", "test", tmp_path, heard)

    folder = tmp_path / f"strokes-{synthetic.STROKES_VERSION}"
    images = idx.read(folder / "t10k-images-idx3-ubyte.gz")
    np.testing.assert_array_equal(images, data.images)
    np.testing.assert_array_equal(idx.read(folder / "t10k-labels-idx1-ubyte.gz"), data.labels)


@pytest.mark.usefixtures("few_strokes")
def test_another_version_is_drawn_again(
    tmp_path: Path, heard: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset.load("strokes", "test", tmp_path, heard)
    monkeypatch.setattr(synthetic, "STROKES_VERSION", 1000)

    dataset.load("strokes", "test", tmp_path, heard)

    assert len(heard.steps) == 2
    assert (tmp_path / "strokes-1000" / "t10k-images-idx3-ubyte.gz").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("few_strokes")
@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("images-idx3", b""),
        ("images-idx3", b"damaged"),
        ("images-idx3", idx.serialize(np.zeros((3, 28, 28), np.uint8))),
        ("images-idx3", idx.serialize(np.zeros((100, 28, 28), np.float32))),
        ("labels-idx1", idx.serialize(np.zeros(99, np.uint8))),
        ("labels-idx1", idx.serialize(np.zeros(100, np.float32))),
        ("labels-idx1", idx.serialize(np.full(100, 10, np.uint8))),
    ],
)
def test_damaged_strokes_are_drawn_again(
    kind: str, content: bytes, tmp_path: Path, heard: Recorder
) -> None:
    first = dataset.load("strokes", "test", tmp_path, heard)
    path = tmp_path / f"strokes-{synthetic.STROKES_VERSION}" / f"t10k-{kind}-ubyte.gz"
    intact = path.read_bytes()
    path.write_bytes(content)

    again = dataset.load("strokes", "test", tmp_path, heard)

    np.testing.assert_array_equal(again.images, first.images)
    np.testing.assert_array_equal(again.labels, first.labels)
    assert path.read_bytes() == intact


@pytest.mark.usefixtures("few_strokes")
def test_strokes_need_no_directory(tmp_path: Path, heard: Recorder) -> None:
    (tmp_path / "file").touch()

    data = dataset.load("strokes", "test", tmp_path / "file", heard)

    assert len(data.labels) == 100
    assert "the strokes are not kept" in heard.infos[-1]


@pytest.mark.parametrize(("split", "count"), [("train", 60_000), ("test", 10_000)])
def test_loads_mnist(split: str, count: int, shared: Path, heard: Recorder) -> None:
    data = dataset.load("mnist", split, shared / "mnist", heard)

    assert data.images.shape == (count, 28, 28)
    assert data.labels.shape == (count,)
    assert heard.infos + heard.warnings + heard.steps == []


def test_a_link_is_not_followed_out_of_the_data_directory(
    small_mnist: Path, small_files: Path, no_source: None, heard: Recorder
) -> None:
    name = "t10k-labels-idx1-ubyte.gz"
    (small_mnist / name).rename(small_mnist / "kept")
    (small_mnist / name).symlink_to("kept")
    assert dataset.load("mnist", "test", small_mnist, heard).name == "mnist"

    (small_mnist / name).unlink()
    (small_mnist / name).symlink_to(small_files / name)
    with pytest.raises(DataError, match="could not get t10k-labels"):
        dataset.load("mnist", "test", small_mnist, heard)
    assert "a symbolic link that leads out of" in heard.infos[0]
    mnist.download(small_mnist, [str(small_files)], SILENT)
    assert not (small_mnist / name).is_symlink()


def test_strokes_are_not_stored_behind_a_link(
    tmp_path: Path, few_strokes: None, heard: Recorder
) -> None:
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    data.mkdir()
    elsewhere.mkdir()
    (data / f"strokes-{synthetic.STROKES_VERSION}").symlink_to(elsewhere)

    assert dataset.load("strokes", "test", data, heard).name == "strokes"

    assert list(elsewhere.iterdir()) == []
    assert "the strokes are not kept: " in heard.infos[-1]
