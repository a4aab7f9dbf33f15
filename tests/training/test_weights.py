import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.listening import SILENT
from helpers.training import make_request

from mnistcli.errors import ModelError
from mnistcli.runs.checkpoints import DATA, INDEX, add_export, find_newest, write_checkpoint
from mnistcli.runs.config import Settings
from mnistcli.runs.plan import Plan
from mnistcli.runs.recipes import RECIPES
from mnistcli.runs.record import Record

pytestmark = pytest.mark.usefixtures("tensorflow")
SETTINGS = Settings("softmax", "mnist", seed=0, batch_size=64, learning_rate=0.001, cycles=())


def plan(directory: Path, model: str = "softmax") -> Plan:
    settings = replace(SETTINGS, model=model)
    return Plan(make_request(directory), settings, run=1, start=None, first_step=0, steps=70)


@pytest.mark.parametrize("model", RECIPES)
def test_a_restored_network_has_the_same_variables(
    model: str, make_network: Callable, tmp_path: Path
) -> None:
    from mnistcli.training.weights import restore, save

    network = make_network(model)
    save(network, plan(tmp_path, model), 70)

    newest = find_newest(tmp_path, SILENT)
    restored = restore(newest)

    assert (newest.step, newest.settings.model, newest.export) == (70, model, None)
    assert len(restored.variables) == len(network.variables)
    for found, expected in zip(restored.variables, network.variables, strict=True):
        np.testing.assert_array_equal(found.numpy(), expected.numpy())


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="needs sha256sum")
def test_sha256sum_agrees_with_the_sums(make_network: Callable, tmp_path: Path) -> None:
    from mnistcli.training.weights import save

    folder = add_export(save(make_network("softmax"), plan(tmp_path), 70), b"a model").path
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


def test_weights_that_are_read_include_the_temperature(make_network: Callable) -> None:
    from mnistcli.training.weights import from_weights, read_weights

    network = make_network("softmax")
    network.recipe = RECIPES["softmax"]._replace(temperature=0.4)
    x = np.random.default_rng(4).random((50, 784)).astype(np.float32)

    read = from_weights(network.recipe, read_weights(network), 0)

    np.testing.assert_allclose(read.y(x), network.y(x), atol=1e-6)
    assert np.abs(read.y(x) - read.y(x * 0.4)).max() > 0.01
