"""The label of a picture: the digit that its folder or its name says."""

import os
import re
from collections.abc import Sequence
from typing import NamedTuple

CERTAIN_NAMES = "names like 8_3.png or folders like 8/"
UNLABELLED = f"no label: {CERTAIN_NAMES}, or labels beside arrays, are expected"

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_DIGIT = rf"(?P<digit>[0-9]|{'|'.join(WORDS)})"
_KIND = r"(?:class|cls|digit|label|num|number)"

FOLDER_PATTERN = re.compile(rf"(?:{_KIND}[ _-]?)?{_DIGIT}", re.IGNORECASE)
"""``8``, ``eight``, ``class_8``, ``digit8``"""

NAME_PATTERN = re.compile(
    rf"(?P<kind>{_KIND}[ _-]?)?{_DIGIT}(?P<rest>[ _.()-].*)?", re.IGNORECASE | re.DOTALL
)
"""``8_3``, ``8-3``, ``8 (3)``, ``seven_2``, ``digit_8_1``; or only a number: ``8``, ``digit_8``"""

OTHER_NAME_PATTERN = re.compile(
    rf"(?:[^\W\d_]+[ _-]+)+\(?{_DIGIT}(?:[ _.()-].*)?", re.IGNORECASE | re.DOTALL
)
"""``my_8``, ``scan_8_2``, ``IMG (8)``"""


class Label(NamedTuple):
    """A digit, and whether a picture's name leaves room for doubt that it is the label."""

    digit: int
    is_guess: bool = False


def find_label(path: str) -> Label | None:
    """Return the label that a picture's folder says, or else its name.

    It is a guess where files may be merely numbered, as ``1.png`` or ``scan_1.png``, and where the
    name says another digit than the folder.
    """
    by_folder, by_name = parse_folder(os.path.dirname(path)), parse_name(path)
    if by_folder is None or by_name is None:
        return by_name if by_folder is None else Label(by_folder)
    return Label(by_folder, not by_name.is_guess and by_name.digit != by_folder)


def explain_guesses(guessed: Sequence[tuple[str, int]]) -> str:
    """Return a warning about the pictures, at least one, whose labels are guesses."""
    (name, digit), *others = guessed
    what = f"the label {digit} of {name} is a guess"
    if others:
        what = f"the labels of {len(guessed)} pictures are guesses, such as {digit} of {name}"
    why = "the files may be merely numbered, and a folder counts before a name"
    return f"{what}: {why}; {CERTAIN_NAMES} are certain"


def explain_unlabelled(names: Sequence[str]) -> str:
    """Return in one line that pictures have no label, and what would be one."""
    first, *others = names
    more = f", and {len(others)} more" if others else ""
    return f"{first}{more}: {UNLABELLED}"


def parse_folder(path: str) -> int | None:
    """Return the digit that names a folder, "" for the current one, or None."""
    match = FOLDER_PATTERN.fullmatch(os.path.basename(os.path.abspath(path)))
    return _to_digit(match) if match else None


def parse_name(path: str) -> Label | None:
    """Return the digit in a picture's own name, or None."""
    stem = os.path.splitext(os.path.basename(path))[0]
    if match := NAME_PATTERN.fullmatch(stem):
        is_number = not match["rest"] and match["digit"].isdecimal()
        return Label(_to_digit(match), is_number)
    match = OTHER_NAME_PATTERN.fullmatch(stem)
    return Label(_to_digit(match), is_guess=True) if match else None


def _to_digit(match: "re.Match[str]") -> int:
    digit = match["digit"].lower()
    return WORDS.index(digit) if digit in WORDS else int(digit)
