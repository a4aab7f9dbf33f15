"""The Python interface: any form of a picture, any model, and what is loaded when."""

import io
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from helpers.drawing import seven, to_file, to_png
from PIL import Image

import mnistcli
from mnistcli.datasets import idx
from mnistcli.inference.interpreter import Predictor
from mnistcli.runs.checkpoints import EXPORT_SUMS

SEVEN = np.asarray(seven())
COLOURS = np.stack([SEVEN] * 3, axis=-1)
OPAQUE = np.dstack([COLOURS, np.full_like(SEVEN, 255)])
FORMS = {
    "bytes": to_png(seven()),
    "bytearray": bytearray(to_png(seven())),
    "gray": SEVEN,
    "gray with an axis": SEVEN[..., np.newaxis],
    "RGB": COLOURS,
    "RGBA": OPAQUE,
    "fractions": SEVEN / 255,
    "fractions in float32": (OPAQUE / 255).astype(np.float32),
    "whole numbers": SEVEN.astype(np.int64),
    "floating-point levels": SEVEN * 1.0,
    "booleans": SEVEN > 0,
    "lists": SEVEN.tolist(),
    "Pillow": seven(),
    "Pillow RGBA": seven().convert("RGBA"),
    "Pillow palette": seven().convert("P"),
    "Pillow 1": seven().convert("1"),
    "Pillow from a file": Image.open(io.BytesIO(to_png(seven()))),
}
"""A 7 in every form that is read."""


def test_a_path_is_read(tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(to_png(seven()))

    for form in (path, str(path)):
        result = mnistcli.read(form)
        assert (result.digit, result.warnings) == (7, ())
        # The thresholds of the ink may move its bounds by a pixel or two.
        assert np.allclose(result.box, (20, 30, 81, 131), atol=2)
        assert sum(result.probabilities) == pytest.approx(1, abs=1e-5)
        assert result.probabilities[7] >= result.confidence > 0.9


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_all_forms_of_a_picture_give_the_same_result(form: object) -> None:
    assert mnistcli.read(form) == mnistcli.read(to_png(seven()))


def test_a_picture_is_not_changed_by_being_read() -> None:
    content = to_file(seven().rotate(90, expand=True), "JPEG", exif=make_exif(6))
    picture = Image.open(io.BytesIO(content))
    pixels = np.zeros((60, 60, 4), np.uint8)

    assert mnistcli.read(picture).digit == 7
    mnistcli.read(pixels)

    assert picture.getexif()[0x0112] == 6
    assert picture.size == (160, 120)
    assert not pixels.any()


def make_exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def test_an_image_of_mnist_is_taken_as_it_is() -> None:
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 13:15] = 255  # a 1 whose centre of mass is in the middle

    result = mnistcli.read(image)

    assert result.box == (0, 0, 28, 28)
    assert result.digit == 1


def test_the_images_of_mnist_are_read(shared: Path) -> None:
    images = idx.read(shared / "mnist" / "t10k-images-idx3-ubyte.gz")[:100]
    labels = idx.read(shared / "mnist" / "t10k-labels-idx1-ubyte.gz")[:100]

    read = [mnistcli.read(image).digit for image in images]

    assert np.mean(np.array(read) == labels) >= 0.98


def test_what_is_no_digit_has_none() -> None:
    result = mnistcli.read(np.zeros((50, 40)))

    assert (result.digit, result.confidence, result.box) == (None, 0, None)
    assert result.warnings == ("no digit found: is it blank?",)


def draw_rows() -> Image.Image:
    """Two 7s above one."""
    page = Image.new("L", (320, 360), 255)
    for place in ((0, 0), (160, 0), (80, 180)):
        page.paste(seven(), place)
    return page


def test_all_digits_are_read_in_rows() -> None:
    page = mnistcli.read_all(draw_rows())

    assert (page.text, page.rows, str(page)) == ("777", ("77", "7"), "77\n7")
    assert [digit.digit for digit in page.digits] == [7, 7, 7]
    assert np.allclose(page.digits[1].box, (180, 30, 241, 131), atol=3)
    assert page.confidence == min(digit.confidence for digit in page.digits) > 0.9
    assert page.warnings == ()


