"""The page on Python: its sessions print what they say, at a prompt and in a notebook."""

import doctest
import re
import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import mnistcli

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "python.md"
BLOCKS = re.findall(r"^```pycon\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
SESSION = doctest.DocTestParser().get_doctest("\n".join(BLOCKS), {}, PAGE.name, str(PAGE), 0)


@pytest.fixture
def place(checkpoints: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory of the sessions, with the samples and a run."""
    shutil.copytree(checkpoints, tmp_path / "checkpoints")
    (tmp_path / "test_num").symlink_to(ROOT / "test_num")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_sessions_print_what_they_say(place: Path) -> None:
    assert len(SESSION.examples) > 15

    report: list[str] = []
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
    failed, _ = runner.run(SESSION, out=report.append)

    assert not failed, "".join(report)


@pytest.mark.slow
def test_sessions_run_in_a_notebook(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(mnistcli.__file__).parents[1]))
    for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(place / name))
    loaded = "import sys; sorted({'tensorflow', 'keras'} & set(sys.modules))"
    sources = [*(example.source for example in SESSION.examples), loaded]
    notebook = nbformat.v4.new_notebook(cells=[*map(nbformat.v4.new_code_cell, sources)])

    NotebookClient(notebook, kernel_name="python3", timeout=120).execute()

    expected = [*(example.want for example in SESSION.examples), "[]\n"]
    for cell, want in zip(notebook.cells, expected, strict=True):
        got = "".join(map(read_output, cell.outputs))
        assert doctest.OutputChecker().check_output(want, got, doctest.ELLIPSIS), cell


def read_output(output: nbformat.NotebookNode) -> str:
    """Return what a cell printed, or the value of its last line; an error stream shows as such."""
    if output.output_type == "execute_result":
        return output.data["text/plain"] + "\n"
    return output.text if output.name == "stdout" else f"{output.name}: {output.text}"
