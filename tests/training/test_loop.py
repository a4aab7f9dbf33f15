import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from helpers.listening import SILENT, Recorder
from helpers.training import make_request

from mnistcli.datasets.dataset import Dataset, read
from mnistcli.errors import ModelError, StoppedError
from mnistcli.evaluation.metrics import evaluate
from mnistcli.inference.interpreter import Predictor
from mnistcli.runs.checkpoints import Checkpoint, find_newest
from mnistcli.runs.config import Settings
from mnistcli.runs.history import Point
from mnistcli.runs.plan import Plan
from mnistcli.runs.recipes import RECIPES
from mnistcli.system.listener import Advance, Listener
from mnistcli.training.sampling import batch_indices

if TYPE_CHECKING:
    from mnistcli.training.loop import Trained

pytestmark = pytest.mark.usefixtures("tensorflow")
SETTINGS = Settings("softmax", "mnist", seed=5, batch_size=16, learning_rate=0.001, cycles=())


@pytest.fixture(scope="module")
def data() -> Dataset:
    random = np.random.default_rng(9)
    images = random.integers(0, 256, (100, 28, 28)).astype(np.uint8)
    return Dataset("mnist", "train", images, random.integers(0, 10, 100).astype(np.uint8))


def plan_to(
    steps: int,
    directory: Path,
    start: Checkpoint | None = None,
    save_every: int = 7,
    log_every: int = 5,
) -> Plan:
    request = make_request(directory, save_every=save_every, keep=2, log_every=log_every)
    first_step = start.step if start else 0
    return Plan(request, SETTINGS, run=1, start=start, first_step=first_step, steps=steps)


def weights(checkpoint: Checkpoint) -> np.ndarray:
    from mnistcli.training.weights import restore

    network = restore(checkpoint)
    return np.concatenate([network.w.numpy().ravel(), network.b.numpy()])


def export(checkpoint: Checkpoint) -> bytes:
    from mnistcli.training.conversion import to_tflite
    from mnistcli.training.weights import restore

    return to_tflite(restore(checkpoint))


def train(
    plan: Plan, data: Dataset, listener: Listener = SILENT, logger: object = None
) -> "Trained":
    from mnistcli.training import loop

    return loop.train(plan, data.images, data.targets, listener, logger)


class Acting(Recorder):
    """A listener that calls a function with each step it is shown."""

    def __init__(self, act: Callable[[int], None]) -> None:
        super().__init__()
        self.act = act

    @contextmanager
    def progress(
        self, label: str, total: int, unit: str, *, done: int = 0, log_every: int = 0
    ) -> Iterator[Advance]:
        yield lambda step, note="": self.act(step)


class Watcher:
    """A logger that remembers what it receives."""

    def __init__(self) -> None:
        self.points: list[Point] = []

    def begin(self, plan: Plan, network: object) -> None:
        self.plan = plan

    def log(self, network: object, step: int, loss: float, accuracy: float) -> Point:
        self.points.append(Point(step, loss, accuracy, step / 7, step / 100))
        return self.points[-1]


def test_training_takes_the_steps_that_numpy_takes(data: Dataset, tmp_path: Path) -> None:
    _, checkpoint, seconds = train(plan_to(20, tmp_path), data)

    w = np.zeros((785, 10))  # the last row is b
    for rows in batch_indices(5, 0, 20, 16, 100):
        x = np.column_stack([data.images[rows].reshape(16, 784) / 255, np.ones(16)])
        powers = np.exp(x @ w)
        y = powers / powers.sum(axis=1, keepdims=True)
        w -= 0.001 * x.T @ (y - np.eye(10)[data.labels[rows]])
    np.testing.assert_allclose(weights(checkpoint), w.ravel(), atol=1e-5)
    assert seconds > 0


