from pathlib import Path

import numpy as np
import pytest
from helpers.drawing import seven, to_file, to_png
from PIL import Image, ImageDraw, ImageOps

from mnistcli.datasets import idx
from mnistcli.errors import PictureError
from mnistcli.pictures.pipeline import BLANK, prepare


def image_of(data: bytes, preprocess: str = "mnist", invert: str = "auto") -> np.ndarray:
    (digit,) = prepare(data, preprocess, invert).digits
    return digit.image


@pytest.fixture(scope="module")
def framed() -> np.ndarray:
    """The 7, prepared from black on white."""
    return image_of(to_png(seven()))


def test_the_ink_is_fitted_and_centred(framed: np.ndarray) -> None:
    rows, columns = np.flatnonzero(framed.any(axis=1)), np.flatnonzero(framed.any(axis=0))
    mass = framed / framed.sum()

    assert framed.shape == (28, 28)
    assert framed.dtype == np.uint8
    assert framed.max() == 255
    assert rows[-1] - rows[0] + 1 == 20
    assert columns[-1] - columns[0] + 1 == 12  # 20 * 61 / 101
    assert 13.5 <= (mass.sum(axis=1) * np.arange(28)).sum() < 14.5
    assert 13.5 <= (mass.sum(axis=0) * np.arange(28)).sum() < 14.5


def test_the_ink_keeps_its_shape(framed: np.ndarray) -> None:
    row = np.flatnonzero(framed.any(axis=1))[0]
    bar, stem = framed[row + 1] > 127, framed[row + 17] > 127

    assert bar.sum() == pytest.approx(12, abs=1)  # the bar of the 7, across
    assert stem.sum() == pytest.approx(13 * 20 / 101, abs=1)  # the foot of its stem


def transparent(ink: int) -> Image.Image:
    shape = seven()
    return Image.merge("LA", [Image.new("L", shape.size, ink), ImageOps.invert(shape)])


def as_16_bit(shape: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(shape).astype(np.uint16) * 257)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(to_png(seven(paper=0, ink=255)), id="white on black"),
        pytest.param(to_png(seven(paper=200, ink=60)), id="gray on gray"),
        pytest.param(to_png(seven(paper=90, ink=10)), id="black on dark gray"),
        pytest.param(to_png(seven(paper=180, ink=250)), id="white on light gray"),
        pytest.param(to_png(seven(width=600, height=400)), id="in a corner"),
        pytest.param(to_png(seven().convert("RGB")), id="RGB"),
        pytest.param(to_png(seven().convert("P")), id="palette"),
        pytest.param(to_png(seven().convert("1")), id="1 bit"),
        pytest.param(to_png(as_16_bit(seven())), id="16 bit"),
        pytest.param(to_file(seven().convert("I"), "TIFF"), id="32 bit"),
        pytest.param(to_file(Image.fromarray(np.asarray(seven()) / 255), "TIFF"), id="float"),
        pytest.param(to_file(seven().convert("CMYK"), "TIFF"), id="CMYK"),
        pytest.param(to_file(seven(), "BMP"), id="BMP"),
        pytest.param(to_file(seven(), "GIF"), id="GIF"),
        pytest.param(to_file(seven(), "WEBP", lossless=True), id="WebP"),
        pytest.param(to_png(transparent(ink=0)), id="black on nothing"),
        pytest.param(to_png(transparent(ink=255)), id="white on nothing"),
        pytest.param(to_png(transparent(ink=0).convert("RGBA")), id="RGBA"),
    ],
)
def test_the_same_shape_gives_the_same_image(data: bytes, framed: np.ndarray) -> None:
    prepared = prepare(data)

    assert (
        np.abs(prepared.digits[0].image.astype(int) - framed).max() <= 3
    )  # of few gray levels, rounded
    assert prepared.warnings == ()


def test_jpeg_noise_does_not_move_the_frame(framed: np.ndarray) -> None:
    image = image_of(to_file(seven(), "JPEG", quality=60))

    assert np.abs(image.astype(int) - framed).mean() < 2


def test_the_grain_of_paper_does_not_move_the_frame(framed: np.ndarray) -> None:
    grain = np.random.default_rng(0).integers(-20, 21, (160, 120))
    paper = np.clip(np.asarray(seven(paper=200, ink=30)) + grain, 0, 255).astype(np.uint8)

    assert np.abs(image_of(to_png(paper)).astype(int) - framed).mean() < 4


def test_faint_ink_is_read_and_fainter_is_none(framed: np.ndarray) -> None:
    faint = prepare(to_png(seven(paper=220, ink=195)))
    assert faint.warnings == ()
    assert (
        np.abs(faint.digits[0].image.astype(int) - framed).max() <= 12
    )  # of 25 gray levels, rounded

    fainter = prepare(to_png(seven(paper=220, ink=213)))
    assert fainter.warnings == (BLANK,)


@pytest.mark.parametrize("ink", [0, 100, 150, 255])
def test_on_nothing_any_ink_is_ink(ink: int, framed: np.ndarray) -> None:
    image = image_of(to_png(transparent(ink)))

    assert np.abs(image.astype(int) - framed).max() <= 3


