from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.drawing import seven, to_file, to_png
from helpers.locating import PerfectLocator
from helpers.writing import BLACK, WHITE, Colour, Page, compare, write
from PIL import Image, ImageDraw, ImageOps

from mnistcli.datasets import idx
from mnistcli.errors import PictureError
from mnistcli.images import SIDE
from mnistcli.pictures import location
from mnistcli.pictures.files import find_pictures
from mnistcli.pictures.geometry import Box
from mnistcli.pictures.labels import Label
from mnistcli.pictures.normalization import normalize
from mnistcli.pictures.parameters import PARAMETERS
from mnistcli.pictures.pipeline import (
    BLANK,
    EXCLUDED,
    SEVERAL,
    UNREAD,
    PictureOptions,
    Prepared,
    Trace,
    prepare,
    prepare_in_batches,
)

ALL = PictureOptions(several=True)

LABELS = (3, *(pytest.param(label, marks=pytest.mark.slow) for label in (2, 5, 8)))
"""Digits for tests in which the digit doesn't matter; the quick tests use one."""


def image_of(data: bytes, preprocess: str = "mnist", invert: str = "auto") -> np.ndarray:
    (digit,) = prepare(data, PictureOptions(preprocess, invert)).digits
    return digit.image


def write_one(label: int) -> Page:
    """A digit 90 pixels long on a page [160, 160]."""
    return write((160, 160), (label, 40, 30, 90))


def assert_read(
    picture: np.ndarray | Image.Image,
    page: Page,
    options: PictureOptions = ALL,
    least: float = 0.7,
) -> Prepared:
    """All digits of a page, and nothing else, are found, and their images are those written.

    There is no warning.
    """
    prepared = prepare(to_png(picture), options)
    assert len(prepared.digits) == len(page.images)
    for digit, image in zip(prepared.digits, page.images, strict=True):
        assert compare(digit.image, image) > least
        assert digit.warnings == ()
    assert not prepared.warnings
    return prepared


# The image


@pytest.mark.parametrize("label", range(10))
def test_the_ink_is_scaled_and_centred(label: int) -> None:
    image = image_of(to_png(write_one(label).paint()))

    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    mass = image / image.sum()
    assert (image.shape, image.dtype, image.max()) == ((28, 28), np.uint8, 255)
    assert max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1 == 20
    assert 13.5 <= (mass.sum(axis=1) * np.arange(28)).sum() < 14.5
    assert 13.5 <= (mass.sum(axis=0) * np.arange(28)).sum() < 14.5


@pytest.mark.parametrize("side", [24, 150, pytest.param(600, marks=pytest.mark.slow)])
@pytest.mark.parametrize("label", range(10))
def test_a_digit_of_any_size_keeps_its_shape(label: int, side: int) -> None:
    page = write((side * 2, side * 2), (label, side // 2, side // 2, side))

    prepared = assert_read(page.paint(), page, PictureOptions())

    (digit,), (box,) = prepared.digits, page.boxes
    np.testing.assert_allclose(digit.box, box, atol=1 + 0.12 * side)


@pytest.fixture(scope="module")
def normalized() -> np.ndarray:
    """The 7, prepared from black on white."""
    return image_of(to_png(seven()))


def transparent(ink: int) -> Image.Image:
    shape = seven()
    return Image.merge("LA", [Image.new("L", shape.size, ink), ImageOps.invert(shape)])


def as_16_bit(shape: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(shape).astype(np.uint16) * 257)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(to_png(seven().convert("RGB")), id="RGB"),
        pytest.param(to_png(seven().convert("P")), id="palette"),
        pytest.param(to_png(seven().convert("1")), id="1 bit"),
        pytest.param(to_png(as_16_bit(seven())), id="16 bit"),
        pytest.param(to_file(seven().convert("I"), "TIFF"), id="32 bit"),
        pytest.param(to_file(Image.fromarray(np.asarray(seven()) / 255), "TIFF"), id="float"),
        pytest.param(to_file(seven().convert("CMYK"), "TIFF"), id="CMYK"),
        pytest.param(to_file(seven(), "BMP"), id="BMP"),
        pytest.param(to_file(seven(), "GIF"), id="GIF"),
        pytest.param(to_file(seven(), "WEBP", lossless=True), id="WebP"),
        pytest.param(to_png(transparent(ink=0)), id="black on transparency"),
        pytest.param(to_png(transparent(ink=0).convert("RGBA")), id="RGBA"),
    ],
)
def test_the_format_does_not_matter(data: bytes, normalized: np.ndarray) -> None:
    prepared = prepare(data)

    (digit,) = prepared.digits
    np.testing.assert_array_equal(digit.image, normalized)
    assert prepared.warnings == ()


