import importlib.util
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.drawing import SAMPLES

from mnistcli import pretrained
from mnistcli.datasets.dataset import Dataset
from mnistcli.datasets.mnist import FILES
from mnistcli.errors import ModelError
from mnistcli.images import to_input
from mnistcli.inference.interpreter import Predictor
from mnistcli.pictures.pipeline import prepare
from mnistcli.runs.recipes import RECIPES

MAX_BYTES = 3 << 20
"""Most bytes of all models together."""

RECORDS = (pretrained.DETECTOR_RECORD, pretrained.LOCATOR_RECORD)
"""Of the networks that prepare and judge pictures."""

READERS = {
    pretrained.MODEL_EXPORT: "read_export",
    pretrained.MODEL_WEIGHTS: "read_weights",
    pretrained.DETECTOR_EXPORT: "read_detector",
    pretrained.LOCATOR_EXPORT: "read_locator",
}
"""Functions that read the files of the models."""


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """The sample pictures, uint8 [30, 28, 28]."""
    return np.stack([prepare(path.read_bytes()).digits[0].image for path in SAMPLES])


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package's networks, which may be damaged."""
    folder = Path(shutil.copytree(pretrained.PRETRAINED_FOLDER, tmp_path / "pretrained"))
    monkeypatch.setattr(pretrained, "PRETRAINED_FOLDER", folder)
    return folder


def test_the_files_are_small() -> None:
    sizes = [(pretrained.PRETRAINED_FOLDER / name).stat().st_size for name in READERS]

    assert min(sizes) > 0
    assert sum(sizes) <= MAX_BYTES


def test_the_record_describes_the_training() -> None:
    record = pretrained.read_record()

    assert (record.model, record.dataset, record.step) == ("deepcnn", "mnist", 36_000)
    assert record.data == {file.name: file.sha256 for file in FILES}
    assert record.accuracy >= 0.997
    assert set(record.versions) >= {"mnistcli", "tensorflow", "numpy", "python"}
    makefile = (Path(__file__).parents[2] / "Makefile").read_text()
    assert f"\n{record.command.removeprefix('make ')}:" in makefile


def test_the_weights_have_16_bits() -> None:
    weights = pretrained.read_weights()

    assert {weight.dtype for weight in weights.values()} == {np.dtype(np.float16)}
    assert weights["w"].shape == (128, 10)
    assert weights["1.kernel"].shape == (3, 3, 1, 32)


@pytest.mark.slow
@pytest.mark.usefixtures("tensorflow")
def test_the_export_can_be_made_from_the_weights(images: np.ndarray) -> None:
    from mnistcli.training.conversion import to_tflite
    from mnistcli.training.weights import open_network

    network = open_network(None)

    expected = Predictor(pretrained.read_export(), "").predict(images)
    for found in (
        network.y(to_input(images)).numpy(),
        Predictor(to_tflite(network), "").predict(images),
    ):
        np.testing.assert_allclose(found, expected, atol=2e-3)
        np.testing.assert_array_equal(found.argmax(axis=1), expected.argmax(axis=1))


@pytest.mark.slow
@pytest.mark.usefixtures("tensorflow")
def test_training_can_start_from_the_weights(images: np.ndarray) -> None:
    """The weights in training, not only their EMA, are those that are given."""
    from tensorflow import one_hot

    from mnistcli.training.network import Network
    from mnistcli.training.weights import from_weights

    labels = one_hot([int(path.name[0]) for path in SAMPLES], 10)
    resumed = from_weights(RECIPES["deepcnn"], pretrained.read_weights(), 0)
    losses = [
        float(network.train(to_input(images), labels, 0.0)[0]) / len(SAMPLES)
        for network in (resumed, Network(RECIPES["deepcnn"], 0))
    ]

    assert losses[0] < 1 < losses[1]
    assert int(resumed.step) == 1


@pytest.mark.usefixtures("tensorflow")
@pytest.mark.parametrize("change", ["missing", "further", "shape"])
def test_weights_of_another_model_are_refused(change: str) -> None:
    from mnistcli.training.weights import from_weights

    weights = pretrained.read_weights()
    if change == "missing":
        del weights["b"]
    elif change == "further":
        weights["9.kernel"] = weights["b"]
    else:
        weights["b"] = weights["b"][:9]

    with pytest.raises(ModelError, match="those of another model"):
        from_weights(RECIPES["deepcnn"], weights, 0)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("change", ["flipped", "gone"])
def test_damaged_files_are_refused(name: str, change: str, copied: Path) -> None:
    path = copied / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()
    if change == "flipped":
        path.write_bytes(content)

    with pytest.raises(ModelError, match=f"{name}: (damaged|No such file)"):
        getattr(pretrained, READERS[name])()


DAMAGED = ["", "{", "{}", "[]", '{"model": "cnn"}', '{"files": 3}']
"""Contents of a record."""


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_record_of_the_classifier_is_refused(content: str, copied: Path) -> None:
    (copied / pretrained.MODEL_RECORD).write_text(content)

    with pytest.raises(ModelError, match=r"model\.json: damaged"):
        pretrained.read_record()


