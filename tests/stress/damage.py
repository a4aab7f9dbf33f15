"""Damaged files of checkpoint directories and of data directories."""

import gzip
import shutil
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcli.datasets import idx
from mnistcli.runs import checkpoints
from stress.outcome import Effort, Outcome
from stress.tool import Finished, call, within

Answers = NDArray[np.float64]

STEPS = (40, 80, 120)

PREDICT = ("predict", *(f"{number}.png" for number in range(5)), "--format", "json")

NAMES = (
    checkpoints.RECORD,
    checkpoints.INDEX,
    checkpoints.DATA,
    checkpoints.SUMS,
    checkpoints.EXPORT,
    checkpoints.EXPORT_SUMS,
)


def truncate(path: Path, random: Random) -> None:
    """Cut a file off at a random place."""
    content = path.read_bytes()
    path.write_bytes(content[: random.randrange(1, len(content))])


def flip(path: Path, random: Random) -> None:
    """Flip one or several bits of a file."""
    content = bytearray(path.read_bytes())
    for _ in range(random.choice([1, 1, 8])):
        content[random.randrange(len(content))] ^= 1 << random.randrange(8)
    path.write_bytes(content)


def empty(path: Path, random: Random) -> None:
    """Remove the content of a file."""
    path.write_bytes(b"")


def delete(path: Path, random: Random) -> None:
    """Delete a file."""
    path.unlink()


FAULTS = {"truncated": truncate, "bit-flipped": flip, "emptied": empty, "deleted": delete}


def check(effort: Effort) -> Iterator[Outcome]:
    """Damage checkpoints and data."""
    with within(effort.directory) as data:
        train = ("train", "--save-every", 40, "--log-every", 1000)
        assert call(*train, "--steps", STEPS[-1]).code == 0
        images = idx.read(data / "t10k-images-idx3-ubyte.gz")[:5]
        for number, image in enumerate(images):
            Image.fromarray(image).save(f"{number}.png")
        shutil.move("checkpoints", "intact")
        answers = {step: answer_alone(step) for step in STEPS}
        for fault, damage in FAULTS.items():
            yield damage_one(fault, damage, answers, effort.pick(1, 30))
        yield damage_several(answers, effort.pick(20, 500))
        yield damage_and_train(train, effort.pick(4, 40))
        yield damage_data(data, effort.pick(8, 400))


def answer_alone(step: int) -> Answers:
    """Return the answers of a checkpoint that is the only one, and add its export."""
    shutil.copytree(f"intact/model-{step}", f"checkpoints/model-{step}")
    answers = read_answers(call(*PREDICT))
    shutil.rmtree(f"intact/model-{step}")
    shutil.move(f"checkpoints/model-{step}", "intact")
    Path("checkpoints").rmdir()
    return answers


def read_answers(result: Finished) -> Answers:
    """Return the probabilities of the pictures."""
    return np.array([picture["probabilities"] for picture in result.document["results"]])


def expect_answers(answers: dict[int, Answers], what: str, outcome: Outcome) -> int:
    """Predict: the answers must be those of the checkpoint that is named. Return its step."""
    outcome.tried += 1
    result = call(*PREDICT)
    if result.code != 0:
        outcome.expect(result.code == 4 and result.is_one_line, f"{what}: {result.stderr}")
        outcome.expect(not result.stdout, f"{what}: answers beside an error")
        return 0
    step = int(result.document["model"]["step"])
    is_right = np.allclose(read_answers(result), answers[step], rtol=0, atol=1e-6)
    outcome.expect(is_right, f"{what}: wrong answers of step {step}")
    is_reported = "warning: " in result.stderr or "has no export yet" in result.stderr
    outcome.expect(step == STEPS[-1] or is_reported, f"{what}: no warning")
    return step


def restore() -> None:
    """Restore the intact checkpoints."""
    shutil.rmtree("checkpoints", ignore_errors=True)
    shutil.copytree("intact", "checkpoints")


