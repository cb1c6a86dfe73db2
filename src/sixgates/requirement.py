"""The sentence that a check or a rule states: the docstring of its function, with Python's -OO as well."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path


def requirement_of(function: Callable[..., object]) -> str:
    """The docstring in one line; where -OO or PYTHONOPTIMIZE=2 left it out of the code, the source has it."""
    text = function.__doc__ or _in_source(function)
    return " ".join(text.split())


def _in_source(function: Callable[..., object]) -> str:
    code = inspect.unwrap(function).__code__
    return _docstrings(code.co_filename).get(code.co_firstlineno, "")


@cache
def _docstrings(file: str) -> Mapping[int, str]:
    """Every docstring of a module by the line on which its function begins, decorators included."""
    try:
        tree = ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return {}
    return {
        min(each.lineno for each in (node, *node.decorator_list)): ast.get_docstring(node) or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
