"""Checksum files as ``sha256sum`` writes them."""

from collections.abc import Mapping

from mnistcli.system.files import digest


def serialize_checksums(contents: Mapping[str, bytes]) -> bytes:
    """Return the content of a checksum file for files of given names and contents."""
    lines = [f"{digest(content)}  {name}\n" for name, content in sorted(contents.items())]
    return "".join(lines).encode()


def parse_checksums(content: bytes) -> dict[str, str]:
    """Return the digests in a checksum file by the files' names; damaged lines give wrong ones."""
    lines = content.decode(errors="replace").splitlines()
    return {name: known for known, _, name in (line.partition("  ") for line in lines)}
