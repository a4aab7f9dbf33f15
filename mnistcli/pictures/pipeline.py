"""From a picture's file to images, step by step: the way through the modules of this package.

decode → choose a plane → page → polarity → foreground → segmentation → extraction, with
normalization
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from mnistcli.errors import PictureError
from mnistcli.images import SIDE, Gray
from mnistcli.pictures.decoding import Planes, read_plainly, read_planes
from mnistcli.pictures.extraction import Digit, extract
from mnistcli.pictures.files import Content, Picture, find_pictures, read_in_batches
from mnistcli.pictures.foreground import Ink, choose_plane, is_light_on_dark, separate
from mnistcli.pictures.geometry import Box
from mnistcli.pictures.normalization import is_normalized
from mnistcli.pictures.page import fill_around_sheet, find_page
from mnistcli.pictures.segmentation import Segmentation, find_digit, find_digits
from mnistcli.system.parallel import map_ahead

BLANK = "no ink found: is it blank?"
SEVERAL = "more than one digit? --several reads all of them"


@dataclass(frozen=True)
class PictureOptions:
    """How pictures are prepared."""

    preprocess: str = "mnist"  # find and normalize the ink; "plain" only resizes, as the tutorials
    invert: str = "auto"  # look for the polarity; "yes" for dark ink on light, "no" for the reverse
    several: bool = False  # any number of digits, not one


DEFAULT_OPTIONS = PictureOptions()


@dataclass(frozen=True)
class Trace:
    """The result of each step."""

    planes: Planes  # [planes, H, W], decoded and upright
    gray: Gray  # [H, W], the plane that shows the ink best
    page: Box  # in it
    filled: Gray  # [h, w], the page, filled around a sheet of paper
    is_light_on_dark: bool
    ink: Ink  # [h, w]
    segmentation: Segmentation  # [h, w]
    digits: tuple[Digit, ...]  # extracted and normalized; their boxes are in ``filled``


@dataclass(frozen=True)
class Prepared:
    """The digits of a picture, in reading order."""

    digits: tuple[Digit, ...]
    polarity: str | None = None  # "dark_on_light" or "light_on_dark"
    rows: tuple[int, ...] = ()  # number of digits in each row
    warnings: tuple[str, ...] = ()
    trace: Trace | None = None  # None if the picture was used as it is, or only resized


def prepare(data: bytes, options: PictureOptions = DEFAULT_OPTIONS) -> Prepared:
    """Prepare a picture's file: return images of its digit, or of its digits.

    With ``plain``, ``invert`` ``auto`` means ``yes``.

    Raises:
        PictureError: the file can't be read, or has more pixels than Pillow's limit.
    """
    if options.preprocess == "plain":
        return Prepared((Digit(read_plainly(data, is_inverted=options.invert != "no")),), rows=(1,))
    planes, reduction = read_planes(data)
    if normalized := find_normalized(planes[0], options.invert):
        return normalized
    trace = take_steps(planes, options)
    polarity = "light_on_dark" if trace.is_light_on_dark else "dark_on_light"
    if not trace.digits:
        blank = () if options.several else (Digit(np.zeros((SIDE, SIDE), np.uint8)),)
        return Prepared(blank, warnings=(BLANK,), trace=trace)
    corner = trace.page.left, trace.page.top
    return Prepared(
        tuple(digit.from_whole(*corner).from_original(*reduction) for digit in trace.digits),
        polarity,
        tuple(len(row) for row in trace.segmentation.rows),
        (SEVERAL,) if trace.segmentation.has_more else (),
        trace,
    )


def take_steps(planes: Planes, options: PictureOptions) -> Trace:
    """Take the steps from planes, uint8 [planes, H, W], to normalized digits."""
    gray = choose_plane(planes)
    page = find_page(gray)
    cropped = gray[page.slices]
    if options.invert == "auto":
        filled = fill_around_sheet(cropped)
        is_light = is_light_on_dark(filled)
    else:
        filled, is_light = cropped, options.invert == "no"
    ink = separate(~filled if is_light else filled)
    segmentation = find_digits(ink) if options.several else find_digit(ink)
    digits = tuple(
        extract(ink, segmentation.components, group) for row in segmentation.rows for group in row
    )
    return Trace(planes, gray, page, filled, is_light, ink, segmentation, digits)


def find_normalized(gray: Gray, invert: str) -> Prepared | None:
    """Return an image that is normalized already as it is, or inverted; None if it isn't one."""
    if gray.shape != (SIDE, SIDE):
        return None
    for image, polarity, options in (
        (gray, "light_on_dark", ("auto", "no")),
        (~gray, "dark_on_light", ("auto", "yes")),
    ):
        if invert in options and is_normalized(image):
            return Prepared((Digit(image, Box(0, 0, SIDE, SIDE)),), polarity, (1,))
    return None


def prepare_in_batches(
    names: Iterable[str], options: PictureOptions = DEFAULT_OPTIONS
) -> Iterator[list[tuple[Picture, Prepared | PictureError]]]:
    """Prepare all pictures among files, directories and ``-``, in order, on all cores.

    Their traces are dropped.
    """
    prepare_all = partial(_prepare_all, options=options)
    return map_ahead(prepare_all, read_in_batches(find_pictures(names)))


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
