"""All commands on the real data, in the order in which a newcomer uses them."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from helpers.listening import SILENT, Recorder
from PIL import Image

from mnistcli.cli.main import main
from mnistcli.datasets import idx
from mnistcli.runs.recipes import RECIPES

pytestmark = pytest.mark.usefixtures("tensorflow")
SAMPLES = Path(__file__).parents[1] / "test_num"


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.stderr
    return result


@pytest.fixture(scope="module")
def directory(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with MNIST downloaded and the default network trained to step 2000."""
    directory = tmp_path_factory.mktemp("newcomer")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(directory)
        run("download", "--from", shared / "mnist")
        run("train", "--steps", "2000")
    return directory


@pytest.fixture(autouse=True)
def here(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(directory)


@pytest.mark.slow
def test_softmax_regression_reaches_the_tutorials_accuracy() -> None:
    result = run("train", "--steps", "2000", "--json")

    assert "step 2000 is reached, nothing to train" in result.stderr
    assert sorted(path.name for path in Path("checkpoints").iterdir()) == [
        "model-1000",
        "model-2000",
    ]
    assert json.loads(result.stdout)["accuracy"] >= 0.91
    assert json.loads(result.stdout)["total"] == 10_000


@pytest.mark.slow
def test_training_resumes_to_step_4000(directory: Path, tmp_path: Path) -> None:
    shutil.copytree("checkpoints", tmp_path / "checkpoints")
    result = run("train", "--steps", "4000", "--checkpoint-dir", tmp_path / "checkpoints", "--json")

    assert "from step 2000 to 4000" in result.stderr
    assert json.loads(result.stdout)["step"] == 4000
    assert json.loads(result.stdout)["accuracy"] >= 0.91


@pytest.mark.slow
def test_tutorial_a_reaches_its_accuracy(tmp_path: Path) -> None:
    settings = ["--learning-rate", "0.01", "--batch-size", "100", "--steps", "1000"]
    result = run("train", *settings, "--checkpoint-dir", tmp_path, "--json")

    assert json.loads(result.stdout)["accuracy"] >= 0.90


@pytest.mark.slow
def test_a_convolutional_network_reads_99_percent(tmp_path: Path) -> None:
    result = run("train", "--model", "cnn", "--checkpoint-dir", tmp_path, "--json")
    samples = run("eval", SAMPLES, "--checkpoint-dir", tmp_path, "--json")

    document = json.loads(result.stdout)
    assert document["accuracy"] >= 0.99
    assert document["step"] == RECIPES["cnn"].steps
    assert json.loads(samples.stdout)["correct"] >= 29


@pytest.mark.slow
def test_the_samples_are_read() -> None:
    result = run("predict", *sorted(SAMPLES.iterdir()))

    rows = [line.split("\t") for line in result.stdout.splitlines()]
    right = sum(Path(row[0]).name[0] == row[1] for row in rows)
    assert len(rows) == 30
    assert right / len(rows) >= 0.9


@pytest.mark.parametrize("preprocess", ["mnist", "plain"])
@pytest.mark.parametrize("invert", ["auto", "yes", "no"])
def test_the_tutorials_pictures_are_accepted(invert: str, preprocess: str, shared: Path) -> None:
    folders = [shared / "tutorial_images" / name for name in ("csuncle", "geektutu")]
    result = run("predict", *folders, "--invert", invert, "--preprocess", preprocess)

    assert len(result.stdout.splitlines()) == 16


def test_the_polarity_of_the_tutorials_pictures_is_found(shared: Path) -> None:
    from mnistcli.pictures.pipeline import prepare

    for name, polarity in (("csuncle", "light_on_dark"), ("geektutu", "dark_on_light")):
        for path in (shared / "tutorial_images" / name).iterdir():
            assert prepare(path.read_bytes()).polarity == polarity, path


@pytest.mark.slow
@pytest.mark.parametrize("polarity", ["white on black", "black on white"])
def test_an_image_written_as_a_picture_gets_the_same_answer(
    polarity: str, shared: Path, tmp_path: Path
) -> None:
    from mnistcli.runs.checkpoints import find_newest
    from mnistcli.training.export import open_model

    images = idx.read(shared / "mnist" / "t10k-images-idx3-ubyte.gz")[:2000]
    for number, image in enumerate(images):
        shown = image if polarity == "white on black" else 255 - image
        Image.fromarray(shown).save(tmp_path / f"{number:04}.png")
    recorder = Recorder()
    checkpoint = find_newest(Path("checkpoints"), recorder)
    predictor = open_model(checkpoint, SILENT).predictor

    document = json.loads(run("predict", tmp_path, "--format", "json").stdout)

    assert recorder.warnings == []
    answers = np.array([result["probabilities"] for result in document["results"]], np.float32)
    np.testing.assert_array_equal(answers, predictor.predict(images))


@pytest.mark.slow
def test_the_plain_pipeline_reads_as_few_user_pictures_as_the_tutorials(shared: Path) -> None:
    folders = sorted(path for path in (shared / "user_digits").iterdir() if path.is_dir())
    plain = json.loads(run("eval", *folders, "--preprocess", "plain", "--json").stdout)
    ours = json.loads(run("eval", *folders, "--json").stdout)

    assert plain["total"] == ours["total"] == 186
    assert plain["accuracy"] == pytest.approx(0.32, abs=0.03)  # as others measured it
    assert ours["accuracy"] > 0.8
