import io
import struct

import numpy as np
import pytest
from helpers.drawing import seven, to_file, to_png
from PIL import Image

from mnistcli.errors import PictureError
from mnistcli.pictures import decoding
from mnistcli.pictures.decoding import lay_on_paper, open_picture, read_colours
from mnistcli.pictures.parameters import PARAMETERS

GRAY = np.arange(0, 250, 5, dtype=np.uint8).reshape(5, 10)

MAX_SIDE = PARAMETERS.max_picture_side


def levels_of(data: bytes) -> np.ndarray:
    """The gray levels of a picture without colours, [H, W]."""
    colours, *_ = read_colours(data)
    assert (colours == colours[..., :1]).all()
    return colours[..., 0]


def test_gray_levels_are_kept() -> None:
    colours, reduction, _ = read_colours(to_png(GRAY))

    assert (colours.shape, colours.dtype) == ((*GRAY.shape, 3), np.uint8)
    np.testing.assert_array_equal(colours, np.stack([GRAY] * 3, axis=-1))
    assert reduction == (1, 1)


@pytest.mark.parametrize("mode", ["RGB", "P", "RGBA"])
def test_colours_are_red_green_and_blue(mode: str) -> None:
    picture = Image.new("RGB", (8, 9), (200, 100, 50))
    picture = picture.quantize(2) if mode == "P" else picture.convert(mode)

    colours, *_ = read_colours(to_png(picture))

    assert colours.shape == (9, 8, 3)
    assert np.unique(colours.reshape(-1, 3), axis=0).tolist() == [[200, 100, 50]]


def test_cyan_magenta_and_yellow_become_red_green_and_blue() -> None:
    picture = Image.new("CMYK", (8, 9), (0, 255, 255, 0))

    colours, *_ = read_colours(to_file(picture, "TIFF"))

    assert np.unique(colours.reshape(-1, 3), axis=0).tolist() == [[255, 0, 0]]


@pytest.mark.parametrize(
    "levels",
    [GRAY.astype(np.uint16) * 257, GRAY.astype(np.uint16) * 16, GRAY.astype(np.int32) * 1000],
    ids=["16 bit", "12 bit", "32 bit"],
)
def test_deeper_levels_are_reduced_to_8_bits(levels: np.ndarray) -> None:
    data = to_file(Image.fromarray(levels), "TIFF")

    found = levels_of(data).astype(float)

    expected = GRAY * (255 / GRAY.max() if levels.dtype == np.int32 else 1)
    assert np.abs(found - expected).max() <= 1


def test_the_content_alone_decides_the_format() -> None:
    np.testing.assert_array_equal(levels_of(to_file(seven(), "BMP")), np.asarray(seven()))
    assert open_picture(to_file(seven(), "WEBP")).format == "WEBP"


@pytest.mark.parametrize(
    ("format", "mode"),
    [
        *(("PNG", mode) for mode in ("L", "RGB", "RGBA", "P", "I;16")),
        *(("JPEG", mode) for mode in ("L", "RGB", "CMYK")),
        *(("TIFF", mode) for mode in ("L", "RGB", "CMYK", "I", "F", "I;16")),
    ],
)
@pytest.mark.parametrize("times", [1.07, 3])
def test_large_pictures_are_reduced(format: str, mode: str, times: float) -> None:
    width, height = (
        round(times * MAX_SIDE),
        round(times * 2 / 3 * MAX_SIDE),
    )
    large = Image.linear_gradient("L").resize((width, height))
    if mode == "I;16":
        large = Image.fromarray(np.asarray(large).astype(np.uint16) * 257)
    else:
        large = large.convert(mode)

    colours, reduction, _ = read_colours(to_file(large, format))

    rows, columns, _ = colours.shape
    assert (columns, rows) == (
        MAX_SIDE,
        round(height / width * MAX_SIDE),
    )
    assert reduction == (width / columns, height / rows)
    down = colours.mean(axis=(1, 2))
    np.testing.assert_allclose(down, np.linspace(0, 255, len(down)), atol=3)


def test_the_first_frame_of_an_animation_is_read() -> None:
    stream = io.BytesIO()
    frames = [Image.new("L", (20, 20), level) for level in (10, 200)]
    frames[0].save(stream, "GIF", save_all=True, append_images=frames[1:])

    assert (levels_of(stream.getvalue()) == 10).all()


def with_opacity(levels: np.ndarray, opacity: np.ndarray) -> bytes:
    return to_png(Image.merge("LA", [Image.fromarray(levels), Image.fromarray(opacity)]))


@pytest.mark.parametrize("level", [0, 90, 160, 255])
def test_ink_on_transparency_gets_paper_that_contrasts(level: int) -> None:
    opacity = np.asarray(seven(paper=0, ink=255))

    found = levels_of(with_opacity(np.full_like(opacity, level), opacity))

    paper = 255 if level < 128 else 0
    np.testing.assert_array_equal(found, np.where(opacity, level, paper))


