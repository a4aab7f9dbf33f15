"""The light on a page: uneven, with shadows, dark borders and glare."""

import cv2
import numpy as np
from canvas import PAGE_SIDE, Levels, Random
from numpy.typing import NDArray
from paper import make_noise

SLOPING, CLOUDY, SHADED, BORDERED, GLARING = 0.5, 0.3, 0.22, 0.1, 0.12
"""Shares of the pages with each kind of light."""

MIN_LIGHT, MAX_LIGHT = 0.25, 1.6
"""Shares of full light that are within the range of a camera."""


def light_up(random: Random, picture: Levels) -> NDArray[np.floating]:
    """Light a picture unevenly: gradients, shadows with soft and sharp edges, glare."""
    lit: NDArray[np.floating] = picture * make_light(random)[..., np.newaxis]
    if random.random() < GLARING:
        lit = lit + make_glare(random)[..., np.newaxis]
    return np.clip(lit, 0, 255)


def make_light(random: Random) -> Levels:
    """Return the light on each pixel of a page, as a share of full light."""
    across = np.linspace(-1, 1, PAGE_SIDE, dtype=np.float32)
    light = np.ones((PAGE_SIDE, PAGE_SIDE), np.float32)
    if random.random() < SLOPING:
        a, b = random.uniform(-0.45, 0.45, 2)
        light += (a * across)[:, np.newaxis] + b * across
    if random.random() < CLOUDY:
        clouds = make_noise(random, int(random.integers(2, 5)))
        light *= np.exp(clouds * random.uniform(0.05, 0.35))
    if random.random() < SHADED:
        shadow = make_shadow(random)
        light *= 1 - random.uniform(0.15, 0.65) * shadow
    if random.random() < BORDERED:
        distance = np.abs(across) if random.random() < 0.5 else across
        dark = random.uniform(0.2, 0.8) * np.exp((distance - 1) * random.uniform(4, 25))
        light *= 1 - (dark if random.random() < 0.5 else dark[:, np.newaxis])
    limited: Levels = np.clip(light, MIN_LIGHT, MAX_LIGHT)
    return limited


def make_shadow(random: Random) -> Levels:
    """Return a layer with a shadow of three or four corners, with a soft or a sharp edge."""
    corners = random.uniform(-0.5, 1.5, (int(random.integers(3, 5)), 2)) * PAGE_SIDE
    shadow = np.zeros((PAGE_SIDE, PAGE_SIDE), np.uint8)
    cv2.fillPoly(shadow, [np.rint(corners).astype(np.int32)], 255, cv2.LINE_AA)
    blur = float(random.choice([0.7, 2, 6, 15]))
    return np.asarray(cv2.GaussianBlur(shadow.astype(np.float32) / 255, (0, 0), blur))


def make_glare(random: Random) -> NDArray[np.float64]:
    """Return gray levels [PAGE_SIDE, PAGE_SIDE] to be added around a spot, which may be off it."""
    x, y = random.uniform(-0.3, 1.3, 2) * PAGE_SIDE
    rows, columns = np.mgrid[:PAGE_SIDE, :PAGE_SIDE].astype(np.float32)
    width = random.uniform(0.15, 0.6) * PAGE_SIDE
    spot = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * width**2))
    glare: NDArray[np.float64] = spot * random.uniform(40, 220)
    return glare
