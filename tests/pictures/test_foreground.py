import cv2
import numpy as np
import pytest
from helpers.drawing import INK, light_of, seven
from PIL import Image, ImageDraw

from mnistcli.pictures.foreground import choose_plane, is_light_on_dark, separate

LIGHTS = ["even", "plane", "vignette", "soft shadow", "hard shadow"]


@pytest.mark.parametrize("kind", LIGHTS)
@pytest.mark.parametrize("noise", [0, 3])
@pytest.mark.parametrize(("paper", "ink"), [(240, 40), (200, 130), (60, 230)])
def test_ink_is_separated_from_paper_in_any_light(
    kind: str, noise: int, paper: int, ink: int
) -> None:
    light = light_of(kind)
    page = np.where(INK, ink, paper * light) if paper < ink else np.where(INK, ink, paper) * light
    random = np.random.default_rng(0)
    gray = np.clip(page + random.normal(0, noise, page.shape), 0, 255).astype(np.uint8)

    is_light = is_light_on_dark(gray)
    found = separate(~gray if is_light else gray)

    assert is_light is (paper < ink)
    strength = found.smooth
    is_within = cv2.erode(INK.astype(np.uint8), np.ones((3, 3))) > 0
    is_beyond = cv2.dilate(INK.astype(np.uint8), np.ones((5, 5))) == 0
    away_from_sides = (slice(4, -4), slice(4, -4))
    limit = 0.3 * np.median(strength[INK])
    assert (strength[is_within] > limit).mean() > 0.99
    assert (strength[away_from_sides][is_beyond[away_from_sides]] < limit).mean() > 0.98


def test_ink_is_as_strong_in_the_shade() -> None:
    gray = (np.where(INK, 40, 220) * light_of("hard shadow")).astype(np.uint8)

    strength = separate(gray).measure_strength(np.s_[:, :])

    lit, shaded = strength[100:125][INK[100:125]], strength[34:40][INK[34:40]]
    assert np.median(lit) == pytest.approx(1 - 40 / 220, abs=0.02)
    assert np.median(shaded) == pytest.approx(1 - 40 / 220, abs=0.02)


def test_noise_is_measured() -> None:
    random = np.random.default_rng(0)
    for noise in (2, 6):
        gray = np.clip(200 + random.normal(0, noise, (200, 200)), 0, 255).astype(np.uint8)
        ink = separate(gray)

        assert ink.noise == pytest.approx(noise, rel=0.35)
        assert ink.is_ink.mean() < 0.001


def test_contrast_is_in_gray_levels() -> None:
    ink = separate(np.asarray(seven(paper=230, ink=190)))

    assert np.median(ink.contrast[INK]) == 40
    assert np.median(ink.contrast[~INK]) == 0


@pytest.mark.parametrize(
    ("ink", "paper", "plane"),
    [
        ((250, 235, 40), (255, 255, 255), 3),  # yellow on white: in blue
        ((200, 60, 60), (40, 140, 60), 1),  # red on a green as light: in red
        ((20, 20, 20), (255, 255, 255), 0),
        ((30, 30, 160), (240, 235, 220), 0),
    ],
)
def test_the_plane_that_shows_coloured_ink_is_chosen(
    ink: tuple[int, ...], paper: tuple[int, ...], plane: int
) -> None:
    colours = np.where(INK, np.reshape(ink, (3, 1, 1)), np.reshape(paper, (3, 1, 1)))
    luminance = np.tensordot([0.299, 0.587, 0.114], colours, 1)
    planes = np.concatenate([luminance[np.newaxis], colours]).astype(np.uint8)

    np.testing.assert_array_equal(choose_plane(planes), planes[plane])


@pytest.mark.parametrize("is_light", [True, False])
def test_the_polarity_of_a_marker_that_fills_the_picture_is_found(is_light: bool) -> None:
    picture = Image.new("L", (70, 100), 255)
    two = [(10, 22), (22, 10), (48, 10), (60, 26), (56, 46), (12, 88), (68, 88)]
    ImageDraw.Draw(picture).line(two, 0, 15, joint="curve")
    gray = np.asarray(picture)
    assert 0.35 < (gray < 128).mean() < 0.5

    assert is_light_on_dark(255 - gray if is_light else gray) is is_light
