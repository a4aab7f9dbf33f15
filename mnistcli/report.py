"""What a model makes of images, as plots and as one page that holds them all."""

from base64 import b64encode
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import numpy as np
from numpy.typing import NDArray

from mnistcli import plots
from mnistcli.curve import Point
from mnistcli.digit import PIXELS, SIDE
from mnistcli.evaluation import Answered, Evaluation
from mnistcli.files import refuse_foreign, remove, write_whole

if TYPE_CHECKING:  # a page needs no LiteRT
    from mnistcli.predictor import Predictor

PAGE = "report.html"
PLOTS = ("curves.png", "confusion.png", "errors.png", "weights.png")

SHOWN = 60
"""Most misread images on the contact sheet and in the page's list."""

MARKS = {".html": b'<meta name="generator" content="mnistcli">', ".png": b"Software\0mnistcli"}
"""What stands near the beginning of a file that was written here, and may be replaced."""


def refuse_others(directory: Path) -> None:
    """Raise :class:`OSError` if a file that would be written is there, and not by mnistcli."""
    for path in (directory / name for name in (PAGE, *PLOTS)):
        if path.exists() and not (
            path.is_file() and MARKS[path.suffix] in path.read_bytes()[:4000]
        ):
            refuse_foreign(str(path))


def write(
    directory: Path,
    model: Mapping[str, Any],
    data: Answered,
    evaluation: Evaluation,
    curve: tuple[Point, ...] = (),
    w: NDArray[np.float32] | None = None,
) -> Path:
    """Write the plots and the page into a directory; plots that there are none of now are removed.

    Returns:
        The page.

    Raises:
        OSError: a file can't be written, or another is in its place.
    """
    refuse_others(directory)
    errors = data.find_errors()
    shown = errors[:SHOWN]
    drawn = {"confusion.png": plots.draw_confusion(evaluation.confusion)}
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
    """Return softmax regression's weights [784, 10] from its answers.

    log y is x w + b but for a number of each image's own, so between the answers to a single pixel
    of ink and to none, w differs from it by a number of each pixel's own. Training leaves the sum
    of a pixel's weights at 0: the gradient y - label of the logits sums to 0.
    """
    pixels = np.eye(PIXELS, dtype=np.uint8).reshape(PIXELS, SIDE, SIDE) * np.uint8(255)
    nothing = np.zeros((1, SIDE, SIDE), np.uint8)
    w: NDArray[np.float32] = np.log(predictor.predict(pixels) / predictor.predict(nothing))
    w -= w.mean(axis=1, keepdims=True)
    return w


def _describe(data: Answered, index: int) -> dict[str, Any]:
    """Return what the page lists of a misread image."""
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
    """Return the page with the values in it; names of files are text, whatever they contain."""
    template = files("mnistcli").joinpath("report.html.jinja").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page: str = environment.from_string(template).render(values)
    return page
