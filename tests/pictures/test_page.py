@pytest.mark.parametrize("sides", [(9, 0, 0, 0), (0, 12, 0, 0), (0, 0, 7, 0), (9, 6, 7, 8)])
@pytest.mark.parametrize("level", [10, 120])
def test_bands_along_the_sides_are_left_out(sides: tuple[int, ...], level: int) -> None:
    top, bottom, left, right = sides
    gray = np.asarray(seven(paper=230, ink=20))
    banded = np.pad(gray, ((top, bottom), (left, right)), constant_values=level)

    inner = banded[find_page(banded)]

    assert not (inner[1:-1, 1:-1] == level).any()
    assert np.abs(np.subtract(inner.shape, gray.shape)).max() <= 6  # a blurred edge's rows


def test_a_stroke_is_no_band() -> None:
    bar = np.full((60, 40), 255, np.uint8)
    bar[:, 8:32] = 0

    assert bar[find_page(bar)].shape == bar.shape
    gray = np.asarray(seven())[28:, 18:]
    assert gray[find_page(gray)].shape == gray.shape


