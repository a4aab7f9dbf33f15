"""An answer for each picture that a user names."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnistcli.cutout import Digit
from mnistcli.digit import SIDE
from mnistcli.errors import PictureError
from mnistcli.parallel import map_ahead
from mnistcli.preparation import BLANK, Prepared, prepare
from mnistcli.sources import Content, Picture, find_pictures, read_in_batches

if TYPE_CHECKING:  # or other processes, which only prepare pictures, would load LiteRT
    from mnistcli.predictor import Predictor

SURE = 0.6
"""Least confidence of an answer that isn't warned of."""

DOUBTFUL = 0.5
"""Least probability of being no digit that is warned of."""

NO_DIGIT = "nothing like a digit"
UNSURE = "unsure: {} at {:.2f}, {} at {:.2f}, or no digit at {:.2f}"


@dataclass(frozen=True)
class Reading:
    """What was read off one digit."""

    digit: Digit
    probabilities: NDArray[np.float32]  # [10]
    doubt: float  # probability that it is no digit at all
    warnings: tuple[str, ...] = ()

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
    """What was read off one picture, or why nothing was."""

    file: str
    label: int | None = None  # what its name, or that of its folder, says that it is
    readings: tuple[Reading, ...] = ()  # in reading order; one, unless several were asked for
    rows: tuple[int, ...] = ()  # readings in each row
    polarity: str | None = None  # "dark_on_light" or "light_on_dark"
    warnings: tuple[str, ...] = ()  # of the picture
    error: str = ""

    @property
    def confidence(self) -> float:
        """The least confidence of its readings, 0 if there are none."""
        return min((reading.confidence for reading in self.readings), default=0)


def recognise(
    names: Iterable[str],
    predictor: "Predictor",
    detector: "Predictor",
    preprocess: str = "mnist",
    invert: str = "auto",
    *,
    several: bool = False,
) -> Iterator[Answer]:
    """Answer every picture among files, directories and ``-``, in their order.

    What can't be used gets an answer with an error, and the others are answered all the same.
    The options are those of :func:`mnistcli.preparation.prepare`.

    Args:
        names: of files and directories.
        predictor: gives each digit's probability.
        detector: gives the probability that an image is of no digit; not asked where the picture
            is only resized, since it knows framed ones.
    """
    for batch in prepare_in_batches(names, preprocess, invert, several=several):
        images = [
            digit.image
            for _, prepared in batch
            if isinstance(prepared, Prepared)
            for digit in prepared.digits
        ]
        stacked = np.stack(images) if images else np.empty((0, SIDE, SIDE), np.uint8)
        probabilities = iter(predictor.predict(stacked))
        doubts = detector.predict(stacked) if preprocess == "mnist" else np.zeros(len(images))
        doubts[~stacked.any(axis=(1, 2))] = 1
        remaining = zip(probabilities, doubts.ravel().tolist(), strict=True)
        for picture, prepared in batch:
            if isinstance(prepared, Prepared):
                yield _answer(picture, prepared, remaining)
            else:
                yield Answer(picture.name, picture.label, error=str(prepared))


def prepare_in_batches(
    names: Iterable[str], preprocess: str = "mnist", invert: str = "auto", *, several: bool = False
) -> Iterator[list[tuple[Picture, Prepared | PictureError]]]:
    """Prepare every picture among files, directories and ``-``, in their order, by all cores."""
    options = {"preprocess": preprocess, "invert": invert, "several": several}
    prepare_all = partial(_prepare_all, options=options)
    return map_ahead(prepare_all, read_in_batches(find_pictures(names)))


def _answer(
    picture: Picture, prepared: Prepared, answers: Iterator[tuple[NDArray[np.float32], float]]
) -> Answer:
    """Put together what is known of a picture; the next answers are those of its digits."""
    readings = []
    for digit, (probabilities, doubt) in zip(prepared.digits, answers, strict=False):
        reading = Reading(digit, probabilities, doubt, digit.warnings)
        if BLANK not in prepared.warnings:
            reading = replace(reading, warnings=reading.warnings + _judge(reading))
        readings.append(reading)
    return Answer(
        *(picture.name, picture.label, tuple(readings)),
        *(prepared.rows, prepared.polarity, prepared.warnings),
    )


def _judge(reading: Reading) -> tuple[str, ...]:
    """Return what to warn of in an answer."""
    if reading.doubt >= DOUBTFUL:
        return (NO_DIGIT,)
    if reading.confidence < SURE:
        is_digit = 1 - reading.doubt
        (digit, share), (other, lower) = reading.best(2)
        shares = (digit, is_digit * share, other, is_digit * lower, reading.doubt)
        return (UNSURE.format(*shares),)
    return ()


def _prepare_all(
    batch: list[tuple[Picture, Content]], options: Mapping[str, Any]
) -> list[tuple[Picture, Prepared | PictureError]]:
    return [(picture, _prepare(content, options)) for picture, content in batch]


def _prepare(content: Content, options: Mapping[str, Any]) -> Prepared | PictureError:
    try:
        return content if isinstance(content, PictureError) else prepare(content, **options)
    except PictureError as error:
        return error
