import numpy as np
import pytest
from helpers.drawing import seven
from helpers.locating import Shown, make_maps

from mnistcli.pictures.extraction import (
    Digit,
    extract,
    measure_contrast,
    thicken,
    turn_back,
)
from mnistcli.pictures.geometry import Affine, Box, find_bounds
from mnistcli.pictures.instances import find_instances
from mnistcli.pictures.location import Located, to_picture
from mnistcli.pictures.normalization import normalize
from mnistcli.pictures.parameters import PARAMETERS
from mnistcli.pictures.pyramid import Level

BLANK = np.zeros((28, 28), np.uint8)
SHAPE = (112, 96)
WHITE, BLACK = (255, 255, 255), (0, 0, 0)

Colour = tuple[int, int, int]


def show_seven(height: int = 60) -> np.ndarray:
    """The 7 of a height, on a level, its upper left corner at (25, 20)."""
    ink = np.asarray(seven(paper=0, ink=255).crop((20, 30, 81, 131)))
    rows = np.arange(height) * ink.shape[0] // height
    columns = np.arange(height * ink.shape[1] // ink.shape[0]) * ink.shape[0] // height
    mask = np.zeros(SHAPE, bool)
    mask[20 : 20 + len(rows), 25 : 25 + len(columns)] = ink[np.ix_(rows, columns)] > 127
    return mask


def put(
    mask: np.ndarray,
    ink: Colour = BLACK,
    paper: Colour = WHITE,
    scale: float = 1,
    picture_shape: tuple[int, int] = SHAPE,
) -> Located:
    """A digit that is found on a level of two colours."""
    bounds = find_bounds(mask)
    centre = (bounds.left + bounds.right) // 2, (bounds.top + bounds.bottom) // 2
    maps = make_maps(SHAPE, Shown(mask, centre))
    level = Level(np.where(mask[..., np.newaxis], ink, paper).astype(np.uint8), scale, 16)
    (instance,) = find_instances(maps)
    return Located(instance, level, maps, to_picture(instance.box, level, picture_shape))


def correlate(image: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(image.ravel(), other.ravel())[0, 1])


def test_an_image_has_the_shape_of_the_ink() -> None:
    digit = extract(put(show_seven()))

    expected = normalize(show_seven() * np.uint8(255)).image
    assert (digit.image.shape, digit.image.dtype, digit.image.max()) == ((28, 28), np.uint8, 255)
    np.testing.assert_array_equal(digit.image, expected)


def test_the_score_is_that_of_the_centre() -> None:
    located = put(show_seven())

    assert extract(located).score == located.instance.score


def test_what_the_locator_does_not_give_to_a_digit_is_left_out() -> None:
    mask = show_seven()
    located = put(mask)
    located.level.picture[60:80, 26:40] = 0  # another digit's stroke, within the box

    np.testing.assert_array_equal(extract(located).image, extract(put(mask)).image)


@pytest.mark.parametrize("angle", [0, 0.35, -0.6])
@pytest.mark.parametrize("scale", [0.2, 1, 3])
def test_the_map_takes_the_box_of_a_digit_to_the_ink_in_the_image(
    scale: float, angle: float
) -> None:
    height, width = np.subtract(SHAPE, 32)
    located = put(show_seven(), scale=scale, picture_shape=(height / scale, width / scale))

    digit = extract(located, angle)

    assert digit.transform.angle == angle
    corners = [
        digit.transform.apply((column - 16) / scale, (row - 16) / scale)
        for pixel in np.argwhere(show_seven())
        for row, column in np.add(pixel, [(0, 0), (0, 1), (1, 0), (1, 1)])
    ]
    shown = find_bounds(digit.image > 0.2 * 255)
    expected = np.concatenate([np.min(corners, axis=0), np.max(corners, axis=0)])
    np.testing.assert_allclose(shown, expected, atol=0.7 if angle else 0.5)
    assert shown.longer_side == 20
    assert digit.box == located.box


@pytest.mark.parametrize("degrees", [-35, -15, 15, 35])
def test_a_digit_of_a_turned_page_is_turned_back(degrees: int) -> None:
    page = seven(paper=0, ink=255).resize((72, 96))
    clockwise = np.asarray(page.rotate(-degrees)) > 127
    mask = np.zeros(SHAPE, bool)
    mask[8:104, 12:84] = clockwise

    digit = extract(put(mask), np.deg2rad(degrees))

    assert correlate(digit.image, normalize(np.asarray(page)).image) > 0.93


def test_ink_is_turned_counterclockwise_around_its_middle() -> None:
    ink = np.zeros((41, 41), np.uint8)
    ink[19:22, 20:38] = 255  # from the middle to the right

    turned = turn_back(ink, np.pi / 2)

    assert turned.shape == ink.shape
    np.testing.assert_array_equal(turned, np.rot90(ink))


def test_a_digit_of_a_reduced_copy_becomes_one_of_the_original() -> None:
    digit = extract(put(show_seven()))
    left, top, right, bottom = digit.box

    original = digit.from_original(2, 3)

    assert original.box == (2 * left, 3 * top, 2 * right, 3 * bottom)
    assert original.transform == digit.transform.from_original(2, 3)
    np.testing.assert_array_equal(original.image, digit.image)


def test_a_digit_without_a_box_keeps_none() -> None:
    original = Digit(BLANK).from_original(2, 2)

    assert original.box is None
    assert original.transform == Affine(0.5)


COLOURS: list[tuple[Colour, Colour, float]] = [
    (BLACK, WHITE, -255),
    (WHITE, BLACK, 255),
    ((90, 90, 90), (120, 120, 120), -30),
    ((200, 60, 60), (230, 220, 210), -160),  # red on paper: by green
    ((250, 240, 80), (250, 250, 250), -170),  # yellow on white: by blue
    ((250, 230, 60), (20, 60, 40), 230),  # yellow on a blackboard: by red
]


@pytest.mark.parametrize(("ink", "paper", "contrast"), COLOURS)
def test_contrast_is_that_of_the_colour_that_differs_most(
    ink: Colour, paper: Colour, contrast: float
) -> None:
    assert measure_contrast(put(show_seven(), ink, paper)) == contrast


def test_contrast_is_that_to_the_paper_nearby() -> None:
    mask = show_seven(30)
    located = put(mask, (40, 40, 40), (140, 140, 140))
    is_elsewhere = np.ones(SHAPE, bool)
    is_elsewhere[find_bounds(mask).expand(10).slices] = False
    located.level.picture[is_elsewhere] = 0  # dark around a panel

    assert measure_contrast(located) == -100


def test_a_line_beside_a_digit_does_not_change_its_contrast() -> None:
    located = put(show_seven(), (40, 40, 40), (140, 140, 140))
    located.level.picture[:, 20:22] = 0

    assert measure_contrast(located) == -100


def test_contrast_is_not_that_to_other_digits() -> None:
    one, other = np.zeros((2, *SHAPE), bool)
    one[30:70, 30:42], other[30:70, 44:60] = True, True
    located = put(one, (40, 40, 40), (140, 140, 140))
    beside = put(other, (250, 250, 250), (140, 140, 140))
    located.level.picture[other], located.maps.ink[other] = 250, beside.maps.ink[other]

    assert measure_contrast(located) == -100


def test_without_paper_there_is_no_contrast() -> None:
    located = put(show_seven())
    located.maps.ink[...] = 1

    assert measure_contrast(located) == 0


LOW = int(PARAMETERS.low_contrast)


@pytest.mark.parametrize("sign", [-1, 1])
def test_ink_of_little_contrast_gets_a_warning(sign: int) -> None:
    gray = (128,) * 3
    faint, clear = (
        extract(put(show_seven(), (128 + sign * by,) * 3, gray)) for by in (LOW - 1, LOW)
    )

    (warning,) = faint.warnings
    assert f"differs by {LOW - 1} of 255 gray levels" in warning
    assert faint.contrast == sign * (LOW - 1)
    assert (clear.contrast, clear.warnings) == (sign * LOW, ())


def test_a_hairline_is_thickened_to_the_width_of_mnists_strokes() -> None:
    ink = np.zeros((240, 100), np.uint8)
    ink[20:220, 50:52] = 255  # 2 pixels wide, 200 high: a fifth of a pixel in the image

    thick = thicken(ink, 200)

    expected = PARAMETERS.min_stroke_width * 200 / 20
    assert (thick[120] > 0).sum() == pytest.approx(expected, abs=2)


def test_a_wide_stroke_is_not_thickened() -> None:
    ink = np.zeros((240, 100), np.uint8)
    ink[20:220, 35:65] = 255

    np.testing.assert_array_equal(thicken(ink, 200), ink)


def test_hairlines_and_markers_come_out_alike() -> None:
    widths = []
    for pen in (1, 4, 9):
        mask = np.zeros(SHAPE, bool)
        mask[20:85, 40 : 40 + pen] = True
        image = extract(put(mask)).image
        assert image.max() == 255
        assert find_bounds(image > 0).longer_side == 20
        widths.append((image[12:20] > 127).sum(axis=1).mean())

    assert all(1.5 <= width <= 3.5 for width in widths)
    assert widths == sorted(widths)


def test_a_box_is_in_pixels_of_the_picture() -> None:
    mask = np.zeros(SHAPE, bool)
    mask[36:76, 26:46] = True

    digit = extract(put(mask, scale=0.5, picture_shape=(160, 128)))

    assert digit.box == Box(20, 40, 60, 120)
