"""Programs whose standard error is a terminal."""

import os
import pty
import subprocess
from contextlib import suppress
from pathlib import Path


def run_at_terminal(
    command: list[str | Path], cwd: Path, env: dict[str, str] | None = None
) -> tuple[bytes, str]:
    """Return what a command shows on its terminal, and its standard output."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=cwd,
        env=env,
        stdout=subprocess.PIPE,
        stderr=terminal,
        text=True,
    )
    os.close(terminal)
    shown = b""
    with suppress(OSError):  # Linux: the other end is closed
        while part := os.read(controller, 4096):
            shown += part
    os.close(controller)
    output, _ = process.communicate()
    return shown, output
