"""Files of a run directory and of a data directory, damaged in every way."""

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
    """Keep a beginning of a file."""
    content = path.read_bytes()
    path.write_bytes(content[: random.randrange(1, len(content))])


def flip(path: Path, random: Random) -> None:
    """Change a bit, or a few, of a file."""
    content = bytearray(path.read_bytes())
    for _ in range(random.choice([1, 1, 8])):
        content[random.randrange(len(content))] ^= 1 << random.randrange(8)
    path.write_bytes(content)


def empty(path: Path, random: Random) -> None:
    """Keep nothing of a file but its name."""
    path.write_bytes(b"")


def delete(path: Path, random: Random) -> None:
    """Keep nothing of a file."""
    path.unlink()


FAULTS = {"truncated": truncate, "bit-flipped": flip, "emptied": empty, "deleted": delete}


def check(effort: Effort) -> Iterator[Outcome]:
    """Damage."""
    with within(effort.directory) as data:
        train = ("train", "--save-every", 40, "--log-every", 1000)
        assert call(*train, "--steps", STEPS[-1]).code == 0
        images = idx.read(data / "t10k-images-idx3-ubyte.gz")[:5]
        for number, image in enumerate(images):
            Image.fromarray(image).save(f"{number}.png")
        shutil.move("checkpoints", "whole")
        truth = {step: answer_alone(step) for step in STEPS}
        for fault, damage in FAULTS.items():
            yield damage_one(fault, damage, truth, effort.pick(1, 30))
        yield damage_several(truth, effort.pick(20, 500))
        yield damage_and_train(train, effort.pick(4, 40))
        yield damage_data(data, effort.pick(8, 400))


def answer_alone(step: int) -> Answers:
    """Return the answers of a checkpoint that is alone, and leave it with an export."""
    shutil.copytree(f"whole/model-{step}", f"checkpoints/model-{step}")
    answers = read_answers(call(*PREDICT))
    shutil.rmtree(f"whole/model-{step}")
    shutil.move(f"checkpoints/model-{step}", "whole")
    Path("checkpoints").rmdir()
    return answers


def read_answers(result: Finished) -> Answers:
    """Return the probabilities in a document."""
    return np.array([picture["probabilities"] for picture in result.document["results"]])


def expect_truth(truth: dict[int, Answers], what: str, outcome: Outcome) -> int:
    """Ask for answers, which must be those of the checkpoint they are said to be of."""
    outcome.tried += 1
    result = call(*PREDICT)
    if result.code != 0:
        outcome.expect(result.code == 4 and result.is_one_line, f"{what}: {result.stderr}")
        outcome.expect(not result.stdout, f"{what}: answers beside an error")
        return 0
    step = int(result.document["model"]["step"])
    is_right = np.allclose(read_answers(result), truth[step], rtol=0, atol=1e-6)
    outcome.expect(is_right, f"{what}: wrong answers of step {step}")
    is_told = "warning: " in result.stderr or "has no export yet" in result.stderr
    outcome.expect(step == STEPS[-1] or is_told, f"{what}: nothing was said")
    return step


def renew() -> None:
    """Make the run directory whole again."""
    shutil.rmtree("checkpoints", ignore_errors=True)
    shutil.copytree("whole", "checkpoints")


def damage_one(
    fault: str,
    damage: Callable[[Path, Random], None],
    truth: dict[int, Answers],
    count: int,
) -> Outcome:
    """Damage each file of the newest checkpoint in turn."""
    outcome = Outcome(
        f"each file of the newest checkpoint in turn {fault}",
        "the checkpoint before it answers, with a warning; an export is made anew from the weights",
    )
    random = Random(fault)
    for name in NAMES:
        for _ in range(count):
            renew()
            path = Path(f"checkpoints/model-{STEPS[-1]}", name)
            content = path.read_bytes()
            damage(path, random)
            is_harmless = has_same_words(path, content)
            step = expect_truth(truth, f"{name} {fault}", outcome)
            is_export = name in (checkpoints.EXPORT, checkpoints.EXPORT_SUMS)
            outcome.expect(
                step == STEPS[-1 if is_export or is_harmless else -2], f"{name} {fault}: {step}"
            )
    return outcome


def has_same_words(path: Path, content: bytes) -> bool:
    """Tell whether at most white space is damaged, where it does not matter."""
    return path.exists() and path.read_bytes().split() == content.split()


def damage_several(truth: dict[int, Answers], count: int) -> Outcome:
    """Damage any files of all checkpoints."""
    outcome = Outcome(
        "any number of files of all checkpoints damaged in any of these ways",
        "answers of a whole checkpoint, or exit 4 and one line; never of damaged weights",
    )
    random = Random("several")
    for number in range(count):
        renew()
        files = [Path(f"checkpoints/model-{step}", name) for step in STEPS for name in NAMES]
        for path in random.sample(files, random.randint(1, 8)):
            random.choice(list(FAULTS.values()))(path, random)
        expect_truth(truth, f"several, {number}", outcome)
    return outcome


def damage_and_train(train: tuple[object, ...], count: int) -> Outcome:
    """Go on training from what is left of the newest checkpoint and the others."""
    outcome = Outcome(
        "a file of the newest checkpoint damaged, and training told to go on",
        "it goes on from the one before, with a warning, to the bits of an undisturbed run",
    )
    random = Random("train")
    renew()
    assert call(*train, "--steps", 130).code == 0
    expected = checkpoints.open_checkpoint(Path("checkpoints/model-130"))
    for number in range(count):
        renew()
        name, (fault, damage) = random.choice(NAMES[:4]), random.choice(list(FAULTS.items()))
        path = Path(f"checkpoints/model-{STEPS[-1]}", name)
        content = path.read_bytes()
        damage(path, random)
        is_harmless = has_same_words(path, content)
        result = call(*train, "--steps", 130)
        outcome.tried += 1
        what = f"{number}: {name} {fault}"
        outcome.expect(result.code == 0, f"{what}: {result.stderr}")
        outcome.expect(is_harmless or "warning: " in result.stderr, f"{what}: not told")
        found = checkpoints.open_checkpoint(Path("checkpoints/model-130"))
        outcome.expect(found.weights == expected.weights, f"{what}: other weights")
    return outcome


def damage_data(data: Path, count: int) -> Outcome:
    """Damage each file of the data."""
    outcome = Outcome(
        "each file of the data damaged in these ways, without a network",
        "`download --verify` and `eval` refuse it: exit 3, one line",
    )
    random = Random("data")
    renew()
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
    """Tell whether gzip's own header alone is damaged, in what does not matter."""
    try:
        return gzip.decompress(damaged) == gzip.decompress(content)
    except (EOFError, OSError, zlib.error):
        return False
