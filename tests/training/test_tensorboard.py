"""TensorBoard's event files, read with its own reader."""

import io
from pathlib import Path

import numpy as np
import pytest
from helpers.listening import SILENT
from PIL import Image

from mnistcli.datasets.dataset import Dataset
from mnistcli.runs.checkpoints import find_newest

pytest.importorskip("tensorboard")
pytestmark = pytest.mark.usefixtures("tensorflow")


def read(directory: Path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    return EventAccumulator(str(directory), size_guidance={"images": 0, "tensors": 0}).Reload()


def values(events, tag: str) -> dict[int, float]:
    from tensorboard.util.tensor_util import make_ndarray

    return {event.step: float(make_ndarray(event.tensor_proto)) for event in events.Tensors(tag)}


@pytest.fixture
def logged(small_mnist: Path, run) -> Path:
    options = ["--steps", "60", "--log-every", "20", "--save-every", "30"]
    result = run("train", *options, "--log-dir", "logs")
    assert result.exit_code == 0, result.stderr
    return Path("logs/checkpoints-1")


def test_the_curves_are_those_of_training_and_test_images(logged: Path) -> None:
    train, test = read(logged / "train"), read(logged / "test")

    curve = find_newest(Path("checkpoints"), SILENT).curve
    assert [point.step for point in curve] == [20, 40, 60]
    for events, loss, accuracy in (
        (train, "loss", "accuracy"),
        (test, "test_loss", "test_accuracy"),
    ):
        for tag, name in (("loss", loss), ("accuracy", accuracy)):
            expected = {point.step: getattr(point, name) for point in curve}
            assert values(events, tag) == pytest.approx(expected, rel=1e-6)


def test_the_last_test_score_is_that_of_eval(logged: Path, small_mnist: Path, run) -> None:
    result = run("eval")

    last = find_newest(Path("checkpoints"), SILENT).curve[-1]
    assert f"accuracy {last.test_accuracy:.4f} over 200 images" in result.stdout


def test_weights_the_graph_and_answers_are_logged(logged: Path) -> None:
    train, test = read(logged / "train"), read(logged / "test")

    histograms = {tag for tag in train.Tags()["tensors"] if tag not in ("loss", "accuracy")}
    assert histograms == {"w", "b"}
    assert train.Tags()["graph"]
    assert {node.op for node in train.Graph().node} >= {"MatMul", "Placeholder"}
    last = test.Tensors("answers")[-1]
    width, height, image = last.tensor_proto.string_val
    with Image.open(io.BytesIO(image)) as shown:
        assert shown.size == (int(width), int(height))
        assert shown.width >= 5 * 112


@pytest.mark.slow
def test_a_resumed_run_adds_to_the_same_curves(logged: Path, run) -> None:
    assert run("train", "--steps", "80", "--log-dir", "logs").exit_code == 0

    assert list(values(read(logged / "train"), "loss")) == [20, 40, 60, 80]
    assert run("train", "--restart", "--steps", "20", "--log-dir", "logs").exit_code == 0
    assert list(values(read(Path("logs/checkpoints-2/train")), "loss")) == [20]


@pytest.mark.slow
def test_a_report_draws_the_curves_of_a_logged_run(logged: Path, run) -> None:
    assert run("eval", "--report", "there").exit_code == 0

    assert Path("there/curves.png").exists()


def test_logging_changes_no_weight(logged: Path, run) -> None:
    assert run("train", "--steps", "60", "--checkpoint-dir", "silent").exit_code == 0

    ends = [find_newest(Path(name), SILENT).weights for name in ("checkpoints", "silent")]
    assert ends[0] == ends[1]


def test_a_directory_that_cannot_be_written_is_an_error_of_one_line(small_mnist: Path, run) -> None:
    Path("logs").mkdir()
    Path("logs/checkpoints-1").touch()

    result = run("train", "--steps", "20", "--log-dir", "logs")

    assert result.exit_code == 3
    assert result.stderr.splitlines()[-1].startswith("error: logs: ")


def test_answers_are_drawn_below_the_images() -> None:
    from mnistcli.training.tensorboard import RIGHT_COLOUR, WRONG_COLOUR, draw_answers

    images = np.zeros((3, 28, 28), np.uint8)
    probabilities = np.eye(10, dtype=np.float32)[[1, 2, 3]]

    drawn = draw_answers(images, np.array([1, 2, 4], np.uint8), probabilities)

    colours = {tuple(map(int, colour)) for colour in drawn.reshape(-1, 3)}
    assert {RIGHT_COLOUR, WRONG_COLOUR} <= colours
    only_right = draw_answers(images[:2], np.array([1, 2], np.uint8), probabilities[:2])
    assert WRONG_COLOUR not in {tuple(map(int, colour)) for colour in only_right.reshape(-1, 3)}


def test_a_data_set_without_some_digit_can_be_shown(tmp_path: Path) -> None:
    from mnistcli.training.tensorboard import Board

    images = np.zeros((7, 28, 28), np.uint8)
    board = Board(tmp_path, Dataset("pictures", "held out", images, np.full(7, 3, np.uint8)))

    assert len(board.shown) == 1


def test_without_tensorboard_there_is_a_hint(
    small_mnist: Path, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnistcli.cli.train.find_spec", lambda name: None)

    result = run("train", "--log-dir", "logs")

    assert result.exit_code == 2
    assert "pip install '.[tensorboard]'" in result.stderr
    assert not Path("checkpoints").exists()
