"""The settings of a run."""

import math
from dataclasses import dataclass

from mnistcli.errors import ModelError
from mnistcli.runs.recipes import FINE_TUNING, RECIPES, Recipe


@dataclass(frozen=True)
class Settings:
    """What belongs to a run and determines its weights at every step."""

    model: str
    dataset: str
    seed: int
    batch_size: int  # images a step
    learning_rate: float
    cycles: tuple[int, ...]  # steps at which one-cycle schedules end; () if the rate is constant
    pictures: str | None = None  # digest of the labelled pictures of fine-tuning
    base: str | None = None  # what is fine-tuned: a checkpoint's name, or "pretrained"

    def __post_init__(self) -> None:
        """Raise :class:`ValueError` for values of wrong types or outside their ranges."""
        names, numbers = (self.model, self.dataset), (self.seed, self.batch_size, *self.cycles)
        optional = (self.pictures, self.base)
        if not (
            all(isinstance(name, str) for name in names)
            and all(isinstance(name, str | None) for name in optional)
            and all(type(number) is int and 0 <= number < 1 << 63 for number in numbers)
            and self.batch_size
            and isinstance(self.learning_rate, float)
            and 0 < self.learning_rate < math.inf
        ):
            raise ValueError(f"no settings of a run: {self}")

    @property
    def recipe(self) -> Recipe:
        """The recipe of its model, for training or for fine-tuning.

        Raises:
            ModelError: the model is unknown.
        """
        recipes = FINE_TUNING if self.pictures else RECIPES
        if self.model not in recipes:
            raise ModelError(f"model {self.model} is unknown here")
        return recipes[self.model]

    @property
    def trained_on(self) -> str:
        """The data that results name."""
        return f"{self.dataset}+pictures" if self.pictures else self.dataset
