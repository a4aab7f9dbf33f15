"""What is imported when, and who imports whom."""

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.drawing import seven, to_png

import mnistcli
from mnistcli import pretrained

PACKAGE = Path(mnistcli.__file__).parent

COMMANDS = ("download", "evaluate", "export", "predict", "train")

# From the top: a module imports only modules of the lines below its own.
LAYERS = [
    {"__main__"},
    {"cli"},
    {f"commands.{name}" for name in COMMANDS},
    {"commands.lessons"},
    {"commands.inputs"},
    {"commands.answers", "commands.display", "commands.saving"},
    {"commands.results"},
    {"commands.console", "commands.options"},
    {"commands.bar"},
    {"board", "training", "tuning"},
    {"steps"},
    {"checkpoint"},
    {"network"},
    {"layers", "optimizer"},
    {"augmentation"},
    {"plan"},
    {"pretrained", "run"},
    {"settings"},
    {"recipe"},
    {"labelled", "metadata"},
    {"recognition"},
    {"report"},
    {"plots"},
    {"evaluation"},
    {"predictor"},
    {"batches", "dataset", "schedule"},
    {"download", "strokes"},
    {"web"},
    {"exchange"},
    {"preparation", "sources"},
    {"cutout"},
    {"ink"},
    {"light", "picture"},
    {"hand", "parts", "pen"},
    {"framing", "glyphs"},
    {"idx", "lock"},
    {"digit", "files", "parallel", "quiet"},
    {"curve", "errors"},
]
TENSORFLOW_ROOMS = {
    "board",
    "training",
    "steps",
    "tuning",
    "checkpoint",
    "network",
    "layers",
    "optimizer",
    "augmentation",
}

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
    from mnistcli.runs.plan import Request, make_plan
    from mnistcli.runs.recipes import RECIPES
    from mnistcli.training.conversion import to_tflite
    from mnistcli.training.network import Network
    from mnistcli.training.weights import save

    directory = tmp_path_factory.mktemp("checkpoints")
    choices = {"steps": 10, "save_every": 10, "keep": 1, "log_every": 10, "restart": False}
    plan = make_plan(directory, Request(), **choices, warn=print)
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
    assert not imported & {"tensorflow", "keras", "requests"}


def imports_of(path: Path, top_level_only: bool) -> set[str]:
    """The modules that a file's import statements name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = set()
    for node in tree.body if top_level_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
            names.add(str(node.module))
    return names


def test_modules_import_only_modules_below_them() -> None:
    level = {name: depth for depth, layer in enumerate(LAYERS) for name in layer}
    files = {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
        for path in PACKAGE.rglob("*.py")
        if path.name != "__init__.py" or path.parent.name == "pretrained"
    }
    assert set(files) == set(level)

    upward = [
        f"{name} imports {imported}"
        for name, path in files.items()
        for imported in imports_of(path, top_level_only=False)
        if level.get(imported.removeprefix("mnistcli."), len(LAYERS)) <= level[name]
    ]
    assert upward == []


def test_only_the_rooms_of_training_import_tensorflow() -> None:
    rooms = {
        path.stem
        for path in PACKAGE.rglob("*.py")
        if any(name.startswith("tensorflow") for name in imports_of(path, top_level_only=False))
    }

    assert rooms == TENSORFLOW_ROOMS


def test_commands_import_their_workers_when_called() -> None:
    for name in COMMANDS:
        imported = imports_of(PACKAGE / "commands" / f"{name}.py", top_level_only=True)
        workers = {
            module
            for module in imported
            if module.startswith("mnistcli.") and not module.startswith("mnistcli.cli")
        }
        assert workers <= {
            "mnistcli.errors",
            "mnistcli.errors.GateError",
            "mnistcli.runs.recipes",
            "mnistcli.runs.recipes.DEFAULT_MODEL",
            "mnistcli.runs.recipes.RECIPES",
            "mnistcli.runs.recipes.TUNING",
        }


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
