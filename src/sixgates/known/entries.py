"""The files beside this module: one an engine, each entry a deviation that a recording shows in bytes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from sixgates.config import ProviderType, describe
from sixgates.config.deviations import Described
from sixgates.config.shape import Closed, Text
from sixgates.config.validation import validate
from sixgates.config.yaml_file import YamlError, parse, read_bytes
from sixgates.exchange import Finding
from sixgates.known.versions import contains, range_error


class KnownError(Exception):
    """A shipped file has not its shape: our own bug; the text names every place."""


def _range(text: str) -> str:
    problem = range_error(text)
    if problem:
        raise ValueError(problem)
    return text


class Seen(Closed):
    """The version that was recorded, and the day."""

    version: Text
    recorded: date


class Shipped(Closed):
    """One deviation of an engine in a range of versions, with the recording that shows it and what it shows."""

    check: Text
    versions: Annotated[str, AfterValidator(_range)]
    reason: Annotated[str, StringConstraints(min_length=10)]
    recording: Annotated[str, StringConstraints(pattern=r"^[\w.-]+(/[\w.-]+)+$")]
    seen: Seen
    findings: Annotated[list[Described], Field(min_length=1)]
    link: Annotated[str, StringConstraints(pattern=r"^https?://\S+$")] | None = None


class KnownFile(Closed):
    """One engine's known deviations."""

    deviations: list[Shipped] = Field(default_factory=list)


def read(path: Path) -> tuple[Shipped, ...]:
    """The entries of one file; raises KnownError with the place of everything that is wrong."""
    try:
        node = parse(read_bytes(path))
    except YamlError as error:
        raise KnownError(
            describe(Finding(f"{path.name}:{error.line}", error.expected, error.got, error.hint))
        ) from None
    content, findings = validate(KnownFile, node, path.name)
    if not isinstance(content, KnownFile) or findings:
        raise KnownError("\n".join(describe(finding) for finding in findings))
    problem = next(_problems(content.deviations), None)
    if problem:
        raise KnownError(f"{path.name}: {problem}")
    return tuple(content.deviations)


@cache
def load() -> dict[ProviderType, tuple[Shipped, ...]]:
    """Every shipped entry by the type of its engine; raises KnownError."""
    return {ProviderType(path.stem): read(path) for path in sorted(Path(__file__).parent.glob("*.yaml"))}


def known_of(engine: ProviderType | None, version: str) -> tuple[Shipped, ...]:
    """The entries that are about this engine in this version."""
    entries = load().get(engine, ()) if engine else ()
    return tuple(entry for entry in entries if contains(entry.versions, version))


def _problems(entries: list[Shipped]) -> Iterator[str]:
    for number, entry in enumerate(entries):
        if not contains(entry.versions, entry.seen.version):
            yield f"{entry.check} was seen in {entry.seen.version}, which is not in {entry.versions}"
        for other in entries[:number]:
            if other.check == entry.check and contains(other.versions, entry.seen.version):
                yield f"two entries for {entry.check} hold for {entry.seen.version}"
