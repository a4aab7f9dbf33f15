"""mnistcli measured against its peers, in turn, on this machine.

usage: python benchmarks/bench.py [--runs N] [--data-dir DIR] [--json FILE]
"""

import argparse
import importlib.metadata
import importlib.util
import json
import multiprocessing
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from mnistcli.datasets import idx

PEERS = Path(__file__).parent / "peers"
SAMPLES = sorted((Path(__file__).parents[1] / "test_num").iterdir())[:13]
MNISTCLI: list[str | Path] = [Path(sys.executable).parent / "mnistcli", "-q"]
ENVIRONMENT = {  # without the user's own settings
    **{name: value for name, value in os.environ.items() if not name.startswith("MNISTCLI_")},
    "KERAS_BACKEND": "tensorflow",
}
LIBRARIES = (
    *("tensorflow", "keras", "torch", "ai-edge-litert"),
    *("numpy", "pillow", "opencv-python-headless", "click"),
)

Command = list[str | Path]


@dataclass(frozen=True)
class Measured:
    """One process from its start to its end."""

    seconds: float
    mebibytes: float  # most memory at any time, of the largest process if it starts others
    printed: dict[str, float]  # the last line of its output, if that is JSON


@dataclass(frozen=True)
class Row:
    """A comparison of medians."""

    key: str
    what: str
    unit: str
    ours: float
    peer: float | None = None
    limit: float | None = None  # of ours / peer, or of ours where there is no peer

    @property
    def ratio(self) -> float | None:
        """Ours / peer."""
        return self.ours / self.peer if self.peer else None

    def as_markdown(self) -> str:
        """Return the row of a table."""
        peer = self._show(self.peer, self.unit)
        ratio = self._show(self.ratio, "×") if self.unit else ""
        limit = self._show(self.limit, "×" if self.peer else self.unit)
        return f"| {self.what} | {self._show(self.ours, self.unit)} | {peer} | {ratio} | {limit} |"

    def _show(self, number: float | None, unit: str) -> str:
        if number is None:
            return ""
        if number >= 100:
            return f"{number:.0f} {unit}"
        return f"{number:.{2 if unit else 4}{'g' if number < 1 else 'f'}} {unit}".strip()


def run(command: Command) -> Measured:
    """Run a command to its end, which must be a success."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        words = [str(word) for word in command]
        started = time.perf_counter()
        process = subprocess.Popen(words, stdout=output, stderr=errors, env=ENVIRONMENT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        output.seek(0)
        errors.seek(0)
        if status:
            sys.exit(f"{' '.join(words)}\nfailed:\n{errors.read()}")
        lines = output.read().splitlines()
    printed = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
    return Measured(
        seconds, usage.ru_maxrss / (1 << (20 if sys.platform == "darwin" else 10)), printed
    )


def compare(ours: Command, peer: Command, runs: int) -> tuple[list[Measured], list[Measured]]:
    """Run two commands in turn."""
    pairs = [(run(ours), run(peer)) for _ in range(runs)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def whole(runs: list[Measured]) -> float:
    """Return the median of the processes' seconds."""
    return statistics.median(one.seconds for one in runs)


def memory(runs: list[Measured]) -> float:
    """Return the median of the processes' memory."""
    return statistics.median(one.mebibytes for one in runs)


def printed(runs: list[Measured], key: str) -> float:
    """Return the median of what the processes printed under a key."""
    return statistics.median(one.printed[key] for one in runs)


def python(name: str, *arguments: str | Path) -> Command:
    """Return the command that runs a peer."""
    return [sys.executable, PEERS / name, *arguments]


def bench(data: Path, folder: Path, runs: int) -> Iterator[Row]:
    """Measure everything; ``folder`` is for what is made on the way."""
    yield from bench_softmax(data, folder, runs)
    yield from bench_cnn(data, folder, runs)
    yield from bench_photographs(data, folder, runs)
    yield bench_strokes(runs)


def bench_softmax(data: Path, folder: Path, runs: int) -> Iterator[Row]:
    """Measure the start, and softmax regression against the tutorial's graph."""
    softmax, graph = folder / "softmax", folder / "graph"
    ours, peer = compare([*MNISTCLI, "--help"], [sys.executable, "-c", "pass"], 4 * runs)
    yield Row("help", "`mnistcli --help`; `python -c pass`", "s", whole(ours), whole(peer), 5)

    train: Command = [*MNISTCLI, "train", "--data-dir", data, "--json", "--restart"]
    ours, peer = compare([*train, "--checkpoint-dir", softmax], python("tf1_train.py", data), runs)
    what = "`train --steps 2000`; the TF1 script, which only trains and scores"
    yield Row("train", what, "s", whole(ours), whole(peer), 0.8)
    seconds = printed(ours, "seconds"), printed(peer, "seconds")
    yield Row("train_steps", "of that, the 2000 steps", "s", *seconds, 0.25)
    accuracy = printed(ours, "accuracy"), printed(peer, "accuracy")
    yield Row("train_accuracy", "the accuracy they reach", "", *accuracy)

    run(python("tf1_train.py", data, graph))
    ours, peer = compare(
        [*MNISTCLI, "predict", "--checkpoint-dir", softmax, *SAMPLES],
        python("tf1_predict.py", graph, *SAMPLES),
        runs,
    )
    what = "`predict` of 13 pictures; the TF1 script that restores and predicts"
    yield Row("predict", what, "s", whole(ours), whole(peer), 0.1)
    yield Row("predict_memory", "their memory", "MiB", memory(ours), memory(peer), 0.25)


