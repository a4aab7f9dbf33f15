"""How well pictures that people made are read, by kind and by source.

usage: python benchmarks/user_digits.py DIRECTORY [OPTIONS of mnistcli predict]

DIRECTORY holds the pictures and a manifest.csv with the columns file, label, kind and source.
Without options, the pretrained model answers.
"""

import csv
import sys
from collections import defaultdict
from pathlib import Path

from reading import predict

Row = dict[str, str]


def print_table(title: str, rights: dict[str, list[bool]]) -> None:
    """Print a row for each group, with how many of its pictures are right."""
    print(f"\n| {title} | right | of | |\n|---|---|---|---|")
    for group, is_right in sorted(rights.items()):
        share = sum(is_right) / len(is_right)
        print(f"| {group} | {sum(is_right)} | {len(is_right)} | {share:.1%} |")


def main() -> None:
    """Read the pictures and print three tables."""
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    directory, options = Path(sys.argv[1]), sys.argv[2:] or ["--pretrained"]
    with (directory / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        rows: list[Row] = list(csv.DictReader(stream))
    document = predict(*options, *(directory / row["file"] for row in rows))
    print(", ".join(f"{key} {value}" for key, value in document["model"].items()))

    tables: dict[str, dict[str, list[bool]]] = {
        name: defaultdict(list) for name in ("all", "kind", "source")
    }
    noted, warned, false, silent = [], 0, 0, 0
    for row, result in zip(rows, document["results"], strict=True):
        is_right = str(result.get("digit")) == row["label"]
        for name, rights in tables.items():
            rights[row.get(name, "pictures")].append(is_right)
        warnings = "; ".join(result.get("warnings", []))
        warned += bool(warnings)
        false += is_right and bool(warnings)
        silent += not is_right and not warnings
        if warnings or not is_right:
            read = result.get("error") or f"{result['digit']} ({result['probability']:.2f})"
            noted.append([row["file"], row["label"], read, warnings])
    for name, rights in tables.items():
        print_table(name, rights)
    print(f"\n{warned} of {len(rows)} are warned of: {warned / len(rows):.1%}")
    print(
        f"{false} of them are right: {false / len(rows):.1%}; {silent} are wrong without a warning"
    )
    print("\n| wrong, or warned of | label | read | warnings |\n|---|---|---|---|")
    for columns in noted:
        print(f"| {' | '.join(columns)} |")


if __name__ == "__main__":
    main()
