"""Native libraries kept from writing on the user's terminal, and from being broken into."""

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

    TensorFlow and LiteRT log from C++ while they start, and no setting of theirs stops it.
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


def call_aside(work: Callable[[], Result]) -> Result:
    """Call what works in a native library for seconds, in silence, in a thread.

    So Ctrl-C and SIGTERM needn't wait for it: an exception raised within such a library would be
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
    call_aside(lambda: import_module(module))
