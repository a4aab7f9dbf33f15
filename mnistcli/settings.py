"""What belongs to a run."""

from dataclasses import dataclass

from mnistcli.errors import ModelError
from mnistcli.recipe import RECIPES, TUNING, Recipe


@dataclass(frozen=True)
class Settings:
    """What belongs to a run and decides its weights, step for step."""

    model: str
    dataset: str
    seed: int
    batch_size: int  # images a step
    learning_rate: float
    cycles: tuple[int, ...]  # the steps at which its learning rate's cycles end, if it has cycles
    pictures: str | None = None  # digest of the labelled pictures that it goes on with
    base: str | None = None  # what it goes on from with them: a checkpoint's name, or "pretrained"

    @property
    def recipe(self) -> Recipe:
        """How its model is trained, on a data set or on pictures."""
        recipes = TUNING if self.pictures else RECIPES
        if self.model not in recipes:
            raise ModelError(f"model {self.model} is unknown here")
        return recipes[self.model]

    @property
    def trained_on(self) -> str:
        """What results say that it was trained on."""
        return f"{self.dataset}+pictures" if self.pictures else self.dataset
