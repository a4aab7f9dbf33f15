"""What is loaded when, what a constant means, and that no file is run.

Who may import whom is the contract of import-linter in ``pyproject.toml``.
"""

import ast
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from helpers.drawing import seven, to_png
from helpers.listening import SILENT
from helpers.training import make_request

import mnistcli
from mnistcli import pretrained

PACKAGE = Path(mnistcli.__file__).parent
COMMANDS = ("download", "evaluate", "export", "predict", "train")

PROBE = """
import sys
from mnistcli.cli.main import main
try:
    main(sys.argv[1:])
finally:
    print(*sorted({module.partition(".")[0] for module in sys.modules}), file=sys.stderr)
"""


def imported_by(*arguments: str | Path, code: int = 0) -> set[str]:
    """The top-level modules that a command has imported by its end, in a process of its own."""
    command = [sys.executable, "-c", PROBE, *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == code, result.stderr
    return set(result.stderr.splitlines()[-1].split())


@pytest.fixture(scope="module")
def checkpoints(tensorflow: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from mnistcli.runs.checkpoints import add_export
    from mnistcli.runs.plan import make_plan
    from mnistcli.runs.recipes import RECIPES
    from mnistcli.training.conversion import to_tflite
    from mnistcli.training.network import Network
    from mnistcli.training.weights import save

    directory = tmp_path_factory.mktemp("checkpoints")
    plan = make_plan(make_request(directory, steps=10), SILENT)
    network = Network(RECIPES["softmax"], seed=0)
    add_export(save(network, plan, 10), to_tflite(network))
    return directory


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["predict", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    imported = imported_by(*arguments)

    assert not imported & {"tensorflow", "keras", "numpy", "PIL", "ai_edge_litert", "requests"}


def test_wrong_usage_imports_nothing_heavy() -> None:
    imported = imported_by("train", "--steps", "none", code=2)

    assert not imported & {"tensorflow", "keras", "numpy", "PIL", "ai_edge_litert", "requests"}


@pytest.mark.parametrize("command", ["predict", "eval"])
@pytest.mark.parametrize("is_pretrained", [True, False])
def test_an_exported_model_answers_without_tensorflow(
    command: str, is_pretrained: bool, checkpoints: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "7.png"
    picture.write_bytes(to_png(seven()))
    model = ["--pretrained"] if is_pretrained else ["--checkpoint-dir", checkpoints]

    imported = imported_by(command, picture, *model)

    assert {"numpy", "PIL", "ai_edge_litert"} <= imported
    assert not imported & {"tensorflow", "keras", "requests", "pillow_heif"}


def imports_of(path: Path, top_level_only: bool) -> set[str]:
    """The modules that a file's import statements name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = set()
    for node in tree.body if top_level_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module))
    return names


def test_commands_import_their_workers_when_called() -> None:
    light = {"mnistcli", "mnistcli.errors", "mnistcli.runs.recipes", "mnistcli.cli"}
    for name in COMMANDS:
        imported = imports_of(PACKAGE / "cli" / f"{name}.py", top_level_only=True)
        workers = {module for module in imported if module.startswith("mnistcli")}

        assert {module for module in workers if not module.startswith("mnistcli.cli.")} <= light


def test_a_constant_means_one_thing_in_the_whole_package() -> None:
    places = defaultdict(list)
    for path in PACKAGE.rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            targets = node.targets if isinstance(node, ast.Assign) else ()
            targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
            for target in (name for one in targets for name in ast.walk(one)):
                if isinstance(target, ast.Name):
                    places[target.id].append(str(path.relative_to(PACKAGE)))

    assert {name: files for name, files in places.items() if len(files) > 1} == {}


RUNNING = {"eval", "exec", "compile", "__import__", "input"}
LOADING = {"pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle", "yaml", "cPickle"}


def test_no_file_is_run_or_unpickled() -> None:
    """What a file holds is data; pickle is for pipes to processes of our own alone."""
    for path in PACKAGE.rglob("*.py"):
        imported = {name.partition(".")[0] for name in imports_of(path, top_level_only=False)}
        assert imported & LOADING == ({"pickle"} if path.stem == "parallel" else set())
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called, options = ast.unparse(node.func), map(ast.unparse, node.keywords)
                assert called not in RUNNING
                if called == "np.load":
                    assert "allow_pickle=False" in options
                if called == "pickle.load":
                    (source,) = map(ast.unparse, node.args)
                    assert source in ("self.mine.process.stdout", "sys.stdin.buffer")


def test_an_array_of_objects_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    np.savez(path, weights=np.array([{}], object))
    monkeypatch.setattr(pretrained, "_read_verified", lambda *_: path.read_bytes())

    with pytest.raises(ValueError, match="allow_pickle"):
        pretrained.read_weights()
