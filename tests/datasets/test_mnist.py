import gzip
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import numpy as np
import pytest
from helpers.listening import SILENT
from helpers.mirror import serve

from mnistcli.datasets import idx, mnist
from mnistcli.errors import DataError, OtherDataError
from mnistcli.system import files

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


# Nothing of the user's is overwritten

LABELS = "t10k-labels-idx1-ubyte"


def list_contents(directory: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def check_refusal(directory: Path, source: str) -> None:
    """No file is changed or added, and the error says where and what to do."""
    before = list_contents(directory)

    with pytest.raises(OtherDataError) as caught:
        mnist.download(directory, [source], SILENT)

    assert list_contents(directory) == before
    message = str(caught.value)
    assert message.startswith(f"{directory} holds other data under MNIST's names")
    assert "move it away, or name another directory with --data-dir" in message
    assert "\n" not in message


def make_others(count: int = 200) -> bytes:
    """Labels that are not the small data set's, as a complete IDX file."""
    return idx.serialize(np.arange(count, dtype=np.uint8) % 7)


def flip(data: bytes, place: int) -> bytes:
    changed = bytearray(data)
    changed[place] ^= 4
    return bytes(changed)


OTHERS = {
    "compressed": (f"{LABELS}.gz", idx.compress(make_others())),
    "compressed, another length": (f"{LABELS}.gz", idx.compress(make_others(150))),
    "compressed, longer": (f"{LABELS}.gz", idx.compress(make_others(5000))),
    "compressed, of floats": (f"{LABELS}.gz", idx.compress(idx.serialize(np.zeros(9)))),
    "compressed, not IDX": (f"{LABELS}.gz", idx.compress(b"3,1,4,1,5")),
    "raw as .gz": (f"{LABELS}.gz", make_others()),
    "raw": (LABELS, make_others()),
    "dotted": ("t10k-labels.idx1-ubyte", make_others()),
    "in a folder": (f"{LABELS}/{LABELS}", make_others()),
    "torchvision": (f"MNIST/raw/{LABELS}", make_others()),
}


@pytest.mark.parametrize(("name", "content"), OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("is_alone", [True, False])
def test_another_data_set_is_never_replaced(
    is_alone: bool, name: str, content: bytes, small_mnist: Path, small_files: Path
) -> None:
    for file in mnist.FILES if is_alone else mnist.FILES[2:]:
        (small_mnist / file.archive).unlink()
    (small_mnist / name).parent.mkdir(parents=True, exist_ok=True)
    (small_mnist / name).write_bytes(content)

    check_refusal(small_mnist, str(small_files))


def test_another_data_set_beside_a_damaged_download_is_not_passed_over(
    small_mnist: Path, small_files: Path
) -> None:
    (small_mnist / f"{LABELS}.gz").write_bytes(b"")
    (small_mnist / LABELS).write_bytes(make_others())

    check_refusal(small_mnist, str(small_files))


def test_data_larger_than_what_is_read_is_never_replaced(
    small_mnist: Path, small_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mnist, "MAX_FILE_BYTES", 200_000)  # the small test images need 156,816
    images = np.zeros((300, 28, 28), np.uint8)
    idx.write(small_mnist / "t10k-images-idx3-ubyte.gz", images)

    check_refusal(small_mnist, str(small_files))


def test_a_file_larger_than_what_is_read_is_never_replaced(
    small_mnist: Path, small_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_FILE_BYTES", 600_000)
    with (small_mnist / "t10k-images-idx3-ubyte.gz").open("wb") as stream:
        stream.truncate(600_001)

    check_refusal(small_mnist, str(small_files))


def test_a_file_that_may_not_be_read_is_never_replaced(
    small_mnist: Path, small_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(directory: Path, path: Path) -> bytes:
        raise DataError(f"{path}: Permission denied") from PermissionError()

    monkeypatch.setattr(mnist, "read_inside", refuse)

    check_refusal(small_mnist, str(small_files))


def test_a_raw_file_with_a_flipped_bit_stays(small_mnist: Path, small_files: Path) -> None:
    """It can't be told from another data set."""
    archive = small_mnist / f"{LABELS}.gz"
    (small_mnist / LABELS).write_bytes(flip(gzip.decompress(archive.read_bytes()), 20))
    archive.unlink()

    check_refusal(small_mnist, str(small_files))


REMAINDERS = {
    "empty": lambda intact: b"",
    "one byte": lambda intact: intact[:1],
    "half": lambda intact: intact[: len(intact) // 2],
    "all but one byte": lambda intact: intact[:-1],
    "zeros": lambda intact: bytes(len(intact)),
    "zeros at the end": lambda intact: intact[:-100] + bytes(100),
    "a flipped bit": lambda intact: flip(intact, 100),
    "a flipped bit in the checksum": lambda intact: flip(intact, -6),
    "a flipped bit in the magic": lambda intact: flip(intact, 0),
    "a page": lambda intact: b"<!DOCTYPE html><title>404</title>",
    "raw, cut short": lambda intact: gzip.decompress(intact)[:-1],
    "raw, cut in its header": lambda intact: gzip.decompress(intact)[:6],
    "compressed nothing": lambda intact: idx.compress(b""),
}


@pytest.mark.parametrize("damage", REMAINDERS.values(), ids=REMAINDERS)
@pytest.mark.parametrize("name", ["t10k-images-idx3-ubyte.gz", f"{LABELS}.gz"])
def test_a_damaged_download_is_repaired(
    name: str, damage: Callable[[bytes], bytes], small_mnist: Path, small_files: Path
) -> None:
    path = small_mnist / name
    intact = path.read_bytes()
    path.write_bytes(damage(intact))

    fetched = mnist.download(small_mnist, [str(small_files)], SILENT)

    assert [file.archive for file in fetched] == [name]
    assert path.read_bytes() == intact
    assert list_verified(small_mnist) == NAMES


@pytest.mark.slow
def test_any_flipped_bit_of_a_compressed_file_is_repaired(
    small_mnist: Path, small_files: Path
) -> None:
    path, random = small_mnist / f"{LABELS}.gz", Random(0)
    intact = path.read_bytes()
    content = gzip.decompress(intact)
    for _ in range(100):
        path.write_bytes(flip(intact, random.randrange(len(intact))))
        mnist.download(small_mnist, [str(small_files)], SILENT)
        assert idx.decompress(path.read_bytes(), "") == content


def test_a_damaged_raw_file_stays_beside_the_download(small_mnist: Path, small_files: Path) -> None:
    archive, raw = small_mnist / f"{LABELS}.gz", small_mnist / LABELS
    cut = gzip.decompress(archive.read_bytes())[:-1]
    raw.write_bytes(cut)
    archive.unlink()

    mnist.download(small_mnist, [str(small_files)], SILENT)

    assert raw.read_bytes() == cut
    assert mnist.find_problems(small_mnist) == {}


def test_other_data_beside_a_good_copy_does_no_harm(small_mnist: Path, small_files: Path) -> None:
    (small_mnist / LABELS).write_bytes(make_others())
    (small_mnist / NAMES[0]).unlink()

    mnist.download(small_mnist, [str(small_files)], SILENT)

    assert (small_mnist / LABELS).read_bytes() == make_others()
    assert mnist.find_problems(small_mnist) == {}


def test_a_source_of_other_data_is_passed_over(
    small_files: Path, empty: Path, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / LABELS).write_bytes(make_others())

    mnist.download(empty, [str(tmp_path / "other"), str(small_files)], SILENT)

    assert list_verified(empty) == NAMES
