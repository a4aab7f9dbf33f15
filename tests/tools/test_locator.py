"""The pages that the locator is trained on, its network, its losses and its report."""

import layouts
import numpy as np
import pages
import pytest
import scoring
from camera import add_margin
from canvas import PAGE_SIDE, Frame
from clutter import draw_watermark, scribble
from glyphs import NO_DIGIT, Glyph, Pool, make_pool, take_digit, take_mark, take_sign
from layouts import Grid, Rows, Strip
from light import light_up
from paper import choose_colours, make_paper
from placing import Placed, place
from rules import draw_line, draw_rules
from targets import CELLS, GRID, MAX_SIDE, MIN_SIDE, Targets, make_targets, stands_out
from writing import Written, write_on

from mnistcli.datasets.synthetic.dataset import draw_images
from mnistcli.pictures.locator import CHANNELS, Locator, Maps, enhance
from mnistcli.pictures.parameters import PARAMETERS

PAPER, INK = 230, 30
EVERYWHERE = np.ones((PAGE_SIDE, PAGE_SIDE), np.float32)
SURE = 10.0
"""A logit whose probability is nearly 1."""


@pytest.fixture(scope="module")
def pool() -> Pool:
    """Glyphs, the handwritten ones of strokes instead of MNIST's."""
    return make_pool(np.random.default_rng(0), *draw_images(1, 200))


