from dataclasses import replace

import numpy as np
import pytest
from helpers.writing import BLACK, WHITE, Colour, Page, write

from mnistcli import pretrained
from mnistcli.errors import ModelError
from mnistcli.pictures import locator
from mnistcli.pictures.geometry import Box
from mnistcli.pictures.locator import Locator, Maps, enhance, open_locator
from mnistcli.pictures.parameters import PARAMETERS

CELL = PARAMETERS.cell


LONGER_SIDE = 40
"""Pixels of a digit; the network knows such as are somewhat smaller and larger."""


def write_digit(label: int) -> Page:
    """A digit on a level [112, 144]."""
    return write((112, 144), (label, 40, 26, LONGER_SIDE))


def find_centre(maps: Maps) -> tuple[float, float]:
    """The place (x, y) of the most probable centre."""
    row, column = np.unravel_index(maps.centres.argmax(), maps.centres.shape)
    return (float(column) + 0.5) * CELL, (float(row) + 0.5) * CELL


def find_middle(box: Box) -> tuple[float, float]:
    return (box.left + box.right) / 2, (box.top + box.bottom) / 2


def test_maps_have_the_shapes_of_the_picture() -> None:
    maps = open_locator().locate(write_digit(3).paint())

    assert maps.ink.shape == (112, 144)
    assert maps.offsets.shape == (112, 144, 2)
    assert maps.centres.shape == maps.angles.shape == (112 // CELL, 144 // CELL)
    assert {levels.dtype for levels in maps} == {np.dtype(np.float32)}
    for probability in (maps.ink, maps.centres):
        assert 0 <= probability.min() <= probability.max() <= 1


@pytest.mark.parametrize("label", range(10))
def test_a_digit_is_found_where_it_was_written(label: int) -> None:
    page = write_digit(label)
    maps = open_locator().locate(page.paint())

    (box,), is_ink = page.boxes, page.ink > 0.6
    assert (maps.ink[is_ink] > PARAMETERS.strong_ink).mean() > 0.9
    assert (maps.ink[page.ink == 0] > PARAMETERS.strong_ink).mean() < 0.02
    assert maps.centres.max() > PARAMETERS.min_centre
    np.testing.assert_allclose(find_centre(maps), find_middle(box), atol=0.15 * LONGER_SIDE)
    rows, columns = np.nonzero(is_ink)
    votes = np.stack([columns, rows], axis=-1) + maps.offsets[is_ink]
    np.testing.assert_allclose(np.median(votes, axis=0), find_middle(box), atol=0.1 * LONGER_SIDE)


@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        pytest.param(WHITE, BLACK, id="light on dark"),
        pytest.param((120, 120, 120), (170, 170, 170), id="gray on gray"),
        pytest.param((40, 60, 160), (240, 235, 220), id="blue on cream"),
        pytest.param((200, 60, 60), (250, 250, 250), id="red on white"),
        pytest.param((240, 230, 90), (30, 70, 50), id="yellow on a blackboard"),
    ],
)
def test_ink_of_any_colour_is_found(ink: Colour, paper: Colour) -> None:
    page = write_digit(9)
    maps = open_locator().locate(page.paint(ink, paper))

    assert (maps.ink[page.ink > 0.6] > PARAMETERS.strong_ink).mean() > 0.8
    assert (maps.ink[page.ink == 0] > PARAMETERS.strong_ink).mean() < 0.03
    np.testing.assert_allclose(
        find_centre(maps), find_middle(page.boxes[0]), atol=0.15 * LONGER_SIDE
    )


@pytest.mark.parametrize("level", [0, 128, 255])
def test_nothing_is_found_on_blank_paper(level: int) -> None:
    maps = open_locator().locate(np.full((112, 144, 3), level, np.uint8))

    assert maps.ink.max() < PARAMETERS.strong_ink
    assert maps.centres.max() < PARAMETERS.min_centre


