"""Printed characters: in the fonts of Matplotlib and OpenCV, and digits in seven segments."""

from functools import cache
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from canvas import Random
from PIL import Image, ImageDraw, ImageFont

from mnistcli.images import Gray
from mnistcli.pictures.geometry import find_bounds

GLYPH_SIDE = 64
"""Longer side, in pixels, of glyphs before they are placed."""

EDGE = 60
"""Gray level above which soft edges belong to a glyph."""

FONTS = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSerif", "DejaVuSerif-Bold"),
    *("DejaVuSansMono", "DejaVuSansMono-Bold", "STIXGeneral", "STIXGeneralBol"),
    *("STIXGeneralItalic", "cmr10", "cmtt10", "cmss10"),
)
"""Fonts that come with Matplotlib."""

FACES = (
    *(cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX),
    *(cv2.FONT_HERSHEY_PLAIN, cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX),
)
"""OpenCV's fonts."""

SHEET = 160
"""Rows and columns that a character is printed on, about half of them high."""

FONT_SIZE = 84
"""In pixels, of Matplotlib's fonts on a sheet."""

SCALE, PLAIN_SCALE = 2.7, 5.5
"""Of OpenCV's fonts on a sheet; the plain one is half as large as the others."""

WEIGHTS = (2, 5, 9)
"""Widths of the strokes of OpenCV's fonts, in pixels of a sheet."""

MIN_LIGHT = 100
"""Least level that must be left of strokes that are made thinner."""

A, B, C, D, E, F = (20, 20), (100, 20), (100, 100), (20, 100), (100, 180), (20, 180)
ENDS = dict(a=(A, B), b=(B, C), c=(C, E), d=(E, F), e=(F, D), f=(D, A), g=(D, C))
"""Where each of seven segments begins and ends, x and y on a sheet [200, 120]."""

SEGMENTS = ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg")
"""The segments that are lit for each digit."""

SEGMENT_VARIANTS = 4
"""Pictures of a digit in seven segments."""


def print_digit(random: Random, digit: int) -> list[Gray]:
    """Print a digit in all fonts, also in seven segments."""
    segments = [light_segments(random, digit) for _ in range(SEGMENT_VARIANTS)]
    return [*print_glyphs(str(digit)), *segments]


@cache
def print_glyphs(characters: str) -> tuple[Gray, ...]:
    """Print each of the characters in the fonts of Matplotlib and OpenCV, in several weights."""
    folder = Path(matplotlib.get_data_path(), "fonts", "ttf")
    fonts = [ImageFont.truetype(str(folder / f"{name}.ttf"), FONT_SIZE) for name in FONTS]
    glyphs = [
        glyph
        for font in fonts
        for character in characters
        for glyph in vary_weight(print_character(font, character))
    ]
    glyphs += [
        fit(print_strokes(face, character, weight))
        for face in FACES
        for character in characters
        for weight in WEIGHTS
    ]
    return tuple(glyphs)


def print_character(font: ImageFont.FreeTypeFont, character: str) -> Gray:
    """Print a character in a font of outlines on a sheet [SHEET, SHEET]."""
    sheet = Image.new("L", (SHEET, SHEET))
    ImageDraw.Draw(sheet).text((30, 20), character, 255, font)
    return np.asarray(sheet)


def print_strokes(face: int, character: str, weight: int) -> Gray:
    """Print a character in one of OpenCV's fonts on a sheet [SHEET, SHEET]."""
    sheet = np.zeros((SHEET, SHEET), np.uint8)
    scale = PLAIN_SCALE if face == cv2.FONT_HERSHEY_PLAIN else SCALE
    cv2.putText(sheet, character, (30, 120), face, scale, 255, weight, cv2.LINE_AA)
    return sheet


def vary_weight(sheet: Gray) -> list[Gray]:
    """Return a printed glyph as it is, twice, then bolder, much bolder, hollow and, if it has the
    strength, lighter."""
    square = np.ones((5, 5), np.uint8)
    bold, light = cv2.dilate(sheet, square), cv2.erode(sheet, square)
    heavy = cv2.dilate(sheet, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (13, 13)))
    hollow = cv2.subtract(bold, sheet)
    glyphs = [fit(each) for each in (sheet, sheet, bold, heavy, hollow)]
    return [*glyphs, fit(light)] if light.max() >= MIN_LIGHT else glyphs


def light_segments(random: Random, digit: int) -> Gray:
    """Draw a digit in seven segments, with gaps between them or without."""
    gap, width = random.choice([0, 0.06, 0.12]), int(random.integers(8, 30))
    sheet = np.zeros((200, 120), np.uint8)
    for segment in SEGMENTS[digit]:
        start, end = (np.array(point, float) for point in ENDS[segment])
        start, end = start + gap * (end - start), end + gap * (start - end)
        cv2.line(sheet, start.astype(int).tolist(), end.astype(int).tolist(), 255, width)
    return fit(sheet)


def fit(sheet: Gray) -> Gray:
    """Crop a sheet [H, W] to its ink, whose longer side is scaled to GLYPH_SIDE."""
    ink = sheet[find_bounds(sheet > EDGE).slices]
    scale = GLYPH_SIDE / max(ink.shape)
    size = max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale))
    return np.asarray(cv2.resize(ink, size, interpolation=cv2.INTER_AREA))
