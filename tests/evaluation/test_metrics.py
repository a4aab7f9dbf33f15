import numpy as np
import pytest

from mnistcli.evaluation.metrics import AnsweredImages, Evaluation, ReliabilityBin, evaluate


def one_answer(digit: int, probability: float) -> np.ndarray:
    row = np.full(10, (1 - probability) / 9)
    row[digit] = probability
    return row


def test_known_answers_have_known_scores() -> None:
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


@pytest.mark.parametrize(
    ("correct", "total", "interval"),
    [  # by R's prop.test(correct, total, correct=FALSE)
        (0, 10, (0.0, 0.2775328)),
        (5, 10, (0.2365931, 0.7634069)),
        (81, 263, (0.2552737, 0.3662075)),
    ],
)
def test_the_confidence_interval_is_wilsons(
    correct: int, total: int, interval: tuple[float, float]
) -> None:
    evaluation = Evaluation(correct, total, loss=1.0, confusion=[], reliability=[])

    assert evaluation.interval == pytest.approx(interval, abs=2e-4)


def test_the_confidence_interval_covers_the_truth_in_95_percent() -> None:
    random = np.random.default_rng(3)
    covered = [
        low <= 0.97 <= high
        for count in random.binomial(1000, 0.97, 4000)
        for low, high in [Evaluation(int(count), 1000, 1.0, [], []).interval]
    ]

    assert np.mean(covered) == pytest.approx(0.95, abs=0.015)


def test_answers_are_sorted_into_bins_by_their_probability() -> None:
    rows = [one_answer(3, p) for p in (0.3, 0.32, 0.81, 0.85, 1.0)]
    labels = np.array([3, 4, 3, 3, 3], np.uint8)

    evaluation = evaluate(np.array(rows, np.float32), labels)

    low, high, highest = evaluation.reliability  # from 4/15, 12/15 and 14/15 on
    assert (low.images, low.accuracy) == (2, 0.5)
    assert low.probability == pytest.approx(0.31)
    assert (high.images, high.accuracy) == (2, 1)
    assert high.probability == pytest.approx(0.83)
    assert highest == ReliabilityBin(1, 1, 1)
    assert evaluation.calibration_error == pytest.approx((2 * 0.19 + 2 * 0.17) / 5, rel=1e-5)


def test_honest_probabilities_have_a_small_calibration_error() -> None:
    random = np.random.default_rng(5)
    sure = random.uniform(0.2, 1, 50_000)
    labels = np.where(random.random(50_000) < sure, 3, 4).astype(np.uint8)
    honest = np.array([one_answer(3, p) for p in sure], np.float32)
    boastful = np.array([one_answer(3, p**0.5) for p in sure], np.float32)

    assert evaluate(honest, labels).calibration_error == pytest.approx(0, abs=0.01)
    expected = (sure**0.5 - sure).mean()
    assert evaluate(boastful, labels).calibration_error == pytest.approx(expected, abs=0.01)


def test_each_digit_has_a_precision_and_a_recall() -> None:
    labels = np.array([0, 0, 0, 1, 2], np.uint8)
    rows = [one_answer(digit, 0.9) for digit in (0, 0, 1, 1, 1)]

    zero, one, two, *rest = evaluate(np.array(rows, np.float32), labels).by_digit

    assert (zero.precision, zero.recall) == (1, 2 / 3)
    assert (one.precision, one.recall) == (1 / 3, 1)
    assert (two.images, two.answers, two.precision, two.recall) == (1, 0, None, 0)
    assert all(score.recall is None for score in rest)


def test_errors_are_ordered_from_the_worst() -> None:
    rows = [one_answer(1, 0.5), one_answer(2, 0.99), one_answer(3, 0.9), one_answer(4, 0.7)]
    probabilities, labels = np.array(rows, np.float32), np.array([1, 1, 1, 1], np.uint8)
    images = np.zeros((4, 28, 28), np.uint8)

    answered = AnsweredImages("mnist", "test", list("abcd"), images, labels, probabilities)

    assert [answered.names[index] for index in answered.find_errors()] == ["b", "c", "d"]


def test_no_images_have_no_accuracy() -> None:
    evaluation = evaluate(np.empty((0, 10), np.float32), np.empty(0, np.uint8))

    assert (evaluation.total, evaluation.accuracy, evaluation.loss) == (0, None, None)