@pytest.fixture(scope="module")
def large_page() -> np.ndarray:
    """A picture [592, 1104] of 84 digits."""
    places = [(left, top) for top in range(20, 560, 80) for left in range(20, 1080, 90)]
    digits = [(index % 10, *place, 46) for index, place in enumerate(places)]
    return write((592, 1104), *digits).paint()


def test_a_picture_of_several_tiles_has_the_maps_of_one(
    large_page: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = open_locator().locate(large_page)

    assert PARAMETERS.tile_side < min(large_page.shape[:2])
    monkeypatch.setattr(locator, "PARAMETERS", replace(PARAMETERS, tile_side=1 << 12))
    expected = open_locator().locate(large_page)

    for tiled, whole in ((found.ink, expected.ink), (found.centres, expected.centres)):
        differences = np.abs(tiled - whole)  # 8 bits have the range of each tile
        assert (differences > 0.1).mean() < 1e-3
        assert differences.mean() < 1e-3
    is_ink, is_centre = expected.ink > 0.5, expected.centres > 0.5
    assert np.abs(found.offsets - expected.offsets)[is_ink].max() < 2
    assert np.abs(found.angles - expected.angles)[is_centre].max() < 0.05


def test_the_network_is_opened_once() -> None:
    assert open_locator() is open_locator()


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x1c\0\0\0TFL3" + bytes(100)])
def test_a_file_that_is_not_a_model_is_refused(content: bytes) -> None:
    with pytest.raises(ModelError, match="there: not a TensorFlow Lite model"):
        Locator(content, "there")


@pytest.mark.parametrize("read", [pretrained.read_export, pretrained.read_detector])
def test_another_model_is_refused(read) -> None:
    with pytest.raises(ModelError, match=r"there: has inputs of \[784\] and outputs of \[\d+\]"):
        Locator(read(), "there")


def test_a_network_that_fails_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    locator = Locator(pretrained.read_locator(), "there")

    def fail(x: np.ndarray) -> dict[str, np.ndarray]:
        raise RuntimeError(f"no room for {x.shape}")

    monkeypatch.setattr(locator, "_run", fail)

    with pytest.raises(ModelError, match=r"there: can't be run: no room for \(1, 32, 48, 6\)"):
        locator.locate(np.zeros((32, 48, 3), np.uint8))


def test_levels_and_contrast_are_those_of_the_formula() -> None:
    random = np.random.default_rng(0)
    picture = random.integers(0, 256, (40, 48, 3)).astype(np.uint8)

    enhanced = enhance(picture)

    assert (enhanced.shape, enhanced.dtype) == ((40, 48, 6), np.float32)
    half = PARAMETERS.contrast_window // 2
    padded = np.pad(picture.astype(float), ((half, half), (half, half), (0, 0)), mode="edge")
    for row, column in ((0, 0), (39, 47), (20, 24), (3, 40)):
        window = padded[row : row + 2 * half + 1, column : column + 2 * half + 1]
        own = picture[row, column].astype(float)
        difference = own - window.mean(axis=(0, 1))
        contrast = difference / (np.abs(difference) + PARAMETERS.half_contrast)
        expected = [*(own / 127.5 - 1), *contrast]
        np.testing.assert_allclose(enhanced[row, column], expected, atol=1e-4)


def test_paper_without_ink_has_no_contrast() -> None:
    enhanced = enhance(np.full((32, 32, 3), (10, 128, 240), np.uint8))

    np.testing.assert_allclose(
        enhanced[..., :3], np.full((32, 32, 3), 2 / 255) * [10, 128, 240] - 1, atol=1e-6
    )
    np.testing.assert_allclose(enhanced[..., 3:], 0, atol=1e-6)


def test_contrast_is_half_of_the_greatest_at_its_parameter() -> None:
    picture = np.zeros((64, 64, 3), np.uint8)
    window = PARAMETERS.contrast_window
    # One pixel hardly changes the mean of its window.
    picture[32, 32] = round(PARAMETERS.half_contrast * window**2 / (window**2 - 1))

    contrast = enhance(picture)[32, 32, 3:]

    np.testing.assert_allclose(contrast, 0.5, atol=0.01)
