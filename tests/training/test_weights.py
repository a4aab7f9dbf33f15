import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.listening import SILENT

from mnistcli.errors import ModelError
from mnistcli.inference.interpreter import Predictor
from mnistcli.runs.checkpoints import DATA, INDEX, add_export, find_newest, write_checkpoint
from mnistcli.runs.config import Settings
from mnistcli.runs.plan import Plan
from mnistcli.runs.recipes import RECIPES
from mnistcli.runs.record import Record

pytestmark = pytest.mark.usefixtures("tensorflow")
SETTINGS = Settings("softmax", "mnist", seed=0, batch_size=64, learning_rate=0.001, cycles=())


def random_network(model: str = "softmax") -> object:
    """A network unlike any that has been trained, each digit its most probable somewhere."""
    from mnistcli.training.network import Network

    network, random = Network(RECIPES[model], seed=0), np.random.default_rng(3)
    network.step.assign(70)
    for variable in network.variables:
        if variable.dtype == "float32":
            inputs = np.prod(variable.shape[:-1])
            values = random.normal(0, np.sqrt(2 / inputs), variable.shape)
            variable.assign(values if inputs > 1 else random.uniform(0.5, 1.5, variable.shape))
    return network


def plan(directory: Path, model: str = "softmax") -> Plan:
    return Plan(
        directory,
        replace(SETTINGS, model=model),
        run=1,
        start=None,
        first_step=0,
        steps=70,
        save_every=1000,
        keep=5,
        log_every=100,
    )


def ignore(message: str) -> None:
    pass


@pytest.mark.parametrize("model", RECIPES)
def test_restores_the_very_same_variables(model: str, tmp_path: Path) -> None:
    from mnistcli.training.weights import restore, save

    network = random_network(model)
    save(network, plan(tmp_path, model), 70)

    newest = find_newest(tmp_path, SILENT)
    restored = restore(newest)

    assert (newest.step, newest.settings.model, newest.export) == (70, model, None)
    assert len(restored.variables) == len(network.variables)
    for found, expected in zip(restored.variables, network.variables, strict=True):
        np.testing.assert_array_equal(found.numpy(), expected.numpy())


@pytest.mark.parametrize(
    ("model", "tolerance", "most_bytes"),
    [("softmax", 1e-5, 40_000), ("cnn", 1e-5, 600_000), ("deepcnn", 2e-3, 1_000_000)],
)
def test_the_export_answers_as_the_network_does(
    model: str, tolerance: float, most_bytes: int, tmp_path: Path
) -> None:
    from mnistcli.training.conversion import to_tflite

    network = random_network(model)
    images = np.random.default_rng(4).integers(0, 256, (1500, 28, 28)).astype(np.uint8)

    export = to_tflite(network)
    answers = Predictor(export, "there").predict(images)

    expected = network.y((images / 255).reshape(-1, 784).astype(np.float32)).numpy()
    np.testing.assert_allclose(answers, expected, rtol=0, atol=tolerance)
    assert np.ptp(expected, axis=0).max() > 0.1
    assert answers.shape == (1500, 10)
    assert answers.dtype == np.float32
    assert len(export) <= most_bytes


def test_an_export_leaves_no_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mnistcli.training.conversion import to_saved_model, to_tflite

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    to_tflite(random_network())
    to_saved_model(random_network())

    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="needs sha256sum")
def test_sha256sum_agrees_with_the_sums(tmp_path: Path) -> None:
    from mnistcli.training.weights import save

    folder = add_export(save(random_network(), plan(tmp_path), 70), b"a model").path
    sums = ["SHA256SUMS", "model.tflite.sha256"]
    check = subprocess.run(["sha256sum", "-c", *sums], cwd=folder, capture_output=True, text=True)

    assert check.returncode == 0
    checked = {line.removesuffix(": OK") for line in check.stdout.splitlines()}
    assert checked == {file.name for file in folder.iterdir()} - set(sums)


@pytest.mark.parametrize(
    "shapes", [{"w": [100, 10], "b": [10]}, {"w": [784, 10]}, {"w": [784, 10], "b": [10], "c": [1]}]
)
def test_weights_of_another_network_are_refused(shapes: dict, tmp_path: Path) -> None:
    import tensorflow as tf

    from mnistcli.training.weights import restore

    other = tf.Module()
    for name, shape in shapes.items():
        setattr(other, name, tf.Variable(tf.zeros(shape)))
    tf.train.Checkpoint(network=other).write(str(tmp_path / "weights"))
    weights = {name: (tmp_path / name).read_bytes() for name in (INDEX, DATA)}
    write_checkpoint(tmp_path, Record(SETTINGS, 1, 70), weights)

    with pytest.raises(ModelError, match="model-70: does not hold the weights of softmax"):
        restore(find_newest(tmp_path, SILENT))