@pytest.mark.parametrize("ink", [100, 150, 255])
def test_ink_of_any_tone_is_found_on_transparency(ink: int) -> None:
    page = write_one(5)
    opacity = np.rint(page.ink * 255).astype(np.uint8)
    levels = np.full_like(opacity, ink)

    assert_read(Image.merge("LA", [Image.fromarray(levels), Image.fromarray(opacity)]), page)


@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        pytest.param(WHITE, BLACK, id="white on black"),
        pytest.param((60, 60, 60), (200, 200, 200), id="gray on gray"),
        pytest.param((10, 10, 10), (90, 90, 90), id="black on dark gray"),
        pytest.param((250, 250, 250), (180, 180, 180), id="white on light gray"),
        pytest.param((185, 185, 185), (220, 220, 220), id="pale"),
        pytest.param((40, 60, 160), (240, 235, 220), id="blue on cream"),
        pytest.param((200, 60, 60), (250, 250, 250), id="red on white"),
        pytest.param((200, 200, 60), (250, 250, 250), id="yellow on white"),
        pytest.param((240, 230, 90), (30, 70, 50), id="yellow on a blackboard"),
    ],
)
@pytest.mark.parametrize("label", LABELS)
def test_ink_and_paper_may_have_any_colour(ink: Colour, paper: Colour, label: int) -> None:
    page = write_one(label)

    prepared = assert_read(page.paint(ink, paper), page)

    is_light = sum(ink) > sum(paper)
    assert prepared.polarity == ("light_on_dark" if is_light else "dark_on_light")


def test_a_page_may_have_ink_of_several_colours() -> None:
    page = write((160, 420), (3, 30, 30, 90), (5, 160, 30, 90), (8, 290, 30, 90))
    picture = page.paint()
    for place, colour in enumerate([(200, 40, 40), (40, 60, 170), (120, 120, 120)]):
        columns = np.s_[:, 130 * place + 10 : 130 * place + 140]
        picture[columns] = page.paint(colour)[columns]

    assert_read(picture, page)


def test_jpeg_noise_does_not_matter() -> None:
    page = write_one(3)
    for quality in (80, 30):
        data = to_file(page.paint(), "JPEG", quality=quality)
        assert compare(image_of(data), page.images[0]) > 0.8


def test_the_grain_of_paper_does_not_matter() -> None:
    page = write_one(3)
    grain = np.random.default_rng(0).integers(-20, 21, (160, 160, 1))
    picture = page.paint((30, 30, 30), (200, 200, 200)) + grain

    assert_read(picture.astype(np.uint8), page)


def test_faint_ink_is_found_with_a_warning() -> None:
    page = write_one(3)
    difference = int(PARAMETERS.low_contrast) - 5
    picture = page.paint((220 - difference,) * 3, (220, 220, 220))

    (digit,) = prepare(to_png(picture)).digits

    assert compare(digit.image, page.images[0]) > 0.8
    (warning,) = digit.warnings
    assert warning.startswith("little contrast: the ink differs by 1")


