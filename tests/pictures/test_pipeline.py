from pathlib import Path

import numpy as np
import pytest
from helpers.drawing import seven, to_file, to_png
from PIL import Image, ImageOps

from mnistcli.datasets import idx
from mnistcli.errors import PictureError
from mnistcli.pictures.pipeline import (
    BLANK,
    PictureOptions,
    Prepared,
    Trace,
    prepare,
    prepare_in_batches,
)


def image_of(data: bytes, preprocess: str = "mnist", invert: str = "auto") -> np.ndarray:
    (digit,) = prepare(data, PictureOptions(preprocess, invert)).digits
    return digit.image


@pytest.fixture(scope="module")
def normalized() -> np.ndarray:
    """The 7, prepared from black on white."""
    return image_of(to_png(seven()))


def test_the_ink_is_scaled_and_centred(normalized: np.ndarray) -> None:
    rows, columns = np.flatnonzero(normalized.any(axis=1)), np.flatnonzero(normalized.any(axis=0))
    mass = normalized / normalized.sum()

    assert normalized.shape == (28, 28)
    assert normalized.dtype == np.uint8
    assert normalized.max() == 255
    assert rows[-1] - rows[0] + 1 == 20
    assert columns[-1] - columns[0] + 1 == 12  # 20 * 61 / 101
    assert 13.5 <= (mass.sum(axis=1) * np.arange(28)).sum() < 14.5
    assert 13.5 <= (mass.sum(axis=0) * np.arange(28)).sum() < 14.5


def test_the_ink_keeps_its_shape(normalized: np.ndarray) -> None:
    row = np.flatnonzero(normalized.any(axis=1))[0]
    bar, stem = normalized[row + 1] > 127, normalized[row + 17] > 127

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
        pytest.param(to_png(transparent(ink=0)), id="black on transparency"),
        pytest.param(to_png(transparent(ink=255)), id="white on transparency"),
        pytest.param(to_png(transparent(ink=0).convert("RGBA")), id="RGBA"),
    ],
)
def test_the_same_shape_gives_the_same_image(data: bytes, normalized: np.ndarray) -> None:
    prepared = prepare(data)

    (digit,) = prepared.digits
    difference = np.abs(digit.image.astype(int) - normalized)
    assert difference.max() <= 3  # of few gray levels, rounded
    assert prepared.warnings == ()


def test_jpeg_noise_does_not_move_the_ink(normalized: np.ndarray) -> None:
    image = image_of(to_file(seven(), "JPEG", quality=60))

    assert np.abs(image.astype(int) - normalized).mean() < 2


def test_the_grain_of_paper_does_not_move_the_ink(normalized: np.ndarray) -> None:
    grain = np.random.default_rng(0).integers(-20, 21, (160, 120))
    paper = np.clip(np.asarray(seven(paper=200, ink=30)) + grain, 0, 255).astype(np.uint8)

    assert np.abs(image_of(to_png(paper)).astype(int) - normalized).mean() < 4


def test_faint_ink_is_found(normalized: np.ndarray) -> None:
    prepared = prepare(to_png(seven(paper=220, ink=195)))

    (digit,) = prepared.digits
    difference = np.abs(digit.image.astype(int) - normalized)
    assert difference.max() <= 12  # of 25 gray levels, rounded
    assert prepared.warnings == ()


def test_even_fainter_ink_is_not_found() -> None:
    assert prepare(to_png(seven(paper=220, ink=213))).warnings == (BLANK,)


@pytest.mark.parametrize("ink", [0, 100, 150, 255])
def test_ink_of_any_tone_is_found_on_transparency(ink: int, normalized: np.ndarray) -> None:
    image = image_of(to_png(transparent(ink)))

    assert np.abs(image.astype(int) - normalized).max() <= 3


@pytest.mark.parametrize(
    "exif", [b"garbage", b"II*\0", b"MM\0*\xff\xff\xff\xffdamaged"], ids=["none", "cut", "lost"]
)
def test_damaged_exif_data_is_ignored(exif: bytes, normalized: np.ndarray) -> None:
    data = to_png(seven(), exif=b"Exif\0\0" + exif)

    np.testing.assert_array_equal(image_of(data), normalized)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_rotated_photo_is_turned_upright(orientation: int, normalized: np.ndarray) -> None:
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

    np.testing.assert_array_equal(image_of(to_png(stored, exif=exif)), normalized)