def put_bar(side: int, x: int = 60, y: int = 70, label: int = 1) -> Placed:
    """A bar whose height, an odd number, is ``side``, around a pixel."""
    levels = np.zeros((PAGE_SIDE, PAGE_SIDE), np.float32)
    levels[max(0, y - side // 2) : y + side // 2 + 1, x - 2 : x + 3] = 1
    return Placed(levels, (x, y), side, label, 5 * side)


def find(
    *placed: Placed, visible: np.ndarray = EVERYWHERE, ink_level: int = INK
) -> tuple[np.ndarray, Targets]:
    """The ink of all glyphs, written dark on light paper, and what is to be found."""
    ink = np.zeros((PAGE_SIDE, PAGE_SIDE), np.float32)
    owners = np.full(ink.shape, -1, np.int32)
    for number, one in enumerate(placed):
        ink = np.maximum(ink, one.levels)
        owners[one.levels > 0] = number
    picture = np.repeat((PAPER + (ink_level - PAPER) * ink)[..., np.newaxis], 3, axis=2)
    written = Written(picture, ink, owners, PAPER - INK)
    return ink > 0, make_targets(picture.astype(np.uint8), [*placed], written, visible)


def test_ink_and_offsets_say_where_each_digit_is() -> None:
    left, right = put_bar(31, x=30), put_bar(21, x=90, y=40)
    is_ink, targets = find(left, right)

    np.testing.assert_array_equal(targets.ink, np.where(is_ink, 255, 0))
    assert not targets.offsets[~is_ink].any()
    for one in (left, right):
        rows, columns = np.nonzero(one.levels)
        places = np.stack([columns, rows], axis=-1)
        centres = places + targets.offsets[rows, columns]
        np.testing.assert_array_equal(centres, np.tile(one.centre, (len(rows), 1)))


def test_heat_is_highest_in_the_cell_of_the_centre() -> None:
    _, targets = find(put_bar(31, x=30, y=50))

    assert targets.heat.shape == (CELLS, CELLS)
    assert np.argwhere(targets.heat == 255).tolist() == [[50 // GRID, 30 // GRID]]
    assert targets.heat[50 // GRID, 30 // GRID + 1] > targets.heat[50 // GRID, 30 // GRID + 2] > 0
    assert targets.heat[0, -1] == 0
    assert not targets.is_ignored.any()


@pytest.mark.parametrize("side", [PARAMETERS.min_side - 3, PARAMETERS.max_side + 3])
def test_a_digit_out_of_the_range_of_sizes_is_no_target(side: int) -> None:
    _, targets = find(put_bar(side, y=64))

    assert not any(array.any() for array in targets)


@pytest.mark.parametrize("side", [MIN_SIDE - 1, MAX_SIDE + 1])
def test_a_digit_nearly_in_the_range_of_sizes_does_not_matter(side: int) -> None:
    is_ink, targets = find(put_bar(side))

    assert not targets.ink.any()
    assert not targets.heat.any()
    assert targets.is_ignored[np.argwhere(is_ink)[:, 0] // GRID, 60 // GRID].all()
    assert targets.is_ignored.mean() < 0.2


def test_a_sign_is_no_target() -> None:
    _, targets = find(put_bar(31, label=NO_DIGIT))

    assert not any(array.any() for array in targets)


@pytest.mark.parametrize(("hidden", "is_found", "is_ignored"), [(7, 1, 0), (16, 0, 1), (30, 0, 0)])
def test_a_digit_must_be_seen_to_be_found(hidden: int, is_found: bool, is_ignored: bool) -> None:
    visible = EVERYWHERE.copy()
    visible[: 70 - 15 + hidden] = 0  # of 31 rows
    _, targets = find(put_bar(31), visible=visible)

    assert targets.ink.any() == is_found
    assert targets.heat.any() == is_found
    assert targets.is_ignored.any() == is_ignored
    assert not targets.ink[: 70 - 15 + hidden].any()


def test_a_digit_that_is_too_pale_does_not_matter() -> None:
    _, targets = find(put_bar(31), ink_level=PAPER - 3)

    assert not targets.ink.any()
    assert targets.is_ignored.any()


@pytest.mark.parametrize(
    ("difference", "grain", "is_seen"),
    [(100, 0, True), (3, 0, False), (100, 20, True), (15, 20, False), (15, 2, True)],
)
def test_ink_stands_out_if_it_differs_by_more_than_the_grain(
    difference: int, grain: float, is_seen: bool
) -> None:
    is_ink = put_bar(31).levels > 0
    noise = np.random.default_rng(0).normal(0, grain, (*is_ink.shape, 3))
    picture = np.clip(150 - difference * is_ink[..., np.newaxis] + noise, 0, 255)

    assert stands_out(np.rint(picture).astype(np.uint8), is_ink) is is_seen
    assert not stands_out(picture.astype(np.uint8), np.zeros_like(is_ink))


def test_ink_stands_out_by_its_colour_alone() -> None:
    is_ink = put_bar(31).levels > 0
    picture = np.where(is_ink[..., np.newaxis], [100, 160, 100], [160, 100, 100]).astype(np.uint8)

    assert stands_out(picture, is_ink)


def test_a_frame_turns_clockwise_around_the_middle() -> None:
    middle = PAGE_SIDE / 2

    np.testing.assert_allclose(Frame(0).locate(10, 20), [middle + 10, middle + 20])
    np.testing.assert_allclose(Frame(np.pi / 2).locate(10, 20), [middle - 20, middle + 10])


@pytest.mark.parametrize("side", [12, 30, 90])
@pytest.mark.parametrize("style", [0.1, 0.9])
def test_a_glyph_is_placed_where_and_as_large_as_asked(side: float, style: float) -> None:
    square = Glyph(np.full((40, 40), 255, np.uint8), 40, 3)
    placed = place(np.random.default_rng(0), square, side, (50, 70), 0, style)

    assert placed is not None
    assert placed.label == 3
    assert placed.levels.min() >= 0
    assert placed.levels.max() <= 1
    rows, columns = np.nonzero(placed.levels > 0.5)
    assert (columns.mean(), rows.mean()) == pytest.approx((50, 70), abs=1)
    assert np.sqrt(placed.levels.sum()) == pytest.approx(side, rel=0.15)
    assert placed.total == pytest.approx(placed.levels.sum(), rel=0.15)


def test_a_glyph_is_cut_off_at_the_border_of_the_page() -> None:
    square = Glyph(np.full((40, 40), 255, np.uint8), 40, 3)
    placed = place(np.random.default_rng(0), square, 30, (0, 70), 0, 0.5)

    assert placed is not None
    assert placed.levels.sum() == pytest.approx(placed.total / 2, rel=0.15)


def test_a_glyph_off_the_page_is_not_placed() -> None:
    square = Glyph(np.full((40, 40), 255, np.uint8), 40, 3)

    assert place(np.random.default_rng(0), square, 20, (PAGE_SIDE + 30, 70), 0, 0.5) is None


def test_glyphs_are_cropped_ink_with_labels(pool: Pool) -> None:
    random = np.random.default_rng(0)
    digits = [take_digit(random, pool) for _ in range(100)]
    others = [take_sign(random, pool) for _ in range(30)] + [take_mark(random) for _ in range(30)]

    assert {glyph.label for glyph in digits} == set(range(10))
    assert {glyph.label for glyph in others} == {NO_DIGIT}
    for glyph in digits + others:
        assert glyph.ink.dtype == np.uint8
        assert glyph.ink.max() > 100
        assert min(glyph.ink.shape) >= 1


@pytest.mark.parametrize("kind", layouts.KINDS, ids=lambda kind: kind.lay_out.__name__)
def test_layouts_are_a_function_of_the_seed(kind: layouts.Kind, pool: Pool) -> None:
    first, again, other = (
        kind.lay_out(np.random.default_rng(seed), pool, 30) for seed in (1, 1, 2)
    )
    places = [[item[1:] for item in layout.items] for layout in (first, again, other)]

    assert places[0] == places[1]
    assert first.guides == again.guides
    assert places[0] != places[2] or kind.lay_out is layouts.lay_out_nothing


def test_a_text_has_no_digits_and_rows_have_some(pool: Pool) -> None:
    text, rows = (
        lay_out(np.random.default_rng(1), pool, 30).items
        for lay_out in (layouts.lay_out_text, layouts.lay_out_rows)
    )

    assert {item.glyph.label for item in text} == {NO_DIGIT}
    assert {item.glyph.label for item in rows} - {NO_DIGIT}


def test_digits_of_a_grid_stay_in_its_cells(pool: Pool) -> None:
    for seed in range(9):
        items, grid = layouts.lay_out_grid(np.random.default_rng(seed), pool, 20)
        assert isinstance(grid, Grid)
        rows = (np.array([item.v for item in items]) - grid.top) / grid.pitch_v % 1
        columns = (np.array([item.u for item in items]) - grid.left) / grid.pitch_u % 1
        assert abs(rows - 0.5).max() < 0.45
        assert abs(columns - 0.5).max() < 0.5


def test_digits_of_a_strip_stand_between_its_boundaries(pool: Pool) -> None:
    items, strip = layouts.lay_out_strip(np.random.default_rng(0), pool, 30)

    assert isinstance(strip, Strip)
    assert len(strip.boundaries) == len(items) + 1
    for item, before, behind in zip(items, strip.boundaries, strip.boundaries[1:], strict=False):
        assert item.u == pytest.approx((before + behind) / 2)


def test_scattered_digits_are_apart(pool: Pool) -> None:
    items, _ = layouts.lay_out_scatter(np.random.default_rng(3), pool, 20)
    places = np.array([(item.u, item.v) for item in items])
    distances = np.hypot(*(places[:, np.newaxis] - places).transpose(2, 0, 1))

    assert len(items) > 3
    assert distances[~np.eye(len(items), dtype=bool)].min() > 15


def test_lines_are_wider_or_else_paler() -> None:
    hair, thin, thick = layers = np.zeros((3, PAGE_SIDE, PAGE_SIDE), np.float32)
    for layer, width in zip(layers, (0.5, 1, 5), strict=True):
        draw_line(layer, np.array([10.0, 40]), np.array([110.0, 40]), width)

    np.testing.assert_allclose(hair, thin / 2)
    assert thin[40, 20:100].min() > 0.8
    assert not thin[:38].any()
    assert thick[:, 60].sum() > thin[:, 60].sum() + 3


def test_a_line_is_dashed() -> None:
    layer = np.zeros((PAGE_SIDE, PAGE_SIDE), np.float32)
    draw_line(layer, np.array([4.0, 40]), np.array([124.0, 40]), 1, dash=12)

    row = layer[40] > 0.5
    assert np.count_nonzero(np.diff(row.astype(int)) == 1) == 10


@pytest.mark.parametrize("guides", [Rows(), Rows(5, 40), Strip(0, [-20, 0, 20]), Grid(0, 0, 9, 9)])
def test_layers_stay_between_0_and_1(guides: Rows | Strip | Grid, pool: Pool) -> None:
    for seed in range(20):
        random = np.random.default_rng(seed)
        rules = draw_rules(random, guides, 30, Frame(0.1))
        for layer in (rules, scribble(random), draw_watermark(random, pool, 30, 0.9)):
            assert layer.shape == (PAGE_SIDE, PAGE_SIDE)
            assert layer.min() >= 0
            assert layer.max() <= 1
        assert rules.any()


def test_written_and_lit_pages_stay_between_0_and_255(pool: Pool) -> None:
    for seed in range(20):
        random = np.random.default_rng(seed)
        colours = choose_colours(random)
        assert min(map(np.min, (colours.paper, *colours.inks))) >= 0
        assert max(map(np.max, (colours.paper, *colours.inks))) <= 255
        flat = np.broadcast_to(colours.paper, (PAGE_SIDE, PAGE_SIDE, 3)).astype(np.float32)
        placed = [put_bar(31), put_bar(21, x=62)]
        written = write_on(random, flat, placed, colours)
        lit = light_up(random, make_paper(random, colours, rough=1))
        for picture in (written.picture, lit):
            assert picture.min() >= -0.01  # float32
            assert picture.max() <= 255.01


@pytest.mark.parametrize("is_strong_first", [False, True])
def test_strokes_that_cross_do_not_add_up_and_the_stronger_owns_the_pixel(
    is_strong_first: bool,
) -> None:
    strong, weak = put_bar(31), put_bar(21, x=62)
    weak = weak._replace(levels=weak.levels * np.float32(0.5))
    random = np.random.default_rng(1)
    paper = np.full((PAGE_SIDE, PAGE_SIDE, 3), 255, np.float32)
    placed = [strong, weak] if is_strong_first else [weak, strong]
    written = write_on(random, paper, placed, choose_colours(random))

    np.testing.assert_array_equal(written.ink, np.maximum(strong.levels, weak.levels))
    is_strong = written.owners == (0 if is_strong_first else 1)
    np.testing.assert_array_equal(is_strong, strong.levels > 0)
    np.testing.assert_array_equal(written.owners == -1, written.ink == 0)


def test_a_margin_has_the_colour_of_the_border() -> None:
    picture = np.full((PAGE_SIDE, PAGE_SIDE, 3), (10, 20, 30), np.uint8)
    picture[:, ::7] = 200
    framed, is_inside = add_margin(np.random.default_rng(0), picture)

    assert 0 < is_inside.mean() < 1
    assert (framed[is_inside == 0] == (10, 20, 30)).all()
    np.testing.assert_array_equal(framed[is_inside == 1], picture[is_inside == 1])


def test_a_page_is_a_function_of_its_seed(pool: Pool) -> None:
    first, again, other = (pages.compose(np.random.default_rng(seed), pool) for seed in (1, 1, 2))

    for one, same in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, same)
    assert not np.array_equal(first.picture, other.picture)


def test_blocks_of_pages_differ_and_have_what_is_to_be_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pages, "BLOCK_PAGES", 40)
    drawn = draw_images(1, 200)
    first, second = (pages.Page(*pages.compose_block(3, *drawn, block)) for block in (0, 1))

    assert not np.array_equal(first.picture, second.picture)
    assert first.picture.shape == (40, PAGE_SIDE, PAGE_SIDE, 3)
    assert first.picture.dtype == first.ink.dtype == first.heat.dtype == np.uint8
    assert first.offsets.dtype == np.int8
    assert first.angle.dtype == np.float32
    centres = (first.heat == 255).sum(axis=(1, 2))
    listed = [scoring.list_digits(*fields) for fields in zip(first.ink, first.offsets, strict=True)]
    assert 0.2 < (centres > 0).mean() < 0.9
    assert [len(truths) for truths in listed] == centres.tolist()


def perfect(page: pages.Page) -> Maps:
    """What a network says that knows a page."""
    return Maps(
        page.ink.astype(np.float32) / 255,
        page.offsets.astype(np.float32),
        page.heat.astype(np.float32) / 255,
        np.full(page.heat.shape, page.angle),
    )


@pytest.fixture
def page() -> pages.Page:
    """Two digits to be found, and one that does not matter."""
    glyphs = (put_bar(31, x=30), put_bar(21, x=90, y=40), put_bar(MAX_SIDE + 1, x=110, y=64))
    _, targets = find(*glyphs)
    picture = np.zeros((PAGE_SIDE, PAGE_SIDE, 3), np.uint8)
    return pages.Page(picture, *targets, np.float32(0))


def test_digits_of_a_page_are_listed(page: pages.Page) -> None:
    truths = scoring.list_digits(page.ink, page.offsets)

    assert truths == [scoring.Truth(30, 70, 31), scoring.Truth(90, 40, 21)]


def test_a_network_that_knows_a_page_finds_all(page: pages.Page) -> None:
    found = scoring.score(perfect(page), page)

    area = 5 * (31 + 21)
    assert found == scoring.Score(digits=2, found=2, false=0, shared=area, united=area)
    assert scoring.summarize([found]) == scoring.Scores(1, 0, 1)


def test_a_network_that_sees_nothing_finds_none(page: pages.Page) -> None:
    blind = Maps(*(np.zeros_like(array) for array in perfect(page)))

    assert scoring.score(blind, page)[:4] == (2, 0, 0, 0)


def test_a_digit_where_there_is_none_is_false_unless_it_is_ignored(page: pages.Page) -> None:
    _, elsewhere = find(put_bar(31, x=60, y=30), put_bar(51, x=110, y=64))
    maps = perfect(page._replace(**elsewhere._asdict()))

    found = scoring.score(maps, page)

    assert found[:4] == (2, 0, 1, 0)
    assert scoring.summarize([found, scoring.score(perfect(page), page)]) == (0.5, 0.5, 0.5)


def to_logits(page: pages.Page) -> tuple[np.ndarray, np.ndarray]:
    """The network's outputs, [H, W, 3] and [H / 4, W / 4, 2], that are right for a page."""
    fine = np.concatenate(
        [
            np.where(page.ink > 127, SURE, -SURE)[..., np.newaxis],
            page.offsets / PARAMETERS.vote_unit,
        ],
        axis=-1,
    )
    coarse = np.stack([np.where(page.heat == 255, SURE, -SURE), np.full_like(page.heat, 0)], -1)
    return fine.astype(np.float32), coarse.astype(np.float32)


def lose(page: pages.Page, fine: np.ndarray, coarse: np.ndarray) -> np.ndarray:
    """The losses, [4], of outputs for one page."""
    from losses import compute_losses

    maps = fine[np.newaxis], coarse[np.newaxis]
    return compute_losses(maps, [np.asarray(field)[np.newaxis] for field in page[1:]]).numpy()


@pytest.mark.slow
def test_an_export_answers_as_its_network(
    tensorflow: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    import network

    monkeypatch.setattr(network, "WIDTHS", (4, 4, 8, 8))
    tiny = network.make_network()
    random = np.random.default_rng(0)
    tiny.set_weights([random.normal(0, 0.2, each.shape) for each in tiny.get_weights()])
    picture = random.integers(0, 256, (48, 80, 3)).astype(np.uint8)
    fine, coarse = (maps[0].numpy() for maps in tiny(enhance(picture)[np.newaxis]))

    maps = Locator(network.to_tflite(tiny), "a tiny network").locate(picture)

    assert [array.shape for array in maps] == [(48, 80), (48, 80, 2), (12, 20), (12, 20)]
    expected = (fine[..., 1:] * PARAMETERS.vote_unit, coarse[..., 1])
    for found, wanted in zip((maps.offsets, maps.angles), expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=0.02 * abs(wanted).max())
    for found, logits in zip((maps.ink, maps.centres), (fine, coarse), strict=True):
        np.testing.assert_allclose(found, 1 / (1 + np.exp(-logits[..., 0])), atol=0.02)
    assert np.ptp(maps.ink) > 0.1


@pytest.mark.slow
def test_the_package_has_room_for_the_network(tensorflow: None) -> None:
    import network

    whole = network.make_network()

    assert whole.input_shape == (None, None, None, CHANNELS)
    assert whole.count_params() < 750_000  # bytes, of 8 bits


@pytest.mark.slow
def test_losses_are_small_for_what_is_to_be_found_alone(tensorflow: None, page: pages.Page) -> None:
    fine, coarse = to_logits(page)
    right = lose(page, fine, coarse)

    assert (right < 0.01).all()
    for channel, loss in ((0, 0), (1, 1), (2, 1)):
        wrong = fine.copy()
        wrong[..., channel] *= -1
        lost = lose(page, wrong, coarse)
        assert lost[loss] > right[loss] + 0.1
        np.testing.assert_array_equal(np.delete(lost, loss), np.delete(right, loss))
    for channel, loss in ((0, 2), (1, 3)):
        wrong = coarse.copy()
        wrong[..., channel] = 1 - wrong[..., channel]
        lost = lose(page, fine, wrong)
        assert lost[loss] > right[loss] + 0.1
        np.testing.assert_array_equal(np.delete(lost, loss), np.delete(right, loss))


@pytest.mark.slow
def test_nothing_is_lost_where_nothing_is_asked_for(tensorflow: None, page: pages.Page) -> None:
    fine, coarse = to_logits(page)
    is_ignored = page.is_ignored == 1
    assert is_ignored.any()
    elsewhere = coarse.copy()
    elsewhere[is_ignored] = SURE
    dreamt = fine.copy()
    dreamt[np.kron(is_ignored, np.ones((GRID, GRID))) == 1] = SURE

    np.testing.assert_array_equal(lose(page, dreamt, elsewhere), lose(page, fine, coarse))
    asked = page._replace(is_ignored=np.zeros_like(page.is_ignored))
    assert (lose(asked, dreamt, elsewhere)[[0, 2]] > lose(asked, fine, coarse)[[0, 2]]).all()
