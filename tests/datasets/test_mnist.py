import gzip
import shutil
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
import trustme
from helpers.listening import SILENT
from helpers.mirror import Server, serve

from mnistcli.datasets import http, idx, mnist
from mnistcli.errors import DataError

NAMES = sorted(file.archive for file in mnist.FILES)


CUT_OFF = ["resumable", "torn", "hiccups", "anew", "lies_once", "elsewhere_once"]
FAULTS = {
    "missing": "HTTP status 404",
    "partial": "HTTP status 206",
    "drips": "fewer than 1000 bytes per second",
    "slow": "took longer than",
    "reset": "broke off: Connection reset by peer",
    "short": r"broke off: IncompleteRead\(\d+ bytes read, \d+ more expected",
    "html": "not an IDX file: it starts with b'<!DOCTYPE",
    "shortened": "it ends within the content",
    "wrong": "sha256 of the content is",
    "swapped": r"\d+ bytes of content, expected \d+",
    "longer": "longer than",
    "endless": "longer than",
    "bomb": r"more than the \d+ bytes expected",
    "doubled": r"not an IDX file: it starts with b'\\x1f\\x8b",
    "lies": "damaged gzip data|broke off",
    "loop": "Exceeded 30 redirects",
    "local": "No connection adapters were found for 'file:///",
    "heavy": "Exceeded 30 redirects",
    "ever_moving": "Exceeded 30 redirects|no answer within",
    "refuses": "HTTP status 429 Too Many Requests, to be asked again in 3600 s",
    "closed": r"HTTP status 503 Service Unavailable, to be asked again in \d+ s",
    "absurd": "HTTP status 503",
    "always_busy": "HTTP status 503",
    "headers_without_end": "got more than 100 headers",
    "interim": "no answer within",
    "trailers": "broke off: nothing for",
    "garbage": r"BadStatusLine\('\\x00",
    "silent": "no answer within",
    "stalls": "broke off",
}


@pytest.fixture
def server(small_files: Path) -> Iterator[Server]:
    with serve(small_files) as server:
        yield server


@pytest.fixture
def mirror(server: Server) -> str:
    return server.url


