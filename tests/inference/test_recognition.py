from pathlib import Path

import numpy as np
import pytest
from helpers.drawing import seven, to_png

from mnistcli.datasets.synthetic.dataset import draw_images
from mnistcli.inference.recognition import (
    DIGITS_PRIOR,
    LEFT_OUT,
    MAX_DOUBT,
    NO_DIGIT,
    Answer,
    Reading,
    join,
    leave_out,
    recognize,
)
from mnistcli.pictures import files as picture_files
from mnistcli.pictures.extraction import Digit
from mnistcli.pictures.pipeline import PictureOptions
from mnistcli.system import files, parallel


class Counting:
    """A predictor whose probabilities count the images before each."""

    def __init__(self) -> None:
        self.seen = 0

    def predict(self, images: np.ndarray) -> np.ndarray:
        assert images.shape[1:] == (28, 28)
        numbers = np.arange(self.seen, self.seen + len(images), dtype=np.float32)
        self.seen += len(images)
        return np.repeat(numbers[:, None], 10, axis=1)


class Credulous:
    """A detector to which everything is a digit."""

    def predict(self, images: np.ndarray) -> np.ndarray:
        return np.zeros((len(images), 1), np.float32)


def read(names: list[str], predictor: object) -> list[Answer]:
    return list(recognize(names, predictor, Credulous()))


@pytest.mark.parametrize("batch_size", [1, 3, 256])
def test_answers_keep_the_order_across_batches(
    batch_size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_files, "MAX_BATCH_PICTURES", batch_size)
    good = tmp_path / "7.png"
    good.write_bytes(to_png(seven()))
    names = [str(good), "missing", str(good), str(good), "missing", "missing", str(good)]

    answers = read(names, Counting())

    assert [answer.file for answer in answers] == names
    assert [bool(answer.error) for answer in answers] == [name == "missing" for name in names]
    order = [reading.probabilities[0] for answer in answers for reading in answer.readings]
    assert order == [0, 1, 2, 3]


@pytest.mark.slow
def test_answers_are_the_same_with_further_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = tmp_path / "7.png"
    good.write_bytes(to_png(seven()))
    (tmp_path / "damaged.png").write_bytes(to_png(seven())[:-30])
    names = [str(good), str(tmp_path / "damaged.png"), str(good), "missing"] * 40
    alone = read(names, Counting())

    monkeypatch.setattr(parallel, "START_AFTER_SECONDS", 1e-3)
    monkeypatch.setattr(parallel, "count_cores", lambda: 3)
    shared = read(names, Counting())

    assert [(answer.file, answer.error) for answer in shared] == [
        (answer.file, answer.error) for answer in alone
    ]
    numbers = [reading.probabilities[0] for answer in shared for reading in answer.readings]
    assert numbers == list(range(80))


def test_a_file_larger_than_the_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_FILE_BYTES", 1 << 20)
    (tmp_path / "large.png").write_bytes(bytes((1 << 20) + 1))

    (answer,) = read([str(tmp_path / "large.png")], Counting())

    assert answer.error == "larger than 1 MiB"


def test_the_best_digits_come_first() -> None:
    probabilities = np.array([0, 0.25, 0, 0.5, 0, 0, 0.25, 0, 0, 0], np.float32)

    reading = Reading(Digit(np.zeros((28, 28), np.uint8)), probabilities, doubt=0.5)

    assert reading.best(3) == [(3, 0.5), (1, 0.25), (6, 0.25)]
    assert reading.confidence == 0.25


class Fixed:
    """A predictor that gives every image the same numbers."""

    def __init__(self, *numbers: float) -> None:
        self.numbers = np.float32([numbers])

    def predict(self, images: np.ndarray) -> np.ndarray:
        return np.repeat(self.numbers, len(images), axis=0)


def doubting(doubt: float) -> Fixed:
    """A detector whose answer leads to a doubt, where the locator isn't asked."""
    odds = DIGITS_PRIOR * doubt / (1 - doubt)
    return Fixed(odds / (1 + odds))


DOUBTED, BELIEVED = MAX_DOUBT * 1.01, MAX_DOUBT * 0.99
SURE = Fixed(0, 0, 0, 0, 0, 0, 0, 0.9, 0, 0.1)


@pytest.mark.parametrize(
    ("predictor", "doubt", "confidence", "warnings"),
    [
        (SURE, 0, 0.9, ()),
        (SURE, 0.1, 0.81, ()),
        (SURE, 0.4, 0.54, ("unsure: 7 at 0.54, 9 at 0.06, or no digit at 0.40",)),
        (SURE, 0.6, 0.36, (NO_DIGIT,)),
        (
            Fixed(0, 0, 0, 0.45, 0, 0.55, 0, 0, 0, 0),
            0,
            0.55,
            ("unsure: 5 at 0.55, 3 at 0.45, or no digit at 0.00",),
        ),
    ],
)
def test_doubtful_answers_get_a_warning(
    predictor: Fixed,
    doubt: float,
    confidence: float,
    warnings: tuple[str, ...],
    tmp_path: Path,
) -> None:
    (tmp_path / "7.png").write_bytes(to_png(draw_images(1, 1)[0][0]))

    (answer,) = recognize([str(tmp_path / "7.png")], predictor, doubting(doubt))

    assert answer.readings[0].warnings == warnings
    assert answer.confidence == pytest.approx(confidence)


