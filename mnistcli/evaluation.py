"""How good the answers are: accuracy, loss and confusion from probabilities and labels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistcli.digit import CLASSES

SMALLEST = float(np.finfo(np.float32).tiny)
"""Stands in for a probability that has underflowed to 0, whose logarithm has no value."""


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
