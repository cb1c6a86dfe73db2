"""Writing a report so that a reader never sees half of it, and reading one that someone else wrote."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from sixgates.inputs.file import UnreadableError, read_bytes
from sixgates.report.badge import render_badge
from sixgates.report.checking import check, knows_its_gates
from sixgates.report.document import Document, ReportError
from sixgates.report.judging import gates_of
from sixgates.report.markdown import render_markdown

FILE_NAME = "gates.json"
MAX_BYTES = 100_000_000


def write(document: Document, directory: Path, changes: Mapping[str, Sequence[str]] | None = None) -> Path:
    """Write gates.json and its renderings, each at once or not at all; raises ReportError."""
    texts = {
        "gates.md": render_markdown(document, changes),
        "badge.json": render_badge(document),
        # Last, so that renderings never are older than the document beside them.
        FILE_NAME: json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n",
    }
    target = directory
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            target = directory / name
            _replace(target, text)
    except OSError as error:
        raise ReportError(
            f"the report was not written: {target}: {error.strerror or error}; "
            "free space there or make it writable, or name another directory with --gates-report DIR"
        ) from error
    return target


def _replace(target: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def load(path: Path) -> Document:
    """A document that `write` wrote, or its directory; raises ReportError when it is none or was cut."""
    place = path / FILE_NAME if path.is_dir() else path
    try:
        document = json.loads(read_bytes(place, MAX_BYTES).decode("utf-8"))
        # What could not be written again: NaN, infinities (1e999 too), lone surrogates.
        json.dumps(document, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except UnreadableError as error:
        step = "give a gates.json, or the directory that a run with --gates-report DIR wrote"
        raise ReportError(f"{place}: cannot be read: {error}; {step}") from error
    except (ValueError, RecursionError) as error:
        raise ReportError(
            f"{place}: is no whole JSON document ({error}); run again with --gates-report"
        ) from error
    check(place, document)
    checked: Document = document
    if knows_its_gates(checked):
        _believe_nothing(place, checked)
    return checked


def _believe_nothing(place: Path, document: Document) -> None:
    """Refuse a document whose gates are not what its results make them."""
    for number, (told, found) in enumerate(zip(document["gates"], gates_of(document), strict=True)):
        if told["status"] != found.status:
            raise ReportError(
                f"{place}: gates[{number}].status is {told['status']!r}, and the results make it "
                f"{found.status.value!r}: the file was edited, or written by another version; run again"
            )
