import shutil
import subprocess
from pathlib import Path

import pytest

from mnistcli.runs.checksums import parse_checksums, serialize_checksums

# The SHA-256 of b"abc" is the example of FIPS 180-4's appendix.
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_the_digests_are_listed_by_name() -> None:
    content = serialize_checksums({"b": b"abc", "a": b"abc"})

    assert content.decode() == f"{ABC}  a\n{ABC}  b\n"
    assert parse_checksums(content) == {"a": ABC, "b": ABC}


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\n", b"no digest\n", b"\n\n"])
def test_a_damaged_file_lists_no_digest_of_a_file(content: bytes) -> None:
    assert parse_checksums(content).get("a") is None


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="needs sha256sum")
def test_sha256sum_verifies_the_files(tmp_path: Path) -> None:
    contents = {"weights.index": b"index", "checkpoint.json": b"{}"}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "SHA256SUMS").write_bytes(serialize_checksums(contents))

    command = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    assert (result.returncode, result.stdout.count(": OK")) == (0, 2)
