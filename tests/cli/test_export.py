"""``mnistcli export``: models and images, read by other programs without any code of mnistcli."""

import json
import os
import re
import shutil
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from helpers.drawing import SAMPLES, seven, to_png
from PIL import Image

from mnistcli.datasets import idx

pytestmark = pytest.mark.usefixtures("tensorflow")

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
(EXAMPLE,) = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
LITERT = f"""
import os, sys
import numpy as np

x = np.load(sys.argv[2])
if sys.argv[1] != "digits.tflite":
    os.link(sys.argv[1], "digits.tflite")
{EXAMPLE}
np.save(sys.argv[3], probabilities)
assert not any(name.startswith("mnistcli") for name in sys.modules)
"""
TENSORFLOW = """
import sys
import numpy as np
import tensorflow as tf

model = tf.saved_model.load(sys.argv[1])
(answers,) = model.signatures["serving_default"](x=tf.constant(np.load(sys.argv[2]))).values()
np.save(sys.argv[3], answers)
assert not any(name.startswith("mnistcli") for name in sys.modules)
"""


def answer(script: str, model: str, x: np.ndarray, directory: Path) -> np.ndarray:
    """The probabilities that a program without mnistcli computes."""
    np.save(directory / "x.npy", x)
    command = [sys.executable, "-I", "-c", script, model, "x.npy", "answers.npy"]
    subprocess.run(command, cwd=directory, check=True, capture_output=True)
    return np.load(directory / "answers.npy")


def to_x(files: list[Path]) -> np.ndarray:
    """Normalized images after the last step of the metadata's preprocessing: divided, flattened."""
    images = np.stack([np.asarray(Image.open(file)) for file in files])
    return (images / 255).reshape(-1, 784).astype(np.float32)


def read_metadata(path: Path) -> dict:
    if path.is_dir():
        return json.loads((path / "assets.extra" / "metadata.json").read_text())
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("metadata.json"))


@pytest.mark.slow
@pytest.mark.parametrize(("out", "script"), [("m.tflite", LITERT), ("m", TENSORFLOW)])
@pytest.mark.parametrize("is_pretrained", [True, False])
def test_another_program_computes_the_same_probabilities(
    out: str, script: str, is_pretrained: bool, trained: Path, tmp_path: Path, run
) -> None:
    options = ["--pretrained"] if is_pretrained else []
    predicted = run(
        *("predict", *SAMPLES, *options, "--format", "json", "--save-preprocessed", "seen")
    )
    document = json.loads(predicted.stdout)

    result = run("export", "model", out, *options)

    saved = [tmp_path / "seen" / f"{path.stem}.28x28.png" for path in SAMPLES]
    expected = [one["probabilities"] for one in document["results"]]
    answers = answer(script, out, to_x(saved), tmp_path)
    # LiteRT and TensorFlow compute differently with deepcnn's weights of 16 bits.
    tolerance = 1e-3 if is_pretrained and script == TENSORFLOW else 1e-5
    np.testing.assert_allclose(answers, expected, rtol=0, atol=tolerance)
    assert np.ptp(expected, axis=0).min() > 0.01
    model = document["model"]
    assert result.stdout == f"{out}\t{model['name']}\t{model['source']}\n"
    assert read_metadata(Path(out))["model"] == model
    names = {path.name for path in tmp_path.iterdir()}
    assert not [name for name in names if name.startswith(".")]


def prepare_as_described(picture: Image.Image) -> np.ndarray:
    """Carry out the metadata's preprocessing without any code of mnistcli."""
    gray = 255 - np.asarray(picture.convert("L"))
    rows, columns = (np.flatnonzero((gray > 0.2 * gray.max()).any(axis)) for axis in (1, 0))
    ink = gray[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32)
    height, width = (max(1, round(side * 20 / max(ink.shape))) for side in ink.shape)
    small = Image.fromarray(ink).resize((width, height), Image.Resampling.HAMMING)
    levels = np.asarray(small) * (255 / np.max(small))
    image = np.zeros((28, 28))
    down, right = (
        round(14 - float(np.average(np.arange(side), weights=levels.sum(axis))))
        for side, axis in ((height, 1), (width, 0))
    )
    image[down : down + height, right : right + width] = levels
    return (image / 255).reshape(784).astype(np.float32)


