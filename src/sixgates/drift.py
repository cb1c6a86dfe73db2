"""What changed between two recordings of an engine: outcomes of checks, statuses, and fields of JSON; no I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from sixgates import catalogue
from sixgates.capability import CHAT
from sixgates.exchange import Exchange
from sixgates.judge import Answer, Judgement, Subject
from sixgates.select import Unmet, parse_json
from sixgates.sse import parse
from sixgates.verdict import Verdict

Answers = Mapping[str, Answer]
_MOST_PROBES = 3


def changes(old: Answers, new: Answers) -> list[str]:
    """One line for each change, outcomes first; empty where nothing changed that a client could see."""
    return [*_outcomes(old, new), *_statuses(old, new), *_fields(old, new)]


def _outcomes(old: Answers, new: Answers) -> Iterator[str]:
    before, after = _judged(old), _judged(new)
    for name, verdict in after.items():
        earlier = before[name].outcome
        if earlier is not verdict.outcome:
            why = f": {_why(verdict) or _why(before[name])}"
            yield f"{name} {verdict.level}: {earlier} -> {verdict.outcome}{why}".removesuffix(": ")


def _judged(answers: Answers) -> dict[str, Verdict]:
    """Without deviations, and of what was recorded."""
    known = catalogue.load()
    recorded = {
        name
        for probe in known.probes()
        if isinstance(answers.get(probe.name), Exchange)
        for name in probe.needs
    }
    judgement = Judgement(known, Subject("recording", "", frozenset(recorded | {CHAT})), answers)
    return {verdict.check: verdict for verdict in judgement.verdicts()}


def _why(verdict: Verdict) -> str:
    if verdict.findings:
        first = verdict.findings[0]
        return f"{first.where}: expected {first.expected}, got {first.got}"
    return verdict.cause.summary if verdict.cause else verdict.reason


def _statuses(old: Answers, new: Answers) -> Iterator[str]:
    for name in _both(old, new):
        before, after = _status(old[name]), _status(new[name])
        if before != after:
            yield f"{name}: {before} -> {after}"
    for name in sorted(set(old) ^ set(new)):
        yield f"{name}: recorded only in the {'old' if name in old else 'new'} one"


def _both(old: Answers, new: Answers) -> list[str]:
    return [name for name in old if name in new]


def _status(answer: Answer) -> str:
    if not isinstance(answer, Exchange):
        return "no exchange"
    if answer.response is None:
        return answer.error.kind if answer.error else "no answer"
    cut = f", then {answer.error.kind}" if answer.error else ""
    return f"status {answer.response.status}{cut}"


def _fields(old: Answers, new: Answers) -> Iterator[str]:
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name in _both(old, new):
        before, after = old[name], new[name]
        if not (isinstance(before, Exchange) and isinstance(after, Exchange)):
            continue
        kind = "stream of " if _streamed(after) else ""
        endpoint = f"{kind}{after.request.method} {after.request.path}"
        was, now = _pointers(before), _pointers(after)
        if not was or not now or _status(before) != _status(after):
            continue
        for sign, gone, there in (("-", was, now), ("+", now, was)):
            for pointer in _topmost(gone - there):
                found[endpoint, f"{sign} {pointer}"].append(name)
    for (endpoint, change), probes in sorted(found.items()):
        more = f" and {len(probes) - _MOST_PROBES} more" if len(probes) > _MOST_PROBES else ""
        yield f"{endpoint}: {change} ({', '.join(probes[:_MOST_PROBES])}{more})"


def _topmost(pointers: set[str]) -> list[str]:
    """Those whose parent is not among them."""
    return sorted(pointer for pointer in pointers if pointer.rpartition("/")[0] not in pointers)


def _streamed(exchange: Exchange) -> bool:
    return exchange.response is not None and exchange.response.media_type == "text/event-stream"


def _pointers(exchange: Exchange) -> set[str]:
    """Every pointer of the body, or of all events, with `*` for each index."""
    if exchange.response is None:
        return set()
    texts = [exchange.response.body.decode(errors="replace")]
    if _streamed(exchange):
        texts = [block.data for block in parse(exchange.response.chunks) if block.data]
    found: set[str] = set()
    for text in texts:
        try:
            found.update(_walk(parse_json(text).value, ""))
        except (Unmet, RecursionError):
            continue
    return found


def _walk(value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, dict | list):
        return
    items = value.items() if isinstance(value, dict) else [("*", item) for item in value]
    for key, item in items:
        escaped = str(key).replace("~", "~0").replace("/", "~1")
        yield f"{where}/{escaped}"
        yield from _walk(item, f"{where}/{escaped}")
