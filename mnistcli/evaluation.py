"""How good the answers are: accuracy, loss and confusion from probabilities and labels."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistcli.digit import CLASSES

SMALLEST = float(np.finfo(np.float32).tiny)
"""Stands in for a probability that has underflowed to 0, whose logarithm has no value."""


Z = 1.959963984540054
"""Quantile of the normal distribution that leaves 2.5 % above it."""


@dataclass(frozen=True)
class Answered:
    """Images with their labels, and what a model answered."""

    dataset: str
    split: str | None  # None of pictures
    names: list[str]  # of files, or of places in the data set
    images: NDArray[np.uint8]  # [N, 28, 28]
    labels: NDArray[np.uint8]  # [N]
    probabilities: NDArray[np.float32]  # [N, 10]

    def find_errors(self) -> NDArray[np.intp]:
        """Return the indices of the misread images, that of the least probable label first."""
        wrong = np.flatnonzero(self.probabilities.argmax(axis=1) != self.labels)
        right = self.probabilities[wrong, self.labels[wrong]]
        return wrong[np.argsort(right, kind="stable")]


@dataclass(frozen=True)
class DigitScore:
    """How often one digit was read, and rightly."""

    digit: int
    images: int  # that are labelled so
    answers: int  # that say so
    right: int

    @property
    def precision(self) -> float | None:
        """The share of right ones among the answers; None of no answers."""
        return self.right / self.answers if self.answers else None

    @property
    def recall(self) -> float | None:
        """The share of right ones among the images; None of no images."""
        return self.right / self.images if self.images else None


@dataclass(frozen=True)
class Evaluation:
    """The score of a set of images."""

    correct: int
    total: int
    loss: float | None  # mean cross-entropy in nats; None of no images
    confusion: list[list[int]]  # [10][10] images by label, then by answer

    @property
    def accuracy(self) -> float | None:
        """The share of right answers in [0, 1]; None of no images."""
        return self.correct / self.total if self.total else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The accuracy's 95 % confidence interval; None of no images.

        The score interval of Wilson, Probable inference, the law of succession, and statistical
        inference, JASA 22 (1927), 209-212: it stays within [0, 1], also where all are right.
        """
        if not self.total:
            return None
        n, p, z = self.total, self.correct / self.total, Z
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
    """Score probabilities [N, 10] against labels [N]."""
    answers = probabilities.argmax(axis=1)
    confusion = np.zeros((CLASSES, CLASSES), np.int64)
    np.add.at(confusion, (labels, answers), 1)
    right = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    loss = -np.log(np.maximum(right, SMALLEST)).mean() if len(labels) else None
    return Evaluation(
        correct=int(confusion.trace()),
        total=len(labels),
        loss=None if loss is None else float(loss),
        confusion=confusion.tolist(),
    )
