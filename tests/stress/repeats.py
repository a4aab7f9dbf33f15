"""Training that diverges, and training that is repeated."""

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
    """Diverge, and repeat."""
    with within(effort.directory) as data:
        models = list(STEPS) if effort.is_long else ["softmax"]
        for model in models:
            yield diverge(model, effort.pick(1, len(RATES[model])))
        for model in models:
            yield repeat(data, model, effort.pick(2, 20))
        for model in models:
            yield compute_with_one_thread(data, model)


def diverge(model: str, count: int) -> Outcome:
    """Train with a rate that is too high, told step by step and many steps at a time."""
    outcome = Outcome(
        f"training {model} with a learning rate that is far too high",
        "the step is told at which the loss is not finite any more; exit 4 and advice; the last "
        "checkpoint is whole",
    )
    for rate in RATES[model][:count]:
        steps = []
        for log_every in (1, 1000):
            directory = f"{model}-{rate}-{log_every}"
            run_it = ("train", "--model", model, "--learning-rate", rate, "--steps", 300)
            saving = ("--save-every", 2, "--log-every", log_every, "--keep", 1000)
            result = call(*run_it, *saving, "--checkpoint-dir", directory)
            told = re.search(
                r"error: (?:the loss of|a weight after) step (\d+) is not", result.stderr
            )
            is_advised = "a lower one with --restart begins anew" in result.stderr
            outcome.expect(bool(result.code == 4 and told and is_advised), result.stderr[-300:])
            steps.append(int(told[1]) if told else 0)
            newest = checkpoints.find_newest(Path(directory), SILENT)
            outcome.expect(newest is None or newest.step < steps[-1], "saved after it")
            outcome.tried += 1
        outcome.expect(steps[0] == steps[1], f"{rate}: told of step {steps[0]}, then {steps[1]}")
    return outcome


def repeat(data: Path, model: str, count: int) -> Outcome:
    """Train again and again with one seed, by all cores and by one."""
    outcome = Outcome(
        f"training {model} again with the same seed, every other time with one core of the machine",
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
    """Return all that a run comes to."""
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
    """Keep a process on one core."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def compute_with_one_thread(data: Path, model: str) -> Outcome:
    """Let TensorFlow have one thread, which mnistcli never does."""
    outcome = Outcome(
        f"training {model} with TensorFlow given one thread, for which mnistcli has no option",
        "nothing is promised; TensorFlow may sum in another order",
        tried=1,
    )
    script = (
        "import sys; from pathlib import Path;"
        "from mnistcli.datasets import mnist; from mnistcli.training import loop;"
        f"sys.path.insert(0, {str(Path(__file__).parent.parent)!r}); from helpers import small;"
        "loop.THREADS = 1; mnist.FILES = small.files_in(Path(sys.argv.pop(1))); small.run()"
    )
    program = [sys.executable, "-c", script]
    ends = [
        train(data, f"{model}-one-thread", model, program=program),
        train(data, f"{model}-as-usual", model),
    ]
    outcome.note = "the same bits" if ends[0] == ends[1] else "other bits"
    return outcome
