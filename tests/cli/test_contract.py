"""What scripts may rely on in all commands; each command has tests of its own, too."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import pytest
from helpers import small
from helpers.commandline import COMMANDS
from helpers.drawing import SAMPLES, seven, to_png
from helpers.terminal import run_at_terminal

from mnistcli.cli.main import main

pytestmark = pytest.mark.usefixtures("tensorflow")

SYNOPSIS = {
    "download": "--data-dir --from --verify",
    "train": "--model --steps --batch-size --learning-rate --seed --dataset --pictures --data-dir "
    "--checkpoint-dir --save-every --keep --restart --log-every --log-dir "
    "--min-accuracy --json",
    "eval": "PICTURES --preprocess --invert --checkpoint-dir --pretrained --dataset --data-dir "
    "--split --min-accuracy --report --json",
    "predict": "PICTURES --preprocess --invert --several --only --checkpoint-dir --pretrained "
    "--top --min-confidence --format --show --save-preprocessed",
    "export model": "OUT --checkpoint-dir --pretrained",
    "export images": "OUT_DIR --dataset --data-dir --split --count --digits --invert",
}


WORKING = {
    "download": ["download"],
    "train": ["train", "--steps", "61"],
    "eval": ["eval"],
    "eval pictures": ["eval", "7.png"],
    "predict": ["predict", "7.png"],
    "export model": ["export", "model", "m.tflite"],
    "export images": ["export", "images", "out", "--count", "3"],
}
"""A call of each command that succeeds where there are data, a run and a picture."""


@pytest.fixture
def here(trained: Path, tmp_path: Path) -> Path:
    """A directory in which every command has what it needs."""
    (tmp_path / "7.png").write_bytes(to_png(seven()))
    return tmp_path


def spawn(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Run the program in a process of its own, for work that needs no MNIST."""
    options = {"capture_output": True, "text": True, "timeout": 60, **options}
    return subprocess.run([sys.executable, "-m", "mnistcli", *arguments], **options)


# The command line


def test_the_synopsis_lists_all_options() -> None:
    found = {
        name: {
            parameter.opts[0] if isinstance(parameter, click.Option) else parameter.name.upper()
            for parameter in command.params
        }
        for name, command in COMMANDS.items()
    }

    assert found == {name: set(words.split()) for name, words in SYNOPSIS.items()}
    assert {option.opts[0] for option in main.params} == {"-q", "--version"}


@pytest.mark.parametrize("name", COMMANDS)
def test_help_names_the_variable_of_every_option(name: str, run) -> None:
    for flag in ("--help", "-h"):
        shown = run(*name.split(), flag)
        assert shown.exit_code == 0
        text = " ".join(shown.stdout.split())
    for option in COMMANDS[name].params:
        if isinstance(option, click.Option):
            is_common = option.opts[0] in ("--data-dir", "--checkpoint-dir")
            words = ["mnistcli", *([] if is_common else name.split()), option.opts[0][2:]]
            assert f"env var: {'_'.join(words).upper().replace('-', '_')}" in text
    assert "env var: MNISTCLI_QUIET" in " ".join(run("--help").stdout.split())


VARIABLES = {
    "MNISTCLI_EXPORT_IMAGES_COUNT": ("2", ["export", "images", "out"], "out\t2\tmnist\ttest\n"),
    "MNISTCLI_EXPORT_IMAGES_DIGITS": ("x", ["export", "images", "out"], None),
    "MNISTCLI_EXPORT_MODEL_PRETRAINED": (
        *("1", ["export", "model", "m.tflite"]),
        "m.tflite\tdeepcnn\tpretrained\n",
    ),
    "MNISTCLI_EVAL_SPLIT": ("train", ["eval"], "accuracy 1.0000 over 600 images (mnist train)\n"),
    "MNISTCLI_PREDICT_FORMAT": ("xml", ["predict", "7.png"], None),
    "MNISTCLI_PREDICT_TOP": ("11", ["predict", "7.png"], None),
    "MNISTCLI_TRAIN_MODEL": ("resnet", ["train"], None),
    "MNISTCLI_TRAIN_JSON": ("perhaps", ["train"], None),
    "MNISTCLI_EVAL_JSON": ("perhaps", ["eval"], None),
    "MNISTCLI_DOWNLOAD_VERIFY": ("perhaps", ["download"], None),
    "MNISTCLI_QUIET": ("perhaps", ["download"], None),
}


@pytest.mark.parametrize("variable", VARIABLES)
def test_variables_set_options(variable: str, here: Path, run) -> None:
    value, arguments, output = VARIABLES[variable]

    result = run(*arguments, env={variable: value})

    assert (result.exit_code, result.stdout) == ((2, "") if output is None else (0, output))


