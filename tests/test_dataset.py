import gzip
from pathlib import Path

import numpy as np
import pytest

from mnistcli import dataset, download
from mnistcli.errors import DataError


def ignore(*arguments: object) -> None:
    pass


def test_loads_a_split(small_mnist: Path) -> None:
    data = dataset.load_mnist("test", small_mnist, pytest.fail, ignore)

    assert (data.name, data.split) == ("mnist", "test")
    assert (data.images.shape, data.labels.shape) == ((200, 28, 28), (200,))
    assert (data.images.dtype, data.labels.dtype) == (np.uint8, np.uint8)


def test_downloads_what_is_missing(
    small_mnist: Path, small_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "MIRRORS", [str(small_files)])
    (small_mnist / "train-labels-idx1-ubyte.gz").unlink()
    notes: list[str] = []

    data = dataset.load_mnist("train", small_mnist, notes.append, ignore)

    assert len(data.labels) == 600
    assert "train-labels-idx1-ubyte.gz: No such file or directory; downloading" in notes[0]


def test_reads_raw_files_and_refuses_wrong_ones(
    small_mnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "MIRRORS", [])
    for path in list(small_mnist.iterdir()):
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    data = dataset.load_mnist("test", small_mnist, pytest.fail, ignore)
    assert len(data.labels) == 200

    labels = small_mnist / "t10k-labels-idx1-ubyte"
    labels.write_bytes(labels.read_bytes()[:-1] + b"\x0b")
    with pytest.raises(DataError, match="could not get t10k-labels"):
        dataset.load_mnist("test", small_mnist, ignore, ignore)


def test_without_a_source_it_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "MIRRORS", [str(tmp_path / "nothing")])

    with pytest.raises(DataError, match="could not get train-images"):
        dataset.load_mnist("train", tmp_path, ignore, ignore)


@pytest.mark.parametrize(("split", "count"), [("train", 60_000), ("test", 10_000)])
def test_loads_mnist(split: str, count: int, shared: Path) -> None:
    data = dataset.load_mnist(split, shared / "mnist", pytest.fail, ignore)

    assert data.images.shape == (count, 28, 28)
    assert data.labels.shape == (count,)
