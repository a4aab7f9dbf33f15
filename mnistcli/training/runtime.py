"""TensorFlow started so that runs repeat, and signals caught between its calls."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from types import FrameType

from mnistcli.system.native import preload, silenced_stderr

THREADS = 2
"""A fixed number: sums in another order differ in their last bits, and a run must repeat."""

BFLOAT16_FLAGS = frozenset({"amx_bf16", "avx512_bf16"})
"""Of processors with instructions for bfloat16; others emulate them, slowly."""


def start_tensorflow(inter_op_threads: int = THREADS) -> None:
    """Import TensorFlow, which takes seconds, and let it compute on the CPU with THREADS threads.

    Call it before anything else of TensorFlow; a further call does nothing. ``inter_op_threads``,
    the number of operations that run at the same time, changes the speed only.
    """
    # Keras isn't used, and takes a third of the import: so it waits for the first use of tf.keras.
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    preload("tensorflow")
    import tensorflow as tf

    tf.get_logger().setLevel("ERROR")
    with silenced_stderr(), suppress(RuntimeError):  # what can't be changed any more
        tf.config.set_visible_devices([], "GPU")
        tf.config.threading.set_intra_op_parallelism_threads(THREADS)
        tf.config.threading.set_inter_op_parallelism_threads(inter_op_threads)
        tf.config.list_logical_devices()


@cache
def has_bfloat16() -> bool:
    """Tell whether the processor computes in bfloat16, as far as Linux says so."""
    try:
        words = Path("/proc/cpuinfo").read_text(errors="replace").split()
    except OSError:
        return False
    return not BFLOAT16_FLAGS.isdisjoint(words)


@contextmanager
def catch_signals() -> Iterator[list[int]]:
    """Yield a list that receives SIGINT or SIGTERM; a second signal acts as usual."""
    caught: list[int] = []

    def catch(number: int, frame: FrameType | None) -> None:
        caught.append(number)
        restore_handlers()

    def restore_handlers() -> None:
        for number, handler in former.items():
            signal.signal(number, handler)

    former = {
        number: signal.signal(number, catch)
        for number in (signal.SIGINT, signal.SIGTERM)
        if signal.getsignal(number) is not signal.SIG_IGN  # as in a shell's background jobs
    }
    try:
        yield caught
    finally:
        restore_handlers()
