import gzip
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from helpers.listening import SILENT
from helpers.mirror import serve

from mnistcli.datasets import idx, mnist
from mnistcli.errors import DataError

pytestmark = pytest.mark.usefixtures("short_limits")

NAMES = sorted(file.archive for file in mnist.FILES)
FAILURES = {
    "busy": "HTTP status 503 Service Unavailable",
    "silent": "no answer within",
    "reset": "broke off: Connection reset by peer",
    "endless": "longer than",
    "bomb": r"more than the \d+ bytes expected",
    "html": "not an IDX file: it starts with b'<!DOCTYPE",
    "wrong": "sha256 of the content is",
}


@pytest.fixture
def mirror(small_files: Path) -> Iterator[str]:
    with serve(small_files) as server:
        yield server.url


@pytest.fixture
def empty(small_mnist: Path, tmp_path: Path) -> Path:
    """A data directory that does not exist yet, with the small data set as MNIST."""
    return tmp_path / "new" / "data"


def list_verified(directory: Path) -> list[str]:
    """Return the names of a directory's files, all of which must be intact ones of MNIST."""
    names = sorted(path.name for path in directory.iterdir())
    damaged = {file.archive for file in mnist.find_problems(directory)}
    assert set(names) == set(NAMES) - damaged
    return names


@pytest.mark.parametrize("end", ["", "/"])
def test_downloads_the_four_files(end: str, mirror: str, empty: Path) -> None:
    fetched = mnist.download(empty, [f"{mirror}/good{end}"], SILENT)

    assert sorted(file.archive for file in fetched) == NAMES
    assert list_verified(empty) == NAMES


@pytest.mark.slow
@pytest.mark.parametrize("way", FAILURES)
def test_a_source_that_fails_is_passed_over(way: str, mirror: str, empty: Path) -> None:
    mnist.download(empty, [f"{mirror}/{way}", f"{mirror}/good"], SILENT)

    assert list_verified(empty) == NAMES


@pytest.mark.slow
@pytest.mark.parametrize("way", FAILURES)
def test_a_failure_leaves_only_verified_files(way: str, mirror: str, small_mnist: Path) -> None:
    for name in NAMES[1:]:
        (small_mnist / name).unlink()

    with pytest.raises(DataError, match=FAILURES[way]):
        mnist.download(small_mnist, [f"{mirror}/{way}"], SILENT)

    assert list_verified(small_mnist) == NAMES[:1]


def test_when_all_sources_fail_each_is_listed(mirror: str, empty: Path, refusing: str) -> None:
    failing = [f"{mirror}/{way}" for way in ("html", "garbage", "silent")]
    sources = [refusing, "x" * 300, *failing, str(empty / "none")]

    with pytest.raises(DataError) as caught:
        mnist.download(empty, sources, SILENT)

    message = str(caught.value)
    assert "\n" not in message
    assert f"{refusing}: Connection refused" in message
    assert all(source in message for source in sources)
    assert not empty.exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("way", "message"), [("silent", "no answer within"), ("reluctant", "HTTP status 503")]
)
def test_sources_share_one_limit_of_time(way: str, message: str, mirror: str, empty: Path) -> None:
    started = time.monotonic()

    with pytest.raises(DataError, match=f"could not get .*{message}"):
        mnist.download(empty, [f"{mirror}/{way}"] * 3, SILENT)

    assert time.monotonic() - started < 3  # of 3 sources and 4 files it would be 4.8 or more


def test_the_mirrors_are_asked_within_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # the short limits

    assert mnist.ANSWER_SECONDS < 10
    assert len(mnist.MIRRORS) == 3
    assert not any("lecun" in mirror for mirror in mnist.MIRRORS)


@pytest.mark.parametrize("form", ["compressed", "raw", "torchvision"])
def test_takes_the_files_from_a_directory(
    form: str, empty: Path, small_files: Path, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    folder = source / "MNIST" / "raw" if form == "torchvision" else source
    folder.mkdir(parents=True)
    for file in mnist.FILES:
        if form == "compressed":
            shutil.copy(small_files / file.archive, folder)
        else:
            packed = (small_files / file.archive).read_bytes()
            (folder / file.name).write_bytes(gzip.decompress(packed))

    mnist.download(empty, [str(source)], SILENT)

    assert list_verified(empty) == NAMES
    assert idx.read(empty / "t10k-images-idx3-ubyte.gz").shape == (200, 28, 28)


def test_a_good_raw_file_beside_a_damaged_archive_is_used(small_mnist: Path, empty: Path) -> None:
    path = small_mnist / NAMES[0]
    path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
    path.write_bytes(b"damaged")

    mnist.download(empty, [str(small_mnist)], SILENT)

    assert list_verified(empty) == NAMES


def test_two_sources_complete_each_other(
    empty: Path, small_files: Path, tmp_path: Path, mirror: str
) -> None:
    (tmp_path / "half").mkdir()
    for name in NAMES[:2]:
        shutil.copy(small_files / name, tmp_path / "half")

    mnist.download(empty, [str(tmp_path / "half"), f"{mirror}/good"], SILENT)

    assert list_verified(empty) == NAMES


def test_only_damaged_and_missing_files_are_fetched(mirror: str, small_mnist: Path) -> None:
    damaged, missing, *good = NAMES
    (small_mnist / damaged).write_bytes(b"\x1f\x8bdamaged")
    (small_mnist / missing).unlink()
    before = {name: (small_mnist / name).stat().st_mtime_ns for name in good}

    fetched = mnist.download(small_mnist, [f"{mirror}/good"], SILENT)

    assert sorted(file.archive for file in fetched) == [damaged, missing]
    assert {name: (small_mnist / name).stat().st_mtime_ns for name in good} == before
    assert list_verified(small_mnist) == NAMES


@pytest.mark.parametrize(
    ("labels", "message"),
    [(np.zeros(200), "sha256 of the content is .*, expected"), (np.zeros(199), "207 bytes of")],
)
def test_a_valid_file_of_another_data_set_is_refused(
    labels: np.ndarray, message: str, small_mnist: Path
) -> None:
    idx.write(small_mnist / "t10k-labels-idx1-ubyte.gz", labels.astype(np.uint8))

    with pytest.raises(DataError, match=rf"t10k-labels-idx1-ubyte\.gz: {message}"):
        mnist.read_verified(small_mnist, mnist.FILES[3])


@pytest.mark.slow
def test_the_published_hashes_are_those_of_the_real_files(shared: Path) -> None:
    assert mnist.find_problems(shared / "mnist") == {}