def test_the_polarity_can_be_given(normalized: np.ndarray) -> None:
    white_on_black = to_png(seven(paper=0, ink=255))

    np.testing.assert_array_equal(image_of(white_on_black, invert="no"), normalized)
    assert not np.array_equal(image_of(white_on_black, invert="yes"), normalized)


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (2, 2), (9, 5)])
@pytest.mark.parametrize("mode", ["L", "RGBA"])
def test_tiny_pictures_are_prepared(size: tuple[int, int], mode: str) -> None:
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
def test_a_blank_picture_gets_a_warning(blank: Image.Image) -> None:
    prepared = prepare(to_png(blank))

    assert not prepared.digits[0].image.any()
    assert prepared.warnings == (BLANK,)


def test_plain_prepares_as_the_tutorials_do() -> None:
    shape = seven().convert("RGB")
    expected = np.asarray(ImageOps.invert(shape.convert("L")).resize((28, 28)))

    np.testing.assert_array_equal(image_of(to_png(shape), "plain"), expected)
    np.testing.assert_array_equal(image_of(to_png(shape), "plain", "yes"), expected)
    not_inverted = image_of(to_png(shape), "plain", "no")
    np.testing.assert_array_equal(not_inverted, np.asarray(shape.convert("L").resize((28, 28))))


def test_plain_does_not_resize_28_by_28() -> None:
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
def test_mnist_images_are_used_as_they_are(split: str, shared: Path) -> None:
    images = idx.read(shared / "mnist" / f"{split}-images-idx3-ubyte.gz")[:10_000]

    for image in images[::100]:
        np.testing.assert_array_equal(image_of(to_png(image)), image)
        np.testing.assert_array_equal(image_of(to_png(255 - image)), image)


def test_shifted_mnist_images_are_normalized_back(shared: Path) -> None:
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
def test_the_background_does_not_matter(
    name: str, quality: int | None, normalized: np.ndarray
) -> None:
    levels = np.clip(PAGES[name](), 0, 255).astype(np.uint8)
    data = to_file(levels, "JPEG", quality=quality) if quality else to_png(levels)

    prepared = prepare(data)

    (digit,) = prepared.digits
    assert is_like(digit.image, normalized, 0.9)
    assert prepared.warnings == ()


@pytest.mark.parametrize("gap", [4, 8])
def test_no_part_of_a_digit_is_lost(gap: int, normalized: np.ndarray) -> None:
    broken = page()
    broken[124 : 124 + gap, 100:180] = 230  # between the bar and the stem
    broken[170 : 170 + gap, 100:180] = 230

    image = image_of(to_png(broken.astype(np.uint8)))
    assert np.corrcoef(image.ravel(), normalized.ravel())[0, 1] > 0.9


def test_a_digit_that_touches_the_border_is_complete(normalized: np.ndarray) -> None:
    for part in (np.s_[110:, :], np.s_[:, 110:], np.s_[:211, :], np.s_[:, :171]):
        assert is_like(image_of(to_png(page()[part].astype(np.uint8))), normalized, 0.9)


@pytest.mark.parametrize("angle", [0, 4, -15, 40])
@pytest.mark.parametrize("table", [40, 120])
def test_a_sheet_may_lie_on_a_table(angle: int, table: int, normalized: np.ndarray) -> None:
    sheet = Image.fromarray(page().astype(np.uint8)).rotate(angle, expand=True, fillcolor=table)
    photo = Image.new("L", (640, 560), table)
    photo.paste(sheet, (100, 60))

    prepared = prepare(to_png(photo))

    (digit,) = prepared.digits
    turned = np.asarray(Image.fromarray(normalized).rotate(angle, Image.Resampling.BICUBIC))
    assert prepared.polarity == "dark_on_light"
    assert is_like(digit.image, turned, 0.6 if abs(angle) > 10 else 0.85)


def make_scan() -> np.ndarray:
    """A scan [3000, 2600] of a page with two 7s and dark edges at the left and the top.

    In the page, from row 60 and column 90 on, the 7s are ten times as large as usual.
    """
    scan = np.full((3000, 2600), 230, np.uint8)
    scan[:60], scan[:, :90] = 30, 30
    large = np.asarray(seven(paper=230, ink=20)).repeat(10, axis=0).repeat(10, axis=1)
    scan[700:2300, 150:1350] = scan[800:2400, 1350:2550] = large
    return scan


SEVENS = [(350, 1000, 960, 2010), (1550, 1100, 2160, 2110)]
"""The boxes of the ink in the scan."""


