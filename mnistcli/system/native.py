"""Native libraries: silenced, and called so that signals needn't wait for them."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from threading import Thread
from typing import TypeVar

Result = TypeVar("Result")


@contextmanager
def silenced_stderr() -> Iterator[None]:
    """Discard what is written to file descriptor 2.

    TensorFlow and LiteRT log from C++ when they start, and none of their settings stops it.
    """
    try:
        kept = os.dup(2)
    except OSError:  # closed: nothing to silence
        yield
        return
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(null)


def call_in_thread(work: Callable[[], Result]) -> Result:
    """Call a function that spends seconds in a native library, silenced and in a thread.

    Ctrl-C and SIGTERM then take effect at once. An exception raised inside such a library would be
    lost there, or crash the process.
    """
    from concurrent.futures import Future

    called: Future[Result] = Future()

    def call() -> None:
        try:
            called.set_result(work())
        except BaseException as error:
            called.set_exception(error)

    with silenced_stderr():
        Thread(target=call, daemon=True).start()
        return called.result()


def preload(module: str) -> None:
    """Import a module that loads native libraries."""
    call_in_thread(lambda: import_module(module))