def test_training_reports_and_saves_at_its_intervals(data: Dataset, tmp_path: Path) -> None:
    listener = Recorder()
    _, checkpoint, _ = train(plan_to(20, tmp_path), data, listener)

    assert [step for _, step, *_ in listener.steps] == [5, 7, 10, 14, 15, 20]
    assert {(label, total) for label, _, total, _ in listener.steps} == {("training", 20)}
    loss = re.fullmatch(r"loss (\d\.\d{4})  accuracy [01]\.\d{4}", listener.steps[0][3])[1]
    assert float(loss) == pytest.approx(np.log(10), rel=0.1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model-14", "model-20"]
    assert (checkpoint.step, checkpoint.path.name) == (20, "model-20")
    assert find_newest(tmp_path, SILENT) == checkpoint


def test_the_loss_and_accuracy_are_those_that_numpy_finds(data: Dataset, tmp_path: Path) -> None:
    first = train(plan_to(10, tmp_path), data).checkpoint
    watcher, listener = Watcher(), Recorder()
    train(plan_to(14, tmp_path, first), data, listener, watcher)

    parameters = weights(first).astype(np.float64)
    w, losses, right = np.append(parameters[:-10], parameters[-10:]).reshape(785, 10), [], []
    for rows in batch_indices(5, 10, 4, 16, 100):
        x = np.column_stack([data.images[rows].reshape(16, 784) / 255, np.ones(16)])
        powers = np.exp(x @ w)
        y = powers / powers.sum(axis=1, keepdims=True)
        losses.append(-np.log(y[np.arange(16), data.labels[rows]]).mean())
        right.append((y.argmax(axis=1) == data.labels[rows]).mean())
        w -= 0.001 * x.T @ (y - np.eye(10)[data.labels[rows]])
    ((step, loss, accuracy, *_),) = watcher.points
    assert step == 14
    assert loss == pytest.approx(np.mean(losses), rel=1e-4)
    assert accuracy == pytest.approx(np.mean(right))
    assert listener.steps == [("training", 14, 14, f"loss {loss:.4f}  accuracy {accuracy:.4f}")]


def test_the_history_of_a_run_continues_when_it_is_resumed(data: Dataset, tmp_path: Path) -> None:
    def train_watched(plan: Plan) -> tuple[Checkpoint, list[Point]]:
        watcher = Watcher()
        return train(plan, data, logger=watcher).checkpoint, watcher.points

    whole, points = train_watched(plan_to(20, tmp_path / "whole"))
    piece, first = train_watched(plan_to(10, tmp_path / "pieces"))
    end, second = train_watched(plan_to(20, tmp_path / "pieces", piece))

    assert [point.step for point in points] == [5, 10, 15, 20]
    assert whole.curve == tuple(points)
    assert end.curve == (*first, *second) == whole.curve
    assert find_newest(tmp_path / "pieces", SILENT).curve == whole.curve
    without_logger = train(plan_to(24, tmp_path / "pieces", end), data).checkpoint
    assert without_logger.curve == whole.curve


@pytest.mark.slow
@pytest.mark.parametrize("model", RECIPES)
def test_a_resumed_run_ends_in_the_same_state(model: str, data: Dataset, tmp_path: Path) -> None:
    from mnistcli.training.weights import restore

    cycles = (25, 40) if RECIPES[model].is_one_cycle else ()
    settings = replace(SETTINGS, model=model, cycles=cycles)
    whole = train(replace(plan_to(40, tmp_path / "whole"), settings=settings), data).checkpoint

    piece = None
    for steps in (3, 4, 21, 40) if model == "softmax" else (21, 40):
        plan = replace(plan_to(steps, tmp_path / "pieces", piece), settings=settings)
        piece = train(plan, data).checkpoint

    ends = [restore(piece).variables, restore(whole).variables]
    for found, expected in zip(*ends, strict=True):
        np.testing.assert_array_equal(found.numpy(), expected.numpy())
    assert export(piece) == export(whole)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["softmax", "cnn"])
def test_the_network_that_training_returns_is_that_of_its_checkpoint(
    model: str, data: Dataset, tmp_path: Path
) -> None:
    from mnistcli.training.conversion import to_tflite

    settings = replace(SETTINGS, model=model, cycles=(6,) if RECIPES[model].is_one_cycle else ())

    network, checkpoint, _ = train(replace(plan_to(6, tmp_path), settings=settings), data)

    assert to_tflite(network) == export(find_newest(tmp_path, SILENT)) == export(checkpoint)


