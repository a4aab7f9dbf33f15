"""The README's script, run by bash as a CI job would, with a mirror of its own."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from helpers import small
from helpers.drawing import SAMPLES

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
(SCRIPT,) = re.findall(r"^```bash\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)

pytestmark = [
    pytest.mark.skipif(not shutil.which(program), reason=f"needs {program}")
    for program in ("bash", "jq")
]


class Mirror:
    """A directory served over HTTP."""

    def __init__(self, directory: Path) -> None:
        self.paths: list[str] = []

        class Handler(SimpleHTTPRequestHandler):
            def log_request(handler, *arguments: object) -> None:
                self.paths.append(handler.path)

            def log_message(handler, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=directory))
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def mirror(small_files: Path) -> Iterator[Mirror]:
    mirror = Mirror(small_files)
    yield mirror
    mirror.close()


@pytest.fixture
def small_program(small_files: Path, tmp_path: Path) -> Path:
    """A directory with a ``mnistcli`` that has the small data set in MNIST's place."""
    program = tmp_path / "bin" / "mnistcli"
    program.parent.mkdir()
    program.write_text(
        f"#!/bin/sh\nexec '{sys.executable}' '{small.__file__}' '{small_files}' \"$@\"\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program.parent


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """The samples, and among them a file that is no picture."""
    directory = tmp_path / "some pictures"
    directory.mkdir()
    for path in SAMPLES:
        shutil.copy(path, directory)
    (directory / "4_0 copy.png").write_bytes(b"no picture")
    return directory


def run(directory: Path, program: Path, **variables: object) -> subprocess.CompletedProcess[str]:
    job = directory / "job"
    job.mkdir(exist_ok=True)
    names = ("HOME", "LANG", "PYTHONPATH", "TMPDIR")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return subprocess.run(
        ["bash", "-c", SCRIPT],
        cwd=job,
        env={
            **kept,
            "PATH": f"{program}:{os.environ['PATH']}",
            **{name: str(value) for name, value in variables.items()},
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def check(result: subprocess.CompletedProcess[str], job: Path, pictures: Path) -> None:
    """Check all that the script has printed and written."""
    assert result.returncode == 0, result.stderr
    damaged = pictures / "4_0 copy.png"
    said = f"{damaged}: not a picture in a known format\n"
    assert result.stderr == f"error: {said}{said}"
    scored = json.loads((job / "scored.json").read_text())
    trained = json.loads((job / "trained.json").read_text())
    source = "checkpoints/model-2000"
    assert result.stdout.splitlines()[4:] == [f"{source}: {scored['correct']} of {scored['total']}"]
    assert [line.split("\t")[1] for line in result.stdout.splitlines()[:4]] == ["fetched"] * 4
    assert trained["accuracy"] == scored["accuracy"] >= 0.9
    assert (trained["step"], trained["checkpoint"]) == (2000, source)
    rows = [line.split("\t") for line in (job / "read.tsv").read_text().splitlines()]
    assert [row[0] for row in rows] == [str(pictures / path.name) for path in SAMPLES]
    assert all(re.fullmatch(r"\d", digit) and 0 < float(share) <= 1 for _, digit, share in rows)


@pytest.mark.slow
def test_the_script_runs(
    mirror: Mirror, small_program: Path, pictures: Path, tmp_path: Path
) -> None:
    result = run(tmp_path, small_program, MIRROR=mirror.url, PICTURES=pictures)

    check(result, tmp_path / "job", pictures)
    assert len(mirror.paths) == 4


@pytest.mark.slow
def test_the_script_runs_on_the_real_files(shared: Path, pictures: Path, tmp_path: Path) -> None:
    mirror = Mirror(shared / "mnist")
    try:
        program = Path(sys.executable).parent
        result = run(tmp_path, program, MIRROR=mirror.url, PICTURES=pictures)
    finally:
        mirror.close()

    check(result, tmp_path / "job", pictures)
    rows = [line.split("\t") for line in (tmp_path / "job/read.tsv").read_text().splitlines()]
    assert sum(Path(name).name[0] == digit for name, digit, _ in rows) >= 27
    assert json.loads((tmp_path / "job/scored.json").read_text())["total"] == 10_000


@pytest.mark.slow
def test_the_script_ends_at_a_failed_gate(
    mirror: Mirror, small_program: Path, pictures: Path, tmp_path: Path
) -> None:
    variables = {"MNISTCLI_TRAIN_STEPS": 1, "MNISTCLI_TRAIN_LEARNING_RATE": 1e-9}
    result = run(tmp_path, small_program, MIRROR=mirror.url, PICTURES=pictures, **variables)

    trained = json.loads((tmp_path / "job/trained.json").read_text())
    assert result.returncode == 1
    assert trained["accuracy"] < 0.9
    assert (
        result.stderr == f"error: accuracy {trained['accuracy']:.4f} is below --min-accuracy 0.9\n"
    )
    assert not (tmp_path / "job/scored.json").exists()


@pytest.mark.slow
def test_the_script_ends_without_data(small_program: Path, pictures: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    mirror = Mirror(empty)
    try:
        result = run(tmp_path, small_program, MIRROR=mirror.url, PICTURES=pictures)
    finally:
        mirror.close()

    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr.startswith("error: could not get train-images-idx3-ubyte.gz, ")
    assert result.stderr.count("\n") == 1
    assert [path.name for path in (tmp_path / "job").iterdir()] in ([], ["MNIST_data"])
