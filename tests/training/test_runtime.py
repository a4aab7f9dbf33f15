import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mnistcli.training.runtime import THREADS, catch_signals, has_bfloat16

SIGNALS = [signal.SIGINT, signal.SIGTERM]


def send(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_is_caught(number: int) -> None:
    before = signal.getsignal(number)

    with catch_signals() as caught:
        send(number)

    assert caught == [number]
    assert signal.getsignal(number) is before


def test_a_second_signal_acts_as_usual() -> None:
    with catch_signals():
        send(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            send(signal.SIGINT)


@pytest.fixture
def ignored_interrupts() -> Iterator[None]:
    former = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, former)


@pytest.mark.usefixtures("ignored_interrupts")
def test_an_ignored_signal_stays_ignored() -> None:
    with catch_signals() as caught:
        send(signal.SIGINT)

    assert caught == []
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_the_handlers_are_restored_after_an_error() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]

    with pytest.raises(ZeroDivisionError), catch_signals():
        raise ZeroDivisionError

    assert [signal.getsignal(number) for number in SIGNALS] == before


PROBE = """
from mnistcli.training.runtime import start_tensorflow

start_tensorflow(inter_op_threads=1)
start_tensorflow()
import tensorflow as tf

print(tf.config.get_visible_devices("GPU"))
threading = tf.config.threading
print(threading.get_intra_op_parallelism_threads(), threading.get_inter_op_parallelism_threads())
"""


@pytest.mark.slow
def test_tensorflow_computes_on_the_cpu_with_a_fixed_number_of_threads() -> None:
    """A further call, here with the default, changes nothing."""
    result = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True)

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines() == ["[]", f"{THREADS} 1"]


@pytest.mark.parametrize(
    ("words", "is_fast"),
    [
        ("flags : fpu sse2 amx_bf16 amx_tile", True),
        ("flags : fpu avx512_bf16", True),
        ("flags : fpu avx512f avx2", False),
        (None, False),
    ],
)
def test_bfloat16_is_used_where_the_processor_has_it(
    words: str | None, is_fast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_text(path: Path, **options: str) -> str:
        if words is None:
            raise FileNotFoundError(path)
        return words

    monkeypatch.setattr(Path, "read_text", read_text)
    assert has_bfloat16.__wrapped__() == is_fast


@pytest.mark.slow
def test_tensorflow_starts_without_what_takes_long_and_is_not_used() -> None:
    lines = [
        "import sys",
        "from mnistcli.training.runtime import start_tensorflow",
        "start_tensorflow()",
        "assert 'tensorflow' in sys.modules",
        "print(sorted({'keras', 'tf_keras', 'matplotlib'} & set(sys.modules)))",
    ]
    command = [sys.executable, "-c", "; ".join(lines)]

    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert printed == "[]\n"
