"""``mnistcli eval`` on data sets and on pictures, and the choice of the model that answers."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from helpers.commandline import read_notes
from helpers.drawing import SAMPLES, seven, to_png
from helpers.listening import SILENT

from mnistcli.datasets import idx
from mnistcli.inference.interpreter import Predictor
from mnistcli.runs.checkpoints import find_newest

SAMPLE_OF_8 = next(path for path in SAMPLES if path.name.startswith("8"))

pytestmark = pytest.mark.usefixtures("tensorflow")


def test_eval_json(trained: Path, run) -> None:
    document = json.loads(run("eval", "--json").stdout)

    assert {key: document[key] for key in ("version", "dataset", "split", "total")} == {
        "version": 1,
        "dataset": "mnist",
        "split": "test",
        "total": 200,
    }
    assert (document["accuracy"], document["correct"]) == (1, 200)
    assert document["model"]["source"] == "checkpoints/model-60"
    assert np.array(document["confusion"]).shape == (10, 10)
    assert np.trace(document["confusion"]) == 200


def test_eval_of_the_training_images(trained: Path, run) -> None:
    result = run("eval", "--split", "train")

    assert result.stdout == "accuracy 1.0000 over 600 images (mnist train)\n"
    assert re.fullmatch(r"calibration error 0\.\d{4}", read_notes(result)[-1])


@pytest.mark.slow
def test_eval_of_pictures(trained: Path, pictures: Path, run) -> None:
    result = run("eval", "pictures", "--preprocess", "plain", "--json")

    document = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (document["dataset"], document["split"]) == ("pictures", None)
    assert (document["correct"], document["total"]) == (10, 10)


def test_eval_obeys_invert(trained: Path, pictures: Path, run) -> None:
    def score(*options: str) -> dict:
        result = run("eval", "pictures", "--preprocess", "plain", *options, "--json")
        return json.loads(result.stdout)

    assert score("--invert", "yes")["correct"] == score()["correct"] == 10
    assert score("--invert", "no")["loss"] > score("--invert", "yes")["loss"] + 0.1


def test_train_and_eval_print_the_same_score(trained: Path, small_mnist: Path, run) -> None:
    after, scored = (
        json.loads(run(*command, "--json").stdout)
        for command in (["train", "--steps", "60"], ["eval"])
    )

    for key in ("accuracy", "correct", "total", "loss", "calibration_error"):
        assert after[key] == scored[key]
    images = idx.read(small_mnist / "t10k-images-idx3-ubyte.gz")
    labels = idx.read(small_mnist / "t10k-labels-idx1-ubyte.gz")
    probabilities = Predictor(find_newest(trained, SILENT).export, "").predict(images)
    expected = -np.log(probabilities[np.arange(200), labels]).mean()
    assert scored["loss"] == pytest.approx(expected, rel=1e-5)


def test_eval_reports_what_it_cannot_score(trained: Path, pictures: Path, run) -> None:
    (pictures / "unnamed.png").write_bytes(to_png(seven()))
    (pictures / "3_3.png").write_bytes(b"")

    result = run("eval", pictures, "missing_3.png", "--preprocess", "plain")

    assert result.exit_code == 1
    assert result.stdout == "accuracy 1.0000 over 10 images (pictures)\n"
    assert f"error: {pictures / 'unnamed.png'}: no label" in result.stderr
    assert f"error: {pictures / '3_3.png'}: the file is empty" in result.stderr
    assert "error: missing_3.png: No such file or directory" in result.stderr


def test_eval_warns_of_blank_pictures(trained: Path, tmp_path: Path, run) -> None:
    (tmp_path / "0.png").write_bytes(to_png(np.zeros((9, 9), np.uint8)))

    assert "warning: 0.png: no digit found" in run("eval", "0.png").stderr


def test_eval_of_no_pictures_has_no_accuracy(trained: Path, run) -> None:
    assert run("eval", "missing_3.png").stdout == "accuracy unknown over 0 images (pictures)\n"
    document = json.loads(run("eval", "missing_3.png", "--json").stdout)
    assert (document["accuracy"], document["loss"], document["total"]) == (None, None, 0)


def test_one_picture_is_one_image(run) -> None:
    assert run("eval", SAMPLES[0]).stdout == "accuracy 1.0000 over 1 image (pictures)\n"


@pytest.mark.parametrize(
    ("folder", "given"),
    [("8", "8"), ("8", "."), ("images/class_8", "images"), ("a/b/eight", "a/b/eight/1.png")],
)
def test_eval_finds_the_label_in_the_folder(folder: str, given: str, tmp_path: Path, run) -> None:
    picture = tmp_path / folder / "1.png"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(SAMPLE_OF_8.read_bytes())

    result = run("-q", "eval", given)

    assert result.stdout == "accuracy 1.0000 over 1 image (pictures)\n"
    assert "guess" not in run("eval", given).stderr


def test_guessed_labels_are_told_of_once_before_the_score(tmp_path: Path, run) -> None:
    names = [f"{number}.png" for number in (3, 7, 9)]
    for name in names:
        (tmp_path / name).write_bytes(to_png(seven()))

    result = run("eval", *names)

    assert result.stdout == "accuracy 0.3333 over 3 images (pictures)\n"
    (warning,) = (line for line in result.output.splitlines() if "guess" in line)
    assert warning.startswith("warning: the labels of 3 pictures are guesses, such as 3 of 3.png:")
    assert result.output.index("guesses") < result.output.index("accuracy")


def test_pictures_without_labels_are_counted(tmp_path: Path, run) -> None:
    np.save(tmp_path / "sevens.npy", np.stack([np.asarray(seven())] * 3))

    result = run("-q", "eval", "sevens.npy", SAMPLES[0])

    assert result.exit_code == 1
    assert result.stdout == "accuracy 1.0000 over 1 image (pictures)\n"
    (error,) = read_notes(result)
    assert error.startswith("error: sevens.npy[0], and 2 more: no label: names like 8_3.png")


def test_eval_of_arrays_with_labels(trained: Path, small_files: Path, run) -> None:
    images, labels = (
        idx.read(small_files / f"t10k-{name}-ubyte.gz") for name in ("images-idx3", "labels-idx1")
    )
    table = np.column_stack([labels, images.reshape(-1, 784)])
    np.savetxt("train.csv", table, fmt="%d", delimiter=",")
    np.savez("small.npz", x=images, y=labels)
    plain = ("--preprocess", "plain", "--invert", "no")

    for file in (small_files / "t10k-images-idx3-ubyte.gz", "train.csv", "small.npz"):
        result = run("-q", "eval", file, *plain)
        assert result.stdout == "accuracy 1.0000 over 200 images (pictures)\n"


@pytest.mark.slow
@pytest.mark.usefixtures("no_network")
def test_eval_falls_back_to_strokes_with_a_warning(run) -> None:
    result = run("eval")

    assert re.fullmatch(r"accuracy [\d.]+ over 100 images \(strokes test\)\n", result.stdout)
    assert "warning: MNIST can't be downloaded (" in result.stderr
    assert json.loads(run("eval", "--json").stdout)["dataset"] == "strokes"


@pytest.mark.slow
@pytest.mark.parametrize("command", ["train", "eval"])
def test_an_accuracy_that_reaches_the_gate_exits_with_0(command: str, trained: Path, run) -> None:
    assert run(command, "--min-accuracy", "1").exit_code == 0


@pytest.fixture
def copies(tmp_path: Path) -> list[str]:
    """The same picture under ten labels, so that one of them is right."""
    names = [f"{digit}_0.png" for digit in range(10)]
    for name in names:
        (tmp_path / name).write_bytes(to_png(seven()))
    return names


def test_a_failed_gate_still_prints_the_accuracy(trained: Path, copies: list[str], run) -> None:
    result = run("-q", "eval", "--min-accuracy", "0.2", *copies)

    assert result.exit_code == 1
    assert result.stdout == "accuracy 0.1000 over 10 images (pictures)\n"
    assert read_notes(result)[-1] == "error: accuracy 0.1000 is below --min-accuracy 0.2"


def test_a_failed_gate_still_prints_the_document(trained: Path, copies: list[str], run) -> None:
    result = run("-q", "eval", "--min-accuracy", "0.2", *copies, "--json")

    assert (result.exit_code, json.loads(result.stdout)["correct"]) == (1, 1)


# The model that answers


@pytest.mark.parametrize("command", [["predict", "x.png"], ["eval"]])
@pytest.mark.parametrize("is_variable", [True, False])
def test_a_named_directory_without_a_model_exits_with_4(
    command: list[str], is_variable: bool, run
) -> None:
    if is_variable:
        result = run(*command, env={"MNISTCLI_CHECKPOINT_DIR": "none"})
    else:
        result = run(*command, "--checkpoint-dir", "none")

    assert (result.exit_code, result.stdout) == (4, "")
    assert result.stderr == "error: none: no trained model here; 'mnistcli train' makes one\n"


def test_a_trained_model_replaces_the_pretrained_one(trained: Path, run) -> None:
    own = run("eval", SAMPLES[0], "--json")
    asked = run("eval", SAMPLES[0], "--json", "--pretrained")
    variable = run("eval", SAMPLES[0], "--json", env={"MNISTCLI_EVAL_PRETRAINED": "1"})

    sources = [json.loads(one.stdout)["model"]["source"] for one in (own, asked, variable)]
    assert sources == ["checkpoints/model-60", "pretrained", "pretrained"]


def test_options_override_variables(trained: Path, run) -> None:
    by_variable = {"MNISTCLI_CHECKPOINT_DIR": "none", "MNISTCLI_EVAL_PRETRAINED": "1"}

    asked = run("eval", SAMPLES[0], "--json", "--pretrained", env=by_variable)
    named = run("eval", SAMPLES[0], "--json", "--checkpoint-dir", trained, env=by_variable)

    assert json.loads(asked.stdout)["model"]["source"] == "pretrained"
    assert json.loads(named.stdout)["model"]["source"] == str(trained / "model-60")


@pytest.mark.parametrize("command", ["predict", "eval"])
def test_a_directory_and_the_pretrained_model_exclude_each_other(command: str, run) -> None:
    result = run(command, SAMPLES[0], "--pretrained", "--checkpoint-dir", "checkpoints")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "--checkpoint-dir and --pretrained can't be used together" in result.stderr
