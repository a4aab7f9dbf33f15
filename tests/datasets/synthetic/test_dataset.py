import numpy as np
import pytest

from mnistcli.datasets import idx
from mnistcli.datasets.synthetic import dataset as synthetic
from mnistcli.pictures import normalization


@pytest.fixture(scope="module")
def made() -> tuple[np.ndarray, np.ndarray]:
    return synthetic.draw_images(3, 2500)


def test_images_and_labels_have_the_shape_of_mnists(made: tuple[np.ndarray, np.ndarray]) -> None:
    images, labels = made

    assert (images.shape, images.dtype) == ((2500, 28, 28), np.uint8)
    assert (labels.shape, labels.dtype) == ((2500,), np.uint8)
    assert np.bincount(labels, minlength=10).min() > 200
    assert len(np.unique(images, axis=0)) == 2500


@pytest.mark.slow
def test_the_data_set_is_a_function_of_the_seed(made: tuple[np.ndarray, np.ndarray]) -> None:
    images, labels = synthetic.draw_images(3, 1200)  # in other processes, or in this one

    np.testing.assert_array_equal(images, made[0][:1200])
    np.testing.assert_array_equal(labels, made[1][:1200])
    assert not np.array_equal(synthetic.draw_images(4, 100)[0], images[:100])
    np.testing.assert_array_equal(synthetic.draw_block(3, 2)[0][:500], made[0][2000:])


def test_the_images_are_those_of_the_version() -> None:
    """If this fails, raise the version: the files on users' disks are of another data set."""
    images, labels = synthetic.draw_block(0, 0)

    assert synthetic.STROKES_VERSION == 1
    assert labels[:20].tolist() == [0, 0, 6, 2, 3, 1, 1, 5, 5, 5, 9, 2, 7, 9, 4, 9, 9, 2, 4, 1]
    ink = images[:20].sum(axis=(1, 2)) / 255
    known = [
        *(84, 94, 107, 136, 92, 97, 136, 66, 67, 52),
        *(113, 92, 77, 60, 133, 159, 112, 82, 91, 71),
    ]
    np.testing.assert_allclose(ink, known, atol=2)


@pytest.mark.slow
def test_progress_counts_images() -> None:
    seen: list[int] = []

    synthetic.draw_images(0, 1500, seen.append)

    assert seen == [1000, 1500]


def test_images_are_normalized_as_mnists_are(made: tuple[np.ndarray, np.ndarray]) -> None:
    images, _ = made

    assert np.mean([normalization.is_normalized(image) for image in images]) > 0.995
    assert 0.1 < images.mean() / 255 < 0.16  # MNIST's is 0.13


def nearest(images: np.ndarray, labels: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The label of the most similar image, by the cosine of the angle between them."""
    known, asked = (array.reshape(len(array), -1).astype(np.float32) for array in (images, others))
    known /= np.linalg.norm(known, axis=1, keepdims=True)
    return labels[(asked @ known.T).argmax(axis=1)]


def test_a_nearest_neighbour_tells_the_digits_apart(made: tuple[np.ndarray, np.ndarray]) -> None:
    images, labels = made

    found = nearest(images[:2000], labels[:2000], images[2000:])

    assert (found == labels[2000:]).mean() > 0.6


def test_a_nearest_neighbour_recognizes_mnists_digits(
    made: tuple[np.ndarray, np.ndarray], shared
) -> None:
    images = idx.read(shared / "mnist" / "train-images-idx3-ubyte.gz")[:2000]
    labels = idx.read(shared / "mnist" / "train-labels-idx1-ubyte.gz")[:2000]

    assert (nearest(*made, images) == labels).mean() > 0.8
