import cv2
import numpy as np
import pytest
from helpers.drawing import seven

from mnistcli.pictures.page import fill_around_sheet, find_page


@pytest.mark.parametrize("sides", [(9, 0, 0, 0), (0, 12, 0, 0), (0, 0, 7, 0), (9, 6, 7, 8)])
@pytest.mark.parametrize("level", [10, 120])
def test_bands_along_the_sides_are_left_out(sides: tuple[int, ...], level: int) -> None:
    top, bottom, left, right = sides
    gray = np.asarray(seven(paper=230, ink=20))
    banded = np.pad(gray, ((top, bottom), (left, right)), constant_values=level)

    inner = banded[find_page(banded).slices]

    assert not (inner[1:-1, 1:-1] == level).any()
    assert np.abs(np.subtract(inner.shape, gray.shape)).max() <= 6  # a blurred edge's rows


def test_a_stroke_across_the_picture_is_not_a_band() -> None:
    bar = np.full((60, 40), 255, np.uint8)
    bar[:, 8:32] = 0

    assert find_page(bar) == (0, 0, 40, 60)


def test_a_digit_cut_off_at_its_edges_is_not_a_band() -> None:
    gray = np.asarray(seven())[28:, 18:]

    assert find_page(gray) == (0, 0, 102, 132)


def photograph(sheet: np.ndarray, table: int = 40) -> np.ndarray:
    """A picture [320, 280] of a sheet [160, 120], turned by 12 degrees, on a table."""
    turn = cv2.getRotationMatrix2D((60, 80), 12, 1)
    turn[:, 2] += 80
    return cv2.warpAffine(sheet, turn, (280, 320), borderValue=table)


def find_sheet() -> np.ndarray:
    """Where the sheet is in such a picture, as a mask [320, 280] of uint8."""
    return photograph(np.ones((160, 120), np.uint8), table=0)


@pytest.mark.parametrize("table", [40, 120])
def test_the_table_around_a_sheet_gets_the_tone_of_the_paper(table: int) -> None:
    photo = photograph(np.asarray(seven(paper=240, ink=20)), table)
    is_table = cv2.dilate(find_sheet(), np.ones((3, 3))) == 0

    assert (photo[is_table] == table).all()
    assert (fill_around_sheet(photo)[is_table] == 240).all()


@pytest.mark.parametrize("table", [40, 120])
def test_what_is_on_the_sheet_stays(table: int) -> None:
    photo = photograph(np.asarray(seven(paper=240, ink=20)), table)
    is_inside = cv2.erode(find_sheet(), np.ones((21, 21))) > 0

    np.testing.assert_array_equal(fill_around_sheet(photo)[is_inside], photo[is_inside])


def make_disc() -> np.ndarray:
    rows, columns = np.mgrid[:320, :280]
    disc = np.where(np.hypot(rows - 160, columns - 140) < 100, 240, 40).astype(np.uint8)
    disc[120:200, 130:150] = 20
    return disc


@pytest.mark.parametrize(
    "gray",
    [
        pytest.param(np.asarray(seven(paper=240, ink=20)), id="no table"),
        pytest.param(np.full((160, 120), 240, np.uint8), id="one tone"),
        pytest.param(photograph(np.full((160, 120), 240, np.uint8)), id="nothing on the sheet"),
        pytest.param(photograph(np.asarray(seven(paper=20, ink=240))), id="light strokes only"),
        pytest.param(make_disc(), id="a disc"),
    ],
)
def test_without_a_written_sheet_nothing_is_filled(gray: np.ndarray) -> None:
    np.testing.assert_array_equal(fill_around_sheet(gray), gray)
