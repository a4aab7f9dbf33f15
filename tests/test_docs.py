"""What is written about the tool is true of it."""

import re
from pathlib import Path

import click
import pytest
from commandline import COMMANDS

from mnistcli import dataset, errors
from mnistcli.cli import main
from mnistcli.recipe import RECIPES, Recipe

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_option_is_explained() -> None:
    for name, command in [*main.commands.items(), *COMMANDS.items()]:
        assert command.help, name
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name} {parameter.opts}"


def test_the_readme_names_commands_and_options_that_exist() -> None:
    names = "|".join(COMMANDS)
    mentioned = re.findall(rf"mnistcli (?:-q )?({names})((?: [^\s`&|>]+)*)", README)
    assert {name for name, _ in mentioned} == set(COMMANDS)
    begun = re.findall(r"^ {4}(?:\$ )?mnistcli (?:-q )?([a-z]+)", README, re.MULTILINE)
    assert set(begun) <= set(main.commands)

    for name, arguments in mentioned:
        known = {option for parameter in COMMANDS[name].params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", arguments)) <= known | {"--help"}, name
    anywhere = {
        option
        for command in COMMANDS.values()
        for parameter in command.params
        for option in parameter.opts
    }
    assert set(re.findall(r"`(--[a-z-]+)", README)) <= anywhere | {"--help"}


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (errors.GateError, "--min-accuracy"),
        (errors.PictureError, "picture"),
        (errors.DataError, "data or network"),
        (errors.ModelError, "checkpoint or model"),
    ],
)
def test_the_readme_has_the_exit_codes(kind: type[errors.MnistError], words: str) -> None:
    (meaning,) = re.findall(rf"^\| {kind.exit_code} \| (.*) \|$", README, re.MULTILINE)

    assert words in meaning


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


def test_every_data_set_can_be_chosen() -> None:
    for name in ("train", "eval"):
        (option,) = (one for one in main.commands[name].params if one.name == "dataset")
        assert option.type.choices == (dataset.AUTO, *dataset.NAMES)
        assert option.default == dataset.AUTO


def test_the_tests_are_run_as_the_readme_says() -> None:
    assert "pip install '.[test]' && pytest" in README
    assert "\tpip install '.[test]' && pytest\n" in (ROOT / "Makefile").read_text()


@pytest.mark.parametrize(
    "page", [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")], ids=lambda p: p.name
)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
