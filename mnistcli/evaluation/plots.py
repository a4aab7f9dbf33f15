"""Plots of a model and of its errors, as PNG files (matplotlib)."""

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from mnistcli.evaluation.metrics import RELIABILITY_BINS, ReliabilityBin
from mnistcli.images import CLASSES, SIDE
from mnistcli.runs.history import Point
from mnistcli.system.files import PROGRAM

INK, PAPER, GRID = "#1f2933", "#ffffff", "#d9e2ec"
BLUE, ORANGE, RED = "#2b6cb0", "#dd6b20", "#c53030"
CONTACT_COLUMNS = 10
"""Columns of a contact sheet."""

DPI = 144
"""Dots per inch of the PNG files."""


def draw_confusion(confusion: Sequence[Sequence[int]]) -> bytes:
    """Draw the counts [10][10] of images by label (rows) and answer (columns), as PNG."""
    counts = np.array(confusion)
    wrong = counts * (1 - np.eye(CLASSES, dtype=int))
    figure = Figure((7, 6.4), layout="constrained")
    axes = figure.subplots()
    norm = LogNorm(0.5, max(1, wrong.max()))
    axes.imshow(np.where(wrong > 0, wrong, np.nan), cmap="Oranges", norm=norm)
    for (row, column), count in np.ndenumerate(counts):
        if not count:
            continue
        is_right = row == column
        if is_right:
            axes.add_patch(_make_cell(row, column))
        is_dark = not is_right and norm(count) > 0.65
        weight, colour = ("bold", BLUE) if is_right else ("normal", PAPER if is_dark else INK)
        axes.text(column, row, f"{count}", ha="center", va="center", color=colour, weight=weight)
    _label_digits(axes)
    axes.set_title(f"{counts.trace():,} of {counts.sum():,} right", loc="left", color=INK, pad=12)
    return _save(figure)


def draw_errors(
    images: NDArray[np.uint8], labels: NDArray[np.uint8], probabilities: NDArray[np.float32]
) -> bytes:
    """Draw a contact sheet of images [N, 28, 28] with labels [N] and probabilities [N, 10]."""
    rows = -(-len(images) // CONTACT_COLUMNS)
    columns = min(CONTACT_COLUMNS, len(images))
    figure = Figure((1.05 * columns + 0.2, 1.5 * rows + 0.2), layout="constrained")
    figure.set_layout_engine("constrained", h_pad=0.1)
    for number, axes in enumerate(figure.subplots(rows, columns, squeeze=False).flat):
        axes.axis("off")
        if number < len(images):
            answer = int(probabilities[number].argmax())
            axes.imshow(images[number], cmap="gray_r", vmin=0, vmax=255)
            title = f"{labels[number]} → {answer}"
            axes.set_title(title, fontsize=11, color=INK, weight="bold", pad=3)
            below = f"{probabilities[number, answer]:.2f}"
            axes.text(SIDE / 2, SIDE + 3, below, fontsize=9, color=RED, ha="center", va="center")
    return _save(figure)


def draw_reliability(bins: Sequence[ReliabilityBin]) -> bytes:
    """Draw accuracy over probability, with the number of answers of each bin, as PNG."""
    figure = Figure((7, 6), layout="constrained")
    axes, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    means, accuracies = [one.probability for one in bins], [one.accuracy for one in bins]
    # A bin stands at its mean probability, which lies anywhere between its edges.
    width = 0.7 / RELIABILITY_BINS
    axes.plot([0, 1], [0, 1], color=ORANGE, lw=1.8, zorder=3, label="perfectly calibrated")
    axes.bar(means, accuracies, width, color=BLUE, label="answers")
    axes.set_ylabel("accuracy", color=INK)
    axes.set_ylim(0, 1.02)
    axes.legend(frameon=False, loc="upper left")
    below.bar(means, [one.images for one in bins], width, color=BLUE)
    below.set_yscale("log")
    below.set_ylim(0.5)
    below.set_ylabel("answers", color=INK)
    below.set_xlabel("probability", color=INK)
    below.set_xlim(0, 1.03)
    for panel in (axes, below):
        panel.set_axisbelow(True)
        _draw_grid(panel)
    return _save(figure)


def draw_curves(curve: Sequence[Point]) -> bytes:
    """Draw loss and accuracy over the steps, of training and of test images."""
    steps, *values = zip(*curve, strict=True)
    figure = Figure((10, 3.8), layout="constrained")
    for axes, name, parts in zip(
        figure.subplots(1, 2), ("loss", "accuracy"), (values[::2], values[1::2]), strict=True
    ):
        for part, colour, label in zip(
            parts, (ORANGE, BLUE), ("training images", "test images"), strict=True
        ):
            axes.plot(steps, part, color=colour, label=label, lw=1.8)
        axes.set_title(name, loc="left", color=INK)
        axes.set_xlabel("step", color=INK)
        _draw_grid(axes)
        axes.legend(frameon=False)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    return _save(figure)


def draw_weights(w: NDArray[np.float32]) -> bytes:
    """Draw weights [784, 10] as ten images: blue where ink speaks for a digit, red against it."""
    limit = float(np.abs(w).max())
    figure = Figure((9, 4.1), layout="constrained")
    panels = figure.subplots(2, CLASSES // 2)
    for digit, axes in enumerate(panels.flat):
        image = w[:, digit].reshape(SIDE, SIDE)
        shown = axes.imshow(image, cmap="RdBu", vmin=-limit, vmax=limit)
        axes.set_title(f"{digit}", color=INK, weight="bold")
        axes.set_xticks([])
        axes.set_yticks([])
    figure.colorbar(shown, ax=panels, shrink=0.8, label="weight")
    return _save(figure)


def _draw_grid(axes: Axes) -> None:
    """Draw a grid, and leave the sides above and on the right open."""
    axes.grid(color=GRID)
    axes.spines[["top", "right"]].set_visible(False)


def _make_cell(row: int, column: int) -> Rectangle:
    """Return the background of a cell of right answers."""
    return Rectangle((column - 0.5, row - 0.5), 1, 1, color="#ebf4fb")


def _label_digits(axes: Axes) -> None:
    """Label the rows and columns of a confusion matrix, and draw lines between them."""
    axes.set_xticks(range(CLASSES))
    axes.set_yticks(range(CLASSES))
    between = np.arange(CLASSES - 1) + 0.5
    axes.set_xticks(between, minor=True)
    axes.set_yticks(between, minor=True)
    axes.grid(which="minor", color=GRID, lw=0.8)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_color(GRID)
    axes.set_xlabel("answer", color=INK)
    axes.set_ylabel("label", color=INK)


def _save(figure: Figure) -> bytes:
    stream, metadata = io.BytesIO(), {"Software": PROGRAM}
    figure.savefig(stream, format="png", dpi=DPI, facecolor=PAPER, metadata=metadata)
    return stream.getvalue()
