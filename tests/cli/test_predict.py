"""``mnistcli predict``: its formats, its options, and what it saves and shows."""

import csv
import io
import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
from helpers.commandline import read_notes
from helpers.drawing import SAMPLES, seven, to_png
from PIL import Image

from mnistcli.cli import preview
from mnistcli.datasets.synthetic import dataset as synthetic
from mnistcli.inference.recognition import NO_DIGIT
from mnistcli.pictures.normalization import normalize
from mnistcli.pictures.pipeline import BLANK

SEVEN = next(path for path in SAMPLES if path.name == "7_1.png")


@pytest.fixture
def blank(tmp_path: Path) -> str:
    (tmp_path / "blank.png").write_bytes(to_png(np.full((50, 40), 255, np.uint8)))
    return "blank.png"


@pytest.fixture
def number(tmp_path: Path) -> str:
    """A picture of two digits beside each other, above a third."""
    images, labels = synthetic.draw_images(5, 100)
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


# With a trained model


def test_predict_text(trained: Path, pictures: Path, run) -> None:
    files = sorted(pictures.iterdir())

    result = run("predict", *files, "--preprocess", "plain")

    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert [(row[0], row[1]) for row in rows] == [(str(file), file.name[0]) for file in files]
    assert all(0.5 < float(row[2]) <= 1 and len(row[2]) == 6 for row in rows)
    assert result.exit_code == 0
    assert result.stderr == "model: checkpoints/model-60, softmax after 60 steps on mnist\n"


def test_predict_json(trained: Path, pictures: Path, run) -> None:
    file = sorted(pictures.iterdir())[0]
    result = run(
        "predict", file, "missing.png", "--format", "json", "--top", "2", "--preprocess", "plain"
    )

    document = json.loads(result.stdout)
    answer, failure = document["results"]
    assert (result.exit_code, document["version"]) == (1, 1)
    assert document["model"]["name"] == "softmax"
    assert failure == {"file": "missing.png", "error": "No such file or directory"}
    assert (answer["file"], answer["digit"]) == (str(file), int(file.name[0]))
    assert answer["warnings"] == []
    assert len(answer["probabilities"]) == 10
    assert sum(answer["probabilities"]) == pytest.approx(1, abs=1e-5)
    assert answer["probability"] == max(answer["probabilities"])
    assert len(answer["top"]) == 2
    assert answer["top"][0] == [answer["digit"], answer["probability"]]
    assert answer["top"][1][1] == sorted(answer["probabilities"])[-2]


def test_predict_csv(trained: Path, tmp_path: Path, run) -> None:
    (tmp_path / "blank, white.png").write_bytes(to_png(np.full((9, 9), 255, np.uint8)))

    result = run("predict", "blank, white.png", "missing.png", "--format", "csv", "--top", "1")

    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert list(rows[0]) == [
        *("file", "digit", "confidence", "warnings", "error"),
        *("digit_1", "probability_1"),
    ]
    assert rows[0]["file"] == "blank, white.png"
    assert rows[0]["warnings"] == "no digit found: is it blank?"
    assert (rows[0]["digit"], rows[0]["confidence"]) == ("-", "0.0000")
    assert rows[0]["digit_1"] in {*"0123456789"}
    assert (rows[1]["file"], rows[1]["digit"]) == ("missing.png", "")
    assert rows[1]["error"] == "No such file or directory"
    assert result.exit_code == 1


def test_csv_quotes_a_name_of_two_lines(trained: Path, run) -> None:
    result = run("predict", "no\nfile.png", "--format", "csv")

    assert [row["file"] for row in csv.DictReader(io.StringIO(result.stdout))] == ["no\nfile.png"]
    assert read_notes(result) == ["error: no\\nfile.png: No such file or directory"]


def test_predict_top_adds_columns(trained: Path, pictures: Path, run) -> None:
    result = run("predict", "pictures", "--top", "3")

    for line in result.stdout.splitlines():
        file, digit, confidence, *top = line.split("\t")
        has_none = any(
            f"warning: {file}: {warning}" in result.stderr for warning in (NO_DIGIT, BLANK)
        )
        assert digit == ("-" if has_none else top[0])
        assert 0 <= float(confidence) <= float(top[1]) <= 1
        assert [float(value) for value in top[1::2]] == sorted(map(float, top[1::2]), reverse=True)
        assert len(top) == 6


