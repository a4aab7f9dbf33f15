from collections.abc import Callable

import numpy as np
import pytest

from mnistcli.runs.recipes import RECIPES, Augmentation

MOST = RECIPES["deepcnn"].augmentation

pytestmark = pytest.mark.usefixtures("tensorflow")
RANDOM = np.random.default_rng(8)


def pixels(count: int = 3) -> np.ndarray:
    """Images with a black frame of four pixels."""
    images = np.zeros((count, 28, 28), np.float32)
    images[:, 4:-4, 4:-4] = RANDOM.random((count, 20, 20))
    return images


def grid() -> tuple[np.ndarray, np.ndarray]:
    rows, columns = np.mgrid[:28, :28].astype(np.float32)
    return rows[np.newaxis], columns[np.newaxis]


def numbers(*values: float) -> np.ndarray:
    return np.array(values, np.float32).reshape(-1, 1, 1)


def bilinear(image: np.ndarray, row: float, column: float) -> float:
    """Interpolate at one place, a corner at a time."""
    total = 0.0
    for i in (int(np.floor(row)), int(np.floor(row)) + 1):
        for j in (int(np.floor(column)), int(np.floor(column)) + 1):
            if 0 <= i < 28 and 0 <= j < 28:
                total += image[i, j] * (1 - abs(row - i)) * (1 - abs(column - j))
    return total


def test_sampling_is_bilinear_and_black_outside() -> None:
    from mnistcli.training.augmentation import sample

    images = RANDOM.random((2, 28, 28)).astype(np.float32)
    rows, columns = RANDOM.uniform(-3, 31, (2, 2, 28, 28)).astype(np.float32)

    sampled = sample(images, rows, columns).numpy()

    expected = [
        [bilinear(image, *place) for place in zip(down.flat, right.flat, strict=True)]
        for image, down, right in zip(images, rows, columns, strict=True)
    ]
    np.testing.assert_allclose(sampled.reshape(2, -1), expected, atol=1e-5)
    np.testing.assert_array_equal(sample(images, *grid()), images)


@pytest.mark.parametrize(
    ("angle", "height", "width", "shear", "turn"),
    [
        (0, 1, 1, 0, lambda image: image),
        (np.pi / 2, 1, 1, 0, np.rot90),
        (np.pi, 1, 1, 0, lambda image: np.rot90(image, 2)),
        (0, -1, 1, 0, np.flipud),
        (0, 1, -1, 0, np.fliplr),
    ],
)
def test_affine_grid_rotates_and_flips(angle, height, width, shear, turn) -> None:
    from mnistcli.training.augmentation import affine_grid, sample

    images = pixels(1)
    places = affine_grid(*(numbers(value) for value in (angle, height, width, shear)))

    turned = sample(images, *places).numpy()[0]

    np.testing.assert_allclose(turned, turn(images[0]), atol=1e-5)


def test_affine_grid_shears_and_scales_about_the_middle() -> None:
    from mnistcli.training.augmentation import affine_grid

    rows, columns = affine_grid(*(numbers(value) for value in (0, 2, 0.5, 0.1)))

    np.testing.assert_allclose(rows[0, 20], np.full(28, 13.5 + 2 * 6.5), rtol=1e-6)
    np.testing.assert_allclose(
        columns[0, 20], 13.5 + 0.5 * (np.arange(28) - 13.5 + 0.1 * 6.5), rtol=1e-5
    )


def test_splines_reproduce_straight_lines() -> None:
    from mnistcli.training.augmentation import smooth, spline_basis

    basis = spline_basis(6)
    np.testing.assert_allclose(basis.sum(axis=1), np.ones(28), rtol=1e-6)
    np.testing.assert_allclose(basis @ np.arange(6), np.linspace(1, 4, 28), rtol=1e-5)

    nodes = np.arange(6)[:, np.newaxis] + 10 * np.arange(6)[np.newaxis]
    line = np.linspace(1, 4, 28)
    expected = line[:, np.newaxis] + 10 * line[np.newaxis]
    smoothed = smooth(nodes[np.newaxis].astype(np.float32))
    np.testing.assert_allclose(smoothed[0], expected, rtol=1e-5)


def test_strokes_get_thicker_and_thinner() -> None:
    from mnistcli.training.augmentation import change_strokes

    images = np.zeros((4, 28, 28), np.float32)
    images[:, 10:15, 10:15] = 1

    none, thick, thin, half = change_strokes(images, numbers(0, 1, -1, 0.5)).numpy()

    np.testing.assert_array_equal(none, images[0])
    assert (thick.sum(), thin.sum(), half.sum()) == (49, 9, 37)
    assert thick[9:16, 9:16].all()
    assert thin[11:14, 11:14].all()


def test_augmentation_is_a_function_of_seed_and_step() -> None:
    from tensorflow import constant, int64

    from mnistcli.training.augmentation import augment

    images = pixels()
    first, again, other_step, other_seed = (
        augment(images, MOST, seed, constant(step, int64)).numpy()
        for seed, step in ((1, 5), (1, 5), (1, 6), (2, 5))
    )

    np.testing.assert_array_equal(first, again)
    for other in (other_step, other_seed):
        assert np.abs(first - other).max() > 0.1
    assert first.shape == images.shape
    assert first.min() >= 0
    assert first.max() <= 1


