"""``mnistcli train`` on the small data set and on strokes."""

import itertools
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.commandline import read_notes
from helpers.layouts import read_arrays, write_csv
from helpers.listening import SILENT

from mnistcli.datasets import idx, mnist
from mnistcli.runs.checkpoints import find_newest

pytestmark = pytest.mark.usefixtures("tensorflow")


@pytest.mark.slow
def test_train_ends_with_the_accuracy(small_mnist: Path, run) -> None:
    result = run("train", "--steps", "60", "--log-every", "25")

    assert result.exit_code == 0
    assert result.stdout == "accuracy 1.0000 over 200 images (mnist test)\n"
    lines = result.stderr.splitlines()
    assert [line.split("  ")[0] for line in lines if line.startswith("step")] == [
        "step 25/60",
        "step 50/60",
        "step 60/60",
    ]
    assert "Traceback" not in result.stderr


def test_train_json(trained: Path, run) -> None:
    result = run("train", "--steps", "60", "--json")

    document = json.loads(result.stdout)
    assert result.stdout.count("\n") == 1
    assert 0 < document.pop("loss") < 0.5
    assert 0 < document.pop("calibration_error") < 0.5
    assert document == {
        "version": 1,
        "model": {
            "name": "softmax",
            "step": 60,
            "dataset": "mnist",
            "source": "checkpoints/model-60",
        },
        "dataset": "mnist",
        "step": 60,
        "accuracy": 1,
        "correct": 200,
        "total": 200,
        "seconds": 0,
        "checkpoint": "checkpoints/model-60",
    }


def test_train_to_a_step_already_reached_trains_nothing(trained: Path, run) -> None:
    result = run("train", "--steps", "60")

    assert "checkpoints/model-60: step 60 is reached, nothing to train" in result.stderr
    assert result.stdout == "accuracy 1.0000 over 200 images (mnist test)\n"


@pytest.mark.slow
def test_train_resumes_from_the_newest_checkpoint(trained: Path, run) -> None:
    result = run("train", "--steps", "90", "--json")

    assert "from step 60 to 90" in result.stderr
    assert json.loads(result.stdout)["step"] == 90


def test_train_to_an_earlier_step_keeps_the_newest_checkpoint(trained: Path, run) -> None:
    result = run("train", "--steps", "30", "--json")

    assert "step 60 is reached" in result.stderr
    assert json.loads(result.stdout)["model"]["step"] == 60


@pytest.mark.slow
def test_five_checkpoints_are_kept_by_default(small_mnist: Path, tmp_path: Path, run) -> None:
    document = json.loads(run("train", "--steps", "70", "--save-every", "10", "--json").stdout)

    assert len(list((tmp_path / "checkpoints").iterdir())) == 5
    assert 0 < document["seconds"] < 60


@pytest.mark.slow
def test_train_keeps_the_newest_checkpoints(trained: Path, run) -> None:
    run("train", "--steps", "100", "--save-every", "10", "--keep", "2")

    assert sorted(path.name for path in trained.iterdir()) == ["model-100", "model-90"]