def test_transparency_around_a_sheet_gets_the_tone_of_the_sheet() -> None:
    levels = np.pad(np.asarray(seven(paper=240, ink=20)), 30)
    opacity = np.pad(np.full((160, 120), 255, np.uint8), 30)

    found = levels_of(with_opacity(levels, opacity))

    np.testing.assert_array_equal(found[30:-30, 30:-30], np.asarray(seven(paper=240, ink=20)))
    assert (found[:30] == 240).all()


@pytest.mark.parametrize("hole", [np.s_[100:150, 85:110], np.s_[60:150, 50:115]])
def test_a_transparent_hole_is_filled(hole: tuple[slice, slice]) -> None:
    opacity = np.full((160, 120), 255, np.uint8)
    opacity[hole] = 0

    found = levels_of(with_opacity(np.asarray(seven(paper=240, ink=20)), opacity))

    assert (found[hole] == 240).all()


@pytest.mark.parametrize(("ink", "paper"), [(20, 255), (230, 0)])
def test_a_straight_stroke_on_transparency_is_no_sheet(ink: int, paper: int) -> None:
    opacity = np.zeros((120, 90), np.uint8)
    opacity[20:100, 40:50] = 255

    found = levels_of(with_opacity(np.full_like(opacity, ink), opacity))

    np.testing.assert_array_equal(found, np.where(opacity, ink, paper))


def test_half_transparent_edges_stay_soft() -> None:
    colours = np.zeros((9, 9, 3), np.uint8)
    opacity = np.zeros((9, 9), np.uint8)
    opacity[3:6, 3:6], opacity[4, 2] = 255, 128

    laid = lay_on_paper(colours, opacity)

    assert laid[4, :4].tolist() == [[255] * 3, [255] * 3, [127] * 3, [0] * 3]


@pytest.mark.parametrize(
    ("ink", "paper"), [((200, 30, 30), 255), ((20, 90, 20), 255), ((255, 255, 60), 0)]
)
def test_coloured_ink_on_transparency_gets_gray_paper(
    ink: tuple[int, int, int], paper: int
) -> None:
    picture = Image.new("RGBA", (120, 160))
    picture.paste(ink, mask=seven(paper=0, ink=255))

    colours, *_ = read_colours(to_png(picture))

    is_ink = np.asarray(seven(paper=0, ink=255)) > 0
    assert np.unique(colours[is_ink], axis=0).tolist() == [[*ink]]
    assert np.unique(colours[~is_ink]).tolist() == [paper]


def test_where_nothing_is_opaque_nothing_is_seen() -> None:
    colours = np.random.default_rng(0).integers(0, 256, (9, 8, 3)).astype(np.uint8)

    assert not lay_on_paper(colours, np.full((9, 8), 100, np.uint8)).any()


@pytest.mark.parametrize("opacity", [None, np.full((9, 8), 200, np.uint8)])
def test_opaque_colours_stay(opacity: np.ndarray | None) -> None:
    colours = np.random.default_rng(0).integers(0, 256, (9, 8, 3)).astype(np.uint8)

    np.testing.assert_array_equal(lay_on_paper(colours, opacity), colours)


def test_more_pixels_than_pillow_allows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10_000)
    for side in (101, 200):  # Pillow itself only warns of the first
        with pytest.raises(PictureError, match="more than 10000 pixels"):
            read_colours(to_png(Image.new("L", (side, side))))


def test_a_format_that_takes_more_memory_has_a_lower_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(decoding.MAX_PIXELS, "WEBP", 10_000)
    large = Image.new("L", (101, 101))

    assert open_picture(to_file(large, "PNG")).size == (101, 101)
    with pytest.raises(PictureError, match="more than 10000 pixels, the most for WEBP"):
        open_picture(to_file(large, "WEBP"))


def test_a_format_that_is_a_program_is_refused() -> None:
    with pytest.raises(PictureError, match="EPS is a program"):
        open_picture(to_file(seven().convert("RGB"), "EPS"))


def test_an_envelope_around_another_format_is_refused() -> None:
    program = to_file(seven().convert("RGB"), "EPS")
    fields = {(3, 60): b"\1\0", (3, 20): b"\0\x1c", (3, 30): b"\0\x1c", (3, 120): b"\5"}
    head = b"".join(
        struct.pack(">BBBH", 0x1C, *name, len(value)) + value for name, value in fields.items()
    )
    envelope = head + struct.pack(">BBBBxI", 0x1C, 8, 10, 132, len(program)) + program

    with pytest.raises(PictureError, match="IPTC is a file of another format"):
        open_picture(envelope)


def test_a_set_of_files_of_other_formats_is_refused() -> None:
    with pytest.raises(PictureError, match="ICNS is a set of files"):
        open_picture(to_file(seven(), "ICNS"))


def test_the_reduction_of_a_rotated_photo_is_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = to_png(Image.new("L", (3 * MAX_SIDE, MAX_SIDE)), exif=exif)

    colours, (across, down), _ = read_colours(data)

    rows, columns, _ = colours.shape
    assert (round(columns * across), round(rows * down)) == (
        MAX_SIDE,
        3 * MAX_SIDE,
    )
