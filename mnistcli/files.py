"""Files written whole or not at all, and the digests that tell whether they still are."""

import hashlib
import os
from pathlib import Path

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


def write_whole(path: Path, content: bytes) -> None:
    """Put ``content`` at ``path``: written aside, flushed to disk, then renamed.

    Raises:
        OSError: it can't be written; what was at ``path`` is as it was.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with aside.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        aside.replace(path)
    except OSError as error:  # of a write, it doesn't say which file
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        aside.unlink(missing_ok=True)
    flush(path.parent)


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
