"""The command line as processes, with a small data set in MNIST's place, and within this one."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import small
from click.testing import CliRunner

from mnistcli import download
from mnistcli.cli import main

PATIENCE = 300.0
"""Seconds after which a process hangs."""


@dataclass(frozen=True)
class Finished:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str
    seconds: float = 0.0
    memory: float = 0.0  # peak, MiB

    @property
    def errors(self) -> list[str]:
        """The lines of errors, and what is of no form."""
        known = ("warning: ", "training ", "step ", "model: ", "going on ")
        return [line for line in self.stderr.splitlines() if not line.startswith(known)]

    @property
    def document(self) -> Any:
        """The JSON document."""
        return json.loads(self.stdout)

    @property
    def is_one_line(self) -> bool:
        """Whether there is an error of one line, and no traceback."""
        errors = [line for line in self.stderr.splitlines() if line.startswith("error: ")]
        return len(errors) == 1 and "Traceback" not in self.stderr


def start(data: Path, *arguments: object, cwd: Path, **options: Any) -> "subprocess.Popen[str]":
    """Start the command line with the data set of a directory as MNIST."""
    command = [sys.executable, small.__file__, data, *arguments]
    options = {"stdout": subprocess.PIPE, **options}
    return subprocess.Popen(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, "MNISTCLI_DATA_DIR": str(data)},
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def finish(process: "subprocess.Popen[str]") -> Finished:
    """Wait for a process; one that hangs is killed."""
    started = time.monotonic()
    try:
        stdout, stderr = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        stdout, stderr = process.communicate()
        stderr += f"error: hung for {PATIENCE:.0f} s\nTraceback\n"
    return Finished(process.returncode, stdout, stderr, time.monotonic() - started)


def call(*arguments: object) -> Finished:
    """Run the command line within this process, in the directory in which it is."""
    started = time.monotonic()
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    stderr = result.stderr
    if result.exception and not isinstance(result.exception, SystemExit):
        stderr += f"Traceback: {result.exception!r}\n"
    return Finished(result.exit_code, result.stdout, stderr, time.monotonic() - started)


@contextmanager
def within(directory: Path) -> Iterator[Path]:
    """Make a small data set, let it be MNIST for this process, and work in a directory."""
    data = directory / "data"
    small.make(data)
    published, former = download.FILES, Path.cwd()
    download.FILES = small.files_in(data)
    os.environ["MNISTCLI_DATA_DIR"] = str(data)
    os.chdir(directory)
    try:
        yield data
    finally:
        os.chdir(former)
        del os.environ["MNISTCLI_DATA_DIR"]
        download.FILES = published


def list_hidden(directory: Path) -> list[str]:
    """Return what is left aside anywhere below a directory."""
    return sorted(str(path) for path in directory.rglob(".*"))
