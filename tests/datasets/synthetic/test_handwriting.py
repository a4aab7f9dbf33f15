from collections import Counter

import numpy as np
import pytest

from mnistcli.datasets.synthetic.glyphs import GLYPHS, Glyph
from mnistcli.datasets.synthetic.handwriting import (
    HANDS,
    SAMPLES,
    Hand,
    choose_glyphs,
    parse,
    spline,
    tilt,
    to_curve,
    trace,
    warp,
    write,
)

STEADY = Hand((0, 0), 0, 0, (0, 0), 0, (0, 0), 0)


def generator(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def catmull_rom(before, start, end, after, t: float):
    """The textbook's cubic: through start and end, with the slopes of the chords around them."""
    slope, end_slope = (end - before) / 2, (after - start) / 2
    return (
        (2 * t**3 - 3 * t**2 + 1) * start
        + (t**3 - 2 * t**2 + t) * slope
        + (-2 * t**3 + 3 * t**2) * end
        + (t**3 - t**2) * end_slope
    )


def test_a_spline_is_catmull_and_roms() -> None:
    points = np.array([[0.0, 0], [1, 2], [4, 2], [5, 5]])
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)

    found = spline(points, 40) @ points

    extended = np.array([2 * points[0] - points[1], *points, 2 * points[-1] - points[-2]])
    for way, place in zip(np.linspace(0, lengths.sum(), 40), found, strict=True):
        piece = min(int((way > np.cumsum(lengths) - 1e-9).sum()), 2)
        t = (way - lengths[:piece].sum()) / lengths[piece]
        expected = catmull_rom(*extended[piece : piece + 4], t)
        np.testing.assert_allclose(place, expected, atol=1e-9)


def test_a_spline_through_a_line_is_the_line() -> None:
    points = np.array([[0.0, 0], [1, 1], [3, 3]])

    places = spline(points, 7) @ points

    np.testing.assert_allclose(places[[0, -1]], points[[0, -1]], atol=1e-12)
    np.testing.assert_allclose(places[:, 0], places[:, 1], atol=1e-12)
    assert (np.diff(places[:, 0]) > 0).all()


def test_the_way_of_a_glyph_has_its_corners_and_strokes() -> None:
    curve = to_curve(Glyph(7, 1, ("0,0 50,0! 20,100 / 10,50 60,50",)))
    places = curve.basis @ curve.ways[0]

    assert places.shape == (SAMPLES, 2)
    for point in ([0, 0], [0.5, 0], [0.2, 1], [0.1, 0.5], [0.6, 0.5]):
        assert np.linalg.norm(places - point, axis=1).min() < 1e-9
    steps = np.linalg.norm(np.diff(places, axis=0), axis=1)
    assert np.count_nonzero(steps > 0.05) == 1  # the pen is lifted once
    turns = np.diff(np.arctan2(*np.diff(places, axis=0).T))
    assert np.count_nonzero(abs(turns) > 0.1) == 4  # two at the corner, and around the lift
    assert curve.ends == ((0, 1), (2, 1), (3, 4), (4, 3))


def test_a_way_is_in_heights() -> None:
    assert parse("0,0 50,25! / 8,100") == [(0, 0), (0.5, 0.25), (0.08, 1)]


@pytest.mark.parametrize("glyph", GLYPHS, ids=lambda glyph: glyph.ways[0][:20])
def test_the_ways_of_a_glyph_are_the_ends_of_a_range(glyph: Glyph) -> None:
    marks = {tuple(word[-1] in "!/" and word[-1] for word in way.split()) for way in glyph.ways}
    assert len(marks) == 1

    ways = to_curve(glyph).ways
    assert ways.min() >= 0
    assert np.ptp(ways[..., 1], axis=1).min() > 0.7
    assert ways.max() <= 1


def test_each_digit_is_written_in_several_ways() -> None:
    counts = Counter(glyph.digit for glyph in GLYPHS)

    assert set(counts) == set(range(10))
    assert min(counts.values()) >= 3


def test_glyphs_are_chosen_by_their_shares() -> None:
    digits = np.repeat(np.arange(10), 5000)

    chosen = choose_glyphs(generator(), digits)

    assert [GLYPHS[number].digit for number in chosen] == digits.tolist()
    of_one = [glyph for glyph in GLYPHS if glyph.digit == 1]
    found = Counter(chosen[digits == 1].tolist())
    for glyph in of_one:
        share = glyph.share / sum(other.share for other in of_one)
        assert found[GLYPHS.index(glyph)] / 5000 == pytest.approx(share, abs=0.03)


