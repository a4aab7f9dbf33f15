"""The temperature of a model's answers, fitted on images that it has not seen."""

import numpy as np
import pytest
import temperature
from helpers.listening import SILENT

from mnistcli.datasets.dataset import Dataset
from mnistcli.datasets.synthetic.dataset import draw_images
from mnistcli.evaluation.metrics import evaluate
from mnistcli.runs.recipes import RECIPES


def test_heat_divides_logits() -> None:
    logits = np.random.default_rng(1).normal(0, 3, (50, 10))
    powers, halves = np.exp(logits), np.exp(logits / 2)

    heated = temperature.heat((powers / powers.sum(axis=1, keepdims=True)).astype(np.float32), 2)

    np.testing.assert_allclose(heated, halves / halves.sum(axis=1, keepdims=True), rtol=1e-4)


def test_no_temperature_makes_certainty_of_what_is_impossible() -> None:
    certain = np.eye(10, dtype=np.float32)[:3]

    np.testing.assert_allclose(temperature.heat(certain, 0.5), certain)


@pytest.mark.slow
@pytest.mark.usefixtures("tensorflow")
def test_the_temperature_has_the_least_loss(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    images, labels = draw_images(3, 900)
    data = Dataset("strokes", "train", images, labels)
    monkeypatch.setattr(temperature, "HELD_OUT", 300)
    monkeypatch.setattr(temperature.dataset, "load", lambda *given: data)
    monkeypatch.setattr(temperature, "Console", lambda is_quiet: SILENT)
    answers: list[np.ndarray] = []
    train = temperature.train

    def remember(model: str, kept: Dataset, *given: object) -> object:
        assert len(kept.images) == 600
        predictor = train(model, kept, *given)
        answers.append(predictor.predict(images[-300:]))
        return predictor

    monkeypatch.setattr(temperature, "train", remember)
    monkeypatch.setattr("sys.argv", ["temperature.py", "softmax", "there"])

    temperature.main()

    best = float(capsys.readouterr().out.split()[2].rstrip(","))
    former = RECIPES["softmax"].temperature  # the answers include it
    losses = {
        t: evaluate(temperature.heat(answers[0], t / former), labels[-300:]).loss
        for t in (0.3, best - 0.05, best, best + 0.05, 1.5)
        if t > 0
    }
    assert min(losses, key=losses.get) == best
