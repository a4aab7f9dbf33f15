"""Work for other processes, which import it by name; as a script, work without an end."""

import itertools
import os
import signal
import time

from mnistcli import parallel


def tell_process(item: int) -> tuple[int, int]:
    """Return the item and this process, after a moment."""
    time.sleep(0.005)
    return item, os.getpid()


def die_elsewhere(item: int) -> int:
    """End this process as the system does when memory runs out, unless the test runs in it."""
    if parallel_parent():
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.005)
    return item


def parallel_parent() -> bool:
    from multiprocessing import parent_process

    return parent_process() is not None


if __name__ == "__main__":
    for _, process in parallel.map_ahead(tell_process, itertools.count()):
        if process != os.getpid():
            print("shared", flush=True)
