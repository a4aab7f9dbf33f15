"""A lock on a checkpoint directory: one process at a time trains in it."""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import lock_descriptor

from mnistcli.errors import ModelError
from mnistcli.runs.checkpoints import is_checkpoint
from mnistcli.system.files import AT_ONCE, NO_FOLLOW, naming, remove

LOCK_FILE = ".lock"
"""Locked by the process that trains, and names it."""

LOCKED_BYTE = b"\n"
"""Beginning of the file, which other processes can't read on Windows."""


@contextmanager
def lock_directory(directory: Path) -> Iterator[None]:
    """Keep other processes from training in a directory, which is created if necessary.

    The system releases the lock when this process ends, however it ends.

    Raises:
        ModelError: another process trains there, or it is a checkpoint itself.
        OSError: the directory can't be written.
    """
    if is_checkpoint(directory):
        run = os.path.normpath(directory / "..")
        raise ModelError(f"{directory} is a checkpoint; --checkpoint-dir {run} resumes its run")
    is_new = not directory.exists()
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / LOCK_FILE
    try:
        while (lock := _lock(path)) is None:
            pass
        try:
            with naming(path):
                holder = f"process {os.getpid()} on {platform.node()}\n"
                os.write(lock, LOCKED_BYTE + holder.encode())
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
    lock = os.open(path, os.O_RDWR | os.O_CREAT | NO_FOLLOW | AT_ONCE, 0o666)
    try:
        if not lock_descriptor(lock, blocking=False):
            raise ModelError(
                f"{path.parent}: {_read_holder(lock)} is training here; --checkpoint-dir DIR "
                "starts another run"
            )
        if os.path.samestat(os.fstat(lock), os.lstat(path)):
            os.ftruncate(lock, 0)
            return lock
    except FileNotFoundError:
        pass
    except (ModelError, OSError):
        os.close(lock)
        raise
    os.close(lock)
    return None


def _read_holder(lock: int) -> str:
    os.lseek(lock, len(LOCKED_BYTE), os.SEEK_SET)
    return os.read(lock, 300).decode(errors="replace").strip() or "another process"
