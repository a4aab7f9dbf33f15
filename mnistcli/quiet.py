"""Native libraries kept from writing on the user's terminal, and from being broken into."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from threading import Thread


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


def preload(*modules: str) -> None:
    """Import modules that load native libraries, in silence, in a thread.

    So Ctrl-C and SIGTERM needn't wait for seconds: an exception raised where such a library loads
    would be lost there, or crash the process.
    """
    from concurrent.futures import Future

    loading: Future[None] = Future()

    def load() -> None:
        try:
            for module in modules:
                import_module(module)
            loading.set_result(None)
        except BaseException as error:
            loading.set_exception(error)

    with silenced_stderr():
        Thread(target=load, daemon=True).start()
        loading.result()
