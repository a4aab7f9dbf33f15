"""What a call of ``train`` will do, decided before any of it is done."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from mnistcli.dataset import AUTO, NAMES
from mnistcli.errors import ModelError
from mnistcli.recipe import DEFAULT_MODEL, RECIPES
from mnistcli.run import Checkpoint, Settings, find_last_run, find_newest


@dataclass(frozen=True)
class Request:
    """What the user asked for of a run's settings; None where nothing was said."""

    model: str | None = None
    dataset: str | None = None
    seed: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None


@dataclass(frozen=True)
class Plan:
    """A run, from its last checkpoint or from nothing to the step to reach."""

    directory: Path
    settings: Settings
    run: int
    start: Checkpoint | None
    steps: int  # the step to reach
    save_every: int  # steps
    keep: int  # checkpoints
    log_every: int  # steps

    @property
    def reached(self) -> Checkpoint | None:
        """The last checkpoint, if no steps are left to be taken."""
        return self.start if self.start and self.start.step >= self.steps else None

    def on(self, dataset: str) -> "Plan":
        """Return the plan on the data set that ``auto`` has come to mean."""
        return replace(self, settings=replace(self.settings, dataset=dataset))


def make_plan(
    directory: Path,
    request: Request,
    *,
    steps: int | None,
    save_every: int,
    keep: int,
    log_every: int,
    restart: bool,
    warn: Callable[[str], None],
) -> Plan:
    """Decide how to go on from a directory; without ``steps``, to the run's or the model's.

    Raises:
        ModelError: the directory's run is not the one asked for, or is damaged.
    """
    start = None if restart else find_newest(directory, warn)
    settings = settle(request, start, directory)
    steps = steps or max(settings.cycles, default=RECIPES[settings.model].steps)
    return Plan(
        directory=directory,
        settings=extend(settings, steps),
        run=start.run if start else find_last_run(directory) + 1,
        start=start,
        steps=steps,
        save_every=save_every,
        keep=keep,
        log_every=log_every,
    )


def settle(request: Request, start: Checkpoint | None, directory: Path) -> Settings:
    """Return the settings of the run to continue, or of a new one.

    A new run's data set may be ``auto``, to be replaced by the one that it comes to mean.

    Raises:
        ModelError: the run to continue has other settings, or a model or data that is not known
            here.
    """
    if start is None:
        model = request.model or DEFAULT_MODEL
        recipe = RECIPES[model]
        return Settings(
            model=model,
            dataset=request.dataset or AUTO,
            seed=request.seed or 0,
            batch_size=request.batch_size or recipe.batch_size,
            learning_rate=request.learning_rate or recipe.learning_rate,
            cycles=(),
        )
    stored = asdict(start.settings)
    differences = [
        f"{name} {stored[name]}, not {asked}"
        for name, asked in asdict(request).items()
        if asked is not None and asked != stored[name]
    ]
    for name, known in (("model", RECIPES), ("dataset", NAMES)):
        if stored[name] not in known:
            differences = [f"{name} {stored[name]}, which is unknown here"]
    if differences:
        raise ModelError(
            f"{directory} holds a run with {' and '.join(differences)}; "
            "--restart replaces it, --checkpoint-dir DIR begins another"
        )
    return start.settings


def extend(settings: Settings, steps: int) -> Settings:
    """Let a one-cycle schedule reach a step, by a further cycle if its cycles end before."""
    if not RECIPES[settings.model].is_one_cycle or steps <= max(settings.cycles, default=0):
        return settings
    return replace(settings, cycles=(*settings.cycles, steps))
