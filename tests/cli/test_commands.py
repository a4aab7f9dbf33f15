"""The commands together, on the small data set, and the contract with scripts."""

import csv
import io
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import small
from helpers.drawing import SAMPLES, seven, to_png
from helpers.listening import SILENT
from helpers.terminal import run_at_terminal

from mnistcli import __version__
from mnistcli.datasets import idx, mnist
from mnistcli.inference.interpreter import Predictor
from mnistcli.runs.checkpoints import find_newest

pytestmark = pytest.mark.usefixtures("tensorflow")


def notes(result) -> list[str]:
    """The lines on standard error but the one that tells the model."""
    return [line for line in result.stderr.splitlines() if not line.startswith("model: ")]


def test_version(run) -> None:
    assert run("--version").output == f"mnistcli {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "--steps", "0"],
        ["train", "--steps", "many"],
        ["train", "--model", "resnet"],
        ["train", "--learning-rate", "0"],
        ["train", "--seed", "-1"],
        ["predict"],
        ["predict", "x.png", "--preprocess", "magic"],
        ["predict", "x.png", "--top", "11"],
        ["eval", "--min-accuracy", "91"],
        ["download", "--form", "here"],
        ["forecast"],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str], run) -> None:
    result = run(*arguments)

    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error: " in result.stderr


def test_options_come_from_the_environment(small_mnist: Path, run, tmp_path: Path) -> None:
    environment = {
        "MNISTCLI_TRAIN_STEPS": "3",
        "MNISTCLI_DATA_DIR": str(small_mnist),
        "MNISTCLI_CHECKPOINT_DIR": "elsewhere",
        "MNISTCLI_QUIET": "1",
    }

    result = run("train", "--json", env=environment)

    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout)["checkpoint"] == os.path.join("elsewhere", "model-3")


# download


def test_download_says_what_it_did(small_mnist: Path, small_files: Path, run) -> None:
    (small_mnist / "t10k-labels-idx1-ubyte.gz").unlink()

    result = run("download", "--from", small_files)

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "MNIST_data/train-images-idx3-ubyte.gz\tverified",
        "MNIST_data/train-labels-idx1-ubyte.gz\tverified",
        "MNIST_data/t10k-images-idx3-ubyte.gz\tverified",
        "MNIST_data/t10k-labels-idx1-ubyte.gz\tfetched",
    ]


def test_download_asks_the_mirrors(
    small_mnist: Path, small_files: Path, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mnist, "MIRRORS", [str(small_files)])

    result = run("download", "--data-dir", "new")

    assert [line.split("\t")[1] for line in result.stdout.splitlines()] == ["fetched"] * 4


def test_download_without_a_good_source_exits_with_3(run, small_mnist: Path) -> None:
    result = run("download", "--data-dir", "new", "--from", "nowhere", "--from", "no/where")

    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("error: could not get train-images-idx3-ubyte.gz, ")
    assert "nowhere/train-images-idx3-ubyte.gz: No such file" in result.stderr
    assert "no/where/train-images-idx3-ubyte.gz: No such file" in result.stderr
    assert result.stderr.count("\n") == 1


def test_download_verify_only_looks(small_mnist: Path, run) -> None:
    assert run("download", "--verify").exit_code == 0

    damaged = small_mnist / "t10k-labels-idx1-ubyte.gz"
    damaged.write_bytes(b"damaged")
    (small_mnist / "t10k-images-idx3-ubyte.gz").unlink()
    result = run("download", "--verify")

    assert (result.exit_code, damaged.read_bytes()) == (3, b"damaged")
    assert result.stdout == ""
    assert result.stderr == (
        "error: MNIST_data/t10k-images-idx3-ubyte.gz: No such file or directory; "
        "MNIST_data/t10k-labels-idx1-ubyte.gz: not an IDX file: it starts with b'damaged'\n"
    )


# train


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


