"""The program: ``mnistcli``, or ``python -m mnistcli``."""

import os
import signal
import sys
from contextlib import suppress
from types import FrameType


def run() -> None:
    """Run the command line, and end the process without TensorFlow's teardown.

    The teardown takes up to a second. All files are closed by then.
    """
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_IGN:
        signal.signal(signal.SIGTERM, _terminate)
    try:
        from mnistcli.cli.main import main

        main(prog_name="mnistcli")
    except SystemExit as end:
        code = end.code
    except KeyboardInterrupt:  # during the import; the command line handles its own
        code = 128 + signal.SIGINT
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError):  # closed, or already reported as unwritable
            stream.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def _terminate(number: int, frame: FrameType | None) -> None:
    """Exit as after an error, so that child processes and the terminal are cleaned up."""
    sys.exit(128 + number)


if __name__ == "__main__":
    run()
