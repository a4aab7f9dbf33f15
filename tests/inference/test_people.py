"""Pictures as users have them, read with the pretrained model."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from helpers.drawing import to_png
from helpers.nondigits import KINDS
from PIL import Image

from mnistcli.cli.main import main
from mnistcli.datasets.synthetic import dataset as synthetic

EACH = 60
"""Pictures of each kind of non-digits."""


def predict(*arguments: str | Path) -> list[dict]:
    result = CliRunner().invoke(
        main, ["predict", "--pretrained", "--format", "json", *map(str, arguments)]
    )
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)["results"]


def make_page(rows: int, columns: int) -> tuple[np.ndarray, str]:
    """Return a page of synthetic digits, lit from one corner, and its text."""
    images, labels = synthetic.draw_images(2, 200)
    random = np.random.default_rng(0)
    chosen = random.choice(200, rows * columns, replace=False)
    ink = np.zeros((rows * 130 + 40, columns * 90 + 40))
    for place, index in enumerate(chosen):
        row, column = divmod(place, columns)
        side = int(random.integers(70, 90))
        digit = Image.fromarray(images[index]).resize((side, side), Image.Resampling.BICUBIC)
        top, left = 30 + 130 * row + random.integers(0, 30), 25 + 90 * column
        ink[top : top + side, left : left + side] += np.asarray(digit) / 255
    down, across = (np.linspace(0, 1, length) for length in ink.shape)
    light = 250 - 90 * down[:, np.newaxis] - 100 * across
    page = light * (1 - 0.8 * np.clip(ink, 0, 1)) + random.normal(0, 2, ink.shape)
    return np.clip(page, 0, 255).astype(np.uint8), "".join(str(labels[index]) for index in chosen)


def test_an_unevenly_lit_page_is_read_in_order(tmp_path: Path) -> None:
    page, text = make_page(rows=2, columns=10)
    (tmp_path / "page.png").write_bytes(to_png(page))

    (result,) = predict(tmp_path / "page.png", "--several")

    assert [len(row) for row in result["rows"]] == [10, 10]
    assert "".join(result["rows"]) == result["text"]
    assert [str(digit["digit"]) for digit in result["digits"]] == [*result["text"]]
    assert sum(map(str.__eq__, result["text"], text)) >= 18
    assert result["polarity"] == "dark_on_light"
    for place, digit in enumerate(result["digits"]):
        row, column = divmod(place, 10)
        left, top, right, bottom = digit["box"]
        assert 25 + 90 * column <= left < right <= 25 + 90 * (column + 1)
        assert 30 + 130 * row <= top < bottom <= 30 + 130 * (row + 1)


@pytest.mark.slow
def test_non_digits_get_a_warning(tmp_path: Path) -> None:
    for name, make in KINDS.items():
        for number in range(EACH):
            random = np.random.default_rng([sorted(KINDS).index(name), number])
            make(random).save(tmp_path / f"{name}-{number}.png")

    results = predict(tmp_path)

    warned = {name: 0 for name in KINDS}
    for result in results:
        warned[Path(result["file"]).stem.partition("-")[0]] += bool(result["warnings"])
    assert len(results) == EACH * len(KINDS)
    assert sum(warned.values()) / len(results) >= 0.9, warned
    assert min(warned.values()) / EACH >= 0.65, warned


@pytest.mark.slow
def test_users_digits_are_read_and_rarely_get_a_warning(shared: Path) -> None:
    folder = shared / "user_digits"
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    results = predict(*(folder / row["file"] for row in rows))

    is_right = [
        str(result["digit"]) == row["label"] for row, result in zip(rows, results, strict=True)
    ]
    assert len(rows) == 186
    assert np.mean(is_right) >= 0.98
    for source in {row["source"] for row in rows}:
        of_source = [
            right for row, right in zip(rows, is_right, strict=True) if row["source"] == source
        ]
        assert np.mean(of_source) >= 0.79, source
    assert np.mean([bool(result["warnings"]) for result in results]) <= 0.03
