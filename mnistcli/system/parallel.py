"""A function mapped over a stream by several processes, in order and in bounded memory."""

import os
import pickle
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from threading import local
from typing import IO, Any, Generic, TypeVar

START_AFTER_SECONDS = 0.1
"""Work after which a first further process is worth its start; a second one after twice that, …"""

MAX_PROCESSES = 8
"""Processes, including this one, which can't collect the results of more."""

Given = TypeVar("Given")
Made = TypeVar("Made")


def map_ahead(function: Callable[[Given], Made], items: Iterable[Given]) -> Iterator[Made]:
    """Yield ``function(item)`` for each item, in order; long work uses one process per core.

    ``function``, the items and the results must be picklable. A few items per core are in memory
    at any time. If a process can't be started, or the system ends it, its work is done here.
    """
    others = min(count_cores(), MAX_PROCESSES) - 1
    remaining = iter(items)
    started = time.monotonic()
    for item in remaining:
        yield function(item)
        if others and time.monotonic() > started + START_AFTER_SECONDS:
            break
    else:
        return
    yield from _map_with(others, function, remaining)


def _map_with(
    others: int, function: Callable[[Given], Made], items: Iterable[Given]
) -> Iterator[Made]:
    """Keep other processes busy, and do here what they have no time for."""
    # Most calls never come here, and would wait for it to load.
    from concurrent.futures import Future, ThreadPoolExecutor

    started = time.monotonic()
    helpers = _Helpers(function)
    executor = ThreadPoolExecutor(others)
    taken: deque[Future[Made]] = deque()
    try:
        for item in items:
            wanted = min(others, 1 + int((time.monotonic() - started) / START_AFTER_SECONDS))
            if sum(not future.done() for future in taken) <= wanted:
                taken.append(executor.submit(helpers.do, item))
            else:
                taken.append(Future())
                taken[-1].set_result(function(item))
            while taken and (taken[0].done() or len(taken) > 16 * others):
                yield taken.popleft().result()
        for future in taken:
            yield future.result()
    finally:
        helpers.dismiss()
        executor.shutdown(cancel_futures=True)
        helpers.close()


class _Helpers(Generic[Given, Made]):
    """One process for each thread that asks for one and waits for its results."""

    def __init__(self, function: Callable[[Given], Made]) -> None:
        self.function = function
        self.mine = local()
        self.processes: list[subprocess.Popen[bytes]] = []
        self.is_dismissed = False

    def do(self, item: Given) -> Made:
        """Call the function in this thread's process, or here if there is none."""
        try:
            if not hasattr(self.mine, "process"):
                self.mine.process = self._start()
            if self.mine.process:
                _write(self.mine.process.stdin, item)
                made: Made = pickle.load(self.mine.process.stdout)
                return made
        except (OSError, EOFError, pickle.UnpicklingError):
            self.mine.process = None
        if self.is_dismissed:
            raise RuntimeError("the results are no longer needed")
        return self.function(item)

    def _start(self) -> subprocess.Popen[bytes]:
        """Start a process with this one's module path, out of reach of the terminal's Ctrl-C."""
        script = (
            f"import sys; sys.path[:] = {sys.path};"
            "from mnistcli.system.parallel import serve; serve()"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # on Windows
        )
        self.processes.append(process)
        if self.is_dismissed:
            process.kill()
        _write(process.stdin, self.function)
        return process

    def dismiss(self) -> None:
        """Kill the processes; so no thread waits any longer."""
        self.is_dismissed = True
        for process in self.processes:
            process.kill()

    def close(self) -> None:
        """Close the pipes and reap the processes, once no thread uses them."""
        for process in self.processes:
            with suppress(OSError):  # unsent input
                process.communicate()


def serve() -> None:
    """Read a function from standard input, then call it on each item until the input ends.

    The system closes the input when the parent process ends, however it ends.
    """
    with suppress(EOFError, BrokenPipeError):
        function = pickle.load(sys.stdin.buffer)
        while True:
            _write(sys.stdout.buffer, function(pickle.load(sys.stdin.buffer)))


def _write(stream: IO[bytes] | Any, content: object) -> None:
    pickle.dump(content, stream)
    stream.flush()


def count_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