@pytest.mark.parametrize(("doubt", "is_digit"), [(BELIEVED, True), (DOUBTED, False)])
def test_the_detector_alone_judges_images_that_are_normalized(
    doubt: float, is_digit: bool, tmp_path: Path
) -> None:
    images, _ = draw_images(1, 1)
    (tmp_path / "image.png").write_bytes(to_png(images[0]))

    (answer,) = recognize([str(tmp_path / "image.png")], SURE, doubting(doubt))

    (reading,) = answer.readings
    assert reading.is_digit == is_digit
    assert (NO_DIGIT in reading.warnings) != is_digit


def test_a_blank_picture_has_no_other_warning(tmp_path: Path) -> None:
    (tmp_path / "blank.png").write_bytes(to_png(np.zeros((30, 30), np.uint8)))

    (answer,) = recognize([str(tmp_path / "blank.png")], Fixed(*[0.1] * 10), Fixed(0))

    assert answer.warnings == ("no digit found: is it blank?",)
    assert answer.readings[0].warnings == ()
    assert answer.confidence == 0


def test_the_detector_is_not_used_for_pictures_that_are_only_resized(tmp_path: Path) -> None:
    (tmp_path / "7.png").write_bytes(to_png(seven()))

    options = PictureOptions(preprocess="plain")
    (answer,) = recognize([str(tmp_path / "7.png")], SURE, Fixed(1), options)

    assert (answer.confidence, answer.readings[0].warnings) == (pytest.approx(0.9), ())


def test_odds_of_the_detector_and_of_the_locator_are_multiplied() -> None:
    doubts, scores = np.array([0.8, 0.8, 0.25], np.float32), np.array([0.5, 0.9, 0.1])

    joined = join(doubts, scores)

    expected = np.array([4, 4 / 9, 3]) / DIGITS_PRIOR
    np.testing.assert_allclose(joined / (1 - joined), expected, rtol=1e-5)


@pytest.mark.parametrize("score", [0, 1])
def test_a_certain_detector_is_believed(score: float) -> None:
    joined = join(np.array([0, 1], np.float32), np.array([score, score]))

    np.testing.assert_array_equal(joined, [0, 1])


IMAGE = np.zeros((28, 28), np.uint8)


def answer_with(*doubts: float, rows: tuple[int, ...] = ()) -> Answer:
    return Answer(
        "numbers.png",
        readings=tuple(
            Reading(Digit(IMAGE), np.full(10, 0.1, np.float32), doubt) for doubt in doubts
        ),
        rows=rows,
        warnings=("something",),
    )


def test_what_is_probably_no_digit_is_left_out_with_a_warning() -> None:
    answer = answer_with(BELIEVED, DOUBTED, BELIEVED)

    kept = leave_out(answer)

    assert kept.readings == (answer.readings[0], answer.readings[2])
    assert kept.warnings == ("something", LEFT_OUT.format(1))


def test_rows_have_the_digits_that_are_kept() -> None:
    doubts = (BELIEVED, DOUBTED, BELIEVED, DOUBTED, DOUBTED, BELIEVED)

    kept = leave_out(answer_with(*doubts, rows=(3, 2, 1)))

    assert len(kept.readings) == 3
    assert kept.rows == (2, 1)
    assert kept.warnings[-1] == LEFT_OUT.format(3)


def test_all_digits_may_be_left_out() -> None:
    kept = leave_out(answer_with(DOUBTED, rows=(1,)))

    assert (kept.readings, kept.rows, kept.confidence) == ((), (), 0)


@pytest.mark.parametrize("doubts", [[], [BELIEVED, BELIEVED]])
def test_nothing_else_is_left_out(doubts: list[float]) -> None:
    answer = answer_with(*doubts, rows=(len(doubts),))

    assert leave_out(answer) is answer


@pytest.mark.parametrize("several", [True, False])
def test_only_among_several_digits_something_is_left_out(several: bool, tmp_path: Path) -> None:
    (tmp_path / "7.png").write_bytes(to_png(seven()))

    options = PictureOptions(several=several)
    (answer,) = recognize([str(tmp_path / "7.png")], SURE, Fixed(1), options)

    assert len(answer.readings) == (0 if several else 1)
    assert answer.warnings == ((LEFT_OUT.format(1),) if several else ())
