from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.listening import SILENT, Recorder
from helpers.training import make_request

from mnistcli.errors import ModelError
from mnistcli.runs.checkpoints import DATA, INDEX, Checkpoint, write_checkpoint
from mnistcli.runs.config import Settings
from mnistcli.runs.plan import Plan, choose_settings, make_plan
from mnistcli.runs.recipes import RECIPES
from mnistcli.runs.record import Record

STORED = Settings("softmax", "mnist", seed=3, batch_size=100, learning_rate=0.01, cycles=())
START = Checkpoint(
    Path("checkpoints/model-50"), STORED, run=1, step=50, curve=(), weights={}, export=None
)
HERE = Path("checkpoints")
ALL_SETTINGS = {
    "model": "softmax",
    "dataset": "mnist",
    "seed": 3,
    "batch_size": 100,
    "learning_rate": 0.01,
}


def choose(start: Checkpoint | None, **asked: Any) -> Settings:
    return choose_settings(make_request(HERE, **asked), start)


def test_a_new_run_has_the_models_defaults() -> None:
    assert choose(None) == Settings(
        "softmax", "auto", seed=0, batch_size=64, learning_rate=0.001, cycles=()
    )


def test_a_new_run_has_what_was_asked_for() -> None:
    assert choose(None, **ALL_SETTINGS) == STORED


@pytest.mark.parametrize("asked", [{}, ALL_SETTINGS, {"seed": 3}])
def test_a_resumed_run_keeps_its_settings(asked: dict[str, Any]) -> None:
    assert choose(START, **asked) == STORED


def test_other_settings_than_the_runs_are_refused() -> None:
    with pytest.raises(ModelError) as caught:
        choose(START, seed=0, batch_size=100, learning_rate=0.5)

    message = str(caught.value)
    assert "checkpoints holds a run with seed 3, not 0 and learning_rate 0.01, not 0.5" in message
    assert "batch_size" not in message
    assert "--restart" in message
    assert "--checkpoint-dir" in message


def test_a_run_of_an_unknown_model_is_refused() -> None:
    start = replace(START, settings=replace(STORED, model="resnet"))

    with pytest.raises(ModelError, match="model resnet, which is unknown here"):
        choose(start)


def test_a_run_on_unknown_data_is_refused() -> None:
    start = replace(START, settings=replace(STORED, dataset="letters"))

    with pytest.raises(ModelError, match="dataset letters, which is unknown here"):
        choose(start)


def test_another_data_set_than_the_runs_is_refused() -> None:
    with pytest.raises(ModelError, match="dataset mnist, not strokes"):
        choose(START, dataset="strokes")


def test_a_plan_replaces_auto_by_a_data_set(tmp_path: Path) -> None:
    made = plan(tmp_path, 9)

    assert made.settings.dataset == "auto"
    assert made.with_dataset("strokes") == replace(
        made, settings=replace(made.settings, dataset="strokes")
    )


def test_an_empty_directory_starts_its_first_run(tmp_path: Path) -> None:
    plan = make_plan(make_request(tmp_path), SILENT)

    assert (plan.run, plan.start, plan.steps) == (1, None, 2000)


def plan(directory: Path, steps: int | None, **asked: Any) -> Plan:
    return make_plan(make_request(directory, steps=steps, **asked), SILENT)


def save(directory: Path, settings: Settings, step: int) -> None:
    write_checkpoint(directory, Record(settings, 1, step), {INDEX: b"", DATA: b""})


def test_a_one_cycle_schedule_spans_the_steps_asked_for(tmp_path: Path) -> None:
    assert plan(tmp_path, 50, model="cnn").settings.cycles == (50,)
    assert plan(tmp_path, None, model="cnn").settings.cycles == (RECIPES["cnn"].steps,)
    assert plan(tmp_path, 50, model="softmax").settings.cycles == ()


def test_a_resumed_run_continues_its_cycle(tmp_path: Path) -> None:
    settings = plan(tmp_path, 50, model="cnn").with_dataset("mnist").settings
    save(tmp_path, settings, 20)

    for steps in (None, 50):
        again = plan(tmp_path, steps)
        assert (again.steps, again.settings) == (50, settings)
    assert plan(tmp_path, 40).settings == settings


@pytest.mark.parametrize("step", [20, 50])
def test_more_steps_add_a_cycle_after_the_last(step: int, tmp_path: Path) -> None:
    save(tmp_path, plan(tmp_path, 50, model="cnn").with_dataset("mnist").settings, step)

    assert plan(tmp_path, 80).settings.cycles == (50, 80)


@pytest.mark.parametrize(
    ("run", "asked", "is_told"),
    [
        ({"dataset": "strokes"}, {}, True),
        ({"dataset": "strokes"}, {"dataset": "strokes"}, False),
        ({"dataset": "strokes"}, {"restart": True}, False),
        ({"dataset": "strokes"}, {"data_dir": Path("nowhere")}, False),
        ({"dataset": "strokes", "pictures": "0123", "base": "model-50"}, {"steps": 20}, False),
        ({"dataset": "mnist"}, {}, False),
        ({"dataset": "kaggle"}, {}, False),
    ],
)
def test_a_run_on_strokes_is_told_of_mnist(
    run: dict[str, str], asked: dict[str, Any], is_told: bool, small_mnist: Path, tmp_path: Path
) -> None:
    save(tmp_path / "run", replace(STORED, **run), 20)
    heard = Recorder()

    make_plan(make_request(tmp_path / "run", **{"data_dir": small_mnist} | asked), heard)

    assert len(heard.infos) == is_told
    assert all("--restart replaces this run by a new one on MNIST" in info for info in heard.infos)
