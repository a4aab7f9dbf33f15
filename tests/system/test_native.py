import os
import subprocess
import sys
import threading

import pytest

from mnistcli.system.native import call_in_thread, silenced_stderr


def test_what_native_code_writes_to_standard_error_is_discarded(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with silenced_stderr():
        os.write(2, b"from C++")
    os.write(2, b"afterwards")

    assert capfd.readouterr().err == "afterwards"


def test_standard_error_is_restored_after_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="wrong"), silenced_stderr():
        raise ValueError("wrong")
    os.write(2, b"afterwards")

    assert capfd.readouterr().err == "afterwards"


def test_closed_standard_error_stays_closed() -> None:
    script = (
        "import os; from mnistcli.system.native import silenced_stderr; os.close(2)\n"
        "with silenced_stderr(): pass\n"
        "try: os.fstat(2)\n"
        "except OSError: print('closed')"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert (result.returncode, result.stdout) == (0, "closed\n")


def test_a_call_in_a_thread_returns_its_result() -> None:
    assert call_in_thread(threading.current_thread) is not threading.current_thread()


def test_a_call_in_a_thread_raises_its_error() -> None:
    def fail() -> None:
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        call_in_thread(fail)
