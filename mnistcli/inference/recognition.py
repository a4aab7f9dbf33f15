"""The answer to each picture that a user names."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import compress, islice

import numpy as np
from numpy.typing import NDArray

from mnistcli.datasets.arrays import find_images
from mnistcli.errors import PictureError
from mnistcli.images import SIDE
from mnistcli.inference.interpreter import Predictor
from mnistcli.pictures.extraction import Digit
from mnistcli.pictures.files import Picture
from mnistcli.pictures.labels import Label
from mnistcli.pictures.pipeline import (
    DEFAULT_OPTIONS,
    PictureOptions,
    Prepared,
    prepare_in_batches,
)

MIN_CONFIDENCE = 0.7
"""Confidence below which an answer gets a warning."""

MAX_DOUBT = 0.5
"""Probability of being no digit from which on an image is taken for none."""

DIGITS_PRIOR = 9
"""How many times more digits there are for each other thing in people's pictures than in what the
detector was trained on. A guess."""

MAX_CERTAINTY = 0.999
"""Of the locator, either way: it leaves the last word to the detector."""

NO_DIGIT = "nothing like a digit"
LEFT_OUT = "left out: {} that may be no digit"
UNSURE = "unsure: {} at {:.2f}, {} at {:.2f}, or no digit at {:.2f}"


@dataclass(frozen=True)
class Reading:
    """The answer to one digit."""

    digit: Digit
    probabilities: NDArray[np.float32]  # [10]
    doubt: float  # probability that it is no digit at all, by the detector and the locator
    warnings: tuple[str, ...] = ()

    @property
    def is_digit(self) -> bool:
        """Whether it is more probably a digit than not."""
        return self.doubt < MAX_DOUBT

    @property
    def confidence(self) -> float:
        """Probability that it is a digit, and this one."""
        return (1 - self.doubt) * self.best(1)[0][1]

    def best(self, count: int) -> list[tuple[int, float]]:
        """Return the ``count`` most probable digits with their probabilities, best first."""
        order = np.argsort(-self.probabilities, kind="stable")[:count]
        return [(int(digit), float(self.probabilities[digit])) for digit in order]


@dataclass(frozen=True)
class Answer:
    """The answer to one picture, or why there is none."""

    file: str
    label: Label | None = None  # from the name of the file or of its folder
    readings: tuple[Reading, ...] = ()  # in reading order; one, unless several were asked for
    rows: tuple[int, ...] = ()  # number of readings in each row
    polarity: str | None = None  # "dark_on_light" or "light_on_dark"
    warnings: tuple[str, ...] = ()  # about the whole picture
    error: str = ""

    @property
    def confidence(self) -> float:
        """The least confidence of its readings, 0 if there are none."""
        return min((reading.confidence for reading in self.readings), default=0)


def recognize(
    names: Iterable[str],
    predictor: Predictor,
    detector: Predictor,
    options: PictureOptions = DEFAULT_OPTIONS,
) -> Iterator[Answer]:
    """Yield the answer to every picture among files, directories and ``-``, in order.

    Files of arrays have many: see :mod:`mnistcli.datasets.arrays`.

    A picture that can't be used gets an answer with an error.

    Args:
        names: of files and directories.
        predictor: gives each digit's probability.
        detector: gives the probability that an image is no digit; it is not used for pictures that
            are only resized, since it knows normalized images.
        options: how the pictures are prepared.
    """
    for batch in prepare_in_batches(find_images(names), options):
        yield from answer_batch(batch, predictor, detector, options)


def answer_batch(
    batch: Sequence[tuple[Picture, Prepared | PictureError]],
    predictor: Predictor,
    detector: Predictor,
    options: PictureOptions,
) -> Iterator[Answer]:
    """Yield the answer to each prepared picture, as :func:`recognize` does."""
    digits = [
        digit
        for _, prepared in batch
        if isinstance(prepared, Prepared)
        for digit in prepared.digits
    ]
    images = np.array([digit.image for digit in digits], np.uint8).reshape(-1, SIDE, SIDE)
    probabilities = iter(predictor.predict(images))
    doubts = np.zeros(len(images))
    if options.preprocess == "mnist":
        scores = np.array([digit.score for digit in digits])
        doubts = join(detector.predict(images)[:, 0], scores)
    doubts[~images.any(axis=(1, 2))] = 1
    remaining = zip(probabilities, doubts.tolist(), strict=True)
    for picture, prepared in batch:
        if isinstance(prepared, Prepared):
            answer = _answer(picture, prepared, remaining)
            yield leave_out(answer) if options.several else answer
        else:
            yield Answer(picture.name, picture.label, error=str(prepared))


def join(doubts: NDArray[np.float32], scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probability that something is no digit, by the detector and by the locator, [N].

    The two look at different things, an image and the picture around it, and are taken as
    independent: their odds are multiplied, and those of pictures before one looks at them (naive
    Bayes; Duda and Hart, "Pattern Classification and Scene Analysis", 1973).

    Args:
        doubts: by the detector, [N].
        scores: the locator's probabilities of digits, [N]; 0.5 says nothing either way.
    """
    beliefs = np.clip(scores, 1 - MAX_CERTAINTY, MAX_CERTAINTY)
    against = doubts * (1 - beliefs)
    joined: NDArray[np.float64] = against / (against + DIGITS_PRIOR * (1 - doubts) * beliefs)
    return joined


def _answer(
    picture: Picture, prepared: Prepared, results: Iterator[tuple[NDArray[np.float32], float]]
) -> Answer:
    """Return the answer to a picture; the next results are those of its digits."""
    readings = []
    for digit, (probabilities, doubt) in zip(prepared.digits, results, strict=False):
        reading = Reading(digit, probabilities, doubt, digit.warnings)
        if not prepared.is_blank:
            reading = replace(reading, warnings=reading.warnings + _judge(reading))
        readings.append(reading)
    return Answer(
        *(picture.name, picture.label, tuple(readings)),
        *(prepared.rows, prepared.polarity, prepared.warnings),
    )


def leave_out(answer: Answer) -> Answer:
    """Return an answer without what is no digit, as far as can be told."""
    is_kept = [reading.is_digit for reading in answer.readings]
    if all(is_kept):
        return answer
    remaining = iter(is_kept)
    counts = (sum(islice(remaining, count)) for count in answer.rows)
    return replace(
        answer,
        readings=tuple(compress(answer.readings, is_kept)),
        rows=tuple(count for count in counts if count),
        warnings=(*answer.warnings, LEFT_OUT.format(is_kept.count(False))),
    )


def _judge(reading: Reading) -> tuple[str, ...]:
    """Return the warnings about an answer."""
    if not reading.is_digit:
        return (NO_DIGIT,)
    if reading.confidence < MIN_CONFIDENCE:
        belief = 1 - reading.doubt
        (digit, share), (other, lower) = reading.best(2)
        shares = (digit, belief * share, other, belief * lower, reading.doubt)
        return (UNSURE.format(*shares),)
    return ()
