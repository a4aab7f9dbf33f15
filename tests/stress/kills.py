"""Training, killed at random moments, and at each file operation of a save."""

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
from mnistcli.runs import checkpoints
from stress import operations
from stress.outcome import Effort, Outcome
from stress.tool import Finished, finish, start

KINDS = {
    "softmax": ("--model", "softmax", "--steps", 1500, "--save-every", 10),
    "cnn": ("--model", "cnn", "--steps", 100, "--save-every", 2),
    "deepcnn": ("--model", "deepcnn", "--steps", 12, "--save-every", 1, "--batch-size", 32),
    "with pictures": ("--pictures", "pictures", "--steps", 12_020, "--save-every", 2),
}
"""Arguments of runs in which a fair share of the time goes into saving."""


def check(effort: Effort) -> Iterator[Outcome]:
    """Kill."""
    data = make_data(effort.directory)
    yield kill_at_operations(effort.directory / "operations")
    kinds = {"softmax": 2, "cnn": 2}
    if effort.is_long:
        kinds = {"softmax": 60, "cnn": 60, "deepcnn": 60, "with pictures": 20}
    with ThreadPoolExecutor(2) as pool:
        wholes = list(pool.map(lambda kind: Whole(kind, data), kinds))
        yield from pool.map(kill, wholes, kinds.values())


def make_data(directory: Path) -> Path:
    """Make a small data set, and beside it labelled pictures of its images."""
    data, pictures = directory / "data", directory / "pictures"
    small.make(data)
    pictures.mkdir()
    parts = [idx.read(data / f"t10k-{name}-ubyte.gz") for name in ("images-idx3", "labels-idx1")]
    for number, (image, label) in enumerate(itertools.islice(zip(*parts, strict=True), 60)):
        Image.fromarray(255 - image).save(pictures / f"{label}_{number}.png")
    return data


class Whole:
    """A run that nothing disturbs, and what comes of it."""

    def __init__(self, kind: str, data: Path) -> None:
        """Train it."""
        self.kind, self.data = kind, data
        started = time.monotonic()
        ended = finish(self.start("whole"))
        assert ended.code == 0, ended.stderr
        self.seconds = time.monotonic() - started
        self.end = self.find_end("whole")

    def start(self, name: str) -> "subprocess.Popen[str]":
        """Start, or go on with, a run of the same arguments."""
        arguments = ("train", *KINDS[self.kind], "--keep", 10_000, "--log-every", 100_000)
        directory = ("--checkpoint-dir", self.directory(name))
        return start(self.data, *arguments, *directory, cwd=self.data.parent)

    def directory(self, name: str) -> Path:
        """Return where such a run is."""
        return self.data.parent / f"{self.kind.replace(' ', '-')}-{name}"

    def find_end(self, name: str) -> tuple[object, ...]:
        """Return all that a run has come to."""
        end = checkpoints.find_newest(self.directory(name), SILENT)
        return end and (end.step, end.weights, end.export)


def kill(whole: Whole, count: int) -> Outcome:
    """Kill runs at random moments until there were ``count`` kills."""
    outcome = Outcome(
        f"`kill -9` at a random moment of training {whole.kind}",
        "the next start goes on from the newest checkpoint; none is lost; the last weights are "
        "bit for bit those of an undisturbed run",
    )
    moments = Random(whole.kind)
    for name in map(str, itertools.count()):
        before: dict[int, object] = {}
        killed: Finished | None = None
        while not killed or killed.code:
            process = whole.start(name)
            if outcome.tried < count:
                stop(process, moments.uniform(0, whole.seconds), signal.SIGKILL)
            killed = finish(process)
            outcome.tried += killed.code == -signal.SIGKILL
            after = list_whole(whole.directory(name), outcome)
            outcome.expect(before.items() <= after.items(), f"{name}: checkpoints changed")
            outcome.expect(killed.code in (0, -signal.SIGKILL), f"{name}: {killed.stderr[-300:]}")
            if found := re.search(r"from step (\d+) to", killed.stderr):
                newest = max(before, default=12_000 if "pictures" in whole.kind else 0)
                outcome.expect(int(found[1]) == newest, f"{name}: {found[0]}, not {newest}")
            before = after
        outcome.expect(whole.find_end(name) == whole.end, f"{name}: other weights")
        shutil.rmtree(whole.directory(name))
        if outcome.tried >= count:
            return outcome
    raise AssertionError


def stop(process: "subprocess.Popen[str]", seconds: float, number: signal.Signals) -> float:
    """Send a signal after a while, unless the process has ended; return when, or 0."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(number)
        return time.monotonic()
    return 0.0


def list_whole(directory: Path, outcome: Outcome) -> dict[int, object]:
    """Return the weights of each checkpoint, which must be whole."""
    found: dict[int, object] = {}
    for path in directory.glob("model-*"):
        try:
            checkpoint = checkpoints.open_checkpoint(path)
            found[checkpoint.step] = checkpoint.weights
        except checkpoints.ModelError as error:
            outcome.lost.append(str(error))
    return found


def kill_at_operations(directory: Path) -> Outcome:
    """Kill a process before each operation on files of two saves, a removal and an export."""
    outcome = Outcome(
        "`kill -9` before each single file operation of saving, replacing, removing, exporting",
        "the newest checkpoint is the old one or the new one, whole; the next save clears up",
    )
    for number in itertools.count(1):
        path = directory / str(number)
        operations.make(path)
        command = [sys.executable, operations.__file__, str(path), str(number)]
        ended = subprocess.run(command, capture_output=True, text=True)
        if ended.returncode == 0:
            return outcome
        outcome.tried += 1
        outcome.expect(ended.returncode == -signal.SIGKILL, ended.stderr[-300:])
        outcome.lost += operations.find_losses(path)
    raise AssertionError
