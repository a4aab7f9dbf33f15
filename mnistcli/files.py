"""Files and directories read within bounds, written whole or not at all, and their digests."""

import errno
import hashlib
import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from mnistcli.errors import DataError

MOST_BYTES = 1 << 28
"""Most bytes of a data file or model that are read, 256 MiB: five times MNIST's largest file."""

ASIDE = ".mnistcli-{}.part"
"""Name of what is being written, with something random in it, until it is whole."""

STALE_SECONDS = 3600.0
"""Age at which what is aside is of a process that was killed: none writes for so long."""


def read_whole(path: Path) -> bytes:
    """Read a data file.

    Raises:
        DataError: there is none, it is larger than MOST_BYTES, or it can't be read.
    """
    try:
        with open(path, "rb", opener=_open_at_once) as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise DataError(f"{path}: not a file")
            content = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from error
    if len(content) > MOST_BYTES:
        raise DataError(f"{path}: larger than {MOST_BYTES >> 20} MiB")
    return content


def read_inside(directory: Path, path: Path) -> bytes:
    """Read a data file below a directory, following no symbolic link out of it.

    Raises:
        DataError: as :func:`read_whole`, or it is elsewhere.
    """
    if not is_inside(directory, path):
        raise DataError(f"{path}: a symbolic link that leads out of {directory}")
    return read_whole(path)


def is_inside(directory: Path, path: Path) -> bool:
    """Tell whether a path, of what is there or not, leads to a place below a directory."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(directory))


def write_whole(path: Path, content: bytes, *, is_flushed: bool = True) -> None:
    """Put ``content`` at ``path``: written aside, flushed to disk, then renamed.

    Where thousands are written that can be made again, ``is_flushed`` may be false: then they are
    whole but for a loss of power.

    Raises:
        OSError: it can't be written; what was at ``path`` is as it was.
    """
    if is_flushed:
        remove_stale(path.parent)
    aside = choose_aside(path.parent)
    try:
        with naming(path):
            with aside.open("xb") as stream:
                stream.write(content)
                stream.flush()
                if is_flushed:
                    os.fsync(stream.fileno())
            aside.replace(path)
    finally:
        remove(aside)
    if is_flushed:
        flush(path.parent)


def write_directory(
    path: Path, contents: Mapping[str, bytes], replaced: Path | None = None
) -> None:
    """Put a directory of files, by their names below it, at ``path``, as :func:`write_whole`.

    What was at ``path`` is at ``replaced`` for the moment in between, or aside.

    Raises:
        OSError: it can't be written; what was at ``path`` is as it was.
    """
    aside, replaced = choose_aside(path.parent), replaced or choose_aside(path.parent)
    try:
        with naming(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            remove_stale(path.parent)
            aside.mkdir()
            for name, content in contents.items():
                (aside / name).parent.mkdir(parents=True, exist_ok=True)
                (aside / name).write_bytes(content)
            for file in (aside, *aside.rglob("*")):
                flush(file)
            if path.exists():
                remove(replaced)
                path.rename(replaced)
            aside.rename(path)
    finally:
        remove(aside)
        if replaced.exists() and not path.exists():
            replaced.rename(path)
    flush(path.parent)
    remove(replaced)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let an :class:`OSError` name a path: that of a write doesn't say which file."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def choose_aside(directory: Path) -> Path:
    """Return a path in a directory that nothing else has, for what is being written or removed."""
    return directory / ASIDE.format(secrets.token_hex(4))


def remove_stale(directory: Path, seconds: float = STALE_SECONDS) -> None:
    """Remove what processes that were killed at least ``seconds`` ago have left aside."""
    for aside in directory.glob(ASIDE.format("*")):
        with suppress(OSError):
            if time.time() - aside.lstat().st_mtime >= seconds:
                remove(aside)


def remove(path: Path) -> None:
    """Remove a file, a link or a directory with all that is in it, as far as it can be."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        return
    with suppress(OSError):
        path.unlink()


def refuse_foreign(name: str) -> NoReturn:
    """Raise the :class:`OSError` of a place that is taken by what must not be replaced."""
    raise FileExistsError(errno.EEXIST, "there already, and not by mnistcli", name)


def digest(content: bytes) -> str:
    """Return the SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def flush(path: Path) -> None:
    """Flush a file, or a directory's list of names, to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _open_at_once(path: str, flags: int) -> int:
    """Open for reading; a pipe is not waited for."""
    return os.open(path, flags | os.O_NONBLOCK)
