"""Rules for modules that no linter holds: they explain themselves, import in one direction only, and pure ones stay pure."""

import ast
import graphlib
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
PURE = ("domain", "profiles", "fabric", "analysis", "metering")
#: What tells the time or draws chance although its module is harmless.
IMPURE_CALLS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("uuid", "uuid1"),
    ("uuid", "uuid4"),
}


def modules(*folders: str) -> list[Path]:
    """Python files below the folders, those that exist."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def relative(path: Path) -> str:
    """The name of a case in the report."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", modules("src", "tests", "bench", "examples"), ids=relative)
def test_module_says_what_it_owns(path):
    """Each module starts with a docstring; only an empty `__init__` says nothing."""
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)) or (path.name == "__init__.py" and not text.strip())


@pytest.mark.parametrize("path", modules(*(f"src/peerway/{room}" for room in PURE)), ids=relative)
def test_pure_module_is_a_function_of_its_input(path):
    """No clock, no chance, no files and nothing asynchronous in the pure rooms, not even by a harmless module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [f"{path.name}:{node.lineno}" for node in ast.walk(tree) if is_impure(node)]
    assert not found


def is_impure(node: ast.AST) -> bool:
    """Whether the node is asynchronous, opens a file, or asks for the time or a random id."""
    match node:
        case ast.AsyncFunctionDef() | ast.Await() | ast.AsyncFor() | ast.AsyncWith():
            return True
        case ast.Call(func=ast.Name(id="open" | "input" | "print")):
            return True
        case ast.Call(func=ast.Attribute(attr=name, value=ast.Name(id=owner) | ast.Attribute(attr=owner))):
            return (owner, name) in IMPURE_CALLS
    return False


def test_modules_import_in_one_direction_only():
    """There is an order in which every module comes after all that it imports."""
    graph = grimp.build_graph("peerway", cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        graphlib.TopologicalSorter(imports).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" -> ".join(reversed(error.args[1])))
