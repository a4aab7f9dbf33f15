"""The program: ``mnistcli``, or ``python -m mnistcli``."""

import os
import signal
import sys
from contextlib import suppress
from types import FrameType


def run() -> None:
    """Run the command line, and end the process without taking TensorFlow apart.

    That would take up to a second. All files are closed by now, and the rest is the system's.
    """
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_IGN:
        signal.signal(signal.SIGTERM, _terminate)
    try:
        from mnistcli.cli.main import main

        main(prog_name="mnistcli")
    except SystemExit as end:
        code = end.code
    except KeyboardInterrupt:  # of the import: the command line has its own answer
        code = 128 + signal.SIGINT
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError):  # closed, or found unwritable before
            stream.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def _terminate(number: int, frame: FrameType | None) -> None:
    """Leave as after an error, so that other processes and the terminal are cleaned up."""
    sys.exit(128 + number)


if __name__ == "__main__":
    run()
