"""What ``mnistcli predict`` reads, for the benchmarks of this folder."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

MNISTCLI = Path(sys.executable).parent / "mnistcli"


def predict(*arguments: str | Path) -> list[dict[str, Any]]:
    """Return the results of ``predict``; end the benchmark if there are none."""
    command = [MNISTCLI, "-q", "predict", "--format", "json", *arguments]
    printed = subprocess.run(command, stdout=subprocess.PIPE).stdout
    if not printed:
        sys.exit("mnistcli predict has failed")
    results: list[dict[str, Any]] = json.loads(printed)["results"]
    return results


def join_rows(result: dict[str, Any]) -> str:
    """Return the digits of a result, its rows divided by ``/``; nothing if there was an error."""
    return "/".join(result.get("rows", []))