def bench_cnn(data: Path, folder: Path, runs: int) -> Iterator[Row]:
    """Measure the convolutional network against Keras's and PyTorch's, and with many pictures."""
    cnn, pictures = folder / "cnn", folder / "pictures"
    options: Command = ["--data-dir", data, "--json", "--restart", "--checkpoint-dir", cnn]
    train: Command = [*MNISTCLI, "train", "--model", "cnn", *options]
    peers: dict[str, tuple[str, int, float | None]]
    peers = {"keras": ("Keras's", max(1, runs // 2), 1 / 15)}
    if importlib.util.find_spec("torch"):
        peers["torch"] = ("PyTorch's", 1, None)
    for name, (whose, few, limit) in peers.items():
        script = python(f"{name}_convnet.py", data)
        ours, peer = compare(train, script, few)
        seconds = printed(ours, "seconds"), printed(peer, "seconds")
        what = f"steps of `train --model cnn`; of {whose} convnet until 99 % ({few} of each)"
        yield Row(f"cnn_steps_{name}", what, "s", *seconds, limit)
        accuracy = printed(ours, "accuracy"), printed(peer, "accuracy")
        yield Row(f"cnn_accuracy_{name}", "the accuracy they reach", "", *accuracy)
        sizes = memory(ours), memory(peer)
        yield Row(f"cnn_memory_{name}", "their memory", "MiB", *sizes)
    yield Row("cnn_memory", "memory of `train --model cnn`", "MiB", sizes[0], limit=1.2 * 1024)

    evaluate: Command = [*MNISTCLI, "eval", "--data-dir", data, "--checkpoint-dir", cnn]
    evaluated = [run(evaluate) for _ in range(runs)]
    what = "`eval` of the 10,000 test images with cnn"
    yield Row("eval", what, "s", whole(evaluated), limit=1.0)

    pictures.mkdir()
    for number, image in enumerate(idx.read(data / "t10k-images-idx3-ubyte.gz")):
        Image.fromarray(image).save(pictures / f"{number:05}.png")
    ours, peer = compare(
        [*MNISTCLI, "predict", "--checkpoint-dir", cnn, pictures],
        python("pillow_decode.py", pictures),
        runs,
    )
    what = "`predict` of 10,000 PNG with cnn; Pillow, which only decodes them"
    yield Row("predict_many", what, "s", whole(ours), whole(peer), 3)


def save_photograph(data: Path, path: Path) -> None:
    """Make a digit on grainy paper, of 16 megapixels."""
    digit = Image.fromarray(255 - idx.read(data / "t10k-images-idx3-ubyte.gz")[0])
    large = np.asarray(digit.resize((4000, 4000), Image.Resampling.BICUBIC), np.float32)
    grain = np.random.default_rng(0).normal(0, 3, large.shape).astype(np.float32)
    levels = np.clip(60 + 0.6 * large + grain, 0, 255)
    photograph = Image.fromarray(np.stack([levels, 0.97 * levels, 0.9 * levels], -1).astype("u1"))
    photograph.save(path)


def bench_photographs(data: Path, folder: Path, runs: int) -> Iterator[Row]:
    """Measure large pictures."""
    for name in ("JPEG", "PNG"):
        path = folder / f"photograph.{name.lower()}"
        other = multiprocessing.get_context("spawn").Process(
            target=save_photograph, args=(data, path)
        )  # what it needs of memory would be taken for that of processes started later
        other.start()
        other.join()
        predicted = [run([*MNISTCLI, "predict", "--pretrained", path]) for _ in range(runs)]
        what = f"`predict` of a {name} file of 16 megapixels"
        yield Row(f"large_{name.lower()}", what, "s", whole(predicted), limit=1)
        yield Row(f"large_{name.lower()}_memory", "memory", "MiB", memory(predicted), limit=300)


def bench_strokes(runs: int) -> Row:
    """Measure the drawing of a training set."""
    script = "from mnistcli.datasets.synthetic.dataset import draw_images; draw_images(0, 60_000)"
    drawn = [run([sys.executable, "-c", script]) for _ in range(runs)]
    return Row("strokes", "60,000 digits drawn from strokes", "s", whole(drawn), limit=20)


def describe_machine() -> dict[str, str | int | None]:
    """Return the processor, the system and the versions."""
    model = platform.processor()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.split(": ")[1] for line in lines if "model name" in line), model)
    versions = {}
    for library in LIBRARIES:
        with suppress(importlib.metadata.PackageNotFoundError):
            versions[library] = importlib.metadata.version(library)
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        **versions,
    }


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="of each; fewer of the longest")
    parser.add_argument("--data-dir", type=Path, default=Path("MNIST_data"))
    parser.add_argument("--json", type=Path, help="a file for the same as JSON")
    arguments = parser.parse_args()

    machine = describe_machine()
    print(", ".join(f"{name} {value}" for name, value in machine.items()), end="\n\n")
    print("| ours; the peer's | ours | the peer's | ratio | at most |")
    print("|---|---|---|---|---|")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "MNIST_data"  # from wherever it is, under its usual names
        sources: Command = ["--from", arguments.data_dir] if arguments.data_dir.exists() else []
        run([*MNISTCLI, "download", "--data-dir", data, *sources])
        for row in bench(data, Path(folder), arguments.runs):
            rows.append(row)
            print(row.as_markdown(), flush=True)
    if arguments.json:
        described = [{**asdict(row), "ratio": row.ratio} for row in rows]
        arguments.json.write_text(json.dumps({"machine": machine, "rows": described}, indent=2))


if __name__ == "__main__":
    main()