def test_train_goes_on_and_stops_where_it_is_told(trained: Path, run) -> None:
    again = run("train", "--steps", "60")
    assert "checkpoints/model-60: step 60 is reached, nothing to train" in again.stderr
    assert again.stdout == "accuracy 1.0000 over 200 images (mnist test)\n"

    further = run("train", "--steps", "90", "--json")
    assert "from step 60 to 90" in further.stderr
    assert json.loads(further.stdout)["step"] == 90

    back = run("train", "--steps", "30", "--json")
    assert "step 90 is reached" in back.stderr
    assert json.loads(back.stdout)["model"]["step"] == 90


def test_by_default_five_checkpoints_are_kept(small_mnist: Path, tmp_path: Path, run) -> None:
    document = json.loads(run("train", "--steps", "70", "--save-every", "10", "--json").stdout)

    assert len(list((tmp_path / "checkpoints").iterdir())) == 5
    assert 0 < document["seconds"] < 60


def test_train_json(trained: Path, run) -> None:
    result = run("train", "--steps", "60", "--json")

    document = json.loads(result.stdout)
    assert result.stdout.count("\n") == 1
    assert 0 < document.pop("loss") < 0.5
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


def test_seconds_are_those_of_the_steps_and_of_nothing_else(
    small_mnist: Path, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = itertools.count()  # each time that the clock is looked at, a second has gone by
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


def test_a_convolutional_run_goes_on_in_a_new_cycle(small_mnist: Path, run) -> None:
    first = run("train", "--model", "cnn", "--steps", "30", "--batch-size", "32", "--json")
    again = run("train", "--json")
    further = run("train", "--steps", "50", "--json")

    assert json.loads(first.stdout)["model"]["name"] == "cnn"
    assert "step 30 is reached, nothing to train" in again.stderr
    assert "cycle ends at step 30: a new one goes on from there" in further.stderr
    assert "training cnn on mnist from step 30 to 50, batch size 32" in further.stderr
    documents = [json.loads(result.stdout) for result in (first, again, further)]
    assert [document["step"] for document in documents] == [30, 30, 50]
    assert documents[2]["accuracy"] > 0.9


def test_training_images_found_damaged_are_downloaded(
    small_mnist: Path, small_files: Path, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = small_mnist / "train-images-idx3-ubyte.gz"
    damaged.write_bytes(b"damaged")
    monkeypatch.setattr(mnist, "MIRRORS", [str(small_files)])

    result = run("train", "--steps", "5")

    assert result.exit_code == 0
    assert f"{damaged.name}: not an IDX file" in result.stderr
    assert "; downloading MNIST" in result.stderr


def test_train_restart_replaces_the_run(trained: Path, run) -> None:
    result = run("train", "--steps", "20", "--seed", "1", "--restart")

    assert result.exit_code == 0
    assert [path.name for path in trained.iterdir()] == ["model-20"]
    assert find_newest(trained, SILENT).settings.seed == 1
    assert find_newest(trained, SILENT).run == 2


def test_a_restart_that_fails_keeps_the_old_run(
    trained: Path, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run("train", "--steps", "20", "--restart", "--learning-rate", "1e38")

    assert (result.exit_code, result.stdout) == (4, "")
    assert "--learning-rate 1e+38 is too high" in result.stderr
    assert find_newest(trained, SILENT).step == 60


def test_train_keeps_the_newest(trained: Path, run) -> None:
    run("train", "--steps", "100", "--save-every", "10", "--keep", "2")

    assert sorted(path.name for path in trained.iterdir()) == ["model-100", "model-90"]


def test_a_gate_that_fails_still_prints_the_result(trained: Path, run) -> None:
    for command in ("train", "eval"):
        passed = run(command, "--min-accuracy", "1")
        assert passed.exit_code == 0

    names = [f"{digit}_0.png" for digit in range(10)]
    for name in names:  # the same picture, so that one of the ten labels is right
        Path(name).write_bytes(to_png(seven()))
    failed = run("-q", "eval", "--min-accuracy", "0.2", *names)

    assert failed.exit_code == 1
    assert failed.stdout == "accuracy 0.1000 over 10 images (pictures)\n"
    assert notes(failed) == ["error: accuracy 0.1000 is below --min-accuracy 0.2"]
    document = run("-q", "eval", "--min-accuracy", "0.2", *names, "--json")
    assert (document.exit_code, json.loads(document.stdout)["correct"]) == (1, 1)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_train_saves_and_can_predict(
    number: int, code: int, run_process, tmp_path: Path
) -> None:
    (tmp_path / "7.png").write_bytes(to_png(seven()))
    process = run_process("train", "--steps", "1000000", "--save-every", "1000000")
    for line in process.stderr:
        if line.startswith("step 100/"):
            break
    process.send_signal(number)
    output, notes = process.communicate()

    assert (process.returncode, output) == (code, "")
    assert "error: stopped at step" in notes
    assert "Traceback" not in notes
    predict = run_process("predict", "7.png")  # there is no export yet: it is made
    assert predict.communicate()[0].startswith("7.png\t")
    again = run_process("-q", "predict", "7.png")
    assert again.communicate()[1] == ""


# eval


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


def test_eval_of_pictures(trained: Path, pictures: Path, run) -> None:
    result = run("eval", "pictures", "--preprocess", "plain", "--json")

    document = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (document["dataset"], document["split"]) == ("pictures", None)
    assert (document["correct"], document["total"]) == (10, 10)


def test_eval_inverts_as_it_is_told(trained: Path, pictures: Path, run) -> None:
    def score(*options: str) -> dict:
        result = run("eval", "pictures", "--preprocess", "plain", *options, "--json")
        return json.loads(result.stdout)

    assert score("--invert", "yes")["correct"] == score()["correct"] == 10
    assert score("--invert", "no")["loss"] > score("--invert", "yes")["loss"] + 0.1


def test_train_ends_with_what_eval_says(trained: Path, small_mnist: Path, run) -> None:
    after, scored = (
        json.loads(run(*command, "--json").stdout)
        for command in (["train", "--steps", "60"], ["eval"])
    )

    for key in ("accuracy", "correct", "total", "loss"):
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

    assert "warning: 0.png: no ink found" in run("eval", "0.png").stderr


def test_eval_of_nothing_is_no_accuracy(trained: Path, run) -> None:
    assert run("eval", "missing_3.png").stdout == "accuracy unknown over 0 images (pictures)\n"
    document = json.loads(run("eval", "missing_3.png", "--json").stdout)
    assert (document["accuracy"], document["loss"], document["total"]) == (None, None, 0)


# predict


def test_predict_text(trained: Path, pictures: Path, run) -> None:
    files = sorted(pictures.iterdir())

    result = run("predict", *files, "--preprocess", "plain")

    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert [(row[0], row[1]) for row in rows] == [(str(file), file.name[0]) for file in files]
    assert all(0.5 < float(row[2]) <= 1 and len(row[2]) == 6 for row in rows)
    assert result.exit_code == 0
    assert result.stderr == "model: checkpoints/model-60, softmax after 60 steps on mnist\n"


def test_predict_json(trained: Path, pictures: Path, run) -> None:
    file = sorted(pictures.iterdir())[0]
    result = run(
        "predict", file, "missing.png", "--format", "json", "--top", "2", "--preprocess", "plain"
    )

    document = json.loads(result.stdout)
    answer, failure = document["results"]
    assert (result.exit_code, document["version"]) == (1, 1)
    assert document["model"]["name"] == "softmax"
    assert failure == {"file": "missing.png", "error": "No such file or directory"}
    assert (answer["file"], answer["digit"]) == (str(file), int(file.name[0]))
    assert answer["warnings"] == []
    assert len(answer["probabilities"]) == 10
    assert sum(answer["probabilities"]) == pytest.approx(1, abs=1e-5)
    assert answer["probability"] == max(answer["probabilities"])
    assert len(answer["top"]) == 2
    assert answer["top"][0] == [answer["digit"], answer["probability"]]
    assert answer["top"][1][1] == sorted(answer["probabilities"])[-2]


def test_predict_csv(trained: Path, tmp_path: Path, run) -> None:
    (tmp_path / "blank, white.png").write_bytes(to_png(np.full((9, 9), 255, np.uint8)))

    result = run("predict", "blank, white.png", "missing.png", "--format", "csv", "--top", "1")

    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert list(rows[0]) == [
        *("file", "digit", "probability", "warnings", "error"),
        *("digit_1", "probability_1"),
    ]
    assert rows[0]["file"] == "blank, white.png"
    assert rows[0]["warnings"] == "no ink found: is it blank?"
    assert rows[0]["digit"] == rows[0]["digit_1"]
    assert (rows[1]["file"], rows[1]["digit"]) == ("missing.png", "")
    assert rows[1]["error"] == "No such file or directory"
    again = run("predict", "no\nfile.png", "--format", "csv")
    assert [row["file"] for row in csv.DictReader(io.StringIO(again.stdout))] == ["no\nfile.png"]
    assert notes(again) == ["error: no\\nfile.png: No such file or directory"]
    assert result.exit_code == 1


def test_predict_top_adds_columns(trained: Path, pictures: Path, run) -> None:
    result = run("predict", "pictures", "--top", "3")

    for line in result.stdout.splitlines():
        _, digit, probability, *top = line.split("\t")
        assert top[:2] == [digit, probability]
        assert [float(value) for value in top[1::2]] == sorted(map(float, top[1::2]), reverse=True)
        assert len(top) == 6


def test_one_bad_picture_does_not_end_the_run(trained: Path, pictures: Path, run) -> None:
    good = sorted(pictures.iterdir())
    bad = pictures / "bad.png"
    bad.write_bytes(good[0].read_bytes()[:200])
    (pictures / "empty").mkdir()
    files = [bad, good[0], "no.png", pictures / "empty", good[1]]

    result = run("predict", *files, "--preprocess", "plain")

    assert result.exit_code == 1
    assert [line.split("\t")[0] for line in result.stdout.splitlines()] == list(map(str, good[:2]))
    errors = notes(result)
    assert [error.partition(": ")[2].split(":")[0] for error in errors] == [
        str(bad),
        "no.png",
        str(pictures / "empty"),
    ]
    assert "damaged picture" in errors[0]
    assert "a directory without pictures" in errors[2]


def test_a_directory_means_its_pictures(trained: Path, pictures: Path, run) -> None:
    for name in (".hidden.png", "notes.txt"):
        (pictures / name).touch()
    (pictures / "0_99.JPG").write_bytes(to_png(seven()))

    result = run("predict", "pictures")

    names = [Path(line.split("\t")[0]).name for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert names == sorted(names)
    assert len(names) == 11


def test_a_picture_comes_from_standard_input(trained: Path, run) -> None:
    result = run("predict", "-", input=to_png(seven()))

    assert result.exit_code == 0
    assert result.stdout.startswith("-\t")
    assert notes(run("predict", "-", input=b"")) == ["error: -: the file is empty"]


def test_odd_file_names_stay_on_their_line(trained: Path, tmp_path: Path, run) -> None:
    names = ["a b.png", "tab\there.png", "new\nline.png", "七.png", os.fsdecode(b"\xff.png")]
    for name in names:
        (tmp_path / name).write_bytes(to_png(seven()))

    result = run("predict", *names)

    lines = result.stdout_bytes.splitlines()
    assert [line.split(b"\t")[0] for line in lines] == [
        b"a b.png",
        rb"tab\there.png",
        rb"new\nline.png",
        "七.png".encode(),
        b"\xff.png",
    ]


def test_quiet_leaves_results_and_errors(trained: Path, tmp_path: Path, run) -> None:
    (tmp_path / "blank.png").write_bytes(to_png(np.zeros((9, 9), np.uint8)))

    result = run("-q", "predict", "blank.png", "missing.png")

    assert result.stderr == "error: missing.png: No such file or directory\n"
    assert result.stdout.startswith("blank.png\t")
    assert "warning: blank.png: no ink found" in run("predict", "blank.png").stderr


@pytest.mark.parametrize("command", [["predict", "x.png"], ["eval"]])
@pytest.mark.parametrize("variable", [True, False])
def test_without_a_model_where_one_was_said_to_be_the_exit_code_is_4(
    command: list[str], variable: bool, run
) -> None:
    if variable:
        result = run(*command, env={"MNISTCLI_CHECKPOINT_DIR": "none"})
    else:
        result = run(*command, "--checkpoint-dir", "none")

    assert (result.exit_code, result.stdout) == (4, "")
    assert result.stderr == "error: none: no trained model here; 'mnistcli train' makes one\n"


def test_before_anything_is_trained_the_pretrained_model_answers(run) -> None:
    result = run("predict", *SAMPLES, "--format", "json")

    document = json.loads(result.stdout)
    assert document["model"]["source"] == "pretrained"
    assert document["model"]["name"] == "deepcnn"
    digits = {Path(answer["file"]).name: answer["digit"] for answer in document["results"]}
    assert digits == {path.name: int(path.name[0]) for path in SAMPLES}
    assert result.exit_code == 0
    fallback, model = result.stderr.splitlines()
    assert fallback == "checkpoints: no trained model here yet, so the pretrained one answers"
    assert re.fullmatch(r"model: pretrained, deepcnn after \d+ steps on mnist.*", model)
    assert list(Path().iterdir()) == []


def test_a_trained_model_takes_the_pretrained_ones_place(trained: Path, run) -> None:
    own = run("eval", SAMPLES[0], "--json")
    asked = run("eval", SAMPLES[0], "--json", "--pretrained")
    variable = run("eval", SAMPLES[0], "--json", env={"MNISTCLI_EVAL_PRETRAINED": "1"})

    sources = [json.loads(one.stdout)["model"]["source"] for one in (own, asked, variable)]
    assert sources == ["checkpoints/model-60", "pretrained", "pretrained"]


def test_a_command_line_wins_over_variables(trained: Path, run) -> None:
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


# data sets


@pytest.fixture
def no_network(few_strokes: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mnist, "MIRRORS", ["nowhere/"])


@pytest.mark.usefixtures("no_network")
def test_without_mnist_it_trains_on_strokes_and_says_so(tmp_path: Path, run) -> None:
    result = run("train", "--steps", "5", "--json")

    document = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (document["dataset"], document["total"]) == ("strokes", 100)
    assert document["model"]["dataset"] == "strokes"
    assert result.stderr.count("warning: could not get train-images") == 1
    assert "digits drawn from strokes are used" in result.stderr
    assert "drawing 300 train images from strokes\nstrokes train  300 images" in result.stderr
    assert "training softmax on strokes from step 0 to 5" in result.stderr
    assert find_newest(tmp_path / "checkpoints", SILENT).settings.dataset == "strokes"
    again = run("train", "--steps", "7")  # the run's data set is not asked for again
    assert again.stdout.endswith("over 100 images (strokes test)\n")
    assert "warning" not in again.stderr


@pytest.mark.usefixtures("no_network")
def test_without_mnist_it_scores_on_strokes_and_says_so(run) -> None:
    result = run("eval")

    assert re.fullmatch(r"accuracy [\d.]+ over 100 images \(strokes test\)\n", result.stdout)
    assert "warning: could not get" in result.stderr
    assert json.loads(run("eval", "--json").stdout)["dataset"] == "strokes"


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("command", [["train", "--steps", "5"], ["eval", "--pretrained"]])
def test_mnist_never_falls_back(command: list[str], run) -> None:
    result = run(*command, "--dataset", "mnist")

    assert (result.exit_code, result.stdout) == (3, "")
    assert notes(result)[-1].startswith("error: could not get train-images-idx3-ubyte.gz, ")
    assert not Path("checkpoints").exists()


@pytest.mark.usefixtures("no_network")
def test_data_that_cannot_be_had_exits_with_3_whatever_the_directory_holds(run) -> None:
    assert run("train", "--steps", "5").exit_code == 0  # on strokes

    result = run("train", "--dataset", "mnist")

    assert (result.exit_code, result.stdout) == (3, "")
    assert notes(result)[-1].startswith("error: could not get train-images-idx3-ubyte.gz, ")


@pytest.mark.usefixtures("few_strokes")
def test_strokes_are_used_where_they_are_asked_for(small_mnist: Path, run) -> None:
    trained = run("train", "--steps", "5", "--dataset", "strokes")
    other = run("train", "--steps", "9", "--dataset", "mnist")
    scored = run("eval", "--dataset", "mnist", "--json")

    assert trained.stdout.endswith("over 100 images (strokes test)\n")
    assert other.exit_code == 4
    assert "checkpoints holds a run with dataset strokes, not mnist" in other.stderr
    document = json.loads(scored.stdout)
    assert (document["model"]["dataset"], document["dataset"]) == ("strokes", "mnist")


@pytest.mark.usefixtures("no_network")
def test_training_images_damaged_without_a_network_leave_the_strokes(
    small_mnist: Path, run
) -> None:
    (small_mnist / "train-images-idx3-ubyte.gz").write_bytes(b"damaged")

    document = json.loads(run("train", "--steps", "5", "--json").stdout)

    assert (document["dataset"], document["total"]) == ("strokes", 100)


def test_an_export_that_cannot_be_kept_still_answers(
    trained: Path, tmp_path: Path, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (trained / "model-60" / "model.tflite").unlink()
    (tmp_path / "7.png").write_bytes(to_png(seven()))

    def fail(*arguments: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("mnistcli.cli.models.add_export", fail)
    result = run("predict", "7.png")

    assert (result.exit_code, result.stdout[:6]) == (0, "7.png\t")
    assert "warning: the export is not kept" in result.stderr


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs /proc")
@pytest.mark.parametrize(
    ("number", "code", "message"),
    [(signal.SIGINT, 130, "error: interrupted\n"), (signal.SIGTERM, 143, "")],
)
def test_a_stopped_predict_exits_as_shells_expect(
    number: int, code: int, message: str, trained: Path, tmp_path: Path
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "mnistcli", "-q", "predict", "-"],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for_library("litert", process)
    time.sleep(1)  # it waits for its picture by now
    process.send_signal(number)

    assert process.communicate()[1] == message
    assert process.returncode == code


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs /proc")
def test_an_ignored_sigterm_stays_ignored(trained: Path, tmp_path: Path) -> None:
    script = f"trap '' TERM; exec '{sys.executable}' -m mnistcli predict -"
    process = subprocess.Popen(
        ["bash", "-c", script], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    wait_for_library("litert", process)
    process.send_signal(signal.SIGTERM)

    output, _ = process.communicate(to_png(seven()))

    assert process.returncode == 0
    assert output.startswith(b"-\t")


def wait_for_library(name: str, process: subprocess.Popen) -> None:
    """Wait until a process has begun to load a native library."""
    while name not in Path(f"/proc/{process.pid}/maps").read_text():
        assert process.poll() is None
        time.sleep(0.01)


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs /proc")
@pytest.mark.parametrize(
    ("number", "code", "message"), [(signal.SIGINT, 130, "error: "), (signal.SIGTERM, 143, "")]
)
def test_a_signal_while_tensorflow_loads_is_not_lost(
    number: int, code: int, message: str, run_process
) -> None:
    for seconds in (0, 0.5):
        process = run_process("train", "--steps", "1000000")
        wait_for_library("libtensorflow", process)
        time.sleep(seconds)
        process.send_signal(number)
        output, notes = process.communicate(timeout=30)

        assert (process.returncode, output) == (code, "")
        assert "".join(notes.splitlines()[-1:]).startswith(message)


def test_a_terminal_shows_a_bar(small_mnist: Path, tmp_path: Path, small_files: Path) -> None:
    program = [sys.executable, small.__file__, small_files]

    shown, output = run_at_terminal([*program, "train", "--steps", "400"], tmp_path)

    shown = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", shown)
    steps = [int(step) for step in re.findall(rb"(\d+)/400", shown)]
    assert output == "accuracy 1.0000 over 200 images (mnist test)\n"
    assert b"training" in shown
    assert b"step 100/400" not in shown
    assert steps == sorted(steps)
    assert (steps[0], steps[-1]) == (0, 400)
    assert re.search(rb"loss [\d.]+  accuracy [\d.]+ +\d\d:\d\d", shown)
    quiet, _ = run_at_terminal([*program, "-q", "train", "--steps", "500"], tmp_path)
    assert quiet == b""


def test_a_reader_that_leaves_is_no_error(run_process, trained: Path, tmp_path: Path) -> None:
    (tmp_path / "7.png").write_bytes(to_png(seven()))
    process = run_process("-q", "predict", *["7.png"] * 2000)
    assert process.stdout.readline().startswith("7.png\t")
    process.stdout.close()

    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait() == 0


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("predict 7.png 2>/dev/full", 0),
        ("predict none.png 2>/dev/full", 1),
        ("predict 7.png --checkpoint-dir none 2>/dev/full", 4),
        ("predict 7.png 2>&-", 0),
        ("predict 7.png >&-", 3),
        ("predict - <&-", 1),
        ("--version >/dev/full", 3),
        ("--help >/dev/full", 3),
        ("eval 7.png 8.png --preprocess plain --min-accuracy 1 | true", 1),
        ("eval 7.png 8.png --preprocess plain --min-accuracy 1 --json | true", 1),
        ("eval 7.png --preprocess plain | true", 0),
    ],
)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_streams_that_fail_change_nothing_else(
    command: str, code: int, trained: Path, tmp_path: Path
) -> None:
    for name in ("7.png", "8.png"):  # one of them at most is read as labelled
        (tmp_path / name).write_bytes(to_png(np.zeros((28, 28), np.uint8)))
    script = f"set -o pipefail; '{sys.executable}' -m mnistcli {command}"

    result = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert result.returncode == code
    assert "Traceback" not in result.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_that_cannot_be_written_exits_with_3(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "7.png").write_bytes(to_png(seven()))
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "mnistcli", "-q", "predict", "7.png"],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )

    assert result.returncode == 3
    assert result.stderr == "error: standard output: No space left on device\n"


def test_a_checkpoint_directory_that_cannot_be_made_exits_with_3(
    small_mnist: Path, tmp_path: Path, run
) -> None:
    (tmp_path / "file").touch()

    result = run("train", "--steps", "5", "--checkpoint-dir", "file/checkpoints")

    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.splitlines()[-1] == "error: file/checkpoints: Not a directory"


def test_the_process_ends_without_taking_libraries_apart(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "7.png").write_bytes(to_png(seven()))
    script = (
        "import atexit, sys; atexit.register(print, 'taken apart');"
        "from mnistcli.__main__ import run; run()"
    )

    result = subprocess.run(
        [sys.executable, "-c", script, "-q", "predict", "7.png", "no.png"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )

    assert result.returncode == 1
    assert re.fullmatch(r"7\.png\t\d\t[\d.]+\n", result.stdout)
    assert result.stderr == "error: no.png: No such file or directory\n"
