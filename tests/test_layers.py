"""The import direction of docs/architecture.md holds, imports inside functions and for types included."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "sixgates"
EXEMPT = {("sixgates.catalogue", "sixgates.checks"): "the registry finds the modules of checks by name"}
Import = tuple[str, str, int]


def documented() -> list[str]:
    """The parts in their order, as the architecture page has them."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    section = page.split("## Import direction")[1].split("\n## ")[0]
    return re.findall(r"^\| `([\w.*]+)` \|", section, re.MULTILINE)


def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def part_of(module: str, parts: Iterable[str]) -> str | None:
    """The row that a module belongs to: itself, its package, or the members of its package."""
    _, *names = module.split(".")
    if not names:
        return ""
    if len(names) > 1 and f"{names[0]}.*" in parts:
        return f"{names[0]}.*"
    return names[0] if names[0] in parts else None


def imports(module: str, text: str, known: Iterable[str]) -> Iterator[Import]:
    """Each import of a module of the package: who, whom, and the line."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            within = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [each if each in known else node.module for each in within]
        else:
            continue
        yield from ((module, name, node.lineno) for name in names if name.split(".")[0] == "sixgates")


def upward(found: Iterable[Import], order: list[str]) -> list[str]:
    """The imports that point to a part below their own."""
    ranks = {"": -1} | {part: rank for rank, part in enumerate(order)}
    return [
        f"{module}, line {line}, imports {target}"
        for module, target, line in found
        if (module, target) not in EXEMPT
        and ranks[part_of(target, order) or ""] > ranks[part_of(module, order) or ""]
    ]


def all_imports() -> list[Import]:
    """Every import within the package."""
    known = modules()
    return [
        each
        for name, path in known.items()
        for each in imports(name, path.read_text(encoding="utf-8"), known)
    ]


def test_every_module_has_a_place_in_the_order() -> None:
    """A new part must be given a row on the architecture page."""
    order = documented()
    assert len(order) > 20, "the table of docs/architecture.md was not found"
    assert [name for name in modules() if part_of(name, order) is None] == []


def test_no_module_imports_from_below() -> None:
    """Data flows one way."""
    assert upward(all_imports(), documented()) == []


def test_nothing_imports_the_plugin() -> None:
    """pytest finds it by its entry point; nobody else may depend on it."""
    users = {module for module, target, _ in all_imports() if target.startswith("sixgates.plugin")}
    assert users == set()


def test_every_exemption_is_in_use() -> None:
    """An exemption that nothing needs any more is taken away."""
    used = {(module, target) for module, target, _ in all_imports()}
    assert set(EXEMPT) - used == set()


@pytest.mark.parametrize(
    "text",
    [
        "from sixgates.plugin import x",
        "import sixgates.cli",
        "def late() -> None:\n    from sixgates import run\n",
        "if TYPE_CHECKING:\n    from sixgates.cases.unit import unit_cases\n",
    ],
)
def test_an_upward_import_is_noticed(text: str) -> None:
    """The control: imports of every form, from a part at the top."""
    found = list(imports("sixgates.judge", text, modules()))
    assert len(upward(found, documented())) == 1


def test_the_type_of_a_case_may_be_imported_from_above() -> None:
    """`cases` and `cases.*` are two rows."""
    found = list(imports("sixgates.gateway.running", "from sixgates.cases import Case", modules()))
    assert upward(found, documented()) == []
