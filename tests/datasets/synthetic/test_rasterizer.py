import numpy as np
import pytest

from mnistcli.datasets.synthetic.rasterizer import (
    DIGIT_SIDE,
    LIFTED,
    PAPER_SIDE,
    PENS,
    SHARPNESS,
    Pen,
    draw,
    find_room,
    press,
    stamp,
)

MAX_EVEN_RANGE = Pen(radius=(0.3, 0), pressure=0, gaps=0)


def generator(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def dots(*points: tuple[float, float]) -> np.ndarray:
    return np.array([points], np.float32)


def upright(count: int = 1) -> np.ndarray:
    """Paths from top to bottom, [count, 160, 2]."""
    line = np.stack([np.zeros(160), np.linspace(0, 1, 160)], axis=1)
    return np.tile(line, (count, 1, 1))


@pytest.mark.parametrize("radius", [1, 2.5, 5.7])
def test_a_disc_has_its_area_and_centre(radius: float) -> None:
    x, y = 20.3, 17.9
    (ink,) = stamp(dots((x, y)), np.full((1, 1), radius, np.float32)) / 255

    assert ink.sum() == pytest.approx(np.pi * radius**2, rel=0.1)
    rows, columns = np.mgrid[:PAPER_SIDE, :PAPER_SIDE] + 0.5  # the centres of the pixels
    assert (ink * columns).sum() / ink.sum() == pytest.approx(x, abs=0.2)
    assert (ink * rows).sum() / ink.sum() == pytest.approx(y, abs=0.2)


def test_a_pixel_is_as_dark_as_its_nearest_disc_makes_it() -> None:
    """Against the distances themselves, pixel by pixel."""
    random = generator()
    points = random.uniform(10, PAPER_SIDE - 10, (5, 30, 2)).astype(np.float32)
    radii = random.uniform(0.6, 4, (5, 30)).astype(np.float32)

    drawn = stamp(points, radii)

    rows, columns = np.mgrid[:PAPER_SIDE, :PAPER_SIDE] + 0.5
    for ink, places, sizes in zip(drawn, points, radii, strict=True):
        distance = np.hypot(
            columns[..., np.newaxis] - places[:, 0], rows[..., np.newaxis] - places[:, 1]
        )
        expected = np.clip(2 * (sizes - distance).max(axis=-1) + 0.5, 0, 1) * 255
        np.testing.assert_allclose(ink, expected, atol=1)


def test_overlapping_strokes_are_no_darker() -> None:
    once = stamp(dots((20, 20)), np.full((1, 1), 2, np.float32))
    twice = stamp(dots((20, 20), (20, 20)), np.full((1, 2), 2, np.float32))

    np.testing.assert_array_equal(once, twice)


def test_a_lifted_pen_leaves_nothing() -> None:
    assert not stamp(dots((20, 20)), np.full((1, 1), LIFTED, np.float32)).any()


def test_a_line_has_the_length_and_the_width_of_the_pen() -> None:
    (ink,) = draw(generator(), upright(), MAX_EVEN_RANGE) / 255
    radius = np.exp(0.3) * DIGIT_SIDE / 20

    middle = ink[PAPER_SIDE // 2 - 5 : PAPER_SIDE // 2 + 5].sum(axis=1)
    np.testing.assert_allclose(middle, 2 * radius, atol=1 / SHARPNESS)
    assert ink[:, PAPER_SIDE // 2].sum() == pytest.approx(
        DIGIT_SIDE + 2 * radius, abs=1 / SHARPNESS
    )


def test_nothing_is_cut_off() -> None:
    random = generator()
    points = random.uniform(-1, 1, (300, 160, 2)) * random.uniform(0.1, 1, (300, 1, 2))

    ink = draw(random, points, Pen(radius=(2, 1), pressure=1, gaps=0))

    for edge in (ink[:, 0], ink[:, -1], ink[:, :, 0], ink[:, :, -1]):
        assert not edge.any()


def test_pens_have_all_widths_and_vary_along_the_path() -> None:
    radii = press(generator(), draw_on_paper(upright(2000)), PENS)
    touching = np.where(radii > 0, radii, np.nan)
    mean = np.nanmedian(touching, axis=1) * 20 / DIGIT_SIDE

    assert np.median(mean) == pytest.approx(np.exp(PENS.radius[0]), rel=0.05)
    assert np.percentile(mean, 2) < 0.7  # a hairline
    assert np.percentile(mean, 98) > 2.4  # a marker
    assert 1.2 < np.median(np.nanmax(touching, axis=1) / np.nanmin(touching, axis=1)) < 3
    assert (radii == LIFTED).any(axis=1).mean() == pytest.approx(PENS.gaps, abs=0.015)


def test_gaps_are_short() -> None:
    radii = press(generator(), draw_on_paper(upright(2000)), PENS._replace(gaps=1))

    lengths = (radii == LIFTED).sum(axis=1) / 160
    assert 0.04 < np.median(lengths) < 0.12
    assert lengths.max() <= 0.13


def test_a_marker_leaves_loops_open() -> None:
    turn = np.linspace(0, 2 * np.pi, 160)
    loop = np.stack([0.3 * np.sin(turn), 0.5 * np.cos(turn)], axis=-1)

    (ink,) = draw(generator(), loop[np.newaxis], MAX_EVEN_RANGE._replace(radius=(9, 0)))

    assert not ink[PAPER_SIDE // 2 - 2 : PAPER_SIDE // 2 + 2, PAPER_SIDE // 2].any()
    assert ink[PAPER_SIDE // 2].any()


def draw_on_paper(points: np.ndarray) -> np.ndarray:
    return (points * DIGIT_SIDE + (PAPER_SIDE - DIGIT_SIDE) / 2).astype(np.float32)


def test_a_narrow_loop_leaves_less_room_than_a_wide_one_or_a_line() -> None:
    turn = np.linspace(0, 2 * np.pi, 160)
    circle = np.stack([np.sin(turn), np.cos(turn)], axis=-1)
    wide, narrow = circle / 2 + 0.5, circle / [5, 2] + 0.5

    line, large, small = (
        find_room(draw_on_paper(points[np.newaxis]))[0] for points in (upright()[0], wide, narrow)
    )

    assert line > large > small
    assert small < 0.2 * DIGIT_SIDE
