"""The plan of a call of ``train``, decided before anything is done."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from mnistcli import pretrained
from mnistcli.datasets import mnist
from mnistcli.datasets.dataset import AUTO, DATASET_NAMES
from mnistcli.errors import ModelError
from mnistcli.runs.checkpoints import Checkpoint, find_last_run, find_newest
from mnistcli.runs.config import Settings
from mnistcli.runs.recipes import DEFAULT_MODEL, FINE_TUNING, RECIPES
from mnistcli.system.listener import Listener


@dataclass(frozen=True)
class Request:
    """What a call of ``train`` asks for; None leaves the choice to the run or to the model."""

    checkpoint_dir: Path
    data_dir: Path
    pictures: Path | None  # a directory of labelled pictures to fine-tune on
    model: str | None
    dataset: str | None
    seed: int | None
    batch_size: int | None
    learning_rate: float | None
    steps: int | None  # the step to reach
    save_every: int  # steps
    keep: int  # checkpoints
    restart: bool
    log_every: int  # steps
    log_dir: Path | None

    def list_settings(self) -> dict[str, str | int | float]:
        """Return the settings of a run that are asked for."""
        names = ("model", "dataset", "seed", "batch_size", "learning_rate")
        return {name: value for name in names if (value := getattr(self, name)) is not None}


@dataclass(frozen=True)
class Plan:
    """A run, from its last checkpoint, the pretrained model or nothing to the step to reach."""

    request: Request
    settings: Settings
    run: int  # its number in the directory
    start: Checkpoint | None
    first_step: int
    steps: int  # the step to reach

    @property
    def reached(self) -> Checkpoint | None:
        """The last checkpoint, if no steps are left."""
        return self.start if self.start and self.start.step >= self.steps else None

    @property
    def resumed(self) -> Checkpoint | None:
        """The start, if it belongs to this very run and is not a base for fine-tuning."""
        start = self.start
        return start if start and start.settings.pictures == self.settings.pictures else None

    def with_dataset(self, dataset: str) -> "Plan":
        """Return the plan on the data set that ``auto`` stands for."""
        return replace(self, settings=replace(self.settings, dataset=dataset))


def make_plan(request: Request, listener: Listener, pictures: str | None = None) -> Plan:
    """Decide how training starts or resumes; by default up to the run's or the model's last step.

    Given the digest of labelled ``pictures``, the directory's newest checkpoint is fine-tuned on
    them, or the pretrained model if there is none.

    Raises:
        ModelError: the directory's run is not the one that is asked for, or is damaged.
    """
    directory = request.checkpoint_dir
    start = None if request.restart else find_newest(directory, listener)
    if start and not (request.dataset or pictures):
        _tell_of_mnist(request, start.settings, listener)
    if pictures and not (start and start.settings.pictures == pictures):
        settings, first_step = choose_fine_tuning_settings(request, pictures, start)
        steps = request.steps or first_step + settings.recipe.steps
        if steps <= first_step:
            base = start.path if start else "the pretrained model"
            raise ModelError(f"{base} is at step {first_step}: --steps must be beyond it")
    else:
        settings, first_step = choose_settings(request, start), start.step if start else 0
        steps = request.steps or max(settings.cycles, default=settings.recipe.steps)
    if settings.pictures and not pictures and steps > first_step:
        raise ModelError(
            f"{directory} holds a run that is fine-tuned on pictures: --pictures DIR names them, "
            "--restart replaces it, --checkpoint-dir DIR starts another"
        )
    return Plan(
        request=request,
        settings=extend(settings, steps),
        run=start.run if start else find_last_run(directory) + 1,
        start=start,
        first_step=first_step,
        steps=steps,
    )


def _tell_of_mnist(request: Request, settings: Settings, listener: Listener) -> None:
    """Tell a user whose run began on strokes, maybe without a network, that MNIST is there now."""
    if settings.dataset != "strokes" or settings.pictures or mnist.find_problems(request.data_dir):
        return
    listener.info(
        f"{request.checkpoint_dir} holds a run on strokes, and stays on them; MNIST is in "
        f"{request.data_dir} now: --restart replaces this run by a new one on MNIST"
    )


def choose_settings(request: Request, start: Checkpoint | None) -> Settings:
    """Return the settings of the run to resume, or of a new one.

    The data set of a new run may be ``auto``, to be replaced by what it turns out to stand for.

    Raises:
        ModelError: the run to resume has other settings, or an unknown model or data set.
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
    refuse_differences(request.list_settings(), start.settings, request.checkpoint_dir)
    return start.settings


def choose_fine_tuning_settings(
    request: Request, pictures: str, start: Checkpoint | None
) -> tuple[Settings, int]:
    """Return the settings for fine-tuning a checkpoint or the pretrained model, and its step.

    Raises:
        ModelError: it is not the model that is asked for, or an unknown one.
    """
    record = pretrained.read_record()
    if start:
        model = {"model": request.model} if request.model else {}
        refuse_differences(model, start.settings, request.checkpoint_dir)
    elif request.model not in (None, record.model):
        raise ModelError(
            f"the pretrained model, which would be fine-tuned, is {record.model}, not "
            f"{request.model}; 'mnistcli train --model {request.model}' trains one to fine-tune"
        )
    base, first_step = (start.settings, start.step) if start else (record, record.step)
    recipe = FINE_TUNING[base.model]
    settings = Settings(
        model=base.model,
        dataset=base.dataset,
        seed=base.seed if request.seed is None else request.seed,
        batch_size=request.batch_size or recipe.batch_size,
        learning_rate=request.learning_rate or recipe.learning_rate,
        cycles=(first_step,),
        pictures=pictures,
        base=start.path.name if start else pretrained.PRETRAINED_SOURCE,
    )
    return settings, first_step


def refuse_differences(
    asked: Mapping[str, str | int | float], settings: Settings, directory: Path
) -> None:
    """Raise :class:`ModelError` if a run's settings are not those asked for, or are unknown."""
    stored = asdict(settings)
    differences = [
        f"{name} {stored[name]}, not {value}"
        for name, value in asked.items()
        if value != stored[name]
    ]
    for name, known in (("model", RECIPES), ("dataset", DATASET_NAMES)):
        if stored[name] not in known:
            differences = [f"{name} {stored[name]}, which is unknown here"]
    if differences:
        raise ModelError(
            f"{directory} holds a run with {' and '.join(differences)}; "
            "--restart replaces it, --checkpoint-dir DIR starts another"
        )


def extend(settings: Settings, steps: int) -> Settings:
    """Let a one-cycle schedule reach a step, by one more cycle if its cycles end before."""
    if not settings.recipe.is_one_cycle or steps <= max(settings.cycles, default=0):
        return settings
    return replace(settings, cycles=(*settings.cycles, steps))
