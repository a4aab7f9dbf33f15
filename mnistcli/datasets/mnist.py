"""MNIST's four files: where they are published, and how they are downloaded and verified.

A body stays in memory until the hash of its content is right, so the data directory holds nothing
but complete, verified files.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mnistcli.datasets import idx
from mnistcli.errors import DataError, NoAnswerError
from mnistcli.system.files import digest, read_inside, read_whole, write_whole
from mnistcli.system.listener import Listener

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://dataset.bj.bcebos.com/mnist/",
)

ANSWER_SECONDS = 9.0
"""Time in which all sources together must answer, until one has a file."""

RAW_FOLDER = Path("MNIST", "raw")
"""Where torchvision stores the files below its root directory."""


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


def read_verified(directory: Path, file: RemoteFile) -> bytes:
    """Read the content of a file that ``directory`` holds, compressed or raw.

    The directory may be torchvision's root: ``MNIST/raw/`` below it is searched, too. Symbolic
    links out of the directory are not followed.

    Raises:
        DataError: there is no such file, or its content is not MNIST's.
    """
    _, content = _read(directory, file, partial(read_inside, directory))
    return content


def download(directory: Path, sources: Sequence[str], listener: Listener) -> list[RemoteFile]:
    """Download those of the four files that ``directory`` lacks or holds damaged.

    A source is a URL to which the files' names are appended, or a directory as in
    :func:`read_verified`, whose links are followed. Each is asked in turn for what is still
    missing; one that does not answer is not asked for further files.

    Whatever servers do, it ends: each file that comes, and each source that fails, takes at most
    the time that :func:`mnistcli.datasets.http.get` has for one file.

    Returns:
        The files that were downloaded.

    Raises:
        DataError: no source has one of the files; the message lists what each source answered.
        OSError: ``directory`` can't be written.
    """
    wanted = list(find_problems(directory))
    missing = list(wanted)
    failures: dict[str, None] = {}  # an ordered set
    for source in sources:
        patience = ANSWER_SECONDS / len(sources)
        for file in list(missing):
            started = time.monotonic()
            try:
                archive = _fetch(source, file, patience, listener)
            except DataError as error:
                failures[str(error)] = None
                patience -= time.monotonic() - started
                if isinstance(error, NoAnswerError) or patience <= 0:
                    break
                continue
            directory.mkdir(parents=True, exist_ok=True)
            write_whole(directory / file.archive, archive)
            missing.remove(file)
    if missing:
        names = ", ".join(file.archive for file in missing)
        raise DataError(
            f"could not get {names} for {directory}; tried {'; '.join(failures)}; "
            "'mnistcli download --from URL_OR_DIR' asks elsewhere"
        )
    return wanted


def find_problems(directory: Path) -> dict[RemoteFile, str]:
    """Return the files that ``directory`` lacks or holds damaged, each with what is wrong."""
    problems = {}
    for file in FILES:
        try:
            read_verified(directory, file)
        except DataError as error:
            problems[file] = str(error)
    return problems


def _fetch(source: str, file: RemoteFile, seconds: float, listener: Listener) -> bytes:
    """Return a file from one source, verified and compressed."""
    if source.lower().startswith(("http://", "https://")):
        # requests takes 0.1 s to load, and most runs download nothing.
        from mnistcli.datasets import http

        url = f"{source.rstrip('/')}/{file.archive}"
        try:
            data = http.get(url, seconds, file.size, file.archive, listener)
            content = _unpack(data, file, "the body")
        except DataError as error:
            raise type(error)(f"{source}: {error}") from error
    else:
        data, content = _read(Path(source), file, read_whole)
    return idx.compress(content) if data is content else data


def _read(directory: Path, file: RemoteFile, read: Callable[[Path], bytes]) -> tuple[bytes, bytes]:
    """Return the first good copy of a file in a directory: as it is stored, and its content."""
    errors = []
    for folder in (directory, directory / RAW_FOLDER):
        for path in (folder / file.archive, folder / file.name):
            try:
                data = read(path)
                return data, _unpack(data, file, str(path))
            except DataError as error:
                errors.append(error)
    present = (error for error in errors if not isinstance(error.__cause__, FileNotFoundError))
    raise next(present, errors[0])


def _unpack(data: bytes, file: RemoteFile, where: str) -> bytes:
    """Return the content of compressed or raw data.

    Raises:
        DataError: it is not the file's content.
    """
    content = idx.decompress(data, where, limit=file.size)
    if not content.startswith(b"\0\0"):
        raise DataError(f"{where}: not an IDX file: it starts with {content[:15]!r}")
    if len(content) != file.size:
        raise DataError(f"{where}: {len(content)} bytes of content, expected {file.size}")
    found = digest(content)
    if found != file.sha256:
        raise DataError(f"{where}: sha256 of the content is {found}, expected {file.sha256}")
    return content
