"""``mnistcli train --pictures``: fine-tuning on a user's pictures."""

import json
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from helpers.listening import SILENT
from PIL import Image

from mnistcli.datasets.dataset import Dataset
from mnistcli.datasets.synthetic import dataset as synthetic
from mnistcli.datasets.synthetic.handwriting import Hand
from mnistcli.datasets.synthetic.rasterizer import Pen
from mnistcli.pretrained import read_record
from mnistcli.runs.checkpoints import find_newest

pytestmark = pytest.mark.usefixtures("tensorflow")

ODD = Hand(
    jitter=(0.01, 0.03),
    overshoot=0.1,
    warp=0.03,
    slant=(-1.6, 0.08),
    rotation=0.05,
    width=(0.3, 0.08),
)
"""Handwriting slanted further to the left than any in the data sets."""


@pytest.fixture(scope="session")
def hand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty pictures of the odd handwriting in ``few``, and 960 more in ``others``."""
    directory = tmp_path_factory.mktemp("hand")
    counts = [0] * 10
    for image, label in zip(*synthetic.draw_block(1, 0, ODD, Pen(radius=(0.3, 0.1))), strict=True):
        part = directory / ("few" if counts[label] < 4 else "others")
        part.mkdir(exist_ok=True)
        Image.fromarray(255 - image).save(part / f"{label}_{counts[label]}.png")
        counts[label] += 1
    assert len(list((directory / "few").iterdir())) == 40
    return directory


@pytest.fixture(scope="session")
def tuned(hand: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """The pretrained model fine-tuned on the forty, and what ``train`` printed; not to change."""
    from click.testing import CliRunner

    from mnistcli.cli.main import main

    directory = tmp_path_factory.mktemp("tuned") / "checkpoints"
    options = ["--pictures", str(hand / "few"), "--checkpoint-dir", str(directory), "--json"]
    result = CliRunner().invoke(main, ["train", *options])
    assert result.exit_code == 0, result.output
    return directory, json.loads(result.stdout)


def score(run: Callable, *arguments: object) -> float:
    return json.loads(run("eval", *arguments, "--json").stdout)["accuracy"]


@pytest.mark.slow
def test_forty_pictures_improve_the_score_on_their_handwriting(tuned, hand: Path, run) -> None:
    directory, document = tuned

    before = score(run, hand / "others", "--pretrained")
    after = score(run, hand / "others", "--checkpoint-dir", directory)

    assert before < 0.9  # the handwriting is odd
    assert after > before + 0.05
    assert document["accuracy"] >= document["before"]["accuracy"]


@pytest.mark.slow
def test_fine_tuning_costs_at_most_0_3_points_on_mnist(tuned, shared: Path, run) -> None:
    data = ["--dataset", "mnist", "--data-dir", shared / "mnist"]

    before, after = (
        score(run, *data, *model) for model in (["--pretrained"], ["--checkpoint-dir", tuned[0]])
    )

    assert after >= before - 0.003


@pytest.mark.slow
def test_the_document_describes_the_fine_tuned_model(tuned, counts: tuple[int, int]) -> None:
    directory, document = tuned
    step = read_record().step + 200

    assert document["dataset"] == "pictures"
    assert sum(counts) == 40
    assert document["total"] == document["before"]["total"] == counts[1]
    assert set(document["before"]) == {
        *("accuracy", "correct", "total", "loss", "calibration_error")
    }
    assert document["step"] == step
    assert document["checkpoint"] == str(directory / f"model-{step}")
    assert document["model"] == {
        "name": "deepcnn",
        "step": step,
        "dataset": "mnist+pictures",
        "source": document["checkpoint"],
    }
    assert document["seconds"] > 0


@pytest.mark.slow
def test_the_held_out_pictures_were_not_trained_on(tuned, hand: Path, tmp_path: Path) -> None:
    """The settings hold the digest of the training pictures, without those held out."""
    from mnistcli.datasets.labelled_pictures import digest_dataset, load

    shutil.copytree(hand / "few", tmp_path / "few")
    former, held_out = load(tmp_path / "few", SILENT)
    for image in held_out.images:
        for path in (tmp_path / "few").iterdir():
            if np.array_equal(255 - np.asarray(Image.open(path)), image):
                path.unlink()
    assert find_newest(tuned[0], SILENT).settings.pictures == digest_dataset(former)


@pytest.mark.slow
def test_a_finished_run_has_nothing_left_to_train(tuned, hand: Path, run, tmp_path: Path) -> None:
    shutil.copytree(tuned[0], tmp_path / "checkpoints")

    again = run("train", "--pictures", hand / "few", "--json")

    assert "is reached, nothing to train" in again.stderr
    document = json.loads(again.stdout)
    for key in ("before", "accuracy", "loss", "step"):
        assert document[key] == tuned[1][key]


@pytest.mark.slow
def test_a_fine_tuned_run_is_neither_resumed_nor_replaced_without_its_pictures(
    tuned, run, tmp_path: Path
) -> None:
    shutil.copytree(tuned[0], tmp_path / "checkpoints")

    more = run("train", "--steps", "1000000")

    assert (more.exit_code, more.stdout) == (4, "")
    assert "holds a run that is fine-tuned on pictures: --pictures DIR names them" in more.stderr


@pytest.fixture
def few(hand: Path) -> Path:
    return hand / "few"


@pytest.fixture(scope="session")
def counts(hand: Path) -> tuple[int, int]:
    """The numbers of pictures among the forty that are trained on, and that are held out."""
    from mnistcli.datasets.labelled_pictures import load

    training, held_out = load(hand / "few", SILENT)
    return len(training.labels), len(held_out.labels)


@pytest.mark.slow
def test_a_fine_tuned_run_keeps_its_base(
    trained: Path, few: Path, counts: tuple[int, int], run
) -> None:
    training, held_out = counts
    text = run("train", "--pictures", few, "--steps", "80", "--save-every", "5", "--keep", "1")

    assert text.exit_code == 0
    lines = text.stdout.splitlines()
    assert [line.split(" over ")[1] for line in lines] == [
        f"{held_out} images (pictures held out, before)",
        f"{held_out} images (pictures held out)",
    ]
    counts_shown = f"{training} pictures; {held_out} are held out"
    assert f"fine-tuning checkpoints/model-60 on {counts_shown}\n" in text.stderr
    assert "training softmax on pictures from step 60 to 80" in text.stderr
    assert sorted(path.name for path in trained.iterdir()) == ["model-60", "model-80"]
    settings = find_newest(trained, SILENT).settings
    assert (settings.base, settings.trained_on) == ("model-60", "mnist+pictures")

    further = run("train", "--pictures", few, "--steps", "90")
    assert "cycle ends at step 80: a new one starts there" in further.stderr
    assert find_newest(trained, SILENT).settings.base == "model-60"


@pytest.mark.slow
def test_other_pictures_fine_tune_the_newest_checkpoint(
    trained: Path, few: Path, run, tmp_path: Path
) -> None:
    shutil.copytree(few, tmp_path / "pictures")
    assert run("train", "--pictures", "pictures", "--steps", "70").exit_code == 0
    for digit in range(10):
        shutil.copy(few.parent / "others" / f"{digit}_5.png", tmp_path / "pictures")

    result = run("train", "--pictures", "pictures", "--steps", "80")

    assert "from step 70 to 80" in result.stderr
    assert "cycle ends" not in result.stderr
    assert find_newest(trained, SILENT).settings.base == "model-70"
    shutil.rmtree(trained / "model-70")
    (tmp_path / "pictures" / "3_5.png").unlink()
    reached = run("train", "--pictures", few, "--steps", "80")
    assert (reached.exit_code, reached.stdout) == (4, "")
    assert "checkpoints/model-80 is at step 80: --steps must be beyond it" in reached.stderr


@pytest.mark.slow
def test_a_restart_fine_tunes_the_pretrained_model(trained: Path, few: Path, run) -> None:
    step = read_record().step
    result = run("train", "--pictures", few, "--restart", "--steps", str(step + 1), "--json")

    assert json.loads(result.stdout)["model"]["name"] == "deepcnn"
    assert [path.name for path in trained.iterdir()] == [f"model-{step + 1}"]


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--model", "cnn"], 4, "which would be fine-tuned, is deepcnn, not cnn"),
        (
            ["--steps", "300"],
            4,
            f"the pretrained model is at step {read_record().step}: --steps must be beyond",
        ),
        (["--dataset", "auto"], 2, "--dataset and --pictures can't be used together"),
        (["--dataset", "mnist"], 2, "--dataset and --pictures can't be used together"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    options: list[str], code: int, message: str, few: Path, tmp_path: Path, run
) -> None:
    result = run("train", "--pictures", few, *options)

    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_another_model_than_the_runs_is_refused(trained: Path, few: Path, run) -> None:
    result = run("train", "--pictures", few, "--model", "cnn")

    assert result.exit_code == 4
    assert "checkpoints holds a run with model softmax, not cnn" in result.stderr


@pytest.mark.slow
def test_the_command_line_overrides_an_environment_variable(trained: Path, few: Path, run) -> None:
    on_data = run(
        *("train", "--dataset", "mnist", "--steps", "61"), env={"MNISTCLI_TRAIN_PICTURES": str(few)}
    )
    on_pictures = run(
        *("train", "--pictures", few, "--steps", "62"), env={"MNISTCLI_TRAIN_DATASET": "mnist"}
    )

    assert on_data.stdout.endswith("over 200 images (mnist test)\n")
    assert on_pictures.stdout.endswith("images (pictures held out)\n")


@pytest.mark.slow
def test_pictures_that_cannot_be_used_make_the_exit_code_1(
    trained: Path, few: Path, run, tmp_path: Path
) -> None:
    shutil.copytree(few, tmp_path / "pictures")
    (tmp_path / "pictures" / "3_99.png").write_bytes(b"")

    result = run("train", "--pictures", "pictures", "--steps", "70", "--json")

    assert result.exit_code == 1
    assert json.loads(result.stdout)["step"] == 70
    assert "error: pictures/3_99.png: the file is empty" in result.stderr


@pytest.mark.slow
def test_min_accuracy_applies_to_the_held_out_pictures(trained: Path, few: Path, run) -> None:
    result = run("train", "--pictures", few, "--steps", "61", "--min-accuracy", "1")

    assert result.exit_code == 1
    assert "is below --min-accuracy 1" in result.stderr


@pytest.mark.slow
def test_an_interrupted_run_ends_in_the_same_weights(
    trained: Path, few: Path, run_process, tmp_path: Path
) -> None:
    """The tests of many kills are in tests/stress/kills.py."""
    shutil.copytree(trained, tmp_path / "whole")
    options = ["train", "--pictures", few, "--steps", 460, "--save-every", 10, "--keep", 1]
    whole = run_process(*options, "--checkpoint-dir", "whole")
    whole.communicate()
    assert whole.returncode == 0

    former = set(trained.iterdir())
    process = run_process(*options)
    while not set(trained.glob("model-*")) - former:
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert not (trained / "model-460").exists()
    again = run_process(*options)
    _, messages = again.communicate()

    assert again.returncode == 0
    assert "from step 60 " not in messages
    ends = [find_newest(path, SILENT) for path in (trained, tmp_path / "whole")]
    assert ends[0].export == ends[1].export
    assert ends[0].step == ends[1].step == 460


@pytest.mark.slow
def test_a_missing_base_is_an_error(trained: Path, few: Path, run) -> None:
    assert run("train", "--pictures", few, "--steps", "70").exit_code == 0
    shutil.rmtree(trained / "model-60")

    result = run("train", "--pictures", few, "--steps", "80")

    assert (result.exit_code, result.stdout) == (4, "")
    assert (
        "the model that was fine-tuned can't be used: checkpoints: there is no checkpoint"
        in result.stderr
    )
    assert run("eval", "--json").exit_code == 0


@pytest.mark.slow
def test_the_seed_is_that_of_the_base_unless_another_is_asked_for(
    small_mnist: Path, few: Path, run, tmp_path: Path
) -> None:
    run("train", "--steps", "5", "--seed", "7")
    shutil.copytree("checkpoints", "other")

    run("train", "--pictures", few, "--steps", "6")
    run("train", "--pictures", few, "--steps", "6", "--seed", "8", "--checkpoint-dir", "other")

    seeds = [
        find_newest(tmp_path / name, SILENT).settings.seed for name in ("checkpoints", "other")
    ]
    assert seeds == [7, 8]


@pytest.mark.slow
def test_making_the_bases_export_does_not_change_the_number_of_threads(
    trained: Path, few: Path, run_process, tmp_path: Path
) -> None:
    """A base without an export is restored first; the run ends in the same weights."""
    shutil.copytree(trained, tmp_path / "bare")
    (tmp_path / "bare" / "model-60" / "model.tflite").unlink()
    for directory in (trained, tmp_path / "bare"):
        process = run_process(
            *("train", "--pictures", few, "--steps", 160, "--checkpoint-dir", directory)
        )
        process.communicate()
        assert process.returncode == 0

    ends = [find_newest(directory, SILENT) for directory in (trained, tmp_path / "bare")]
    assert ends[0].export == ends[1].export


@pytest.mark.slow
def test_examples_are_augmented_pictures_and_synthetic_digits_with_the_bases_answers() -> None:
    from mnistcli.training.finetuning import MIN_PICTURE_IMAGES, SYNTHETIC_IMAGES, make_examples

    class Base:
        def predict(self, images: np.ndarray) -> np.ndarray:
            assert images.shape == (SYNTHETIC_IMAGES, 28, 28)
            return np.tile(np.float32([0.7, 0.3] + [0] * 8), (len(images), 1))

    images, labels = synthetic.draw_images(8, 3)
    pictures = Dataset("pictures", "train", images, labels)

    examples, targets = make_examples(pictures, Base(), seed=4)
    again, _ = make_examples(pictures, Base(), seed=4)
    other, _ = make_examples(pictures, Base(), seed=5)

    assert examples.shape == (MIN_PICTURE_IMAGES + SYNTHETIC_IMAGES, 28, 28)
    assert examples.dtype == np.uint8
    np.testing.assert_array_equal(targets[:3], np.eye(10)[labels])
    assert (
        targets[MIN_PICTURE_IMAGES:].tolist()
        == Base().predict(examples[MIN_PICTURE_IMAGES:]).tolist()
    )
    np.testing.assert_array_equal(examples, again)
    assert (examples != other).any()
    assert not np.isin(
        [image.tobytes() for image in examples[MIN_PICTURE_IMAGES:]],
        [image.tobytes() for seed in (4, 1) for image in synthetic.draw_images(seed, 1000)[0]],
    ).any()  # not the images of a data set either
    augmented = examples[: MIN_PICTURE_IMAGES - 1].astype(float).reshape(-1, 3, 28, 28)
    for number, image in enumerate(images):  # each is near its picture, and none is the same
        distances = abs(augmented[:, number] - image).mean(axis=(1, 2))
        assert 0 < distances.min() < distances.max() < 60
