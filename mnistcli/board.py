"""A run as TensorBoard shows it: curves, weights, the graph, images with answers (TensorFlow)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mnistcli.curve import Point
from mnistcli.dataset import Dataset
from mnistcli.digit import CLASSES, SIDE, to_input
from mnistcli.evaluation import evaluate
from mnistcli.network import IMAGES, Network
from mnistcli.plan import Plan
from mnistcli.quiet import silenced_stderr

SCORED = 1000
"""Held-out images that a network is scored on each time, at even distances."""

SCALE, CAPTION = 4, 28
"""Of the pictures: pixels a pixel, and the height of the line below each."""

RIGHT, WRONG = (120, 220, 120), (255, 110, 90)


class Board:
    """Writes the event files of a run, in a directory of its own below the one of all logs."""

    def __init__(self, directory: Path, held_out: Dataset) -> None:
        """Make ready to score on held-out images, and to show the first of each digit."""
        self.directory = directory
        step = max(1, len(held_out.labels) // SCORED)
        self.x, self.labels = to_input(held_out.images[::step]), held_out.labels[::step]
        firsts = [np.flatnonzero(held_out.labels == digit)[:1] for digit in range(CLASSES)]
        self.shown = held_out.images[np.concatenate(firsts)]
        self.shown_labels = held_out.labels[np.concatenate(firsts)]

    def begin(self, plan: Plan, network: Network) -> None:
        """Write the graph of a training step.

        Raises:
            OSError: the directory can't be written.
        """
        place = self.directory / f"{plan.directory.absolute().name}-{plan.run}"
        with self._telling():
            self.writers = [
                tf.summary.create_file_writer(str(place / part)) for part in ("train", "held-out")
            ]
            with self.writers[0].as_default(step=0):
                tf.summary.graph(trace_step(network))
                self.writers[0].flush()

    def log(self, network: Network, step: int, loss: float, accuracy: float) -> Point:
        """Write how the network does, its weights and its answers to the pictures.

        Raises:
            OSError: the directory can't be written.
        """
        evaluation = evaluate(network.y(self.x).numpy(), self.labels)
        assert evaluation.loss is not None
        assert evaluation.accuracy is not None
        point = Point(step, loss, accuracy, evaluation.loss, evaluation.accuracy)
        answers = network.y(to_input(self.shown)).numpy()
        train, held_out = self.writers
        with self._telling():
            with train.as_default(step=step):
                tf.summary.scalar("loss", loss)
                tf.summary.scalar("accuracy", accuracy)
                for name, variable in network.answering.name_variables().items():
                    tf.summary.histogram(name, variable)
            with held_out.as_default(step=step):
                tf.summary.scalar("loss", point.held_out_loss)
                tf.summary.scalar("accuracy", point.held_out_accuracy)
                drawn = draw_answers(self.shown, self.shown_labels, answers)
                tf.summary.image("answers", drawn[np.newaxis])
            for writer in self.writers:
                writer.flush()
        return point

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Raise TensorFlow's errors of files as an :class:`OSError`, and let it say nothing."""
        try:
            with silenced_stderr():
                yield
        except tf.errors.OpError as error:
            raise OSError(error.error_code, str(error.message), str(self.directory)) from error


def trace_step(network: Network) -> tf.Graph:
    """Return the graph of a training step, in which nothing is computed."""
    label = tf.TensorSpec([None, CLASSES], tf.float32, name="label")
    rate = tf.TensorSpec([], tf.float32, name="learning_rate")
    step = tf.function(network.train, input_signature=[IMAGES, label, rate], autograph=False)
    return step.get_concrete_function().graph


def draw_answers(
    images: NDArray[np.uint8], labels: NDArray[np.uint8], probabilities: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """Draw images [N, 28, 28] in two rows, below each its answer, as RGB [H, W, 3]."""
    side, columns = SCALE * SIDE, -(-len(images) // 2)
    sheet = Image.new("RGB", (columns * side, 2 * (side + CAPTION)))
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(18)
    for number, (image, label, answer) in enumerate(
        zip(images, labels, probabilities, strict=True)
    ):
        row, column = divmod(number, columns)
        left, top = column * side, row * (side + CAPTION)
        large = Image.fromarray(image).resize((side, side), Image.Resampling.NEAREST)
        sheet.paste(large, (left, top))
        digit = int(answer.argmax())
        told = f"{digit}  {answer[digit]:.2f}"
        colour = RIGHT if digit == label else WRONG
        middle = (left + side / 2, top + side + CAPTION / 2)
        draw.text(middle, told, fill=colour, font=font, anchor="mm")
    return np.asarray(sheet)
