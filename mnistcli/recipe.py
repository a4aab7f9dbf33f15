"""The models by name: what they compute, and how they are trained unless the user says otherwise.

A model's features are the layers written here; see :mod:`mnistcli.network` for the rest of it.
"""

from typing import NamedTuple


class Crop(NamedTuple):
    """Keep the central pixels of an image."""

    side: int


class Convolution(NamedTuple):
    """Square kernels moved over the rows and columns, and a ReLU."""

    side: int
    channels: int
    stride: int = 1
    is_padded: bool = False  # with zeros, so that the size stays (divided by the stride)
    is_normalised: bool = False  # each channel over the batch, before the ReLU
    pool: int = 1  # keep the largest of pool × pool values


class Dense(NamedTuple):
    """Each unit from all values, and a ReLU."""

    units: int


class Dropout(NamedTuple):
    """In training, set a share of the values to zero, and scale the others up to make up for it."""

    share: float


Layer = Crop | Convolution | Dense | Dropout


class Warp(NamedTuple):
    """How far an image is warped at most, either way; each time by amounts uniform in between."""

    rotation: float = 0.0  # degrees
    scale: float = 0.0  # of width and height, as a natural logarithm
    shear: float = 0.0  # its tangent
    shift: float = 0.0  # pixels, along each axis
    bend: float = 0.0  # pixels: standard deviation of the control points, along each axis
    stroke: float = 0.0  # share of the way to strokes a pixel thicker, or thinner, on each side


class Recipe(NamedTuple):
    """A model: its layers, and its own defaults."""

    layers: tuple[Layer, ...]
    steps: int
    batch_size: int  # images a step
    learning_rate: float  # of a loss summed over the batch; of a one-cycle schedule, the peak
    images_per_call: int  # a signal waits for a call of TensorFlow, kept well under a second
    accuracy: float  # of MNIST's test images, as the README's table has it: a hint, not a choice
    is_one_cycle: bool = False  # or the learning rate is constant
    last_rate: float = 0.0  # at the end of a cycle, as a share of the peak
    adam: tuple[float, float] | None = None  # its β1 and β2; without, gradient descent
    warp: Warp | None = None  # of each image, anew at each step
    label_smoothing: float = 0.0  # share of a label that is spread over all ten digits
    averaging: float = 0.0  # decay a step of the average of the weights that answers
    export_bits: int = 32  # of a weight in the export
    is_frozen: bool = False  # layers that act otherwise in training act as they do in use


RECIPES = {
    # geektutu's train.py: 2000 steps of 64 at 0.001
    "softmax": Recipe(
        layers=(),
        steps=2000,
        batch_size=64,
        learning_rate=0.001,
        images_per_call=6400,
        accuracy=0.911,
    ),
    # After tuomaso/train_mnist_fast, with fewer channels and smoothed labels
    "cnn": Recipe(
        layers=(
            Crop(24),
            Convolution(5, 16, pool=2),
            Convolution(3, 32, pool=2),
            Dense(256),
        ),
        steps=500,
        batch_size=256,
        learning_rate=0.01,
        images_per_call=6400,
        accuracy=0.993,
        is_one_cycle=True,
        adam=(0.7, 0.9),
        label_smoothing=0.1,
    ),
    # The layout of cdeotte/MNIST-CNN-99.75, with its dropout at the end alone
    "deepcnn": Recipe(
        layers=(
            Convolution(3, 32, is_normalised=True),
            Convolution(3, 32, is_normalised=True),
            Convolution(5, 32, is_normalised=True, is_padded=True, stride=2),
            Convolution(3, 64, is_normalised=True),
            Convolution(3, 64, is_normalised=True),
            Convolution(5, 64, is_normalised=True, is_padded=True, stride=2),
            Convolution(4, 128, is_normalised=True),
            Dropout(0.5),
        ),
        steps=12_000,
        batch_size=128,
        learning_rate=0.003,
        images_per_call=640,
        accuracy=0.997,
        is_one_cycle=True,
        last_rate=0.3,
        adam=(0.9, 0.99),
        warp=Warp(rotation=12, scale=0.1, shear=0.15, shift=1.5, bend=0.7, stroke=0.5),
        label_smoothing=0.05,
        averaging=0.9995,
        export_bits=16,
    ),
}
DEFAULT_MODEL = "softmax"


def _tune(model: str, steps: int, learning_rate: float) -> Recipe:
    """Return the recipe by which a trained model goes on with a few pictures."""
    return RECIPES[model]._replace(
        steps=steps,
        batch_size=64,
        learning_rate=learning_rate,
        is_one_cycle=True,
        last_rate=0.0,
        adam=(0.9, 0.99),
        warp=None,
        label_smoothing=0.0,
        averaging=0.0,
        is_frozen=True,
    )


TUNING = {
    "softmax": _tune("softmax", steps=300, learning_rate=0.00015),
    "cnn": _tune("cnn", steps=300, learning_rate=0.001),
    "deepcnn": _tune("deepcnn", steps=200, learning_rate=0.001),
}
"""How each model goes on with labelled pictures, among the images of :mod:`mnistcli.tuning`.

The rates and steps were chosen with hands of the strokes and 5,000 of MNIST's training images, so
that a hand gains much and MNIST loses little.
"""
