"""A contact sheet: every picture of a directory beside the image made from it.

usage: python benchmarks/contact_sheet.py DIRECTORY OUT.png
"""

import sys
from pathlib import Path

from PIL import Image, ImageDraw

from mnistcli.pictures.formats import is_picture_name
from mnistcli.pictures.pipeline import prepare

CELL, LABEL, COLUMNS = 84, 12, 16
NOTHING = (255, 220, 255)
"""Shown where a picture is transparent."""


def show(path: Path) -> Image.Image:
    """Return a picture and its image side by side, below the file's name and the polarity."""
    with Image.open(path) as opened:
        picture = Image.new("RGBA", opened.size, NOTHING)
        picture.alpha_composite(opened.convert("RGBA"))
    picture.thumbnail((CELL - 2, CELL - 2))
    prepared = prepare(path.read_bytes())
    cell = Image.new("RGB", (2 * CELL, CELL + LABEL), (90, 0, 90))
    cell.paste(picture.convert("RGB"), (0, LABEL))
    (digit,) = prepared.digits
    enlarged = Image.fromarray(digit.image).resize((CELL - 2, CELL - 2), Image.Resampling.BOX)
    cell.paste(enlarged.convert("RGB"), (CELL, LABEL))
    ImageDraw.Draw(cell).text((1, 0), f"{path.name[:18]} {(prepared.polarity or 'none')[:5]}")
    return cell


def main() -> None:
    """Make the sheet."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    directory, out = map(Path, sys.argv[1:])
    files = sorted(path for path in directory.rglob("*") if is_picture_name(path.name))
    cells = [show(path) for path in files]
    columns = COLUMNS // 2
    rows = -(-len(cells) // columns)
    sheet = Image.new("RGB", (columns * 2 * CELL, rows * (CELL + LABEL)))
    for place, cell in enumerate(cells):
        row, column = divmod(place, columns)
        sheet.paste(cell, (column * 2 * CELL, row * (CELL + LABEL)))
    sheet.save(out)
    print(f"{out}: {len(cells)} pictures")


if __name__ == "__main__":
    main()