@pytest.mark.parametrize(
    "exif", [b"garbage", b"II*\0", b"MM\0*\xff\xff\xff\xffdamaged"], ids=["none", "cut", "lost"]
)
def test_damaged_exif_data_is_ignored(exif: bytes, normalized: np.ndarray) -> None:
    data = to_png(seven(), exif=b"Exif\0\0" + exif)

    np.testing.assert_array_equal(image_of(data), normalized)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_rotated_photo_is_turned_upright(orientation: int, normalized: np.ndarray) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = seven().transpose(undo[orientation]) if orientation > 1 else seven()
    exif = Image.Exif()
    exif[0x0112] = orientation

    prepared = prepare(to_png(stored, exif=exif))

    (digit,) = prepared.digits
    np.testing.assert_array_equal(digit.image, normalized)
    np.testing.assert_allclose(digit.box, (20, 30, 81, 131), atol=9)


# Where the digit is


SIDES = {
    "top": lambda box: np.s_[box.top :],
    "left": lambda box: np.s_[:, box.left :],
    "bottom": lambda box: np.s_[: box.bottom],
    "right": lambda box: np.s_[:, : box.right],
    "all sides": lambda box: box.slices,
}


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("label", [1, *LABELS])
def test_a_digit_on_the_border_is_complete(label: int, side: str) -> None:
    page = write_one(label)
    (box,) = page.boxes

    for ink, paper in ((BLACK, WHITE), (WHITE, BLACK)):
        picture = page.paint(ink, paper)[SIDES[side](box)]
        prepared = assert_read(picture, page, PictureOptions())
        assert prepared.polarity == ("dark_on_light" if ink == BLACK else "light_on_dark")


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize(("ink", "paper"), [(WHITE, BLACK), (BLACK, WHITE)])
@pytest.mark.parametrize("margin", [10, 150])
def test_a_panel_on_a_page_is_read_by_its_own_polarity(
    ink: Colour, paper: Colour, label: int, margin: int
) -> None:
    page = write_one(label)
    picture = np.pad(page.paint(ink, paper), ((margin, margin), (margin, 2 * margin), (0, 0)))
    is_page = np.ones(picture.shape[:2], bool)
    is_page[margin : margin + 160, margin : margin + 160] = False
    picture[is_page] = ink  # a light page around a dark panel, or the other way round

    prepared = assert_read(picture, page, PictureOptions())

    assert prepared.polarity == ("light_on_dark" if ink == WHITE else "dark_on_light")
    box = np.add(page.boxes[0], margin)
    np.testing.assert_allclose(prepared.digits[0].box, box, atol=15)


def draw_box(draw: ImageDraw.ImageDraw, box: Box) -> None:
    left, top, right, bottom = box
    draw.rectangle((left - 12, top - 12, right + 12, bottom + 12), outline=BLACK, width=3)


def draw_rules(draw: ImageDraw.ImageDraw, box: Box) -> None:
    for y in range(box.bottom % 40, 160, 40):
        draw.line((0, y, 160, y), (120, 140, 200), 2)


def draw_squares(draw: ImageDraw.ImageDraw, box: Box) -> None:
    draw_rules(draw, box)
    for x in range(box.left % 40, 160, 40):
        draw.line((x, 0, x, 160), (120, 140, 200), 2)


def draw_dots(draw: ImageDraw.ImageDraw, box: Box) -> None:
    for x, y in ((5, 9), (150, 20), (12, 150), (148, 146)):
        draw.rectangle((x, y, x + 3, y + 3), BLACK)


def draw_edges(draw: ImageDraw.ImageDraw, box: Box) -> None:
    draw.rectangle((0, 0, 8, 160), (60, 60, 60))
    draw.rectangle((0, 154, 160, 160), BLACK)


@pytest.mark.parametrize("draw_around", [draw_box, draw_rules, draw_squares, draw_dots, draw_edges])
@pytest.mark.parametrize("label", LABELS)
def test_what_is_no_digit_is_left_out(label: int, draw_around) -> None:
    page = write_one(label)
    picture = Image.fromarray(page.paint())
    draw_around(ImageDraw.Draw(picture), page.boxes[0])

    assert_read(picture, page)