def damage_one(
    fault: str,
    damage: Callable[[Path, Random], None],
    answers: dict[int, Answers],
    count: int,
) -> Outcome:
    """Damage each file of the newest checkpoint in turn."""
    outcome = Outcome(
        f"each file of the newest checkpoint in turn {fault}",
        "the previous checkpoint is used, with a warning; an export is made again from the weights",
    )
    random = Random(fault)
    for name in NAMES:
        for _ in range(count):
            restore()
            path = Path(f"checkpoints/model-{STEPS[-1]}", name)
            content = path.read_bytes()
            damage(path, random)
            # White space in the sums changes nothing; in the record it changes the sum.
            is_equivalent = name == checkpoints.SUMS and has_same_words(path, content)
            step = expect_answers(answers, f"{name} {fault}", outcome)
            is_export = name in (checkpoints.EXPORT, checkpoints.EXPORT_SUMS)
            outcome.expect(
                step == STEPS[-1 if is_export or is_equivalent else -2], f"{name} {fault}: {step}"
            )
    return outcome


def has_same_words(path: Path, content: bytes) -> bool:
    """Tell whether a file differs from its content at most in white space."""
    return path.exists() and path.read_bytes().split() == content.split()


def damage_several(answers: dict[int, Answers], count: int) -> Outcome:
    """Damage several files of any checkpoints."""
    outcome = Outcome(
        "up to 8 files of any checkpoints damaged in any of these ways",
        "answers of an intact checkpoint, or exit 4 and one line; never of damaged weights",
    )
    random = Random("several")
    for number in range(count):
        restore()
        files = [Path(f"checkpoints/model-{step}", name) for step in STEPS for name in NAMES]
        for path in random.sample(files, random.randint(1, 8)):
            random.choice(list(FAULTS.values()))(path, random)
        expect_answers(answers, f"several, {number}", outcome)
    return outcome


def damage_and_train(train: tuple[object, ...], count: int) -> Outcome:
    """Resume training after damage to the newest checkpoint."""
    outcome = Outcome(
        "a file of the newest checkpoint damaged, and training resumed",
        "it resumes from the previous one, with a warning, to the bits of an undisturbed run",
    )
    random = Random("train")
    restore()
    assert call(*train, "--steps", 130).code == 0
    expected = checkpoints.open_checkpoint(Path("checkpoints/model-130"))
    for number in range(count):
        restore()
        name, (fault, damage) = random.choice(NAMES[:4]), random.choice(list(FAULTS.items()))
        path = Path(f"checkpoints/model-{STEPS[-1]}", name)
        content = path.read_bytes()
        damage(path, random)
        is_equivalent = has_same_words(path, content)
        result = call(*train, "--steps", 130)
        outcome.tried += 1
        what = f"{number}: {name} {fault}"
        outcome.expect(result.code == 0, f"{what}: {result.stderr}")
        outcome.expect(is_equivalent or "warning: " in result.stderr, f"{what}: no warning")
        found = checkpoints.open_checkpoint(Path("checkpoints/model-130"))
        outcome.expect(found.weights == expected.weights, f"{what}: other weights")
    return outcome


def damage_data(data: Path, count: int) -> Outcome:
    """Damage each file of the data set."""
    outcome = Outcome(
        "each file of the data damaged in these ways, without a network",
        "`download --verify` and `eval` refuse it: exit 3, one line",
    )
    random = Random("data")
    restore()
    files = sorted(data.iterdir())
    for number in range(count):
        path, (fault, damage) = files[number % 4], random.choice(list(FAULTS.items()))
        content = path.read_bytes()
        damage(path, random)
        is_other = not path.exists() or same_content(path.read_bytes(), content) is False
        outcome.tried += 1
        result = call("download", "--verify")
        what = f"{path.name} {fault}"
        outcome.expect((result.code == 3) == is_other, f"{what}: {result.code} {result.stderr}")
        outcome.expect(result.is_one_line == is_other, f"{what}: {result.stderr}")
        path.write_bytes(content)
    return outcome


def same_content(damaged: bytes, content: bytes) -> bool:
    """Tell whether the decompressed content is the same: only gzip's own header differs."""
    try:
        return gzip.decompress(damaged) == gzip.decompress(content)
    except (EOFError, OSError, zlib.error):
        return False
