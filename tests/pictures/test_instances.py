import numpy as np
import pytest
from helpers.locating import SURE, Shown, make_maps, show_block

from mnistcli.pictures.geometry import Box
from mnistcli.pictures.instances import Instance, find_instances
from mnistcli.pictures.locator import Maps
from mnistcli.pictures.parameters import PARAMETERS

SHAPE = (128, 160)
LEAST, MOST = int(PARAMETERS.min_side), int(PARAMETERS.max_side)


def show(*boxes: tuple[int, int, int, int]) -> Maps:
    """Maps of digits that fill boxes."""
    return make_maps(SHAPE, *(show_block(SHAPE, box) for box in boxes))


def place(instance: Instance) -> np.ndarray:
    """The ink of a digit in its place on the level."""
    level = np.zeros(SHAPE, np.float32)
    height, width = instance.ink.shape
    area = Box(instance.left, instance.top, instance.left + width, instance.top + height)
    level[area.slices] = instance.ink
    return level


def find_boxes(maps: Maps) -> list[tuple[int, ...]]:
    return sorted(instance.box for instance in find_instances(maps))


def test_nothing_is_found_on_blank_maps() -> None:
    assert find_instances(make_maps(SHAPE)) == []


def test_a_digit_has_its_ink_its_box_and_its_score() -> None:
    shown = show_block(SHAPE, (30, 40, 50, 80), score=0.75, angle=0.3)

    (found,) = find_instances(make_maps(SHAPE, shown))

    assert found.box == (30, 40, 50, 80)
    assert (found.score, found.angle) == (pytest.approx(0.75), pytest.approx(0.3))
    np.testing.assert_array_equal(place(found), np.where(shown.mask, np.float32(SURE), 0))


def test_ink_is_as_strong_as_on_the_map() -> None:
    maps = show((30, 40, 50, 80))
    pale = (PARAMETERS.min_ink + PARAMETERS.strong_ink) / 2
    maps.ink[40:80, 49] = pale  # the soft edge of a stroke
    maps.ink[40:80, 30] = PARAMETERS.min_ink / 2  # background

    (found,) = find_instances(maps)

    assert found.box == (31, 40, 49, 80)
    expected = np.where(maps.ink == np.float32(PARAMETERS.min_ink / 2), 0, maps.ink)
    np.testing.assert_array_equal(place(found), expected)


def test_digits_that_touch_are_parted_by_their_votes() -> None:
    left, right = show_block(SHAPE, (30, 40, 50, 80)), show_block(SHAPE, (50, 40, 74, 80))

    found = sorted(find_instances(make_maps(SHAPE, left, right)), key=lambda one: one.left)

    assert [one.box for one in found] == [(30, 40, 50, 80), (50, 40, 74, 80)]
    for one, shown in zip(found, (left, right), strict=True):
        np.testing.assert_array_equal(place(one) > 0, shown.mask)


def test_a_digit_keeps_a_stroke_that_is_nearer_to_another_one() -> None:
    seven, other = np.zeros((2, *SHAPE), bool)
    seven[40:44, 30:75] = seven[40:80, 30:34] = True  # its bar reaches over the other digit
    other[50:80, 62:70] = True
    shown = (Shown(seven, (40, 60)), Shown(other, (66, 65)))

    found = sorted(find_instances(make_maps(SHAPE, *shown)), key=lambda one: one.left)

    assert len(found) == 2
    for one, (mask, *_) in zip(found, shown, strict=True):
        np.testing.assert_array_equal(place(one) > 0, mask)


def test_parts_of_a_digit_need_not_be_connected() -> None:
    mask = np.zeros(SHAPE, bool)
    mask[40:80, 30:34] = mask[40:80, 50:54] = True

    (found,) = find_instances(make_maps(SHAPE, Shown(mask, (42, 60))))

    np.testing.assert_array_equal(place(found) > 0, mask)


def test_stray_votes_are_dropped() -> None:
    maps = show((30, 40, 50, 80))
    maps.ink[10:20, 120:130] = SURE  # votes for itself, far away

    (found,) = find_instances(maps)

    assert found.box == (30, 40, 50, 80)
    assert not place(found)[10:20, 120:130].any()


def test_votes_that_are_a_little_off_count() -> None:
    maps = show((30, 40, 50, 80))
    random = np.random.default_rng(0)
    maps.offsets[...] += random.uniform(-5, 5, maps.offsets.shape).astype(np.float32)

    assert find_boxes(maps) == [(30, 40, 50, 80)]


def test_votes_beyond_the_border_count() -> None:
    maps = show((0, 0, 20, 40))
    maps.offsets[:20, :, 0] -= 14  # to the left, out of the level

    assert find_boxes(maps) == [(0, 0, 20, 40)]


def test_without_a_centre_there_is_no_digit() -> None:
    maps = show((30, 40, 50, 80))
    maps.centres[...] = PARAMETERS.min_candidate * 0.99

    assert find_instances(maps) == []


def test_a_centre_without_ink_is_no_digit() -> None:
    maps = show((30, 40, 50, 80), (100, 40, 120, 80))
    maps.ink[:, 90:] = 0

    assert find_boxes(maps) == [(30, 40, 50, 80)]


def test_pale_ink_alone_is_no_digit() -> None:
    maps = show((30, 40, 50, 80))
    maps.ink[...] = np.minimum(maps.ink, PARAMETERS.strong_ink * 0.99)

    assert find_instances(maps) == []


@pytest.mark.parametrize(
    ("side", "is_found"), [(LEAST - 1, False), (LEAST, True), (MOST, True), (MOST + 1, False)]
)
def test_a_digit_has_a_size_that_belongs_to_a_level(side: int, is_found: bool) -> None:
    for box in ((40, 40, 46, 40 + side), (40, 40, 40 + side, 46)):
        assert find_boxes(show(box)) == [box] * is_found


def test_a_cell_beside_a_more_probable_one_is_no_centre() -> None:
    box = (30, 40, 54, 84)
    maps = show(box)
    row, column = np.argwhere(maps.centres == maps.centres.max())[0]
    maps.centres[row, column + 1] = maps.centres[row, column] * 0.99
    random = np.random.default_rng(0)
    maps.offsets[...] += random.uniform(-5, 5, maps.offsets.shape).astype(np.float32)

    assert find_boxes(maps) == [box]


def test_equally_probable_cells_are_one_centre_if_votes_agree() -> None:
    box = (30, 40, 54, 84)
    maps = show(box)
    row, column = np.argwhere(maps.centres == maps.centres.max())[0]
    maps.centres[row, column + 1] = maps.centres[row, column]

    assert find_boxes(maps) == [box]


def test_digits_keep_apart_however_many_there_are() -> None:
    boxes = [(x, y, x + 8, y + 16) for x in range(4, 150, 12) for y in range(4, 100, 20)]

    assert find_boxes(show(*boxes)) == sorted(boxes)
