"""Plans of the training runs that the tools make."""

from pathlib import Path

from mnistcli.cli.console import Console
from mnistcli.runs.plan import Plan, Request, make_plan

SAVE_EVERY = 1000
"""Steps."""


def plan_run(
    directory: Path, model: str, seed: int, steps: int | None, dataset: str, console: Console
) -> Plan:
    """Plan a run with a model's recipe; None for its own number of steps."""
    request = Request(
        checkpoint_dir=directory,
        data_dir=directory,  # the tools load the data themselves
        pictures=None,
        model=model,
        dataset=dataset,
        seed=seed,
        batch_size=None,
        learning_rate=None,
        steps=steps,
        save_every=SAVE_EVERY,
        keep=1,
        restart=False,
        log_every=100,
        log_dir=None,
    )
    return make_plan(request, console)
