"""Faults, tried often, and a table of what was lost: ``cd tests && python -m stress --help``.

Each module beside this one has a ``check``, which tries faults of one kind.
"""

import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click

from stress.outcome import Effort, Outcome

KINDS = ("kills", "damage", "disks", "contention", "downloads", "fuzzing", "load", "repeats")


@click.command()
@click.option("--long", "is_long", is_flag=True, help="Try as often as docs/reliability.md says.")
@click.option("--only", type=click.Choice(KINDS), multiple=True, help="Only faults of this kind.")
@click.option("--write", type=click.Path(path_type=Path), help="Write the table to this file.")
def stress(is_long: bool, only: tuple[str, ...], write: Path | None) -> None:
    """Try what really happens to such tools, and count what is lost."""
    outcomes: list[Outcome] = []
    for kind in only or KINDS:
        directory = Path(tempfile.mkdtemp(prefix=f"stress-{kind}-"))
        started = time.monotonic()
        for outcome in try_all(kind, Effort(is_long, directory)):
            outcomes.append(outcome)
            click.echo(describe(outcome))
        click.echo(f"{kind}: {time.monotonic() - started:.0f} s")
        shutil.rmtree(directory, ignore_errors=True)
    if write:
        write.write_text(to_page(outcomes))
    sys.exit(any(outcome.lost for outcome in outcomes))


def try_all(kind: str, effort: Effort) -> Iterator[Outcome]:
    """Try the faults of a kind; one that ends the attempt itself is an outcome, too."""
    try:
        yield from import_module(f"stress.{kind}").check(effort)
    except Exception:
        traceback.print_exc()
        yield Outcome(f"{kind}: the attempt", "comes to its end", 1, [traceback.format_exc(-1)])


def describe(outcome: Outcome) -> str:
    """Return lines for a terminal."""
    if outcome.skipped:
        return f"SKIPPED {outcome.fault}: {outcome.skipped}"
    state = "LOST" if outcome.lost else "ok"
    first = f"{state} {outcome.fault}: {outcome.tried} times {outcome.note}"
    return "\n    ".join([first.strip(), *outcome.lost[:5]])


def to_page(outcomes: list[Outcome]) -> str:
    """Return the page of documentation."""
    rows = [
        f"| {outcome.fault} | {outcome.tried:,} | {outcome.expected} | {lost(outcome)} |"
        for outcome in outcomes
    ]
    head = Path(__file__).with_name("reliability.md").read_text()
    return head + "\n".join(
        ["| fault | tried | what must hold | lost |", "|---|--:|---|---|", *rows]
    )


def lost(outcome: Outcome) -> str:
    """Return the last column."""
    what = outcome.skipped or "; ".join(outcome.lost) or "nothing"
    return f"{what}; {outcome.note}" if outcome.note else what


if __name__ == "__main__":
    stress()
