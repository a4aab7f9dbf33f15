"""What Windows lacks is not needed: the commands run with it taken away."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import windows
from helpers.drawing import seven, to_png


def run_without(small_files: Path, directory: Path, *arguments: str) -> str:
    """Return what a command prints where the names of POSIX are missing."""
    result = subprocess.run(
        [sys.executable, windows.__file__, small_files, "-q", *arguments],
        cwd=directory,
        env={**os.environ, "MNISTCLI_DATA_DIR": str(small_files)},
        capture_output=True,
        text=True,
    )
    assert (result.stderr, result.returncode) == ("", 0)
    return result.stdout


@pytest.mark.slow
def test_the_commands_run_without_the_names_of_posix(small_files: Path, tmp_path: Path) -> None:
    (tmp_path / "7.png").write_bytes(to_png(seven()))

    def run(*arguments: str) -> str:
        return run_without(small_files, tmp_path, *arguments)

    trained = json.loads(run("train", "--steps", "100", "--save-every", "50", "--json"))
    resumed = json.loads(run("train", "--steps", "150", "--json"))
    scored = json.loads(run("eval", "--json", "--report", "report"))
    assert (trained["step"], resumed["step"]) == (100, 150)
    assert scored["accuracy"] == resumed["accuracy"] > 0.9
    assert (tmp_path / "report" / "report.html").exists()
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == [
        "model-100",
        "model-150",
        "model-50",
    ]

    assert run("predict", "7.png", "--pretrained").startswith("7.png\t7\t")
    assert len(run("predict", *["7.png"] * 600).splitlines()) == 600  # by several processes
    run("export", "model", "digits.tflite")
    run("export", "model", "digits")
    assert (tmp_path / "digits" / "saved_model.pb").exists()
    assert run("export", "images", "images", "--count", "3") == "images\t3\tmnist\ttest\n"
    run("download", "--verify")


def test_the_names_are_really_missing() -> None:
    script = "import sys; sys.path[:0] = sys.argv[1:]; import windows, os; windows.take_away()\n"
    script += "try:\n    import fcntl\nexcept ImportError:\n    print(hasattr(os, 'O_NOFOLLOW'))"
    command = [sys.executable, "-c", script, str(Path(windows.__file__).parent)]

    assert subprocess.check_output(command, text=True) == "False\n"
