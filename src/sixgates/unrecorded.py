"""What a recording lacks, and how to get it from exchanges that somebody wrote down one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from sixgates import catalogue
from sixgates.bundles.asking import unasked
from sixgates.bundles.following import ALL, among
from sixgates.catalogue import Probe
from sixgates.config import ConfigError, describe
from sixgates.engines.process import EngineError
from sixgates.exchange import Chunk, Exchange, Request, Response
from sixgates.inputs.file import UnreadableError, read_bytes
from sixgates.judge import Answer, NotRecorded
from sixgates.party import Party
from sixgates.run import Run
from sixgates.sources import cassette
from sixgates.sources.cassette import CassetteError, Label
from sixgates.sources.freshness import why_stale
from sixgates.verdict import Cause

_OF_THE_CONNECTION = {"host", "content-length", "connection"}
"""Headers that no probe chooses."""


def missing(provider: str, config: Path, cassettes: Path) -> Iterator[str]:
    """The probes that the recording of a provider lacks, one a line, and what can be done; raises EngineError."""
    party, folder = _party(provider, config, cassettes), cassettes / provider
    probes = _wanted(party, folder)
    _, found = cassette.answers(folder, provider, probes)
    lacking = [probe for probe in probes if isinstance(found[probe.name], NotRecorded | Cause)]
    for probe in lacking:
        yield f"{probe.name}  {probe.method} {probe.path}  {_serves(probe)}"
    yield f"{folder}: {len(lacking)} of {len(probes)} probes are not recorded"
    if lacking:
        yield _what_to_do(provider, found[lacking[0].name])


def convert(provider: str, config: Path, cassettes: Path, exchanges: Path) -> Iterator[str]:
    """Make the recordings that lack out of exchanges of the same requests; says each; raises EngineError.

    An exchange is a JSON file: `request` (method, path, headers, body as text), `response` (status, headers in order,
    body as text, `pieces` of [milliseconds since the request, bytes], `complete`), and `ended`, who closed.
    """
    party, folder = _party(provider, config, cassettes), cassettes / provider
    probes = _wanted(party, folder)
    label, found = cassette.answers(folder, provider, probes)
    if label is None:
        raise EngineError(f"{folder} holds no recording to add to; record the provider first.")
    known = [(path, _exchange(path)) for path in sorted(exchanges.glob("*.json"))]
    if not known:
        raise EngineError(f"{exchanges} holds no exchange; name a folder of *.json files.")
    made = 0
    for probe in probes:
        if not isinstance(found[probe.name], NotRecorded):
            continue
        for path, exchange in known:
            if exchange is None or not _same(probe, exchange, label, found):
                continue
            own = replace(exchange, probe=probe.name)
            try:
                cassette.write(folder, replace(label, recorded=_day(exchange)), probe, own, party.entry.root)
            except CassetteError as problem:
                raise EngineError(str(problem)) from None
            found[probe.name] = own
            made += 1
            yield f"{probe.name}: made from {path.name}"
            break
    yield f"{folder}: {made} recordings made from {len(known)} exchanges"


def _party(provider: str, config: Path, cassettes: Path) -> Party:
    try:
        parties = Run(config, cassettes, cassettes, only=(provider,)).parties()
    except ConfigError as problem:
        raise EngineError("\n".join(describe(finding) for finding in problem.findings)) from None
    if not parties:
        raise EngineError(f"{config / 'providers.yaml'} has no active provider {provider!r}.")
    return parties[0]


def _wanted(party: Party, folder: Path) -> tuple[Probe, ...]:
    """The probes that are sent to a provider with its capabilities, and what is asked after its refusals."""
    declared = party.capabilities()
    sent = tuple(probe for probe in catalogue.load().probes() if declared.issuperset(probe.needs))
    probes = (*sent, *among(cassette.held(folder) if folder.is_dir() else ()))
    _, found = cassette.answers(folder, party.name, probes)
    return (*probes, *unasked(catalogue.load(), found))


def _serves(probe: Probe) -> str:
    if probe.name in ALL:
        return "to tell what was refused"
    names = [name for name, check in catalogue.load().checks.items() if probe in check.probes]
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"for {names[0]}{more}" if names else "for the probes that build on it"


def _what_to_do(provider: str, answer: Answer) -> str:
    if isinstance(answer, NotRecorded):
        return f"{provider} cannot be recorded here: {answer.why}"
    return f"record them, with everything else: sixgates record {provider}"


def _same(probe: Probe, exchange: Exchange, label: Label, found: Mapping[str, Answer]) -> bool:
    earlier = found.get(probe.after.name) if probe.after else None
    built_on = earlier if isinstance(earlier, Exchange) else None
    if probe.derive is not None and built_on is None:
        return False
    model, recipe = label.model, probe.recipe
    return why_stale(probe, exchange.request, model=model, recipe=recipe, earlier=built_on) is None


def _exchange(path: Path) -> Exchange | None:
    """The exchange of a file; None where it was not answered to its end. Raises EngineError where it is none."""
    try:
        document = json.loads(read_bytes(path, cassette.MAX_BYTES))
        asked, answered = document["request"], document["response"]
        if not answered["complete"] or document["ended"] != "server closed":
            return None
        headers = [(name, value) for name, value in asked["headers"].items()]
        kept = tuple(sorted(pair for pair in headers if pair[0].lower() not in _OF_THE_CONNECTION))
        request = Request(asked["method"], asked["path"], kept, (asked["body"] or "").encode() or None)
        chunks = tuple(_chunks(answered["body"].encode(), answered["pieces"]))
        given = tuple((name, value) for name, value in answered["headers"])
        response = Response(answered["status"], given, chunks)
    except UnreadableError as problem:
        raise EngineError(f"{path}: cannot be read: {problem}") from None
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as problem:
        raise EngineError(f"{path}: no exchange ({type(problem).__name__}: {problem})") from None
    return Exchange(path.stem, request, response, elapsed=chunks[-1].at if chunks else 0.0)


def _chunks(body: bytes, pieces: list[Any]) -> Iterator[Chunk]:
    start = 0
    for at_ms, size in pieces:
        yield Chunk(body[start : start + size], at_ms / 1000)
        start += size
    if start != len(body):
        raise ValueError(f"the body has {len(body)} bytes, its pieces {start}")


def _day(exchange: Exchange) -> str:
    """The day on which an exchange took place, by the server's own clock."""
    date = exchange.response.header("date") if exchange.response else None
    if date is None:
        raise EngineError(f"{exchange.probe}.json: the response has no Date, so nobody knows when it came.")
    return parsedate_to_datetime(date).date().isoformat()
