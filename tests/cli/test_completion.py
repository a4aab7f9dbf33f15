"""Completion in the shells themselves, with the lines of the README, at a terminal."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers.drawing import seven, to_png

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
SHELLS = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "--interactive"],
}
SECONDS = 30


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    for program in (request.param, "setsid"):
        if not shutil.which(program):
            pytest.skip(f"needs {program}")
    return request.param


def line_of(shell: str) -> str:
    """The README's line for the shell's start-up file."""
    (line,) = re.findall(rf"^- {shell}, `[^`]*`: `(.*)`$", README, re.MULTILINE)
    return line


class Terminal:
    """A shell at a terminal, which is typed into."""

    def __init__(self, shell: str, directory: Path) -> None:
        self.controller, terminal = pty.openpty()
        self.process = subprocess.Popen(
            ["setsid", "--ctty", *SHELLS[shell]],
            cwd=directory,
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            env={
                **{name: os.environ[name] for name in ("LANG", "LC_ALL") if name in os.environ},
                "HOME": str(directory),
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "TERM": "vt100",
            },
        )
        os.close(terminal)
        self.shown = b""

    def type(self, text: str) -> None:
        os.write(self.controller, text.encode())

    def wait_for(self, path: Path) -> str:
        """Return what a command that was typed has written."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            if select.select([self.controller], [], [], 0.05)[0]:
                self.shown += os.read(self.controller, 4096)
            if path.exists():
                return path.read_text()
        raise AssertionError(self.shown.decode(errors="replace"))

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.controller)


@pytest.fixture
def terminal(shell: str, tmp_path: Path):
    opened = Terminal(shell, tmp_path)
    try:
        opened.type(f"{line_of(shell)}\n")
        opened.type("echo ready > ready\n")
        opened.wait_for(tmp_path / "ready")
        yield opened
    finally:
        opened.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("mnistcli exp\tmod\t--help", "Usage: mnistcli export model"),
        ("mnistcli predict --several --pretr\t--format js\tmy\t", '"file": "my digit.png"'),
        ("mnistcli train --model deep\t--help", "Usage: mnistcli train"),
        ("mnistcli predict --save-prep\tdirec\t--pretrained my\t", "my digit.png\t7\t"),
    ],
)
def test_tab_completes_commands_options_and_files(
    typed: str, shown: str, terminal: Terminal, tmp_path: Path
) -> None:
    (tmp_path / "my digit.png").write_bytes(to_png(seven()))
    (tmp_path / "directory").mkdir()

    for part in re.findall(r"[^\t]+\t?", typed):
        terminal.type(part)
        time.sleep(1 if part.endswith("\t") else 0)
    terminal.type(" > made && mv made done\n")

    assert shown in terminal.wait_for(tmp_path / "done")
