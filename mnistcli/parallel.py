"""Work on a stream shared by processes, in order and in bounded memory."""

import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from threading import Thread
from typing import TypeVar

from mnistcli.errors import MnistError

ALONE = 0.1
"""Seconds of work after which further processes are worth their start."""

Given = TypeVar("Given")
Made = TypeVar("Made")


def map_ahead(function: Callable[[Given], Made], items: Iterable[Given]) -> Iterator[Made]:
    """Yield ``function`` of each item, in order; long work is shared with a process a further core.

    ``function``, the items and what is made of them must be picklable. At any time a few items
    for each core have been taken and not yet yielded.

    Raises:
        MnistError: the system ended a process, as when memory runs out.
    """
    others = count_cores() - 1
    remaining = iter(items)
    started = time.monotonic()
    for item in remaining:
        yield function(item)
        if others and time.monotonic() > started + ALONE:
            break
    else:
        return
    yield from _map_with(others, function, remaining)


def _map_with(
    others: int, function: Callable[[Given], Made], items: Iterable[Given]
) -> Iterator[Made]:
    """Keep other processes busy, and do here what they have no time for."""
    # Most calls never come here, and would wait for these to load.
    from concurrent.futures import Future, ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    # The processes are begun afresh: a fork of one with threads may hang.
    executor = ProcessPoolExecutor(others, get_context("spawn"), _start_worker)
    taken: deque[Future[Made]] = deque()
    try:
        for item in items:
            if sum(not future.done() for future in taken) < 2 * others:
                taken.append(executor.submit(function, item))
            else:
                taken.append(Future())
                taken[-1].set_result(function(item))
            while taken and (taken[0].done() or len(taken) > 16 * others):
                yield taken.popleft().result()
        for future in taken:
            yield future.result()
    except BrokenProcessPool as error:
        raise MnistError("the system ended a process at work: is there enough memory?") from error
    finally:
        executor.shutdown(cancel_futures=True)


def count_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _start_worker() -> None:
    """Leave Ctrl-C to the parent process, and end with it however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    from multiprocessing import parent_process

    parent = parent_process()
    if parent:
        parent.join()
    os._exit(1)
