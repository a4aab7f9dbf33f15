"""Hostile files and command lines, made by fuzzing."""

import base64
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from stress.outcome import Effort, Outcome
from stress.seeds import SEEDS
from stress.tool import TESTS

EXPECTED = (
    "one of our errors: no traceback, no crash, no hang (10 s), no more than 1 GiB of memory, "
    "nothing written elsewhere, nothing unpickled"
)
RUNS = {
    "picture": (2_000, 40_000),
    "model": (2_000, 50_000),
    "checkpoint": (2_000, 100_000),
    "idx": (20_000, 900_000),
}
"""How often each target is tried, in the short and in the long mode."""

SECONDS = (8, 600)
"""Longest time for a target, in the same modes."""

EXAMPLES = (30, 1_000)
"""Command lines, in the same modes."""

MOST_LOST = 10
"""Failing inputs after which fuzzing of a target stops."""

SHORT = 200
"""Most bytes of an input that is shown."""


def check(effort: Effort) -> Iterator[Outcome]:
    """Fuzz two targets at a time, then the command line."""
    if find_spec("atheris"):
        kept = Path(tempfile.mkdtemp(prefix="stress-found-"))
        with ThreadPoolExecutor(2) as pool:
            yield from pool.map(partial(fuzz, effort=effort, kept=kept), RUNS)
    else:
        yield Outcome("hostile files", EXPECTED, skipped="atheris is not installed")
    yield try_command_lines(effort)


def fuzz(target: str, effort: Effort, kept: Path) -> Outcome:
    """Fuzz a target, and continue after each failing input, which is kept."""
    outcome = Outcome(f"a hostile {target}", EXPECTED)
    corpus = effort.directory / target
    corpus.mkdir()
    for number, content in enumerate(SEEDS[target]()):
        (corpus / str(number)).write_bytes(content)
    runs, end = effort.pick(*RUNS[target]), time.monotonic() + effort.pick(*SECONDS)
    peak = 0
    while outcome.tried < runs and time.monotonic() < end and len(outcome.lost) < MOST_LOST:
        options = {
            "runs": runs - outcome.tried,
            "seed": 1 + len(outcome.lost),
            "max_total_time": max(1, round(end - time.monotonic())),
            "timeout": 10,
            "rss_limit_mb": 1024,
            "print_final_stats": 1,
            "artifact_prefix": f"{kept}/{target}-",
        }
        with tempfile.TemporaryDirectory(dir=find_memory()) as scratch:
            arguments = [f"-{name}={value}" for name, value in options.items()]
            command = ["-m", "stress.fuzz_target", target, scratch, corpus, *arguments]
            ran = subprocess.run(
                [sys.executable, *command], capture_output=True, text=True, cwd=TESTS
            )
        outcome.tried += read_figure("number_of_executed_units", ran.stderr)
        peak = max(peak, read_figure("peak_rss_mb", ran.stderr))
        if ran.returncode:
            saved = re.search(r"Test unit written to (.*)", ran.stderr)
            found = Path(saved[1]) if saved else None
            outcome.lost.append(describe(ran.stdout + ran.stderr, found))
            if found:
                remove_input(found.read_bytes(), corpus)
    outcome.note = f"at most {peak} MiB"
    return outcome


def find_memory() -> Path | None:
    """Return a directory in memory, if there is one."""
    memory = Path("/dev/shm")
    return memory if os.access(memory, os.W_OK) else None


def read_figure(name: str, output: str) -> int:
    """Return one of libFuzzer's final figures."""
    return sum(map(int, re.findall(rf"^stat::{name}: +(\d+)", output, re.MULTILINE)))


def remove_input(content: bytes, corpus: Path) -> None:
    """Remove a failing input, so that others are found."""
    for file in corpus.iterdir():
        if file.read_bytes() == content:
            file.unlink()


def describe(output: str, found: Path | None) -> str:
    """Return the error, its place, and the input that causes it."""
    error = re.search(r"Uncaught Python exception: ===\n(.*)|libFuzzer: (.*)", output)
    places = re.findall(r'File ".*/(\w+/\w+\.py)", line (\d+)', output)
    parts = [(error[1] or error[2])[:SHORT] if error else output[-SHORT:]]
    parts += [":".join(places[-1])] if places else []
    if found:
        content = found.read_bytes()
        shown = base64.b64encode(content).decode() if len(content) <= SHORT else ""
        parts += [str(found), shown]
    return " ".join(parts)


def try_command_lines(effort: Effort) -> Outcome:
    """Run the test of generated command lines, with many more of them than in the tests."""
    outcome = Outcome("hostile arguments", "exit code 0 to 4, one line of error, complete JSON")
    test = TESTS / "cli" / "test_arguments.py"
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-s", test],
        env={
            **os.environ,
            "MNISTCLI_EXAMPLES": str(effort.pick(*EXAMPLES)),
            "PYTEST_ADDOPTS": "",  # CI's, of coverage and of several processes
        },
        capture_output=True,
        text=True,
        cwd=TESTS.parent,
    )
    summary = re.search(r"(\d+) command lines, (.*)", ran.stdout)
    outcome.tried, outcome.note = (int(summary[1]), summary[2]) if summary else (0, "")
    outcome.expect(ran.returncode == 0 and summary is not None, ran.stdout[-2000:])
    return outcome
