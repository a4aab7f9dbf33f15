"""Images saved as pictures."""

import io
from pathlib import Path

from PIL import Image

from mnistcli.files import write_whole
from mnistcli.framing import Gray


def save_image(image: Gray, file: str, directory: Path, taken: set[str]) -> None:
    """Save an image made of the picture ``file`` under a name that is not yet taken.

    The name, ``8_3.28x28.png`` for ``8_3.jpg``, keeps the label, and is no usual picture's, so
    that none is overwritten.

    Raises:
        OSError: it can't be written.
    """
    stem = "standard-input" if file == "-" else Path(file).stem
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}_{number}"
    taken.add(name)
    directory.mkdir(parents=True, exist_ok=True)
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG")
    write_whole(directory / f"{name}.28x28.png", stream.getvalue())
