"""Faults of one kind, tried in a separate process."""

import tempfile
import time
import traceback
from importlib import import_module
from pathlib import Path

from stress.outcome import Effort, Outcome


def try_kind(is_long: bool, kind: str) -> tuple[str, list[Outcome], float]:
    """Try the faults of a kind; an exception of the attempt itself is an outcome, too."""
    started = time.monotonic()
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix=f"stress-{kind}-", ignore_cleanup_errors=True) as path:
        try:
            for outcome in import_module(f"stress.{kind}").check(Effort(is_long, Path(path))):
                outcomes.append(outcome)
        except Exception:
            error = traceback.format_exc()
            outcomes.append(Outcome(f"{kind}: the attempt", "it completes", 1, [error]))
    return kind, outcomes, time.monotonic() - started
