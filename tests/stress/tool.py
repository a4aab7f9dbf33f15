"""The command line, in this process and in others, with a small data set as MNIST."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from helpers import small

from mnistcli.cli.main import main
from mnistcli.datasets import mnist

TESTS = Path(__file__).parents[1]
"""The directory from which ``python -m stress`` runs."""

PATIENCE = 900.0
"""Seconds after which a process counts as hung."""


@dataclass(frozen=True)
class Finished:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str
    memory: float = 0.0  # peak, MiB, if it was measured

    @property
    def document(self) -> Any:
        """The JSON document."""
        return json.loads(self.stdout)

    @property
    def is_one_line(self) -> bool:
        """Whether there is one line of error, and no traceback."""
        errors = [line for line in self.stderr.splitlines() if line.startswith("error: ")]
        return len(errors) == 1 and "Traceback" not in self.stderr


MEASURE = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print("peak", peak / (1 << (20 if sys.platform == "darwin" else 10)), file=sys.stderr)
sys.exit(code)
"""
"""Starts a process and prints its peak in MiB, which is at least that of the starting process."""


def start(
    data: Path,
    *arguments: object,
    program: Sequence[str] = (sys.executable, small.__file__),
    **options: Any,
) -> "subprocess.Popen[str]":
    """Start the command line with the data set in a directory as MNIST."""
    environment = {**os.environ, "MNISTCLI_DATA_DIR": str(data)}
    return spawn([*program, *map(str, (data, *arguments))], env=environment, **options)


def spawn(
    command: Sequence[str], *, is_measured: bool = False, **options: Any
) -> "subprocess.Popen[str]":
    """Start a process in a new process group."""
    options = {"stdout": subprocess.PIPE, "start_new_session": True, "text": True, **options}
    wrapper = [sys.executable, "-c", MEASURE] if is_measured else []
    return subprocess.Popen([*wrapper, *command], stderr=subprocess.PIPE, **options)


def finish(process: "subprocess.Popen[str]", seconds: float = PATIENCE) -> Finished:
    """Wait for a process; one that hangs is killed together with its children."""
    try:
        stdout, stderr = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        stdout, stderr = process.communicate()
        stderr += f"error: hung for {seconds:.0f} s\nTraceback\n"
    stderr, _, peak = stderr.partition("peak ")
    return Finished(process.returncode, stdout or "", stderr, float(peak or 0))


def call(*arguments: object) -> Finished:
    """Run the command line within this process, in the current directory."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    stderr = result.stderr
    if result.exception and not isinstance(result.exception, SystemExit):
        stderr += f"Traceback: {result.exception!r}\n"
    return Finished(result.exit_code, result.stdout, stderr)


@contextmanager
def within(directory: Path) -> Iterator[Path]:
    """Make a small data set, use it as MNIST in this process, and change to a directory."""
    data = directory / "data"
    small.make(data)
    published, former = mnist.FILES, Path.cwd()
    mnist.FILES = small.files_in(data)
    os.environ["MNISTCLI_DATA_DIR"] = str(data)
    os.chdir(directory)
    try:
        yield data
    finally:
        os.chdir(former)
        del os.environ["MNISTCLI_DATA_DIR"]
        mnist.FILES = published


def list_temporary(directory: Path) -> list[str]:
    """Return the hidden files anywhere below a directory, such as temporary ones."""
    return sorted(str(path) for path in directory.rglob(".*"))
