"""Who may import whom, and which heavy packages live behind which door, read from the syntax trees."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = {"preprocess", "main", "train", "evaluate", "infer"}
SOURCES = sorted([*ROOT.glob("*.py"), *ROOT.glob("cleaner/**/*.py"), *ROOT.glob("labeler/**/*.py")])
PAGE = sorted(ROOT.glob("static/**/*.js"))

# package -> the files that may import it, at any depth
DOORS = {
    "torch": ["model.py", "train.py", "cleaner/row_network.py", "cleaner/training/losses.py"],
    "flask": ["labeler", "main.py"],
    "waitress": ["main.py", "labeler"],
    "av": ["cleaner/audio"],
    "soundfile": ["cleaner/audio"],
    "pydub": ["cleaner/pydub_door.py"],
    "onnxruntime": ["cleaner/onnx_network.py", "cleaner/mixing/teachers.py"],
}
# What `python infer.py --help` must not wait for: these are imported inside functions only.
LATE = {"torch", "matplotlib", "librosa", "silero_vad", "onnxruntime", "onnx", "pydub"}
EARLY_TORCH = DOORS["torch"]


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path, *, only_at_top: bool = False) -> set[str]:
    """Top-level names of the modules that a file imports at run time."""
    found = set()
    tree = ast.parse(path.read_text())
    for node in tree.body if only_at_top else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_imports_point_one_way(path):
    names = imports(path)
    name = relative(path)
    if "/" not in name:
        assert not names & (SCRIPTS - {path.stem}), "scripts never import each other"
    if name.startswith("cleaner/"):
        assert not names & (SCRIPTS | {"model", "labeler"})
    if name.startswith("labeler/"):
        assert not names & (SCRIPTS | {"model", "torch"})
    if name != "main.py" and not name.startswith("labeler/"):
        assert "labeler" not in names


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_outside_things_have_one_door(path):
    name = relative(path)
    for package in imports(path) & set(DOORS):
        assert any(name == door or name.startswith(door + "/") for door in DOORS[package]), package


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_slow_packages_are_imported_when_needed(path):
    late = LATE - {"torch"} if relative(path) in EARLY_TORCH else LATE
    assert not imports(path, only_at_top=True) & late


@pytest.mark.parametrize("path", PAGE, ids=relative)
def test_what_a_module_of_the_page_offers_is_used_elsewhere(path):
    """Its exports, and the events that it emits."""
    others = [*PAGE, *ROOT.glob("tests/browser/*.py")]
    elsewhere = "".join(other.read_text("utf-8") for other in others if other != path)
    text = path.read_text("utf-8")
    offered = re.findall(r"^export (?:async )?\w+ (\w+)", text, re.M) + re.findall(r'emit\("([\w.]+)"', text)
    assert [name for name in offered if not re.search(rf"\b{name}\b", elsewhere)] == []


def test_packages_form_no_circle():
    """What a package of ``cleaner`` imports, however far along, never imports it."""
    needs: dict[str, set[str]] = {}
    for path in ROOT.glob("cleaner/**/*.py"):
        own = path.relative_to(ROOT / "cleaner").with_suffix("").parts[0]
        modules = [
            node.module for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)
        ]
        parts = {module.split(".")[1] for module in modules if module and module.startswith("cleaner.")}
        needs.setdefault(own, set()).update(parts - {own})
    for name in needs:
        reached, ahead = set(), set(needs[name])
        while ahead:
            reached.add(now := ahead.pop())
            ahead |= needs.get(now, set()) - reached
        assert name not in reached
