"""Files and directories written whole or not at all, and digests that tell if they still are."""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from mnistcli.errors import DataError


def read_whole(path: Path) -> bytes:
    """Read a data file.

    Raises:
        DataError: there is none, or it can't be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from error


def write_whole(path: Path, content: bytes, *, is_flushed: bool = True) -> None:
    """Put ``content`` at ``path``: written aside, flushed to disk, then renamed.

    Where thousands are written that can be made again, ``is_flushed`` may be false: then they are
    whole but for a loss of power.

    Raises:
        OSError: it can't be written; what was at ``path`` is as it was.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with aside.open("wb") as stream:
            stream.write(content)
            stream.flush()
            if is_flushed:
                os.fsync(stream.fileno())
        aside.replace(path)
    except OSError as error:  # of a write, it doesn't say which file
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        aside.unlink(missing_ok=True)
    if is_flushed:
        flush(path.parent)


@contextmanager
def new_directory(path: Path) -> Iterator[Path]:
    """Yield an empty directory aside; on leaving it is at ``path``, flushed to disk.

    Raises:
        OSError: it can't be written; what was at ``path`` is as it was.
    """
    aside, replaced = (path.with_name(f".{path.name}.{os.getpid()}{end}") for end in ("", ".old"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(aside, ignore_errors=True)  # of a killed process of the same number
        aside.mkdir()
        yield aside
        for file in aside.rglob("*"):
            flush(file)
        if path.exists():
            path.rename(replaced)
        aside.rename(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        if replaced.exists() and not path.exists():
            replaced.rename(path)
        shutil.rmtree(replaced, ignore_errors=True)
    flush(path.parent)


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