def test_one_of_several_digits_has_a_warning_that_names_the_function() -> None:
    result = mnistcli.read(draw_rows())

    assert result.digit == 7
    assert result.warnings == ("more than one digit? read_all() reads all of them",)


def test_a_page_without_digits_is_empty() -> None:
    page = mnistcli.read_all(np.full((60, 80), 255, np.uint8))

    assert (page.text, page.rows, page.digits, page.confidence) == ("", (), (), 0)


def test_results_print_well() -> None:
    box = mnistcli.Box(1, 2, 3, 4)
    result = mnistcli.Result(7, 0.98765, (0.1,) * 10, box, ("unsure",))

    assert repr(result) == (
        "Result(digit=7, confidence=0.9877, box=(1, 2, 3, 4), warnings=('unsure',))"
    )
    assert repr(mnistcli.Page(("7",), (result,), ())) == "Page(rows=('7',), warnings=())"


def test_results_are_those_of_predict(run, tmp_path: Path) -> None:
    (tmp_path / "page.png").write_bytes(to_png(draw_rows()))
    command = ["predict", "page.png", "--pretrained", "--format", "json"]

    (one,) = json.loads(run(*command).stdout)["results"]
    (several,) = json.loads(run(*command, "--several").stdout)["results"]

    result, page = mnistcli.read("page.png"), mnistcli.read_all("page.png")
    keys = ("digit", "confidence", "box", "probabilities")
    for read, printed in zip((result, *page.digits), (one, *several["digits"]), strict=True):
        values = (read.digit, read.confidence, list(read.box), list(read.probabilities))
        assert values == tuple(printed[key] for key in keys)
    assert list(page.rows) == several["rows"]


# Errors

ONE_LINE = "; 0 to 255, or 0 to 1, are expected"


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        ("missing.png", "missing.png: No such file or directory"),
        (".", ".: Is a directory"),
        (b"", "bytes: the file is empty"),
        (b"text", "bytes: not a picture in a known format"),
        (to_png(seven())[:200], "bytes: damaged picture: .*"),
        (7, "int: a path, bytes, an array or a picture of Pillow's is expected"),
        (None, "NoneType: a path, .*"),
        (np.zeros((2, 28, 28)), r"ndarray: an array of shape \(2, 28, 28\); .* is expected"),
        (np.zeros(784), r"ndarray: an array of shape \(784,\); .* is expected"),
        (np.zeros((0, 9)), "ndarray: it has no pixels"),
        (Image.new("L", (0, 9)), "Image: it has no pixels"),
        (np.array([[0, 256]]), f"ndarray: levels from 0 to 256{ONE_LINE}"),
        (np.array([[-1, 5]]), f"ndarray: levels from -1 to 5{ONE_LINE}"),
        (np.full((9, 9), np.nan), f"ndarray: levels from nan to nan{ONE_LINE}"),
        (np.array([["7"]]), "ndarray: elements of type .*; numbers are expected"),
        (np.zeros((9, 9), complex), "ndarray: elements of type complex128; numbers are expected"),
        ([[0, 1], [2]], "list: not an array: .*"),
    ],
)
def test_what_is_no_picture_is_an_error_of_one_line(picture: object, message: str) -> None:
    for read in (mnistcli.read, mnistcli.read_all):
        with pytest.raises(mnistcli.PictureError, match=f"^{message}$"):
            read(picture)


def test_errors_are_of_one_family() -> None:
    for kind in (mnistcli.PictureError, mnistcli.ModelError, mnistcli.DataError):
        assert issubclass(kind, mnistcli.MnistError)


# Models