@pytest.mark.parametrize(
    "exif", [b"garbage", b"II*\0", b"MM\0*\xff\xff\xff\xffdamaged"], ids=["none", "cut", "lost"]
)
def test_damaged_exif_data_is_no_reason_to_refuse(exif: bytes, framed: np.ndarray) -> None:
    data = to_png(seven(), exif=b"Exif\0\0" + exif)

    np.testing.assert_array_equal(image_of(data), framed)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_rotated_photo_is_turned_upright(orientation: int, framed: np.ndarray) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = seven().transpose(undo[orientation]) if orientation > 1 else seven()
    exif = Image.Exif()
    exif[0x0112] = orientation

    np.testing.assert_array_equal(image_of(to_png(stored, exif=exif)), framed)


def test_the_polarity_can_be_given(framed: np.ndarray) -> None:
    white_on_black = to_png(seven(paper=0, ink=255))

    np.testing.assert_array_equal(image_of(white_on_black, invert="no"), framed)
    assert not np.array_equal(image_of(white_on_black, invert="yes"), framed)


def test_a_thin_line_comes_out_as_strong_as_a_thick_one() -> None:
    paper = np.full((1000, 1000), 255, np.uint8)
    paper[100:900, 500:502] = 0

    image = image_of(to_png(paper))

    assert image.max() == 255
    assert image.any(axis=1).sum() == 20


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (2, 2), (9, 5)])
@pytest.mark.parametrize("mode", ["L", "RGBA"])
def test_tiny_pictures_are_no_trouble(size: tuple[int, int], mode: str) -> None:
    picture_of_dot = Image.new("L", size, 255)
    picture_of_dot.putpixel((size[0] // 2, size[1] // 2), 0)

    assert image_of(to_png(picture_of_dot.convert(mode))).shape == (28, 28)


@pytest.mark.parametrize(
    "blank",
    [
        Image.new("L", (50, 40), 255),
        Image.new("L", (50, 40), 0),
        Image.new("L", (28, 28), 0),
        Image.new("RGBA", (50, 40), (0, 0, 0, 0)),
        Image.new("RGBA", (50, 40), (255, 255, 255, 255)),
        Image.new("RGB", (1, 1), (90, 90, 90)),
    ],
)
def test_a_blank_picture_is_warned_about(blank: Image.Image) -> None:
    prepared = prepare(to_png(blank))

    assert not prepared.digits[0].image.any()
    assert prepared.warnings == (BLANK,)


def test_plain_does_what_the_tutorials_do() -> None:
    shape = seven().convert("RGB")
    expected = np.asarray(ImageOps.invert(shape.convert("L")).resize((28, 28)))

    np.testing.assert_array_equal(image_of(to_png(shape), "plain"), expected)
    np.testing.assert_array_equal(image_of(to_png(shape), "plain", "yes"), expected)
    not_inverted = image_of(to_png(shape), "plain", "no")
    np.testing.assert_array_equal(not_inverted, np.asarray(shape.convert("L").resize((28, 28))))


def test_plain_keeps_the_size_it_wants() -> None:
    image = np.arange(784, dtype=np.uint16).reshape(28, 28).astype(np.uint8)

    np.testing.assert_array_equal(image_of(to_png(image), "plain"), 255 - image)


GOOD = to_png(seven())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"hello, world", "not a picture"),
        (GOOD[: len(GOOD) // 2], "damaged picture"),
        (GOOD[:30] + b"\xff" * 20 + GOOD[50:], "picture"),
        (to_file(seven(), "JPEG")[:300], "damaged picture"),
        (to_file(seven(), "TIFF")[:-9000], "picture"),
        (to_file(seven().convert("RGB"), "EPS"), "EPS is a program"),
    ],
)
def test_a_bad_file_is_a_picture_error(data: bytes, message: str) -> None:
    with pytest.raises(PictureError, match=message):
        prepare(data)


def test_more_pixels_than_pillow_allows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10_000)
    for side in (101, 200):  # Pillow itself only warns of the first
        with pytest.raises(PictureError, match="more than 10000 pixels"):
            prepare(to_png(Image.new("L", (side, side))))


@pytest.mark.parametrize("split", ["train", "t10k"])
def test_mnist_images_come_through_unchanged(split: str, shared: Path) -> None:
    images = idx.read(shared / "mnist" / f"{split}-images-idx3-ubyte.gz")[:10_000]

    for image in images[::100]:
        np.testing.assert_array_equal(image_of(to_png(image)), image)
        np.testing.assert_array_equal(image_of(to_png(255 - image)), image)


def test_mnist_images_moved_are_put_back(shared: Path) -> None:
    images = idx.read(shared / "mnist" / "t10k-images-idx3-ubyte.gz")[:200]
    restored = [
        image_of(to_png(np.pad(255 - image, (20, 35), constant_values=255))) for image in images
    ]

    difference = np.abs(np.array(restored).astype(int) - images)
    assert difference.mean() < 2  # most strokes are made full


