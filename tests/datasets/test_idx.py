import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from mnistcli.datasets import idx
from mnistcli.errors import DataError

LABELS = bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 9])
IMAGES = bytes([0, 0, 8, 3]) + struct.pack(">III", 2, 1, 2) + bytes([0, 255, 1, 2])


def test_reads_labels_and_images(tmp_path: Path) -> None:
    (tmp_path / "labels").write_bytes(LABELS)
    (tmp_path / "images").write_bytes(IMAGES)

    assert idx.read(tmp_path / "labels").tolist() == [7, 0, 9]
    images = idx.read(tmp_path / "images")
    assert images.tolist() == [[[0, 255]], [[1, 2]]]
    assert images.dtype == np.uint8


def test_reads_gzip_whatever_the_name(tmp_path: Path) -> None:
    (tmp_path / "labels").write_bytes(gzip.compress(LABELS))

    assert idx.read(tmp_path / "labels").tolist() == [7, 0, 9]


def test_reads_gzip_of_several_members() -> None:
    members = gzip.compress(LABELS[:5]) + gzip.compress(b"") + gzip.compress(LABELS[5:]) + bytes(9)

    assert idx.decompress(members, "there") == LABELS
    with pytest.raises(DataError, match="more than the 10 bytes expected"):
        idx.decompress(members, "there", limit=10)
    with pytest.raises(DataError, match="there: damaged gzip data: it ends within"):
        idx.decompress(members[:-20], "there")
    with pytest.raises(DataError, match="more than 100 members"):
        idx.decompress(gzip.compress(b"") * 101, "there")


@pytest.mark.parametrize(
    ("code", "elements", "expected"),
    [
        (0x08, b"\x80", np.array([128], np.uint8)),
        (0x09, b"\x80", np.array([-128], np.int8)),
        (0x0B, b"\x01\x02", np.array([258], np.int16)),
        (0x0C, b"\x00\x01\x00\x00", np.array([65536], np.int32)),
        (0x0D, b"\x3f\x80\x00\x00", np.array([1], np.float32)),
        (0x0E, b"\xbf\xf0\x00\x00\x00\x00\x00\x00", np.array([-1], np.float64)),
    ],
)
def test_every_element_type_is_parsed_and_serialized(
    code: int, elements: bytes, expected: np.ndarray, tmp_path: Path
) -> None:
    content = bytes([0, 0, code, 1, 0, 0, 0, 1]) + elements

    array = idx.parse(content, "there")

    assert array == expected
    assert array.dtype == expected.dtype
    assert idx.serialize(expected) == content


def test_the_name_decides_about_compression(tmp_path: Path) -> None:
    array = np.array([7, 0, 9], np.uint8)

    idx.write(tmp_path / "raw", array)
    idx.write(tmp_path / "packed.gz", array)

    assert (tmp_path / "raw").read_bytes() == LABELS
    assert gzip.decompress((tmp_path / "packed.gz").read_bytes()) == LABELS


def test_an_array_written_is_read_back(tmp_path: Path) -> None:
    array = np.arange(24, dtype=np.int16).reshape(2, 3, 4)[:, ::-1]

    idx.write(tmp_path / "array.gz", array)

    np.testing.assert_array_equal(idx.read(tmp_path / "array.gz"), array)


def test_a_type_that_idx_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match="int64"):
        idx.serialize(np.zeros(3, np.int64))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not an IDX file"),
        (b"\0\0\x08", "not an IDX file"),
        (b"<!DOCTYPE html>", "not an IDX file"),
        (b"\0\0\x07\x01\0\0\0\0", "element type 0x07"),
        (LABELS[:6], "ends within its header: 6 of 8 bytes"),
        (LABELS[:-1], r"\[3\] need 11 bytes, found 10"),
        (LABELS + b"\0", r"\[3\] need 11 bytes, found 12"),
        (b"\0\0\x08\xff" + b"\0" * 1020, "dimensions"),
        (b"\0\0\x08\x04" + b"\xff" * 12 + b"\0" * 4, "dimensions"),
    ],
)
def test_damaged_content_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        idx.parse(content, "there")


@pytest.mark.parametrize("damage", ["truncated", "flipped", "trailing"])
def test_damaged_gzip_is_refused(damage: str) -> None:
    packed = gzip.compress(LABELS)
    data = {
        "truncated": packed[:-4],
        "flipped": packed[:-6] + bytes([packed[-6] ^ 1]) + packed[-5:],
        "trailing": packed + b"more",
    }[damage]

    with pytest.raises(DataError, match="there: damaged gzip data"):
        idx.decompress(data, "there")


def test_decompression_stops_at_the_limit() -> None:
    bomb = gzip.compress(bytes(10_000_000))

    with pytest.raises(DataError, match="more than the 1000 bytes expected"):
        idx.decompress(bomb, "there", limit=1000)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere: No such file"):
        idx.read(tmp_path / "nowhere")


def test_reads_mnist(shared: Path) -> None:
    labels = idx.read(shared / "mnist" / "t10k-labels-idx1-ubyte.gz")

    assert idx.read(shared / "mnist" / "t10k-images-idx3-ubyte.gz").shape == (10000, 28, 28)
    assert labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]  # as published
    assert np.bincount(labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
