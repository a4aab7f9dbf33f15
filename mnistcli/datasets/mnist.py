"""MNIST's four files: where they are published, and how they are downloaded and verified.

A body stays in memory until the hash of its content is right, so the data directory holds nothing
but complete, verified files.

Nothing of the user's is overwritten. Only what is certainly no data set makes room for a download:
an empty file, gzip data that is cut short or fails its checksum, and what is neither gzip nor a
complete IDX file. Everything else under one of MNIST's names, such as Fashion-MNIST, is the user's,
and so is a file that is too large or can't be read: then nothing is downloaded at all. gzip's
checksum reveals a flipped bit in a compressed file of MNIST's. A raw file with a flipped bit can't
be told from another data set, and stays.
"""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mnistcli.datasets import idx, kaggle, layouts
from mnistcli.errors import DataError, NoAnswerError, OtherDataError, UnavailableError
from mnistcli.system.files import MAX_FILE_BYTES, digest, read_inside, read_whole, write_whole
from mnistcli.system.listener import Listener

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://dataset.bj.bcebos.com/mnist/",
)

ANSWER_SECONDS = 9.0
"""Time in which all sources together must answer, until one has a file."""


@dataclass(frozen=True)
class RemoteFile:
    """A published file; size and hash are those of its decompressed content."""

    name: str
    size: int  # bytes
    sha256: str

    @property
    def archive(self) -> str:
        """The name of the published file."""
        return f"{self.name}.gz"


FILES = (
    RemoteFile(
        "train-images-idx3-ubyte",
        47_040_016,
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    RemoteFile(
        "train-labels-idx1-ubyte",
        60_008,
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    RemoteFile(
        "t10k-images-idx3-ubyte",
        7_840_016,
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    RemoteFile(
        "t10k-labels-idx1-ubyte",
        10_008,
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
)


@dataclass(frozen=True)
class Copy:
    """An intact copy of one of the files."""

    path: Path
    data: bytes  # raw or compressed
    content: bytes


def read_verified(directory: Path, file: RemoteFile) -> Copy:
    """Read a file that ``directory`` holds in any of the places that ``layouts`` lists.

    Symbolic links out of the directory are not followed.

    Raises:
        OtherDataError: there is other data in its place, maybe the user's.
        DataError: there is no such file, or a damaged one.
    """
    return _read(directory, file, partial(read_inside, directory))


def check(directory: Path) -> dict[RemoteFile, Path | DataError]:
    """Return where ``directory`` holds each of the files, or what is wrong with it."""
    found: dict[RemoteFile, Path | DataError] = {}
    for file in FILES:
        try:
            found[file] = read_verified(directory, file).path
        except DataError as error:
            found[file] = error
    return found


def find_problems(directory: Path) -> dict[RemoteFile, DataError]:
    """Return the files that ``directory`` lacks or holds damaged, each with what is wrong."""
    found = check(directory).items()
    return {file: problem for file, problem in found if isinstance(problem, DataError)}


def refuse_others(directory: Path, problems: Iterable[DataError]) -> None:
    """Refuse to download where the user's data is.

    Raises:
        OtherDataError: one of the problems is one.
    """
    for problem in problems:
        if isinstance(problem, OtherDataError):
            raise OtherDataError(
                f"{directory} holds other data under MNIST's names, and nothing there is replaced: "
                f"move it away, or name another directory with --data-dir ({problem})"
            ) from problem


def download(directory: Path, sources: Sequence[str], listener: Listener) -> list[RemoteFile]:
    """Download those of the four files that ``directory`` lacks or holds damaged.

    A source is a URL to which the files' names are appended, or a directory as in
    :func:`read_verified`, whose links are followed, or Keras's archive. Each is asked in turn for
    what is still missing; one that does not answer is not asked for further files.

    Whatever servers do, it ends: each file that comes, and each source that fails, takes at most
    the time that :func:`mnistcli.datasets.http.get` has for one file.

    Returns:
        The files that were downloaded.

    Raises:
        OtherDataError: the directory has the user's data under MNIST's names.
        UnavailableError: no source has one of the files.
        OSError: ``directory`` can't be written.
    """
    problems = find_problems(directory)
    refuse_others(directory, problems.values())
    wanted = list(problems)
    missing = list(wanted)
    failures: dict[str, str] = {}  # answers, in full and without the source
    for source in sources:
        patience = ANSWER_SECONDS / len(sources)
        for file in list(missing):
            started = time.monotonic()
            try:
                archive = _fetch(source, file, patience, listener)
            except DataError as error:
                failures[str(error)] = str(error).removeprefix(f"{source}: ")
                patience -= time.monotonic() - started
                if isinstance(error, NoAnswerError) or patience <= 0:
                    break
                continue
            directory.mkdir(parents=True, exist_ok=True)
            write_whole(directory / file.archive, archive)
            missing.remove(file)
    if missing:
        names = ", ".join(file.archive for file in missing)
        hints = [hint for source in sources if (hint := kaggle.find_hint(Path(source)))]
        elsewhere = "'mnistcli download --from URL_OR_DIR' asks elsewhere"
        raise UnavailableError(
            f"could not get {names} for {directory}; tried "
            f"{'; '.join([*failures, elsewhere, *hints])}",
            reasons="; ".join(dict.fromkeys(failures.values())),
        )
    return wanted


def _fetch(source: str, file: RemoteFile, seconds: float, listener: Listener) -> bytes:
    """Return a file from one source, verified and compressed."""
    if source.lower().startswith(("http://", "https://")):
        # requests takes 0.1 s to load, and most runs download nothing.
        from mnistcli.datasets import http

        url = f"{source.rstrip('/')}/{file.archive}"
        try:
            data = http.get(url, seconds, file.size, file.archive, listener)
            content = _unpack(data, file, "the body", file.size)
        except DataError as error:
            raise type(error)(f"{source}: {error}") from error
    else:
        copy = _read(Path(source), file, read_whole)
        data, content = copy.data, copy.content
    return idx.compress(content) if data is content else data


def _read(directory: Path, file: RemoteFile, read: Callable[[Path], bytes]) -> Copy:
    """Return the first good copy of a file in a directory."""
    errors, present = [], []
    for path in layouts.list_places(directory, file.name):
        try:
            data = layouts.extract(read(path), file.name, path)
            return Copy(path, data, _unpack(data, file, str(path), MAX_FILE_BYTES))
        except DataError as error:
            errors.append(error)
            if os.path.isfile(path):
                is_unread = isinstance(error.__cause__, OSError)
                present.append(OtherDataError(str(error)) if is_unread else error)
    raise min(present or errors[:1], key=lambda error: not isinstance(error, OtherDataError))


def _unpack(data: bytes, file: RemoteFile, where: str, limit: int) -> bytes:
    """Return the content of compressed or raw data, unpacking at most ``limit`` bytes.

    Raises:
        OtherDataError: it is intact gzip data or a complete IDX file, but of other content.
        DataError: it is damaged.
    """
    content = idx.decompress(data, where, limit)
    is_intact = content and (data is not content or idx.is_complete(content))
    kind = OtherDataError if is_intact else DataError
    if not content.startswith(b"\0\0"):
        raise kind(f"{where}: not an IDX file: it starts with {content[:15]!r}")
    if len(content) != file.size:
        raise kind(f"{where}: {len(content)} bytes of content, expected {file.size}")
    found = digest(content)
    if found != file.sha256:
        raise kind(f"{where}: sha256 of the content is {found}, expected {file.sha256}")
    return content
