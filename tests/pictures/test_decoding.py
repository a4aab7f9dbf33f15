import io
import struct

import numpy as np
import pytest
from helpers.drawing import seven, to_file, to_png
from PIL import Image

from mnistcli.errors import PictureError
from mnistcli.pictures import decoding
from mnistcli.pictures.decoding import MAX_SIDE, lay_on_paper, open_picture, read_planes

GRAY = np.arange(0, 250, 5, dtype=np.uint8).reshape(5, 10)


def luminance_of(data: bytes) -> np.ndarray:
    planes, _ = read_planes(data)
    return planes[0]


def test_gray_levels_are_kept() -> None:
    planes, reduction = read_planes(to_png(GRAY))

    np.testing.assert_array_equal(planes, [GRAY])
    assert reduction == (1, 1)


def test_a_colour_picture_has_luminance_and_three_channels() -> None:
    picture = Image.new("RGB", (8, 9), (200, 100, 50))

    planes, _ = read_planes(to_png(picture))

    levels = planes.reshape(4, -1)
    assert (levels == levels[:, :1]).all()
    assert levels[1:, 0].tolist() == [200, 100, 50]
    assert levels[0, 0] == round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)  # ITU-R BT.601


@pytest.mark.parametrize(
    "levels",
    [GRAY.astype(np.uint16) * 257, GRAY.astype(np.uint16) * 16, GRAY.astype(np.int32) * 1000],
    ids=["16 bit", "12 bit", "32 bit"],
)
def test_deeper_levels_are_reduced_to_8_bits(levels: np.ndarray) -> None:
    data = to_file(Image.fromarray(levels), "TIFF")

    found = luminance_of(data).astype(float)

    expected = GRAY * (255 / GRAY.max() if levels.dtype == np.int32 else 1)
    assert np.abs(found - expected).max() <= 1


def test_the_content_alone_decides_the_format() -> None:
    np.testing.assert_array_equal(luminance_of(to_file(seven(), "BMP")), np.asarray(seven()))
    assert open_picture(to_file(seven(), "WEBP")).format == "WEBP"


@pytest.mark.parametrize(
    ("format", "mode"),
    [
        *(("PNG", mode) for mode in ("L", "RGB", "RGBA", "P", "I;16")),
        *(("JPEG", mode) for mode in ("L", "RGB", "CMYK")),
        *(("TIFF", mode) for mode in ("L", "RGB", "CMYK", "I;16")),
    ],
)
def test_large_pictures_are_reduced(format: str, mode: str) -> None:
    large = Image.linear_gradient("L").resize((3 * MAX_SIDE, 2 * MAX_SIDE))
    if mode == "I;16":
        large = Image.fromarray(np.asarray(large).astype(np.uint16) * 257)
    else:
        large = large.convert(mode)

    planes, reduction = read_planes(to_file(large, format))

    assert MAX_SIDE // 2 <= max(planes.shape) <= MAX_SIDE
    _, rows, columns = planes.shape
    assert reduction == (3 * MAX_SIDE / columns, 2 * MAX_SIDE / rows)
    down = planes[0].mean(axis=1)
    np.testing.assert_allclose(down, np.linspace(0, 255, len(down)), atol=3)


def test_the_first_frame_of_an_animation_is_read() -> None:
    stream = io.BytesIO()
    frames = [Image.new("L", (20, 20), level) for level in (10, 200)]
    frames[0].save(stream, "GIF", save_all=True, append_images=frames[1:])

    assert (luminance_of(stream.getvalue()) == 10).all()


def with_opacity(levels: np.ndarray, opacity: np.ndarray) -> bytes:
    return to_png(Image.merge("LA", [Image.fromarray(levels), Image.fromarray(opacity)]))


@pytest.mark.parametrize("level", [0, 90, 160, 255])
def test_ink_on_transparency_gets_paper_that_contrasts(level: int) -> None:
    opacity = np.asarray(seven(paper=0, ink=255))

    found = luminance_of(with_opacity(np.full_like(opacity, level), opacity))

    paper = 255 if level < 128 else 0
    np.testing.assert_array_equal(found, np.where(opacity, level, paper))


def test_transparency_around_a_sheet_gets_the_tone_of_the_sheet() -> None:
    levels = np.pad(np.asarray(seven(paper=240, ink=20)), 30)
    opacity = np.pad(np.full((160, 120), 255, np.uint8), 30)

    found = luminance_of(with_opacity(levels, opacity))

    np.testing.assert_array_equal(found[30:-30, 30:-30], np.asarray(seven(paper=240, ink=20)))
    assert (found[:30] == 240).all()


def test_a_transparent_hole_is_filled() -> None:
    opacity = np.full((160, 120), 255, np.uint8)
    opacity[100:150, 85:110] = 0

    found = luminance_of(with_opacity(np.asarray(seven(paper=240, ink=20)), opacity))

    assert (found[100:150, 85:110] == 240).all()


def test_half_transparent_edges_stay_soft() -> None:
    planes = np.zeros((1, 9, 9), np.uint8)
    opacity = np.zeros((9, 9), np.uint8)
    opacity[3:6, 3:6], opacity[4, 2] = 255, 128

    assert lay_on_paper(planes, opacity)[0, 4, :4].tolist() == [255, 255, 127, 0]


def test_more_pixels_than_pillow_allows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10_000)
    for side in (101, 200):  # Pillow itself only warns of the first
        with pytest.raises(PictureError, match="more than 10000 pixels"):
            read_planes(to_png(Image.new("L", (side, side))))


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

    planes, (across, down) = read_planes(data)

    _, rows, columns = planes.shape
    assert (round(columns * across), round(rows * down)) == (MAX_SIDE, 3 * MAX_SIDE)
