"""A lock on a checkpoint directory: one process at a time trains in it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mnistcli.errors import ModelError
from mnistcli.system.files import naming, remove

LOCK_FILE = ".lock"
"""Locked by the process that trains, and names it."""


@contextmanager
def lock_directory(directory: Path) -> Iterator[None]:
    """Keep other processes from training in a directory, which is created if necessary.

    The system releases the lock when this process ends, however it ends.

    Raises:
        ModelError: another process trains there.
        OSError: the directory can't be written.
    """
    is_new = not directory.exists()
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / LOCK_FILE
    try:
        while (lock := _lock(path)) is None:
            pass
        try:
            with naming(path):
                os.write(lock, f"process {os.getpid()} on {os.uname().nodename}\n".encode())
            yield
        finally:
            remove(path)
            os.close(lock)
    finally:
        if is_new:
            with suppress(OSError):
                directory.rmdir()  # if nothing was saved


def _lock(path: Path) -> int | None:
    """Open, lock and empty a file; None if its last holder just removed it."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(lock), os.lstat(path)):
            os.ftruncate(lock, 0)
            return lock
    except FileNotFoundError:
        pass
    except BlockingIOError as error:
        holder = os.read(lock, 300).decode(errors="replace").strip() or "another process"
        os.close(lock)
        raise ModelError(
            f"{path.parent}: {holder} is training here; --checkpoint-dir DIR starts another run"
        ) from error
    os.close(lock)
    return None