RISE = np.linspace(0, 1, 320)
ACROSS, DOWN = np.meshgrid(RISE, RISE)

LIGHT = {
    "soft shadow": 1 - 0.6 / (1 + np.exp(-25 * (ACROSS - 0.5))),
    "hard shadow": np.where(DOWN + ACROSS < 0.95, 0.5, 1),
    "from one side": 0.25 + 0.75 * ACROSS,
    "vignette": 1 - 1.2 * ((ACROSS - 0.5) ** 2 + (DOWN - 0.5) ** 2),
}


@pytest.mark.parametrize("kind", LIGHT)
@pytest.mark.parametrize("label", LABELS)
def test_the_light_on_the_page_does_not_matter(label: int, kind: str) -> None:
    page = write((320, 320), (label, 90, 80, 130))
    picture = page.paint() * LIGHT[kind][..., np.newaxis]

    assert_read(picture.astype(np.uint8), page, PictureOptions())


@pytest.mark.parametrize("angle", [0, 4, -15, 30])
@pytest.mark.parametrize("table", [40, 120])
def test_a_sheet_may_lie_on_a_table(angle: int, table: int) -> None:
    page = write((320, 320), (5, 90, 80, 130))
    photo = Image.new("RGB", (640, 560), (table,) * 3)
    sheet = Image.fromarray(page.paint()).convert("RGBA")
    sheet = sheet.rotate(-angle, Image.Resampling.BICUBIC, expand=True)
    photo.paste(sheet, (100, 60), sheet)

    prepared = prepare(to_png(photo))

    (digit,) = prepared.digits
    assert prepared.polarity == "dark_on_light"
    assert prepared.warnings == ()
    remaining = angle - np.rad2deg(digit.transform.angle)
    assert abs(remaining) <= abs(angle) + 3
    (image,) = page.images
    turned = Image.fromarray(image).rotate(-remaining, Image.Resampling.BICUBIC, expand=True)
    assert compare(digit.image, normalize(np.asarray(turned)).image) > 0.75


# Several digits


def are_read(picture: np.ndarray, page: Page) -> bool:
    """Tell whether all digits of a page, and nothing else, are found in their places."""
    digits = prepare(to_png(picture), ALL).digits
    return len(digits) == len(page.images) and all(
        compare(digit.image, image) > 0.7
        and np.abs(np.subtract(digit.box, box)).max() <= 0.2 * box.longer_side
        for digit, image, box in zip(digits, page.images, page.boxes, strict=True)
    )


@pytest.mark.parametrize(("gap", "least"), [(8, 10), (2, 9), (0, 9), (-4, 8)])
def test_digits_that_touch_are_parted(gap: int, least: int) -> None:
    right = write((160, 320), (3, 60, 30, 90)).boxes[0].right
    pages = [
        write((160, 320), (3, 60, 30, 90), (label, right + gap, 30, 90)) for label in range(10)
    ]

    assert sum(are_read(page.paint(), page) for page in pages) >= least


def test_one_digit_is_taken_with_a_warning_that_there_are_more() -> None:
    page = write((160, 320), (3, 20, 40, 60), (7, 140, 20, 110))

    prepared = prepare(to_png(page.paint()))

    (digit,) = prepared.digits
    assert compare(digit.image, page.images[1]) > 0.8  # the larger one
    assert prepared.warnings == (SEVERAL,)


def test_a_digit_much_smaller_than_the_main_one_gets_no_warning() -> None:
    page = write((160, 320), (3, 140, 20, 110), (7, 40, 60, 26))

    prepared = prepare(to_png(page.paint()))

    (digit,) = prepared.digits
    assert compare(digit.image, page.images[0]) > 0.8
    assert prepared.trace
    assert len(prepared.trace.asked) == 2
    assert prepared.warnings == ()