@pytest.mark.parametrize("content", DAMAGED)
@pytest.mark.parametrize("name", RECORDS)
def test_another_damaged_record_is_refused(name: str, content: str, copied: Path) -> None:
    (copied / name).write_text(content)
    stem = Path(name).stem

    with pytest.raises(ModelError, match=rf"{stem}\.(json|tflite): damaged"):
        getattr(pretrained, f"read_{stem}")()


def test_write_replaces_the_model(copied: Path) -> None:
    record = json.loads((copied / pretrained.MODEL_RECORD).read_text())
    del record["files"]
    weights = {"w": np.ones((2, 3), np.float16)}

    pretrained.write(record, b"the export", weights)

    assert pretrained.read_export() == b"the export"
    np.testing.assert_array_equal(pretrained.read_weights()["w"], weights["w"])
    assert pretrained.read_record().model == record["model"]


@pytest.mark.parametrize("name", RECORDS)
def test_write_replaces_another_network(name: str, copied: Path) -> None:
    stem = Path(name).stem

    getattr(pretrained, f"write_{stem}")({"seed": 3}, b"the network")

    assert getattr(pretrained, f"read_{stem}")() == b"the network"
    assert json.loads((copied / name).read_text())["seed"] == 3


@pytest.mark.parametrize("name", RECORDS)
def test_the_record_of_another_network_describes_the_training(name: str) -> None:
    record = json.loads((pretrained.PRETRAINED_FOLDER / name).read_text())

    assert record["data"].items() <= {file.name: file.sha256 for file in FILES}.items()
    assert set(record["versions"]) >= {"mnistcli", "tensorflow", "numpy", "opencv-python-headless"}
    makefile = (Path(__file__).parents[2] / "Makefile").read_text()
    assert f"\n{record['command'].removeprefix('make ')}:" in makefile


def test_the_detector_separates_digits_from_other_images(images: np.ndarray) -> None:
    detector = Predictor(pretrained.read_detector(), "", outputs=1)
    random = np.random.default_rng(0)
    others = [(random.random((28, 28)) < share) * np.uint8(255) for share in (0.05, 0.3, 0.6)]
    stripes = np.tile(np.repeat(np.uint8([0, 255]), 3), 5)[:28] + np.zeros((28, 1), np.uint8)

    doubts = detector.predict(np.concatenate([images, [*others, stripes, stripes.T]]))

    assert doubts.shape == (35, 1)
    assert (doubts[:30] < 0.5).all()
    assert (doubts[30:] > 0.5).all()


def teach(given: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """The images as a network takes them, and their targets."""
    return to_input(given.images), given.targets


@pytest.mark.slow
@pytest.mark.usefixtures("tensorflow")
def test_the_tool_trains_a_model_and_puts_it_into_the_package(
    copied: Path, small_mnist: Path, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(__file__).parents[2] / "tools" / "classifier" / "train.py"
    spec = importlib.util.spec_from_file_location("classifier_training", path)
    assert spec
    assert spec.loader
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    for name, value in {"MODEL": "softmax", "SEED": 4, "STEPS": 60, "TEACHERS": (1, 2)}.items():
        monkeypatch.setattr(tool, name, value)
    taught = []

    def make_lessons(teachers: list, given: Dataset) -> tuple:
        taught.extend(float(teacher.accuracy(*teach(given))) for teacher in teachers)
        return given.images, given.targets

    monkeypatch.setattr(tool, "make_lessons", make_lessons)
    monkeypatch.setattr(sys, "argv", [str(path), "checkpoints", str(small_mnist)])

    tool.main()

    record = pretrained.read_record()
    assert (record.model, record.step, record.seed) == ("softmax", 60, 4)
    assert record.accuracy == 1
    assert taught == [1, 1]
    assert set(pretrained.read_weights()) == {"w", "b"}
    scored = run("eval", "--pretrained", "--json")
    assert json.loads(scored.stdout)["model"] == {
        "name": "softmax",
        "step": 60,
        "dataset": "mnist",
        "source": "pretrained",
    }
    assert json.loads(scored.stdout)["accuracy"] == 1


@pytest.mark.slow
def test_the_accuracy_on_mnist_is_the_recorded_one(shared: Path, run) -> None:
    result = run("eval", "--pretrained", "--data-dir", shared / "mnist", "--json")

    document = json.loads(result.stdout)
    assert document["model"]["source"] == "pretrained"
    assert document["total"] == 10_000
    # other processors' arithmetic may turn an answer or two
    assert document["accuracy"] == pytest.approx(pretrained.read_record().accuracy, abs=2e-4)
    assert document["calibration_error"] <= 0.005


def test_all_pictures_of_the_tutorials_are_read(shared: Path, run) -> None:
    folders = [shared / "tutorial_images" / name for name in ("csuncle", "geektutu")]

    document = json.loads(run("eval", *folders, "--pretrained", "--json").stdout)

    assert (document["correct"], document["total"]) == (16, 16)


@pytest.mark.slow
def test_nearly_all_pictures_by_people_are_read(shared: Path, run) -> None:
    folders = sorted(path for path in (shared / "user_digits").iterdir() if path.is_dir())

    document = json.loads(run("eval", *folders, "--pretrained", "--json").stdout)

    assert document["total"] == 186
    assert document["correct"] >= 182
