"""The program: usage, standard streams, progress, signals and exit codes."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import numpy as np
import pytest
from helpers import small
from helpers.commandline import COMMANDS
from helpers.drawing import seven, to_png
from helpers.terminal import run_at_terminal

from mnistcli import __version__

pytestmark = pytest.mark.usefixtures("tensorflow")


def test_version(run) -> None:
    assert run("--version").output == f"mnistcli {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "--steps", "0"],
        ["train", "--steps", "many"],
        ["train", "--model", "resnet"],
        ["train", "--learning-rate", "0"],
        ["train", "--seed", "-1"],
        ["predict"],
        ["predict", "x.png", "--preprocess", "magic"],
        ["predict", "x.png", "--top", "11"],
        ["eval", "--min-accuracy", "91"],
        ["download", "--form", "here"],
        ["forecast"],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str], run) -> None:
    result = run(*arguments)

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Usage: mnistcli ")
    assert re.search("^error: .", result.stderr, re.MULTILINE)
    assert "Error: " not in result.stderr


def find_options(command: click.Command) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts}


def test_every_option_that_is_suggested_exists() -> None:
    for name in ("train", "predict", "eval"):
        command = COMMANDS[name]
        known = find_options(command)
        named = {
            word for text in command.synonyms.values() for word in re.findall("--[a-z-]+", text)
        }
        assert named <= known
        assert not set(command.synonyms) & known


def test_options_come_from_the_environment(small_mnist: Path, run) -> None:
    environment = {
        "MNISTCLI_TRAIN_STEPS": "3",
        "MNISTCLI_DATA_DIR": str(small_mnist),
        "MNISTCLI_CHECKPOINT_DIR": "elsewhere",
        "MNISTCLI_QUIET": "1",
    }

    result = run("train", "--json", env=environment)

    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout)["checkpoint"] == os.path.join("elsewhere", "model-3")


def test_quiet_keeps_results_and_errors(trained: Path, tmp_path: Path, run) -> None:
    (tmp_path / "blank.png").write_bytes(to_png(np.zeros((9, 9), np.uint8)))

    result = run("-q", "predict", "blank.png", "missing.png")

    assert result.stderr == "error: missing.png: No such file or directory\n"
    assert result.stdout.startswith("blank.png\t")
    assert "warning: blank.png: no digit found" in run("predict", "blank.png").stderr


@pytest.mark.slow
def test_a_terminal_shows_a_progress_bar(
    small_mnist: Path, tmp_path: Path, small_files: Path
) -> None:
    program = [sys.executable, small.__file__, small_files]

    shown, output = run_at_terminal([*program, "train", "--steps", "400"], tmp_path)

    shown = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", shown)
    steps = [int(step) for step in re.findall(rb"(\d+)/400", shown)]
    assert output == "accuracy 1.0000 over 200 images (mnist test)\n"
    assert b"training" in shown
    assert b"step 100/400" not in shown
    assert steps == sorted(steps)
    assert (steps[0], steps[-1]) == (0, 400)
    assert re.search(rb"loss [\d.]+  accuracy [\d.]+ +\d\d:\d\d", shown)


@pytest.mark.slow
def test_quiet_shows_no_progress_bar(small_mnist: Path, tmp_path: Path, small_files: Path) -> None:
    program = [sys.executable, small.__file__, small_files]

    shown, _ = run_at_terminal([*program, "-q", "train", "--steps", "500"], tmp_path)

    assert shown == b""


# Signals


def wait_for_library(name: str, process: subprocess.Popen) -> None:
    """Wait until a process has started to load a native library."""
    while name not in Path(f"/proc/{process.pid}/maps").read_text():
        assert process.poll() is None
        time.sleep(0.01)


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_train_saves_a_model_that_can_predict(
    number: int, code: int, run_process, tmp_path: Path
) -> None:
    (tmp_path / "7.png").write_bytes(to_png(seven()))
    process = run_process("train", "--steps", "1000000", "--save-every", "1000000")
    for line in process.stderr:
        if line.startswith("step 100/"):
            break
    process.send_signal(number)
    output, notes = process.communicate()

    assert (process.returncode, output) == (code, "")
    assert "error: stopped at step" in notes
    assert "Traceback" not in notes
    predict = run_process("predict", "7.png")  # makes the export
    assert predict.communicate()[0].startswith("7.png\t")
    again = run_process("-q", "predict", "7.png")
    assert again.communicate()[1] == ""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs /proc")
@pytest.mark.parametrize(
    ("number", "code", "message"),
    [(signal.SIGINT, 130, "error: interrupted\n"), (signal.SIGTERM, 143, "")],
)
def test_a_stopped_predict_exits_with_128_plus_the_signal(
    number: int, code: int, message: str, trained: Path, tmp_path: Path
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "mnistcli", "-q", "predict", "-"],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for_library("litert", process)
    time.sleep(1)  # it waits for its picture by now
    process.send_signal(number)

    assert process.communicate()[1] == message
    assert process.returncode == code


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs /proc")
def test_an_ignored_sigterm_stays_ignored(trained: Path, tmp_path: Path) -> None:
    script = f"trap '' TERM; exec '{sys.executable}' -m mnistcli predict -"
    process = subprocess.Popen(
        ["bash", "-c", script], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    wait_for_library("litert", process)
    process.send_signal(signal.SIGTERM)

    output, _ = process.communicate(to_png(seven()))

    assert process.returncode == 0
    assert output.startswith(b"-\t")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs /proc")
@pytest.mark.parametrize(
    ("number", "code", "message"), [(signal.SIGINT, 130, "error: "), (signal.SIGTERM, 143, "")]
)
def test_a_signal_while_tensorflow_loads_is_not_lost(
    number: int, code: int, message: str, run_process
) -> None:
    for seconds in (0, 0.5):
        process = run_process("train", "--steps", "1000000")
        wait_for_library("libtensorflow", process)
        time.sleep(seconds)
        process.send_signal(number)
        output, notes = process.communicate(timeout=30)

        assert (process.returncode, output) == (code, "")
        assert "".join(notes.splitlines()[-1:]).startswith(message)


# Streams


@pytest.mark.slow
def test_a_pipe_closed_by_its_reader_is_no_error(
    run_process, trained: Path, tmp_path: Path
) -> None:
    (tmp_path / "7.png").write_bytes(to_png(seven()))
    process = run_process("-q", "predict", *["7.png"] * 2000)
    assert process.stdout.readline().startswith("7.png\t")
    process.stdout.close()

    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait() == 0


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("predict 7.png 2>/dev/full", 0),
        ("predict none.png 2>/dev/full", 1),
        ("predict 7.png --checkpoint-dir none 2>/dev/full", 4),
        ("predict 7.png 2>&-", 0),
        ("predict 7.png >&-", 3),
        ("predict - <&-", 1),
        ("--version >/dev/full", 3),
        ("--help >/dev/full", 3),
        ("eval 7.png 8.png --preprocess plain --min-accuracy 1 | true", 1),
        ("eval 7.png 8.png --preprocess plain --min-accuracy 1 --json | true", 1),
        ("eval 7.png --preprocess plain | true", 0),
    ],
)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_failing_stream_has_its_exit_code_and_no_traceback(
    command: str, code: int, trained: Path, tmp_path: Path
) -> None:
    for name in ("7.png", "8.png"):  # one of them at most is read as labelled
        (tmp_path / name).write_bytes(to_png(np.zeros((28, 28), np.uint8)))
    script = f"set -o pipefail; '{sys.executable}' -m mnistcli {command}"

    result = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert result.returncode == code
    assert "Traceback" not in result.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_that_cannot_be_written_exits_with_3(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "7.png").write_bytes(to_png(seven()))
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "mnistcli", "-q", "predict", "7.png"],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )

    assert result.returncode == 3
    assert result.stderr == "error: standard output: No space left on device\n"


WITHOUT_TEMPORARY_FILES = """
import tempfile
tempfile._candidate_tempdir_list = lambda: ["/nowhere"]
from mnistcli.__main__ import run
run()
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["eval", "7.png", "--report", "report"],
            "error: Matplotlib requires access to a writable",
        ),
        (["export", "model", "out"], "error: No usable temporary directory found in ['/nowhere']"),
    ],
)
def test_a_missing_place_for_temporary_files_is_named(
    arguments: list[str], message: str, trained: Path, tmp_path: Path
) -> None:
    (tmp_path / "7.png").write_bytes(to_png(seven()))

    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_TEMPORARY_FILES, "-q", *arguments],
        cwd=tmp_path,
        env={**os.environ, "HOME": "/dev/null", "MPLCONFIGDIR": "/dev/null"},
        capture_output=True,
        text=True,
    )

    assert (result.returncode, result.stdout) == (3, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith(message)


@pytest.mark.slow
def test_matplotlib_prints_nothing_where_home_cannot_be_written(
    trained: Path, tmp_path: Path
) -> None:
    (tmp_path / "7.png").write_bytes(to_png(seven()))

    result = subprocess.run(
        [sys.executable, "-m", "mnistcli", "-q", "eval", "7.png", "--report", "report"],
        cwd=tmp_path,
        env={**os.environ, "HOME": "/dev/null", "MPLCONFIGDIR": "/dev/null"},
        capture_output=True,
        text=True,
    )

    assert (result.returncode, result.stderr) == (0, "")
    assert (tmp_path / "report" / "report.html").exists()


def test_the_process_ends_without_atexit_handlers(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "7.png").write_bytes(to_png(seven()))
    script = (
        "import atexit, sys; atexit.register(print, 'torn down');"
        "from mnistcli.__main__ import run; run()"
    )

    result = subprocess.run(
        [sys.executable, "-c", script, "-q", "predict", "7.png", "no.png"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )

    assert result.returncode == 1
    assert re.fullmatch(r"7\.png\t\d\t[\d.]+\n", result.stdout)
    assert result.stderr == "error: no.png: No such file or directory\n"
