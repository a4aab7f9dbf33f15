"""Work for other processes, which import it by name; as a script, endless work."""

import itertools
import os
import signal
import sys
import time
from pathlib import Path

from mnistcli.system import parallel


def tell_process(item: int) -> tuple[int, int]:
    """Return the item and this process, after a moment."""
    time.sleep(0.005)
    return item, os.getpid()


def die_elsewhere(item: int) -> int:
    """End this process as the system does when memory runs out, unless it is a test's."""
    if "pytest" not in sys.modules:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.002)
    return item


class EndsWhenSent:
    """Ends the process that sends it when half of it has been sent."""

    def __reduce__(self) -> tuple[type, tuple[bytes]]:
        sys.stdout.buffer.flush()
        os.kill(os.getpid(), signal.SIGKILL)
        return bytes, (b"",)


def die_in_the_middle(item: int) -> bytes:
    """End this process while it sends what it made, unless it is a test's."""
    time.sleep(0.002)
    content = bytes([item % 256]) * 100_000
    return content if "pytest" in sys.modules else [content, EndsWhenSent()]


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))  # other processes import it by this name
    from helpers.work import tell_process as imported

    for _, process in parallel.map_ahead(imported, itertools.count()):
        if process != os.getpid():
            print("shared", flush=True)
