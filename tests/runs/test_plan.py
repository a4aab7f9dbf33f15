from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mnistcli.errors import ModelError
from mnistcli.runs.checkpoints import DATA, INDEX, Checkpoint, write_checkpoint
from mnistcli.runs.config import Settings
from mnistcli.runs.plan import Plan, Request, make_plan, settle
from mnistcli.runs.recipes import RECIPES
from mnistcli.runs.record import Record

STORED = Settings("softmax", "mnist", seed=3, batch_size=100, learning_rate=0.01, cycles=())
START = Checkpoint(
    Path("checkpoints/model-50"), STORED, run=1, step=50, curve=(), weights={}, export=None
)
HERE = Path("checkpoints")
ALL_ASKED = Request("softmax", "mnist", seed=3, batch_size=100, learning_rate=0.01)


def test_a_new_run_has_the_models_defaults() -> None:
    settings = settle(Request(), None, HERE)

    assert settings == Settings(
        "softmax", "auto", seed=0, batch_size=64, learning_rate=0.001, cycles=()
    )


def test_a_new_run_has_what_was_asked_for() -> None:
    assert settle(ALL_ASKED, None, HERE) == STORED


@pytest.mark.parametrize("request_", [Request(), ALL_ASKED, Request(seed=3)])
def test_a_run_that_goes_on_keeps_its_settings(request_: Request) -> None:
    assert settle(request_, START, HERE) == STORED


def test_other_settings_than_the_runs_are_refused() -> None:
    with pytest.raises(ModelError) as caught:
        settle(Request(seed=0, batch_size=100, learning_rate=0.5), START, HERE)

    message = str(caught.value)
    assert "checkpoints holds a run with seed 3, not 0 and learning_rate 0.01, not 0.5" in message
    assert "batch_size" not in message
    assert "--restart" in message
    assert "--checkpoint-dir" in message


def test_a_run_of_an_unknown_model_is_refused() -> None:
    stored = Settings("resnet", "mnist", seed=0, batch_size=64, learning_rate=0.001, cycles=())
    start = Checkpoint(
        Path("checkpoints/model-50"), stored, run=1, step=50, curve=(), weights={}, export=None
    )

    with pytest.raises(ModelError, match="model resnet, which is unknown here"):
        settle(Request(), start, HERE)


def test_a_run_on_unknown_data_is_refused() -> None:
    start = replace(START, settings=replace(STORED, dataset="letters"))

    with pytest.raises(ModelError, match="dataset letters, which is unknown here"):
        settle(Request(), start, HERE)


def test_another_data_set_than_the_runs_is_refused() -> None:
    with pytest.raises(ModelError, match="dataset mnist, not strokes"):
        settle(Request(dataset="strokes"), START, HERE)


def test_a_plan_is_made_for_what_auto_has_come_to_mean(tmp_path: Path) -> None:
    made = plan(tmp_path, 9)

    assert made.settings.dataset == "auto"
    assert made.on("strokes") == replace(made, settings=replace(made.settings, dataset="strokes"))


def test_an_empty_directory_begins_its_first_run(tmp_path: Path) -> None:
    plan = make_plan(
        tmp_path,
        Request(),
        steps=None,
        save_every=1000,
        keep=5,
        log_every=100,
        restart=False,
        warn=print,
    )

    assert (plan.run, plan.start, plan.steps) == (1, None, 2000)


def plan(directory: Path, steps: int | None, **asked: Any) -> Plan:
    choices = {"save_every": 1000, "keep": 5, "log_every": 100, "restart": False}
    return make_plan(directory, Request(**asked), steps=steps, **choices, warn=print)


def save(directory: Path, settings: Settings, step: int) -> None:
    write_checkpoint(directory, Record(settings, 1, step), {INDEX: b"", DATA: b""})


def test_a_one_cycle_schedule_spans_the_steps_asked_for(tmp_path: Path) -> None:
    assert plan(tmp_path, 50, model="cnn").settings.cycles == (50,)
    assert plan(tmp_path, None, model="cnn").settings.cycles == (RECIPES["cnn"].steps,)
    assert plan(tmp_path, 50, model="softmax").settings.cycles == ()


def test_a_stopped_run_goes_on_in_its_cycle(tmp_path: Path) -> None:
    settings = plan(tmp_path, 50, model="cnn").on("mnist").settings
    save(tmp_path, settings, 20)

    for steps in (None, 50):
        again = plan(tmp_path, steps)
        assert (again.steps, again.settings) == (50, settings)
    assert plan(tmp_path, 40).settings == settings


@pytest.mark.parametrize("step", [20, 50])
def test_more_steps_are_a_new_cycle_after_the_last(step: int, tmp_path: Path) -> None:
    save(tmp_path, plan(tmp_path, 50, model="cnn").on("mnist").settings, step)

    assert plan(tmp_path, 80).settings.cycles == (50, 80)
