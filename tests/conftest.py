import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from helpers import small
from PIL import Image

from mnistcli.cli.main import main
from mnistcli.datasets import dataset, idx, mnist

Run = Callable[..., Result]


@pytest.fixture(scope="session", autouse=True)
def usual_handlers() -> Iterator[None]:
    """Ctrl-C as in a terminal, also where the tests run in the background, which ignores it."""
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, former)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the real data set and pictures."""
    if "MNISTCLI_SHARED" not in os.environ:
        pytest.skip("needs the real data: MNISTCLI_SHARED is not set")
    return Path(os.environ["MNISTCLI_SHARED"]).absolute()


@pytest.fixture(scope="session")
def small_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a small data set in MNIST's form; tests only read it."""
    directory = tmp_path_factory.mktemp("small")
    small.make(directory)
    return directory


@pytest.fixture
def small_mnist(small_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory whose small data set passes for MNIST."""
    monkeypatch.setattr(mnist, "FILES", small.files_in(small_files))
    return Path(shutil.copytree(small_files, tmp_path / "MNIST_data"))


@pytest.fixture
def few_strokes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the data set of strokes be small."""
    monkeypatch.setattr(dataset, "IMAGE_COUNTS", {"train": 300, "test": 100})


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line within this process, in ``tmp_path``."""
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str | Path, **options: object) -> Result:
        result = CliRunner().invoke(main, [str(argument) for argument in arguments], **options)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


@pytest.fixture(scope="session")
def checkpoints(
    small_files: Path, tensorflow: None, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A run of 60 steps on the small data set; tests only read it."""
    directory = tmp_path_factory.mktemp("run") / "checkpoints"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mnist, "FILES", small.files_in(small_files))
        options = ["--steps", "60", "--save-every", "30", "--data-dir", str(small_files)]
        result = CliRunner().invoke(main, ["train", *options, "--checkpoint-dir", str(directory)])
    assert result.exit_code == 0, result.output
    return directory


@pytest.fixture
def trained(checkpoints: Path, tmp_path: Path, small_mnist: Path) -> Path:
    """A copy of that run in ``tmp_path``, beside the data, both in their default places."""
    return Path(shutil.copytree(checkpoints, tmp_path / "checkpoints"))


@pytest.fixture
def pictures(small_files: Path, tmp_path: Path) -> Path:
    """Ten of the small data set's test images as pictures, black on white."""
    directory = tmp_path / "pictures"
    directory.mkdir()
    images = idx.read(small_files / "t10k-images-idx3-ubyte.gz")[:10]
    labels = idx.read(small_files / "t10k-labels-idx1-ubyte.gz")[:10]
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        Image.fromarray(255 - image).save(directory / f"{label}_{number}.png")
    return directory


@pytest.fixture
def run_process(small_files: Path, tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start the command line as a process of its own, with the small data set as MNIST."""

    def start(*arguments: str | Path) -> subprocess.Popen[str]:
        script = [sys.executable, small.__file__, small_files, *arguments]
        return subprocess.Popen(
            [str(part) for part in script],
            cwd=tmp_path,
            env={**os.environ, "MNISTCLI_DATA_DIR": str(small_files)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.fixture(scope="session")
def tensorflow() -> None:
    """Start TensorFlow as training does, before anything else of it is used."""
    from mnistcli.training.runtime import start_tensorflow

    start_tensorflow()
