"""``mnistcli download`` from local sources."""

from pathlib import Path

import pytest
from helpers.layouts import lay_out, read_arrays, write_csv

from mnistcli.datasets import mnist


def test_download_prints_the_status_of_each_file(small_mnist: Path, small_files: Path, run) -> None:
    (small_mnist / "t10k-labels-idx1-ubyte.gz").unlink()

    result = run("download", "--from", small_files)

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "MNIST_data/train-images-idx3-ubyte.gz\tverified",
        "MNIST_data/train-labels-idx1-ubyte.gz\tverified",
        "MNIST_data/t10k-images-idx3-ubyte.gz\tverified",
        "MNIST_data/t10k-labels-idx1-ubyte.gz\tfetched",
    ]


def test_download_uses_the_mirrors_by_default(
    small_mnist: Path, small_files: Path, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mnist, "MIRRORS", [str(small_files)])

    result = run("download", "--data-dir", "new")

    assert [line.split("\t")[1] for line in result.stdout.splitlines()] == ["fetched"] * 4


def test_download_without_a_good_source_exits_with_3(run, small_mnist: Path) -> None:
    result = run("download", "--data-dir", "new", "--from", "nowhere", "--from", "no/where")

    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("error: could not get train-images-idx3-ubyte.gz, ")
    assert "nowhere/train-images-idx3-ubyte.gz: No such file" in result.stderr
    assert "no/where/train-images-idx3-ubyte.gz: No such file" in result.stderr
    assert result.stderr.count("\n") == 1


def test_verify_accepts_intact_files(small_mnist: Path, run) -> None:
    assert run("download", "--verify").exit_code == 0


def test_verify_reports_damaged_and_missing_files_and_leaves_them(small_mnist: Path, run) -> None:
    damaged = small_mnist / "t10k-labels-idx1-ubyte.gz"
    damaged.write_bytes(b"damaged")
    (small_mnist / "t10k-images-idx3-ubyte.gz").unlink()

    result = run("download", "--verify")

    assert (result.exit_code, damaged.read_bytes()) == (3, b"damaged")
    assert result.stdout == ""
    assert result.stderr == (
        "error: MNIST_data/t10k-images-idx3-ubyte.gz: No such file or directory; "
        "MNIST_data/t10k-labels-idx1-ubyte.gz: not an IDX file: it starts with b'damaged'\n"
    )


def test_each_file_is_named_where_it_is(small_files: Path, small_mnist: Path, run) -> None:
    lay_out("a folder each", small_files, Path("laid"))

    result = run("download", "--data-dir", "laid")

    assert result.stdout.splitlines() == [
        f"laid/{file.name}/{file.name}\tverified" for file in mnist.FILES
    ]


def test_kaggles_file_as_a_source_is_told_from_mnist(
    small_files: Path, small_mnist: Path, run
) -> None:
    arrays = read_arrays(small_files)
    write_csv(Path("a b") / "train.csv", arrays["x_train"], arrays["y_train"])

    result = run("download", "--data-dir", "new", "--from", "a b")

    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.endswith(
        "; a b/train.csv may be Kaggle's part of MNIST; to train on it: "
        "mnistcli train --dataset kaggle --data-dir 'a b'\n"
    )
