"""Reads one YAML file into plain data and remembers where each value stands; every defect is one message."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml
from yaml.constructor import ConstructorError, SafeConstructor
from yaml.resolver import Resolver

from sixgates.config.pause import collector_paused
from sixgates.inputs import file

MAX_BYTES = 10_000_000
MAX_DEPTH = 100
MAX_VALUES = 1_000_000

_FIGURES = re.compile(r"[-+0-9:.TZ ]{1,40}")
_TOO_DEEP = (f"at most {MAX_DEPTH} nested levels", "one more", "Flatten the file.")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp")}
_AS_WRITTEN = {f"tag:yaml.org,2002:{name}" for name in ("str", "merge", "value")}
_COLLECTIONS = {None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}
_NOTHING: Mapping[str, Any] = MappingProxyType({})
"""Shared by all scalars: a container for each would triple what a large file costs."""


class YamlError(Exception):
    """A file that cannot be read as configuration; line and column count from 1, 0 when there is none."""

    def __init__(self, line: int, column: int, expected: str, got: str, hint: str) -> None:
        super().__init__(f"line {line}, column {column}: expected {expected}, got {got}")
        self.line, self.column = line, column
        self.expected, self.got, self.hint = expected, got, hint


@dataclass(slots=True)
class Node:
    """A value with its position; `size` counts the values below it with aliases expanded."""

    value: Any
    line: int
    column: int
    size: int = 1
    entries: Mapping[str, Node] = field(default_factory=lambda: _NOTHING)
    keys: Mapping[str, tuple[int, int]] = field(default_factory=lambda: _NOTHING)
    items: Sequence[Node] = ()

    def at(self, path: Iterable[str | int]) -> Node:
        """The node that `path` leads to, or the deepest one on the way; unknown steps are passed over."""
        node = self
        for step in path:
            node = node._child(step) or node
        return node

    def key_position(self, path: tuple[str | int, ...]) -> tuple[int, int]:
        """Where the last key of `path` is written; of a list item, where the item begins."""
        parent = self.at(path[:-1])
        last = path[-1] if path else ""
        position = parent.keys.get(last) if isinstance(last, str) else None
        if position is not None:
            return position
        node = self.at(path)
        return node.line, node.column

    def _child(self, step: str | int) -> Node | None:
        if isinstance(step, str):
            return self.entries.get(step)
        return self.items[step] if 0 <= step < len(self.items) else None


def read_bytes(path: Path) -> bytes:
    """The content of a regular file of at most MAX_BYTES; raises YamlError with what stands there instead."""
    try:
        return file.read_bytes(path, MAX_BYTES)
    except file.UnreadableError as error:
        if error.obstacle is file.Obstacle.TOO_LARGE:
            raise _too_large(error.size) from None
        raise YamlError(0, 0, "a readable YAML file", str(error), _HINTS[error.obstacle]) from None


_HINTS = {
    file.Obstacle.MISSING: "Create it, or pass --gateway-config DIR.",
    file.Obstacle.NOT_A_FILE: "Put a file here.",
    file.Obstacle.REFUSED: "Check the permissions of the file and its directory.",
}


def parse(data: bytes) -> Node:
    """The tree of one YAML document; raises YamlError on anything that is not plain, bounded data."""
    if len(data) > MAX_BYTES:
        raise _too_large(len(data))
    try:
        with collector_paused():
            return _Builder().build(data)
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error) from None
    except (yaml.reader.ReaderError, UnicodeDecodeError) as error:
        detail = getattr(error, "reason", "") or "undecodable bytes"
        got = f"binary data ({detail})"
        line, column = _unreadable_at(data)
        raise YamlError(line, column, "text in UTF-8", got, "Save the file as UTF-8 text.") from None


def _unreadable_at(data: bytes) -> tuple[int, int]:
    """Line and column of the first byte or character that YAML does not allow; the beginning where none is found."""
    try:
        text = data.decode("utf-8-sig")
        match = yaml.reader.Reader.NON_PRINTABLE.search(text)
        before = text[: match.start()] if match else ""
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig", errors="replace")
    return before.count("\n") + 1, len(before) - before.rfind("\n")


_SYNTAX = {
    "cannot start any token": (
        "a character that begins no value",
        "Indent with spaces, never with tabs, and quote text that starts with a special character.",
    ),
    "mapping values are not allowed": (
        "a second colon",
        "Put a space after the colon before it (`key: value`), or quote the text that contains it.",
    ),
    "did not find expected key": (
        "a line that stands neither below its parent nor beside its siblings",
        "Indent it as far as the keys that it belongs to.",
    ),
    "alphabetic or numeric character": ("a name that begins with `*` or `&`", 'Quote it, such as `"*"`.'),
    "could not find expected ':'": ("a line without a colon", "Write `key: value`."),
}
_UNCLOSED = {
    "unexpected end of stream": ("a quote that is not closed", "Close it at the end of the text."),
    "',' or ']'": ("a list in brackets that is not closed", "Close it with `]`."),
    "',' or '}'": ("a mapping in braces that is not closed", "Close it with `}`."),
}
"""What libyaml says, and what is shown in its place; what is not closed is shown where it begins."""


def _syntax_error(error: yaml.MarkedYAMLError) -> YamlError:
    problem = error.problem or "a syntax error"
    mark = error.problem_mark or error.context_mark
    got, hint = problem, "Check the indentation and the quotes at this place."
    for said, shown in (_SYNTAX | _UNCLOSED).items():
        if said in problem:
            got, hint = shown
            mark = (error.context_mark or mark) if said in _UNCLOSED else mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    if "nesting depth" in problem:  # libyaml from 0.2.6 has a bound of its own
        return YamlError(line, column, *_TOO_DEEP)
    return YamlError(line, column, "valid YAML", got, hint)


class _Frame:
    """A mapping or list that is still open."""

    def __init__(self, event: Any, *, mapping: bool) -> None:
        self.entries: dict[str, Node] = {}
        self.keys: dict[str, tuple[int, int]] = {}
        self.items: list[Node] = []
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if mapping:
            self.node = Node({}, line, column, 1, self.entries, self.keys)
        else:
            self.node = Node([], line, column, items=self.items)
        self.anchor = event.anchor
        self.mapping = mapping
        self.key: tuple[str, Node] | None = None
        self.merges = False
        self.merged: list[Node] = []

    def put(self, key: str, child: Node, position: tuple[int, int]) -> None:
        self.entries[key] = child
        self.keys[key] = position
        self.node.value[key] = child.value
        self.node.size += child.size + 1


class _Builder:
    """Turns parser events into nodes without recursion, so depth and aliases are bounded as they come."""

    def __init__(self) -> None:
        self._frames: list[_Frame] = []
        self._anchors: dict[str, Node | None] = {}
        self._written = 0
        self._root: Node | None = None
        self._resolver: Any = Resolver()
        self._constructor: Any = SafeConstructor()

    def build(self, data: bytes) -> Node:
        documents = 0
        for event in yaml.parse(data, Loader=_LOADER):
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _error(event, "one document", "a second one after '---'", "Split the file.")
            self._take(event)
        if self._root is None:
            raise YamlError(
                1, 1, "a mapping at the top", "an empty file", "Write the first key, or delete the file."
            )
        if not isinstance(self._root.value, dict):
            kind = {list: "a list", type(None): "an empty file"}.get(type(self._root.value), "a single value")
            raise YamlError(
                self._root.line, self._root.column, "a mapping at the top", kind, "Start with `key:` lines."
            )
        return self._root

    def _take(self, event: Any) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._add(self._scalar(event), event, event.anchor)
        elif isinstance(event, yaml.AliasEvent):
            self._add(self._alias(event), event, None)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._open(event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._close(event)

    def _open(self, event: Any) -> None:
        if event.tag not in _COLLECTIONS:
            raise _tag_error(event)
        if len(self._frames) >= MAX_DEPTH:
            raise _error(event, *_TOO_DEEP)
        self._frames.append(_Frame(event, mapping=isinstance(event, yaml.MappingStartEvent)))
        if event.anchor:
            self._anchors[event.anchor] = None

    def _close(self, event: Any) -> None:
        frame = self._frames.pop()
        for source in frame.merged:
            for key, child in source.entries.items():
                if key not in frame.entries:
                    frame.put(key, child, source.keys[key])
        self._add(frame.node, event, frame.anchor)

    def _alias(self, event: Any) -> Node:
        node = self._anchors.get(event.anchor)
        if node is None:
            known = event.anchor in self._anchors
            got = f"*{event.anchor}, which {'contains itself' if known else 'is not defined above'}"
            raise _error(event, "an alias of a finished anchor", got, "Write the value out.")
        return node

    def _scalar(self, event: Any) -> Node:
        tag = event.tag
        if tag is None or tag == "!":
            tag = self._resolver.resolve(yaml.ScalarNode, event.value, event.implicit)
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if tag in _AS_WRITTEN:
            return Node(event.value, line, column)
        if tag not in _TAGS:
            raise _tag_error(event)
        try:
            value = self._constructor.construct_object(yaml.ScalarNode(tag, event.value))
        except (ConstructorError, ValueError, OverflowError):
            kind = tag.rsplit(":", 1)[1]
            got = event.value if _FIGURES.fullmatch(event.value) else "another text (not shown)"
            raise _error(event, f"a valid {kind}", got, "Quote it if it is text.") from None
        finally:
            self._constructor.constructed_objects.clear()
        return Node(value, line, column)

    def _add(self, node: Node, event: Any, anchor: str | None) -> None:
        self._written += 1
        if anchor:
            self._anchors[anchor] = node
        if not self._frames:
            self._root = node
            return
        frame = self._frames[-1]
        if not frame.mapping:
            frame.items.append(node)
            frame.node.value.append(node.value)
            frame.node.size += node.size
        elif frame.key is None:
            frame.key = (self._key(node, frame, event), node)
            # A quoted "<<" is a key like any other: the merge tag is resolved for plain scalars only.
            frame.merges = node.value == "<<" and getattr(event, "style", "'") in (None, "", ":")
        else:
            self._pair(frame, node, event)
        if frame.node.size > MAX_VALUES:
            raise self._too_many(event)

    def _too_many(self, event: Any) -> YamlError:
        got, hint = f"more than {MAX_VALUES:,} values", "Is it the right file?"
        if self._written < MAX_VALUES:
            got, hint = f"{got} once aliases are expanded", "Remove the nested aliases."
        return _error(event, f"at most {MAX_VALUES:,} values", got, hint)

    def _key(self, node: Node, frame: _Frame, event: Any) -> str:
        if not isinstance(node.value, str):
            if isinstance(node.value, dict | list):
                hint = "Quote the text: to YAML, `{{ }}` of a template is a mapping."
                raise _error(event, "text as a key", "a mapping or list", hint)
            got = repr(node.value)
            raise _error(event, "text as a key", got, f'Quote it: "{got}".')
        if node.value in frame.entries:
            first = frame.keys[node.value][0]
            got = f"`{node.value}` again (first on line {first})"
            raise _error(
                event, "each key once", got, "Delete one of them; YAML readers silently keep the last."
            )
        return node.value

    def _pair(self, frame: _Frame, node: Node, event: Any) -> None:
        assert frame.key is not None
        key, key_node = frame.key
        frame.key = None
        if frame.merges:
            sources = node.items or [node]
            if not all(isinstance(source.value, dict) for source in sources):
                kind = "a list" if node.items else "a single value"
                raise _error(event, "a mapping to merge", kind, "Point `<<` at a mapping's anchor.")
            frame.merged.extend(sources)
            return
        frame.put(key, node, (key_node.line, key_node.column))


def _too_large(size: int) -> YamlError:
    return YamlError(0, 0, f"at most {MAX_BYTES:,} bytes", f"{size:,} bytes", "Is it the right file?")


def _error(event: Any, expected: str, got: str, hint: str) -> YamlError:
    mark = event.start_mark
    return YamlError(mark.line + 1, mark.column + 1, expected, got, hint)


def _tag_error(event: Any) -> YamlError:
    return _error(event, "plain values without tags", f"the tag {event.tag}", "Remove the tag.")
