"""A run in TensorBoard: curves, weights, the graph, and images with answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mnistcli.datasets.dataset import Dataset
from mnistcli.evaluation.metrics import evaluate
from mnistcli.images import CLASSES, SIDE, to_input
from mnistcli.runs.history import Point
from mnistcli.runs.plan import Plan
from mnistcli.system.native import silenced_stderr
from mnistcli.training.network import INPUT, Network

SCORED_IMAGES = 1000
"""Test images on which the network is scored each time, evenly spaced."""

ZOOM, CAPTION_HEIGHT = 4, 28
"""Pixels per pixel of an image, and the height of the line below it."""

RIGHT_COLOUR, WRONG_COLOUR = (120, 220, 120), (255, 110, 90)


class Board:
    """Writes the event files of a run, in its own directory below that of all logs.

    The test images are those that the run is scored on at its end: MNIST's, or pictures held out.
    Nothing is chosen by their curve.
    """

    def __init__(self, directory: Path, test: Dataset) -> None:
        """Prepare to score on test images, and to show the first of each digit."""
        self.directory = directory
        stride = max(1, len(test.labels) // SCORED_IMAGES)
        self.x, self.labels = to_input(test.images[::stride]), test.labels[::stride]
        firsts = [np.flatnonzero(test.labels == digit)[:1] for digit in range(CLASSES)]
        self.shown = test.images[np.concatenate(firsts)]
        self.shown_labels = test.labels[np.concatenate(firsts)]

    def begin(self, plan: Plan, network: Network) -> None:
        """Write the graph of a training step.

        Raises:
            OSError: the directory can't be written.
        """
        name = plan.request.checkpoint_dir.absolute().name
        place = self.directory / f"{name}-{plan.run}"
        with self._translated_errors():
            self.writers = [
                tf.summary.create_file_writer(str(place / part)) for part in ("train", "test")
            ]
            with self.writers[0].as_default(step=0):
                tf.summary.graph(trace_step(network))
                self.writers[0].flush()

    def log(self, network: Network, step: int, loss: float, accuracy: float) -> Point:
        """Write the network's scores, weights and answers to the images shown.

        Raises:
            OSError: the directory can't be written.
        """
        evaluation = evaluate(network.y(self.x).numpy(), self.labels)
        assert evaluation.loss is not None
        assert evaluation.accuracy is not None
        point = Point(step, loss, accuracy, evaluation.loss, evaluation.accuracy)
        answers = network.y(to_input(self.shown)).numpy()
        train, test = self.writers
        with self._translated_errors():
            with train.as_default(step=step):
                tf.summary.scalar("loss", loss)
                tf.summary.scalar("accuracy", accuracy)
                for name, variable in network.answering.name_variables().items():
                    tf.summary.histogram(name, variable)
            with test.as_default(step=step):
                tf.summary.scalar("loss", point.test_loss)
                tf.summary.scalar("accuracy", point.test_accuracy)
                drawn = draw_answers(self.shown, self.shown_labels, answers)
                tf.summary.image("answers", drawn[np.newaxis])
            for writer in self.writers:
                writer.flush()
        return point

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        """Raise TensorFlow's errors of files as an :class:`OSError`, and silence it."""
        try:
            with silenced_stderr():
                yield
        except tf.errors.OpError as error:
            raise OSError(error.error_code, str(error.message), str(self.directory)) from error


def trace_step(network: Network) -> tf.Graph:
    """Return the graph of a training step, without computing anything."""
    label = tf.TensorSpec([None, CLASSES], tf.float32, name="label")
    rate = tf.TensorSpec([], tf.float32, name="learning_rate")
    step = tf.function(network.train, input_signature=[INPUT, label, rate], autograph=False)
    return step.get_concrete_function().graph


def draw_answers(
    images: NDArray[np.uint8], labels: NDArray[np.uint8], probabilities: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """Draw images [N, 28, 28] in two rows with their answers, as RGB uint8 [H, W, 3]."""
    side, columns = ZOOM * SIDE, -(-len(images) // 2)
    sheet = Image.new("RGB", (columns * side, 2 * (side + CAPTION_HEIGHT)))
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(18)
    for number, (image, label, answer) in enumerate(
        zip(images, labels, probabilities, strict=True)
    ):
        row, column = divmod(number, columns)
        left, top = column * side, row * (side + CAPTION_HEIGHT)
        large = Image.fromarray(image).resize((side, side), Image.Resampling.NEAREST)
        sheet.paste(large, (left, top))
        digit = int(answer.argmax())
        caption = f"{digit}  {answer[digit]:.2f}"
        colour = RIGHT_COLOUR if digit == label else WRONG_COLOUR
        middle = (left + side / 2, top + side + CAPTION_HEIGHT / 2)
        draw.text(middle, caption, fill=colour, font=font, anchor="mm")
    return np.asarray(sheet)
