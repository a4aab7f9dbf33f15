"""An evaluation as plots, and as one page with all of them."""

from base64 import b64encode
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import numpy as np
from numpy.typing import NDArray

from mnistcli.evaluation import plots
from mnistcli.evaluation.metrics import RELIABILITY_BINS, AnsweredImages, Evaluation
from mnistcli.images import PIXELS, SIDE
from mnistcli.runs.history import Point
from mnistcli.system.files import refuse_foreign, remove, write_whole

if TYPE_CHECKING:  # a report of pictures or data needs no LiteRT
    from mnistcli.inference.interpreter import Predictor

PAGE = "report.html"
PLOTS = ("curves.png", "confusion.png", "reliability.png", "errors.png", "weights.png")

MAX_SHOWN = 60
"""Misread images on the contact sheet and in the page's list."""


def refuse_others(directory: Path) -> None:
    """Raise :class:`OSError` if the report would replace a file of another program."""
    for name in (PAGE, *PLOTS):
        refuse_foreign(directory / name, Path(name).suffix)


def write(
    directory: Path,
    model: Mapping[str, Any],
    data: AnsweredImages,
    evaluation: Evaluation,
    curve: tuple[Point, ...] = (),
    w: NDArray[np.float32] | None = None,
) -> Path:
    """Write the plots and the page into a directory; former plots without a successor are removed.

    Returns:
        The page.

    Raises:
        OSError: a file can't be written, or would replace a file of another program.
    """
    refuse_others(directory)
    errors = data.find_errors()
    shown = errors[:MAX_SHOWN]
    drawn = {"confusion.png": plots.draw_confusion(evaluation.confusion)}
    if evaluation.reliability:
        drawn["reliability.png"] = plots.draw_reliability(evaluation.reliability)
    if curve:
        drawn["curves.png"] = plots.draw_curves(curve)
    if len(shown):
        drawn["errors.png"] = plots.draw_errors(
            data.images[shown], data.labels[shown], data.probabilities[shown]
        )
    if w is not None:
        drawn["weights.png"] = plots.draw_weights(w)
    page = _fill(
        model=model,
        scored_on=f"{data.dataset} {data.split}" if data.split else data.dataset,
        evaluation=evaluation,
        bins=RELIABILITY_BINS,
        misread=len(errors),
        rows=[_describe(data, index) for index in shown],
        plots={name: b64encode(drawn[name]).decode() for name in PLOTS if name in drawn},
        last=curve[-1] if curve else None,
    )
    directory.mkdir(parents=True, exist_ok=True)
    for name in PLOTS:
        if name not in drawn:
            remove(directory / name)
    for name, content in {**drawn, PAGE: page.encode(errors="replace")}.items():
        write_whole(directory / name, content)
    return directory / PAGE


def find_weights(predictor: "Predictor") -> NDArray[np.float32]:
    """Return the weights of softmax regression, float32 [784, 10], from its answers.

    log y is x w + b plus a constant of each image. So log y of an image with a single pixel of ink,
    minus log y of a blank image, is the pixel's row of w plus a constant. The mean of a row is 0:
    training starts from zeros, and the gradient y - label of the logits sums to 0.
    """
    pixels = np.eye(PIXELS, dtype=np.uint8).reshape(PIXELS, SIDE, SIDE) * np.uint8(255)
    blank = np.zeros((1, SIDE, SIDE), np.uint8)
    w: NDArray[np.float32] = np.log(predictor.predict(pixels) / predictor.predict(blank))
    w -= w.mean(axis=1, keepdims=True)
    return w


def _describe(data: AnsweredImages, index: int) -> dict[str, Any]:
    """Return the page's row for a misread image."""
    probabilities, label = data.probabilities[index], int(data.labels[index])
    answer = int(probabilities.argmax())
    return {
        "name": data.names[index],
        "label": label,
        "answer": answer,
        "probability": float(probabilities[answer]),
        "of_label": float(probabilities[label]),
    }


def _fill(**values: Any) -> str:
    """Return the page with its values; the names of files are escaped."""
    template = (
        files("mnistcli.evaluation").joinpath("report.html.jinja").read_text(encoding="utf-8")
    )
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    filled: str = environment.from_string(template).render(values)
    return filled
