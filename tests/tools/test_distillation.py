"""What the pretrained model learns: distorted images, and an ensemble's answers."""

import numpy as np
import pytest

from mnistcli.datasets.synthetic.dataset import draw_images
from mnistcli.images import to_input
from mnistcli.runs.recipes import RECIPES, Augmentation

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("tensorflow")]

IMAGES, LABELS = draw_images(4, 40)


def test_each_image_is_distorted_several_times_as_the_seed_says() -> None:
    from distillation import distort

    limits = Augmentation(rotation=8, shift=1)
    first, again, other = (distort(seed, IMAGES, limits, times=3) for seed in (1, 1, 2))

    assert (first.dtype, first.shape) == (np.uint8, (120, 28, 28))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert not np.array_equal(first[:40], first[40:80])
    for distorted in np.split(first, 3):
        alike = [
            np.corrcoef(image.ravel(), original.ravel())[0, 1]
            for image, original in zip(distorted, IMAGES, strict=True)
        ]
        assert 0.5 < np.mean(alike) < 0.99


def test_no_distortion_leaves_the_images() -> None:
    from distillation import distort

    np.testing.assert_array_equal(distort(1, IMAGES, Augmentation(), times=1), IMAGES)


@pytest.mark.parametrize("model", ["cnn", "softmax"])
def test_the_answer_is_the_mean_of_the_teachers_softmax(model: str) -> None:
    from distillation import answer

    from mnistcli.training.network import Network

    teachers = [Network(RECIPES[model], seed) for seed in (1, 2)]
    random = np.random.default_rng(1)
    powers = []
    for teacher in teachers:
        teacher.w.assign(random.normal(0, 0.1, teacher.w.shape))
        powers.append(np.exp(teacher.logits(to_input(IMAGES)).numpy().astype(np.float64)))

    expected = np.mean([power / power.sum(axis=1, keepdims=True) for power in powers], axis=0)
    np.testing.assert_allclose(answer(teachers, IMAGES), expected, atol=1e-6)


def test_a_smoothed_label_gives_each_other_digit_its_share() -> None:
    from distillation import smooth

    ((*rest, last),) = smooth(np.array([9], np.uint8), 0.1)

    assert rest == pytest.approx([0.01] * 9)
    assert last == pytest.approx(0.91)
