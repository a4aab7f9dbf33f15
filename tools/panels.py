"""Figures of panels, which are captioned pictures in rows or columns, as small PNG files."""

import io
from collections.abc import Callable, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from mnistcli.evaluation.plots import BLUE, DPI, GRID, INK, ORANGE, PAPER, RED
from mnistcli.images import Gray
from mnistcli.pictures.locator import Levels

MUTED = "#52606d"
"""Colour of notes and arrows."""

WIDTH, MARGIN, GAP = 8.0, 0.1, 0.3
"""Of a figure, around it, and between its panels, in inches."""

TITLE, LINE = 0.24, 0.17
"""Height of a panel's title and of a line of its note, in inches."""

LABELS, ANSWER = 1.2, 0.5
"""Width of the labels of rows, and height of an answer, in inches."""

SQUARE = 0.9
"""Side of an image below a picture, as a share of that one's height."""

FEW = 96
"""Most rows of a picture whose pixels are shown as squares."""

GRAYS, PLOTS = 64, (BLUE, ORANGE, RED)
"""How many grays, and what other colours, each file has."""

Shown = NDArray[np.uint8]
"""Gray levels [H, W] or colours [H, W, 3]."""

Mark = Callable[[Axes], None]
"""Draws on a panel."""


class Panel(NamedTuple):
    """A picture with a title and a note."""

    shown: Shown
    title: str = ""
    note: str = ""
    mark: Mark = lambda axes: None
    frame: str = GRID  # its colour
    is_next: bool = True  # made from the panel before it, as an arrow shows

    @property
    def aspect(self) -> float:
        """Width by height."""
        rows, columns = self.shown.shape[:2]
        return columns / rows


class Answered(NamedTuple):
    """An image with the network's answer."""

    image: Gray
    digit: int
    probability: float
    colour: str = BLUE  # of the digit


class Column(NamedTuple):
    """A picture above the images made from it, in one way or in several."""

    picture: Shown
    answered: Sequence[Answered]


def lay_out_rows(*rows: Sequence[Panel]) -> Figure:
    """Draw rows of panels; those of a row have the same height and fill the figure's width."""
    heights = [_measure_height(row) for row in rows]
    above = [TITLE * any(panel.title for panel in row) for row in rows]
    below = [LINE * max(len(panel.note.splitlines()) for panel in row) for row in rows]
    wholes = [sum(parts) for parts in zip(above, heights, below, strict=True)]
    figure = _make_figure(sum(wholes) + 2 * MARGIN + GAP / 2 * (len(rows) - 1))
    top = MARGIN
    for row, height, title, whole in zip(rows, heights, above, wholes, strict=True):
        left = MARGIN
        for number, panel in enumerate(row):
            if number and panel.is_next:
                _write(figure, left - GAP / 2, top + title + height / 2, "→", size=13, color=MUTED)
            _place(figure, panel, left, top + title, height)
            left += height * panel.aspect + GAP
        top += whole + GAP / 2
    return figure


def lay_out_columns(labels: Sequence[str], columns: Sequence[Column]) -> Figure:
    """Draw a column for each picture, with labels of all rows, also of answers, at the left."""
    room = WIDTH - LABELS - MARGIN - GAP * (len(columns) - 1)
    pictures = [Panel(column.picture) for column in columns]
    shares = [max(picture.aspect, SQUARE) for picture in pictures]
    height = room / sum(shares)
    side, rows = SQUARE * height, len(labels) // 2
    tops = [MARGIN + height + GAP + row * (side + ANSWER + GAP) for row in range(rows)]
    middles = [(top + side / 2, top + side + ANSWER / 2) for top in tops]
    figure = _make_figure(tops[-1] + side + ANSWER)
    for label, y in zip(labels, (MARGIN + height / 2, *chain(*middles)), strict=True):
        _write(figure, MARGIN, y, label, size=10, color=MUTED, ha="left", linespacing=1.3)
    middle = LABELS - GAP
    for column, picture, share in zip(columns, pictures, shares, strict=True):
        middle += GAP + height * share / 2
        _place(figure, picture, middle - height * picture.aspect / 2, MARGIN, height)
        _write(figure, middle, tops[0] - GAP / 2, "↓", size=13, color=MUTED)
        for top, answered in zip(tops, column.answered, strict=True):
            _place(figure, Panel(answered.image), middle - side / 2, top, side)
            _write_answer(figure, answered, middle, top + side + ANSWER / 2)
        middle += height * share / 2
    return figure


