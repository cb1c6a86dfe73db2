"""Recorded exchanges: one vcrpy cassette (version 1) a probe, to the byte, with chunk offsets and times.

vcrpy's own serializer and persister write the files, so `vcr.use_cassette` replays them too. What vcrpy does not
keep stands under one more key, `sixgates`: headers in order, chunk boundaries and arrival times, how a cut
connection ended, and at the top what was recorded, where from, and with which version of the probe's recipe.

Beside the cassettes `not-sent.json` says which probes had nothing to build on, and `engine.json`, where it is there,
that the engine cannot be started where recordings are made: a probe that it lacks is then no fault of anybody's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from sixgates.catalogue import Probe
from sixgates.exchange import Chunk, Exchange, FailureKind, Request, Response, TransportError
from sixgates.inputs.file import Obstacle, UnreadableError, read_bytes
from sixgates.judge import Answer, NotRecorded, NotSent
from sixgates.sources.absent import (
    FIRST_RECIPE,
    MAX_BYTES,
    NOT_SENT,
    CassetteError,
    MissingError,
    not_sent,
    unsent,
    why_not_started,
)
from sixgates.sources.freshness import why_stale
from sixgates.verdict import Cause

__all__ = ["MAX_BYTES", "CassetteError", "Label", "answers", "held", "missing", "read", "save", "write"]


@dataclass(frozen=True, slots=True)
class Label:
    """What a cassette is a recording of; `recorded` is an ISO 8601 date."""

    provider: str
    type: str
    engine_version: str
    model: str
    recorded: str


def write(folder: Path, label: Label, probe: Probe, exchange: Exchange, root: str) -> Path:
    """Write one exchange; raises CassetteError when the disk refuses or the bytes would not come back."""
    from vcr.persisters.filesystem import FilesystemPersister

    path = folder / f"{probe.name}.yaml"
    document = _document(label, probe, exchange, root)
    try:
        FilesystemPersister.save_cassette(path, {"requests": [], "responses": []}, _Serializer(document))
    except OSError as problem:
        raise CassetteError(f"{path}: cannot be written: {problem.strerror or problem}") from None
    if _read(path, probe)[2] != exchange:
        raise CassetteError(f"{path}: does not give back the bytes that were recorded")
    return path


def read(path: Path, probe: Probe, earlier: Exchange | None = None) -> tuple[Label, Exchange]:
    """The label and the exchange of a cassette; raises CassetteError when it is missing, broken or stale.

    `earlier` is the recorded answer that the request builds on.
    """
    label, recipe, exchange = _read(path, probe)
    stale = why_stale(probe, exchange.request, model=label.model, recipe=recipe, earlier=earlier)
    if stale is not None:
        raise CassetteError(
            f"{path}: stale, the probe {probe.name} has changed since it was recorded: {stale}"
        )
    return label, exchange


def _read(path: Path, probe: Probe) -> tuple[Label, int, Exchange]:
    """The label, the version of the recipe and the exchange, fresh or not."""
    document = _load(path)
    try:
        meta = document["sixgates"]
        label = Label(*(meta[name] for name in Label.__dataclass_fields__))
        recipe = int(meta.get("recipe", FIRST_RECIPE))
        return label, recipe, _exchange(probe.name, document["interactions"][0])
    except (LookupError, TypeError, ValueError, AttributeError) as problem:
        raise CassetteError(
            f"{path}: not a cassette of sixgates ({type(problem).__name__}: {problem})"
        ) from None


def save(
    folder: Path, label: Label, root: str, probes: Iterable[Probe], found: Mapping[str, Answer]
) -> list[Path]:
    """Write every answer and take away what is left of earlier recordings; raises CassetteError."""
    by_name = {each.name: each for probe in probes for each in (probe, probe.gauge) if each is not None}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = [
            write(folder, label, by_name[name], answer, root)
            for name, answer in found.items()
            if isinstance(answer, Exchange)
        ]
        skipped = {
            name: {"reason": answer.reason, "recipe": by_name[name].recipe}
            for name, answer in found.items()
            if isinstance(answer, NotSent)
        } | {
            name: {"cause": asdict(answer), "recipe": by_name[name].recipe}
            for name, answer in found.items()
            if isinstance(answer, Cause)
        }
        (folder / NOT_SENT).write_text(json.dumps(skipped, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        for orphan in set(folder.glob("*.yaml")) - set(written):
            orphan.unlink()
    except OSError as problem:
        raise CassetteError(f"{folder}: cannot be written: {problem.strerror or problem}") from None
    return written


def held(folder: Path) -> set[str]:
    """The names of the probes that a folder holds an answer of, or the reason why it has none."""
    return {path.stem for path in folder.glob("*.yaml")} | set(not_sent(folder))


def answers(folder: Path, provider: str, probes: Iterable[Probe]) -> tuple[Label | None, dict[str, Answer]]:
    """Every probe's recorded exchange; what cannot be read is one cause that names the files."""
    if not folder.is_dir():
        return None, dict.fromkeys((probe.name for probe in probes), missing(folder, provider))
    label: Label | None = None
    found: dict[str, Answer] = {}
    problems: dict[str, str] = {}
    skipped, problem_of_all, unstartable = not_sent(folder), None, ""
    try:
        unstartable = why_not_started(folder)
    except CassetteError as problem:
        problem_of_all = str(problem)
    for probe in probes:
        entry = skipped.get(probe.name, {})
        if entry and entry.get("recipe", FIRST_RECIPE) == probe.recipe:
            found[probe.name] = unsent(entry)
            continue
        earlier = found.get(probe.after.name) if probe.after else None
        try:
            label, found[probe.name] = read(
                folder / f"{probe.name}.yaml", probe, earlier if isinstance(earlier, Exchange) else None
            )
        except MissingError as problem:
            if unstartable:
                found[probe.name] = NotRecorded(probe.name, unstartable)
            else:
                problems[probe.name] = problem_of_all or str(problem)
        except CassetteError as problem:
            problems[probe.name] = str(problem)
    if problems:
        found.update(dict.fromkeys(problems, _incomplete(provider, problems)))
    return label, found


