"""What ``mnistcli predict`` offers beside the digit, with the pretrained model."""

import csv
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from helpers.drawing import SAMPLES, seven, to_png
from PIL import Image

from mnistcli.cli import display
from mnistcli.datasets.synthetic import dataset as synthetic

SEVEN = next(path for path in SAMPLES if path.name == "7_1.png")


@pytest.fixture
def blank(tmp_path: Path) -> str:
    (tmp_path / "blank.png").write_bytes(to_png(np.full((50, 40), 255, np.uint8)))
    return "blank.png"


@pytest.fixture
def number(tmp_path: Path) -> str:
    """A picture of two digits beside each other, above a third."""
    images, labels = synthetic.make(5, 100)
    page = np.zeros((130, 130), np.uint8)
    for digit, (top, left) in zip((4, 7, 2), ((10, 10), (15, 70), (80, 20)), strict=True):
        image = images[np.flatnonzero(labels == digit)[0]]
        page[top : top + 28, left : left + 28] = image
    (tmp_path / "number.png").write_bytes(to_png(255 - page))
    return "number.png"


def results_of(result) -> list[dict]:
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)["results"]


def warnings_in(result) -> list[str]:
    return [line for line in result.stderr.splitlines() if line.startswith("warning: ")]


def test_json_tells_what_was_done(tmp_path: Path, run) -> None:
    (tmp_path / "dark.png").write_bytes(to_png(seven()))
    (tmp_path / "light.png").write_bytes(to_png(seven(paper=0, ink=255)))

    dark, light = results_of(run("predict", "dark.png", "light.png", "--format", "json"))

    assert (dark["polarity"], light["polarity"]) == ("dark_on_light", "light_on_dark")
    for result in (dark, light):
        left, top, right, bottom = result["box"]
        assert (left, top, right, bottom) == (20, 30, 81, 131)
        assert result["scale"] == pytest.approx(20 / 101)
        ends = [
            result["scale"] * place + shift
            for place, shift in zip((left, top), result["shift"], strict=True)
        ]
        assert all(end == pytest.approx(round(end)) and 0 <= end <= 8 for end in ends)
        assert 0 <= result["confidence"] <= result["probability"] <= 1


def test_the_box_is_in_the_pictures_own_pixels(tmp_path: Path, run) -> None:
    large = seven().resize((120 * 25, 160 * 25), Image.Resampling.NEAREST)
    framed = Image.new("L", (3200, 4100), 60)
    framed.paste(large, (100, 100))  # the ink on a sheet, the sheet on a dark table
    framed.save(tmp_path / "large.png")

    (result,) = results_of(run("predict", "large.png", "--format", "json"))

    np.testing.assert_allclose(result["box"], np.array([20, 30, 81, 131]) * 25 + 100, atol=8)
    assert result["scale"] == pytest.approx(20 / 101 / 25, rel=0.01)


