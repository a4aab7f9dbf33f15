"""From a picture's file to images, step by step: the way through the modules of this package.

decode → pyramid → locator → instances → location → reading order → extraction, with normalization
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from PIL import Image

from mnistcli.errors import PictureError
from mnistcli.images import SIDE, Gray
from mnistcli.pictures.decoding import Colours, read_colours, read_plainly
from mnistcli.pictures.extraction import Digit, extract, measure_contrast
from mnistcli.pictures.files import Content, Picture, read_in_batches
from mnistcli.pictures.geometry import Box
from mnistcli.pictures.location import Found, Located, find_doubtful, locate, weigh
from mnistcli.pictures.normalization import is_normalized
from mnistcli.pictures.parameters import PARAMETERS
from mnistcli.pictures.reading_order import find_rows, measure_turn
from mnistcli.system.parallel import map_ahead

BLANK = "no digit found: is it blank?"
EXCLUDED = "no digit of the polarity that --invert asks for"
SEVERAL = "more than one digit? --several reads all of them"
FIRST = "only the first of its pages or frames is read"
UNREAD = "unread: {} that may be {}"


@dataclass(frozen=True)
class PictureOptions:
    """How pictures are prepared."""

    preprocess: str = "mnist"  # find and normalize the ink; "plain" only resizes, as the tutorials
    invert: str = "auto"  # either polarity; "yes" for dark ink on light, "no" for the reverse
    several: bool = False  # any number of digits, not one


DEFAULT_OPTIONS = PictureOptions()


@dataclass(frozen=True)
class Trace:
    """The result of each step."""

    picture: Colours  # [H, W, 3], decoded and upright
    found: Found  # the levels of the pyramid, what the network says of them, and their digits
    asked: list[Located]  # the digits of the polarity that was asked for
    angle: float  # by which the page is turned clockwise, in radians
    rows: list[list[Located]]  # the main digit, or all of them, in reading order
    digits: tuple[Digit, ...]  # extracted and normalized


@dataclass(frozen=True)
class Prepared:
    """The digits of a picture, in reading order."""

    digits: tuple[Digit, ...]
    polarity: str | None = None  # "dark_on_light" or "light_on_dark"
    rows: tuple[int, ...] = ()  # number of digits in each row
    warnings: tuple[str, ...] = ()
    trace: Trace | None = None  # None if the picture was used as it is, or only resized

    @property
    def is_blank(self) -> bool:
        """Whether no digit was found."""
        return not self.rows


def prepare(data: bytes | Image.Image, options: PictureOptions = DEFAULT_OPTIONS) -> Prepared:
    """Prepare a picture, or its file: return images of its digit, or of its digits.

    With ``plain``, ``invert`` ``auto`` means ``yes``.

    Raises:
        PictureError: the file can't be read, or has more pixels than Pillow's limit.
        ModelError: the network that locates digits is missing or damaged.
    """
    if options.preprocess == "plain":
        image, is_followed = read_plainly(data, is_inverted=options.invert != "no")
        prepared = Prepared((Digit(image),), rows=(1,))
    else:
        picture, reduction, is_followed = read_colours(data)
        prepared = prepare_colours(picture, reduction, options)
    return replace(prepared, warnings=(FIRST, *prepared.warnings)) if is_followed else prepared


def prepare_colours(
    picture: Colours, reduction: tuple[float, float], options: PictureOptions
) -> Prepared:
    """Prepare a picture, uint8 [H, W, 3], wider and higher by ``reduction`` in its file."""
    if normalized := find_normalized(picture, options.invert):
        return normalized
    trace = take_steps(picture, options)
    if not trace.digits:
        blank = () if options.several else (Digit(np.zeros((SIDE, SIDE), np.uint8)),)
        warning = EXCLUDED if trace.found.digits else BLANK
        return Prepared(blank, warnings=(warning,), trace=trace)
    is_light = np.median([digit.contrast for digit in trace.digits]) > 0
    return Prepared(
        tuple(digit.from_original(*reduction) for digit in trace.digits),
        "light_on_dark" if is_light else "dark_on_light",
        tuple(len(row) for row in trace.rows),
        tuple(list_doubts(trace, options)),
        trace=trace,
    )


def list_doubts(trace: Trace, options: PictureOptions) -> Iterator[str]:
    """Yield the warnings about what was found."""
    if options.several:
        doubtful = find_doubtful(trace.found)
        if count := sum(has_polarity(one, options.invert) for one in doubtful):
            yield UNREAD.format(count, "a digit" if count == 1 else "digits")
    elif has_more(trace):
        yield SEVERAL


def take_steps(picture: Colours, options: PictureOptions) -> Trace:
    """Take the steps from a picture, uint8 [H, W, 3], to normalized digits."""
    found = locate(picture, is_single=not options.several)
    asked = [one for one in found.digits if has_polarity(one, options.invert)]
    angle = measure_angle(asked)
    if options.several:
        rows = [[asked[i] for i in row] for row in find_rows([one.box for one in asked], angle)]
    else:
        rows = [[max(asked, key=weigh)]] if asked else []
    digits = tuple(extract(one, angle) for row in rows for one in row)
    return Trace(picture, found, asked, angle, rows, digits)


def has_polarity(located: Located, invert: str) -> bool:
    """Tell whether a digit has the polarity that was asked for."""
    return invert == "auto" or (measure_contrast(located) > 0) == (invert == "no")


def measure_angle(located: list[Located]) -> float:
    """Return the angle by which a page is turned clockwise, in radians; a small one is 0."""
    angle = measure_turn([one.box for one in located])
    if angle is None:
        angle = float(np.median([one.instance.angle for one in located])) if located else 0.0
    least = PARAMETERS.min_angle if len(located) > 1 else PARAMETERS.min_lone_angle
    return angle if abs(angle) > least else 0.0


def has_more(trace: Trace) -> bool:
    """Tell whether a picture has more digits than its main one."""
    ((main,),) = trace.rows
    least = PARAMETERS.min_other * weigh(main)
    return any(weigh(one) >= least for one in trace.asked if one is not main)


def find_normalized(picture: Colours, invert: str) -> Prepared | None:
    """Return an image that is normalized already as it is, or inverted; None if it isn't one."""
    gray: Gray = picture[..., 0]
    if gray.shape != (SIDE, SIDE) or (picture != gray[..., np.newaxis]).any():
        return None
    for image, polarity, options in (
        (gray, "light_on_dark", ("auto", "no")),
        (~gray, "dark_on_light", ("auto", "yes")),
    ):
        if invert in options and is_normalized(image):
            return Prepared((Digit(image, Box(0, 0, SIDE, SIDE)),), polarity, (1,))
    return None


def prepare_in_batches(
    found: Iterable[Picture], options: PictureOptions = DEFAULT_OPTIONS
) -> Iterator[list[tuple[Picture, Prepared | PictureError]]]:
    """Prepare the pictures that were found, in order, on all cores.

    Their traces are dropped.
    """
    prepare_all = partial(_prepare_all, options=options)
    return map_ahead(prepare_all, read_in_batches(found))


def _prepare_all(
    batch: list[tuple[Picture, Content]], options: PictureOptions
) -> list[tuple[Picture, Prepared | PictureError]]:
    return [(picture, _prepare(content, options)) for picture, content in batch]


def _prepare(content: Content, options: PictureOptions) -> Prepared | PictureError:
    if isinstance(content, PictureError):
        return content
    try:
        return replace(prepare(content, options), trace=None)
    except PictureError as error:
        return error