def write_many(rows: int, columns: int, side: int = 34) -> Page:
    """A page of digits in rows, every step of 60 pixels."""
    places = [(20 + 60 * column, 20 + 60 * row) for row in range(rows) for column in range(columns)]
    digits = [(number * 7 % 10, *place, side) for number, place in enumerate(places)]
    return write((60 * rows + 30, 60 * columns + 30), *digits)


def test_a_page_of_digits_is_read_in_order() -> None:
    page = write_many(4, 9)

    prepared = assert_read(page.paint(), page)

    assert prepared.rows == (9,) * 4
    for digit, box in zip(prepared.digits, page.boxes, strict=True):
        np.testing.assert_allclose(digit.box, box, atol=6)


@pytest.mark.slow
@pytest.mark.parametrize(("rows", "columns"), [(16, 30), (30, 36)])
def test_a_page_of_many_digits_is_read(rows: int, columns: int) -> None:
    page = write_many(rows, columns)

    digits = prepare(to_png(page.paint()), ALL).digits

    boxes = np.array([digit.box for digit in digits])
    is_found = []
    for image, box in zip(page.images, page.boxes, strict=True):
        distances = np.abs(boxes - box).max(axis=1)
        nearest = int(distances.argmin())
        is_alike = compare(digits[nearest].image, image) > 0.5
        is_found.append(is_alike and distances[nearest] <= 8)
    assert np.mean(is_found) >= 0.99
    assert len(digits) <= 1.01 * rows * columns


@pytest.mark.parametrize("angle", [-30, -15, 15, 30])
def test_a_turned_page_is_read_in_order_and_its_digits_are_turned_back(angle: int) -> None:
    page = write_many(4, 6)
    turned = Image.fromarray(page.paint()).rotate(
        -angle, Image.Resampling.BICUBIC, True, fillcolor=WHITE
    )

    prepared = assert_read(turned, page, least=0.5)

    assert prepared.trace
    assert prepared.rows == (6,) * 4
    assert np.rad2deg(prepared.trace.angle) == pytest.approx(angle, abs=4)
    for digit in prepared.digits:
        assert digit.transform.angle == prepared.trace.angle


@pytest.mark.parametrize("label", LABELS)
def test_large_and_small_digits_are_found_on_one_page(label: int) -> None:
    page = write((480, 560), (label, 40, 60, 360), (7, 450, 60, 60), (4, 450, 180, 26))

    prepared = prepare(to_png(page.paint()), ALL)

    assert len(prepared.digits) == 3
    for image, box in zip(page.images, page.boxes, strict=True):
        nearest = min(prepared.digits, key=lambda one: np.abs(np.subtract(one.box, box)).max())
        np.testing.assert_allclose(nearest.box, box, atol=2 + 0.1 * box.longer_side)
        assert compare(nearest.image, image) > 0.75


# Options, and pictures that are used as they are


def write_both() -> Page:
    """A picture of a dark digit on light paper beside a light one on dark paper."""
    return write((160, 320), (3, 40, 30, 90), (5, 200, 30, 90))


@pytest.mark.parametrize(("invert", "kept"), [("yes", [0]), ("no", [1]), ("auto", [0, 1])])
def test_only_digits_of_the_polarity_asked_for_are_taken(invert: str, kept: list[int]) -> None:
    page = write_both()
    picture = page.paint()
    picture[:, 160:] = page.paint(WHITE, BLACK)[:, 160:]

    prepared = prepare(to_png(picture), PictureOptions(invert=invert, several=True))

    assert len(prepared.digits) == len(kept)
    for digit, number in zip(prepared.digits, kept, strict=True):
        assert compare(digit.image, page.images[number]) > 0.8
    if len(kept) == 1:
        assert prepared.polarity == {"yes": "dark_on_light", "no": "light_on_dark"}[invert]


def test_the_other_polarity_has_no_digit() -> None:
    for picture, invert in (
        (write_one(3).paint(), "no"),
        (write_one(3).paint(WHITE, BLACK), "yes"),
    ):
        prepared = prepare(to_png(picture), PictureOptions(invert=invert))

        assert prepared.warnings == (EXCLUDED,)
        assert prepared.is_blank
        assert not prepared.digits[0].image.any()


