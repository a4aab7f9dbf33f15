from collections import Counter

import numpy as np
import pytest

from mnistcli.datasets.synthetic.glyphs import GLYPHS, Glyph
from mnistcli.datasets.synthetic.handwriting import (
    HANDS,
    SAMPLES_PER_GLYPH,
    Hand,
    choose_glyphs,
    parse_variant,
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


def test_a_spline_is_that_of_catmull_and_rom() -> None:
    points = np.array([[0.0, 0], [1, 2], [4, 2], [5, 5]])
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)

    found = spline(points, 40) @ points

    extended = np.array([2 * points[0] - points[1], *points, 2 * points[-1] - points[-2]])
    for length, sample in zip(np.linspace(0, lengths.sum(), 40), found, strict=True):
        segment = min(int((length > np.cumsum(lengths) - 1e-9).sum()), 2)
        t = (length - lengths[:segment].sum()) / lengths[segment]
        expected = catmull_rom(*extended[segment : segment + 4], t)
        np.testing.assert_allclose(sample, expected, atol=1e-9)


def test_a_spline_through_a_line_is_the_line() -> None:
    points = np.array([[0.0, 0], [1, 1], [3, 3]])

    samples = spline(points, 7) @ points

    np.testing.assert_allclose(samples[[0, -1]], points[[0, -1]], atol=1e-12)
    np.testing.assert_allclose(samples[:, 0], samples[:, 1], atol=1e-12)
    assert (np.diff(samples[:, 0]) > 0).all()


def test_a_curve_has_the_corners_and_strokes_of_its_glyph() -> None:
    curve = to_curve(Glyph(7, 1, ("0,0 50,0! 20,100 / 10,50 60,50",)))
    samples = curve.basis @ curve.variants[0]

    assert samples.shape == (SAMPLES_PER_GLYPH, 2)
    for point in ([0, 0], [0.5, 0], [0.2, 1], [0.1, 0.5], [0.6, 0.5]):
        assert np.linalg.norm(samples - point, axis=1).min() < 1e-9
    steps = np.linalg.norm(np.diff(samples, axis=0), axis=1)
    assert np.count_nonzero(steps > 0.05) == 1  # the pen is lifted once
    turns = np.diff(np.arctan2(*np.diff(samples, axis=0).T))
    assert np.count_nonzero(abs(turns) > 0.1) == 4  # two at the corner, and around the lift
    assert curve.ends == ((0, 1), (2, 1), (3, 4), (4, 3))


def test_control_points_are_in_units_of_the_height() -> None:
    assert parse_variant("0,0 50,25! / 8,100") == [(0, 0), (0.5, 0.25), (0.08, 1)]


@pytest.mark.parametrize("glyph", GLYPHS, ids=lambda glyph: glyph.variants[0][:20])
def test_the_variants_of_a_glyph_have_the_same_corners_and_strokes(glyph: Glyph) -> None:
    marks = {
        tuple(word[-1] in "!/" and word[-1] for word in variant.split())
        for variant in glyph.variants
    }

    assert len(marks) == 1


@pytest.mark.parametrize("glyph", GLYPHS, ids=lambda glyph: glyph.variants[0][:20])
def test_the_variants_of_a_glyph_are_about_as_high_as_a_digit(glyph: Glyph) -> None:
    variants = to_curve(glyph).variants

    assert variants.min() >= 0
    assert np.ptp(variants[..., 1], axis=1).min() > 0.7
    assert variants.max() <= 1


def test_each_digit_has_several_glyphs() -> None:
    counts = Counter(glyph.digit for glyph in GLYPHS)

    assert set(counts) == set(range(10))
    assert min(counts.values()) >= 3


def test_glyphs_are_chosen_by_their_shares() -> None:
    digits = np.repeat(np.arange(10), 5000)

    chosen = choose_glyphs(generator(), digits, GLYPHS)

    assert [GLYPHS[number].digit for number in chosen] == digits.tolist()
    of_one = [glyph for glyph in GLYPHS if glyph.digit == 1]
    found = Counter(chosen[digits == 1].tolist())
    for glyph in of_one:
        share = glyph.share / sum(other.share for other in of_one)
        assert found[GLYPHS.index(glyph)] / 5000 == pytest.approx(share, abs=0.03)


