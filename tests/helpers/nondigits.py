"""Pictures that are no digits, made in other ways than the training data of the detector."""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from mnistcli.datasets.synthetic import dataset as synthetic

SIZE = 240

LETTERS = "ABCDEFGHKLMNPQRTUVWXYaceghkmnprtuvwxy" + "&@%#?+=*"
"""Without letters that are written like digits: I J O S Z b d f i j l o q s z."""


def paper(random: np.random.Generator, width: int = SIZE, height: int = SIZE) -> Image.Image:
    """Light paper, which may be grainy or lit from one side."""
    light = np.linspace(random.uniform(0, 60), 0, width) + np.zeros((height, 1))
    grain = random.normal(0, random.choice([0, 2, 5]), (height, width))
    return to_picture(random.uniform(180, 255) - light + grain)


def to_picture(levels: np.ndarray) -> Image.Image:
    return Image.fromarray(np.clip(np.rint(levels), 0, 255).astype(np.uint8))


def write_ink(random: np.random.Generator, page: Image.Image, ink: Image.Image) -> Image.Image:
    """Put ink, 255 where it is strongest, on a page of its size, in a random dark level."""
    dark = Image.new("L", page.size, int(random.integers(0, 90)))
    return Image.composite(dark, page, ink)


def turn(random: np.random.Generator, ink: Image.Image) -> Image.Image:
    """Rotate and slant ink a little."""
    slanted = ink.transform(
        ink.size,
        Image.Transform.AFFINE,
        (1, slant := random.normal(0, 0.12), -slant * SIZE / 2, 0, 1, 0),
        Image.Resampling.BICUBIC,
    )
    return slanted.rotate(random.normal(0, 6), Image.Resampling.BICUBIC)


def print_text(random: np.random.Generator, text: str) -> Image.Image:
    """A text as ink, in a printed font of a random size and weight."""
    ink = Image.new("L", (SIZE, SIZE))
    font = ImageFont.load_default(int(random.uniform(0.35, 0.7) * SIZE / max(1, len(text) * 0.6)))
    ImageDraw.Draw(ink).text(
        (SIZE / 2, SIZE / 2), text, 255, font, "mm", stroke_width=int(random.integers(0, 4))
    )
    return turn(random, ink)


def blank(random: np.random.Generator) -> Image.Image:
    kind = random.integers(3)
    if kind == 0:
        return Image.new("L", (SIZE, SIZE), int(random.integers(0, 256)))
    page = paper(random)
    return page if kind == 1 else ImageChops.invert(page)


def letter(random: np.random.Generator) -> Image.Image:
    ink = print_text(random, str(random.choice([*LETTERS])))
    return write_ink(random, paper(random), ink)


def scribble(random: np.random.Generator) -> Image.Image:
    """A line with many turns, by a pen of a random width."""
    steps = random.normal(0, 30, (int(random.integers(12, 60)), 2))
    places = SIZE / 2 + np.cumsum(steps - steps.mean(axis=0), axis=0)
    places = places if random.random() < 0.5 else SIZE / 2 + 50 * random.standard_normal((20, 2))
    places = np.clip(places, 20, SIZE - 20)
    ink = Image.new("L", (SIZE, SIZE))
    width = int(random.integers(2, 9))
    ImageDraw.Draw(ink).line([tuple(place) for place in places], 255, width, joint="curve")
    return write_ink(random, paper(random), ink.filter(ImageFilter.GaussianBlur(0.7)))


def nothing(random: np.random.Generator) -> Image.Image:
    """A photograph without an object: clouds of noise of many scales, in colour."""
    cells = 2 ** np.arange(1, 8)
    steepness = random.uniform(0.7, 1.5)
    bands = []
    for _ in range(3):
        levels = np.zeros((SIZE, SIZE))
        for count in cells:
            noise = Image.fromarray(random.standard_normal((count, count)).astype(np.float32))
            grown = noise.resize((SIZE, SIZE), Image.Resampling.BICUBIC)
            levels += np.asarray(grown) / count**steepness
        bands.append(levels)
    luminance, *_ = bands
    bands = [to_picture(128 + 90 * (0.8 * luminance + 0.2 * band)) for band in bands]
    stream = io.BytesIO()
    Image.merge("RGB", bands).save(stream, "JPEG", quality=int(random.integers(40, 95)))
    return Image.open(stream)


def number(random: np.random.Generator) -> Image.Image:
    """Two to four digits, printed or synthetic."""
    count = int(random.integers(2, 5))
    if random.random() < 0.5:
        text = "".join(random.choice([*"0123456789"], count))
        return write_ink(random, paper(random), print_text(random, text))
    images, _ = DIGITS
    side = SIZE // count
    page = Image.new("L", (SIZE, SIZE))
    for place, image in enumerate(random.choice(images, count)):
        digit = Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC)
        page.paste(digit, (place * side, (SIZE - side) // 2 + int(random.integers(-15, 16))))
    return write_ink(random, paper(random), page)


DIGITS = synthetic.draw_block(99, 0)

KINDS: dict[str, Callable[[np.random.Generator], Image.Image]] = {
    "blank": blank,
    "letter": letter,
    "scribble": scribble,
    "nothing": nothing,
    "number": number,
}