def missing(folder: Path, provider: str) -> Cause:
    """The cause of a provider that was never recorded."""
    return Cause(
        f"{provider}:no-recording",
        f"{provider} has no recording: {folder} does not exist",
        (*_how_to_record(provider), f"or judge it live: pytest -m contract --live --provider {provider}"),
    )


def _incomplete(provider: str, problems: Mapping[str, str]) -> Cause:
    first = next(iter(problems.values()))
    more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
    return Cause(
        f"{provider}:recording", f"the recording of {provider}: {first}{more}", _how_to_record(provider)
    )


def _how_to_record(provider: str) -> tuple[str, ...]:
    return (f"record it with the provider running: pytest -m contract --live --record --provider {provider}",)


@dataclass(frozen=True, slots=True)
class _Serializer:
    """vcrpy's YAML serializer, given our document in place of the pairs that vcrpy itself collected."""

    document: Mapping[str, Any]

    def serialize(self, _: object) -> str:
        from vcr.serializers import yamlserializer

        return str(yamlserializer.serialize(self.document))


def _load(path: Path) -> Any:
    import yaml

    try:
        data = read_bytes(path, MAX_BYTES)
        return yaml.load(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - is safe
    except UnreadableError as problem:
        if problem.obstacle is Obstacle.MISSING:
            raise MissingError(f"{path}: does not exist") from None
        raise CassetteError(f"{path}: cannot be read: {problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as problem:
        raise CassetteError(f"{path}: not YAML: {' '.join(str(problem).split())[:200]}") from None


def _document(label: Label, probe: Probe, exchange: Exchange, root: str) -> dict[str, Any]:
    request, response = exchange.request, exchange.response or Response(0)
    ends = [0]
    for chunk in response.chunks:
        ends.append(ends[-1] + len(chunk.data))
    return {
        "version": 1,
        "sixgates": {**asdict(label), "probe": probe.name, "recipe": probe.recipe},
        "interactions": [
            {
                "request": {
                    "method": request.method,
                    "uri": f"{root}{request.path}",
                    "headers": {
                        name: [value] for name, value in request.headers if name.lower() != "authorization"
                    },
                    "body": _text(request.body),
                },
                "response": {
                    "status": {"code": response.status, "message": ""},
                    "headers": _by_name(response.headers),
                    "body": {"string": _text(response.body)},
                    "sixgates": {
                        "answered": exchange.response is not None,
                        "path": request.path,
                        "http_version": response.http_version,
                        "headers": [list(pair) for pair in response.headers],
                        "chunks": [
                            [end, round(chunk.at, 6)]
                            for end, chunk in zip(ends[1:], response.chunks, strict=True)
                        ],
                        "error": exchange.error and [str(exchange.error.kind), exchange.error.detail],
                        "elapsed": round(exchange.elapsed, 6),
                        **({} if exchange.left is None else {"left": exchange.left}),
                    },
                },
            }
        ],
    }


def _text(body: bytes | None) -> str | bytes | None:
    if body is None:
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body


def _by_name(headers: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    named: dict[str, list[str]] = {}
    for name, value in headers:
        named.setdefault(name, []).append(value)
    return named


def _exchange(probe: str, interaction: Mapping[str, Any]) -> Exchange:
    asked, answered = interaction["request"], interaction["response"]
    more = answered["sixgates"]
    headers = tuple((name, values[0]) for name, values in asked["headers"].items())
    request = Request(asked["method"], more["path"], headers, _bytes(asked["body"]))
    response = None
    if more["answered"]:
        response = Response(
            answered["status"]["code"],
            tuple((name, value) for name, value in more["headers"]),
            _chunks(_bytes(answered["body"]["string"]) or b"", more["chunks"]),
            more["http_version"],
        )
    error = more["error"] and TransportError(FailureKind(more["error"][0]), more["error"][1])
    return Exchange(probe, request, response, error, more["elapsed"], more.get("left"))


def _bytes(text: str | bytes | None) -> bytes | None:
    return text.encode() if isinstance(text, str) else text


def _chunks(body: bytes, ends: list[list[float]]) -> tuple[Chunk, ...]:
    offsets = [0, *(int(end) for end, _ in ends)]
    if offsets[-1] != len(body):
        raise ValueError(f"the body has {len(body)} bytes, the chunks end at {offsets[-1]}")
    times = [at for _, at in ends]
    return tuple(
        Chunk(body[start:end], at) for (start, end), at in zip(pairwise(offsets), times, strict=True)
    )
