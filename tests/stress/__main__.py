"""Fault injection, and a table of its results: ``cd tests && python -m stress --help``.

Each module of KINDS has a function ``check``, which tries faults of one kind.
"""

import multiprocessing
import re
import sys
from functools import partial
from pathlib import Path

import click

from stress.attempt import try_kind
from stress.outcome import Outcome

ALONE = ("signals",)
"""Kinds that are timed, so that nothing else may run."""

KINDS = ("kills", "fuzzing", "repeats", "load", "contention", "downloads", "damage", "disks")
"""The slowest first: two run at a time."""

ORDER = (*ALONE, *KINDS)


@click.command()
@click.option("--long", "is_long", is_flag=True, help="Try as often as docs/reliability.md says.")
@click.option("--only", type=click.Choice(ORDER), multiple=True, help="Only faults of this kind.")
@click.option("--write", type=click.Path(path_type=Path), help="Write the tables to this file.")
def stress(is_long: bool, only: tuple[str, ...], write: Path | None) -> None:
    """Inject faults into mnistcli, and count what is lost."""
    chosen = only or ORDER
    outcomes: dict[str, list[Outcome]] = {}
    for kinds, at_once in ((ALONE, 1), (KINDS, 2)):
        kinds = [kind for kind in kinds if kind in chosen]
        with multiprocessing.get_context("spawn").Pool(at_once, maxtasksperchild=1) as pool:
            for kind, found, seconds in pool.imap_unordered(partial(try_kind, is_long), kinds):
                outcomes[kind] = found
                click.echo("\n".join([*map(describe, found), f"{kind}: {seconds:.0f} s"]))
    if write:
        write.parent.mkdir(exist_ok=True)
        write.write_text(to_page(outcomes, write.read_text() if write.exists() else ""))
    sys.exit(any(outcome.lost for found in outcomes.values() for outcome in found))


def describe(outcome: Outcome) -> str:
    """Return lines for a terminal."""
    if outcome.skipped:
        return f"SKIPPED {outcome.fault}: {outcome.skipped}"
    state = "LOST" if outcome.lost else "ok"
    first = f"{state} {outcome.fault}: {outcome.tried} times {outcome.note}"
    return "\n    ".join([first.strip(), *outcome.lost[:5]])


def to_page(outcomes: dict[str, list[Outcome]], former: str) -> str:
    """Return the page, with the former tables of kinds that were not tried."""
    parts = [Path(__file__).with_name("reliability.md").read_text()]
    tables = dict(re.findall(r"^## ([a-z]+)\n\n(.*?\n)(?=\n|\Z)", former, re.MULTILINE | re.DOTALL))
    for kind in ORDER:
        table = to_table(outcomes[kind]) if kind in outcomes else tables.get(kind)
        parts += [f"## {kind}\n\n{table}"] if table else []
    return "\n".join(parts)


def to_table(outcomes: list[Outcome]) -> str:
    """Return a row for each fault."""
    rows = [
        f"| {outcome.fault} | {outcome.tried:,} | {outcome.expected} | {lost(outcome)} |\n"
        for outcome in outcomes
    ]
    return "".join(["| fault | tried | what must hold | lost |\n", "|---|--:|---|---|\n", *rows])


def lost(outcome: Outcome) -> str:
    """Return the last column."""
    what = outcome.skipped or "; ".join(outcome.lost) or "nothing"
    return f"{what}; {outcome.note}" if outcome.note else what


if __name__ == "__main__":
    stress()
