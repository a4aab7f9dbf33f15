"""Digits drawn in forms of all the world."""

import numpy as np
from forms import CALM, WORLD, draw_forms

from mnistcli.datasets.synthetic.glyphs import GLYPHS
from mnistcli.datasets.synthetic.handwriting import write
from mnistcli.inference.interpreter import Predictor
from mnistcli.pretrained import read_export


def test_forms_have_the_labels_that_the_pretrained_model_reads() -> None:
    images, labels = draw_forms(7, 1500)

    read = Predictor(read_export(), "the model").predict(images).argmax(axis=1)
    assert images.shape == (1500, 28, 28)
    assert set(labels.tolist()) == set(range(10))
    assert (read == labels).mean() > 0.97


def test_the_forms_add_to_those_of_the_data_set() -> None:
    added = {glyph.digit for glyph in set(WORLD) - set(GLYPHS)}

    assert set(GLYPHS) < set(WORLD)
    assert added >= {1, 4, 6, 7, 9}


def test_ones_often_have_a_long_upstroke() -> None:
    """Their path begins well to the left of the stem, and far below the top."""
    ones = write(np.random.default_rng(3), np.full(400, 1), CALM, WORLD)

    top = ones[..., 1].argmin(axis=1)
    first, highest = ones[:, 0], ones[np.arange(400), top]
    begins_low = (first[:, 1] - highest[:, 1] > 0.2) & (highest[:, 0] - first[:, 0] > 0.1)
    plain = write(np.random.default_rng(3), np.full(400, 1), CALM)
    assert begins_low.mean() > 0.35
    assert (plain[:, 0, 1] - plain[..., 1].min(axis=1) > 0.2).mean() < 0.2
