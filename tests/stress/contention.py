"""Processes at the same time in one directory."""

import itertools
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from subprocess import Popen

import numpy as np
from PIL import Image

from mnistcli.datasets import idx
from stress.outcome import Effort, Outcome
from stress.tool import call, finish, list_temporary, start, within

STEPS = 300
PREDICT = ("predict", "0.png", "1.png", "2.png", "--format", "json")


def check(effort: Effort) -> Iterator[Outcome]:
    """Run two processes, or more, at the same time."""
    with within(effort.directory) as data:
        for number, image in enumerate(idx.read(data / "t10k-images-idx3-ubyte.gz")[:3]):
            Image.fromarray(image).save(f"{number}.png")
        yield download_twice(data, effort.pick(2, 20))
        yield train_twice(data, effort.pick(1, 10))
        yield kill_holder(data, effort.pick(1, 10))
        yield predict_while_saving(data, effort.pick(6, 100))
        yield predict_twice(data, effort.pick(1, 10))
        yield export_twice(data, effort.pick(2, 40))


class Slow(SimpleHTTPRequestHandler):
    """A server that answers after a moment."""

    def do_GET(self) -> None:
        time.sleep(0.2)
        super().do_GET()

    def log_message(self, *arguments: object) -> None:
        pass


def download_twice(data: Path, count: int) -> Outcome:
    """Download into one directory, three at a time."""
    outcome = Outcome(
        "three `download`s into one directory at once",
        "all succeed; the four files are intact; no temporary file is left",
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Slow, directory=data))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}/"
    for number in range(count):
        directory = Path(f"data-{number}").absolute()
        arguments = ("download", "--from", url, "--data-dir", directory)
        processes = [start(data, *arguments) for _ in range(3)]
        for ended in map(finish, processes):
            outcome.expect(ended.code == 0, ended.stderr)
        outcome.tried += 1
        verified = call("download", "--verify", "--data-dir", directory)
        outcome.expect(verified.code == 0, verified.stderr)
        outcome.expect(not list_temporary(directory), f"left {list_temporary(directory)}")
    server.shutdown()
    return outcome


def save_each_step(data: Path, directory: Path, *extra: object) -> "Popen[str]":
    """Start a run that saves at each of its steps."""
    saving = ("--steps", STEPS, "--save-every", 1, "--log-every", 10_000)
    return start(data, "train", *saving, "--checkpoint-dir", directory, *extra)


def await_checkpoint(directory: Path, process: "Popen[str]") -> None:
    """Wait until a run has saved a checkpoint."""
    while not list(directory.glob("model-*")) and process.poll() is None:
        time.sleep(0.01)


def train_twice(data: Path, count: int) -> Outcome:
    """Train in one directory, two at a time."""
    outcome = Outcome(
        "two `train`s into one directory at once",
        "the second names the first process and ends with exit 4; the first is not disturbed",
    )
    for number in range(count):
        directory = Path(f"twice-{number}")
        processes = [save_each_step(data, directory) for _ in range(2)]
        ended = sorted(map(finish, processes), key=lambda one: one.code)
        outcome.tried += 1
        outcome.expect([one.code for one in ended] == [0, 4], str(ended))
        holders = [f"process {process.pid} on " for process in processes]
        is_named = any(holder in ended[1].stderr for holder in holders)
        outcome.expect(is_named and ended[1].is_one_line, ended[1].stderr)
        outcome.expect(not list_temporary(directory), "left temporary files")
    return outcome


def kill_holder(data: Path, count: int) -> Outcome:
    """Kill a process that trains, and start another at once."""
    outcome = Outcome(
        "a `train` killed by `kill -9`, and another started at once",
        "the system has released the lock: the other resumes training",
    )
    for number in range(count):
        directory = Path(f"held-{number}")
        process = save_each_step(data, directory)
        await_checkpoint(directory, process)
        process.kill()
        ended = finish(save_each_step(data, directory))
        process.communicate()
        outcome.tried += 1
        outcome.expect(ended.code == 0, ended.stderr)
    return outcome