def test_the_preprocessing_can_be_done_from_its_description(tmp_path: Path, run) -> None:
    strong = ("0_0", "2_1", "3_1", "4_1", "5_1", "6_1", "7_1", "8_1", "9_1")
    files = [path for path in SAMPLES if path.stem in strong]
    files = [path for path in files if np.median(np.asarray(Image.open(path).convert("L"))) > 128]
    assert len(files) >= 3

    run("export", "model", "m.tflite", "--pretrained")

    x = np.stack([prepare_as_described(Image.open(path)) for path in files])
    answers = answer(LITERT, "m.tflite", x, tmp_path)
    assert answers.argmax(axis=1).tolist() == [int(path.name[0]) for path in files]
    assert answers.max(axis=1).min() > 0.9
    described = " ".join(read_metadata(tmp_path / "m.tflite")["preprocessing"])
    for fact in (
        "dark ink on light is inverted",
        "0.2 ",
        "20 pixels",
        "Hamming",
        "row and column 14",
    ):
        assert fact in described
    assert "Divide by 255" in described


def test_an_export_is_small_and_describes_its_input_and_output(tmp_path: Path, run) -> None:
    for out in ("m.tflite", "m"):
        run("export", "model", out, "--pretrained")
        metadata = read_metadata(tmp_path / out)
        assert metadata["version"] == 1
        assert metadata["input"]["shape"] == [None, 784]
        assert metadata["output"]["labels"] == list(range(10))

    size = sum(path.stat().st_size for path in (tmp_path / "m").rglob("*") if path.is_file())
    assert size < 1_600_000  # four bytes a weight, without what only training needs


@pytest.mark.slow
def test_only_an_earlier_export_is_replaced(trained: Path, tmp_path: Path, run) -> None:
    for out in ("m.tflite", "m"):
        run("export", "model", out, "--pretrained")
        assert run("export", "model", out).exit_code == 0
        assert read_metadata(tmp_path / out)["model"]["name"] == "softmax"
    (tmp_path / "m" / "notes.txt").write_text("the user's")
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("all of it")
    (tmp_path / "other.tflite").write_bytes(b"\0\0\0\0TFL3")

    (tmp_path / "empty").mkdir()
    assert run("export", "model", "empty").exit_code == 0
    shutil.copy(tmp_path / "m.tflite", tmp_path / "file")
    os.mkfifo(tmp_path / "pipe.tflite")
    (tmp_path / "d.tflite").mkdir()
    odd = ("thesis", "m", "file", "d.tflite", "pipe.tflite", "none/../other.tflite")
    for out in ("other.tflite", *odd):
        result = run("export", "model", out)
        assert (result.exit_code, result.stdout) == (3, "")
        assert result.stderr.endswith(f"error: {out}: there already, and not by mnistcli\n")

    assert not (tmp_path / "none").exists()
    assert (tmp_path / "m" / "notes.txt").exists()
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "all of it"
    assert (tmp_path / "other.tflite").read_bytes() == b"\0\0\0\0TFL3"


@pytest.mark.parametrize("out", ["file/m.tflite", "file/m"])
def test_an_export_that_cannot_be_written_exits_with_3(out: str, tmp_path: Path, run) -> None:
    (tmp_path / "file").touch()

    result = run("export", "model", out, "--pretrained")

    assert (result.exit_code, result.stdout) == (3, "")
    assert "Traceback" not in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.slow
@pytest.mark.parametrize("out", [b"\xff", b"\xff.tflite"])
def test_a_name_may_be_any_bytes(out: bytes, tmp_path: Path, run) -> None:
    result = run("export", "model", os.fsdecode(out), "--pretrained")

    assert result.stdout_bytes == out + b"\tdeepcnn\tpretrained\n"
    assert [os.fsencode(path.name) for path in tmp_path.iterdir()] == [out]


def test_the_ending_may_be_in_capitals(tmp_path: Path, run) -> None:
    run("export", "model", "M.TFLITE", "--pretrained")

    assert (tmp_path / "M.TFLITE").is_file()


@pytest.mark.parametrize("out", ["m.onnx", "m.h5", "M.KERAS", ""])
def test_other_formats_are_refused(out: str, run) -> None:
    result = run("export", "model", out, "--pretrained")

    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{out}: expected FILE.tflite, or a directory" in result.stderr


def test_without_a_model_nothing_is_exported(run) -> None:
    assert run("export", "model", "m.tflite", "--checkpoint-dir", "none").exit_code == 4
    assert not Path("m.tflite").exists()


@pytest.mark.slow
def test_a_saved_model_has_the_full_precision_of_a_run(
    small_mnist: Path, tmp_path: Path, run
) -> None:
    assert run("train", "--model", "cnn", "--steps", "20").exit_code == 0
    run("export", "model", "m")
    images = idx.read(small_mnist / "t10k-images-idx3-ubyte.gz")

    answers = answer(TENSORFLOW, "m", (images / 255).reshape(-1, 784).astype(np.float32), tmp_path)

    scored = json.loads(run("eval", "--json").stdout)
    labels = idx.read(small_mnist / "t10k-labels-idx1-ubyte.gz")
    assert (answers.argmax(axis=1) == labels).sum() == scored["correct"]


