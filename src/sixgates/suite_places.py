"""Which of the places that pytest is asked to collect are suites of ours."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

PACKAGE = "sixgates.suites"
NAMES = ("unit", "contracts", "integration")
_NOT_TESTS = {"node_modules", "__pycache__", "site-packages"}
_NODE = re.compile(r"::|\[")


def are_ours(places: Iterable[str], directory: Path) -> bool:
    """Whether a place is one of our suites, in a clone or in an installed package, or holds all of them."""
    return any(_names_package(place) or _is_suite(path_of(place, directory)) for place in places)


def use_our_cases(places: Iterable[str], directory: Path) -> bool:
    """Whether a test file in these places is written for our cases; reads the files until one is."""
    return any(
        _is_written_for_us(file) for place in places for file in _test_files(path_of(place, directory))
    )


def path_of(place: str, directory: Path) -> Path:
    """The file or folder of an argument such as `contracts/test_wire.py::test_requirement[case]`."""
    return Path(os.path.normpath(directory / _NODE.split(place)[0]))


def located(argument: str) -> list[str]:
    """Where the suites are if an argument names their package and this is a clone: beside `src`, not in it."""
    package = Path(__file__).parent / "suites"
    if argument != PACKAGE or (package / NAMES[0]).is_dir():
        return [argument]
    return [str(package.parents[2] / name) for name in NAMES]


def _names_package(place: str) -> bool:
    name = _NODE.split(place)[0]
    return name == PACKAGE or name.startswith(f"{PACKAGE}.")


def _is_suite(path: Path) -> bool:
    if _holds_suites(path):
        return True
    inside = (folder for folder in (path, *path.parents) if folder.name in NAMES)
    return any(_holds_suites(folder.parent) for folder in inside)


def _holds_suites(folder: Path) -> bool:
    """Whether a folder is the root of a clone, or the package of suites in an installation."""
    if (folder / "src" / "sixgates" / "suites" / "__init__.py").is_file():
        return True
    return folder.parts[-2:] == ("sixgates", "suites") and (folder / "__init__.py").is_file()


def _test_files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    for folder, inner, names in os.walk(path):
        inner[:] = [name for name in inner if name not in _NOT_TESTS and not name.startswith(".")]
        if "pyvenv.cfg" in names:
            inner.clear()
            continue
        yield from (Path(folder, name) for name in names if name.endswith(".py"))


def _is_written_for_us(file: Path) -> bool:
    try:
        text = file.read_bytes()
    except OSError:
        return False
    return b"sixgates" in text or (b"mark.cases" in text and b"settle" in text)
