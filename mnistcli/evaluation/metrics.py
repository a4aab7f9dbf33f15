"""How good answers are: accuracy, loss and confusion, of probabilities and labels."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistcli.images import CLASSES

MIN_PROBABILITY = float(np.finfo(np.float32).tiny)
"""Replaces a probability that has underflowed to 0, which has no logarithm."""

RELIABILITY_BINS = 15
"""Ranges of equal width of an answer's probability, as in Guo et al. (2017)."""

Z_95 = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""


@dataclass(frozen=True)
class AnsweredImages:
    """Images with their labels, and a model's answers."""

    dataset: str
    split: str | None  # None for pictures
    names: list[str]  # of files, or of images in the data set
    images: NDArray[np.uint8]  # [N, 28, 28]
    labels: NDArray[np.uint8]  # [N]
    probabilities: NDArray[np.float32]  # [N, 10]

    def find_errors(self) -> NDArray[np.intp]:
        """Return the indices of the misread images, ordered by the probability of the label."""
        wrong = np.flatnonzero(self.probabilities.argmax(axis=1) != self.labels)
        right = self.probabilities[wrong, self.labels[wrong]]
        return wrong[np.argsort(right, kind="stable")]


@dataclass(frozen=True)
class DigitScore:
    """How often a digit was labelled, answered, and answered correctly."""

    digit: int
    images: int  # with this label
    answers: int  # with this digit
    right: int

    @property
    def precision(self) -> float | None:
        """The share of the answers that is right; None without answers."""
        return self.right / self.answers if self.answers else None

    @property
    def recall(self) -> float | None:
        """The share of the images that is read right; None without images."""
        return self.right / self.images if self.images else None


@dataclass(frozen=True)
class ReliabilityBin:
    """The answers whose probabilities lie in one range."""

    images: int
    probability: float  # mean over the answers
    accuracy: float  # share of the answers that is right


@dataclass(frozen=True)
class Evaluation:
    """The score of a set of images."""

    correct: int
    total: int
    loss: float | None  # mean cross-entropy in nats; None without images
    confusion: list[list[int]]  # [10][10] images by label, then by answer
    reliability: list[ReliabilityBin]  # in ascending order, without empty bins

    @property
    def accuracy(self) -> float | None:
        """The share of right answers, in [0, 1]; None without images."""
        return self.correct / self.total if self.total else None

    @property
    def calibration_error(self) -> float | None:
        """The expected calibration error (ECE), in [0, 1]; None without images.

        The mean distance between probability and accuracy: Guo et al., "On Calibration of Modern
        Neural Networks", 2017, arXiv 1706.04599, equation 3.
        """
        if not self.total:
            return None
        gaps = (one.images * abs(one.probability - one.accuracy) for one in self.reliability)
        return sum(gaps) / self.total

    @property
    def interval(self) -> tuple[float, float] | None:
        """The accuracy's 95 % confidence interval; None without images.

        Wilson's score interval ("Probable Inference, the Law of Succession, and Statistical
        Inference", JASA 22, 1927): it stays within [0, 1], even if all answers are right.
        """
        if not self.total:
            return None
        n, p, z = self.total, self.correct / self.total, Z_95
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return max(0.0, middle - half), min(1.0, middle + half)

    @property
    def by_digit(self) -> list[DigitScore]:
        """The score of each digit."""
        columns = zip(*self.confusion, strict=True)
        return [
            DigitScore(digit, images=sum(row), answers=sum(column), right=row[digit])
            for digit, (row, column) in enumerate(zip(self.confusion, columns, strict=True))
        ]


def evaluate(probabilities: NDArray[np.float32], labels: NDArray[np.uint8]) -> Evaluation:
    """Score probabilities, float32 [N, 10], against labels, uint8 [N]."""
    answers = probabilities.argmax(axis=1)
    confusion = np.zeros((CLASSES, CLASSES), np.int64)
    np.add.at(confusion, (labels, answers), 1)
    right = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    loss = -np.log(np.maximum(right, MIN_PROBABILITY)).mean() if len(labels) else None
    return Evaluation(
        correct=int(confusion.trace()),
        total=len(labels),
        loss=None if loss is None else float(loss),
        confusion=confusion.tolist(),
        reliability=_sort_into_bins(probabilities.max(axis=1, initial=0), answers == labels),
    )


def _sort_into_bins(
    probabilities: NDArray[np.float32], is_right: NDArray[np.bool_]
) -> list[ReliabilityBin]:
    """Sort answers into bins by their probabilities [N]."""
    numbers = np.minimum(probabilities * RELIABILITY_BINS, RELIABILITY_BINS - 1).astype(int)
    bins = []
    for number in np.unique(numbers):
        rows = numbers == number
        accuracy = float(is_right[rows].mean())
        mean = float(probabilities[rows].mean(dtype=np.float64))
        bins.append(ReliabilityBin(int(rows.sum()), mean, accuracy))
    return bins
