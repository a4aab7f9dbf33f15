import numpy as np
import pytest

from mnistcli.evaluation import evaluate


def one_answer(digit: int, probability: float) -> np.ndarray:
    row = np.full(10, (1 - probability) / 9)
    row[digit] = probability
    return row


def test_scores_known_answers() -> None:
    rows = [one_answer(3, 0.91), one_answer(4, 0.55), one_answer(4, 0.1 + 9e-7)]
    labels = np.array([3, 7, 4], np.uint8)

    evaluation = evaluate(np.array(rows, np.float32), labels)

    assert (evaluation.correct, evaluation.total) == (2, 3)
    assert evaluation.accuracy == 2 / 3
    expected = -(np.log(0.91) + np.log(0.05) + np.log(0.1)) / 3
    assert evaluation.loss == pytest.approx(expected, rel=1e-5)
    confusion = np.array(evaluation.confusion)
    assert confusion.shape == (10, 10)
    assert confusion.sum() == 3
    assert (confusion[3, 3], confusion[7, 4], confusion[4, 4]) == (1, 1, 1)


def test_a_probability_of_zero_has_a_finite_loss() -> None:
    evaluation = evaluate(np.array([one_answer(1, 1)], np.float32), np.array([2], np.uint8))

    assert evaluation.loss == pytest.approx(87.34, abs=0.01)  # -log of float32's smallest normal


def test_no_images_have_no_accuracy() -> None:
    evaluation = evaluate(np.empty((0, 10), np.float32), np.empty(0, np.uint8))

    assert (evaluation.total, evaluation.accuracy, evaluation.loss) == (0, None, None)