@pytest.mark.slow
def test_seconds_count_the_steps_only(
    small_mnist: Path, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = itertools.count()  # each reading of the clock is a second later
    clock = SimpleNamespace(perf_counter=lambda: float(next(ticks)))
    for module in ("loop", "steps"):
        monkeypatch.setattr(f"mnistcli.training.{module}.time", clock)

    document = json.loads(run("train", "--steps", "30", "--save-every", "10", "--json").stdout)

    assert document["seconds"] == 4  # tracing, and three calls


def test_train_with_other_settings_exits_with_4(trained: Path, run) -> None:
    result = run("train", "--steps", "90", "--seed", "1")

    assert (result.exit_code, result.stdout) == (4, "")
    assert "checkpoints holds a run with seed 0, not 1" in result.stderr
    assert find_newest(trained, SILENT).step == 60


@pytest.mark.slow
def test_a_convolutional_run_resumes_in_a_new_cycle(small_mnist: Path, run) -> None:
    first = run("train", "--model", "cnn", "--steps", "30", "--batch-size", "32", "--json")
    again = run("train", "--json")
    further = run("train", "--steps", "50", "--json")

    assert json.loads(first.stdout)["model"]["name"] == "cnn"
    assert "step 30 is reached, nothing to train" in again.stderr
    assert "cycle ends at step 30: a new one starts there" in further.stderr
    assert "training cnn on mnist from step 30 to 50, batch size 32" in further.stderr
    documents = [json.loads(result.stdout) for result in (first, again, further)]
    assert [document["step"] for document in documents] == [30, 30, 50]
    assert documents[2]["accuracy"] > 0.9


@pytest.mark.slow
def test_train_restart_replaces_the_run(trained: Path, run) -> None:
    result = run("train", "--steps", "20", "--seed", "1", "--restart")

    assert result.exit_code == 0
    assert [path.name for path in trained.iterdir()] == ["model-20"]
    assert find_newest(trained, SILENT).settings.seed == 1
    assert find_newest(trained, SILENT).run == 2


def test_a_restart_that_fails_keeps_the_old_run(trained: Path, run) -> None:
    result = run("train", "--steps", "20", "--restart", "--learning-rate", "1e38")

    assert (result.exit_code, result.stdout) == (4, "")
    assert "--learning-rate 1e+38 is too high" in result.stderr
    assert find_newest(trained, SILENT).step == 60


def test_a_checkpoint_directory_that_cannot_be_created_exits_with_3(
    small_mnist: Path, tmp_path: Path, run
) -> None:
    (tmp_path / "file").touch()

    result = run("train", "--steps", "5", "--checkpoint-dir", "file/checkpoints")

    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.splitlines()[-1] == "error: file/checkpoints: Not a directory"


# Data sets


@pytest.mark.slow
def test_damaged_training_images_are_downloaded_again(
    small_mnist: Path, small_files: Path, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = small_mnist / "train-images-idx3-ubyte.gz"
    damaged.write_bytes(b"damaged")
    monkeypatch.setattr(mnist, "MIRRORS", [str(small_files)])

    result = run("train", "--steps", "5")

    assert result.exit_code == 0
    assert f"{damaged.name}: not an IDX file" in result.stderr
    assert "; downloading MNIST" in result.stderr


@pytest.mark.slow
@pytest.mark.usefixtures("no_network")
def test_damaged_training_images_without_a_network_fall_back_to_strokes(
    small_mnist: Path, run
) -> None:
    (small_mnist / "train-images-idx3-ubyte.gz").write_bytes(b"damaged")

    document = json.loads(run("train", "--steps", "5", "--json").stdout)

    assert (document["dataset"], document["total"]) == ("strokes", 100)


@pytest.mark.slow
@pytest.mark.usefixtures("no_network")
def test_train_falls_back_to_strokes_with_a_warning(tmp_path: Path, run) -> None:
    result = run("train", "--steps", "5", "--json")

    document = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (document["dataset"], document["total"]) == ("strokes", 100)
    assert document["model"]["dataset"] == "strokes"
    first, warning, advice = result.stderr.splitlines()[:3]
    assert first == "MNIST is not yet in MNIST_data: downloading what is missing"
    assert warning.startswith("warning: MNIST can't be downloaded (nowhere/train-images-idx3-ubyte")
    assert warning.endswith("): digits drawn from strokes take its place")
    assert advice == "'mnistcli download' tries again, and with --from URL_OR_DIR elsewhere"
    assert "drawing 300 train images from strokes\nstrokes train  300 images" in result.stderr
    assert "training softmax on strokes from step 0 to 5" in result.stderr
    assert find_newest(tmp_path / "checkpoints", SILENT).settings.dataset == "strokes"
    again = run("train", "--steps", "7")  # the run's data set is not asked for again
    assert again.stdout.endswith("over 100 images (strokes test)\n")
    assert "warning" not in again.stderr


@pytest.mark.slow
@pytest.mark.usefixtures("few_strokes")
def test_strokes_are_used_on_request(small_mnist: Path, run) -> None:
    trained = run("train", "--steps", "5", "--dataset", "strokes")
    other = run("train", "--steps", "9", "--dataset", "mnist")
    scored = run("eval", "--dataset", "mnist", "--json")

    assert trained.stdout.endswith("over 100 images (strokes test)\n")
    assert other.exit_code == 4
    assert "checkpoints holds a run with dataset strokes, not mnist" in other.stderr
    document = json.loads(scored.stdout)
    assert (document["model"]["dataset"], document["dataset"]) == ("strokes", "mnist")


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("command", [["train", "--steps", "5"], ["eval", "--pretrained"]])
def test_a_request_for_mnist_never_falls_back(command: list[str], run) -> None:
    result = run(*command, "--dataset", "mnist")

    assert (result.exit_code, result.stdout) == (3, "")
    assert read_notes(result)[-1].startswith("error: could not get train-images-idx3-ubyte.gz, ")
    assert not Path("checkpoints").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("no_network")
def test_unavailable_data_exits_with_3_beside_a_run_on_strokes(run) -> None:
    assert run("train", "--steps", "5").exit_code == 0  # on strokes

    result = run("train", "--dataset", "mnist")

    assert (result.exit_code, result.stdout) == (3, "")
    assert read_notes(result)[-1].startswith("error: could not get train-images-idx3-ubyte.gz, ")


@pytest.mark.slow
@pytest.mark.usefixtures("few_strokes")
def test_a_run_on_strokes_says_that_mnist_is_there_now(
    small_mnist: Path, tmp_path: Path, run
) -> None:
    assert run("train", "--steps", "5", "--data-dir", "new", "--dataset", "strokes").exit_code == 0
    note = (
        "checkpoints holds a run on strokes, and stays on them; MNIST is in MNIST_data now: "
        "--restart replaces this run by a new one on MNIST"
    )

    further = run("train", "--steps", "7")
    reached = run("train", "--steps", "7")
    restarted = run("train", "--steps", "5", "--restart")

    assert further.stderr.count(note) == reached.stderr.count(note) == 1
    assert further.stdout.endswith("(strokes test)\n")
    assert note not in restarted.stderr
    assert restarted.stdout.endswith("(mnist test)\n")


@pytest.fixture
def kaggle(small_mnist: Path, tmp_path: Path) -> Path:
    """The small data set's training images as Kaggle's file."""
    arrays = read_arrays(small_mnist)
    write_csv(tmp_path / "kaggle" / "train.csv", arrays["x_train"], arrays["y_train"])
    return tmp_path / "kaggle"


@pytest.mark.slow
def test_kaggles_images_are_trained_on(kaggle: Path, run) -> None:
    here = ("--data-dir", kaggle)
    trained = run("train", "--dataset", "kaggle", "--steps", "60", "--json", *here)
    resumed = run("train", "--steps", "70", "--json", *here)
    scored = run("eval", "--dataset", "kaggle", "--json", *here)
    elsewhere = run("eval", "--json")

    documents = [json.loads(result.stdout) for result in (trained, resumed, scored, elsewhere)]
    assert [document["dataset"] for document in documents] == ["kaggle"] * 3 + ["mnist"]
    assert {document["model"]["dataset"] for document in documents} == {"kaggle"}
    assert documents[0]["total"] == documents[2]["total"] < 100
    assert documents[0]["accuracy"] > 0.9
    assert documents[3]["total"] == 200
    warning = "warning: Kaggle's images are MNIST's: the model has been trained on some of these"
    assert [warning in result.stderr for result in (scored, elsewhere)] == [False, True]


def test_kaggles_images_must_be_there(small_mnist: Path, run) -> None:
    result = run("train", "--dataset", "kaggle", "--steps", "5")

    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == (
        "error: MNIST_data/train.csv: No such file or directory; "
        "--data-dir names the directory of Kaggle's train.csv\n"
    )
    assert not Path("checkpoints").exists()


@pytest.mark.parametrize(
    "command",
    [
        ["download"],
        ["train", "--steps", "5"],
        ["eval", "--pretrained"],
        ["export", "images", "out"],
    ],
    ids=lambda command: command[0],
)
def test_another_data_set_in_mnists_place_exits_with_3(
    command: list[str], small_mnist: Path, small_files: Path, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mnist, "MIRRORS", [str(small_files)])
    labels = small_mnist / "t10k-labels-idx1-ubyte.gz"
    idx.write(labels, np.zeros(200, np.uint8))
    before = {path: path.read_bytes() for path in small_mnist.iterdir()}

    result = run("-q", *command)

    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith(
        "error: MNIST_data holds other data under MNIST's names, and nothing there is replaced: "
        "move it away, or name another directory with --data-dir (MNIST_data/t10k-labels-idx1-"
    )
    assert result.stderr.count("\n") == 1
    assert {path: path.read_bytes() for path in small_mnist.iterdir()} == before


@pytest.mark.slow
def test_the_path_that_train_prints_is_a_model_but_no_place_to_train(
    trained: Path, pictures: Path, run
) -> None:
    printed = run("train", "--steps", "60", "--json")
    place = json.loads(printed.stdout)["checkpoint"]
    before = sorted(Path(place).iterdir())

    for command in (["predict", pictures], ["eval", pictures], ["export", "model", "out.tflite"]):
        assert run("-q", *command, "--checkpoint-dir", place).exit_code == 0
    older = run("predict", pictures, "--checkpoint-dir", "checkpoints/model-30")
    refused = run("train", "--steps", "90", "--checkpoint-dir", place)

    assert "model: checkpoints/model-30, softmax after 30 steps" in older.stderr
    assert (refused.exit_code, refused.stdout) == (4, "")
    reason = "checkpoints/model-60 is a checkpoint; --checkpoint-dir checkpoints resumes its run"
    assert refused.stderr == f"error: {reason}\n"
    assert sorted(Path(place).iterdir()) == before
