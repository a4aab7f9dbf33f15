"""Images saved as PNG files."""

import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, PngImagePlugin

from mnistcli.images import Gray
from mnistcli.system.files import PROGRAM, refuse_foreign, remove_stale, write_whole
from mnistcli.system.listener import Listener

if TYPE_CHECKING:  # export images would load OpenCV
    from mnistcli.inference.recognition import Answer

MAX_NAME_LENGTH = 100
"""Characters of a picture's name that are kept."""


def save_images(
    answers: "Iterable[Answer]", directory: Path, listener: Listener
) -> "Iterator[Answer]":
    """Pass answers on, and save their images as ``NAME.28x28.png``; a repeated name gets a number.

    The name keeps the label, as in ``8_3.jpg``. Files of other programs are not replaced. The
    listener receives an error for each image that can't be saved.

    Raises:
        OSError: the directory can't be created.
    """
    directory.mkdir(parents=True, exist_ok=True)
    remove_stale(directory)
    return _save_each(answers, directory, listener)


def _save_each(
    answers: "Iterable[Answer]", directory: Path, listener: Listener
) -> "Iterator[Answer]":
    taken: set[str] = set()
    for answer in answers:
        for reading in answer.readings:
            path = directory / f"{_choose_name(answer.file, taken)}.28x28.png"
            try:
                save_image(path, reading.digit.image)
            except OSError as error:
                listener.error(f"{path}: not saved: {error.strerror}")
        yield answer


def save_image(path: Path, image: Gray) -> None:
    """Save an image [H, W]; a file of another program is not replaced.

    Raises:
        OSError: there is such a file, or the image can't be written.
    """
    refuse_foreign(path, ".png")
    write_whole(path, _to_png(image), is_flushed=False)


def _choose_name(file: str, taken: set[str]) -> str:
    path = Path(file)
    stem = path.name if file.endswith("]") else path.stem  # digits.npy[3] is one of many
    stem = "standard-input" if file == "-" else stem[:MAX_NAME_LENGTH]
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}_{number}"
    taken.add(name)
    return name


def _to_png(image: Gray) -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("Software", PROGRAM)
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG", pnginfo=text)
    return stream.getvalue()