def test_a_run_a_checkpoint_and_an_export_are_the_same_model(
    trained: Path, run, tmp_path: Path
) -> None:
    assert run("export", "model", "digits.tflite").exit_code == 0
    places = ("checkpoints", Path("checkpoints", "model-60"), tmp_path / "digits.tflite")

    models = [mnistcli.load_model(place) for place in places]

    for model in models:
        assert (model.name, model.step, model.dataset) == ("softmax", 60, "mnist")
        assert model.read(SEVEN) == models[0].read(SEVEN)
    assert models[0].source == str(Path("checkpoints", "model-60"))
    assert models[0].read(SEVEN) != mnistcli.read(SEVEN)
    assert repr(models[2]) == (
        f"Model(name='softmax', step=60, dataset='mnist', source={str(places[2])!r})"
    )


def test_a_checkpoint_that_is_not_the_newest_is_loaded(trained: Path, run) -> None:
    assert mnistcli.load_model("checkpoints/model-30").step == 30


def test_without_an_argument_the_pretrained_model_is_loaded(trained: Path, run) -> None:
    model = mnistcli.load_model()

    assert (model.name, model.source) == ("deepcnn", "pretrained")
    assert model.read(SEVEN) == mnistcli.read(SEVEN)


def test_an_export_without_metadata_is_unknown(trained: Path) -> None:
    model = mnistcli.load_model(trained / "model-60" / "model.tflite")

    assert (model.name, model.step, model.dataset) == ("unknown", 0, "unknown")


def test_a_place_without_a_model_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("text")

    with pytest.raises(mnistcli.ModelError, match="nowhere: no trained model here"):
        mnistcli.load_model(tmp_path / "nowhere")
    with pytest.raises(mnistcli.ModelError, match="no trained model here"):
        mnistcli.load_model(tmp_path)
    with pytest.raises(mnistcli.ModelError, match="text: not a TensorFlow Lite model"):
        mnistcli.load_model(tmp_path / "text")


def test_a_damaged_checkpoint_is_logged(trained: Path, caplog: pytest.LogCaptureFixture) -> None:
    (trained / "model-60" / "SHA256SUMS").unlink()

    assert mnistcli.load_model(trained).step == 30

    (record,) = (one for one in caplog.records if one.levelname == "WARNING")
    assert record.name == "mnistcli"
    assert "model-60: damaged" in record.message


# What is loaded


def run_python(script: str, *arguments: Path) -> str:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


HEAVY = "{'tensorflow', 'keras', 'numpy', 'PIL', 'cv2', 'ai_edge_litert', 'requests', 'click'}"


def test_importing_the_package_loads_nothing_else() -> None:
    script = f"import sys, mnistcli; print(sorted({HEAVY} & set(sys.modules)))"
    script += "; print([name for name in sys.modules if name.startswith('mnistcli')])"

    assert run_python(script) == "[]\n['mnistcli']\n"


def test_reading_loads_no_tensorflow_and_prints_nothing(trained: Path) -> None:
    assert (trained / "model-60" / EXPORT_SUMS).exists()
    script = "import sys, mnistcli; mnistcli.read(sys.argv[1]); mnistcli.read_all(sys.argv[1]);"
    script += "mnistcli.load_model(sys.argv[2]).read(sys.argv[1]);"
    script += "print({'tensorflow', 'keras', 'requests', 'click'} & set(sys.modules))"
    (trained.parent / "7.png").write_bytes(to_png(seven()))

    assert run_python(script, trained.parent / "7.png", trained) == "set()\n"


def test_every_public_name_can_be_found() -> None:
    assert set(mnistcli.__all__) <= set(dir(mnistcli))
    for name in mnistcli.__all__:
        assert getattr(mnistcli, name) is not None
    with pytest.raises(AttributeError, match="'mnistcli' has no attribute 'reed'"):
        mnistcli.reed  # noqa: B018


def test_threads_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    inside, most = 0, 0
    predict = Predictor.predict

    def count_and_predict(self: Predictor, images: np.ndarray) -> np.ndarray:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        answers = predict(self, images)
        inside -= 1
        return answers

    monkeypatch.setattr(Predictor, "predict", count_and_predict)
    with ThreadPoolExecutor(8) as pool:
        digits = {result.digit for result in pool.map(mnistcli.read, [SEVEN] * 24)}

    assert (digits, most) == ({7}, 1)
