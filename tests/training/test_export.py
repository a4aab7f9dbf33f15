from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.listening import SILENT, Recorder

from mnistcli import pretrained
from mnistcli.errors import ModelError
from mnistcli.images import to_input
from mnistcli.inference.interpreter import Predictor
from mnistcli.runs.checkpoints import EXPORT, EXPORT_SUMS, Checkpoint, find_newest
from mnistcli.training.export import make_saved_model, open_model

pytestmark = pytest.mark.usefixtures("tensorflow")
IMAGES = np.random.default_rng(6).integers(0, 256, (20, 28, 28)).astype(np.uint8)


@pytest.fixture
def without_export(trained: Path) -> Checkpoint:
    """The newest checkpoint of a run of softmax regression, without its export."""
    for name in (EXPORT, EXPORT_SUMS):
        (trained / "model-60" / name).unlink()
    return find_newest(trained, SILENT)


def test_a_model_is_opened_with_its_export(trained: Path) -> None:
    checkpoint, listener = find_newest(trained, SILENT), Recorder()

    model = open_model(checkpoint, listener)

    assert model.export == checkpoint.export
    assert (model.name, model.step, model.dataset) == ("softmax", 60, "mnist")
    assert model.source == str(trained / "model-60")
    assert listener.infos == []


def test_a_missing_export_is_made_and_kept(checkpoints: Path, without_export: Checkpoint) -> None:
    listener = Recorder()

    model = open_model(without_export, listener)

    assert listener.infos == [f"{without_export.path} has no export yet: making it"]
    assert model.export == find_newest(checkpoints, SILENT).export
    assert find_newest(without_export.path.parent, SILENT).export == model.export


def test_an_export_that_cannot_be_kept_answers_all_the_same(
    without_export: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(checkpoint: Checkpoint, tflite: bytes) -> None:
        raise OSError(28, "No space left on device", str(checkpoint.path / EXPORT))

    monkeypatch.setattr("mnistcli.training.export.add_export", fail)
    listener = Recorder()

    model = open_model(without_export, listener)

    path = without_export.path / EXPORT
    assert listener.warnings == [f"the export is not kept: {path}: No space left on device"]
    np.testing.assert_allclose(model.predictor.predict(IMAGES).sum(axis=1), 1, rtol=1e-5)


def test_weights_of_another_model_are_not_exported(without_export: Checkpoint) -> None:
    settings = replace(without_export.settings, model="cnn")

    with pytest.raises(ModelError, match="model-60: does not hold the weights of cnn"):
        open_model(replace(without_export, settings=settings), SILENT)


@pytest.mark.slow
@pytest.mark.parametrize(("is_pretrained", "tolerance"), [(True, 3e-3), (False, 1e-5)])
def test_a_saved_model_answers_as_the_export_does(
    is_pretrained: bool, tolerance: float, trained: Path, answer_by_saved_model: Callable
) -> None:
    """LiteRT computes the pretrained model's weights of 16 bits differently than TensorFlow."""
    checkpoint = None if is_pretrained else find_newest(trained, SILENT)
    export = checkpoint.export if checkpoint else pretrained.read_export()

    answers = answer_by_saved_model(make_saved_model(checkpoint), to_input(IMAGES))

    expected = Predictor(export, "export").predict(IMAGES)
    np.testing.assert_allclose(answers, expected, rtol=0, atol=tolerance)