# Images


def test_images_are_named_by_label_and_index(small_mnist: Path, tmp_path: Path, run) -> None:
    images = idx.read(small_mnist / "t10k-images-idx3-ubyte.gz")
    labels = idx.read(small_mnist / "t10k-labels-idx1-ubyte.gz")

    result = run("export", "images", "out")

    assert result.stdout == "out\t200\tmnist\ttest\n"
    files = sorted((tmp_path / "out").iterdir())
    expected = sorted(f"{label}_{place:05}.png" for place, label in enumerate(labels.tolist()))
    assert [file.name for file in files] == expected
    for file in files:
        place = int(file.stem.partition("_")[2])
        np.testing.assert_array_equal(np.asarray(Image.open(file)), images[place])


def test_options_select_images(small_mnist: Path, tmp_path: Path, run) -> None:
    labels = idx.read(small_mnist / "train-labels-idx1-ubyte.gz").tolist()

    run(
        "export", "images", "out", "--split", "train", "--digits", "3,8", "--count", "5", "--invert"
    )

    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    places = [place for place, label in enumerate(labels) if label in (3, 8)][:5]
    assert names == sorted(f"{labels[place]}_{place:05}.png" for place in places)
    images = idx.read(small_mnist / "train-images-idx3-ubyte.gz")
    found = np.asarray(Image.open(tmp_path / "out" / f"{labels[places[0]]}_{places[0]:05}.png"))
    np.testing.assert_array_equal(found, 255 - images[places[0]])


@pytest.mark.parametrize("digits", ["", ",", "8-3", "3,8-3", "-3", "x", "³"])
def test_digits_must_be_digits(digits: str, run) -> None:
    assert run("export", "images", "out", "--digits", digits).exit_code == 2
    assert not Path("out").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("few_strokes")
@pytest.mark.parametrize("invert", [[], ["--invert"]])
def test_exported_images_score_as_the_data_set_does(invert: list[str], tmp_path: Path, run) -> None:
    data = ["--dataset", "strokes", "--data-dir", "data"]
    scored = json.loads(run("eval", "--pretrained", *data, "--json").stdout)

    run("export", "images", "out", *data, *invert)
    document = json.loads(run("predict", "--pretrained", "out", "--format", "json").stdout)

    confusion = np.zeros((10, 10), int)
    for one in document["results"]:
        confusion[int(Path(one["file"]).name[0]), one["digit"]] += 1
    assert confusion.tolist() == scored["confusion"]
    read = json.loads(run("eval", "--pretrained", "out", "--json").stdout)
    for key in ("correct", "total", "confusion"):
        assert read[key] == scored[key]
    assert read["loss"] == pytest.approx(scored["loss"], rel=1e-5)


def claim_size(png: bytes, side: int) -> bytes:
    """A PNG file whose header names another size than it has."""
    header = b"IHDR" + struct.pack(">II", side, side) + png[24:29]
    return png[:12] + header + struct.pack(">I", zlib.crc32(header)) + png[33:]


HUGE = claim_size(to_png(seven()), 60_000)


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"no picture", to_png(seven()), HUGE])
def test_a_foreign_file_is_not_replaced(
    content: bytes, small_mnist: Path, tmp_path: Path, run
) -> None:
    label = idx.read(small_mnist / "t10k-labels-idx1-ubyte.gz")[0]
    own = tmp_path / "out" / f"{label}_00000.png"
    own.parent.mkdir()
    own.write_bytes(content)

    result = run("export", "images", "out")

    assert (result.exit_code, result.stdout) == (3, "")
    assert f"error: {own.relative_to(tmp_path)}: there already, and not by" in result.stderr
    assert own.read_bytes() == content
    own.unlink()
    for _ in range(2):
        assert run("export", "images", "out", "--count", str(10**30)).exit_code == 0
    own.unlink()
    os.mkfifo(own)
    assert run("export", "images", "out").exit_code == 3


@pytest.mark.slow
def test_exported_mnist_images_score_as_the_data_set_does(
    shared: Path, tmp_path: Path, run
) -> None:
    data = ["--dataset", "mnist", "--data-dir", shared / "mnist"]
    scored = json.loads(run("eval", "--pretrained", *data, "--json").stdout)

    assert run("export", "images", "out", *data).stdout == "out\t10000\tmnist\ttest\n"

    read = json.loads(run("eval", "--pretrained", "out", "--json").stdout)
    assert (read["correct"], read["confusion"]) == (scored["correct"], scored["confusion"])
