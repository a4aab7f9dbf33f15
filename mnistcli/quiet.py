"""Native libraries kept from writing on the user's terminal, and from being broken into."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager


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


@contextmanager
def undisturbed_import() -> Iterator[None]:
    """Silence an import, and hold Ctrl-C and SIGTERM back until it is done.

    An exception raised while a native library loads is lost there, or crashes the process. A
    mask would not do: the signal would reach a thread of a library loaded before.
    """
    held: list[int] = []
    former = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number, handler in former.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, lambda number, frame: held.append(number))
    try:
        with silenced_stderr():
            yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
    if held:
        signal.raise_signal(held[0])
