"""What comes of inputs that once showed a fault, beside what is right.

usage: python benchmarks/faults.py DIRECTORY

DIRECTORY holds the inputs. The pretrained model answers.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from reading import Document, predict, run

PICTURES = (
    *("savefig", "dark_on_page", "tight", "printed_tight", "cell"),
    *("outlined", "heavy", "sevenseg"),
)
"""Folders of pictures whose names begin with the digit on them."""

LAYOUTS = (
    *("layout_digit", "layout_digit/8", "layout_digit/*", "layout_png", "layout_split"),
    *("names_word", "names_class", "names_dash", "names_paren", "names_prefix"),
)
"""Folders, files and patterns that `eval` is given."""

ARRAYS = {
    "digits.npy": "72104149590690159734",
    "kaggle_test.csv": "72104149590690159734",
    "mnist_small.npz": "7210414959069015973496654074013134727121",
}
"""Files of MNIST's first test images, and their labels."""

NOTED = {
    "blank": "no digit",
    "photo.HEIC": "7",
    "canvas_datauri.txt": "a hint",
    "pages_3_5_8.tif": "3, and a note of more pages",
    "anim_3_5_8.gif": "3, and a note of more frames",
}
"""Inputs of which the answers are printed, and what is right."""


def read_pictures(directory: Path) -> str:
    """Return how many of a folder's pictures are read as their names say, or warned of."""
    results = predict("--pretrained", directory)["results"]
    is_right = [str(one.get("digit")) == Path(one["file"]).name[0] for one in results]
    is_noted = [bool(one.get("warnings") or one.get("error")) for one in results]
    warned = sum(noted and not right for noted, right in zip(is_noted, is_right, strict=True))
    silent = len(results) - sum(is_right) - warned
    return f"{sum(is_right)} of {len(results)}; {warned} misread with a warning, {silent} without"


def score(pattern: Path) -> str:
    """Return the accuracy that `eval` gives to what a shell makes of a pattern."""
    document = run("eval", "--pretrained", "--json", *sorted(pattern.parent.glob(pattern.name)))
    return f"{document['correct']} of {document['total']}"


def read_array(path: Path) -> str:
    """Return how many of an array's images are read right."""
    digits = [one.get("digit") for one in predict("--pretrained", path)["results"]]
    labels = ARRAYS[path.name]
    right = sum(str(digit) == label for digit, label in zip(digits, labels, strict=True))
    return f"{right} of {len(labels)}"


def count_answers(directory: Path) -> str:
    """Return how many pictures of a directory get an answer."""
    results = predict("--pretrained", directory)["results"]
    return f"{sum('error' not in one for one in results)} of {len(results)}"


def count_doubted(directory: Path) -> str:
    """Return how many labels of a directory's pictures are in doubt."""
    results = predict("--pretrained", directory)["results"]
    return f"{sum(one['label'] is None for one in results)} of {len(results)}"


def list_answers(path: Path) -> str:
    """Return the answers to an input, each once, with what was said of them."""
    results: list[Document] = predict("--pretrained", path)["results"]
    said = {
        "; ".join([str(one.get("digit", "")), *one.get("warnings", []), one.get("error", "")])
        for one in results
    }
    return " / ".join(sorted(text.strip("; ") for text in said))


def main() -> None:
    """Print one table."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    rows: list[tuple[str, str, Callable[[Path], str]]] = [
        *((name, "the digit", read_pictures) for name in PICTURES),
        *((name, "all", score) for name in LAYOUTS),
        *((name, "all", read_array) for name in ARRAYS),
        *((name, "an answer to all", count_answers) for name in ("formats", "own_mixed_formats")),
        ("numbered", "doubt about all labels", count_doubted),
        *((name, right, list_answers) for name, right in NOTED.items()),
    ]
    print("| input | right | found |\n|---|---|---|")
    for name, right, find in rows:
        print(f"| {name} | {right} | {find(Path(sys.argv[1], name))} |", flush=True)


if __name__ == "__main__":
    main()