def to_png(figure: Figure) -> bytes:
    """Return a figure as a PNG file of 256 colours: grays, those of plots, and its pictures'."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    drawn = np.asarray(canvas.buffer_rgba())[..., :3]
    free = 256 - GRAYS - len(PLOTS)
    chosen = Image.fromarray(drawn[::3, ::3]).quantize(free, kmeans=1).getpalette() or []
    grays = np.linspace(0, 255, GRAYS).repeat(3)
    plots = np.multiply(255, [to_rgb(colour) for colour in PLOTS]).ravel()
    palette = Image.new("P", (1, 1))
    palette.putpalette(np.rint([*grays, *plots, *chosen]).astype(int).tolist())
    near = Image.fromarray(drawn).quantize(palette=palette, dither=Image.Dither.NONE)
    nearest = np.rint(drawn[..., 0] * ((GRAYS - 1) / 255)).astype(np.uint8)
    is_gray = np.ptp(drawn, axis=2) == 0  # of which white, at least, must stay so
    reduced = Image.fromarray(np.where(is_gray, nearest, np.asarray(near)))
    reduced.putpalette(palette.getpalette())
    stream = io.BytesIO()
    reduced.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def tint(levels: Levels, colour: str, ground: str = PAPER) -> Shown:
    """Return colours [H, W, 3]: the ground's where levels [H, W] are 0, and another at 1."""
    share = np.clip(levels, 0, 1)[..., np.newaxis]
    mixed = np.array(to_rgb(ground)) * (1 - share) + np.array(to_rgb(colour)) * share
    return np.rint(mixed * 255).astype(np.uint8)


def _measure_height(row: Sequence[Panel]) -> float:
    room = WIDTH - 2 * MARGIN - GAP * (len(row) - 1)
    return room / sum(panel.aspect for panel in row)


def _make_figure(height: float) -> Figure:
    return Figure((WIDTH, height), dpi=DPI, facecolor=PAPER)


def _place(figure: Figure, panel: Panel, left: float, top: float, height: float) -> None:
    """Put a panel on a figure, its picture's place in inches from the upper left corner."""
    width, whole = height * panel.aspect, figure.get_figheight()
    area = (left / WIDTH, 1 - (top + height) / whole, width / WIDTH, height / whole)
    axes = figure.add_axes(area, xticks=[], yticks=[])
    interpolation = "nearest" if len(panel.shown) <= FEW else "auto"
    levels = {"cmap": "gray", "vmin": 0, "vmax": 255}
    axes.imshow(panel.shown, interpolation=interpolation, aspect="auto", **levels)
    axes.spines[:].set(color=panel.frame, linewidth=0.8 if panel.frame == GRID else 2.5)
    axes.set_title(panel.title, loc="left", fontsize=10, color=INK, weight="bold", pad=5)
    under = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "top"}
    axes.annotate(panel.note, (0, 0), (0, -5), fontsize=9, color=MUTED, **under)
    panel.mark(axes)


def _write_answer(figure: Figure, answered: Answered, middle: float, centre: float) -> None:
    digit = {"size": 20, "color": answered.colour, "weight": "bold", "ha": "right"}
    _write(figure, middle - 0.02, centre, f"{answered.digit}", **digit)
    _write(
        figure, middle + 0.06, centre, f"{answered.probability:.2f}", size=11, color=INK, ha="left"
    )


def _write(figure: Figure, x: float, y: float, text: str, **style: object) -> None:
    """Write on a figure, in inches from the upper left corner."""
    style = {"ha": "center", "va": "center", **style}
    figure.text(x / WIDTH, 1 - y / figure.get_figheight(), text, **style)
