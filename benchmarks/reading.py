"""What ``mnistcli`` prints, for the benchmarks of this folder."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

MNISTCLI = Path(sys.executable).parent / "mnistcli"

Document = dict[str, Any]


def run(*arguments: object, check: bool = True) -> Document:
    """Return the document that a command prints; with ``check``, its exit code must be 0."""
    command = [str(argument) for argument in (MNISTCLI, "-q", *arguments)]
    printed = subprocess.run(command, stdout=subprocess.PIPE, check=check).stdout
    if not printed:
        sys.exit("mnistcli has failed")
    document: Document = json.loads(printed)
    return document


def predict(*arguments: object) -> Document:
    """Return the document that ``predict`` prints, also of pictures that it can't use."""
    return run("predict", "--format", "json", *arguments, check=False)


def join_rows(result: Document) -> str:
    """Return the digits of a result, its rows divided by ``/``; nothing if there was an error."""
    return "/".join(result.get("rows", []))
