"""Formats by their suffixes and their contents, and what is said of those that aren't read."""

import base64
from pathlib import Path

import numpy as np
import pytest
from helpers.drawing import SAMPLES, seven, to_file, to_png
from PIL import Image, features

from mnistcli.errors import PictureError
from mnistcli.pictures import decoding
from mnistcli.pictures.decoding import open_picture, read_colours
from mnistcli.pictures.files import find_pictures
from mnistcli.pictures.formats import is_picture_name
from mnistcli.pictures.pipeline import FIRST, PictureOptions, prepare

PICTURE = seven().convert("RGB")


@pytest.fixture
def heif() -> None:
    """Let Pillow write HEIF, too."""
    from pillow_heif import register_heif_opener

    register_heif_opener()


@pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")  # formats of Pillow's
@pytest.mark.usefixtures("heif")
def test_a_directory_yields_every_format_that_can_be_decoded(tmp_path: Path) -> None:
    written = set()
    for suffix, name in Image.registered_extensions().items():
        for mode in ("RGB", "L", "1"):
            try:
                content = to_file(seven().convert(mode), name)
                read_colours(content)
            except (PictureError, OSError, KeyError, ValueError):
                continue
            (tmp_path / f"7_{suffix[1:]}{suffix.upper()}").write_bytes(content)
            written.add(suffix)
            break

    found = {Path(name).suffix.lower() for name, *_ in find_pictures([str(tmp_path)])}

    assert found == written
    assert found >= {".png", ".jpe", ".jfif", ".mpo", ".pgm", ".tga", ".ico", ".heic", ".hif"}
    if features.check("avif"):
        assert ".avif" in found


@pytest.mark.parametrize(
    "name", ["a.txt", "a.pdf", "a.svg", "a.eps", "a.icns", "a.mpg", "a.h5", "a.wmf", "a", ".png"]
)
def test_other_files_are_no_pictures(name: str) -> None:
    assert not is_picture_name(name)


@pytest.mark.usefixtures("heif")
@pytest.mark.parametrize("orientation", [1, 6])
def test_photos_of_phones_are_read_upright(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation

    colours, reduction, _ = read_colours(to_file(PICTURE, "HEIF", exif=exif.tobytes(), quality=95))

    upright = np.asarray(PICTURE if orientation == 1 else PICTURE.rotate(-90, expand=True))
    assert (colours.shape, reduction) == (upright.shape, (1, 1))
    assert np.abs(colours.astype(int) - upright).mean() < 3


@pytest.mark.usefixtures("heif")
def test_a_large_heif_picture_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(decoding.MAX_PIXELS, "HEIF", 100)

    with pytest.raises(PictureError, match="more than 100 pixels, the most for HEIF"):
        open_picture(to_file(PICTURE, "HEIF"))


def test_a_damaged_heif_picture_is_an_error() -> None:
    with pytest.raises(PictureError):
        open_picture(b"\0\0\0\x18ftypheic" + b"\0" * 100)


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (b"%PDF-1.7\n", "a PDF document: 'pdftoppm"),
        (b"<?xml version='1.0'?>\n<svg xmlns='...'>", "an SVG drawing: 'rsvg-convert"),
        (b"<!DOCTYPE html>\n<html>", "a web page"),
        (b"data:image/png;base64,iVBORw0KGgo", "'cut -d, -f2 FILE | base64 -d"),
        (base64.b64encode(to_png(seven())), "'base64 -d FILE"),
        (base64.encodebytes(to_file(seven(), "JPEG")), "'base64 -d FILE"),
        (b"\x93NUMPY\1\0", "its file's name has to end in .npy"),
        (b"hello", "not a picture in a known format"),
    ],
)
def test_what_is_no_picture_is_explained(content: bytes, hint: str) -> None:
    with pytest.raises(PictureError) as caught:
        open_picture(content)

    assert hint in str(caught.value)


@pytest.mark.parametrize("options", [PictureOptions(), PictureOptions(preprocess="plain")])
@pytest.mark.parametrize("format", ["TIFF", "GIF", "PNG", "WEBP"])
def test_further_pages_and_frames_are_told_of(format: str, options: PictureOptions) -> None:
    others = [PICTURE.rotate(angle, fillcolor="white") for angle in (20, 40)]

    several = prepare(to_file(PICTURE, format, save_all=True, append_images=others), options)
    one = prepare(to_file(PICTURE, format), options)

    assert (several.warnings, one.warnings) == ((FIRST,), ())


def test_a_normalized_image_of_several_frames_is_told_of() -> None:
    image = prepare(SAMPLES[0].read_bytes()).digits[0].image
    pages = [Image.fromarray(image), Image.fromarray(255 - image)]

    prepared = prepare(to_file(pages[0], "TIFF", save_all=True, append_images=pages[1:]))

    assert prepared.warnings == (FIRST,)
    np.testing.assert_array_equal(prepared.digits[0].image, image)


def test_the_second_picture_of_a_stereo_photo_is_not_a_page() -> None:
    stereo = to_file(PICTURE, "MPO", save_all=True, append_images=[PICTURE])

    assert prepare(stereo).warnings == ()