def test_a_steady_hand_writes_the_glyphs_themselves() -> None:
    paths = write(generator(), np.full(200, 1), STEADY)

    straight = np.ptp(paths[..., 0], axis=1) < 0.15  # the plain 1, a frequent glyph
    assert straight.sum() > 50
    np.testing.assert_allclose(np.ptp(paths[straight][..., 1], axis=1), 1, atol=1e-6)


def test_no_digit_is_written_twice_the_same() -> None:
    paths = write(generator(), np.full(50, 3), HANDS)

    for number in range(1, 50):
        assert abs(paths[number] - paths[0]).max() > 0.01


def test_writing_is_a_function_of_the_seed() -> None:
    paths = write(generator(), np.full(50, 3), HANDS)
    again = write(generator(), np.full(50, 3), HANDS)

    np.testing.assert_array_equal(paths, again)


def three(**hand: object) -> np.ndarray:
    """The paths of 2000 3s by a steady hand, except for what is given."""
    glyph = Glyph(3, 1, ("5,10 30,0 50,14 20,46! 54,80 4,90",))
    return trace(generator(), to_curve(glyph), 2000, STEADY._replace(**hand))


def test_jitter_displaces_control_points() -> None:
    moved = three(jitter=(0.02, 0.06)) - three()

    # of a control point; its standard deviation is uniform from 0.02 to 0.06
    assert moved[:, 0].std() == pytest.approx(np.sqrt(0.04**2 + 0.04**2 / 12), rel=0.05)
    spread = abs(moved).max(axis=(1, 2))
    assert np.percentile(spread, 95) > 2 * np.percentile(spread, 5)


def test_overshoot_moves_the_ends_of_strokes_along_them() -> None:
    curve = to_curve(Glyph(1, 1, ("0,0 0,50 0,100",)))

    straight = trace(generator(), curve, 2000, STEADY._replace(overshoot=0.2))

    for end in (straight[:, 0, 1], straight[:, -1, 1]):
        assert end.std() == pytest.approx(0.5 * 0.2, rel=0.05)
    np.testing.assert_allclose(straight[..., 0], 0, atol=1e-12)


def test_tremor_displaces_samples() -> None:
    steady, trembling = (
        write(generator(), np.full(300, 3), STEADY._replace(tremor=tremor)) for tremor in (0, 0.01)
    )

    assert (trembling - steady).std() == pytest.approx(0.01, rel=0.05)


def line() -> np.ndarray:
    """Upright lines, [4000, 3, 2], each from (0, -0.5) to (0, 0.5)."""
    return np.tile([[0, -0.5], [0, 0.0], [0, 0.5]], (4000, 1, 1))


def test_slant_shears_to_the_right() -> None:
    tilted = tilt(generator(), line(), STEADY._replace(slant=(0.3, 0.1)))

    lean = tilted[:, 0, 0] - tilted[:, 2, 0]
    assert (lean.mean(), lean.std()) == pytest.approx((0.3, 0.1), rel=0.05)
    np.testing.assert_allclose(tilted[..., 1], line()[..., 1])


def test_rotation_turns_around_the_middle() -> None:
    tilted = tilt(generator(), line(), STEADY._replace(rotation=0.2))

    angles = np.arctan2(tilted[:, 0, 0], -tilted[:, 0, 1])
    assert (angles.mean(), angles.std()) == pytest.approx((0, 0.2), abs=0.01)
    np.testing.assert_allclose(np.linalg.norm(tilted[:, 0], axis=1), 0.5)


def test_width_is_a_lognormal_factor() -> None:
    points = line()[..., ::-1]

    tilted = tilt(generator(), points, STEADY._replace(width=(0.1, 0.2)))

    logarithms = np.log(np.ptp(tilted[..., 0], axis=1))
    assert (logarithms.mean(), logarithms.std()) == pytest.approx((0.1, 0.2), rel=0.1)


def test_the_warp_displaces_the_ends_but_not_the_middle() -> None:
    bent = warp(generator(), line(), STEADY._replace(warp=0.1)) - line()

    np.testing.assert_array_equal(bent[:, 1], 0)
    # at x = 0, y = 0.5: of the terms, those of v² and of v³
    np.testing.assert_allclose(bent[:, 2].std(axis=0), np.hypot(0.1, 0.1), rtol=0.05)
