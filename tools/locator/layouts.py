"""Where the digits of a page stand: alone, in rows, side by side, in grids, anywhere."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from canvas import PAGE_SIDE, Random
from glyphs import Glyph, Pool, take_digit, take_mark, take_sign

from mnistcli.images import SIDE
from mnistcli.pictures.geometry import find_bounds
from mnistcli.pictures.normalization import INK_SIDE

EXTENT = PAGE_SIDE * 0.75
"""Pixels on each side of the middle that rows reach, so that they fill the page also if turned."""

CELLS = 8
"""Cells of a grid on each side of the middle one."""


class Item(NamedTuple):
    """A glyph and its place, in a frame around the middle of a page."""

    glyph: Glyph
    side: float  # what its ``side`` becomes, in pixels
    u: float  # of its box's centre, along the rows, in pixels
    v: float  # down the columns


class Rows(NamedTuple):
    """Rows that rules may follow."""

    first: float = 0  # v of the middle of the first row
    pitch: float = 0  # from row to row, in pixels; 0 if there is one row, or none


class Strip(NamedTuple):
    """Digits side by side that boxes may be drawn around."""

    middle: float  # v of the digits
    boundaries: list[float]  # u before each digit, and behind the last


class Grid(NamedTuple):
    """Cells whose lines may be drawn."""

    left: float  # u and v of a corner
    top: float
    pitch_u: float  # from cell to cell, in pixels
    pitch_v: float


class Layout(NamedTuple):
    """What is to be written on a page, and what lines may follow."""

    items: list[Item]
    guides: Rows | Strip | Grid


class RowStyle(NamedTuple):
    """How the rows of a page are written."""

    side: float  # of digits, in pixels
    gaps: tuple[float, float]  # least and greatest, in digits' sides
    others: float  # share of letters, symbols and marks
    unevenness: float  # standard deviation of the logarithm of sides
    slope: float  # pixels down for each along a row
    word: int  # glyphs from space to space


def lay_out_single(random: Random, pool: Pool, side: float) -> Layout:
    """Put one digit near the middle, sometimes with something beside it."""
    u, v = random.uniform(-0.32, 0.32, 2) * PAGE_SIDE
    items = [Item(take_digit(random, pool), side, u, v)]
    if random.random() < 0.25:
        du, dv = random.uniform(-2, 2, 2) * side
        other = take_other(random, pool, 0.5)
        items.append(Item(other, side * random.uniform(0.6, 1.2), u + du, v + dv))
    return Layout(items, Rows(v - side * random.uniform(-0.7, 0.7)))


def lay_out_rows(random: Random, pool: Pool, side: float) -> Layout:
    """Put numbers into rows, some with letters and marks, some digits touching."""
    pitch = side * random.uniform(1.1, 2.4)
    style = choose_row_style(random, side)
    v = -EXTENT + random.uniform(0, pitch)
    count = random.choice([1, 2, 30], p=[0.25, 0.2, 0.55])  # 30 fill the page
    if count <= 2:
        v = random.uniform(-0.3, 0.2) * PAGE_SIDE
    items: list[Item] = []
    rows: list[float] = []
    while v < EXTENT and len(rows) < count:
        items += write_row(random, pool, style, v)
        rows.append(v)
        v += pitch
    return Layout(items, Rows(rows[0] if rows else 0, pitch))


def choose_row_style(random: Random, side: float) -> RowStyle:
    """Choose how rows are written: close together or not, evenly or not, with signs or not."""
    kind = random.random()
    gaps = (-0.2, 0.05) if kind < 0.25 else (-0.05, 0.15) if kind < 0.5 else (0.1, 0.8)
    others = random.choice([0, 0.04, 0.3], p=[0.45, 0.4, 0.15])
    unevenness = random.choice([0.05, 0.15, 0.35], p=[0.6, 0.25, 0.15])
    slope = random.normal(0, 0.05)
    return RowStyle(side, gaps, others, unevenness, slope, random.choice([3, 6, 50]))


def write_row(random: Random, pool: Pool, style: RowStyle, v: float) -> list[Item]:
    """Write a row whose middle is at ``v``, from its beginning to an end that may be on it."""
    side, items = style.side, []
    is_whole = random.random() < 0.8
    u = -EXTENT + random.uniform(0, 2 * side) if is_whole else random.uniform(-40, 20)
    end = EXTENT if random.random() < 0.6 else random.uniform(0, EXTENT)
    while u < end:
        is_other = random.random() < style.others
        glyph = take_other(random, pool, 0.4) if is_other else take_digit(random, pool)
        size = side * np.exp(random.normal(0, style.unevenness))
        height, width = (length * size / glyph.side for length in glyph.ink.shape)
        gap = random.uniform(*style.gaps)
        u += width / 2
        drop = (side - height) / 2 * random.uniform(0, 1) if height < side else 0
        wave = random.normal(0, 0.06) * side
        items.append(Item(glyph, size, u, v + drop + style.slope * u + wave))
        u += width / 2 + gap * side
        if len(items) % style.word == 0:
            u += random.uniform(0.5, 2.5) * side
    return items


def take_other(random: Random, pool: Pool, signs: float) -> Glyph:
    """Take a letter or a symbol in the share ``signs``, or else a mark."""
    return take_sign(random, pool) if random.random() < signs else take_mark(random)


def lay_out_grid(random: Random, pool: Pool, side: float) -> Layout:
    """Put one to three digits into each cell of a grid, or of a part of its cells."""
    count = random.choice([1, 1, 2, 3], p=[0.35, 0.25, 0.28, 0.12])
    pitch_v = side * random.uniform(1.12, 2.5)
    pitch_u = side * random.uniform(1.05, 2.4) * (1 if count == 1 else 0.8 * count)
    fill = random.choice([0.15, 0.4, 0.7, 0.97])
    middle_u, middle_v = random.uniform(0, 1, 2) * (pitch_u, pitch_v)
    grid = Grid(middle_u - pitch_u / 2, middle_v - pitch_v / 2, pitch_u, pitch_v)
    items: list[Item] = []
    for row in range(-CELLS, CELLS + 1):
        for column in range(-CELLS, CELLS + 1):
            u, v = column * pitch_u + middle_u, row * pitch_v + middle_v
            is_on_page = max(abs(u), abs(v)) <= PAGE_SIDE * 0.8
            if is_on_page and random.random() <= fill:
                items += fill_cell(random, pool, side, grid, count, u, v)
    return Layout(items, grid)


def fill_cell(
    random: Random, pool: Pool, side: float, grid: Grid, count: int, u: float, v: float
) -> list[Item]:
    """Put digits, seldom a sign, side by side into a cell whose middle is at (u, v)."""
    slack_u = max(0.05, 0.5 * (grid.pitch_u - count * side * 0.7) / side)  # in digits' sides
    slack_v = max(0.04, 0.5 * (grid.pitch_v - side) / side)
    items = []
    for number in range(count):
        is_digit = random.random() < 0.97
        glyph = take_digit(random, pool) if is_digit else take_sign(random, pool)
        size = side * np.exp(random.normal(0, 0.08))
        du = (number - (count - 1) / 2) * side * random.uniform(0.6, 0.85)
        place_u = u + du + random.uniform(-slack_u, slack_u) * side * 0.9
        items.append(Item(glyph, size, place_u, v + random.uniform(-slack_v, slack_v) * side))
    return items


def lay_out_scatter(random: Random, pool: Pool, side: float) -> Layout:
    """Put digits and signs of different sizes anywhere, apart from each other."""
    items: list[Item] = []
    for _ in range(int(random.integers(2, 40))):
        size = side * np.exp(random.normal(0, 0.35))
        u, v = random.uniform(-0.6, 0.6, 2) * PAGE_SIDE
        if all(np.hypot(u - item.u, v - item.v) > 0.62 * (size + item.side) for item in items):
            is_digit = random.random() < 0.75
            glyph = take_digit(random, pool) if is_digit else take_sign(random, pool)
            items.append(Item(glyph, size, u, v))
    return Layout(items, Rows())


def lay_out_text(random: Random, pool: Pool, side: float) -> Layout:
    """Put letters and signs without digits into rows."""
    items, guides = lay_out_rows(random, pool, side)
    return Layout([item._replace(glyph=take_other(random, pool, 0.85)) for item in items], guides)


def lay_out_nothing(random: Random, pool: Pool, side: float) -> Layout:
    """Put nothing: only paper, and what else is on it."""
    return Layout([], Rows())


def lay_out_strip(random: Random, pool: Pool, side: float) -> Layout:
    """Put digits of MNIST side by side as they are, with the same gap, also a negative one."""
    items = []
    gap = random.choice([-4, -3, -2, -1, 0, 1, 2, 4, 7]) * side / INK_SIDE
    u, v = random.uniform(-0.5, -0.1) * PAGE_SIDE, random.uniform(-0.2, 0.2) * PAGE_SIDE
    boundaries = []
    for _ in range(int(random.integers(2, 10))):
        number = random.integers(len(pool.digits))
        image = pool.digits[number]
        box = find_bounds(image > 0)
        width = box.width * side / INK_SIDE
        drop = (box.top + box.bottom - SIDE) / 2 * side / INK_SIDE
        glyph = Glyph(image[box.slices], INK_SIDE, int(pool.labels[number]))
        items.append(Item(glyph, side, u + width / 2, v + drop))
        boundaries.append(u - gap / 2)
        u += width + gap
    return Layout(items, Strip(v, [*boundaries, u - gap / 2]))


class Kind(NamedTuple):
    """A kind of layout, and what is usual on its pages."""

    weight: float  # its frequency, among the others'
    lay_out: Callable[[Random, Pool, float], Layout]  # of digits with a side, in pixels
    ruled: float = 0.45  # share of its pages that have lines
    rough: float = 0.06  # share on a rough ground


KINDS = (
    Kind(0.15, lay_out_single),
    Kind(0.34, lay_out_rows),
    Kind(0.17, lay_out_strip, ruled=0.6),
    Kind(0.24, lay_out_grid, ruled=0.85),
    Kind(0.07, lay_out_scatter),
    Kind(0.05, lay_out_text),
    Kind(0.05, lay_out_nothing, rough=0.5),
)


def choose_kind(random: Random) -> Kind:
    """Choose a kind of layout."""
    weights = np.array([kind.weight for kind in KINDS])
    return KINDS[random.choice(len(KINDS), p=weights / weights.sum())]