@pytest.mark.slow
@pytest.mark.parametrize("model", RECIPES)
def test_augmentation_depends_on_the_recipe_seed_and_step(
    model: str, data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mnistcli.training import steps

    seen = []

    def blacken(images, most, seed: int, step):
        seen.append((seed, step.shape.rank))
        return images * 0

    monkeypatch.setattr(steps, "augment", blacken)
    plan = replace(plan_to(4, tmp_path), settings=replace(SETTINGS, model=model, cycles=(4,)))
    train(plan, data)

    assert set(seen) == ({(5, 0)} if RECIPES[model].augmentation else set())


@pytest.mark.slow
@pytest.mark.parametrize("model", ["cnn", "deepcnn"])
def test_a_convolutional_network_learns(model: str, small_mnist: Path, tmp_path: Path) -> None:
    settings = replace(SETTINGS, model=model, learning_rate=0.003, cycles=(60,), batch_size=32)
    data, test_data = (read("mnist", split, small_mnist) for split in ("train", "test"))
    plan = replace(plan_to(60, tmp_path), settings=settings)

    checkpoint = train(plan, data).checkpoint

    probabilities = Predictor(export(checkpoint), model).predict(test_data.images)
    assert evaluate(probabilities, test_data.labels).accuracy > 0.9


@pytest.mark.slow
def test_another_seed_makes_other_weights(data: Dataset, tmp_path: Path) -> None:
    exports = set()
    for seed in (5, 6):
        settings = replace(SETTINGS, model="cnn", seed=seed, cycles=(10,))
        checkpoint = train(replace(plan_to(10, tmp_path), settings=settings), data).checkpoint
        exports.add(export(checkpoint))
    assert len(exports) == 2


def test_calls_of_tensorflow_are_short(data: Dataset, tmp_path: Path) -> None:
    from mnistcli.training.steps import next_end

    plan = plan_to(10**6, tmp_path, save_every=10**6, log_every=10**6)

    for model, recipe in RECIPES.items():
        settings = replace(SETTINGS, model=model)
        assert next_end(0, replace(plan, settings=settings)) * 16 <= recipe.images_per_call
        settings = replace(settings, batch_size=60_000)
        assert next_end(0, replace(plan, settings=settings)) == 1


@pytest.mark.parametrize("steps", [1, 20])
def test_weights_that_diverge_are_not_saved(steps: int, data: Dataset, tmp_path: Path) -> None:
    plan = replace(plan_to(steps, tmp_path), settings=replace(SETTINGS, learning_rate=1e38))

    with pytest.raises(ModelError, match=r"--learning-rate 1e\+38 is too high; nothing was saved"):
        train(plan, data)
    assert find_newest(tmp_path, SILENT) is None


def test_divergence_names_its_step(data: Dataset, tmp_path: Path) -> None:
    """An infinite learning rate, injected at step 8, makes the loss of step 9 infinite."""
    from mnistcli.training import steps

    first = train(plan_to(6, tmp_path), data).checkpoint
    with pytest.MonkeyPatch.context() as patch:
        usual = steps.learning_rates

        def explode(*arguments: object) -> np.ndarray:
            rates = usual(*arguments)
            *_, step, count = arguments
            rates[np.arange(step, step + count) == 7] = np.inf
            return rates

        patch.setattr(steps, "learning_rates", explode)
        plan = plan_to(40, tmp_path, first, save_every=1000, log_every=1000)
        with pytest.raises(ModelError, match=r"the loss of step 9 is not finite: .* is unchanged"):
            train(plan, data)

    newest = find_newest(tmp_path, SILENT)
    assert newest.step == 6
    np.testing.assert_array_equal(weights(newest), weights(first))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_stops(number: int, data: Dataset, tmp_path: Path) -> None:
    def interrupt(step: int) -> None:
        if step == 10:
            os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    with pytest.raises(StoppedError, match=r"stopped at step 10, saved as .*model-10") as caught:
        train(plan_to(20, tmp_path), data, Acting(interrupt))

    assert caught.value.exit_code == 128 + number
    assert signal.getsignal(number) is before
    resumed = train(plan_to(20, tmp_path, find_newest(tmp_path, SILENT)), data).checkpoint
    whole = train(plan_to(20, tmp_path / "whole"), data).checkpoint
    np.testing.assert_array_equal(weights(resumed), weights(whole))


def test_a_signal_at_the_last_step_stops_what_comes_after(data: Dataset, tmp_path: Path) -> None:
    def interrupt(step: int) -> None:
        if step == 20:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(StoppedError, match="stopped at step 20, saved as"):
        train(plan_to(20, tmp_path), data, Acting(interrupt))

    assert find_newest(tmp_path, SILENT).step == 20


@pytest.mark.slow
def test_a_killed_run_ends_in_the_same_weights(run_process, tmp_path: Path) -> None:
    """The tests of other models, and of hundreds of kills, are in tests/stress/kills.py."""
    steps = 3000
    options = ["train", "--steps", steps, "--save-every", 100]
    whole = run_process(*options, "--checkpoint-dir", "whole")
    assert whole.wait() == 0
    whole.communicate()

    killed = run_process(*options, "--checkpoint-dir", "killed")
    while not list((tmp_path / "killed").glob("model-*")):
        assert killed.poll() is None
        time.sleep(0.002)
    killed.kill()
    killed.communicate()
    assert not (tmp_path / "killed" / f"model-{steps}").exists()

    again = run_process(*options, "--checkpoint-dir", "killed")
    _, messages = again.communicate()

    assert again.returncode == 0
    assert "from step 0" not in messages
    ends = [find_newest(tmp_path / name, SILENT) for name in ("whole", "killed")]
    assert ends[0].step == ends[1].step == steps
    np.testing.assert_array_equal(weights(ends[0]), weights(ends[1]))
    assert ends[0].export == ends[1].export
