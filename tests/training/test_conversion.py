import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mnistcli.inference.interpreter import Predictor
from mnistcli.runs.recipes import RECIPES

pytestmark = pytest.mark.usefixtures("tensorflow")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "tolerance", "most_bytes"),
    [("softmax", 1e-5, 40_000), ("cnn", 1e-5, 600_000), ("deepcnn", 5e-3, 1_000_000)],
)
def test_the_tflite_answers_as_the_network_does(
    model: str, tolerance: float, most_bytes: int, make_network: Callable
) -> None:
    from mnistcli.training.conversion import to_tflite

    network = make_network(model)
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
    make_network: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mnistcli.training.conversion import to_saved_model, to_tflite

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    to_tflite(make_network("softmax"))
    to_saved_model(make_network("softmax"))

    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("model", RECIPES)
def test_the_saved_model_answers_as_the_network_does(
    model: str, make_network: Callable, answer_by_saved_model: Callable
) -> None:
    from mnistcli.training.conversion import to_saved_model

    network = make_network(model)
    x = np.random.default_rng(4).random((100, 784)).astype(np.float32)

    answers = answer_by_saved_model(to_saved_model(network), x)

    np.testing.assert_allclose(answers, network.y(x), rtol=0, atol=1e-6)
