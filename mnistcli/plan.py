"""What a call of ``train`` will do, decided before any of it is done."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from mnistcli import pretrained
from mnistcli.dataset import AUTO, NAMES
from mnistcli.errors import ModelError
from mnistcli.recipe import DEFAULT_MODEL, RECIPES, TUNING
from mnistcli.run import Checkpoint, find_last_run, find_newest
from mnistcli.settings import Settings


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
    """A run, from its last checkpoint, the pretrained model or nothing to the step to reach."""

    directory: Path
    settings: Settings
    run: int
    start: Checkpoint | None
    first_step: int
    steps: int  # the step to reach
    save_every: int  # steps
    keep: int  # checkpoints
    log_every: int  # steps

    @property
    def reached(self) -> Checkpoint | None:
        """The last checkpoint, if no steps are left to be taken."""
        return self.start if self.start and self.start.step >= self.steps else None

    @property
    def resumed(self) -> Checkpoint | None:
        """The start, if it is of this very run and not of what goes on with pictures."""
        start = self.start
        return start if start and start.settings.pictures == self.settings.pictures else None

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
    pictures: str | None = None,
) -> Plan:
    """Decide how to go on from a directory; without ``steps``, to the run's or the model's.

    With the digest of labelled ``pictures``, what is there goes on with them, or the pretrained
    model where nothing is.

    Raises:
        ModelError: the directory's run is not the one asked for, or is damaged.
    """
    start = None if restart else find_newest(directory, warn)
    if pictures and not (start and start.settings.pictures == pictures):
        settings, first_step = settle_tuning(request, pictures, start, directory)
        steps = steps or first_step + settings.recipe.steps
        if steps <= first_step:
            base = start.path if start else "the pretrained model"
            raise ModelError(f"{base} is at step {first_step}: --steps must be beyond it")
    else:
        settings, first_step = settle(request, start, directory), start.step if start else 0
        steps = steps or max(settings.cycles, default=settings.recipe.steps)
    if settings.pictures and not pictures and steps > first_step:
        raise ModelError(
            f"{directory} holds a run that goes on with pictures: --pictures DIR names them, "
            "--restart replaces it, --checkpoint-dir DIR begins another"
        )
    return Plan(
        directory=directory,
        settings=extend(settings, steps),
        run=start.run if start else find_last_run(directory) + 1,
        start=start,
        first_step=first_step,
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
    refuse_others(request, start.settings, directory)
    return start.settings


def settle_tuning(
    request: Request, pictures: str, start: Checkpoint | None, directory: Path
) -> tuple[Settings, int]:
    """Return the settings with which a checkpoint or the pretrained model goes on, and its step.

    Raises:
        ModelError: it is another model than was asked for, or one that is not known here.
    """
    record = pretrained.read_record()
    if start:
        refuse_others(Request(model=request.model), start.settings, directory)
    elif request.model not in (None, record.model):
        raise ModelError(
            f"the pretrained model, which would go on with the pictures, is {record.model}, not "
            f"{request.model}; 'mnistcli train --model {request.model}' makes one to go on from"
        )
    base, first_step = (start.settings, start.step) if start else (record, record.step)
    recipe = TUNING[base.model]
    settings = Settings(
        model=base.model,
        dataset=base.dataset,
        seed=base.seed if request.seed is None else request.seed,
        batch_size=request.batch_size or recipe.batch_size,
        learning_rate=request.learning_rate or recipe.learning_rate,
        cycles=(first_step,),
        pictures=pictures,
        base=start.path.name if start else pretrained.SOURCE,
    )
    return settings, first_step


def refuse_others(request: Request, settings: Settings, directory: Path) -> None:
    """Raise :class:`ModelError` if a run's settings are others than asked for, or unknown here."""
    stored = asdict(settings)
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


def extend(settings: Settings, steps: int) -> Settings:
    """Let a one-cycle schedule reach a step, by a further cycle if its cycles end before."""
    if not settings.recipe.is_one_cycle or steps <= max(settings.cycles, default=0):
        return settings
    return replace(settings, cycles=(*settings.cycles, steps))
