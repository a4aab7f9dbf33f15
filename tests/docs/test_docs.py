"""The README, the tutorial and the reference agree with the code and with each other."""

import re
import signal
from collections import Counter
from pathlib import Path

import click
import pytest
import reference
from helpers.commandline import COMMANDS

from mnistcli import errors
from mnistcli.cli.main import INTERRUPTED, main
from mnistcli.datasets import dataset
from mnistcli.runs.recipes import RECIPES, Recipe

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/*.md"))]

BLOCK = re.compile(r"^```.*?^```$|(?:^ {4}[^\n]*\n)+", re.MULTILINE | re.DOTALL)
FIGURE = re.compile(r"`[^`]+`|\d+(?:[.,]\d+)*")
"""A code span or a number, which is the same in every language."""


def test_every_option_is_explained() -> None:
    for name, command in [*main.commands.items(), *COMMANDS.items()]:
        assert command.help, name
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name} {parameter.opts}"


def find_commands(page: str) -> list[tuple[str, str]]:
    """Return the commands that a page names, each with its arguments on the same line."""
    return re.findall(rf"mnistcli (?:-q )?({'|'.join(COMMANDS)})((?: [^\s`&|>]+)*)", page)


def find_options(command: click.Command) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts}


def test_the_readme_names_every_command() -> None:
    assert {name for name, _ in find_commands(README)} == set(COMMANDS)


@pytest.mark.parametrize("text", [README, TUTORIAL], ids=["README", "tutorial"])
def test_pages_name_commands_and_options_that_exist(text: str) -> None:
    called = re.findall(r"^ {4}(?:\$ )?mnistcli (?:-q )?([a-z]+)", text, re.MULTILINE)
    assert set(called) <= set(main.commands)

    for name, arguments in find_commands(text):
        known = find_options(COMMANDS[name]) | {"--help"}
        assert set(re.findall(r"--[a-z-]+", arguments)) <= known, name
    anywhere = set().union(*map(find_options, COMMANDS.values())) | {"--help"}
    assert set(re.findall(r"`(--[a-z-]+)", text)) <= anywhere


@pytest.mark.parametrize(
    "text", [README, CHINESE, TUTORIAL], ids=["README", "Chinese README", "tutorial"]
)
def test_pages_name_files_that_exist(text: str) -> None:
    named = set(re.findall(r"\b(?:mnistcli|tests|tools|benchmarks)/[\w/]+\.py\b", text))

    assert named
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []


def test_the_readme_has_a_row_for_each_exit_code() -> None:
    kinds = (errors.GateError, errors.PictureError, errors.DataError, errors.ModelError)
    codes = {kind.exit_code for kind in (*kinds, click.UsageError)}
    codes |= {0, INTERRUPTED, 128 + signal.SIGTERM}

    rows = re.findall(r"^\| (\d+(?:, \d+)*) \| \S", README, re.MULTILINE)

    assert {int(code) for row in rows for code in row.split(", ")} == codes


def test_the_readme_explains_every_dependency() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (block,) = re.findall(r"^dependencies = \[\n(.*?)^\]", project, re.MULTILINE | re.DOTALL)
    dependencies = re.findall(r'"([a-z0-9-]+)>=([0-9.]+)"', block)

    assert len(dependencies) == len(block.splitlines())  # each has a lower bound
    rows = re.findall(r"^\| ([a-z][a-z0-9-]+) \| ([0-9.]+) \| \w", README, re.MULTILINE)
    assert sorted(rows) == dependencies


@pytest.mark.parametrize(("model", "recipe"), RECIPES.items())
def test_the_readme_has_the_recipes_steps(model: str, recipe: Recipe) -> None:
    (steps, batch_size) = re.findall(rf"^\| `{model}` \|.*\| (\d+) × (\d+) \|", README, re.M)[0]

    assert (int(steps), int(batch_size)) == (recipe.steps, recipe.batch_size)


def test_the_chinese_readme_has_the_same_blocks_of_code() -> None:
    assert BLOCK.findall(CHINESE) == BLOCK.findall(README)


def test_the_chinese_readme_has_the_same_figures_in_tables() -> None:
    def read_tables(page: str) -> list[list[str]]:
        tables = re.findall(r"(?:^\|.*\n)+", BLOCK.sub("", page), re.MULTILINE)
        return [[read_row(row) for row in table.splitlines()] for table in tables]

    def read_row(row: str) -> str:
        return " ".join(re.findall(rf"{FIGURE.pattern}|\|", row))

    assert read_tables(CHINESE) == read_tables(README)


def test_the_chinese_readme_has_the_figures_of_each_section() -> None:
    def read_sections(page: str) -> list[tuple[str, Counter[str]]]:
        parts = re.split(r"^(#+) ", BLOCK.sub("", page), flags=re.MULTILINE)[1:]
        counts = (Counter(FIGURE.findall(part.replace("\n", " "))) for part in parts[1::2])
        return list(zip(parts[::2], counts, strict=True))

    sections = zip(read_sections(README), read_sections(CHINESE), strict=True)
    for (level, figures), (chinese_level, chinese) in sections:
        assert chinese_level == level
        assert not figures - chinese  # it may say more


def test_every_data_set_can_be_chosen() -> None:
    for name in ("train", "eval"):
        (option,) = (one for one in main.commands[name].params if one.name == "dataset")
        assert option.type.choices == (dataset.AUTO, *dataset.DATASET_NAMES)
        assert option.default == dataset.AUTO


def test_the_tests_are_run_as_the_readme_says() -> None:
    assert "pip install '.[test]' && pytest" in README
    assert "\tpip install '.[test]' && pytest\n" in (ROOT / "Makefile").read_text()


def find_links(page: Path) -> list[tuple[Path, str]]:
    """Return the files that a page links to, each with a section or an empty string."""
    links = re.findall(r"\]\(([^)#:]*)#?([^)#:]*)\)", page.read_text(encoding="utf-8"))
    return [(page.parent / file if file else page, section) for file, section in links]


def find_sections(page: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a page."""
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    assert [file for file, _ in find_links(page) if not file.exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_sections(page: Path) -> None:
    links = [(file, section) for file, section in find_links(page) if section]

    assert [link for link in links if link[1] not in find_sections(link[0])] == []


def test_the_reference_is_up_to_date() -> None:
    assert (ROOT / "docs/reference.md").read_text(encoding="utf-8") == reference.make_page()
