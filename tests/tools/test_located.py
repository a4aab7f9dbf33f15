"""What the locator finds on composed pages, and the mixture that the pretrained model learns."""

import located
import mixture
import numpy as np
import pytest
from canvas import PAGE_SIDE, Levels, make_layer
from glyphs import NO_DIGIT
from pages import Scene
from placing import Placed
from writing import Written

from mnistcli.datasets.synthetic.dataset import draw_images
from mnistcli.inference.interpreter import Predictor
from mnistcli.pictures.geometry import Box
from mnistcli.pictures.instances import Instance
from mnistcli.pretrained import read_export

SIDE = 40
SEEN = np.ones((PAGE_SIDE, PAGE_SIDE), np.float32)
HALF = SEEN * (np.arange(PAGE_SIDE) < 50)  # the left half of the digit


def make_scene(visible: Levels = SEEN) -> Scene:
    """A 5 around (50, 60), and a sign around (100, 60)."""
    placed, owners = [], np.full((PAGE_SIDE, PAGE_SIDE), -1, np.int32)
    for number, (x, label) in enumerate([(50, 5), (100, NO_DIGIT)]):
        levels = make_layer()
        levels[40:80, x - 10 : x + 10] = 1
        placed.append(Placed(levels, (x - 0.5, 59.5), SIDE, label, float(levels.sum())))
        owners[levels > 0] = number
    picture = np.zeros((PAGE_SIDE, PAGE_SIDE, 3), np.uint8)
    return Scene(picture, placed, Written(picture, make_layer(), owners, 100), visible, 0)


def make_instance(left: int, top: int, right: int, bottom: int, score: float = 0.9) -> Instance:
    ink = np.ones((bottom - top, right - left), np.float32)
    return Instance(ink, left, top, Box(left, top, right, bottom), score, 0)


@pytest.mark.parametrize(
    ("instance", "visible", "label"),
    [
        (make_instance(40, 40, 60, 80), SEEN, 5),
        (make_instance(42, 43, 61, 82), SEEN, 5),
        (make_instance(40, 40, 60, 80, score=0.4), SEEN, None),  # it may be spoilt
        (make_instance(40, 40, 60, 80), HALF, None),  # half of it is hidden
        (make_instance(40, 40, 60, 60), SEEN, None),  # half of it was found
        (make_instance(90, 40, 110, 80), SEEN, NO_DIGIT),
        (make_instance(90, 40, 110, 80, score=0.2), SEEN, NO_DIGIT),
        (make_instance(10, 90, 30, 120), SEEN, NO_DIGIT),
    ],
)
def test_an_instance_has_the_label_of_the_digit_that_stands_there(
    instance: Instance, visible: Levels, label: int | None
) -> None:
    assert located.find_label(make_scene(visible), instance) == label


def test_located_images_are_mostly_digits_that_are_read_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(located, "BLOCK", 60)
    digits, labels = draw_images(1, 300)

    images, answers = located.locate_block(2, digits, labels, 0)
    again, _ = located.locate_block(2, digits, labels, 0)

    is_digit = answers != NO_DIGIT
    read = Predictor(read_export(), "the model").predict(images).argmax(axis=1)
    assert images.shape[1:] == (28, 28)
    assert len(images) == len(answers) >= 60
    assert 0.6 < is_digit.mean() < 1
    assert (read == answers)[is_digit].mean() > 0.7
    np.testing.assert_array_equal(images, again)


def test_printed_digits_are_read_right() -> None:
    images, labels = mixture.print_digits(np.random.default_rng(1), 100)

    read = Predictor(read_export(), "the model").predict(images).argmax(axis=1)
    assert set(labels.tolist()) == set(range(10))
    assert (read == labels).mean() > 0.8


def test_the_mixture_has_every_part_with_its_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, count in {"STROKES": 40, "WORLDLY": 50, "PRINTS": 30, "LOCATED": 20}.items():
        monkeypatch.setattr(mixture, name, count)
    found = np.full((25, 28, 28), 7, np.uint8), np.array([*[NO_DIGIT] * 5, *[9] * 20])
    monkeypatch.setattr(mixture, "locate_all", lambda *given: found)
    digits, labels = draw_images(1, 100)

    images, answers = mixture.make_mixture(2, digits, labels)

    assert images.shape == (mixture.COPIES * 100 + 40 + 50 + 30 + 20, 28, 28)
    assert images.dtype == answers.dtype == np.uint8
    np.testing.assert_array_equal(answers[:100], labels)
    np.testing.assert_array_equal(images[:100], digits)
    is_found = (images == 7).all(axis=(1, 2))
    assert is_found.sum() == 20
    assert (answers[is_found] == 9).all()