def augment_by(most: Augmentation, image: np.ndarray) -> np.ndarray:
    """Many augmentations of an image, float64 [1000, 28, 28]."""
    from tensorflow import constant, int64

    from mnistcli.training.augmentation import augment

    images = np.repeat(image[np.newaxis], 1000, axis=0).astype(np.float32)
    return augment(images, most, 3, constant(0, int64)).numpy().astype(np.float64)


def moments(images: np.ndarray) -> tuple[np.ndarray, ...]:
    """Mean row and column, and the variance of both and their covariance, [N] each."""
    ink = images.sum(axis=(1, 2))
    rows, columns = np.mgrid[:28, :28]
    row, column = ((images * places).sum(axis=(1, 2)) / ink for places in (rows, columns))
    down = rows - row[:, None, None]
    right = columns - column[:, None, None]
    products = (down * down, right * right, down * right)
    return row, column, *((images * product).sum(axis=(1, 2)) / ink for product in products)


def square() -> np.ndarray:
    image = np.zeros((28, 28))
    image[9:19, 9:19] = 1
    return image


def bar() -> np.ndarray:
    image = np.zeros((28, 28))
    image[6:22, 13:15] = 1
    return image


def test_shift_along_each_axis_is_independent() -> None:
    row, column, *_ = moments(augment_by(Augmentation(shift=3), square()))

    for places in (row - 13.5, column - 13.5):
        assert places.std() == pytest.approx(3 / np.sqrt(3), rel=0.1)
        assert np.abs(places).max() == pytest.approx(3, rel=0.05)
    assert abs(np.corrcoef(row, column)[0, 1]) < 0.1


def test_scale_of_each_axis_is_independent() -> None:
    _, _, high, wide, _ = moments(augment_by(Augmentation(scale=0.3), square()))
    height, width = np.log(high / (99 / 12)) / 2, np.log(wide / (99 / 12)) / 2

    for logarithm in (height, width):
        assert logarithm.std() == pytest.approx(0.3 / np.sqrt(3), rel=0.1)
    assert abs(np.corrcoef(height, width)[0, 1]) < 0.1


@pytest.mark.parametrize(
    ("most", "steepest"),
    [(Augmentation(rotation=23), np.tan(np.radians(23))), (Augmentation(shear=0.4), 0.4)],
)
def test_rotation_and_shear_reach_their_limits(most: Augmentation, steepest: float) -> None:
    row, column, high, _, both = moments(augment_by(most, bar()))
    slope = both / high

    assert slope.std() == pytest.approx(steepest / np.sqrt(3), rel=0.15)
    assert np.abs(slope).max() == pytest.approx(steepest, rel=0.1)
    np.testing.assert_allclose(row, 13.5, atol=0.05)
    np.testing.assert_allclose(column, 13.5, atol=0.05)


def test_elastic_distortion_moves_ink_along_both_axes() -> None:
    row, column, *_ = moments(augment_by(Augmentation(elastic=2), square()))

    for places in (row - 13.5, column - 13.5):
        assert 0.3 < places.std() < 1.5
    assert abs(np.corrcoef(row, column)[0, 1]) < 0.1


def test_stroke_width_changes_without_moving_the_ink() -> None:
    images = augment_by(Augmentation(stroke=0.5), square())
    row, column, *_ = moments(images)
    ink = images.sum(axis=(1, 2))

    assert (ink.min(), ink.max()) == pytest.approx((100 - 18, 100 + 22), rel=0.02)
    np.testing.assert_allclose((row, column), 13.5, atol=1e-5)


def test_random_numbers_are_independent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The elastic distortion must not share the random numbers of the rotation."""
    from tensorflow import Tensor, constant, int64, random

    from mnistcli.training import augmentation

    drawn = []

    def remember(draw: Callable[..., Tensor]) -> Callable[..., Tensor]:
        def draw_and_remember(*arguments: object, **options: object) -> Tensor:
            drawn.append(draw(*arguments, **options))
            return drawn[-1]

        return draw_and_remember

    for name in ("stateless_uniform", "stateless_normal"):
        monkeypatch.setattr(random, name, remember(getattr(random, name)))
    augmentation.augment(np.zeros((500, 28, 28), np.float32), MOST, 3, constant(0, int64))

    uniform, normal = (values.numpy().ravel() for values in drawn)
    first = uniform[::2]
    pairs = normal[: 2 * len(first)].reshape(-1, 2)
    radii = np.exp(-(pairs**2).sum(axis=1) / 2)  # the uniform numbers of Box and Muller
    assert abs(np.corrcoef(radii, first)[0, 1]) < 0.1


def test_augmented_images_keep_their_ink() -> None:
    """On average, nothing is lost and nothing moves; the limits are reached."""
    from tensorflow import constant, int64

    from mnistcli.training.augmentation import augment

    images = np.zeros((2000, 28, 28), np.float32)
    images[:, 9:19, 12:16] = 1

    augmented = augment(images, MOST, 3, constant(0, int64)).numpy()

    ink = augmented.sum(axis=(1, 2))
    rows = (augmented.sum(axis=2) @ np.arange(28)) / ink
    columns = (augmented.sum(axis=1) @ np.arange(28)) / ink
    assert ink.mean() == pytest.approx(40, rel=0.1)
    assert 15 < ink.min() < 35
    assert 50 < ink.max() < 110
    for centres in (rows, columns):
        assert centres.mean() == pytest.approx(13.5, abs=0.1)
        assert MOST.shift < np.abs(centres - 13.5).max() < 4 * MOST.shift
