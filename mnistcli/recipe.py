"""The models by name, each with how it is trained unless the user says otherwise."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """A model's own defaults."""

    steps: int
    batch_size: int  # images a step
    learning_rate: float  # of a loss summed over the batch


RECIPES = {
    # geektutu's train.py: 2000 steps of 64 at 0.001
    "softmax": Recipe(steps=2000, batch_size=64, learning_rate=0.001),
}
DEFAULT_MODEL = "softmax"
