"""Full and read-only disks, for each command that writes."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from mnistcli.datasets import dataset, idx
from stress.outcome import Effort, Outcome
from stress.tool import Finished, call, finish, start, within

PAGE = 4096
"""Bytes by which the free space grows from one try to the next."""

PAGES = 600
"""Size of the disk."""

DISK = Path("disk")
TRAINED = ("--checkpoint-dir", "trained")


class Case(NamedTuple):
    """A command that writes to the disk."""

    arguments: tuple[object, ...]
    before: str = ""  # the run that is on the disk
    codes: tuple[int, ...] = (3, 4)  # when it fails

    @property
    def ends(self) -> str:
        """The exit codes, in words."""
        return " or ".join(f"exit {code}" for code in self.codes)

    def is_reported(self, result: Finished) -> bool:
        """Tell whether one line reports the failure, or what was not kept."""
        is_not_kept = self.codes == (0,) and "not kept" in result.stderr
        return result.is_one_line or is_not_kept


EXPORTS, EXPORT = {"model.tflite", "model.tflite.sha256"}, "an export"
"""Files that are added to a complete checkpoint."""

TRAIN = ("train", "--save-every", 20, "--log-every", 100, "--checkpoint-dir")
PREDICT = ("predict", "0.png", "1.png", "2.png")
CASES = {
    "download": Case(("download", "--from", "data", "--data-dir", DISK / "data")),
    "train": Case((*TRAIN, DISK / "run", "--steps", 40)),
    "train, resuming": Case((*TRAIN, DISK / "run", "--steps", 60, "--keep", 9), "trained"),
    "train --restart": Case((*TRAIN, DISK / "run", "--steps", 20, "--restart"), "trained"),
    "predict, keeping an export": Case((*PREDICT, "--checkpoint-dir", DISK / "run"), "bare", (0,)),
    "predict --save-preprocessed": Case(
        (*PREDICT, "--save-preprocessed", DISK / "seen"), "", (1, 3)
    ),
    "eval, keeping strokes": Case(
        ("eval", "--pretrained", "--dataset", "strokes", "--data-dir", DISK / "data"), codes=(0,)
    ),
    "export model FILE": Case(("export", "model", DISK / "m.tflite", *TRAINED)),
    "export model DIRECTORY": Case(("export", "model", DISK / "saved", *TRAINED)),
    "export images": Case(("export", "images", DISK / "images", "--count", 20)),
}

Contents = dict[str, dict[str, bytes]]
"""Contents by path, for each checkpoint, SavedModel or other file."""


def check(effort: Effort) -> Iterator[Outcome]:
    """Fill a disk, and mount it read-only."""
    with within(effort.directory) as data:
        dataset.IMAGE_COUNTS = {"train": 300, "test": 100}
        for number, image in enumerate(idx.read(data / "t10k-images-idx3-ubyte.gz")[:3]):
            Image.fromarray(image).save(f"{number}.png")
        assert call(*TRAIN, "trained", "--steps", 40).code == 0
        shutil.copytree("trained", "bare", ignore=shutil.ignore_patterns("model.tflite*"))
        DISK.mkdir()
        for name, case in CASES.items():
            yield fill(name, case, effort.pick(7, 1))
        for name, case in CASES.items():
            yield write_protect(name, case)
        yield fill_output(data)


@contextmanager
def mounted(options: str) -> Iterator[str]:
    """Mount a small disk; yield why that fails, or an empty string."""
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(DISK)]
    try:
        result = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        yield f"mount: {error.strerror}"
        return
    if result.returncode:
        yield result.stderr.strip() or "mount failed"
        return
    try:
        yield ""
    finally:
        subprocess.run(["umount", str(DISK)], check=True)


def fill(name: str, case: Case, pages: int) -> Outcome:
    """Try a command with more and more free space, until it succeeds."""
    outcome = Outcome(
        f"`{name}` on a disk that becomes full at any {PAGE // 1024} KiB",
        f"{case.ends} and one line; former files are unchanged; new ones are complete; "
        "no temporary file is left",
    )
    prepare(case)
    assert call(*case.arguments).code == 0
    expected = read(DISK)
    with mounted(f"size={PAGES * PAGE}") as reason:
        outcome.skipped = reason
        for room in range(0, PAGES, pages) if not reason else ():
            before = prepare(case)
            leave_room(room)
            result = call(*case.arguments)
            (DISK / "filler").unlink()
            what, after = f"{room} pages", read(DISK)
            if result.code == 0 and "not kept" not in result.stderr:
                outcome.expect(after.keys() == expected.keys(), f"{what}: {sorted(after)}")
                break
            outcome.tried += 1
            outcome.expect(result.code in case.codes, f"{what}: {result.code} {result.stderr}")
            is_reported = case.is_reported(result) or result.code == 1
            outcome.expect(is_reported, f"{what}: {result.stderr}")
            outcome.lost += [f"{what}: {line}" for line in compare(before, after, expected)]
    clear()
    return outcome


def write_protect(name: str, case: Case) -> Outcome:
    """Try a command on a read-only disk."""
    outcome = Outcome(
        f"`{name}` on a read-only disk",
        f"{case.ends} and one line; nothing changes",
        tried=1,
    )
    with mounted(f"size={PAGES * PAGE}") as reason:
        outcome.skipped = reason
        if not reason:
            before = prepare(case)
            subprocess.run(["mount", "-o", "remount,ro", str(DISK)], check=True)
            result = call(*case.arguments)
            outcome.expect(case.is_reported(result), result.stderr)
            outcome.expect(result.code in case.codes, f"{result.code} {result.stderr}")
            outcome.expect(read(DISK) == before, "changed")
    return outcome


def fill_output(data: Path) -> Outcome:
    """Redirect standard output to a file on a full disk."""
    outcome = Outcome("`predict > FILE` on a full disk", "exit 3 and one line", tried=1)
    with mounted(f"size={PAGES * PAGE}") as reason:
        outcome.skipped = reason
        if not reason:
            leave_room(0)
            with (DISK / "out").open("w") as stream:
                result = finish(start(data, *PREDICT, "--pretrained", stdout=stream))
            outcome.expect((result.code, result.is_one_line) == (3, True), result.stderr)
    return outcome


def prepare(case: Case) -> Contents:
    """Empty the disk, then copy the run that should be there; return the contents."""
    clear()
    if case.before:
        shutil.copytree(case.before, DISK / "run")
    return read(DISK)


def clear() -> None:
    """Empty the disk."""
    for path in DISK.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def leave_room(pages: int) -> None:
    """Fill the disk up to some free pages."""
    with (DISK / "filler").open("wb", buffering=0) as stream:
        free = os.statvfs(DISK).f_bavail - pages
        stream.write(bytes(max(0, free) * PAGE))


def read(root: Path) -> Contents:
    """Read all files below a directory, grouped into checkpoints and SavedModels."""
    found: Contents = {}
    for path in sorted(root.rglob("*")):
        if path.is_file():
            name = path.relative_to(root)
            groups = [part for part in name.parts if part.startswith(("model-", "saved"))]
            group = EXPORT if path.name in EXPORTS else groups[0] if groups else str(name)
            found.setdefault(group, {})[str(name)] = path.read_bytes()
    return found


def compare(before: Contents, after: Contents, expected: Contents) -> Iterator[str]:
    """Yield what is lost, and what is neither as before nor as expected."""
    is_saved = all(after.get(name) == expected[name] for name in expected.keys() - {EXPORT})
    for name in before.keys() - after.keys():
        if name in expected or not is_saved:
            yield f"lost {name}"
    for name, contents in after.items():
        is_new = contents == expected.get(name)
        if name == "saved":  # TensorFlow numbers its functions per process
            is_new = contents.keys() == expected[name].keys()
        if not (is_new or contents == before.get(name)):
            yield f"{name} is neither old nor new: {sorted(contents)}"
