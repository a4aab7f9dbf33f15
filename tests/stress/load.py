"""A hundred thousand pictures in one call, and a thousand calls."""

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
"""One in so many pictures is damaged."""

MOST_MEMORY = 400
"""MiB that a process may take."""

PATIENCE = 3600.0
"""Seconds for all pictures: minutes, but beside other work."""

AT_ONCE = 8


def replace(path: Path, random: Random) -> None:
    """Put in a picture's place what a server says that doesn't have it."""
    path.write_text("<!DOCTYPE html><title>404 Not Found</title>")


def lead_nowhere(path: Path, random: Random) -> None:
    """Put a link in a picture's place whose target is gone."""
    path.unlink()
    path.symlink_to("gone")


FAULTS: list[Callable[[Path, Random], None]] = [truncate, flip, empty, replace, lead_nowhere]


def check(effort: Effort) -> Iterator[Outcome]:
    """Load."""
    with within(effort.directory) as data:
        images = idx.read(data / "t10k-images-idx3-ubyte.gz")
        yield read_many(data, images, effort.pick(2_000, 100_000))
        yield read_often(data, effort.pick(40, 1_000))


def read_many(data: Path, images: "np.ndarray", count: int) -> Outcome:
    """Read very many pictures, some of them damaged, in one call."""
    outcome = Outcome(
        f"`predict` of {count:,} pictures in a directory, one in {DAMAGED} truncated, bit-flipped, "
        "empty, a web page or a link to nothing",
        "every good one is answered as it is alone, in order; a line for each of the others, exit "
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
    """Return the columns that a picture gets by itself."""
    Path("alone.png").write_bytes(content)
    return call("predict", "alone.png", "--pretrained").stdout.strip().split("\t", 1)[1]


def read_often(data: Path, count: int) -> Outcome:
    """Read the same pictures by very many processes."""
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