@pytest.mark.parametrize("several", [True, False])
def test_the_main_candidate_is_read_where_nothing_is_probable(
    several: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    doubtful = PerfectLocator(doubtful=PARAMETERS.min_centre - 0.1)
    monkeypatch.setattr(location, "open_locator", lambda: doubtful)
    gray = to_png(write_one(3).paint(ink=(100, 100, 100)))

    prepared = prepare(gray, PictureOptions(several=several))

    (digit,) = prepared.digits
    assert digit.score == pytest.approx(doubtful.doubtful)


@pytest.mark.parametrize(
    ("score", "options", "warnings"),
    [
        (PARAMETERS.min_doubtful, ALL, (UNREAD.format(1, "a digit"),)),
        (PARAMETERS.min_doubtful, replace(ALL, invert="yes"), (UNREAD.format(1, "a digit"),)),
        (PARAMETERS.min_doubtful, replace(ALL, invert="no"), (EXCLUDED,)),
        (PARAMETERS.min_doubtful, PictureOptions(), ()),
        (PARAMETERS.min_doubtful - 0.1, ALL, ()),
    ],
)
def test_what_may_be_a_digit_is_told_of(
    score: float,
    options: PictureOptions,
    warnings: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(location, "open_locator", lambda: PerfectLocator(doubtful=score))
    page = write((160, 320), (3, 40, 30, 90), (7, 200, 30, 90))
    picture = page.paint()
    picture[:, 160:] = page.paint(ink=(100, 100, 100))[:, 160:]

    prepared = prepare(to_png(picture), options)

    assert prepared.warnings == warnings


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (2, 2), (9, 5)])
@pytest.mark.parametrize("mode", ["L", "RGBA"])
@pytest.mark.parametrize("several", [True, False])
def test_tiny_pictures_are_prepared(size: tuple[int, int], mode: str, several: bool) -> None:
    dot = Image.new("L", size, 255)
    dot.putpixel((size[0] // 2, size[1] // 2), 0)

    prepared = prepare(to_png(dot.convert(mode)), PictureOptions(several=several))

    assert several or len(prepared.digits) == 1
    assert len(prepared.digits) <= 1
    for digit in prepared.digits:
        assert digit.image.shape == (SIDE, SIDE)


BLANKS = [
    Image.new("L", (50, 40), 255),
    Image.new("L", (50, 40), 0),
    Image.new("L", (28, 28), 0),
    Image.new("RGBA", (50, 40), (0, 0, 0, 0)),
    Image.new("RGBA", (50, 40), (255, 255, 255, 255)),
    Image.new("RGB", (1, 1), (90, 90, 90)),
    Image.linear_gradient("L"),
]


@pytest.mark.parametrize("blank", BLANKS)
def test_a_blank_picture_gets_a_warning(blank: Image.Image) -> None:
    prepared = prepare(to_png(blank))

    (digit,) = prepared.digits
    assert not digit.image.any()
    assert (prepared.warnings, prepared.polarity, prepared.rows) == ((BLANK,), None, ())


@pytest.mark.parametrize("blank", BLANKS)
def test_a_blank_picture_has_none_of_several_digits(blank: Image.Image) -> None:
    prepared = prepare(to_png(blank), ALL)

    assert (prepared.digits, prepared.rows, prepared.warnings) == ((), (), (BLANK,))


def test_plain_prepares_as_the_tutorials_do() -> None:
    shape = seven().convert("RGB")
    expected = np.asarray(ImageOps.invert(shape.convert("L")).resize((28, 28)))

    np.testing.assert_array_equal(image_of(to_png(shape), "plain"), expected)
    np.testing.assert_array_equal(image_of(to_png(shape), "plain", "yes"), expected)
    not_inverted = image_of(to_png(shape), "plain", "no")
    np.testing.assert_array_equal(not_inverted, np.asarray(shape.convert("L").resize((28, 28))))


def test_plain_does_not_resize_28_by_28() -> None:
    image = np.arange(784, dtype=np.uint16).reshape(28, 28).astype(np.uint8)

    np.testing.assert_array_equal(image_of(to_png(image), "plain"), 255 - image)


@pytest.fixture
def no_locator(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where digits are located."""

    def fail() -> None:
        raise AssertionError("the network was opened")

    monkeypatch.setattr("mnistcli.pictures.location.open_locator", fail)


@pytest.mark.usefixtures("no_locator")
def test_plain_takes_no_steps() -> None:
    prepared = prepare(to_png(seven()), PictureOptions("plain"))

    assert (prepared.trace, prepared.rows, prepared.warnings) == (None, (1,), ())
    assert prepared.digits[0].box is None


GOOD = to_png(seven())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"hello, world", "not a picture"),
        (GOOD[: len(GOOD) // 2], "damaged picture"),
        (GOOD[:30] + b"\xff" * 20 + GOOD[50:], "picture"),
        (to_file(seven(), "JPEG")[:300], "damaged picture"),
        (to_file(seven(), "TIFF")[:-9000], "picture"),
        (to_file(seven().convert("RGB"), "EPS"), "EPS is a program"),
    ],
)
def test_a_bad_file_is_a_picture_error(data: bytes, message: str) -> None:
    with pytest.raises(PictureError, match=message):
        prepare(data)


@pytest.mark.usefixtures("no_locator")
@pytest.mark.parametrize("split", ["train", "t10k"])
def test_mnist_images_are_used_as_they_are(split: str, shared: Path) -> None:
    images = idx.read(shared / "mnist" / f"{split}-images-idx3-ubyte.gz")[:10_000]

    for image in images[::100]:
        np.testing.assert_array_equal(image_of(to_png(image)), image)
        np.testing.assert_array_equal(image_of(to_png(255 - image)), image)


@pytest.mark.usefixtures("no_locator")
@pytest.mark.parametrize("several", [True, False])
def test_a_normalized_image_takes_no_steps(several: bool) -> None:
    (image,) = write_one(3).images
    for picture, polarity in ((image, "light_on_dark"), (255 - image, "dark_on_light")):
        prepared = prepare(to_png(picture), PictureOptions(several=several))

        (digit,) = prepared.digits
        np.testing.assert_array_equal(digit.image, image)
        assert digit.box == (0, 0, 28, 28)
        assert digit.transform.apply(3, 4) == (3, 4)
        assert (prepared.trace, prepared.rows, prepared.polarity) == (None, (1,), polarity)


def test_a_normalized_image_of_the_other_polarity_is_not_used_as_it_is() -> None:
    (image,) = write_one(3).images

    assert prepare(to_png(image), PictureOptions(invert="yes")).trace is not None
    assert prepare(to_png(255 - image), PictureOptions(invert="no")).trace is not None


def test_a_coloured_picture_of_28_by_28_is_not_used_as_it_is() -> None:
    (image,) = write_one(3).images
    coloured = np.stack([image, image, image // 2], axis=-1)

    assert prepare(to_png(coloured)).trace is not None


@pytest.mark.slow
def test_shifted_mnist_images_are_normalized_back(shared: Path) -> None:
    images = idx.read(shared / "mnist" / "t10k-images-idx3-ubyte.gz")[:200]
    restored = [
        image_of(to_png(np.pad(255 - image, (20, 35), constant_values=255))) for image in images
    ]

    likeness = [compare(*pair) for pair in zip(restored, images, strict=True)]
    assert np.mean(np.array(likeness) > 0.8) >= 0.95


# The trace, boxes and maps


REDUCED = (2600 / 1775, 3000 / 2048)
"""How many times wider and higher the scan is than what is worked on."""


@pytest.fixture(scope="module")
def scan() -> Page:
    """Two digits, the first lower, on a scan [3000, 2600]."""
    return write((3000, 2600), (3, 200, 900, 1200), (5, 1500, 500, 900))


@pytest.fixture(scope="module")
def scanned(scan: Page) -> Prepared:
    return prepare(to_png(scan.paint()), ALL)


@pytest.fixture(scope="module")
def trace(scanned: Prepared) -> Trace:
    assert scanned.trace
    return scanned.trace


def test_the_trace_has_the_picture_that_is_worked_on(trace: Trace) -> None:
    assert (trace.picture.shape, trace.picture.dtype) == ((2048, 1775, 3), np.uint8)


def test_the_trace_has_what_was_found_on_which_levels(trace: Trace) -> None:
    assert [level.scale for level, _ in trace.found.levels] == sorted(
        level.scale for level, _ in trace.found.levels
    )
    for level, maps in trace.found.levels:
        assert maps.ink.shape == level.picture.shape[:2]
    assert trace.asked == trace.found.digits
    assert len(trace.asked) == 2


def test_the_trace_has_the_digits_in_reading_order(trace: Trace) -> None:
    assert trace.angle == 0
    (row,) = trace.rows
    assert [one.box for one in row] == [digit.box for digit in trace.digits]
    assert row[0].box.left < row[1].box.left


def test_the_images_of_the_digits_are_those_of_the_trace(scanned: Prepared, trace: Trace) -> None:
    assert len(scanned.digits) == len(trace.digits) == 2
    for digit, traced in zip(scanned.digits, trace.digits, strict=True):
        assert digit.box == traced.box.scale(*REDUCED)
        np.testing.assert_array_equal(digit.image, traced.image)


def test_boxes_are_in_pixels_of_the_original(scanned: Prepared, scan: Page) -> None:
    for digit, box in zip(scanned.digits, scan.boxes, strict=True):
        np.testing.assert_allclose(digit.box, box, atol=0.1 * box.longer_side)


def test_maps_are_from_pixels_of_the_original(scanned: Prepared, scan: Page) -> None:
    for digit, box in zip(scanned.digits, scan.boxes, strict=True):
        is_shown = digit.image > 127
        rows, columns = np.flatnonzero(is_shown.any(axis=1)), np.flatnonzero(is_shown.any(axis=0))
        assert digit.transform.scale == pytest.approx(20 / box.longer_side, rel=0.1)
        begin = digit.transform.apply(box.left, box.top)
        end = digit.transform.apply(box.right, box.bottom)
        np.testing.assert_allclose(begin, (columns[0], rows[0]), atol=2)
        np.testing.assert_allclose(end, (columns[-1] + 1, rows[-1] + 1), atol=2)


def test_boxes_of_a_rotated_photo_are_upright() -> None:
    page = write((200, 320), (3, 40, 60, 90))
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = Image.fromarray(page.paint()).transpose(Image.Transpose.ROTATE_90)

    (digit,) = prepare(to_png(lying, exif=exif)).digits

    np.testing.assert_allclose(digit.box, page.boxes[0], atol=9)


def test_a_blank_picture_has_a_trace_without_digits() -> None:
    trace = prepare(to_png(Image.new("L", (50, 40), 255))).trace

    assert trace
    assert (trace.digits, trace.rows, trace.asked) == ((), [], [])
    assert trace.found.levels


def test_batches_have_the_prepared_pictures_without_their_traces(
    tmp_path: Path, normalized: np.ndarray
) -> None:
    names = [str(tmp_path / f"7_{number}.png") for number in range(2)]
    Path(names[0]).write_bytes(to_png(seven()))
    Path(names[1]).write_bytes(b"hello, world")

    ((of_seven, of_bad),) = prepare_in_batches(find_pictures(names))

    picture, prepared = of_seven
    assert (picture.name, picture.label) == (names[0], Label(7))
    assert prepared.trace is None
    assert prepared.polarity == "dark_on_light"
    np.testing.assert_array_equal(prepared.digits[0].image, normalized)
    assert isinstance(of_bad[1], PictureError)
