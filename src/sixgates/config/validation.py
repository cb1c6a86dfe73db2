"""Judges a parsed file against its models; each problem is a finding that reads alone."""

from __future__ import annotations

import difflib
import re
from bisect import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sixgates.config.public import HIDDEN, public
from sixgates.config.shape import Shape
from sixgates.config.yaml_file import Node
from sixgates.exchange import Finding
from sixgates.inputs.headers import Header
from sixgates.inputs.headers import problem_of as header_problem
from sixgates.inputs.proxy import problem_of as proxy_problem
from sixgates.inputs.url import problem_of
from sixgates.inputs.url import public as public_url

T = TypeVar("T", bound=Shape)
Path = tuple[str | int, ...]


def validate(model: type[T], node: Node, file: str) -> tuple[T | None, tuple[Finding, ...]]:
    """The validated file, or None with findings; unknown keys come as findings beside a valid file too."""
    findings = tuple(_unknown_keys(model, node, file, ()))
    try:
        return model.model_validate(node.value), findings
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=True)
        wrong = tuple(_finding(detail, node, file, model) for detail in details if _ours(detail))
        return None, (*wrong, *findings)


def position(node: Node, file: str, path: Path, *, key: bool = False) -> str:
    """`file:line:column` of the value at `path`, or of its key."""
    if key:
        line, column = node.key_position(path)
    else:
        found = node.at(path)
        line, column = found.line, found.column
    return f"{file}:{line}:{column}"


