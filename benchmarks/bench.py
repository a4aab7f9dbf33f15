"""mnistcli measured against its peers, in turn, on this machine.

usage: python benchmarks/bench.py [--runs N] [--data-dir DIR] [--json FILE]
"""

import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from PIL import Image

from mnistcli import idx

PEERS = Path(__file__).parent / "peers"
SAMPLES = sorted((Path(__file__).parents[1] / "test_num").iterdir())[:13]
MNISTCLI = [Path(sys.executable).parent / "mnistcli", "-q"]
LIBRARIES = ("tensorflow", "keras", "torch", "ai-edge-litert", "numpy", "pillow", "click")

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
        peer, ratio, limit = "", "", ""
        if self.peer and self.ratio:
            peer, ratio = f"{self.peer:.3g} {self.unit}", f"{self.ratio:.3g} ×"
        if self.limit:
            limit = f"{self.limit:.3g} {'×' if self.peer else self.unit}"
        return f"| {self.what} | {self.ours:.3g} {self.unit} | {peer} | {ratio} | {limit} |"


def run(command: Command) -> Measured:
    """Run a command to its end, which must be a success."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        words = [str(word) for word in command]
        started = time.perf_counter()
        process = subprocess.Popen(words, stdout=output, stderr=errors)
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
    few = max(1, runs // 2)
    softmax, cnn, graph = folder / "softmax", folder / "cnn", folder / "graph"
    at = ["--data-dir", data]

    ours, peer = compare([*MNISTCLI, "--help"], [sys.executable, "-c", "pass"], 4 * runs)
    yield Row("`mnistcli --help`; `python -c pass`", "s", whole(ours), whole(peer), 5)

    train = [*MNISTCLI, "train", *at, "--json", "--restart", "--checkpoint-dir"]
    ours, peer = compare([*train, softmax], python("tf1_train.py", data), runs)
    what = "`train --steps 2000`; the TF1 script that only trains and scores"
    yield Row(what, "s", whole(ours), whole(peer), 0.8)
    yield Row("its 2000 steps", "s", printed(ours, "seconds"), printed(peer, "seconds"), 0.25)
    yield Row("accuracy", "", printed(ours, "accuracy"), printed(peer, "accuracy"))

    run(python("tf1_train.py", data, graph))
    predict = [*MNISTCLI, "predict", "--checkpoint-dir"]
    ours, peer = compare(
        [*predict, softmax, *SAMPLES], python("tf1_predict.py", graph, *SAMPLES), runs
    )
    what = "`predict` of 13 pictures; the TF1 script that restores and predicts"
    yield Row(what, "s", whole(ours), whole(peer), 0.1)
    yield Row("its memory", "MiB", memory(ours), memory(peer), 0.25)

    train_cnn = [*train, cnn, "--model", "cnn"]
    ours, peer = compare(train_cnn, python("keras_convnet.py", data), few)
    what = "steps of `train --model cnn`; of Keras's convnet until 99 %"
    yield Row(what, "s", printed(ours, "seconds"), printed(peer, "seconds"), 1 / 15)
    yield Row("accuracy", "", printed(ours, "accuracy"), printed(peer, "accuracy"))
    yield Row("memory", "MiB", memory(ours), memory(peer))
    yield Row("memory of `train --model cnn`", "MiB", memory(ours), limit=1.2 * 1024)
    if importlib.util.find_spec("torch"):
        peer = [run(python("torch_convnet.py", data))]
        what = "steps of `train --model cnn`; of PyTorch's convnet until 99 %"
        yield Row(what, "s", printed(ours, "seconds"), printed(peer, "seconds"))

    evaluate = [run([*MNISTCLI, "eval", *at, "--checkpoint-dir", cnn]) for _ in range(runs)]
    yield Row("`eval` of 10,000 images with cnn", "s", whole(evaluate), limit=1.0)

    pictures = folder / "pictures"
    pictures.mkdir()
    for number, image in enumerate(idx.read(data / "t10k-images-idx3-ubyte.gz")):
        Image.fromarray(image).save(pictures / f"{number:05}.png")
    ours, peer = compare([*predict, cnn, pictures], python("pillow_decode.py", pictures), runs)
    what = "`predict` of 10,000 PNG with cnn; Pillow only decoding them"
    yield Row(what, "s", whole(ours), whole(peer), 3)


def describe_machine() -> dict[str, str | int | None]:
    """Return the processor, the system and the versions."""
    model = platform.processor()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.split(": ")[1] for line in lines if "model name" in line), model)
    versions = {}
    for library in LIBRARIES:
        if importlib.util.find_spec(library.replace("-", "_").replace("pillow", "PIL")):
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
    data = arguments.data_dir.absolute()
    run([*MNISTCLI, "download", "--data-dir", data])

    machine = describe_machine()
    print(", ".join(f"{name} {value}" for name, value in machine.items()), end="\n\n")
    print("| ours; the peer's | ours | the peer's | ratio | at most |")
    print("|---|---|---|---|---|")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for row in bench(data, Path(folder), arguments.runs):
            rows.append(row)
            print(row.as_markdown(), flush=True)
    if arguments.json:
        described = [{**asdict(row), "ratio": row.ratio} for row in rows]
        arguments.json.write_text(json.dumps({"machine": machine, "rows": described}, indent=2))


if __name__ == "__main__":
    main()
