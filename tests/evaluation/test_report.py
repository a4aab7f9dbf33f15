import base64
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from helpers.listening import SILENT
from PIL import Image

from mnistcli.evaluation import report
from mnistcli.evaluation.metrics import AnsweredImages, evaluate
from mnistcli.runs.history import Point

MODEL = {"name": "softmax", "step": 60, "dataset": "mnist", "source": "checkpoints/model-60"}
CURVE = (Point(30, 2.0, 0.3, 1.9, 0.4), Point(60, 1.0, 0.7, 1.1, 0.6))


class Page(HTMLParser):
    """The addresses, tags and text of a page."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.text += data


def answer(names: list[str], labels: list[int], answers: list[int]) -> AnsweredImages:
    probabilities = np.full((len(labels), 10), 0.01, np.float32)
    probabilities[np.arange(len(labels)), answers] = 0.91
    images = np.random.default_rng(1).integers(0, 256, (len(labels), 28, 28)).astype(np.uint8)
    return AnsweredImages(
        "pictures", None, names, images, np.array(labels, np.uint8), probabilities
    )


def write(directory: Path, data: AnsweredImages, **extra: object) -> Page:
    page = report.write(directory, MODEL, data, evaluate(data.probabilities, data.labels), **extra)
    return Page(page.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_the_page_embeds_its_plots(tmp_path: Path) -> None:
    data = answer(["a.png", "b.png", "c.png"], [1, 2, 3], [1, 2, 9])

    page = write(tmp_path / "report", data, curve=CURVE, w=np.ones((784, 10), np.float32))

    assert len(page.addresses) == 5
    shown = [base64.b64decode(one.removeprefix("data:image/png;base64,")) for one in page.addresses]
    files = sorted((tmp_path / "report").glob("*.png"))
    assert sorted(shown) == sorted(file.read_bytes() for file in files)
    assert [file.stem for file in files] == [
        *("confusion", "curves", "errors", "reliability", "weights")
    ]
    for content in shown:
        with Image.open(io.BytesIO(content)) as image:
            assert min(image.size) >= 180
            assert image.convert("L").getextrema()[0] < 128
    assert "c.png" in page.text
    assert "a.png" not in page.text
    assert "66.67 %" in page.text
    assert "2\n    of 3 images" in page.text


@pytest.mark.slow
def test_without_errors_and_curves_there_are_fewer_plots(tmp_path: Path) -> None:
    wrong, right = answer(["1.png"], [1], [2]), answer(["1.png"], [1], [1])
    write(tmp_path, wrong, curve=CURVE, w=np.ones((784, 10), np.float32))

    page = write(tmp_path, right)

    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("confusion.png", "reliability.png", "report.html")
    ]
    assert "None." in page.text


def test_a_report_of_no_images_has_a_page(tmp_path: Path) -> None:
    page = write(tmp_path, answer([], [], []))

    assert "of 0 images" in page.text


def test_names_of_files_are_escaped(tmp_path: Path) -> None:
    name = "<script>alert(1)</script>&amp;\udce9.png"

    page = write(tmp_path, answer([name], [1], [2]))

    assert "script" not in page.tags
    assert "<script>alert(1)</script>&amp;?.png" in page.text


@pytest.mark.parametrize("name", ["report.html", "weights.png"])
def test_a_foreign_file_is_not_replaced(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("precious")

    with pytest.raises(FileExistsError, match="there already, and not by mnistcli"):
        write(tmp_path, answer(["1.png"], [1], [2]))

    assert [path.read_text() for path in tmp_path.iterdir()] == ["precious"]


def test_the_weights_are_computed_from_answers() -> None:
    random = np.random.default_rng(5)
    w = random.normal(0, 0.1, (784, 10))
    w -= w.mean(axis=1, keepdims=True)
    b = random.normal(size=10)

    class Linear:
        def predict(self, images: np.ndarray) -> np.ndarray:
            powers = np.exp(images.reshape(-1, 784) / 255 @ w + b)
            return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)

    np.testing.assert_allclose(report.find_weights(Linear()), w, atol=1e-5)


@pytest.mark.slow
def test_the_contact_sheet_shows_the_worst_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []
    monkeypatch.setattr(report.plots, "draw_errors", lambda *parts: drawn.append(parts) or b"")
    data = answer([f"{number}.png" for number in range(100)], [1] * 100, [2] * 100)
    data.probabilities[70, 1] = 0.001

    page = write(tmp_path, data)

    ((images, labels, probabilities),) = drawn
    assert len(images) == len(labels) == len(probabilities) == report.MAX_SHOWN
    np.testing.assert_array_equal(images[0], data.images[70])
    assert "The worst 60 of 100" in page.text


@pytest.mark.slow
def test_eval_writes_a_report(checkpoints: Path, small_mnist: Path, run) -> None:
    result = run("eval", "--checkpoint-dir", checkpoints, "--report", "there", "--json")

    document = json.loads(result.stdout)
    assert result.exit_code == 0, result.stderr
    page = Path("there/report.html").read_text(encoding="utf-8")
    assert "report: there/report.html" in result.stderr
    assert f"{100 * document['accuracy']:.2f} %" in page
    assert re.search(rf"{document['correct']}\s*<small>of {document['total']} images", page)
    assert Path("there/weights.png").exists()
    assert not Path("there/curves.png").exists()


def test_the_computed_weights_are_those_of_the_run(checkpoints: Path, tensorflow: None) -> None:
    from mnistcli.inference.interpreter import Predictor
    from mnistcli.runs.checkpoints import find_newest
    from mnistcli.training.weights import read_weights, restore

    newest = find_newest(checkpoints, SILENT)

    found = report.find_weights(Predictor(newest.export, "run"))

    np.testing.assert_allclose(found, read_weights(restore(newest))["w"], atol=1e-5)


def test_eval_writes_a_report_of_pictures(tmp_path: Path, run) -> None:
    picture = np.full((60, 60), 255, np.uint8)
    picture[10:50, 27:33] = 0
    Image.fromarray(picture).save(tmp_path / "8_1.png")
    (tmp_path / "3_0.png").touch()

    result = run("eval", "8_1.png", "3_0.png", "--pretrained", "--report", "there")

    assert result.exit_code == 1  # of the empty file
    page = Page(Path("there/report.html").read_text(encoding="utf-8"))
    assert "8_1.png" in page.text
    assert Path("there/errors.png").exists()
    assert not Path("there/weights.png").exists()


def test_eval_refuses_a_report_that_cannot_be_written_before_any_work(tmp_path: Path, run) -> None:
    (tmp_path / "confusion.png").write_text("precious")

    result = run("eval", "--pretrained", "--report", ".")

    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == "error: confusion.png: there already, and not by mnistcli\n"