def test_the_mirrors_come_from_a_variable(run) -> None:
    result = run("download", env={"MNISTCLI_DOWNLOAD_FROM": "nowhere elsewhere"})

    assert result.exit_code == 3
    assert "tried nowhere/train-images-idx3-ubyte.gz" in result.stderr
    assert "elsewhere/train-images-idx3-ubyte.gz" in result.stderr


DEFAULTS = {
    "data_dir": "MNIST_data",
    "checkpoint_dir": "checkpoints",
    "dataset": "auto",
    "split": "test",
    "save_every": 1000,
    "keep": 5,
    "log_every": 100,
    "preprocess": "mnist",
    "invert": "auto",
    "output_format": "text",
}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_defaults_are_those_of_the_contract(name: str) -> None:
    options = {one.name: one for one in COMMANDS[name].params if isinstance(one, click.Option)}

    for option in options.keys() & DEFAULTS.keys() - ({"invert"} if "images" in name else set()):
        assert options[option].default == DEFAULTS[option]


@pytest.mark.parametrize("name", ["predict", "eval"])
def test_the_parser_does_not_check_pictures(name: str) -> None:
    """Otherwise an unreadable one would be wrong usage, and the others would get no answer."""
    (pictures,) = (one for one in COMMANDS[name].params if one.name == "pictures")

    assert not pictures.type.exists
    assert not pictures.type.readable


# Streams


@pytest.mark.parametrize("name", WORKING)
def test_quiet_keeps_the_result(name: str, here: Path, run) -> None:
    result = run("-q", *WORKING[name])

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.endswith("\n")


@pytest.mark.parametrize("name", ["train", "eval", "predict", "export model", "export images"])
def test_messages_go_to_standard_error(name: str, here: Path, run) -> None:
    arguments = WORKING[name]
    result = run(*arguments)

    quiet = run("-q", *arguments)
    assert result.stderr != ""
    assert result.stdout == quiet.stdout


DOCUMENTS = {
    "train": {
        *("version", "model", "dataset", "step", "accuracy", "correct", "total", "loss"),
        *("calibration_error", "seconds", "checkpoint"),
    },
    "eval": {
        *("version", "model", "dataset", "split", "accuracy", "correct", "total", "loss"),
        *("calibration_error", "confusion"),
    },
    "eval pictures": {
        *("version", "model", "dataset", "split", "accuracy", "correct", "total", "loss"),
        *("calibration_error", "confusion"),
    },
    "predict": {"version", "model", "results"},
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_json_is_one_document_of_a_fixed_shape(name: str, here: Path, run) -> None:
    as_json = ["--format", "json"] if name == "predict" else ["--json"]

    result = run(*WORKING[name], *as_json)

    document = json.loads(result.stdout)
    assert result.stdout.count("\n") == 1
    assert set(document) == DOCUMENTS[name]
    assert document["version"] == 1
    assert set(document["model"]) == {"name", "step", "dataset", "source"}
    for part, kind in (("step", int), ("name", str), ("dataset", str), ("source", str)):
        assert isinstance(document["model"][part], kind)
    if name.startswith("eval"):
        expected = ("pictures", None) if name == "eval pictures" else ("mnist", "test")
        assert (document["dataset"], document["split"]) == expected
        assert np.shape(document["confusion"]) == (10, 10)


def test_a_prediction_has_a_fixed_shape(here: Path, run) -> None:
    one = json.loads(run("predict", "7.png", "--format", "json").stdout)["results"][0]
    several = run("predict", "7.png", "no.png", "--several", "--format", "json")

    always = {"digit", "probability", "probabilities", "confidence", "box", "scale", "shift"}
    always |= {"angle"}
    assert set(one) == {"file", "label", *always, "polarity", "warnings"}
    first, failed = json.loads(several.stdout)["results"]
    assert set(first) == {"file", "label", "text", "rows", "digits", "polarity", "warnings"}
    assert [set(digit) for digit in first["digits"]] == [{*always, "warnings"}]
    assert first["text"] == "".join(str(digit["digit"]) for digit in first["digits"])
    assert failed == {"file": "no.png", "error": "No such file or directory"}


def test_text_of_a_prediction_has_four_decimals(here: Path, run) -> None:
    assert re.fullmatch(r"7\.png\t\d\t[01]\.\d{4}\n", run("predict", "7.png").stdout)


def test_progress_without_a_terminal_is_lines(here: Path, run) -> None:
    result = run("train", "--steps", "100", "--log-every", "15")

    steps = re.findall(
        r"^step (\d+)/100  loss [\d.]+  accuracy [01]\.\d{4}$", result.stderr, re.MULTILINE
    )
    assert steps == ["75", "90", "100"]
    assert "\r" not in result.stderr
    assert "\x1b" not in result.stderr


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {}])
def test_colours_depend_on_the_terminal(variables: dict[str, str], tmp_path: Path) -> None:
    environment = {**os.environ, "TERM": "xterm-256color", **variables}
    for name in ("COLORTERM", "NO_COLOR"):
        if name not in variables:
            environment.pop(name, None)
    program = [sys.executable, "-m", "mnistcli", "predict", "--pretrained"]

    shown, output = run_at_terminal([*program, "--show", SAMPLES[0]], tmp_path, environment)

    assert (b"\x1b[38;5;" in shown) is (variables == {})
    assert "\x1b" not in output


