"""The page about pictures: its figures, and what it says about the code."""

import importlib
import json
import re
import shlex
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import figures
import numpy as np
import photos
import pytest
from click.testing import CliRunner, Result
from helpers.commandline import COMMANDS
from PIL import Image

from mnistcli.cli.main import main
from mnistcli.pictures.normalization import normalize
from mnistcli.pictures.pipeline import SEVERAL, PictureOptions, Trace, prepare

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "pictures.md").read_text(encoding="utf-8")
IMAGES = ROOT / "docs" / "images"
MAX_BYTES = 150_000
"""Size of a figure's file."""


def run(arguments: str, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.chdir(ROOT)
    return CliRunner().invoke(main, shlex.split(arguments))


@pytest.mark.slow
def test_every_figure_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["figures.py", str(tmp_path)])

    figures.main()

    drawn = {path.name: path for path in tmp_path.iterdir()}
    assert set(drawn) == {path.name for path in IMAGES.iterdir()}
    assert set(re.findall(r"\(images/(.+?)\)", PAGE)) == set(drawn) - {"start.png"}
    for name, path in drawn.items():
        assert path.stat().st_size < MAX_BYTES, name
        with Image.open(path) as new, Image.open(IMAGES / name) as kept:
            assert new.size == kept.size, name
            levels = np.asarray(new.convert("L"))
        assert (levels[0] == 255).all(), name  # white at its top
        assert levels.std() > 20, name


PHOTOS = (
    *(photos.photo, photos.board, photos.marker, photos.scan),
    *(photos.shade, photos.snippet, photos.pair, photos.hairline),
)


@pytest.mark.parametrize("draw", PHOTOS, ids=lambda draw: draw.__name__)
def test_only_the_photo_of_two_digits_gets_a_warning(draw: Callable[[], bytes]) -> None:
    prepared = prepare(draw())

    assert prepared.warnings == ((SEVERAL,) if draw is photos.pair else ())


def test_the_strokes_that_are_drawn_normalize_to_the_digits_image() -> None:
    trace = figures.trace_steps(photos.hairline())

    _, thick = figures.extract_strokes(trace)

    (digit,) = trace.digits
    drawn = normalize(thick).image.astype(int)
    assert np.abs(drawn - digit.image).mean() < 1  # soft edges reach farther in a whole picture


def test_the_page_of_digits_is_read() -> None:
    digits = prepare(photos.page(), PictureOptions(several=True)).digits

    read = "".join(str(figures.answer(digit.image).digit) for digit in digits)

    assert read == "31415926" + "271828" + "16180339"


def test_the_pages_steps_are_those_of_a_trace_in_order() -> None:
    rows = re.findall(r"^\| \[(.+?)\]\(#(.+?)\) \| \w+ \| (.+?) \|", PAGE, re.MULTILINE)
    steps, anchors, results = zip(*rows, strict=True)

    names = [name for result in results for name in re.findall(r"`(\w+)`", result)]
    assert names == [field.name for field in fields(Trace)]
    assert anchors == tuple(step.lower().replace(" ", "-") for step in steps)
    headings = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    first = headings.index(steps[0])
    assert headings[first : first + len(steps)] == list(steps)


def test_the_page_names_functions_and_constants_that_exist() -> None:
    paragraphs = re.findall(r"^`\w+/\w+\.py`:.*?(?=\n\n|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert len(paragraphs) == 10
    name_or_value = r"`(\w+/\w+)\.py`|`(\w+)`(?:\s=\s([\d.]*\d))?"
    for paragraph in paragraphs:
        for file, name, value in re.findall(name_or_value, paragraph):
            if file:
                module = importlib.import_module(f"mnistcli.{file.replace('/', '.')}")
            else:
                known = getattr(module, name)
                assert not value or known == float(value), name


def test_the_page_names_options_that_exist() -> None:
    options = {
        option
        for name in ("predict", "eval")
        for parameter in COMMANDS[name].params
        for option in parameter.opts
    }

    assert set(re.findall(r"--[a-z][a-z-]+", PAGE)) <= options


@pytest.mark.slow
def test_commands_print_what_the_page_says(monkeypatch: pytest.MonkeyPatch) -> None:
    commands = re.findall(r"^ {4}\$ mnistcli (.*)\n {4}(.*)$", PAGE, re.MULTILINE)

    assert len(commands) == 2
    for arguments, printed in commands:
        assert run(arguments, monkeypatch).stdout == f"{printed}\n"


def test_json_has_what_the_page_says(monkeypatch: pytest.MonkeyPatch) -> None:
    (arguments,) = re.findall(r"^ {4}mnistcli (.*--pretrained.*)$", PAGE, re.MULTILINE)
    (printed,) = re.findall(r'^ {4}("box".*)$', PAGE, re.MULTILINE)

    (result,) = json.loads(run(arguments, monkeypatch).stdout)["results"]

    assert json.loads(f"{{{printed}}}").items() <= result.items()
    keys = set(re.findall(r"^\| `(\w+)`(?:, `(\w+)`)? \|", PAGE, re.MULTILINE))
    assert {key for pair in keys for key in pair if key} <= set(result)
