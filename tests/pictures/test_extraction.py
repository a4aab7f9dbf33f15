import numpy as np
import pytest
from helpers.drawing import seven, to_png
from PIL import Image, ImageDraw

from mnistcli.pictures.components import find_components
from mnistcli.pictures.extraction import Digit, extract, soften, thicken
from mnistcli.pictures.foreground import separate
from mnistcli.pictures.geometry import Affine, find_bounds
from mnistcli.pictures.pipeline import prepare

BLANK = np.zeros((28, 28), np.uint8)


def extract_from(picture: np.ndarray | Image.Image) -> Digit:
    (digit,) = prepare(to_png(picture)).digits
    return digit


def test_a_thin_line_comes_out_as_strong_as_a_thick_one() -> None:
    paper = np.full((1000, 1000), 255, np.uint8)
    paper[100:900, 500:502] = 0

    image = extract_from(paper).image

    assert image.max() == 255
    assert image.any(axis=1).sum() == 20


def test_hairlines_and_markers_come_out_alike() -> None:
    images = []
    for width in (3, 20, 60):
        drawn = Image.new("L", (1000, 1000), 255)
        ImageDraw.Draw(drawn).line([(300, 200), (700, 200), (400, 850)], 0, width, joint="curve")
        images.append(extract_from(drawn).image)

    widths = [(image[12:20] > 127).sum(axis=1).mean() for image in images]
    assert all(1.5 <= width <= 3.5 for width in widths)
    assert widths == sorted(widths)


def test_a_single_dot_is_ink() -> None:
    paper = np.full((300, 300), 255, np.uint8)
    paper[150, 150] = 0

    assert extract_from(paper).image.max() == 255


def enlarge(times: int) -> np.ndarray:
    """The 7 with so many times the rows and columns."""
    return np.asarray(seven()).repeat(times, axis=0).repeat(times, axis=1)


def add_scan_edges(gray: np.ndarray) -> np.ndarray:
    return np.pad(gray, ((60, 0), (90, 0)), constant_values=30)


@pytest.mark.parametrize(
    ("picture", "ink"),
    [
        pytest.param(np.asarray(seven().resize((30, 40))), (5, 7.5, 20.25, 32.75), id="small"),
        pytest.param(np.asarray(seven()), (20, 30, 81, 131), id="usual"),
        pytest.param(enlarge(20), (400, 600, 1620, 2620), id="reduced"),
        pytest.param(
            add_scan_edges(enlarge(14)), (370, 480, 1224, 1894), id="reduced, with scan edges"
        ),
    ],
)
def test_the_map_takes_the_box_of_a_digit_to_the_ink_in_the_image(
    picture: np.ndarray, ink: tuple[float, ...]
) -> None:
    digit = extract_from(picture)

    shown = find_bounds(digit.image > 0)
    scale, shift = digit.transform
    assert shown.longer_side == 20
    np.testing.assert_allclose(np.multiply(scale, digit.box) + np.tile(shift, 2), shown, atol=0.5)
    np.testing.assert_allclose(np.multiply(scale, ink) + np.tile(shift, 2), shown, atol=0.5)


def test_a_digit_of_a_crop_becomes_one_of_the_whole_picture() -> None:
    digit = extract_from(seven())
    left, top, right, bottom = digit.box

    whole = digit.from_whole(10, 20)

    assert whole.box == (left + 10, top + 20, right + 10, bottom + 20)
    assert whole.transform == digit.transform.from_whole(10, 20)
    np.testing.assert_array_equal(whole.image, digit.image)


def test_a_digit_of_a_reduced_copy_becomes_one_of_the_original() -> None:
    digit = extract_from(seven())
    left, top, right, bottom = digit.box

    original = digit.from_original(2, 3)

    assert original.box == (2 * left, 3 * top, 2 * right, 3 * bottom)
    assert original.transform == digit.transform.from_original(2, 3)
    np.testing.assert_array_equal(original.image, digit.image)


def test_a_digit_without_a_box_keeps_none() -> None:
    digit = Digit(BLANK)

    assert digit.from_whole(10, 20).box is digit.from_original(2, 2).box is None
    assert digit.from_whole(10, 20).transform == Affine(1, (-10, -20))


def test_other_components_are_left_out() -> None:
    gray = np.full((200, 200), 230, np.uint8)
    gray[50:150, 60:75] = gray[60:140, 80:90] = 20
    ink = separate(gray)
    components = find_components(ink.smooth, ink.is_ink)

    digit = extract(ink, components, [components.by_mass[0]])

    np.testing.assert_allclose(digit.box, (60, 50, 75, 150), atol=1)
    assert find_bounds(digit.image > 0).width == 3  # 20 * 15 / 100


def test_ink_of_little_contrast_gets_a_warning() -> None:
    (warning,) = extract_from(seven(paper=230, ink=215)).warnings

    assert "differs by 15 of 255" in warning


def test_ink_of_enough_contrast_gets_no_warning() -> None:
    assert extract_from(seven(paper=230, ink=205)).warnings == ()


def test_softened_ink_is_mostly_full() -> None:
    is_digit = np.zeros((60, 60), bool)
    is_digit[20:40, 28:32] = True
    strength = np.where(is_digit, np.float32(0.3), np.float32(0))
    strength[20:40, 27] = 0.15  # a soft edge
    strength[5, 5] = 0.3  # far away

    ink = soften(strength, is_digit, np.zeros_like(is_digit))

    assert ink.dtype == np.uint8
    assert (ink[is_digit] == 255).all()
    assert (ink[20:40, 27] == 128).all()
    assert ink[5, 5] == 0


def test_softened_ink_is_without_other_components() -> None:
    is_digit, is_other = np.zeros((2, 60, 60), bool)
    is_digit[20:40, 28:31], is_other[20:40, 31] = True, True
    strength = np.where(is_digit | is_other, np.float32(0.3), np.float32(0))

    assert not soften(strength, is_digit, is_other)[is_other].any()


def test_a_hairline_is_thickened_to_the_width_of_mnists_strokes() -> None:
    is_digit = np.zeros((240, 100), bool)
    is_digit[20:220, 50:52] = True  # 2 pixels wide, 200 high: a fifth of a pixel in the image

    thick = thicken(is_digit * np.uint8(255), is_digit, 200)

    assert (thick[120] > 0).sum() == pytest.approx(2.4 * 10, abs=2)


def test_a_wide_stroke_is_not_thickened() -> None:
    is_digit = np.zeros((240, 100), bool)
    is_digit[20:220, 35:65] = True
    strokes = is_digit * np.uint8(255)

    np.testing.assert_array_equal(thicken(strokes, is_digit, 200), strokes)
