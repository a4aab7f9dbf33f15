"""Training killed at random moments and before each file operation of a save."""

import itertools
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

from helpers import small
from helpers.listening import SILENT
from PIL import Image

from mnistcli.datasets import idx
from mnistcli.errors import ModelError
from mnistcli.pretrained import read_record
from mnistcli.runs import checkpoints
from stress import operations
from stress.outcome import Effort, Outcome
from stress.tool import TESTS, Finished, finish, start

PRETRAINED = read_record().step
"""The step of the pretrained model, at which fine-tuning begins."""

KINDS = {
    "softmax": ("--model", "softmax", "--steps", 1500, "--save-every", 10),
    "cnn": ("--model", "cnn", "--steps", 100, "--save-every", 2),
    "deepcnn": ("--model", "deepcnn", "--steps", 12, "--save-every", 1, "--batch-size", 32),
    "on pictures": ("--pictures", "pictures", "--steps", PRETRAINED + 20, "--save-every", 2),
}
"""Arguments of runs that spend much of their time saving."""


def check(effort: Effort) -> Iterator[Outcome]:
    """Kill training."""
    data = make_data(effort.directory)
    yield kill_at_operations(effort.directory / "operations")
    kinds = {"softmax": 2, "cnn": 2}
    if effort.is_long:
        kinds = {"softmax": 60, "cnn": 60, "deepcnn": 60, "on pictures": 20}
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda kind: Reference(kind, data), kinds))
        yield from pool.map(kill, runs, kinds.values())


def make_data(directory: Path) -> Path:
    """Make a small data set, and labelled pictures of some of its images."""
    data, pictures = directory / "data", directory / "pictures"
    small.make(data)
    pictures.mkdir()
    parts = [idx.read(data / f"t10k-{name}-ubyte.gz") for name in ("images-idx3", "labels-idx1")]
    for number, (image, label) in enumerate(itertools.islice(zip(*parts, strict=True), 60)):
        Image.fromarray(255 - image).save(pictures / f"{label}_{number}.png")
    return data


class Reference:
    """An undisturbed run, with which disturbed runs are compared."""

    def __init__(self, kind: str, data: Path) -> None:
        """Train to the end."""
        self.kind, self.data = kind, data
        started = time.monotonic()
        ended = finish(self.start("undisturbed"))
        assert ended.code == 0, ended.stderr
        self.seconds = time.monotonic() - started
        self.end = self.find_end("undisturbed")

    def start(self, name: str) -> "subprocess.Popen[str]":
        """Start or resume a run with the same arguments."""
        arguments = ("train", *KINDS[self.kind], "--keep", 10_000, "--log-every", 100_000)
        directory = ("--checkpoint-dir", self.directory(name))
        return start(self.data, *arguments, *directory, cwd=self.data.parent)

    def directory(self, name: str) -> Path:
        """Return the directory of a run."""
        return self.data.parent / f"{self.kind.replace(' ', '-')}-{name}"

    def find_end(self, name: str) -> tuple[object, ...]:
        """Return the step, the weights and the export of a run's newest checkpoint."""
        end = checkpoints.find_newest(self.directory(name), SILENT)
        return end and (end.step, end.weights, end.export)


def kill(reference: Reference, count: int) -> Outcome:
    """Kill and resume runs until there were ``count`` kills."""
    outcome = Outcome(
        f"`kill -9` at a random moment of training {reference.kind}",
        "the next start resumes from the newest checkpoint; none is lost; the last weights are "
        "bit for bit those of an undisturbed run",
    )
    moments, seconds = Random(reference.kind), reference.seconds
    for name in map(str, itertools.count()):
        before: dict[int, object] = {}
        killed: Finished | None = None
        while not killed or killed.code:
            started = time.monotonic()
            process = reference.start(name)
            if outcome.tried < count:
                stop(process, moments.uniform(0, seconds), signal.SIGKILL)
            killed = finish(process)
            if not (killed.code or before):  # on a machine that was busier at first
                seconds = min(seconds, time.monotonic() - started)
            outcome.tried += killed.code == -signal.SIGKILL
            after = read_checkpoints(reference.directory(name), outcome)
            outcome.expect(before.items() <= after.items(), f"{name}: checkpoints changed")
            if killed.code not in (0, -signal.SIGKILL):
                outcome.lost.append(f"{name}: {killed.stderr[-300:]}")
                return outcome
            if found := re.search(r"from step (\d+) to", killed.stderr):
                newest = max(before, default=PRETRAINED if "pictures" in reference.kind else 0)
                outcome.expect(int(found[1]) == newest, f"{name}: {found[0]}, not {newest}")
            before = after
        outcome.expect(reference.find_end(name) == reference.end, f"{name}: other weights")
        shutil.rmtree(reference.directory(name))
        if outcome.tried >= count:
            return outcome
    raise AssertionError


def stop(process: "subprocess.Popen[str]", seconds: float, number: signal.Signals) -> float:
    """Send a signal after a while; return when it was sent, 0 if the process had ended."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(number)
        return time.monotonic()
    return 0.0


def read_checkpoints(directory: Path, outcome: Outcome) -> dict[int, object]:
    """Return the weights of each checkpoint by its step; all must be intact."""
    found: dict[int, object] = {}
    for path in directory.glob("model-*"):
        try:
            checkpoint = checkpoints.open_checkpoint(path)
            found[checkpoint.step] = checkpoint.weights
        except ModelError as error:
            outcome.lost.append(str(error))
    return found


def kill_at_operations(directory: Path) -> Outcome:
    """Kill a process before each file operation of saves, removals and exports."""
    outcome = Outcome(
        "`kill -9` before each single file operation of saving, replacing, removing, exporting",
        "the newest checkpoint is the old or the new one, intact; the next save removes the rest",
    )
    for number in itertools.count(1):
        path = directory / str(number)
        operations.make(path)
        command = [sys.executable, "-m", "stress.operations", str(path), str(number)]
        ended = subprocess.run(command, capture_output=True, text=True, cwd=TESTS)
        if ended.returncode != -signal.SIGKILL:
            outcome.expect(ended.returncode == 0, ended.stderr[-300:])
            return outcome
        outcome.tried += 1
        outcome.lost += operations.find_losses(path)
    raise AssertionError
