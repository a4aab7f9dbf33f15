import gzip
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from mnistcli import download, idx
from mnistcli.errors import DataError

NAMES = sorted(file.archive for file in download.FILES)


class Mirror(BaseHTTPRequestHandler):
    """Serves the files of a directory; the first part of the path says what goes wrong."""

    protocol_version = "HTTP/1.1"

    def __init__(self, *args: object, files: Path, stopped: threading.Event) -> None:
        self.files, self.stopped = files, stopped
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        _, fault, name = self.path.split("/")
        body = (self.files / name).read_bytes()
        getattr(self, fault)(body)

    def good(self, body: bytes) -> None:
        self.answer(200, body)

    def unsized(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def moved(self, body: bytes) -> None:
        self.send_response(302)
        self.send_header("Location", self.path.replace("moved", "good"))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def encoded(self, body: bytes) -> None:
        """What servers do that compress all they send, if the client lets them."""
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body)
        self.answer(200, body)

    def bomb(self, body: bytes) -> None:
        self.answer(200, gzip.compress(bytes(20_000_000)))

    def reluctant(self, body: bytes) -> None:
        """Answer after a while, to say that there is nothing."""
        self.stopped.wait(0.4)
        self.missing(body)

    def partial(self, body: bytes) -> None:
        self.answer(206, body[:100])

    def drips(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for byte in body:
            self.wfile.write(bytes([byte]))
            if self.stopped.wait(0.02):
                break

    def missing(self, body: bytes) -> None:
        self.answer(404, b"not here")

    def short(self, body: bytes) -> None:
        self.answer(200, body[: len(body) // 2], length=len(body))
        self.close_connection = True

    def html(self, body: bytes) -> None:
        self.answer(200, b"<!DOCTYPE html><title>Log in to this network</title>")

    def wrong(self, body: bytes) -> None:
        content = gzip.decompress(body)
        self.answer(200, gzip.compress(content[:-1] + bytes([content[-1] ^ 1])))

    def longer(self, body: bytes) -> None:
        self.answer(200, body + bytes(10_000_000))

    def silent(self, body: bytes) -> None:
        self.stopped.wait(30)
        self.close_connection = True

    def stalls(self, body: bytes) -> None:
        self.answer(200, body[: len(body) // 2], length=len(body))
        self.stopped.wait(30)
        self.close_connection = True

    def answer(self, status: int, body: bytes, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length or len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


FAULTS = {
    "missing": "HTTP status 404",
    "partial": "HTTP status 206",
    "drips": "took longer than",
    "short": r"broke off: IncompleteRead\(\d+ bytes read, \d+ more expected",
    "html": "not an IDX file: it starts with b'<!DOCTYPE",
    "wrong": "sha256 of the content is",
    "longer": "longer than",
    "silent": "no answer within",
    "stalls": "broke off",
}


@pytest.fixture
def mirror(small_files: Path) -> Iterator[str]:
    stopped = threading.Event()
    handler = partial(Mirror, files=small_files, stopped=stopped)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.handle_error = lambda *arguments: None  # a client that hung up is no news
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    stopped.set()
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "ANSWER_SECONDS", 0.45)
    monkeypatch.setattr("mnistcli.web.STALL_SECONDS", 0.5)
    monkeypatch.setattr("mnistcli.web.BODY_SECONDS", 1.0)


@pytest.fixture
def empty(small_mnist: Path, tmp_path: Path) -> Path:
    """A data directory that is still to be made, with the small data set as MNIST."""
    return tmp_path / "new" / "data"


def is_whole(directory: Path) -> bool:
    """Tell whether all that a directory holds is whole, verified files, and at least one."""
    whole = set(NAMES) - {file.archive for file in download.find_problems(directory)}
    return bool(whole) and {path.name for path in directory.iterdir()} == whole


@pytest.mark.parametrize("kind", ["good", "good/", "unsized", "moved", "encoded"])
def test_downloads_the_four_files(kind: str, mirror: str, empty: Path) -> None:
    fetched = download.download(empty, [f"{mirror}/{kind}"])

    assert sorted(file.archive for file in fetched) == NAMES
    assert sorted(path.name for path in empty.iterdir()) == NAMES
    assert is_whole(empty)


def test_reports_the_bytes_as_they_come(mirror: str, empty: Path, small_files: Path) -> None:
    seen: dict[str, list[tuple[int, int]]] = {}

    download.download(
        empty,
        [f"{mirror}/good"],
        lambda name, received, length: seen.setdefault(name, []).append((received, length)),
    )

    sizes = {name: (small_files / name).stat().st_size for name in NAMES}
    assert {name: progress[-1] for name, progress in seen.items()} == {
        name: (size, size) for name, size in sizes.items()
    }


@pytest.mark.parametrize("fault", FAULTS)
def test_a_source_that_fails_is_passed_over(fault: str, mirror: str, empty: Path) -> None:
    download.download(empty, [f"{mirror}/{fault}", f"{mirror}/good"])

    assert sorted(path.name for path in empty.iterdir()) == NAMES
    assert is_whole(empty)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failure_leaves_only_verified_files(
    fault: str, mirror: str, small_mnist: Path, small_files: Path
) -> None:
    for name in NAMES[1:]:
        (small_mnist / name).unlink()

    with pytest.raises(DataError, match=FAULTS[fault]):
        download.download(small_mnist, [f"{mirror}/{fault}"])

    assert [path.name for path in small_mnist.iterdir()] == NAMES[:1]
    assert is_whole(small_mnist)


def test_when_all_fail_each_is_listed(
    mirror: str, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "ANSWER_SECONDS", 5.0)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        refusing = f"http://127.0.0.1:{closed.getsockname()[1]}"
        sources = [
            refusing,
            "x" * 300,
            *(f"{mirror}/{fault}" for fault in FAULTS),
            str(empty / "none"),
        ]

        with pytest.raises(DataError) as caught:
            download.download(empty, sources)

    message = str(caught.value)
    assert "\n" not in message
    assert f"{refusing}: Connection refused" in message
    assert all(source in message for source in sources)
    assert not empty.exists()


def test_sources_that_never_answer_share_one_limit(
    mirror: str, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "ANSWER_SECONDS", 0.9)
    started = time.monotonic()

    with pytest.raises(DataError, match="no answer within") as caught:
        download.download(empty, [f"{mirror}/silent"] * 3)

    assert "could not get" in str(caught.value)
    assert time.monotonic() - started < 3  # not a limit for each of 3 sources and 4 files


def test_sources_that_take_their_time_to_refuse_share_it_too(
    mirror: str, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "ANSWER_SECONDS", 1.5)
    started = time.monotonic()

    with pytest.raises(DataError, match="HTTP status 404"):
        download.download(empty, [f"{mirror}/reluctant"] * 3)

    assert time.monotonic() - started < 3  # of 3 sources and 4 files it would be 4.8


def test_a_name_that_never_resolves_is_bounded_too(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_over = threading.Event()

    def resolve(*args: object, **options: object) -> NoReturn:
        is_over.wait(30)
        raise OSError("no such host")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(DataError, match="no answer within"):
        download.download(empty, ["http://mirror.invalid/mnist"])
    is_over.set()


def test_the_mirrors_are_asked_within_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # the patience of the other tests

    assert download.ANSWER_SECONDS < 10
    assert len(download.MIRRORS) == 3
    assert not any("lecun" in mirror for mirror in download.MIRRORS)


@pytest.mark.parametrize("form", ["compressed", "raw", "torchvision"])
def test_takes_the_files_from_a_directory(
    form: str, empty: Path, small_files: Path, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    folder = source / "MNIST" / "raw" if form == "torchvision" else source
    folder.mkdir(parents=True)
    for file in download.FILES:
        if form == "compressed":
            shutil.copy(small_files / file.archive, folder)
        else:
            packed = (small_files / file.archive).read_bytes()
            (folder / file.name).write_bytes(gzip.decompress(packed))

    download.download(empty, [str(source)])

    assert sorted(path.name for path in empty.iterdir()) == NAMES
    assert is_whole(empty)
    assert idx.read(empty / "t10k-images-idx3-ubyte.gz").shape == (200, 28, 28)


def test_a_good_raw_file_beside_a_damaged_archive_is_taken(small_mnist: Path, empty: Path) -> None:
    path = small_mnist / NAMES[0]
    path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
    path.write_bytes(b"damaged")

    download.download(empty, [str(small_mnist)])

    assert is_whole(empty)


def test_a_bomb_is_not_unpacked(mirror: str, empty: Path) -> None:
    with pytest.raises(DataError, match=r"more than the \d+ bytes expected"):
        download.download(empty, [f"{mirror}/bomb"])


def test_two_sources_complete_each_other(
    empty: Path, small_files: Path, tmp_path: Path, mirror: str
) -> None:
    (tmp_path / "half").mkdir()
    for name in NAMES[:2]:
        shutil.copy(small_files / name, tmp_path / "half")

    download.download(empty, [str(tmp_path / "half"), f"{mirror}/good"])

    assert is_whole(empty)


def test_only_bad_files_are_fetched_again(mirror: str, small_mnist: Path) -> None:
    damaged, missing, *good = NAMES
    (small_mnist / damaged).write_bytes(b"\x1f\x8bdamaged")
    (small_mnist / missing).unlink()
    before = {name: (small_mnist / name).stat().st_mtime_ns for name in good}

    fetched = download.download(small_mnist, [f"{mirror}/good"])

    assert sorted(file.archive for file in fetched) == [damaged, missing]
    assert {name: (small_mnist / name).stat().st_mtime_ns for name in good} == before
    assert is_whole(small_mnist)


def test_a_valid_file_of_another_data_set_is_refused(small_mnist: Path) -> None:
    path = small_mnist / "t10k-labels-idx1-ubyte.gz"
    idx.write(path, (9 - idx.read(path)).astype(np.uint8))

    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte\.gz: sha256 .* expected"):
        download.read_verified(small_mnist, download.FILES[3])


def test_the_published_hashes_are_those_of_the_real_files(shared: Path) -> None:
    assert download.find_problems(shared / "mnist") == {}