def test_a_bad_picture_does_not_stop_the_others(trained: Path, pictures: Path, run) -> None:
    good = sorted(pictures.iterdir())
    bad = pictures / "bad.png"
    bad.write_bytes(good[0].read_bytes()[:200])
    (pictures / "empty").mkdir()
    files = [bad, good[0], "no.png", pictures / "empty", good[1]]

    result = run("predict", *files, "--preprocess", "plain")

    assert result.exit_code == 1
    assert [line.split("\t")[0] for line in result.stdout.splitlines()] == list(map(str, good[:2]))
    errors = read_notes(result)
    assert [error.partition(": ")[2].split(":")[0] for error in errors] == [
        str(bad),
        "no.png",
        str(pictures / "empty"),
    ]
    assert "damaged picture" in errors[0]
    assert "a directory without pictures" in errors[2]


def test_a_directory_stands_for_its_pictures(trained: Path, pictures: Path, run) -> None:
    for name in (".hidden.png", "notes.txt"):
        (pictures / name).touch()
    (pictures / "0_99.JPG").write_bytes(to_png(seven()))

    result = run("predict", "pictures")

    names = [Path(line.split("\t")[0]).name for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert names == sorted(names)
    assert len(names) == 11


def test_predict_reads_standard_input(trained: Path, run) -> None:
    result = run("predict", "-", input=to_png(seven()))

    assert result.exit_code == 0
    assert result.stdout.startswith("-\t")
    assert read_notes(run("predict", "-", input=b"")) == ["error: -: the file is empty"]


def test_odd_file_names_stay_on_one_line(trained: Path, tmp_path: Path, run) -> None:
    names = ["a b.png", "tab\there.png", "new\nline.png", "七.png", os.fsdecode(b"\xff.png")]
    for name in names:
        (tmp_path / name).write_bytes(to_png(seven()))

    result = run("predict", *names)

    lines = result.stdout_bytes.splitlines()
    assert [line.split(b"\t")[0] for line in lines] == [
        b"a b.png",
        rb"tab\there.png",
        rb"new\nline.png",
        "七.png".encode(),
        b"\xff.png",
    ]


def test_an_export_that_cannot_be_kept_still_answers(
    trained: Path, tmp_path: Path, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (trained / "model-60" / "model.tflite").unlink()
    (tmp_path / "7.png").write_bytes(to_png(seven()))

    def fail(*arguments: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("mnistcli.training.export.add_export", fail)
    result = run("predict", "7.png")

    assert (result.exit_code, result.stdout[:6]) == (0, "7.png\t")
    assert "warning: the export is not kept" in result.stderr


# With the pretrained model


def test_the_pretrained_model_answers_before_any_training(run) -> None:
    result = run("predict", *SAMPLES, "--format", "json")

    document = json.loads(result.stdout)
    assert document["model"]["source"] == "pretrained"
    assert document["model"]["name"] == "deepcnn"
    digits = {Path(answer["file"]).name: answer["digit"] for answer in document["results"]}
    assert digits == {path.name: int(path.name[0]) for path in SAMPLES}
    assert result.exit_code == 0
    fallback, model, *_ = result.stderr.splitlines()
    assert fallback == "checkpoints: no trained model here yet, so the pretrained one answers"
    assert re.fullmatch(r"model: pretrained, deepcnn after \d+ steps on mnist.*", model)
    assert list(Path().iterdir()) == []


def test_json_describes_the_preprocessing(tmp_path: Path, run) -> None:
    (tmp_path / "dark.png").write_bytes(to_png(seven()))
    (tmp_path / "light.png").write_bytes(to_png(seven(paper=0, ink=255)))

    dark, light = results_of(run("predict", "dark.png", "light.png", "--format", "json"))

    assert (dark["polarity"], light["polarity"]) == ("dark_on_light", "light_on_dark")
    for result in (dark, light):
        left, top, right, bottom = result["box"]
        np.testing.assert_allclose((left, top, right, bottom), (20, 30, 81, 131), atol=8)
        assert result["scale"] == pytest.approx(20 / 101, rel=0.1)
        assert result["angle"] == 0
        for place, end, shift in zip((left, top), (right, bottom), result["shift"], strict=True):
            assert -0.5 <= result["scale"] * place + shift < result["scale"] * end + shift <= 28.5
        assert 0 <= result["confidence"] <= result["probability"] <= 1


def test_the_box_is_in_pixels_of_the_picture(tmp_path: Path, run) -> None:
    large = seven().resize((120 * 25, 160 * 25), Image.Resampling.NEAREST)
    framed = Image.new("L", (3200, 4100), 60)
    framed.paste(large, (100, 100))  # the ink on a sheet, the sheet on a dark table
    framed.save(tmp_path / "large.png")

    (result,) = results_of(run("predict", "large.png", "--format", "json"))

    ink = np.array([20, 30, 81, 131]) * 25 + 100
    np.testing.assert_allclose(result["box"], ink, atol=0.06 * 101 * 25)
    assert result["scale"] == pytest.approx(20 / 101 / 25, rel=0.1)


@pytest.mark.parametrize("size", [(4000, 3001), (1300, 1025), (1025, 3001)])
def test_the_box_lies_within_the_picture(size: tuple[int, int], tmp_path: Path, run) -> None:
    width, height = size
    side = min(size) // 2
    ink = seven().crop((20, 30, 81, 131)).resize((side * 61 // 101, side))
    picture = Image.new("L", size, 255)
    picture.paste(ink, (width - ink.width, height - side))
    picture.save(tmp_path / "7.png")

    (result,) = results_of(run("predict", "7.png", "--format", "json"))

    left, top, right, bottom = result["box"]
    assert (left, top) == pytest.approx((width - ink.width, height - side), abs=0.1 * side)
    assert (right, bottom) == pytest.approx((width, height), abs=0.05 * side)
    assert right <= width
    assert bottom <= height


def test_the_polarity_asked_for_is_used(tmp_path: Path, run) -> None:
    both = Image.new("L", (300, 160), 255)
    both.paste(seven(width=150))
    both.paste(seven(width=150, paper=0, ink=255), (150, 0))
    both.save(tmp_path / "77.png")

    for invert, polarity, left in (("yes", "dark_on_light", 20), ("no", "light_on_dark", 170)):
        (one,) = results_of(run("predict", "77.png", "--invert", invert, "--format", "json"))

        assert (one["digit"], one["polarity"]) == (7, polarity)
        assert one["box"][0] == pytest.approx(left, abs=8)


def test_every_format_shows_the_warning_of_an_unsure_answer(tmp_path: Path, run) -> None:
    cross = Image.new("L", (200, 200))
    cross.paste(255, (90, 20, 110, 180))
    cross.paste(255, (20, 90, 180, 110))
    cross.paste(255, (20, 20, 40, 180))
    (tmp_path / "no.png").write_bytes(to_png(normalize(np.asarray(cross)).image))

    as_text = run("predict", "no.png")
    as_csv = run("predict", "no.png", "--format", "csv")
    (as_json,) = results_of(run("predict", "no.png", "--format", "json"))

    assert warnings_in(as_text) == ["warning: no.png: nothing like a digit"]
    assert as_text.stdout.startswith("no.png\t")
    (row,) = csv.DictReader(io.StringIO(as_csv.stdout))
    assert row["warnings"] == "nothing like a digit"
    assert as_json["warnings"] == ["nothing like a digit"]
    assert as_json["confidence"] < 0.5


def test_faint_ink_has_a_warning(tmp_path: Path, run) -> None:
    (tmp_path / "faint.png").write_bytes(to_png(seven(paper=220, ink=207)))

    assert warnings_in(run("predict", "faint.png"))[0] == (
        "warning: faint.png: little contrast: the ink differs by 13 of 255 gray levels from the "
        "background"
    )


def test_min_confidence_is_a_gate(blank: str, run) -> None:
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
    least = min(digit["confidence"] for digit in result["digits"])
    assert text.stdout == f"number.png\t472\t{least:.4f}\n"
    (row,) = csv.DictReader(io.StringIO(table.stdout))
    assert (row["digit"], row["confidence"]) == ("472", f"{least:.4f}")


def test_more_than_one_digit_without_several_has_a_warning(number: str, run) -> None:
    result = run("predict", number)

    assert warnings_in(result)[0].endswith("more than one digit? --several reads all of them")


def test_a_blank_picture_has_no_digits(blank: str, run) -> None:
    (result,) = results_of(run("predict", blank, "--several", "--format", "json"))
    text = run("predict", blank, "--several")

    assert (result["text"], result["rows"], result["digits"]) == ("", [], [])
    assert result["warnings"] == ["no digit found: is it blank?"]
    assert text.stdout == "blank.png\t-\t0.0000\n"
    assert run("predict", blank, "--several", "--min-confidence", "0.1").exit_code == 1


def test_each_digit_may_have_a_row(number: str, blank: str, run) -> None:
    given = ("predict", number, blank, "missing.png", "--several")
    result = run(*given, "--format", "digits")
    document = json.loads(run(*given, "--format", "json").stdout)

    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert result.exit_code == 1
    assert [(row["file"], row["row"], row["digit"]) for row in rows] == [
        (number, "1", "4"),
        (number, "1", "7"),
        (number, "2", "2"),
        (blank, "", ""),
        ("missing.png", "", ""),
    ]
    for row, digit in zip(rows[:3], document["results"][0]["digits"], strict=True):
        assert [int(row[side]) for side in ("left", "top", "right", "bottom")] == digit["box"]
        assert row["confidence"] == f"{digit['confidence']:.4f}"
        assert row["error"] == ""
    assert rows[3]["warnings"] == "no digit found: is it blank?"
    assert (rows[3]["error"], rows[4]["error"]) == ("", "No such file or directory")


def test_rows_of_single_digits(blank: str, run) -> None:
    normalized = run("predict", SEVEN, blank, "--format", "digits")
    plain = run("predict", SEVEN, "--preprocess", "plain", "--format", "digits")

    seven, nothing = csv.DictReader(io.StringIO(normalized.stdout))
    assert (seven["row"], seven["digit"]) == ("1", "7")
    assert int(seven["left"]) < int(seven["right"])
    assert (nothing["digit"], nothing["warnings"]) == ("", "no digit found: is it blank?")
    (row,) = csv.DictReader(io.StringIO(plain.stdout))
    assert (row["row"], row["left"], row["bottom"]) == ("1", "", "")


def test_only_some_digits_may_be_answered(run) -> None:
    (every,), (some,) = (
        results_of(run("predict", SEVEN, "--format", "json", *only))
        for only in ([], ["--only", "1-3,9"])
    )

    allowed = [1, 2, 3, 9]
    assert some["digit"] == max(allowed, key=lambda digit: every["probabilities"][digit])
    total = sum(every["probabilities"][digit] for digit in allowed)
    assert some["probability"] == pytest.approx(every["probabilities"][some["digit"]] / total)
    assert [digit for digit, share in enumerate(some["probabilities"]) if share] == allowed


def test_only_holds_for_several_digits(number: str, run) -> None:
    text = run("predict", number, "--several", "--only", "24").stdout.split("\t")[1]

    assert (text[0], text[-1]) == ("4", "2")
    assert set(text) == {"4", "2"}


@pytest.mark.parametrize("digits", ["", "-", "x", "9-1", "3,9-1", "10-2-3", "³"])
def test_only_must_list_digits(digits: str, run) -> None:
    result = run("predict", SEVEN, "--only", digits)

    assert result.exit_code == 2
    assert "is not a list of digits, such as 38, 3,8 or 1-9" in result.stderr


def test_a_submission_to_kaggle(tmp_path: Path, run) -> None:
    images, _ = synthetic.draw_images(5, 30)
    heading = ",".join(f"pixel{number}" for number in range(784))
    table = images.reshape(-1, 784)
    np.savetxt(tmp_path / "test.csv", table, "%d", ",", header=heading, comments="")

    submission = run("predict", "test.csv", "missing.png", SEVEN, "--format", "kaggle")
    document = json.loads(run("predict", "test.csv", "--format", "json").stdout)

    assert submission.exit_code == 1  # for the missing one
    heading, *lines = submission.stdout.splitlines()
    assert heading == "ImageId,Label"
    digits = [result["digit"] for result in document["results"]]
    assert lines == [f"{number},{digit}" for number, digit in enumerate(digits, 1)] + ["32,7"]
    assert [result["file"] for result in document["results"][:2]] == ["test.csv[0]", "test.csv[1]"]


def test_a_submission_has_an_answer_to_a_blank_image(blank: str, run) -> None:
    assert re.fullmatch(
        r"ImageId,Label\n1,\d\n", run("predict", blank, "--format", "kaggle").stdout
    )


def test_the_images_of_an_array_are_saved_by_their_numbers(tmp_path: Path, run) -> None:
    np.save(tmp_path / "two.npy", np.stack([np.asarray(seven())] * 2))

    run("predict", "two.npy", "--save-preprocessed", "seen")

    assert sorted(path.name for path in (tmp_path / "seen").iterdir()) == [
        "two.npy[0].28x28.png",
        "two.npy[1].28x28.png",
    ]


def test_json_has_the_label_unless_it_is_a_guess(tmp_path: Path, run) -> None:
    for name in ("5_1.png", "my_5.png", "photo.png"):
        (tmp_path / name).write_bytes(to_png(seven()))

    results = results_of(run("predict", "5_1.png", "my_5.png", "photo.png", "--format", "json"))

    assert [(result["label"], result["digit"]) for result in results] == [
        (5, 7),
        (None, 7),
        (None, 7),
    ]


@pytest.mark.parametrize(
    "options",
    [
        ["--several", "--top", "2"],
        ["--several", "--preprocess", "plain"],
        ["--several", "--format", "kaggle"],
        ["--top", "2", "--format", "kaggle"],
        ["--top", "2", "--format", "digits"],
    ],
)
def test_options_exclude_each_other(options: list[str], run) -> None:
    result = run("predict", SEVEN, *options)

    assert (result.exit_code, result.stdout) == (2, "")
    assert "can't be used together" in result.stderr


def test_preprocessed_images_are_saved(number: str, tmp_path: Path, run) -> None:
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


def test_an_unsaved_image_is_an_error_and_the_others_are_saved(tmp_path: Path, run) -> None:
    (tmp_path / "seen").mkdir()
    (tmp_path / "seen" / "7_1.28x28.png").mkdir()
    long = "L" * 240 + ".png"
    (tmp_path / long).write_bytes(to_png(seven()))

    result = run("predict", SEVEN, long, "--save-preprocessed", "seen")

    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 2
    assert "\nerror: seen/7_1.28x28.png: not saved: " in result.stderr
    assert (tmp_path / "seen" / f"{'L' * 100}.28x28.png").exists()


def test_a_foreign_file_is_not_replaced(tmp_path: Path, run) -> None:
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
def test_a_directory_that_cannot_be_created_is_an_error(kind: str, tmp_path: Path, run) -> None:
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
def test_the_preview_has_the_colours_of_the_terminal(
    environment: dict[str, str], codes: list[str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("COLORTERM", "NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stderr", type("Terminal", (), {"isatty": lambda self: True})())

    paint = preview.choose_paint()

    if codes is None:
        assert (paint(255, 255), paint(0, 0), paint(255, 0)) == ("█", " ", "▒")
    else:
        front, back = codes
        assert paint(255, 0) == f"\x1b[{front}m\x1b[{back}m▀\x1b[0m"


@pytest.mark.parametrize("form", ["text", "csv"])
def test_what_is_no_digit_has_none(form: str, tmp_path: Path, run) -> None:
    square = np.pad(np.full((20, 20), 255, np.uint8), 4)  # normalized, so that it is used as it is
    (tmp_path / "square.png").write_bytes(to_png(square))

    result = run("predict", "square.png", SEVEN, "--format", form)

    columns = [line.split("\t" if form == "text" else ",") for line in result.stdout.splitlines()]
    (_, digit, confidence, *_), (_, seven, *_) = columns[-2:]
    assert (digit, seven) == ("-", "7")
    assert float(confidence) < 0.5
    assert "warning: square.png: nothing like a digit" in result.stderr