@pytest.fixture
def refusing() -> Iterator[str]:
    """The URL of a port that nobody listens at."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{closed.getsockname()[1]}"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mnist, "ANSWER_SECONDS", 1.5)
    monkeypatch.setattr("mnistcli.datasets.http.STALL_SECONDS", 0.2)
    monkeypatch.setattr("mnistcli.datasets.http.SPEED_SECONDS", 0.2)
    monkeypatch.setattr("mnistcli.datasets.http.BODY_SECONDS", 0.5)
    monkeypatch.setattr("mnistcli.datasets.http.SHORTEST_WAIT", 0.1)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def empty(small_mnist: Path, tmp_path: Path) -> Path:
    """A data directory that is still to be made, with the small data set as MNIST."""
    return tmp_path / "new" / "data"


def is_whole(directory: Path) -> bool:
    """Tell whether all that a directory holds is whole, verified files, and at least one."""
    whole = set(NAMES) - {file.archive for file in mnist.find_problems(directory)}
    return bool(whole) and {path.name for path in directory.iterdir()} == whole


@pytest.mark.parametrize("kind", ["good", "good/", "unsized", "moved", "encoded", "labelled"])
def test_downloads_the_four_files(kind: str, mirror: str, empty: Path) -> None:
    fetched = mnist.download(empty, [f"{mirror}/{kind}"], SILENT)

    assert sorted(file.archive for file in fetched) == NAMES
    assert sorted(path.name for path in empty.iterdir()) == NAMES
    assert is_whole(empty)


@pytest.mark.parametrize("kind", CUT_OFF)
def test_a_body_that_breaks_off_is_had_in_the_end(kind: str, mirror: str, empty: Path) -> None:
    mnist.download(empty, [f"{mirror}/{kind}"], SILENT)

    assert sorted(path.name for path in empty.iterdir()) == NAMES
    assert is_whole(empty)


def test_only_the_rest_is_asked_for_and_only_of_the_same_file(
    server: Server, empty: Path, small_files: Path
) -> None:
    mnist.download(empty, [f"{server.url}/resumable"], SILENT)

    half = (small_files / mnist.FILES[0].archive).stat().st_size // 2
    first, second, *_ = server.asked
    assert "Range" not in first
    assert (second["Range"], second["If-Range"]) == (f"bytes={half}-", '"1"')
    assert len(server.asked) == 2 * len(NAMES)
    assert server.sent == sum((small_files / name).stat().st_size for name in NAMES)


DATE = "Sat, 21 Nov 1998 00:00:00 GMT"


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ({"ETag": 'W/"1"', "Last-Modified": DATE}, None),
        ({"Last-Modified": DATE}, DATE),
        ({}, None),
    ],
)
def test_the_same_file_is_told_by_no_weak_tag(
    versions: dict[str, str], expected: str | None, server: Server, empty: Path
) -> None:
    server.versions = versions

    mnist.download(empty, [f"{server.url}/resumable"], SILENT)

    assert server.asked[1].get("If-Range") == expected
    assert is_whole(empty)


@pytest.mark.parametrize("kind", ["busy", "limited"])
def test_a_busy_server_is_asked_again_when_it_says(
    kind: str, server: Server, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mnist, "ANSWER_SECONDS", 9.0)
    waits: list[float] = []
    monkeypatch.setattr("mnistcli.datasets.http.time.sleep", waits.append)

    mnist.download(empty, [f"{server.url}/{kind}"], SILENT)

    assert waits == [1.0 if kind == "busy" else http.SHORTEST_WAIT] * len(NAMES)
    assert is_whole(empty)


def test_a_certificate_has_to_be_of_a_trusted_authority(
    small_files: Path, empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with serve(small_files, tls=context) as server:
        source = server.url.replace("http:", "https:") + "/good"
        monkeypatch.setattr(mnist, "ANSWER_SECONDS", 5.0)
        with pytest.raises(DataError, match="certificate verify failed"):
            mnist.download(empty, [source], SILENT)
        assert not empty.exists()
        assert server.asked == []

        authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "authority.pem"))
        mnist.download(empty, [source], SILENT)

    assert is_whole(empty)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_the_proxy_of_the_environment_is_asked(
    name: str, mirror: str, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, mirror)

    mnist.download(empty, ["http://mirror.invalid/good"], SILENT)

    assert is_whole(empty)


def test_where_no_proxy_is_wanted_none_is_asked(
    mirror: str, empty: Path, refusing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", refusing)
    with pytest.raises(DataError, match="/good: proxy: Connection refused;"):
        mnist.download(empty, [f"{mirror}/good"], SILENT)

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    mnist.download(empty, [f"{mirror}/good"], SILENT)

    assert is_whole(empty)


def test_a_redirect_is_followed_without_its_body(server: Server, empty: Path) -> None:
    with pytest.raises(DataError):
        mnist.download(empty, [f"{server.url}/ever_moving"], SILENT)

    assert len(server.asked) > 1  # the first one's body has no end


def test_reports_the_bytes_as_they_come(mirror: str, empty: Path, small_files: Path) -> None:
    seen: dict[str, list[tuple[int, int]]] = {}

    mnist.download(
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
    mnist.download(empty, [f"{mirror}/{fault}", f"{mirror}/good"], SILENT)

    assert sorted(path.name for path in empty.iterdir()) == NAMES
    assert is_whole(empty)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failure_leaves_only_verified_files(
    fault: str, mirror: str, small_mnist: Path, small_files: Path
) -> None:
    for name in NAMES[1:]:
        (small_mnist / name).unlink()

    with pytest.raises(DataError, match=FAULTS[fault]):
        mnist.download(small_mnist, [f"{mirror}/{fault}"], SILENT)

    assert [path.name for path in small_mnist.iterdir()] == NAMES[:1]
    assert is_whole(small_mnist)


def test_when_all_fail_each_is_listed(
    mirror: str, empty: Path, refusing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mnist, "ANSWER_SECONDS", 5.0)
    sources = [
        refusing,
        "x" * 300,
        *(f"{mirror}/{fault}" for fault in FAULTS),
        str(empty / "none"),
    ]

    with pytest.raises(DataError) as caught:
        mnist.download(empty, sources, SILENT)

    message = str(caught.value)
    assert "\n" not in message
    assert f"{refusing}: Connection refused" in message
    assert all(source in message for source in sources)
    assert not empty.exists()


def test_sources_that_never_answer_share_one_limit(
    mirror: str, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mnist, "ANSWER_SECONDS", 0.9)
    started = time.monotonic()

    with pytest.raises(DataError, match="no answer within") as caught:
        mnist.download(empty, [f"{mirror}/silent"] * 3, SILENT)

    assert "could not get" in str(caught.value)
    assert time.monotonic() - started < 3  # not a limit for each of 3 sources and 4 files


def test_sources_that_take_their_time_to_refuse_share_it_too(
    mirror: str, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mnist, "ANSWER_SECONDS", 1.5)
    started = time.monotonic()

    with pytest.raises(DataError, match="HTTP status 404"):
        mnist.download(empty, [f"{mirror}/reluctant"] * 3, SILENT)

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
        mnist.download(empty, ["http://mirror.invalid/mnist"], SILENT)
    is_over.set()


def test_the_mirrors_are_asked_within_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # the patience of the other tests

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

    assert sorted(path.name for path in empty.iterdir()) == NAMES
    assert is_whole(empty)
    assert idx.read(empty / "t10k-images-idx3-ubyte.gz").shape == (200, 28, 28)


def test_a_good_raw_file_beside_a_damaged_archive_is_taken(small_mnist: Path, empty: Path) -> None:
    path = small_mnist / NAMES[0]
    path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
    path.write_bytes(b"damaged")

    mnist.download(empty, [str(small_mnist)], SILENT)

    assert is_whole(empty)


def test_two_sources_complete_each_other(
    empty: Path, small_files: Path, tmp_path: Path, mirror: str
) -> None:
    (tmp_path / "half").mkdir()
    for name in NAMES[:2]:
        shutil.copy(small_files / name, tmp_path / "half")

    mnist.download(empty, [str(tmp_path / "half"), f"{mirror}/good"], SILENT)

    assert is_whole(empty)


def test_only_bad_files_are_fetched_again(mirror: str, small_mnist: Path) -> None:
    damaged, missing, *good = NAMES
    (small_mnist / damaged).write_bytes(b"\x1f\x8bdamaged")
    (small_mnist / missing).unlink()
    before = {name: (small_mnist / name).stat().st_mtime_ns for name in good}

    fetched = mnist.download(small_mnist, [f"{mirror}/good"], SILENT)

    assert sorted(file.archive for file in fetched) == [damaged, missing]
    assert {name: (small_mnist / name).stat().st_mtime_ns for name in good} == before
    assert is_whole(small_mnist)


def test_a_valid_file_of_another_data_set_is_refused(small_mnist: Path) -> None:
    path = small_mnist / "t10k-labels-idx1-ubyte.gz"
    idx.write(path, (9 - idx.read(path)).astype(np.uint8))

    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte\.gz: sha256 .* expected"):
        mnist.read_verified(small_mnist, mnist.FILES[3])


def test_the_published_hashes_are_those_of_the_real_files(shared: Path) -> None:
    assert mnist.find_problems(shared / "mnist") == {}