# Exit codes

FAILING = {
    "usage of the program": (["--form"], 2),
    "usage": (["train", "--steps", "x"], 2),
    "no such command": (["forecast"], 2),
    "no pictures named": (["predict"], 2),
    "not a number": (["train", "--learning-rate", "nan"], 2),
    "not a share": (["eval", "--min-accuracy", "nan"], 2),
    "not a confidence": (["predict", "7.png", "--min-confidence", "nan"], 2),
    "a data set beside pictures": (["eval", "7.png", "--dataset", "mnist"], 2),
    "a split beside pictures": (["eval", "7.png", "--split", "test"], 2),
    "a pipeline without pictures": (["eval", "--preprocess", "plain"], 2),
    "a polarity without pictures": (["eval", "--invert", "yes"], 2),
    "another format": (["export", "model", "m.onnx"], 2),
    "data": (["download", "--data-dir", "new", "--from", "nowhere"], 3),
    "damaged data": (["download", "--verify", "--data-dir", "new"], 3),
    "an output that can't be written": (["export", "images", "7.png/out"], 3),
    "an export that can't be written": (["export", "model", "7.png/m.tflite"], 3),
    "a directory that can't be created": (["train", "--checkpoint-dir", "7.png/run"], 3),
    "pictures that aren't there": (["train", "--pictures", "none"], 3),
    "no pictures": (["train", "--pictures", "-"], 3),
    "no name of a directory": (["train", "--checkpoint-dir", ""], 2),
    "no name of an export": (["export", "model", ""], 2),
    "no model": (["predict", "7.png", "--checkpoint-dir", "none"], 4),
    "no model to score": (["eval", "--checkpoint-dir", "none"], 4),
    "no model to export": (["export", "model", "m", "--checkpoint-dir", "none"], 4),
    "another run": (["train", "--seed", "9"], 4),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_failure_has_one_line_and_an_exit_code_and_no_output(name: str, here: Path, run) -> None:
    arguments, code = FAILING[name]

    result = run("-q", *arguments)

    assert (result.exit_code, result.stdout) == (code, "")
    if code == 2:
        assert re.match(r"Usage: .*\nTry '.* --help' for help\.\n\nerror: .*\n$", result.stderr)
    else:
        assert re.fullmatch(r"error: .*\n", result.stderr)


def test_a_damaged_model_exits_with_4(here: Path, run) -> None:
    for folder in (here / "checkpoints").iterdir():
        (folder / "checkpoint.json").write_bytes(b"{}")

    for arguments in (["predict", "7.png"], ["eval"], ["export", "model", "m"], ["train"]):
        result = run("-q", *arguments)
        assert (result.exit_code, result.stdout) == (4, "")
        assert "'train --restart' starts over" in result.stderr


@pytest.mark.slow
def test_standard_input_is_read_only_on_request(tmp_path: Path) -> None:
    """A command that asked a question would wait for an answer."""
    reader, writer = os.pipe()
    os.write(writer, b"left as it is")
    try:
        for arguments in (["predict", str(SAMPLES[0])], ["export", "model", "m.tflite"]):
            for _ in range(2):  # the second replaces what is there
                assert spawn(*arguments, cwd=tmp_path, stdin=reader).returncode == 0
        assert os.read(reader, 100) == b"left as it is"
    finally:
        os.close(reader)
        os.close(writer)


@pytest.mark.slow
def test_libraries_print_nothing(run_process: Callable, trained: Path, tmp_path: Path) -> None:
    """TensorFlow and LiteRT are silent, in commands that load them."""
    for export in (trained / "model-60").glob("model.tflite*"):
        export.unlink()
    (tmp_path / "7.png").write_bytes(to_png(seven()))
    own = re.compile(
        r"(step \d+/\d+  loss|\d+ steps in|training|model:|warning: 7.png|checkpoints/model-\d+"
        r"|to read pictures with it: |a better one: )"
    )
    for arguments in (
        ["predict", "7.png"],  # makes the export
        ["train", "--steps", "70"],
        ["train", "--model", "cnn", "--steps", "3", "--checkpoint-dir", "cnn"],
        ["export", "model", "m"],
    ):
        process = run_process(*arguments)
        _, notes = process.communicate()
        assert process.returncode == 0
        assert [line for line in notes.splitlines() if not own.match(line)] == []


# Names and numbers of files


def test_control_characters_in_names_are_escaped(here: Path, run) -> None:
    name = "\x1b[2Jred\x9b.png"
    (here / name).write_bytes(to_png(seven()))
    (here / f"7_{name}").write_bytes(b"damaged")

    result = run("predict", name, f"7_{name}")

    assert result.stdout.startswith("\\x1b[2Jred\\x9b.png\t")
    assert "error: 7_\\x1b[2Jred\\x9b.png: not a picture" in result.stderr
    document = json.loads(run("predict", name, "--format", "json").stdout)
    assert document["results"][0]["file"] == name


def test_a_name_may_begin_with_a_hyphen(here: Path, run) -> None:
    (here / "-q.png").write_bytes(to_png(seven()))

    assert run("predict", "--", "-q.png").stdout.startswith("-q.png\t")


def test_names_of_any_bytes_go_through_json(here: Path, run) -> None:
    name = os.fsdecode(b"\xff.png")
    (here / name).write_bytes(to_png(seven()))

    document = json.loads(run("predict", name, "--format", "json").stdout)

    assert os.fsencode(document["results"][0]["file"]) == b"\xff.png"


def test_directories_of_any_name_are_printed(here: Path, run) -> None:
    out = os.fsdecode(b"a\tb\xff")

    result = run("export", "images", out, "--count", "1")

    assert result.stdout_bytes == b"a\\tb\xff\t1\tmnist\ttest\n"


@pytest.mark.slow
def test_a_thousand_pictures_are_answered_in_order(here: Path) -> None:
    names = [f"{number:04}.png" for number in range(1000)]
    for name in names:
        os.link(here / "7.png", here / name)
    (here / "0500.png").unlink()
    (here / "0500.png").write_bytes(b"damaged")

    result = spawn("predict", "--format", "csv", *names, cwd=here)

    rows = [line.split(",") for line in result.stdout.splitlines()[1:]]
    assert result.returncode == 1
    assert [row[0] for row in rows] == names
    assert {row[1] for row in rows} - {""} == {rows[0][1]}
    assert result.stderr.count("error: ") == 1


@pytest.mark.parametrize(
    "command",
    [
        "predict *.png | head -1",
        "predict *.png --format csv | head -1",
        "predict *.png --format json | head -c 1",
        "--help | head -1",
        "predict --help | true",
        "--version | true",
        "eval --json | true",
    ],
)
def test_a_reader_may_close_the_pipe_at_any_time(command: str, here: Path) -> None:
    for number in range(30):
        os.link(here / "7.png", here / f"7_{number}.png")
    script = f"set -o pipefail; '{sys.executable}' -m mnistcli -q {command}"
    if command.startswith("eval"):
        script = script.replace("eval", "eval 7.png")

    result = subprocess.run(["bash", "-c", script], cwd=here, capture_output=True, text=True)

    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.slow
def test_a_closed_standard_output_is_an_error_before_the_work(
    here: Path, small_files: Path
) -> None:
    program = f"'{sys.executable}' '{small.__file__}' '{small_files}'"
    for command in ("train --steps 70", "eval", "predict 7.png", "export model m.tflite"):
        result = subprocess.run(
            ["bash", "-c", f"{program} {command} >&-"], cwd=here, capture_output=True, text=True
        )
        assert result.returncode == 3
        assert result.stderr == "error: standard output: Bad file descriptor\n"
    assert not (here / "checkpoints" / "model-70").exists()
    assert not (here / "m.tflite").exists()


@pytest.mark.parametrize(
    ("arguments", "suggested"),
    [
        (["predict", "--model", "cnn", "7.png"], "--checkpoint-dir"),
        (["predict", "7.png", "--json"], "--format json"),
        (["predict", "7.png", "--output=a.csv"], "--format csv > FILE"),
        (["predict", "7.png", "--threshold", "0.5"], "--min-confidence"),
        (["predict", "7.png", "--whitelist", "0123"], "--only"),
        (["predict", "7.png", "--sevral"], "--several"),
        (["eval", "--pictures", "mine"], "PICTURES"),
        (["train", "--lr", "0.1"], "--learning-rate"),
        (["train", "--epochs=3"], "--steps"),
        (["train", "--data_path", "."], "--data-dir"),
        (["train", "--output-dir", "."], "--checkpoint-dir"),
    ],
)
def test_an_option_from_elsewhere_is_told_its_name_here(
    arguments: list[str], suggested: str, run
) -> None:
    result = run(*arguments)

    assert result.exit_code == 2
    assert re.search(rf"Did you mean '?{re.escape(suggested)}'?\?", result.stderr)


def test_an_unknown_option_has_no_suggestion(run) -> None:
    assert "Did you mean" not in run("predict", "7.png", "--zzz").stderr
