"""Whether a recording still answers what its probe asks: the request in it is compared with what is sent now."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sixgates.catalogue import MODEL, OVERFLOW, OVERFLOWING, Probe, Taken
from sixgates.exchange import Exchange, Request
from sixgates.redaction.masking import REDACTED
from sixgates.select import Unmet

_BASE = {"accept", "accept-encoding", "content-type"}
"""Headers of every request: a recording without them asked for the same."""
_LONGEST = 60
_ABSENT = object()


def why_stale(
    probe: Probe, recorded: Request, *, model: str, recipe: int, earlier: Exchange | None
) -> str | None:
    """What keeps a recorded request from being the one that the probe sends now, in words; None where it is.

    `recipe` is the version of the recipe that made the recording. The parts that a request takes from an `earlier`
    answer may be others, and so may the length of a prompt that overflows the context, and what a mark hides.
    """
    if recipe != probe.recipe:
        return f"it was recorded with version {recipe} of the probe's recipe, now it is {probe.recipe}"
    return next(_differences(probe, recorded, model, earlier), None)


def _differences(probe: Probe, recorded: Request, model: str, earlier: Exchange | None) -> Iterator[str]:
    if recorded.method != probe.method:
        yield _difference("method", recorded.method, probe.method)
    paths = [probe.path_for(model), *filter(None, [probe.otherwise])]
    if recorded.path not in paths and not _hidden(recorded.path, paths[0]):
        yield _difference("path", recorded.path, paths[0])
    yield from _headers(probe, recorded)
    if probe.raw is not None:
        if recorded.body != probe.raw:
            yield _difference("body", recorded.body, probe.raw)
    elif probe.derive is None:
        yield from _body(probe.body, recorded.body, model)
    elif earlier is not None:
        try:
            derived = probe.derive(earlier)
        except (
            Unmet
        ):  # the earlier answer is another one today: the version of the recipe speaks for the body
            return
        yield from _body(derived, recorded.body, model)


def _headers(probe: Probe, recorded: Request) -> Iterator[str]:
    now = {name.lower(): value for name, value in probe.all_headers}
    then = {name.lower(): value for name, value in recorded.headers if name.lower() != "authorization"}
    for name in sorted(now.keys() | then.keys()):
        missing_base = name in _BASE and name not in then and name not in dict(probe.headers)
        known = now.get(name, "application/json" if name == "content-type" else None)
        if not missing_base and then.get(name) != known and not _hidden(then.get(name), known):
            yield _difference(f"header {name}", then.get(name, _ABSENT), _ABSENT if known is None else known)


def _body(template: Mapping[str, Any] | None, body: bytes | None, model: str) -> Iterator[str]:
    if template is None or body is None:
        if template is not None or body is not None:
            yield _difference("body", _ABSENT if body is None else body, _ABSENT if body else template)
        return
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        yield _difference("body", body, "JSON")
        return
    yield from _values(template, sent, model, "")


def _values(now: Any, then: Any, model: str, where: str) -> Iterator[str]:
    if isinstance(now, Taken):
        return
    if isinstance(now, Mapping) and isinstance(then, dict):
        for key in sorted({*now, *then}, key=str):
            yield from _values(now.get(key, _ABSENT), then.get(key, _ABSENT), model, f"{where}/{key}")
    elif isinstance(now, list | tuple) and isinstance(then, list):
        for index in range(max(len(now), len(then))):
            ours, theirs = (each[index] if index < len(each) else _ABSENT for each in (now, then))
            yield from _values(ours, theirs, model, f"{where}/{index}")
    elif isinstance(now, str) and isinstance(then, str):
        wanted = model if now == MODEL else now
        overflows = now == OVERFLOW and not then.replace(OVERFLOWING, "")
        if then != wanted and not overflows and not _hidden(then, wanted):
            yield _difference(where, then, wanted)
    elif type(now) is not type(then) or now != then:
        yield _difference(where, then, now)


def _hidden(then: str | None, now: str | None) -> bool:
    """Whether a recorded text differs only by a mark, which is as long as the secret that it hides."""
    return then is not None and now is not None and len(then) == len(now) and REDACTED[:3] in then


def _difference(where: str, then: Any, now: Any) -> str:
    return f"{where or 'body'}: recorded {_shown(then)}, now {_shown(now)}"


def _shown(value: Any) -> str:
    if value is _ABSENT:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False, default=lambda one: repr(getattr(one, "value", one)))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
