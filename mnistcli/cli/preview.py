"""Normalized images drawn on a terminal."""

import os
import sys
from collections.abc import Callable
from itertools import zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnistcli.images import Gray
    from mnistcli.inference.recognition import Reading

SHOWN_DIGITS = 3
"""Digits shown beside an image."""

BAR_LENGTH = 20
"""Columns of a probability of 1."""

SHADES = " ░▒▓█"
EIGHTHS = "▏▎▍▌▋▊▉█"

Paint = Callable[[int, int], str]
"""Returns one character for two gray levels of 255, one above the other."""


def draw(reading: "Reading", paint: Paint) -> list[str]:
    """Return lines with a digit's image, and the most probable digits beside it."""
    bars = [
        f"{digit} {_draw_bar(share)} {share:.4f}" for digit, share in reading.best(SHOWN_DIGITS)
    ]
    lines = ["".join(map(paint, upper, lower)) for upper, lower in _pair(reading.digit.image)]
    first = (len(lines) - len(bars)) // 2
    beside = [""] * first + bars
    return [f"{line}  {bar}".rstrip(" ") for line, bar in zip_longest(lines, beside, fillvalue="")]


def choose_paint() -> Paint:
    """Return what standard error can show: true colour, 256 colours, or characters only."""
    is_terminal = sys.stderr is not None and sys.stderr.isatty()
    if not is_terminal or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return _shade
    return _colour if os.environ.get("COLORTERM") in ("truecolor", "24bit") else _choose_gray


def _pair(image: "Gray") -> list[tuple[list[int], list[int]]]:
    rows = image.tolist()
    return list(zip(rows[::2], rows[1::2], strict=True))


def _colour(upper: int, lower: int) -> str:
    front, back = (f"{level};{level};{level}" for level in (upper, lower))
    return f"\x1b[38;2;{front}m\x1b[48;2;{back}m▀\x1b[0m"


def _choose_gray(upper: int, lower: int) -> str:
    """Use the 24 grays of the 256 colours, which begin at 232."""
    front, back = (232 + level * 23 // 255 for level in (upper, lower))
    return f"\x1b[38;5;{front}m\x1b[48;5;{back}m▀\x1b[0m"


def _shade(upper: int, lower: int) -> str:
    return SHADES[round((upper + lower) / 510 * (len(SHADES) - 1))]


def _draw_bar(share: float) -> str:
    whole, eighths = divmod(round(share * BAR_LENGTH * 8), 8)
    return (EIGHTHS[-1] * whole + (EIGHTHS[eighths - 1] if eighths else "")).ljust(BAR_LENGTH)
