import numpy as np
import pytest
from helpers.drawing import blocks_on_paper
from helpers.locating import PerfectLocator, make_maps

from mnistcli.pictures import location
from mnistcli.pictures.geometry import Box
from mnistcli.pictures.instances import Instance
from mnistcli.pictures.location import Located, are_covered, choose, locate, to_picture
from mnistcli.pictures.locator import Maps
from mnistcli.pictures.parameters import PARAMETERS
from mnistcli.pictures.pyramid import Level

EMPTY = make_maps((16, 16))
INK = np.ones((1, 1), np.float32)


@pytest.fixture
def locator(monkeypatch: pytest.MonkeyPatch) -> PerfectLocator:
    perfect = PerfectLocator()
    monkeypatch.setattr(location, "open_locator", lambda: perfect)
    return perfect


def assert_found(digits: list[Located], boxes: list[tuple[int, ...]]) -> None:
    """Each box is found once, as exactly as the level that it was found on shows it."""
    assert len(digits) == len(boxes)
    for box in boxes:
        nearest = min(digits, key=lambda one: np.abs(np.subtract(one.box, box)).max())
        allowed = 1 + 1.5 / nearest.level.scale
        np.testing.assert_allclose(nearest.box, box, atol=allowed)


@pytest.mark.parametrize("side", [20, 40, 100, 200, 390])
def test_a_digit_of_any_size_is_returned_once(side: int, locator: PerfectLocator) -> None:
    box = (5, 4, 5 + side // 2, 4 + side)

    found = locate(blocks_on_paper((400, 320), box))

    assert_found(found.digits, [box])


def test_digits_of_different_sizes_are_found_on_one_picture(locator: PerfectLocator) -> None:
    boxes = [(30, 40, 150, 340), (200, 40, 250, 140), (200, 200, 216, 240), (260, 200, 268, 220)]

    found = locate(blocks_on_paper((400, 320), *boxes))

    assert_found(found.digits, boxes)


def test_a_page_of_small_digits_is_looked_at_closely(locator: PerfectLocator) -> None:
    boxes = [(x, y, x + 12, y + 22) for x in range(20, 1500, 40) for y in range(20, 1100, 50)]

    found = locate(blocks_on_paper((1150, 1500), *boxes))

    assert len(boxes) == 814
    assert_found(found.digits, boxes)


def test_the_levels_are_those_that_were_looked_at(locator: PerfectLocator) -> None:
    found = locate(blocks_on_paper((400, 320), (30, 40, 150, 340)))

    assert [max(level.picture.shape) for level, _ in found.levels] == locator.sides
    assert locator.sides == sorted(locator.sides)
    for level, maps in found.levels:
        assert maps.ink.shape == level.picture.shape[:2]
    for one in found.digits:
        assert any(one.level is level and one.maps is maps for level, maps in found.levels)


def test_finer_levels_are_left_out_where_digits_are_large(locator: PerfectLocator) -> None:
    locate(blocks_on_paper((1600, 1200), (100, 100, 800, 1400)))

    assert PARAMETERS.usual_side <= max(locator.sides) < 2 * PARAMETERS.usual_side


@pytest.mark.parametrize(("height", "levels"), [(1300, 2), (400, 3), (200, 4)])
def test_for_a_single_digit_one_level_follows_the_first_that_shows_it(
    height: int, levels: int, locator: PerfectLocator
) -> None:
    picture = blocks_on_paper((1600, 1200), (100, 100, 100 + height // 2, 100 + height))

    found = locate(picture, is_single=True)

    assert_found(found.digits, [(100, 100, 100 + height // 2, 100 + height)])
    assert len(locator.sides) == len(found.levels) == levels


@pytest.mark.parametrize(("side", "is_enlarged"), [(150, False), (18, True)])
def test_a_small_picture_is_enlarged_only_where_digits_are_small(
    side: int, is_enlarged: bool, locator: PerfectLocator
) -> None:
    found = locate(blocks_on_paper((200, 160), (30, 30, 30 + side // 2, 30 + side)))

    assert any(level.scale > 1 for level, _ in found.levels) == is_enlarged


def test_finer_levels_are_looked_at_where_digits_are_small(locator: PerfectLocator) -> None:
    large = [(x, 100, x + 24, 140) for x in range(100, 1400, 100)]
    small = [(x, 200, x + 10, 218) for x in range(100, 1000, 100)]

    found = locate(blocks_on_paper((1150, 1500), *large, *small))

    assert_found(found.digits, large + small)
    assert max(locator.sides) > PARAMETERS.finest_side > PARAMETERS.usual_side


def test_a_blank_picture_has_no_digits(locator: PerfectLocator) -> None:
    found = locate(blocks_on_paper((400, 320)))

    assert found.digits == []
    assert len(found.levels) > 1  # all were looked at


GRAY = 100
DOUBTFUL = (PARAMETERS.min_candidate + PARAMETERS.min_centre) / 2


@pytest.fixture
def doubting_locator(locator: PerfectLocator) -> PerfectLocator:
    locator.doubtful = DOUBTFUL
    return locator


@pytest.mark.usefixtures("doubting_locator")
def test_a_doubtful_digit_is_left_out_where_another_one_is_probable() -> None:
    picture = blocks_on_paper((400, 320), (30, 40, 80, 140))
    picture[200:300, 200:250] = GRAY

    assert_found(locate(picture).digits, [(30, 40, 80, 140)])


@pytest.mark.parametrize(
    ("worse", "best"), [("left", (200, 200, 250, 300)), ("right", (30, 40, 80, 140))]
)
def test_the_best_doubtful_digit_is_returned_where_none_is_probable(
    worse: str,
    best: tuple[int, ...],
    doubting_locator: PerfectLocator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def doubt_one_side(picture: np.ndarray) -> Maps:
        maps = PerfectLocator.locate(doubting_locator, picture)
        left, right = np.array_split(maps.centres, 2, axis=1)  # views
        (left if worse == "left" else right)[...] *= 0.8
        return maps

    monkeypatch.setattr(doubting_locator, "locate", doubt_one_side)
    picture = blocks_on_paper((400, 320))
    picture[40:140, 30:80] = picture[200:300, 200:250] = GRAY

    found = locate(picture)

    assert_found(found.digits, [best])
    assert found.digits[0].instance.score == pytest.approx(DOUBTFUL)


def test_what_is_even_less_probable_is_no_digit(locator: PerfectLocator) -> None:
    locator.doubtful = PARAMETERS.min_candidate * 0.99
    picture = blocks_on_paper((400, 320))
    picture[40:140, 30:80] = GRAY

    assert locate(picture).digits == []


def put(box: tuple[int, int, int, int], scale: float, score: float) -> Located:
    """A digit in a box of the picture, found on a level of a scale."""
    instance = Instance(INK, 0, 0, Box(0, 0, 20, 20), score, 0)
    level = Level(np.zeros((16, 16, 3), np.uint8), scale, 0)
    return Located(instance, level, EMPTY, Box(*box))


WHOLE = (0, 0, 40, 60)
LOOPS = [(8, 4, 32, 28), (8, 32, 32, 56)]


def choose_boxes(*located: Located) -> set[Box]:
    chosen = choose([*located])
    boxes = {one.box for one in chosen}
    assert len(boxes) == len(chosen)
    return boxes


def test_nothing_is_chosen_from_nothing() -> None:
    assert choose([]) == []


def test_a_digit_found_on_two_levels_is_chosen_where_its_score_is_higher() -> None:
    coarse, fine = put(WHOLE, 0.5, 0.8), put((1, 1, 39, 58), 1, 0.7)

    assert choose_boxes(coarse, fine) == {WHOLE}
    assert choose_boxes(coarse, put((1, 1, 39, 58), 1, 0.9)) == {(1, 1, 39, 58)}


def test_one_loop_of_an_8_does_not_replace_it() -> None:
    assert choose_boxes(put(WHOLE, 0.5, 0.9), put(LOOPS[0], 1, 0.85)) == {WHOLE}


def test_loops_of_an_8_with_low_scores_do_not_replace_it() -> None:
    loops = [put(box, 1, 0.9 * PARAMETERS.outnumbering - 0.05) for box in LOOPS]

    assert choose_boxes(put(WHOLE, 0.5, 0.9), *loops) == {WHOLE}


def test_copies_of_a_digit_on_two_levels_do_not_outnumber_a_larger_one() -> None:
    copies = [put((1, 1, 39, 58), 1, 0.85), put((2, 2, 38, 57), 2, 0.85)]

    assert choose_boxes(put(WHOLE, 0.5, 0.9), *copies) == {WHOLE}


def test_a_number_that_looks_like_a_large_digit_gives_way_to_its_digits() -> None:
    digits = [put((left, 10, left + 18, 50), 1, 0.9) for left in (0, 20)]

    assert choose_boxes(put(WHOLE, 0.5, 0.95), *digits) == {one.box for one in digits}


def test_digits_of_one_level_do_not_compete() -> None:
    inner = put((10, 10, 30, 30), 1, 0.9)

    assert choose_boxes(put(WHOLE, 1, 0.5), inner) == {WHOLE, inner.box}


def test_neighbours_whose_boxes_overlap_a_little_stay() -> None:
    shared = int(PARAMETERS.max_shared * 40) - 2
    beside = (40 - shared, 0, 80 - shared, 60)

    assert choose_boxes(put(WHOLE, 0.5, 0.9), put(beside, 1, 0.95)) == {WHOLE, beside}


@pytest.mark.parametrize(
    ("box", "is_covered"),
    [
        (WHOLE, True),
        (LOOPS[0], True),
        ((-100, -100, 200, 200), True),  # it covers the other one
        ((40, 0, 80, 60), False),
        ((100, 100, 120, 120), False),
        ((30, 50, 50, 70), False),  # a quarter
        ((20, 0, 60, 60), True),  # half
    ],
)
def test_a_box_is_covered_if_most_of_it_is_shared(
    box: tuple[int, int, int, int], is_covered: bool
) -> None:
    (covered,) = are_covered(np.array([box]), np.array(WHOLE))

    assert covered == is_covered


def make_level(scale: float) -> Level:
    return Level(np.zeros((16, 16, 3), np.uint8), scale, 16)


def test_a_box_of_a_level_is_put_into_the_picture() -> None:
    assert to_picture(Box(26, 36, 46, 66), make_level(0.5), (400, 300)) == (20, 40, 60, 100)
    assert to_picture(Box(26, 36, 46, 66), make_level(2), (400, 300, 3)) == (5, 10, 15, 25)


@pytest.mark.parametrize("scale", [0.1, 0.5, 3])
@pytest.mark.parametrize(
    "box", [Box(0, 0, 200, 200), Box(0, 0, 4, 4), Box(900, 900, 920, 940), Box(20, 20, 21, 21)]
)
def test_a_box_lies_within_the_picture(scale: float, box: Box) -> None:
    left, top, right, bottom = to_picture(box, make_level(scale), (90, 60))

    assert 0 <= left < right <= 60
    assert 0 <= top < bottom <= 90
