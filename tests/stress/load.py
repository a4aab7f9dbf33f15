"""Very many pictures in one call, and very many calls."""

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

from mnistcli.datasets import idx
from stress.damage import empty, flip, truncate
from stress.outcome import Effort, Outcome
from stress.tool import call, finish, start, within

DAMAGED = 100
"""One of so many pictures is damaged."""

MOST_MEMORY = 400
"""MiB that a process may take."""

PATIENCE = 3600.0
"""Seconds for all pictures: minutes, but much longer beside other work."""

AT_ONCE = 8


def replace(path: Path, random: Random) -> None:
    """Replace a picture by a web page."""
    path.write_text("<!DOCTYPE html><title>404 Not Found</title>")


def break_link(path: Path, random: Random) -> None:
    """Replace a picture by a link to a missing file."""
    path.unlink()
    path.symlink_to("gone")


FAULTS: list[Callable[[Path, Random], None]] = [truncate, flip, empty, replace, break_link]


def check(effort: Effort) -> Iterator[Outcome]:
    """Read many pictures at once, and a few pictures many times."""
    with within(effort.directory) as data:
        images = idx.read(data / "t10k-images-idx3-ubyte.gz")
        yield read_many(data, images, effort.pick(2_000, 100_000))
        yield read_often(data, effort.pick(40, 1_000))


def read_many(data: Path, images: "np.ndarray", count: int) -> Outcome:
    """Predict very many pictures in one call, some of them damaged."""
    outcome = Outcome(
        f"`predict` of {count:,} pictures in a directory, one in {DAMAGED} truncated, bit-flipped, "
        "empty, a web page or a link to nothing",
        "each intact one has the same answer as by itself, in order; the others a line each, exit "
        f"1; no process takes more than {MOST_MEMORY} MiB",
        tried=count,
    )
    contents = [to_png(image) for image in images]
    alone = [answer_alone(content) for content in contents]
    directory, random = Path("many"), Random(count)
    directory.mkdir()
    good: dict[str, str] = {}
    for number in range(count):
        path = directory / f"{number:06}.png"
        path.write_bytes(contents[number % len(contents)])
        if number % DAMAGED:
            good[str(path)] = alone[number % len(contents)]
        else:
            FAULTS[number // DAMAGED % len(FAULTS)](path, random)
    process = start(data, "predict", directory, "--pretrained", is_measured=True)
    ended = finish(process, PATIENCE)
    answers = dict(line.split("\t", 1) for line in ended.stdout.splitlines())
    errors = [line for line in ended.stderr.splitlines() if line.startswith("error: ")]
    outcome.expect(ended.code == 1, f"exit {ended.code}")
    outcome.expect("Traceback" not in ended.stderr, ended.stderr[-300:])
    outcome.expect(len(answers) + len(errors) == count, f"{len(answers)} + {len(errors)}")
    outcome.expect(list(answers) == sorted(answers), "not in order")
    wrong = [name for name, answer in good.items() if answers.get(name) != answer]
    outcome.expect(not wrong, f"{len(wrong)} wrong, such as {wrong[:1]}")
    outcome.expect(ended.memory <= MOST_MEMORY, f"{ended.memory:.0f} MiB")
    outcome.note = f"{len(errors)} could not be read; {ended.memory:.0f} MiB"
    return outcome


def to_png(image: "np.ndarray") -> bytes:
    """Return a picture of an image, black on white."""
    stream = io.BytesIO()
    Image.fromarray(255 - image).save(stream, "PNG")
    return stream.getvalue()


def answer_alone(content: bytes) -> str:
    """Return the columns that are printed for a picture when it is the only one."""
    Path("alone.png").write_bytes(content)
    return call("predict", "alone.png", "--pretrained").stdout.strip().split("\t", 1)[1]


def read_often(data: Path, count: int) -> Outcome:
    """Predict the same pictures in very many processes."""
    outcome = Outcome(
        f"{count:,} `predict` processes in a row, {AT_ONCE} at a time", "all give the same answers"
    )
    arguments = ("predict", "alone.png", data.parent / "many" / "000001.png", "--pretrained")

    def predict(number: int) -> tuple[int, str, str]:
        ended = finish(start(data, *arguments, "--format", "json"))
        return ended.code, ended.stdout, ended.stderr

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(predict, range(count)))
    outcome.tried = count
    outcome.expect(len(set(answers)) == 1, f"{len(set(answers))} different answers")
    outcome.expect(answers[0][0] == 0, answers[0][2])
    return outcome
