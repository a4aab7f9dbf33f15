"""The models by name: their layers, and how they are trained unless the user says otherwise.

The layers compute an image's features; :mod:`mnistcli.training.network` has the rest of a model.
"""

from typing import NamedTuple


class Crop(NamedTuple):
    """The central pixels of an image."""

    size: int  # rows and columns


class Convolution(NamedTuple):
    """A 2-D convolution with square kernels, and a ReLU."""

    kernel_size: int
    channels: int
    stride: int = 1
    is_padded: bool = False  # with zeros, so that the size stays (divided by the stride)
    has_batch_norm: bool = False  # before the ReLU
    pool_size: int = 1  # of max pooling, also its stride


class Dense(NamedTuple):
    """A fully connected layer, and a ReLU."""

    units: int


class Dropout(NamedTuple):
    """In training, set values to zero at random, and scale the others up."""

    rate: float  # share of the values that are set to zero


Layer = Crop | Convolution | Dense | Dropout


class Augmentation(NamedTuple):
    """The greatest distortions of an image, either way; uniform in between, except for elastic."""

    rotation: float = 0.0  # degrees
    scale: float = 0.0  # of width and height, as a natural logarithm
    shear: float = 0.0  # its tangent
    shift: float = 0.0  # pixels, along each axis
    elastic: float = 0.0  # pixels: standard deviation of the control points, along each axis
    stroke: float = 0.0  # pixels that strokes become thicker or thinner on each side, up to 1


class Recipe(NamedTuple):
    """A model: its layers, and its defaults for training."""

    layers: tuple[Layer, ...]
    steps: int
    batch_size: int  # images a step
    learning_rate: float  # of a loss summed over the batch; of a one-cycle schedule, the peak
    images_per_call: int  # a signal waits for a call of TensorFlow: it stays well under a second
    accuracy: float  # on MNIST's test images, in the README's table: used in a hint only
    is_one_cycle: bool = False  # otherwise the learning rate is constant
    final_lr_fraction: float = 0.0  # learning rate at the end of a cycle, as a share of the peak
    adam_betas: tuple[float, float] | None = None  # β1 and β2; None for gradient descent
    augmentation: Augmentation | None = None  # of each image, different at each step
    label_smoothing: float = 0.0  # share of a label that is spread over all ten digits
    temperature: float = 1.0  # divides the logits of answers: by tools/temperature.py
    ema_decay: float = 0.0  # per step, of the moving average of the weights that answers; 0: none
    export_bits: int = 32  # per weight in the export
    is_bfloat16: bool = False  # layers train in bfloat16 where the processor is fast at it
    freeze_batch_norm: bool = False  # use its stored statistics in training, and no dropout


RECIPES = {
    # The settings of geektutu's train.py
    "softmax": Recipe(
        layers=(),
        steps=2000,
        batch_size=64,
        learning_rate=0.001,
        images_per_call=6400,
        accuracy=0.911,
        temperature=0.765,
    ),
    # After tuomaso/train_mnist_fast, with fewer channels and smoothed labels
    "cnn": Recipe(
        layers=(
            Crop(24),
            Convolution(5, 16, pool_size=2),
            Convolution(3, 32, pool_size=2),
            Dense(256),
        ),
        steps=500,
        batch_size=256,
        learning_rate=0.01,
        images_per_call=6400,
        accuracy=0.993,
        is_one_cycle=True,
        adam_betas=(0.7, 0.9),
        label_smoothing=0.1,
        temperature=0.46,
    ),
    # The layout of cdeotte/MNIST-CNN-99.75, with its dropout at the end alone, and without batch
    # normalization of the two largest layers, which took a fifth of the time
    "deepcnn": Recipe(
        layers=(
            Convolution(3, 32),
            Convolution(3, 32),
            Convolution(5, 32, has_batch_norm=True, is_padded=True, stride=2),
            Convolution(3, 64, has_batch_norm=True),
            Convolution(3, 64, has_batch_norm=True),
            Convolution(5, 64, has_batch_norm=True, is_padded=True, stride=2),
            Convolution(4, 128, has_batch_norm=True),
            Dropout(0.5),
        ),
        steps=5500,
        batch_size=256,
        learning_rate=0.004,
        images_per_call=640,
        accuracy=0.997,
        is_one_cycle=True,
        final_lr_fraction=0.3,
        adam_betas=(0.9, 0.99),
        augmentation=Augmentation(
            rotation=12, scale=0.1, shear=0.15, shift=1.5, elastic=0.7, stroke=0.5
        ),
        label_smoothing=0.05,
        temperature=0.58,
        ema_decay=0.999,
        export_bits=16,
        is_bfloat16=True,
    ),
}
DEFAULT_MODEL = "softmax"


def _fine_tune(model: str, steps: int, learning_rate: float) -> Recipe:
    """Return the recipe by which a trained model is fine-tuned on a few pictures."""
    return RECIPES[model]._replace(
        steps=steps,
        batch_size=64,
        learning_rate=learning_rate,
        is_one_cycle=True,
        final_lr_fraction=0.0,
        adam_betas=(0.9, 0.99),
        augmentation=None,
        label_smoothing=0.0,
        temperature=1.0,
        ema_decay=0.0,
        freeze_batch_norm=True,
    )


FINE_TUNING = {
    "softmax": _fine_tune("softmax", steps=300, learning_rate=0.00015),
    "cnn": _fine_tune("cnn", steps=300, learning_rate=0.001),
    "deepcnn": _fine_tune("deepcnn", steps=200, learning_rate=0.001),
}
"""How each model is fine-tuned on labelled pictures, by :mod:`mnistcli.training.finetuning`.

The learning rates and steps were chosen on synthetic handwriting and 5,000 of MNIST's training
images, so that the handwriting gains much and MNIST loses little.
"""
