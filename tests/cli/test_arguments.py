"""Random arguments of all commands: no traceback, and no foreign file changed.

MNISTCLI_EXAMPLES sets how many are tried.
"""

import json
import os
import re
import shutil
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from helpers.commandline import COMMANDS
from helpers.drawing import seven, to_png
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mnistcli.cli.main import main
from mnistcli.datasets import mnist

pytestmark = pytest.mark.usefixtures("tensorflow")

EXAMPLES = int(os.environ.get("MNISTCLI_EXAMPLES", "100"))

NASTY = ("", " ", "x" * 5000, "\udcff", "\x1b[2J", "é\n\t", "-", "--", "*", "{}", "nan")
NUMBERS = ("0", "1", "2", "0.5", "-1", "1e999", "-0", "\uff11", "0x1", "1_0", "9" * 5000, "inf")
FILES = ("7.png", "8_damaged.png", "7_notes.txt", "pictures", "nowhere.png")
FOREIGN = FILES[:3]
"""Never to be replaced."""

FOLDERS = ("out", "a/b", "MNIST_data", "damaged_data", "checkpoints", "damaged_run", "7.png/a")
OUT = ("m.tflite", "7.png", "checkpoints", "out", "out.onnx", "a/b/m.TFLITE", "pictures")
"""What a file or a directory is written as."""

SHORT = {"--steps": ("1", "61", "0", "x"), "--model": ("softmax", "x"), "--dataset": ("mnist", "x")}
"""Values in place of such as would train or draw for long."""


def draw_value(parameter: click.Parameter) -> st.SearchStrategy[str]:
    """Draw a value for an option or an argument, right or wrong."""
    usual: tuple[str, ...] = NUMBERS
    if isinstance(parameter.type, click.Choice):
        usual = tuple(parameter.type.choices)
    elif isinstance(parameter.type, click.Path) or parameter.name == "sources":
        usual = FILES + FOLDERS if parameter.name in ("pictures", "sources") else FOLDERS
    if parameter.opts[0] in SHORT:
        return st.sampled_from(SHORT[parameter.opts[0]])
    return st.sampled_from(usual) | st.sampled_from(usual + NASTY + OUT)


def draw_option(option: click.Option) -> st.SearchStrategy[list[str]]:
    """Draw an option as it is written."""
    name = st.just([option.opts[0]])
    if option.is_flag:
        return name
    value = draw_value(option)
    return value.map(lambda text: [option.opts[0], text]) | value.map(
        lambda text: [f"{option.opts[0]}={text}"]
    )


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    """Draw a command with some of its options, and now and then one that does not exist."""
    name = draw(st.sampled_from(sorted(COMMANDS)))
    command = COMMANDS[name]
    options = [one for one in command.params if isinstance(one, click.Option)]
    places = [one for one in command.params if isinstance(one, click.Argument)]
    words = [draw_option(option) for option in options]
    strange = st.sampled_from((["--no"], ["-x"], ["--json=1"], ["--", "-q"], ["--to", "x"]))
    parts = draw(st.lists(st.one_of(*words, *words, strange), max_size=5))
    for place in places:
        parts += [[draw(draw_value(place))] for _ in range(draw(st.integers(1, 2)))]
    if name == "train":
        parts.append(["--steps=61"])
    return [*name.split(), *(word for part in draw(st.permutations(parts)) for word in part)]


@pytest.fixture
def here(trained: Path, pictures: Path, tmp_path: Path) -> Path:
    """A directory with all that commands need, intact and damaged."""
    (tmp_path / "7.png").write_bytes(to_png(seven()))
    (tmp_path / "8_damaged.png").write_bytes(to_png(seven())[:100])
    (tmp_path / "7_notes.txt").write_text("no picture")
    for source, damaged in (("MNIST_data", "damaged_data"), ("checkpoints", "damaged_run")):
        shutil.copytree(tmp_path / source, tmp_path / damaged)
        for file in (tmp_path / damaged).rglob("*[zn]"):
            file.write_bytes(file.read_bytes()[:-3])
    return tmp_path


def check(result: Result, arguments: list[str]) -> None:
    """Check how a command has ended."""
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert result.exit_code in (0, 1, 2, 3, 4)
    errors = re.findall(r"^error: ", result.stderr, re.MULTILINE)
    if result.exit_code == 2:
        assert len(errors) == 1
    elif result.exit_code in (3, 4):
        assert result.stdout == ""
        assert len(errors) == 1 or (errors and "--pictures" in " ".join(arguments))  # one each
    elif result.exit_code == 0:
        assert errors == []
    is_json = "--json" in arguments or "--format=json" in arguments
    if is_json and result.exit_code in (0, 1):
        json.loads(result.stdout)


@pytest.mark.slow
def test_any_command_line_has_a_documented_end(
    here: Path, few_strokes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mnist, "MIRRORS", ("nowhere",))
    work = here / "work"
    kept = here.parent / f"{here.name}-kept"
    shutil.copytree(here, kept)
    tried: list[int] = []  # exit codes
    foreign = [(kept / name).read_bytes() for name in FOREIGN]
    before = sorted(path.name for path in here.parent.iterdir())

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(command_lines())
    def try_one(arguments: list[str]) -> None:
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(kept, work)
        monkeypatch.chdir(work)
        result = CliRunner().invoke(main, arguments)
        tried.append(result.exit_code)
        check(result, arguments)
        assert [(work / name).read_bytes() for name in FOREIGN] == foreign

    try_one()
    print(f"{len(tried)} command lines, {tried.count(2)} of them refused")
    assert sorted(path.name for path in here.parent.iterdir()) == before
