import numpy as np

from mnistcli.pictures.components import MAX_COMPONENTS, Component, find_components, join_boxes
from mnistcli.pictures.geometry import Box


def make_strength() -> np.ndarray:
    """Ink [200, 200]: a bar, a lighter one on the border, and a speck."""
    strength = np.zeros((200, 200), np.float32)
    strength[10:60, 10:20] = 1
    strength[61, 20] = strength[60, 21] = strength[60, 20] = 1  # connected diagonally
    strength[0:20, 100:105] = 1
    strength[30, 150:152] = 0.5
    return strength


def test_components_are_8_connected_and_sorted_by_mass() -> None:
    strength = make_strength()

    components = find_components(strength, strength > 0)

    assert [(one.box, one.mass, one.border_pixels) for one in components.by_mass] == [
        ((10, 10, 22, 62), 503, 0),
        ((100, 0, 105, 20), 100, 5),
    ]  # and no speck


def test_components_are_selected_as_a_mask() -> None:
    strength = make_strength()
    components = find_components(strength, strength > 0)
    _, on_border = components.by_mass
    expected = np.zeros((200, 200), bool)
    expected[0:20, 100:105] = True

    np.testing.assert_array_equal(components.select([on_border]), expected)
    np.testing.assert_array_equal(
        components.select(components.by_mass, np.s_[30:, :]), strength[30:] == 1
    )


def test_the_mass_is_the_sum_of_the_strength() -> None:
    strength = np.zeros((20, 20), np.float32)
    strength[5:10, 5:10] = 0.25

    (component,) = find_components(strength, strength > 0).by_mass

    assert component.mass == 25 * 0.25


def test_no_ink_has_no_components() -> None:
    blank = np.zeros((20, 20), np.float32)

    components = find_components(blank, blank > 0)

    assert components.by_mass == ()
    assert not components.labels.any()


def test_there_are_at_most_so_many_components() -> None:
    strength = np.zeros((80, 80), np.float32)
    strength[::2, ::2] = 1

    assert len(find_components(strength, strength > 0).by_mass) <= MAX_COMPONENTS < 40 * 40


def test_the_share_on_the_border_is_of_the_longer_side() -> None:
    assert Component(1, Box(0, 5, 10, 45), 100.0, 30).border_share == 0.75


def test_the_boxes_of_components_are_joined() -> None:
    boxes = Box(0, 5, 10, 45), Box(20, 0, 30, 10), Box(5, 5, 6, 50)

    assert join_boxes(Component(1, box, 1.0, 0) for box in boxes) == (0, 0, 30, 50)
