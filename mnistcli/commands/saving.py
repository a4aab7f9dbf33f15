"""Images saved as PNG."""

import io
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, PngImagePlugin

from mnistcli.files import refuse_foreign, remove_stale, write_whole
from mnistcli.framing import Gray

if TYPE_CHECKING:  # or a data set's images would be exported with OpenCV loaded
    from mnistcli.recognition import Answer

MARK = {"Software": "mnistcli"}
"""Text in a saved image, by which it is known to be one that may be replaced."""

LONGEST = 100
"""Most characters of a picture's name that are kept."""


def save_images(
    answers: "Iterable[Answer]", directory: Path, report: Callable[[str], None]
) -> "Iterator[Answer]":
    """Pass answers on, and save their images as ``NAME.28x28.png``, numbered where names recur.

    The name keeps the label, as of ``8_3.jpg``. A file that was not saved by this is left as it
    is; that, and what else prevents one from being saved, is reported, and the others are saved.

    Raises:
        OSError: the directory can't be made.
    """
    directory.mkdir(parents=True, exist_ok=True)
    remove_stale(directory)
    return _save_each(answers, directory, report)


def _save_each(
    answers: "Iterable[Answer]", directory: Path, report: Callable[[str], None]
) -> "Iterator[Answer]":
    taken: set[str] = set()
    for answer in answers:
        for reading in answer.readings:
            path = directory / f"{_choose_name(answer.file, taken)}.28x28.png"
            try:
                save_image(path, reading.digit.image)
            except OSError as error:
                report(f"{path}: not saved: {error.strerror}")
        yield answer


def save_image(path: Path, image: Gray) -> None:
    """Save an image; a file that was not saved by this is left as it is.

    Raises:
        OSError: there is such a file, or it can't be written.
    """
    if path.exists() and not (path.is_file() and _is_ours(path)):
        refuse_foreign(str(path))
    write_whole(path, _to_png(image), is_flushed=False)


def _choose_name(file: str, taken: set[str]) -> str:
    stem = "standard-input" if file == "-" else Path(file).stem[:LONGEST]
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}_{number}"
    taken.add(name)
    return name


def _is_ours(path: Path) -> bool:
    try:
        with Image.open(path) as picture:
            return MARK.items() <= picture.info.items()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False


def _to_png(image: Gray) -> bytes:
    text = PngImagePlugin.PngInfo()
    for key, value in MARK.items():
        text.add_text(key, value)
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG", pnginfo=text)
    return stream.getvalue()
