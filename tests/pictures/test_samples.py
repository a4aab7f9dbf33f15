"""The pictures in test_num/ vary as those of users do."""

import io
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from helpers.drawing import SAMPLES
from PIL import Image

from mnistcli.pictures.labels import Label, find_label
from mnistcli.pictures.pipeline import prepare


def test_there_are_several_of_each_digit() -> None:
    counts = Counter(find_label(path.name) for path in SAMPLES)

    assert set(counts) == {Label(digit) for digit in range(10)}
    assert min(counts.values()) >= 2
    assert all(path.suffix == ".png" for path in SAMPLES)


def test_they_vary_in_mode_size_and_polarity() -> None:
    pictures = [Image.open(io.BytesIO(path.read_bytes())) for path in SAMPLES]
    polarities = Counter(prepare(path.read_bytes()).polarity for path in SAMPLES)

    assert {picture.mode for picture in pictures} >= {"L", "P", "RGB", "RGBA"}
    assert sum(picture.size == (28, 28) for picture in pictures) >= 2
    assert max(picture.width for picture in pictures) >= 1000
    assert min(polarities.values()) >= 5
    assert sum(is_transparent(picture) for picture in pictures) >= 4


def is_transparent(picture: Image.Image) -> bool:
    return picture.mode == "RGBA" and np.asarray(picture)[0, 0, 3] == 0


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_their_ink_is_found(path: Path) -> None:
    prepared = prepare(path.read_bytes())

    (digit,) = prepared.digits
    assert (prepared.warnings, digit.warnings) == ((), ())
    assert 30 < np.count_nonzero(digit.image > 127) < 250