def page(background: np.ndarray | float = 230.0, ink: int = 20) -> np.ndarray:
    """The 7 in the middle of a page [320, 320], its ink in [110:211, 110:171]."""
    strokes = np.asarray(seven(120, 160, 0, 255)) / 255
    placed = np.zeros((320, 320))
    placed[80:240, 90:210] = strokes
    return background * (1 - placed) + ink * placed


def is_like(image: np.ndarray, expected: np.ndarray, least: float) -> bool:
    """Tell whether images correlate, one of them moved by a pixel if need be."""
    moved = (np.roll(image, (down, right), (0, 1)) for down in (-1, 0, 1) for right in (-1, 0, 1))
    return max(np.corrcoef(each.ravel(), expected.ravel())[0, 1] for each in moved) > least


RISE = np.linspace(0, 1, 320)


def with_patch() -> np.ndarray:
    background = np.full((320, 320), 225.0)
    background[60:270, 70:230] = 205
    return page(background)


def with_dots() -> np.ndarray:
    dotted = page()
    for row, column in ((20, 30), (60, 290), (250, 40), (300, 200), (150, 280)):
        dotted[row : row + 4, column : column + 4] = 0
    return dotted


def with_neighbours() -> np.ndarray:
    crowded = page()
    crowded[100:200, :14] = crowded[120:220, 300:] = crowded[:12, 90:130] = 20
    return crowded


def with_edges() -> np.ndarray:
    edged = page()
    edged[:, :18], edged[-11:], edged[:, -3:] = 60, 20, 0
    return edged


def with_creases() -> np.ndarray:
    creased = page()
    creased[:, 60:62], creased[270:272, :] = 200, 205
    return creased


PAGES = {
    "shadow": lambda: page() * (1 - 0.6 / (1 + np.exp(-25 * (RISE - 0.5)))),
    "edge of a shadow": lambda: page() * np.where(RISE[:, np.newaxis] + RISE < 0.95, 0.5, 1),
    "black to white": lambda: page(RISE * 200 + 55, ink=0),
    "white to black, light ink": lambda: page(np.add.outer(RISE, RISE) * 100, ink=255),
    "vignette": lambda: page() * (1 - 1.2 * np.add.outer((RISE - 0.5) ** 2, (RISE - 0.5) ** 2)),
    "patch": with_patch,
    "dots": with_dots,
    "neighbours cut off": with_neighbours,
    "dark edges": with_edges,
    "creases": with_creases,
}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("quality", [None, 30])
def test_the_background_does_not_matter(name: str, quality: int | None, framed: np.ndarray) -> None:
    levels = np.clip(PAGES[name](), 0, 255).astype(np.uint8)
    data = to_file(levels, "JPEG", quality=quality) if quality else to_png(levels)

    prepared = prepare(data)

    (digit,) = prepared.digits
    assert is_like(digit.image, framed, 0.9)
    assert prepared.warnings == ()


@pytest.mark.parametrize("gap", [4, 8])
def test_no_part_of_a_digit_is_lost(gap: int, framed: np.ndarray) -> None:
    broken = page()
    broken[124 : 124 + gap, 100:180] = 230  # between the bar and the stem
    broken[170 : 170 + gap, 100:180] = 230

    assert (
        np.corrcoef(image_of(to_png(broken.astype(np.uint8))).ravel(), framed.ravel())[0, 1] > 0.9
    )


def test_a_digit_that_touches_the_border_is_whole(framed: np.ndarray) -> None:
    for part in (np.s_[110:, :], np.s_[:, 110:], np.s_[:211, :], np.s_[:, :171]):
        assert is_like(image_of(to_png(page()[part].astype(np.uint8))), framed, 0.9)


def test_hairlines_and_markers_come_out_alike() -> None:
    images = []
    for width in (3, 20, 60):
        drawn = Image.new("L", (1000, 1000), 255)
        ImageDraw.Draw(drawn).line([(300, 200), (700, 200), (400, 850)], 0, width, joint="curve")
        images.append(image_of(to_png(drawn)))

    widths = [(image[12:20] > 127).sum(axis=1).mean() for image in images]
    assert all(1.5 <= width <= 3.5 for width in widths)
    assert widths == sorted(widths)


def test_a_single_dot_is_ink() -> None:
    paper = np.full((300, 300), 255, np.uint8)
    paper[150, 150] = 0

    assert image_of(to_png(paper)).max() == 255


@pytest.mark.parametrize("angle", [0, 4, -15, 40])
@pytest.mark.parametrize("table", [40, 120])
def test_a_sheet_may_lie_on_a_table(angle: int, table: int, framed: np.ndarray) -> None:
    sheet = Image.fromarray(page().astype(np.uint8)).rotate(angle, expand=True, fillcolor=table)
    photo = Image.new("L", (640, 560), table)
    photo.paste(sheet, (100, 60))

    prepared = prepare(to_png(photo))

    (digit,) = prepared.digits
    turned = np.asarray(Image.fromarray(framed).rotate(angle, Image.Resampling.BICUBIC))
    assert prepared.polarity == "dark_on_light"
    assert is_like(digit.image, turned, 0.6 if abs(angle) > 10 else 0.85)
