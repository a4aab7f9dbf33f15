"""The page about pictures: its figures, and what it says about the code."""

import importlib
import json
import re
import shlex
import sys
from collections.abc import Callable
from dataclasses import asdict, fields
from itertools import chain, islice
from operator import attrgetter
from pathlib import Path

import figures
import numpy as np
import photos
import pytest
from click.testing import CliRunner, Result
from helpers.commandline import COMMANDS
from PIL import Image

from mnistcli.cli.main import main
from mnistcli.pictures.parameters import PARAMETERS
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
    *(photos.shade, photos.pair, photos.hairline),
)


@pytest.mark.parametrize("draw", PHOTOS, ids=lambda draw: draw.__name__)
def test_only_the_photo_of_two_digits_gets_a_warning(draw: Callable[[], bytes]) -> None:
    prepared = prepare(draw())

    assert prepared.warnings == ((SEVERAL,) if draw is photos.pair else ())


def read(data: bytes) -> list[str]:
    """Return what is read of a page, row by row."""
    prepared = prepare(data, PictureOptions(several=True))
    answers = iter([str(figures.answer(digit.image).digit) for digit in prepared.digits])
    return ["".join(islice(answers, count)) for count in prepared.rows]


@pytest.mark.parametrize(
    ("draw", "rows"),
    [
        (photos.page, ["31415926", "271828", "16180339"]),
        (photos.turned_page, ["1414", "1732", "2236"]),
        (photos.pair, ["36"]),
        (photos.form, ["702"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_numbers_in_the_figures_are_read(draw: Callable[[], bytes], rows: list[str]) -> None:
    assert read(draw()) == rows


def test_digits_of_all_sizes_in_the_figure_are_read() -> None:
    assert sorted("".join(read(photos.sizes()))) == sorted("853207")


def test_a_levels_view_has_the_pictures_shape_and_no_margin() -> None:
    trace = figures.trace_steps(photos.hairline())
    height, width, _ = trace.picture.shape

    for level, maps in trace.found.levels:
        view = figures.see_level(trace, level, maps)

        rows, columns, _ = view.picture.shape
        assert max(rows, columns) == round(max(height, width) * level.scale)
        assert columns / rows == pytest.approx(width / height, abs=0.05)
        for shown in (view.contrast, view.crop(maps.ink)):
            assert shown.shape[:2] == (rows, columns)


@pytest.mark.parametrize("draw", [photos.hairline, photos.turned_page], ids=lambda d: d.__name__)
def test_the_last_steps_that_are_drawn_end_in_the_digits_images(draw: Callable[[], bytes]) -> None:
    trace = figures.trace_steps(draw(), is_several=True)

    located = chain(*trace.rows)
    drawn = [figures.take_last_steps(one, trace.angle)[-1].image for one in located]

    for image, digit in zip(drawn, trace.digits, strict=True):
        np.testing.assert_array_equal(image, digit.image)


def test_the_pages_steps_are_those_of_a_trace_in_order() -> None:
    rows = re.findall(r"^\| \[(.+?)\]\(#(.+?)\) \| (.+?) \| (.+?) \|", PAGE, re.MULTILINE)
    steps, anchors, modules, results = zip(*rows, strict=True)

    paths = [path for result in results for path in re.findall(r"`([\w.]+)`", result)]
    trace = figures.trace_steps(photos.hairline())
    assert all(attrgetter(path)(trace) is not None for path in paths)
    roots = dict.fromkeys(path.split(".")[0] for path in paths)
    assert list(roots) == [field.name for field in fields(Trace)]
    assert anchors == tuple(step.lower().replace(" ", "-") for step in steps)
    headings = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    first = headings.index(steps[0])
    assert headings[first : first + len(steps)] == list(steps)
    for name in re.findall(r"\w+", " ".join(modules)):
        importlib.import_module(f"mnistcli.pictures.{name}")


def find_named() -> list[tuple[str, str, str]]:
    """Return the names that the page gives, each with its module and its value, if it has one."""
    paragraphs = re.findall(r"^`\w+/\w+\.py`:.*?(?=\n\n|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    module, named = "", []
    for paragraph in paragraphs:
        for file, name, value in re.findall(
            r"`(\w+/\w+)\.py`|`(\w+)`(?:\s=\s([\d.]*\d))?", paragraph
        ):
            module = file or module
            if name:
                named.append((module, name, value))
    return named


def test_the_page_names_functions_and_constants_that_exist() -> None:
    named = find_named()

    assert len(named) > 60
    for file, name, value in named:
        module = importlib.import_module(f"mnistcli.{file.replace('/', '.')}")
        known = getattr(PARAMETERS if file == "pictures/parameters" else module, name)
        assert not value or known == float(value), name


def test_the_page_gives_every_parameter_once() -> None:
    values = [name for file, name, value in find_named() if file == "pictures/parameters" and value]

    assert sorted(values) == sorted(asdict(PARAMETERS))


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