def predict_while_saving(data: Path, count: int) -> Outcome:
    """Predict repeatedly while a run saves at each step and removes old checkpoints."""
    outcome = Outcome(
        "`predict` while training saves at each of its steps and keeps two checkpoints",
        "the answers are those of one intact checkpoint, as in an undisturbed run",
    )
    ended = finish(save_each_step(data, Path("every-step"), "--keep", STEPS))
    assert ended.code == 0, ended.stderr
    answered: list[tuple[int, list[list[float]]]] = []
    process = None
    while outcome.tried < count:
        if not process or process.poll() is not None:
            process = save_each_step(data, Path("moving"), "--keep", 2, "--restart")
            await_checkpoint(Path("moving"), process)
        result = call(*PREDICT, "--checkpoint-dir", "moving")
        outcome.tried += 1
        outcome.expect(result.code == 0, result.stderr)
        if result.code == 0:
            answers = [answer["probabilities"] for answer in result.document["results"]]
            answered.append((result.document["model"]["step"], answers))
    if process:
        process.kill()
        process.communicate()
    for step, answers in answered:
        expected = answer_at(step)
        outcome.expect(np.allclose(answers, expected, rtol=0, atol=1e-6), f"wrong at step {step}")
    outcome.note = f"{len({step for step, _ in answered})} different steps"
    return outcome


def answer_at(step: int) -> list[list[float]]:
    """Return the answers of the undisturbed run at a step."""
    alone = Path("alone")
    shutil.rmtree(alone, ignore_errors=True)
    shutil.copytree(f"every-step/model-{step}", alone / f"model-{step}")
    document = call(*PREDICT, "--checkpoint-dir", alone).document
    return [answer["probabilities"] for answer in document["results"]]


def predict_twice(data: Path, count: int) -> Outcome:
    """Let two processes make the export of one checkpoint."""
    outcome = Outcome(
        "two `predict`s of a checkpoint without an export at once",
        "the same answers, and one intact export",
    )
    for number in range(count):
        directory = Path(f"bare-{number}").absolute()
        shutil.copytree(f"every-step/model-{STEPS}", directory / "model-300")
        for path in (directory / "model-300").glob("model.tflite*"):
            path.unlink()
        arguments = (*PREDICT, "--checkpoint-dir", directory)
        processes = [start(data, *arguments) for _ in range(2)]
        ended = [finish(process) for process in processes]
        again = call(*arguments)
        outcome.tried += 1
        outcome.expect(not any(one.code for one in ended), str(ended))
        outcome.expect("no export yet" not in again.stderr, again.stderr)
        outcome.expect("warning: bare" not in again.stderr, again.stderr)
        outcome.expect(len({one.stdout for one in (*ended, again)}) == 1, "other answers")
        outcome.expect(not list_temporary(directory), "left temporary files")
    return outcome


def export_twice(data: Path, count: int) -> Outcome:
    """Export to one place, two at a time, and kill one of them."""
    outcome = Outcome(
        "two `export model`s to one file at once, one of them killed at a random moment",
        "the file is a complete export of one of the two",
    )
    moments = itertools.cycle([0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4])
    for _ in range(count):
        arguments = ("export", "model", "model.tflite", "--pretrained")
        processes = [start(data, *arguments) for _ in range(2)]
        time.sleep(next(moments))
        os.kill(processes[0].pid, signal.SIGKILL)
        killed, other = (finish(process) for process in processes)
        outcome.tried += 1
        outcome.expect(killed.code in (0, -signal.SIGKILL), killed.stderr)
        outcome.expect(other.code == 0, other.stderr)
        content = Path("model.tflite").read_bytes()
        outcome.expect(content.endswith(b"mnistcli") and len(content) > 500_000, "incomplete")
    return outcome