@pytest.fixture(scope="module")
def scanned() -> Prepared:
    return prepare(to_png(make_scan()), PictureOptions(several=True))


@pytest.fixture(scope="module")
def trace(scanned: Prepared) -> Trace:
    assert scanned.trace
    return scanned.trace


def test_the_trace_has_the_planes_of_the_reduced_picture(trace: Trace) -> None:
    assert (trace.planes.shape, trace.planes.dtype) == ((1, 1000, 867), np.uint8)
    np.testing.assert_array_equal(trace.gray, trace.planes[0])


def test_the_trace_has_four_planes_of_a_colour_picture() -> None:
    colours = np.stack([np.full((160, 120), 255, np.uint8)] * 2 + [np.asarray(seven())], axis=-1)

    trace = prepare(to_png(colours)).trace

    assert (trace.planes.shape, trace.planes.dtype) == ((4, 160, 120), np.uint8)
    np.testing.assert_array_equal(trace.gray, trace.planes[3])  # yellow ink, seen in blue


def test_the_trace_has_the_page_within_the_edges_of_the_scan(trace: Trace) -> None:
    left, top, right, bottom = trace.page

    assert 30 <= left <= 36
    assert 20 <= top <= 26
    assert (right, bottom) == (867, 1000)
    assert (trace.filled.shape, trace.filled.dtype) == ((bottom - top, right - left), np.uint8)


def test_the_trace_has_the_polarity_before_it_is_inverted(trace: Trace) -> None:
    assert trace.is_light_on_dark is False
    assert prepare(to_png(255 - make_scan()[::4, ::4])).trace.is_light_on_dark is True


def test_the_trace_has_the_ink_of_the_page(trace: Trace) -> None:
    shape = trace.filled.shape

    for levels in (trace.ink.contrast, trace.ink.background, trace.ink.smooth):
        assert (levels.shape, levels.dtype) == (shape, np.float32)
    assert (trace.ink.is_ink.shape, trace.ink.is_ink.dtype) == (shape, bool)
    assert trace.ink.noise == 0


def test_the_trace_has_the_segmentation_of_the_page(trace: Trace) -> None:
    labels = trace.segmentation.components.labels

    assert (labels.shape, labels.dtype) == (trace.filled.shape, np.int32)
    assert [len(row) for row in trace.segmentation.rows] == [2]


def test_the_images_of_the_digits_are_those_of_the_trace(scanned: Prepared, trace: Trace) -> None:
    assert len(scanned.digits) == len(trace.digits) == 2
    for digit, traced in zip(scanned.digits, trace.digits, strict=True):
        assert (digit.image.shape, digit.image.dtype) == ((28, 28), np.uint8)
        np.testing.assert_array_equal(digit.image, traced.image)


def test_boxes_are_those_of_the_trace_moved_by_the_page_and_enlarged(
    scanned: Prepared, trace: Trace
) -> None:
    reduction = (2600 / 867, 3000 / 1000)

    for digit, traced, true in zip(scanned.digits, trace.digits, SEVENS, strict=True):
        assert digit.box == traced.box.shift(trace.page.left, trace.page.top).scale(*reduction)
        np.testing.assert_allclose(digit.box, true, atol=6)  # two pixels of the reduced picture


def test_a_blank_picture_has_a_trace_without_digits() -> None:
    trace = prepare(to_png(Image.new("L", (50, 40), 255))).trace

    assert trace.digits == ()
    assert not trace.ink.is_ink.any()


def test_a_normalized_image_has_no_trace(normalized: np.ndarray) -> None:
    prepared = prepare(to_png(normalized))

    assert prepared.trace is None
    assert prepared.digits[0].box == (0, 0, 28, 28)


def test_plain_has_no_trace() -> None:
    assert prepare(to_png(seven()), PictureOptions("plain")).trace is None


def test_batches_have_the_prepared_pictures_without_their_traces(
    tmp_path: Path, normalized: np.ndarray
) -> None:
    names = [str(tmp_path / f"7_{number}.png") for number in range(2)]
    Path(names[0]).write_bytes(to_png(seven()))
    Path(names[1]).write_bytes(b"hello, world")

    ((of_seven, of_bad),) = prepare_in_batches(names)

    picture, prepared = of_seven
    assert (picture.name, picture.label) == (names[0], 7)
    assert prepared.trace is None
    assert prepared.polarity == "dark_on_light"
    np.testing.assert_array_equal(prepared.digits[0].image, normalized)
    assert isinstance(of_bad[1], PictureError)
