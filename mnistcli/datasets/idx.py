"""The IDX format, in which MNIST is published: arrays parsed and serialized.

A file is two zero bytes, a byte for the element type, a byte for the number of dimensions,
each dimension as a big-endian 32-bit count, then the elements, big-endian, last dimension
fastest. Source: the format's description on MNIST's home page (LeCun, Cortes and Burges, 1998).
"""

import gzip
import math
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistcli.errors import DataError, OtherDataError
from mnistcli.system.files import MAX_FILE_BYTES, read_whole, write_whole

ELEMENT_TYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
GZIP_MAGIC = b"\x1f\x8b"
GZIP_WBITS = 16 + zlib.MAX_WBITS
"""Tells zlib that the data has gzip's header and checksum."""

MAX_MEMBERS = 100
"""Members of a gzip file, which usually has one."""


def read(path: Path, read_file: Callable[[Path], bytes] = read_whole) -> NDArray[Any]:
    """Read a raw or gzip-compressed IDX file into an array of its own shape and type.

    Raises:
        DataError: the file is missing, damaged, or not IDX.
    """
    return parse(decompress(read_file(path), str(path)), str(path))


def write(path: Path, array: NDArray[Any]) -> None:
    """Write an array as IDX, compressed if the name ends in ``.gz``; completely or not at all."""
    content = serialize(array)
    write_whole(path, compress(content) if path.suffix == ".gz" else content)


def compress(content: bytes) -> bytes:
    """Compress with gzip, the same bytes for the same content."""
    return gzip.compress(content, compresslevel=6, mtime=0)


def decompress(data: bytes, where: str, limit: int = MAX_FILE_BYTES) -> bytes:
    """Return the content of gzip data, or data of another kind unchanged.

    Raises:
        OtherDataError: the content is longer than ``limit`` bytes.
        DataError: the gzip stream is damaged.
    """
    content = _inflate(data, where, limit) if data.startswith(GZIP_MAGIC) else data
    if len(content) > limit:
        raise OtherDataError(f"{where}: more than the {limit} bytes expected")
    return content


def _inflate(data: bytes, where: str, limit: int) -> bytes:
    """Return the content of gzip data's members, at most ``limit`` bytes and one more.

    One call per member, unlike the gzip module, lets other threads run meanwhile.
    """
    parts: list[bytes] = []
    room = limit + 1
    while data and room:
        if len(parts) == MAX_MEMBERS:
            raise DataError(f"{where}: gzip data in more than {MAX_MEMBERS} members")
        member = zlib.decompressobj(wbits=GZIP_WBITS)
        try:
            parts.append(member.decompress(data, room))
        except zlib.error as error:
            raise DataError(f"{where}: damaged gzip data: {error}") from error
        room -= len(parts[-1])
        if room and not member.eof:
            raise DataError(f"{where}: damaged gzip data: it ends within the content")
        data = member.unused_data.lstrip(b"\0")
    return b"".join(parts)


def parse(content: bytes, where: str) -> NDArray[Any]:
    """Parse the content of an IDX file to an array; ``where`` names the file in errors.

    Raises:
        DataError: the magic, the element type or the length is not right.
    """
    dtype, shape = _read_header(content, where)
    elements = np.frombuffer(content, dtype, offset=4 + 4 * len(shape))
    try:
        return elements.astype(dtype.newbyteorder("=")).reshape(shape)
    except ValueError as error:  # more dimensions, or larger ones, than NumPy has
        raise DataError(f"{where}: IDX dimensions {list(shape)}: {error}") from error


def is_complete(content: bytes) -> bool:
    """Tell whether content is IDX with all the elements that its header announces."""
    try:
        _read_header(content, "")
    except DataError:
        return False
    return True


def serialize(array: NDArray[Any]) -> bytes:
    """Serialise an array of uint8, int8, int16, int32, float32 or float64 as IDX.

    Raises:
        ValueError: IDX has no such element type.
    """
    codes = {dtype: code for code, dtype in ELEMENT_TYPES.items()}
    big_endian = array.dtype.newbyteorder(">")
    if big_endian not in codes:
        raise ValueError(f"IDX has no element type for {array.dtype}")
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, codes[big_endian], array.ndim, *array.shape)
    return header + array.astype(big_endian).tobytes()


def _read_header(content: bytes, where: str) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Return the type and the numbers of elements of a complete file; raise as :func:`parse`."""
    if len(content) < 4 or content[:2] != b"\0\0":
        raise DataError(f"{where}: not an IDX file: it starts with {content[:4]!r}")
    type_code, dimensions = content[2], content[3]
    if type_code not in ELEMENT_TYPES:
        raise DataError(f"{where}: IDX element type 0x{type_code:02x} is unknown")
    header = 4 + 4 * dimensions
    if len(content) < header:
        raise DataError(f"{where}: ends within its header: {len(content)} of {header} bytes")
    shape = struct.unpack(f">{dimensions}I", content[4:header])
    dtype = ELEMENT_TYPES[type_code]
    expected = header + math.prod(shape) * dtype.itemsize
    if len(content) != expected:
        raise DataError(
            f"{where}: IDX dimensions {list(shape)} need {expected} bytes, found {len(content)}"
        )
    return dtype, shape
