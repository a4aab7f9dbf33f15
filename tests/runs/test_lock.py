import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mnistcli.errors import ModelError
from mnistcli.runs.checkpoints import SUMS
from mnistcli.runs.lock import LOCK_FILE, lock_directory


def test_one_process_trains_in_a_directory(tmp_path: Path) -> None:
    with (
        lock_directory(tmp_path),
        pytest.raises(ModelError, match=f"process {os.getpid()} on .* is training here"),
        lock_directory(tmp_path),
    ):
        pass
    with lock_directory(tmp_path):
        pass


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    script = "import sys, time; from pathlib import Path\n"
    script += "from mnistcli.runs.lock import lock_directory\n"
    script += "with lock_directory(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(ModelError, match=f"process {process.pid} on"), lock_directory(tmp_path):
            pass
        process.kill()

    with lock_directory(tmp_path):
        pass


def test_a_lock_names_its_holder(tmp_path: Path) -> None:
    with lock_directory(tmp_path):
        names = (tmp_path / LOCK_FILE).read_text()

    assert names == f"\nprocess {os.getpid()} on {platform.node()}\n"
    assert not (tmp_path / LOCK_FILE).exists()


def test_a_checkpoint_is_not_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = tmp_path / "run" / "model-100"
    checkpoint.mkdir(parents=True)
    (checkpoint / SUMS).touch()
    message = "model-100 is a checkpoint; --checkpoint-dir .*run resumes its run"

    with pytest.raises(ModelError, match=message), lock_directory(checkpoint):
        pass
    monkeypatch.chdir(checkpoint)
    message = re.escape(". is a checkpoint; --checkpoint-dir .. resumes its run")
    with pytest.raises(ModelError, match=message), lock_directory(Path()):
        pass

    assert [path.name for path in checkpoint.iterdir()] == [SUMS]


def test_a_directory_that_is_only_named_like_a_checkpoint_is_locked(tmp_path: Path) -> None:
    with lock_directory(tmp_path / "model-1"):
        pass


def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("precious")
    (tmp_path / LOCK_FILE).symlink_to(tmp_path / "other")

    with pytest.raises(OSError, match="symbolic links") as caught, lock_directory(tmp_path):
        pass

    assert caught.value.filename == str(tmp_path / LOCK_FILE)
    assert (tmp_path / "other").read_text() == "precious"
