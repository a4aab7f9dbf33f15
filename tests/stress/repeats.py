"""Training that diverges, and training repeated with the same seed."""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from helpers.listening import SILENT

from mnistcli.runs import checkpoints
from stress.outcome import Effort, Outcome
from stress.tool import call, finish, start, within

RATES = {
    "softmax": (1e37, 3e37, 1e38, 3e38),
    "cnn": (1e6, 1e10, 1e20, 1e30),
    "deepcnn": (1e10, 1e20, 1e30, 1e38),
}
"""Learning rates that are far too high."""

STEPS = {"softmax": 500, "cnn": 60, "deepcnn": 12}


def check(effort: Effort) -> Iterator[Outcome]:
    """Let training diverge, and repeat training."""
    with within(effort.directory) as data:
        models = list(STEPS) if effort.is_long else ["softmax"]
        for model in models:
            yield diverge(model, effort.pick(1, len(RATES[model])))
        for model in models:
            yield repeat(data, model, effort.pick(2, 20))
        for model in models:
            yield compute_with_one_thread(data, model)


def diverge(model: str, count: int) -> Outcome:
    """Train with a rate that is too high, logged at each step and at no step."""
    outcome = Outcome(
        f"training {model} with a learning rate that is far too high",
        "exit 4, naming the first step whose loss is not finite, with advice; the last checkpoint "
        "is intact",
    )
    for rate in RATES[model][:count]:
        steps = []
        for log_every in (1, 1000):
            directory = f"{model}-{rate}-{log_every}"
            run_it = ("train", "--model", model, "--learning-rate", rate, "--steps", 300)
            saving = ("--save-every", 2, "--log-every", log_every, "--keep", 1000)
            result = call(*run_it, *saving, "--checkpoint-dir", directory)
            reported = re.search(
                r"error: (?:the loss of|a weight after) step (\d+) is not", result.stderr
            )
            is_advised = "--restart with a lower one starts over" in result.stderr
            outcome.expect(bool(result.code == 4 and reported and is_advised), result.stderr[-300:])
            steps.append(int(reported[1]) if reported else 0)
            newest = checkpoints.find_newest(Path(directory), SILENT)
            outcome.expect(newest is None or newest.step < steps[-1], "a later step is saved")
            outcome.tried += 1
        outcome.expect(steps[0] == steps[1], f"{rate}: step {steps[0]}, then {steps[1]}")
    return outcome


def repeat(data: Path, model: str, count: int) -> Outcome:
    """Train repeatedly with one seed, on all cores and on one."""
    outcome = Outcome(
        f"training {model} again with the same seed, every other time on one core",
        "the same weights, bit for bit",
    )
    ends = []
    for number in range(count):
        restrict = use_one_core if number % 2 and hasattr(os, "sched_setaffinity") else None
        ends.append(train(data, f"{model}-{number}", model, preexec_fn=restrict))
        outcome.tried += 1
        outcome.expect(ends[-1] == ends[0], f"time {number + 1} differs")
    return outcome


def train(data: Path, name: str, model: str, **options: object) -> object:
    """Return the weights and the export of a run."""
    arguments = (
        "--checkpoint-dir",
        name,
        "--model",
        model,
        "--steps",
        STEPS[model],
        "--batch-size",
        32,
    )
    ended = finish(start(data, "train", *arguments, **options))
    assert ended.code == 0, ended.stderr
    end = checkpoints.find_newest(Path(name), SILENT)
    return end and (end.weights, end.export)


def use_one_core() -> None:
    """Restrict a process to one core."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def compute_with_one_thread(data: Path, model: str) -> Outcome:
    """Give TensorFlow one thread, which mnistcli never does."""
    outcome = Outcome(
        f"training {model} with TensorFlow given one thread, for which mnistcli has no option",
        "no promise: TensorFlow may sum in another order",
        tried=1,
    )
    script = (
        "import sys; from pathlib import Path;"
        "from mnistcli.datasets import mnist; from mnistcli.training import runtime;"
        f"sys.path.insert(0, {str(Path(__file__).parent.parent)!r}); from helpers import small;"
        "runtime.THREADS = 1; mnist.FILES = small.files_in(Path(sys.argv.pop(1))); small.run()"
    )
    program = [sys.executable, "-c", script]
    ends = [
        train(data, f"{model}-one-thread", model, program=program),
        train(data, f"{model}-as-usual", model),
    ]
    outcome.note = "the same bits" if ends[0] == ends[1] else "other bits"
    return outcome