@pytest.mark.parametrize("size", [(4000, 3001), (1300, 1025), (1025, 3001)])
def test_the_box_lies_within_the_picture(size: tuple[int, int], tmp_path: Path, run) -> None:
    picture = Image.new("L", size, 255)
    picture.paste(0, (size[0] // 2, size[1] // 2, size[0] // 2 + 90, size[1]))
    picture.save(tmp_path / "1.png")

    (result,) = results_of(run("predict", "1.png", "--format", "json"))

    assert result["box"][3] == size[1]


@pytest.mark.parametrize(
    ("invert", "polarity"), [("yes", "dark_on_light"), ("no", "light_on_dark")]
)
def test_the_polarity_asked_for_is_used(invert: str, polarity: str, run) -> None:
    (one,) = results_of(run("predict", SEVEN, "--invert", invert, "--format", "json"))

    assert one["polarity"] == polarity


def test_unsure_answers_are_warned_of_everywhere(tmp_path: Path, run) -> None:
    stars = Image.new("L", (200, 200), 255)
    stars.paste(0, (90, 20, 110, 180))
    stars.paste(0, (20, 90, 180, 110))
    stars.paste(0, (20, 20, 40, 180))
    stars.save(tmp_path / "no.png")

    as_text = run("predict", "no.png")
    as_csv = run("predict", "no.png", "--format", "csv")
    (as_json,) = results_of(run("predict", "no.png", "--format", "json"))

    assert warnings_in(as_text) == ["warning: no.png: nothing like a digit"]
    assert as_text.stdout.startswith("no.png\t")
    (row,) = csv.DictReader(io.StringIO(as_csv.stdout))
    assert row["warnings"] == "nothing like a digit"
    assert as_json["warnings"] == ["nothing like a digit"]
    assert as_json["confidence"] < 0.5


def test_faint_ink_is_warned_of(tmp_path: Path, run) -> None:
    (tmp_path / "faint.png").write_bytes(to_png(seven(paper=220, ink=207)))

    assert warnings_in(run("predict", "faint.png"))[0] == (
        "warning: faint.png: little contrast: the ink differs by 13 of 255 gray levels from the "
        "background"
    )


def test_confidence_can_be_a_gate(blank: str, run) -> None:
    assert run("predict", SEVEN, "--min-confidence", "0.5").exit_code == 0

    too_low = run("predict", SEVEN, "--min-confidence", "1")
    nothing = run("predict", SEVEN, blank, "--min-confidence", "0.5")
    both = run("predict", blank, blank, "--min-confidence", "0.01", "--format", "json")

    assert (too_low.exit_code, nothing.exit_code, both.exit_code) == (1, 1, 1)
    assert too_low.stdout.startswith(f"{SEVEN}\t7\t")
    assert re.search(
        r"^error: .*7_1\.png: confidence 0\.\d{4} is below --min-confidence 1\.0$",
        too_low.stderr,
        re.MULTILINE,
    )
    last = nothing.stderr.splitlines()[-1]
    assert last == "error: blank.png: confidence 0.0000 is below --min-confidence 0.5"
    assert both.stderr.endswith("below --min-confidence 0.01, and 1 more\n")
    assert len(json.loads(both.stdout)["results"]) == 2


def test_several_digits_are_read_in_order(number: str, run) -> None:
    (result,) = results_of(run("predict", number, "--several", "--format", "json"))
    text = run("predict", number, "--several")
    table = run("predict", number, "--several", "--format", "csv")

    assert (result["text"], result["rows"]) == ("472", ["47", "2"])
    assert [digit["digit"] for digit in result["digits"]] == [4, 7, 2]
    assert all(len(digit["probabilities"]) == 10 for digit in result["digits"])
    lefts, tops, rights, bottoms = zip(*(digit["box"] for digit in result["digits"]), strict=True)
    assert lefts[0] < rights[0] < lefts[1]
    assert max(bottoms[:2]) < tops[2]
    least = min(digit["probability"] for digit in result["digits"])
    assert text.stdout == f"number.png\t472\t{least:.4f}\n"
    (row,) = csv.DictReader(io.StringIO(table.stdout))
    assert (row["digit"], row["probability"]) == ("472", f"{least:.4f}")


def test_without_several_more_than_one_is_warned_of(number: str, run) -> None:
    result = run("predict", number)

    assert warnings_in(result)[0].endswith("more than one digit? --several reads all of them")


def test_of_nothing_no_digit_is_read(blank: str, run) -> None:
    (result,) = results_of(run("predict", blank, "--several", "--format", "json"))
    text = run("predict", blank, "--several")

    assert (result["text"], result["rows"], result["digits"]) == ("", [], [])
    assert result["warnings"] == ["no ink found: is it blank?"]
    assert text.stdout == "blank.png\t\t\n"
    assert run("predict", blank, "--several", "--min-confidence", "0.1").exit_code == 1


@pytest.mark.parametrize("other", [["--top", "2"], ["--preprocess", "plain"]])
def test_several_goes_with_neither_of(other: list[str], run) -> None:
    result = run("predict", SEVEN, "--several", *other)

    assert (result.exit_code, result.stdout) == (2, "")
    assert "can't be used together" in result.stderr


def test_what_the_network_saw_is_saved(number: str, tmp_path: Path, run) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "7_1.jpg").write_bytes(to_png(seven()))

    result = run("predict", SEVEN, "other/7_1.jpg", "--save-preprocessed", "seen")
    several = run("predict", number, "--several", "--save-preprocessed", "seen/each")

    assert (result.exit_code, several.exit_code) == (0, 0)
    saved = sorted(
        path.relative_to(tmp_path / "seen") for path in Path("seen").resolve().rglob("*.png")
    )
    assert [str(path) for path in saved] == [
        *("7_1.28x28.png", "7_1_2.28x28.png"),
        *("each/number.28x28.png", "each/number_2.28x28.png", "each/number_3.28x28.png"),
    ]
    again = run("predict", "seen", "--format", "json")
    for answer in results_of(again):
        image = Image.open(io.BytesIO(Path(answer["file"]).read_bytes()))
        assert (image.size, image.mode, answer["digit"]) == ((28, 28), "L", 7)
    assert [row["probability"] for row in results_of(again)] == [
        row["probability"]
        for row in results_of(run("predict", SEVEN, "other/7_1.jpg", "--format", "json"))
    ]


def test_what_cannot_be_saved_is_said_and_the_others_are(tmp_path: Path, run) -> None:
    (tmp_path / "seen").mkdir()
    (tmp_path / "seen" / "7_1.28x28.png").mkdir()
    long = "L" * 240 + ".png"
    (tmp_path / long).write_bytes(to_png(seven()))

    result = run("predict", SEVEN, long, "--save-preprocessed", "seen")

    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 2
    assert "\nerror: seen/7_1.28x28.png: not saved: " in result.stderr
    assert (tmp_path / "seen" / f"{'L' * 100}.28x28.png").exists()


def test_a_file_of_the_users_is_not_replaced(tmp_path: Path, run) -> None:
    own = tmp_path / "7_1.28x28.png"
    own.write_bytes(to_png(seven()))

    kept = run("predict", SEVEN, "--save-preprocessed", ".")

    assert (kept.exit_code, own.read_bytes()) == (1, to_png(seven()))
    assert "there already, and not by mnistcli" in kept.stderr
    own.unlink()
    for _ in range(2):
        assert not warnings_in(run("predict", SEVEN, "--save-preprocessed", "."))
    assert Image.open(io.BytesIO(own.read_bytes())).size == (28, 28)


@pytest.mark.parametrize("kind", ["text", "csv", "json"])
def test_a_directory_that_cannot_be_made_is_an_error(kind: str, tmp_path: Path, run) -> None:
    (tmp_path / "file").touch()

    result = run("predict", SEVEN, "--save-preprocessed", "file/seen", "--format", kind)

    assert (result.exit_code, result.stdout) == (3, "")


def test_show_draws_the_image_beside_the_best_digits(run) -> None:
    result = run("predict", SEVEN, "--show")

    _, _, name, *lines = result.stderr.splitlines()
    assert name == str(SEVEN)
    assert len(lines) == 14
    (best,) = [line for line in lines if re.search(r"  7 █+.* +0\.9\d{3}$", line)]
    shown = [line[:28] for line in lines]
    assert {*"".join(shown)} <= {*" ░▒▓█"}
    assert sum(character != " " for character in "".join(shown)) > 30
    assert best[28:].startswith("  7 ")
    assert result.stdout == run("predict", SEVEN).stdout
    assert "█" not in run("-q", "predict", SEVEN, "--show").stderr


@pytest.mark.parametrize(
    ("environment", "codes"),
    [
        ({"COLORTERM": "truecolor"}, ["38;2;255;255;255", "48;2;0;0;0"]),
        ({"TERM": "xterm-256color"}, ["38;5;255", "48;5;232"]),
        ({"COLORTERM": "truecolor", "NO_COLOR": "1"}, None),
        ({"TERM": "dumb"}, None),
    ],
)
def test_colours_are_those_of_the_terminal(
    environment: dict[str, str], codes: list[str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("COLORTERM", "NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stderr", type("Terminal", (), {"isatty": lambda self: True})())

    paint = display.choose_paint()

    if codes is None:
        assert (paint(255, 255), paint(0, 0), paint(255, 0)) == ("█", " ", "▒")
    else:
        front, back = codes
        assert paint(255, 0) == f"\x1b[{front}m\x1b[{back}m▀\x1b[0m"