def shown(value: object, path: Path) -> str:
    """A value as a message may print it: short, and only where its place says that it is harmless."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    printable = public(value, path)
    if printable == HIDDEN:
        return "a text (not shown: it may be a secret)" if isinstance(value, str) else "a number (not shown)"
    return _quoted(printable)


def _quoted(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def listed(names: Iterable[str]) -> str:
    """Names for a message: the first eight, and how many more there are."""
    known = list(names)
    more = f" and {len(known) - 8} more" if len(known) > 8 else ""
    return ", ".join(known[:8]) + more or "there is none"


def suggestion(word: str, known: Iterable[str]) -> str:
    """`Did you mean ...?`, or the empty string when nothing is near."""
    names = tuple(known)
    near = difflib.get_close_matches(word, _neighbours(word, names), n=1, cutoff=0.7)
    return f"Did you mean `{near[0]}`?" if near else ""


def _neighbours(word: str, names: tuple[str, ...]) -> Sequence[str]:
    """Of many names those that begin or end most like a word: comparing each with each takes their square."""
    if len(names) <= 2 * _NEIGHBOURS:
        return names
    forwards, backwards = _sorted(names)
    at, back = bisect(forwards, word), bisect(backwards, word[::-1])
    begins = forwards[max(0, at - _NEIGHBOURS) : at + _NEIGHBOURS]
    ends = backwards[max(0, back - _NEIGHBOURS) : back + _NEIGHBOURS]
    return list(dict.fromkeys((*begins, *(name[::-1] for name in ends))))


@lru_cache(maxsize=8)
def _sorted(names: tuple[str, ...]) -> tuple[list[str], list[str]]:
    return sorted(names), sorted(name[::-1] for name in names)


_NEIGHBOURS = 40


def _ours(detail: ErrorDetails) -> bool:
    return detail["type"] != "extra_forbidden"


def _finding(detail: ErrorDetails, node: Node, file: str, model: type[Shape]) -> Finding:
    path: Path = tuple(detail["loc"])
    kind = detail["type"]
    if kind == "missing":
        name = str(path[-1])
        parent = node.at(path[:-1])
        near = difflib.get_close_matches(name, list(parent.entries), n=1, cutoff=0.5)
        hint = f"Is `{near[0]}` a typo of `{name}`?" if near else f"Add `{name}:` here."
        return Finding(position(node, file, path[:-1], key=True), f"the key `{name}`", "no such key", hint)
    expected = _expected(detail)
    where = position(node, file, path)
    value = detail["input"]
    address = path[-1:] in {("base_url",), ("proxy",)} and isinstance(value, str)
    got = _quoted(public_url(value)) if address else shown(value, path)
    if isinstance(value, Mapping):
        got = "neither" if " or " in expected else "a mapping without it" if "`" in expected else "a mapping"
    return Finding(where, expected, got, _hint(kind, detail, path))


_KINDS = {
    "string_type": "text",
    "string_too_short": "text that is not empty",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "list_type": "a list",
    "date_type": "a date such as 2027-01-31",
    "finite_number": "a finite number",
}


def _expected(detail: ErrorDetails) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _KINDS:
        return _KINDS[kind]
    if kind in ("enum", "literal_error"):
        return "one of " + str(context["expected"]).replace("'", "").replace(" or ", ", ")
    if kind == "value_error":
        return str(context["error"])
    if kind in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        sign = {"greater_than": ">", "greater_than_equal": ">=", "less_than": "<", "less_than_equal": "<="}[
            kind
        ]
        return f"a number {sign} {next(iter(context.values())):g}"
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(str(context["pattern"]), f"text like {context['pattern']}")
    message = detail["msg"]
    return message.removeprefix("Input should be ").removeprefix("Value should ")


_PATTERNS = {
    r"^/": "a path that starts with /",
    r"^[A-Za-z_][A-Za-z0-9_]*$": "the name of an environment variable",
    r"^https?://\S+$": "an http:// or https:// link",
}


def _hint(kind: str, detail: ErrorDetails, path: Path) -> str:
    value = detail["input"]
    if kind in ("enum", "literal_error") and isinstance(value, str):
        allowed = str(detail["ctx"]["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
        return suggestion(value, allowed) or "Choose one of them."
    if isinstance(value, bool) and kind in ("enum", "string_type"):
        return "YAML reads on, off, yes and no as true and false: quote the word, or use an allowed one."
    if kind == "string_type" and not isinstance(value, dict | list | type(None)):
        return "Quote it to make it text."
    if kind in ("int_type", "float_type") and isinstance(value, str):
        return "Write the number without quotes."
    if path and path[-1] == "base_url" and kind == "value_error":
        placeholder = re.search(r"[A-Z]{2}|[<{$]", str(value))
        only = " A placeholder such as CUSTOM_PORT is allowed only while `status: template`."
        return f"It {problem_of(str(value))}.{only if placeholder else ''}"
    if kind == "value_error" and (problem := _of_connection(value, path)):
        return problem
    if kind == "string_pattern_mismatch" and path[-1] == "api_key_env":
        return "Put the key into an environment variable and name that variable here."
    return (
        f"Change `{path[-1]}` accordingly."
        if path and isinstance(path[-1], str)
        else "Change it accordingly."
    )


def _of_connection(value: object, path: Path) -> str:
    """What is wrong with a header or a proxy, without the value of any."""
    if path[-1:] == ("proxy",):
        return f"It {proxy_problem(str(value))}."
    if path[-2:-1] == ("headers",):
        return f"It {header_problem(Header('X-Any', str(value)))}."
    if path[-1:] == ("headers",) and isinstance(value, dict):
        for name, each in value.items():
            if problem := header_problem(Header(str(name), str(each))):
                return f"{_quoted(str(name))} {problem}."
    return ""


def _unknown_keys(model: type[Shape], node: Node, file: str, path: Path) -> Iterator[Finding]:
    fields = model.model_fields
    if not isinstance(node.value, dict):
        return
    for key, child in node.entries.items():
        if key in fields:
            for sub_model, sub_path, sub_node in _below(fields[key].annotation, child, (*path, key)):
                yield from _unknown_keys(sub_model, sub_node, file, sub_path)
            continue
        line, column = node.keys[key]
        near = _typo(key, fields, node.entries)
        if model.closed or near:
            yield Finding(
                f"{file}:{line}:{column}", _allowed(model, near), f"`{key}`", _unknown_hint(model, key, near)
            )


def _allowed(model: type[Shape], near: str | None) -> str:
    return (
        "one of the keys " + ", ".join(model.model_fields)
        if model.closed
        else f"a known key such as `{near}`"
    )


def _unknown_hint(model: type[Shape], key: str, near: str | None) -> str:
    if near:
        return f"Did you mean `{near}`?"
    return suggestion(key, tuple(model.model_fields)) or "Remove it: nothing reads it."


def _typo(key: str, fields: Mapping[str, Any], siblings: Mapping[str, Any]) -> str | None:
    """The known key that `key` was meant to be; not one that is written out beside it."""
    folded = key.lower().replace("-", "_").strip()
    near = difflib.get_close_matches(
        folded, [name for name in fields if name not in siblings], n=1, cutoff=0.8
    )
    return near[0] if near and abs(len(near[0]) - len(folded)) <= 2 else None


def _below(annotation: Any, node: Node, path: Path) -> Iterator[tuple[type[Shape], Path, Node]]:
    form = _form(annotation)
    if form is None:
        return
    container, model = form
    if container is None:
        yield model, path, node
    elif container is list:
        for index, item in enumerate(node.items):
            yield model, (*path, index), item
    else:
        for name, item in node.entries.items():
            yield model, (*path, name), item


@cache
def _form(annotation: Any) -> tuple[type | None, type[Shape]] | None:
    """Which model stands in an annotation, and in which container: `list[M]`, `dict[str, M]`, `M | None`."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        forms = [form for form in map(_form, arguments) if form]
        return forms[0] if forms else None
    if origin is Annotated:
        return _form(arguments[0])
    if origin in (list, dict):
        inner = _form(arguments[-1])
        return (origin, inner[1]) if inner else None
    is_model = isinstance(annotation, type) and issubclass(annotation, Shape)
    return (None, annotation) if is_model else None
