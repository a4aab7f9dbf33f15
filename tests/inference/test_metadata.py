import io
import os
import zipfile
from pathlib import Path

import pytest

from mnistcli import pretrained
from mnistcli.errors import ModelError
from mnistcli.inference import metadata
from mnistcli.inference.metadata import read_model, refuse_foreign_export

DESCRIBED = metadata.describe(
    {"name": "softmax", "step": 60, "dataset": "mnist", "source": "checkpoints/model-60"}
)


def write_tflite(path: Path) -> Path:
    path.write_bytes(metadata.attach(pretrained.read_export(), DESCRIBED))
    return path


def write_saved_model(path: Path) -> Path:
    """The entries of a SavedModel, without a model in them."""
    (path / "variables").mkdir(parents=True)
    (path / "assets").mkdir()
    for name in ("saved_model.pb", "fingerprint.pb", "variables/variables.index"):
        (path / name).touch()
    (path / metadata.SAVED_MODEL_METADATA).parent.mkdir()
    (path / metadata.SAVED_MODEL_METADATA).write_bytes(metadata.serialize(DESCRIBED))
    return path


def test_a_model_is_known_by_its_metadata(tmp_path: Path) -> None:
    tflite = write_tflite(tmp_path / "m.tflite").read_bytes()

    assert read_model(tflite, "m.tflite") == ("softmax", 60, "mnist")
    assert read_model(pretrained.read_export(), "m.tflite") == ("unknown", 0, "unknown")


@pytest.mark.parametrize(
    "described",
    [{}, {"model": {"name": "cnn"}}, {"model": 1}, {"model": {**DESCRIBED["model"], "step": "x"}}],
)
def test_metadata_without_the_model_is_damaged(described: dict[str, object]) -> None:
    tflite = metadata.attach(pretrained.read_export(), described)

    with pytest.raises(ModelError, match=r"^m\.tflite: damaged metadata: "):
        read_model(tflite, "m.tflite")


@pytest.mark.parametrize("name", ["other.json", metadata.METADATA_FILE])
def test_an_archive_of_something_else_is_damaged_metadata(name: str) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, " " * 10**8)  # a bomb: the rest of it is never unpacked

    with pytest.raises(ModelError, match="damaged metadata"):
        read_model(stream.getvalue(), "m.tflite")


@pytest.mark.parametrize("is_file", [True, False])
def test_an_export_may_be_written_where_nothing_is(is_file: bool, tmp_path: Path) -> None:
    refuse_foreign_export(tmp_path / "new", is_file=is_file)


def test_an_earlier_file_may_be_replaced(tmp_path: Path) -> None:
    refuse_foreign_export(write_tflite(tmp_path / "m.tflite"), is_file=True)


def test_an_earlier_saved_model_may_be_replaced(tmp_path: Path) -> None:
    refuse_foreign_export(write_saved_model(tmp_path / "m"), is_file=False)


def test_an_empty_directory_may_be_replaced_by_a_saved_model(tmp_path: Path) -> None:
    refuse_foreign_export(tmp_path, is_file=False)


def assert_refused(path: Path, *, is_file: bool) -> None:
    with pytest.raises(FileExistsError, match="there already, and not by mnistcli") as caught:
        refuse_foreign_export(path, is_file=is_file)
    assert caught.value.filename == str(path)


@pytest.mark.parametrize("content", [b"", b"\0\0\0\0TFL3", pretrained.read_export()])
def test_a_foreign_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(content)

    assert_refused(path, is_file=True)


def test_a_directory_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").mkdir()

    assert_refused(tmp_path / "m.tflite", is_file=True)


def test_a_pipe_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "m.tflite")

    assert_refused(tmp_path / "m.tflite", is_file=True)


def test_a_file_in_place_of_a_saved_model_is_refused(tmp_path: Path) -> None:
    assert_refused(write_tflite(tmp_path / "m"), is_file=False)


def test_a_foreign_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "chapter.txt").touch()

    assert_refused(tmp_path, is_file=False)


def test_a_saved_model_with_a_further_file_is_refused(tmp_path: Path) -> None:
    path = write_saved_model(tmp_path / "m")
    (path / "notes.txt").touch()

    assert_refused(path, is_file=False)


@pytest.mark.parametrize("content", [None, b"", b'{"version": 1}'])
def test_a_foreign_saved_model_is_refused(content: bytes | None, tmp_path: Path) -> None:
    path = write_saved_model(tmp_path / "m")
    (path / metadata.SAVED_MODEL_METADATA).unlink()
    if content is not None:
        (path / metadata.SAVED_MODEL_METADATA).write_bytes(content)

    assert_refused(path, is_file=False)