def test_a_steady_hand_writes_the_glyphs_themselves() -> None:
    places = write(generator(), np.full(200, 1), STEADY)

    straight = np.ptp(places[..., 0], axis=1) < 0.15  # of the plain 1 there are enough
    assert straight.sum() > 50
    np.testing.assert_allclose(np.ptp(places[straight][..., 1], axis=1), 1, atol=1e-6)


def test_each_digit_is_written_anew() -> None:
    places = write(generator(), np.full(50, 3), HANDS)
    again = write(generator(), np.full(50, 3), HANDS)

    np.testing.assert_array_equal(places, again)
    for number in range(1, 50):
        assert abs(places[number] - places[0]).max() > 0.01


def three(**hand: object) -> np.ndarray:
    """The pen's places in 2000 steady 3s, but for what is said of the hand."""
    glyph = Glyph(3, 1, ("5,10 30,0 50,14 20,46! 54,80 4,90",))
    return trace(generator(), to_curve(glyph), 2000, STEADY._replace(**hand))


def test_points_are_displaced_from_digit_to_digit() -> None:
    moved = three(jitter=(0.02, 0.06)) - three()

    # of a point that the pen goes through; a uniform deviation from 0.02 to 0.06
    assert moved[:, 0].std() == pytest.approx(np.sqrt(0.04**2 + 0.04**2 / 12), rel=0.05)
    spread = abs(moved).max(axis=(1, 2))
    assert np.percentile(spread, 95) > 2 * np.percentile(spread, 5)


def test_strokes_end_too_soon_or_too_late() -> None:
    curve = to_curve(Glyph(1, 1, ("0,0 0,50 0,100",)))

    straight = trace(generator(), curve, 2000, STEADY._replace(overshoot=0.2))

    for end in (straight[:, 0, 1], straight[:, -1, 1]):
        assert end.std() == pytest.approx(0.5 * 0.2, rel=0.05)
    np.testing.assert_allclose(straight[..., 0], 0, atol=1e-12)


def test_hands_tremble() -> None:
    steady, trembling = (
        write(generator(), np.full(300, 3), STEADY._replace(tremor=tremor)) for tremor in (0, 0.01)
    )

    assert (trembling - steady).std() == pytest.approx(0.01, rel=0.05)


def line() -> np.ndarray:
    """Upright lines, [4000, 3, 2], each from (0, -0.5) to (0, 0.5)."""
    return np.tile([[0, -0.5], [0, 0.0], [0, 0.5]], (4000, 1, 1))


def test_slants_to_the_right() -> None:
    tilted = tilt(generator(), line(), STEADY._replace(slant=(0.3, 0.1)))

    lean = tilted[:, 0, 0] - tilted[:, 2, 0]
    assert (lean.mean(), lean.std()) == pytest.approx((0.3, 0.1), rel=0.05)
    np.testing.assert_allclose(tilted[..., 1], line()[..., 1])


def test_turns() -> None:
    tilted = tilt(generator(), line(), STEADY._replace(rotation=0.2))

    angles = np.arctan2(tilted[:, 0, 0], -tilted[:, 0, 1])
    assert (angles.mean(), angles.std()) == pytest.approx((0, 0.2), abs=0.01)
    np.testing.assert_allclose(np.linalg.norm(tilted[:, 0], axis=1), 0.5)


def test_widens() -> None:
    points = line()[..., ::-1]

    tilted = tilt(generator(), points, STEADY._replace(width=(0.1, 0.2)))

    logarithms = np.log(np.ptp(tilted[..., 0], axis=1))
    assert (logarithms.mean(), logarithms.std()) == pytest.approx((0.1, 0.2), rel=0.1)


def test_bends_the_ends_more_than_the_middle() -> None:
    bent = warp(generator(), line(), STEADY._replace(warp=0.1)) - line()

    np.testing.assert_array_equal(bent[:, 1], 0)
    # at x = 0, y = 0.5: of the terms, those of v² and of v³
    np.testing.assert_allclose(bent[:, 2].std(axis=0), np.hypot(0.1, 0.1), rtol=0.05)
