"""Operations on a checkpoint directory, by a process that is killed before one of them.

``python -m stress.operations DIRECTORY N`` is killed before its N-th operation in the directory.
"""

import os
import signal
import sys
from pathlib import Path

from helpers.listening import SILENT

from mnistcli.runs import checkpoints
from mnistcli.runs.config import Settings
from mnistcli.runs.lock import lock_directory
from mnistcli.runs.record import Record
from mnistcli.system.files import write_whole

SETTINGS = Settings("softmax", "mnist", seed=0, batch_size=64, learning_rate=0.001, cycles=())
EVENTS = {"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir"}
FILE = "file"


def make_weights(run: int, step: int) -> dict[str, bytes]:
    """Return bytes in place of a checkpoint's weights."""
    return {
        checkpoints.INDEX: b"index",
        checkpoints.DATA: b"of run %d at step %d" % (run, step) * 1000,
    }


def make(directory: Path) -> None:
    """Create a directory with a run and a file."""
    for step in (10, 20):
        checkpoints.write_checkpoint(directory, Record(SETTINGS, 1, step), make_weights(1, step))
    write_whole(directory / FILE, b"old" * 10_000)


def work(directory: Path) -> None:
    """Save, replace, remove and export."""
    with lock_directory(directory):
        newest = checkpoints.write_checkpoint(
            directory, Record(SETTINGS, 1, 30), make_weights(1, 30)
        )
        checkpoints.add_export(newest, b"export")
        checkpoints.remove_old(newest, keep=2)
        newest = checkpoints.write_checkpoint(
            directory, Record(SETTINGS, 2, 20), make_weights(2, 20)
        )
        checkpoints.remove_old(newest, keep=1)
        checkpoints.add_export(newest, b"export")
    write_whole(directory / FILE, b"new" * 10_000)


def find_losses(directory: Path) -> list[str]:
    """Return what is wrong in the directory after the kill."""
    newest = checkpoints.find_newest(directory, SILENT)
    states = [(1, 20), (1, 30), (2, 20)]
    found = newest and (newest.run, newest.step)
    losses = [] if found in states else [f"{directory.name}: {found}"]
    if newest and newest.weights != make_weights(newest.run, newest.step):
        losses.append(f"{directory.name}: other weights")
    if (directory / FILE).read_bytes() not in (b"old" * 10_000, b"new" * 10_000):
        losses.append(f"{directory.name}: an incomplete file")
    work(directory)
    left = {path.name for path in directory.iterdir()} - {"model-20", FILE}
    recent = {name for name in left if name.endswith(".part")}  # of the file: removed in an hour
    if left - recent or len(recent) > 1:
        losses.append(f"{directory.name}: left {sorted(left)}")
    return losses


def die_before(number: int, directory: str) -> None:
    """Kill this process before one of its operations."""
    count = 0

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal count
        if event not in EVENTS or not str(arguments[0]).startswith(directory):
            return
        count += 1
        if count == number:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    flush = os.fsync

    def flush_watched(descriptor: int) -> None:
        watch("open", (directory,))
        flush(descriptor)

    os.fsync = flush_watched


if __name__ == "__main__":
    die_before(int(sys.argv[2]), sys.argv[1])
    work(Path(sys.argv[1]))
