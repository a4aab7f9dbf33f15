"""Files and directories: read within bounds, written completely or not at all."""

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
from typing import BinaryIO

from mnistcli.errors import DataError

MAX_FILE_BYTES = 1 << 28
"""Largest file that is read, 256 MiB: five times MNIST's largest file."""

USUAL_BYTES = 1 << 16
"""Read first: memory for the largest file takes longer to get than a small file to read."""

TEMPORARY = ".mnistcli-{}.part"
"""Name of a file until it is complete, with a random part."""

STALE_SECONDS = 3600.0
"""Age at which a temporary file belongs to a process that was killed: no write takes so long."""

PROGRAM = "mnistcli"
"""Name by which files identify this program as their author."""

MARKS = {
    ".html": f'<meta name="generator" content="{PROGRAM}">'.encode(),
    ".json": f'"made_by": "{PROGRAM} '.encode(),
    ".png": b"\0\0\0\x11tEXtSoftware\0" + PROGRAM.encode(),  # a chunk of 17 bytes
    ".tflite": b"\x08\0" + PROGRAM.encode(),  # the comment of the zip archive, 8 bytes
}
"""Bytes near the start, or at the end, of each kind of file that this program writes."""

MARK_RANGE = 4096
"""Bytes at the start of a file in which its mark is looked for."""

NO_FOLLOW, AT_ONCE = (getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK"))
"""Flags to open no symbolic link, and without waiting for a pipe's other end; not on Windows."""


def read_bounded(stream: BinaryIO) -> bytes:
    """Read a stream to its end.

    Raises:
        OSError: it can't be read, or holds more than MAX_FILE_BYTES.
    """
    content = stream.read(USUAL_BYTES)
    if len(content) == USUAL_BYTES:
        content += stream.read(MAX_FILE_BYTES + 1 - USUAL_BYTES)
    if len(content) > MAX_FILE_BYTES:
        raise OSError(errno.EFBIG, f"larger than {MAX_FILE_BYTES >> 20} MiB")
    return content


def read_whole(path: Path) -> bytes:
    """Read a data file; a pipe or a device is refused.

    Raises:
        DataError: there is none, it is larger than MAX_FILE_BYTES, or it can't be read.
    """
    try:
        with open(path, "rb", opener=_open_at_once) as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise DataError(f"{path}: not a file")
            return read_bounded(stream)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from error


def read_inside(directory: Path, path: Path) -> bytes:
    """Read a data file below a directory; symbolic links out of it are not followed.

    Raises:
        DataError: as :func:`read_whole`, or the file is elsewhere.
    """
    if not is_inside(directory, path):
        raise DataError(f"{path}: a symbolic link that leads out of {directory}")
    return read_whole(path)


def is_inside(directory: Path, path: Path) -> bool:
    """Tell whether a path, existing or not, leads to a place below a directory."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(directory))


def write_whole(path: Path, content: bytes, *, is_flushed: bool = True) -> None:
    """Write a file completely or not at all: to a temporary file, flushed to disk, then renamed.

    ``is_flushed`` may be false for thousands of files that can be made again: they are complete
    unless the power fails.

    Raises:
        OSError: it can't be written; what was at ``path`` is unchanged.
    """
    if is_flushed:
        remove_stale(path.parent)
    temporary = choose_temporary(path.parent)
    try:
        with naming(path):
            with temporary.open("xb") as stream:
                stream.write(content)
                stream.flush()
                if is_flushed:
                    os.fsync(stream.fileno())
            temporary.replace(path)
    finally:
        remove(temporary)
    if is_flushed:
        flush(path.parent)


def write_directory(
    path: Path, contents: Mapping[str, bytes], replaced: Path | None = None
) -> None:
    """Write a directory of files, named relative to it, as :func:`write_whole` writes a file.

    For a moment, what was at ``path`` is at ``replaced``, by default at a temporary name.

    Raises:
        OSError: it can't be written; what was at ``path`` is unchanged.
    """
    temporary = choose_temporary(path.parent)
    replaced = replaced or choose_temporary(path.parent)
    try:
        with naming(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            remove_stale(path.parent)
            temporary.mkdir()
            for name, content in contents.items():
                (temporary / name).parent.mkdir(parents=True, exist_ok=True)
                (temporary / name).write_bytes(content)
            for file in (temporary, *temporary.rglob("*")):
                flush(file)
            if path.exists():
                remove(replaced)
                path.rename(replaced)
            temporary.rename(path)
    finally:
        remove(temporary)
        if replaced.exists() and not path.exists():
            replaced.rename(path)
    flush(path.parent)
    remove(replaced)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let an :class:`OSError` name a path: the error of a write doesn't say which file."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def choose_temporary(directory: Path) -> Path:
    """Return an unused name in a directory, for something that is being written or removed."""
    return directory / TEMPORARY.format(secrets.token_hex(4))


def remove_stale(directory: Path, seconds: float = STALE_SECONDS) -> None:
    """Remove the temporary files that killed processes left at least ``seconds`` ago."""
    for temporary in directory.glob(TEMPORARY.format("*")):
        with suppress(OSError):
            if time.time() - temporary.lstat().st_mtime >= seconds:
                remove(temporary)


def remove(path: Path) -> None:
    """Remove a file, a link or a directory with everything in it, as far as possible."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        return
    with suppress(OSError):
        path.unlink()


def is_ours(path: Path, kind: str) -> bool:
    """Tell whether this program wrote a file of a kind, which is a key of MARKS."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as stream:
            head = stream.read(MARK_RANGE)
            stream.seek(max(0, path.stat().st_size - len(MARKS[kind])))
            return MARKS[kind] in head or MARKS[kind] == stream.read()
    except OSError:
        return False


def refuse_foreign(path: Path, kind: str) -> None:
    """Refuse to replace a file that this program did not write, or that is of another kind.

    Raises:
        FileExistsError: there is one.
    """
    if path.exists() and not is_ours(path, kind):
        raise make_foreign_error(path)


def make_foreign_error(path: Path) -> FileExistsError:
    """Return the error of a place that holds something which must not be replaced."""
    return FileExistsError(errno.EEXIST, f"there already, and not by {PROGRAM}", str(path))


def digest(content: bytes) -> str:
    """Return the SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def flush(path: Path) -> None:
    """Flush a file, or a directory's list of names, to disk.

    Windows flushes only what is open for writing, and opens no directories.
    """
    is_directory = path.is_dir()
    try:
        descriptor = os.open(path, os.O_RDONLY if is_directory else os.O_RDWR)
    except PermissionError:
        if is_directory:
            return
        raise
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _open_at_once(path: str, flags: int) -> int:
    """Open for reading, without waiting for the other end of a pipe."""
    return os.open(path, flags | AT_ONCE)
