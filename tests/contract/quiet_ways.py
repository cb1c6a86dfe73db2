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
    {"elements", "choices", "entries", "deltas", "chunks", "completion_chunks", "events", "called", "blocks"}
)
"""Members that raise Unmet rather than being empty."""
Body = list[ast.stmt]


def of_all_checks() -> dict[str, list[str]]:
    """By module and function, each way on which it can end without having looked."""
    found = {}
    for path in sorted(FOLDER.glob("*.py")):
        for name, ways in of_source(path.read_text(encoding="utf-8")).items():
            found[f"{path.stem}.{name}"] = ways
    return found


def of_source(text: str) -> dict[str, list[str]]:
    """The same of the functions of one module that yield findings."""
    functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    found = {each.name: list(_Ways(each).ways(each.body)) for each in functions if _judges(each)}
    return {name: ways for name, ways in found.items() if ways}


def _judges(function: ast.FunctionDef) -> bool:
    return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in ast.walk(function))


class _Ways:
    def __init__(self, function: ast.FunctionDef) -> None:
        """What is given a name and cannot be empty is remembered, what was tested to be there as well."""
        self.filled: set[str] = set()
        self.filled |= {
            target.id
            for node in ast.walk(function)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name) and self.never_empty(node.value)
        }
        for node in ast.walk(function):
            if isinstance(node, ast.If) and _leaves(node.body) and isinstance(node.test, ast.UnaryOp):
                self.filled.add(ast.unparse(node.test.operand))

    def ways(self, body: Body) -> Iterator[str]:
        for number, statement in enumerate(body):
            before = body[number - 1] if number else None
            match statement:
                case ast.Return() if not _tells(before):
                    yield "return"
                case ast.Continue():
                    yield "continue"
                case ast.If():
                    yield from self.of_condition(statement)
                case ast.For():
                    if not self.never_empty(statement.iter):
                        yield f"for {ast.unparse(statement.target)} in {ast.unparse(statement.iter)}"
                    yield from self.ways(statement.body)
                case ast.With() | ast.Try():
                    yield from self.ways(statement.body)

    def of_condition(self, statement: ast.If) -> Iterator[str]:
        condition = f"if {ast.unparse(statement.test)}"
        for way in self.ways(statement.body):
            yield f"{condition}: {way}" if way in {"return", "continue"} else way
        if statement.orelse:
            yield from self.ways(statement.orelse)
        elif not _leaves(statement.body):
            several = isinstance(statement.test, ast.BoolOp) and isinstance(statement.test.op, ast.And)
            if several or not all(map(_is_alarm, statement.body)):
                yield condition

    def never_empty(self, node: ast.expr) -> bool:
        """Whether a loop over this runs at least once, since it would have raised else."""
        match node:
            case ast.Attribute(attr=name):
                return name in TOTAL
            case ast.Tuple() | ast.List():
                return bool(node.elts)
            case ast.Name(id=name):
                return name.isupper() or name in self.filled
            case ast.Call(func=ast.Name(id="enumerate" | "sorted" | "list"), args=[first, *_]):
                return self.never_empty(first)
            case ast.Call(func=ast.Name(id="zip"), args=parts):
                return all(map(self.never_empty, parts))
        return False


def _tells(statement: ast.stmt | None) -> bool:
    """Whether a statement says something, so that a return after it is no silence."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Yield | ast.YieldFrom)


def _is_alarm(statement: ast.stmt) -> bool:
    """Whether a statement only makes a finding: then the condition before it is the judgement itself."""
    match statement:
        case ast.Expr(value=ast.Yield(value=ast.Call(func=ast.Name(id="Finding")))):
            return True
        case ast.Expr(value=ast.Yield(value=ast.Call(func=ast.Attribute(attr="finding")))):
            return True
        case ast.Assign() | ast.Return():
            return True
        case ast.If(body=body):
            return _leaves(body)
    return False


def _leaves(body: Body) -> bool:
    """Whether a branch raises, leaves or skips: what comes after it is the other branch."""
    return isinstance(body[-1], ast.Raise | ast.Return | ast.Continue | ast.Break)
