"""Where a check can end without a word: its branches, read from its source.

A check that finds nothing says that all is well. So every way through it on which it did not look at what it is about
must raise Unexercised or Unmet, or stand on a list with the reason why nothing is the right thing to say. These ways
are a bare `return` or `continue`, a condition before something that is judged, and a loop that may run zero times.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import sixgates.checks

FOLDER = Path(sixgates.checks.__file__).parent
TOTAL = frozenset(
    {"elements", "choices", "entries", "chunks", "completion_chunks", "events", "called", "blocks", "items"}
)
"""Members that raise Unmet rather than being empty."""
Body = list[ast.stmt]


def quiet_ways() -> dict[str, list[str]]:
    """By module and function, each way on which it can end without having looked."""
    found = {}
    for path in sorted(FOLDER.glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and _judges(node):
                ways = list(_ways(node.body))
                if ways:
                    found[f"{path.stem}.{node.name}"] = ways
    return found


def _judges(function: ast.FunctionDef) -> bool:
    """Whether it yields findings."""
    return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in ast.walk(function))


def _ways(body: Body) -> Iterator[str]:
    for number, statement in enumerate(body):
        before = body[number - 1] if number else None
        match statement:
            case ast.Return() if not _tells(before):
                yield "return"
            case ast.Continue():
                yield "continue"
            case ast.If():
                yield from _of_condition(statement)
            case ast.For():
                if not _never_empty(statement.iter):
                    yield f"for {ast.unparse(statement.target)} in {ast.unparse(statement.iter)}"
                yield from _ways(statement.body)
            case ast.With() | ast.Try():
                yield from _ways(statement.body)


def _of_condition(statement: ast.If) -> Iterator[str]:
    condition = ast.unparse(statement.test)
    yield from (
        f"if {condition}: {way}" if way in {"return", "continue"} else way for way in _ways(statement.body)
    )
    if statement.orelse:
        yield from _ways(statement.orelse)
    elif not _ends_otherwise(statement.body):
        alarm = all(_is_alarm(each) for each in statement.body)
        if not alarm or (isinstance(statement.test, ast.BoolOp) and isinstance(statement.test.op, ast.And)):
            yield f"if {condition}"


def _tells(statement: ast.stmt | None) -> bool:
    """Whether a statement says something, so that a return after it is no silence."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Yield | ast.YieldFrom)


def _is_alarm(statement: ast.stmt) -> bool:
    """Whether a statement only makes a finding: then the condition before it is the judgement itself."""
    match statement:
        case ast.Expr(
            value=ast.Yield(value=ast.Call(func=ast.Name(id="Finding") | ast.Attribute(attr="finding")))
        ):
            return True
        case ast.Assign() | ast.Return():
            return True
    return False


def _ends_otherwise(body: Body) -> bool:
    """Whether a branch raises, leaves or skips: what comes after it is the other branch."""
    return isinstance(body[-1], ast.Raise | ast.Return | ast.Continue | ast.Break)


def _never_empty(node: ast.expr) -> bool:
    match node:
        case ast.Attribute(attr=name):
            return name in TOTAL
        case ast.Tuple() | ast.List():
            return bool(node.elts)
        case ast.Name(id=name):
            return name.isupper()
        case ast.Call(func=ast.Name(id="enumerate" | "sorted" | "list"), args=[first, *_]):
            return _never_empty(first)
        case ast.Call(func=ast.Name(id="zip"), args=parts):
            return all(_never_empty(part) for part in parts)
        case ast.Call(func=ast.Name(id="messages_of")):
            return True
    return False
