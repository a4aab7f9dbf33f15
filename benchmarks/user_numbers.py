"""How well pictures of numbers that people wrote are read, by kind.

usage: python benchmarks/user_numbers.py DIRECTORY [OPTIONS of mnistcli predict]

DIRECTORY holds the pictures and a manifest.csv with the columns file, digits (rows are divided by
``/``) and kind. Without options, the pretrained model answers. The share of right
digits is 1 minus the edit distance per digit (Levenshtein, "Binary Codes Capable of Correcting
Deletions, Insertions and Reversals", 1966).
"""

import csv
import math
import sys
from collections import defaultdict
from pathlib import Path

from reading import join_rows, predict


def measure_distance(read: str, written: str) -> int:
    """Return the edit distance between two texts."""
    distances = list(range(len(written) + 1))
    for i, one in enumerate(read, 1):
        before, distances[0] = distances[0], i
        for j, other in enumerate(written, 1):
            replaced = before + (one != other)
            before = distances[j]
            distances[j] = min(replaced, distances[j] + 1, distances[j - 1] + 1)
    return distances[-1]


def main() -> None:
    """Read the pictures and print a table."""
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    directory, options = Path(sys.argv[1]), sys.argv[2:] or ["--pretrained"]
    with (directory / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    files = [directory / row["file"] for row in rows]
    results = predict("--several", *options, *files)["results"]

    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    wrong = []
    for row, result in zip(rows, results, strict=True):
        written, read = row["digits"], join_rows(result)
        warnings = {*result.get("warnings", [result.get("error")])}
        warnings.update(w for digit in result.get("digits", []) for w in digit["warnings"])
        errors = measure_distance(read.replace("/", ""), written.replace("/", ""))
        is_silent = read != written and not warnings
        counts = (1, read == written, is_silent, len(written.replace("/", "")), errors)
        groups = ["all"] if row["kind"] == "printed" else ["all but printed", "all"]
        for kind in (row["kind"], *groups):
            sums[kind] = [total + count for total, count in zip(sums[kind], counts, strict=True)]
        if read != written:
            wrong.append([row["file"], written, read, "; ".join(sorted(warnings)) or "none"])
    print("| kind | pictures | exact | | wrong without a warning | digits | right |")
    print("|---|---|---|---|---|---|---|")
    for kind, (pictures, exact, silent, digits, errors) in sums.items():
        share, rate = exact / pictures, 1 - errors / digits if digits else math.nan
        print(f"| {kind} | {pictures} | {exact} | {share:.0%} | {silent} | {digits} | {rate:.3f} |")
    print("\n| wrong | written | read | warnings |\n|---|---|---|---|")
    for columns in wrong:
        print(f"| {' | '.join(columns)} |")


if __name__ == "__main__":
    main()
