"""Judges one scenario: a pure function from what was observed to findings."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby, pairwise
from math import sqrt
from typing import Any

from sixgates.exchange import Exchange, Finding, Response
from sixgates.gateway.scenario import Ending, Observation, Scenario
from sixgates.gateway.script import Hit, Target, answer_text
from sixgates.gateway.transcript import Transcript, read

_APART_S = 0.03
_SIGMAS = 4.0


def judge(scenario: Scenario, seen: Observation) -> tuple[Finding, ...]:
    """Everything that is not as the scenario expects."""
    return tuple(_findings(scenario, seen))


def _findings(scenario: Scenario, seen: Observation) -> Iterator[Finding]:
    if not seen.exchanges:
        yield Finding("client", "an answer from the gateway", "nothing was sent")
    for exchange in seen.exchanges:
        yield from _exchange(scenario, exchange, seen)
    expect = scenario.expect
    if expect.order is not None:
        yield from _order(expect.order, expect.attempts, seen.hits)
    if expect.shares:
        yield from _shares(scenario, seen.hits)
    if expect.sent:
        yield from _sent(scenario, seen.hits)


def _exchange(scenario: Scenario, exchange: Exchange, seen: Observation) -> Iterator[Finding]:
    response = exchange.response
    if exchange.elapsed > scenario.wall_s:
        yield Finding("client", f"an end within {scenario.wall_s:g} s", f"{exchange.elapsed:.1f} s")
    if response is None:
        said = f"{exchange.error.kind}: {exchange.error.detail}" if exchange.error else "nothing"
        yield Finding("client", "an HTTP answer", said)
        return
    low, high = scenario.expect.status
    if not low <= response.status <= high:
        wanted = str(low) if low == high else f"a status from {low} to {high}"
        yield Finding("status", wanted, f"{response.status} {_brief(response.body)}")
        return
    if scenario.ask.listing:
        yield from _listing(scenario.expect.names, response)
    elif low >= 400:
        yield from _envelope(response)
    else:
        yield from _answer(scenario, exchange, response, seen)


def _envelope(response: Response) -> Iterator[Finding]:
    transcript = read(response)
    if not transcript.error:
        yield Finding("/error/message", "an error envelope with a message", _brief(response.body))
    if transcript.text:
        yield Finding("body", "an error without an answer", f"{transcript.text!r}")


def _answer(
    scenario: Scenario, exchange: Exchange, response: Response, seen: Observation
) -> Iterator[Finding]:
    expect, transcript = scenario.expect, read(response)
    if expect.answer is not None:
        if expect.ending is Ending.BROKEN:
            yield from _broken(expect.answer, transcript, exchange)
        else:
            yield from _complete(expect.answer, transcript, exchange)
    if expect.arrivals and (apart := _clusters(transcript.arrivals)) < expect.arrivals:
        wanted = f"the content in at least {expect.arrivals} arrivals more than {_APART_S:g} s apart"
        yield Finding("stream", wanted, f"{apart} of them for {len(transcript.arrivals)} chunks")
    if expect.group is not None:
        yield from _headers(scenario, response, seen)


def _complete(allowed: Collection[Target], transcript: Transcript, exchange: Exchange) -> Iterator[Finding]:
    if transcript.text not in {answer_text(target) for target in allowed}:
        yield Finding("content", f"the whole answer of {_one_of(allowed)} alone", repr(transcript.text))
    if transcript.error:
        yield Finding("stream", "no error", transcript.error[:200])
    if exchange.error:
        yield Finding("client", "a complete body", f"{exchange.error.kind}: {exchange.error.detail}")
    if not (transcript.finished and transcript.done):
        missing = "finish_reason" if not transcript.finished else "[DONE]"
        yield Finding("content", "a finish_reason and a proper end", f"no {missing}")


def _broken(allowed: Collection[Target], transcript: Transcript, exchange: Exchange) -> Iterator[Finding]:
    if not any(answer_text(target).startswith(transcript.text) for target in allowed):
        yield Finding(
            "content", f"only the beginning of the answer of {_one_of(allowed)}", repr(transcript.text)
        )
    if not transcript.text:
        yield Finding("content", "the chunks that came before the failure", "none")
    if transcript.done and transcript.finished and not transcript.error and not exchange.error:
        yield Finding("stream", "an error event or a missing end", "a cut answer that looks complete")


def _headers(scenario: Scenario, response: Response, seen: Observation) -> Iterator[Finding]:
    if not response.header("x-litellm-model-id"):
        yield Finding("x-litellm-model-id", "the id of the deployment", "no such header")
    group, wanted = response.header("x-litellm-model-group"), scenario.expect.group
    if group != wanted:
        yield Finding("x-litellm-model-group", str(wanted), str(group))
    base = response.header("x-litellm-model-api-base") or ""
    roots = sorted({seen.roots.get(target.upstream, "") for target in scenario.expect.answer or ()})
    if not any(root and base.startswith(root) for root in roots):
        yield Finding(
            "x-litellm-model-api-base", f"an address at {' or '.join(roots)}", base or "no such header"
        )


def _listing(names: Collection[str], response: Response) -> Iterator[Finding]:
    try:
        data = json.loads(response.body)["data"]
        listed = {str(entry["id"]) for entry in data}
    except (ValueError, KeyError, TypeError):
        yield Finding("/data", "a list of models with ids", _brief(response.body))
        return
    for name in sorted(set(names) - listed):
        yield Finding("/data", f"an entry with the id {name!r}", f"{len(listed)} others")


def _order(steps: Sequence[Collection[Target]], attempts: int, hits: Sequence[Hit]) -> Iterator[Finding]:
    targets = [hit.target for hit in hits]
    if _walks(steps, attempts, targets):
        return
    most = f", each at most {attempts} times" if attempts > 1 else ""
    wanted = ", then ".join(_one_of(step) for step in steps) or "no upstream contacted"
    contacted = [(target, len(list(group))) for target, group in groupby(targets)]
    got = ", then ".join(f"{target} x {count}" if count > 1 else str(target) for target, count in contacted)
    yield Finding("upstreams", wanted + most, got or "no upstream contacted")


def _walks(steps: Sequence[Collection[Target]], attempts: int, targets: Sequence[Target]) -> bool:
    """Whether the targets are the steps in order, each taken one to `attempts` times."""
    reachable = {0}
    for step in steps:
        reachable = {
            start + count
            for start in reachable
            for count in range(1, attempts + 1)
            if start + count <= len(targets) and all(t in step for t in targets[start : start + count])
        }
    return len(targets) in reachable


def _shares(scenario: Scenario, hits: Sequence[Hit]) -> Iterator[Finding]:
    total = scenario.ask.times
    for target, share in scenario.expect.shares.items():
        got = sum(hit.target == target for hit in hits)
        slack = _SIGMAS * sqrt(total * share * (1 - share)) + 1
        if abs(got - share * total) > slack:
            low, high = max(0, round(share * total - slack)), min(total, round(share * total + slack))
            yield Finding("upstreams", f"{low} to {high} of {total} requests at {target}", str(got))


def _sent(scenario: Scenario, hits: Sequence[Hit]) -> Iterator[Finding]:
    for hit in hits:
        body = hit.body if isinstance(hit.body, dict) else {}
        options = body.get("options")
        for name, value in scenario.expect.sent.items():
            got = _sent_value(name, body, options if isinstance(options, dict) else {})
            if got != value:
                yield Finding(f"{hit.target} /{name}", json.dumps(value), json.dumps(got))


def _sent_value(name: str, body: dict[str, Any], options: dict[str, Any]) -> Any:
    aliases = {
        "max_tokens": ("max_tokens", "max_completion_tokens", "num_predict"),
        "stop": ("stop", "stop_sequences"),
    }
    for key in aliases.get(name, (name,)):
        if key in body or key in options:
            return body.get(key, options.get(key))
    return None


def _clusters(arrivals: Sequence[float]) -> int:
    """How many arrivals are apart from the one before them."""
    gaps = (later - earlier for earlier, later in pairwise(arrivals))
    return bool(arrivals) + sum(gap > _APART_S for gap in gaps)


def _one_of(targets: Collection[Target]) -> str:
    return " or ".join(str(target) for target in sorted(targets))


def _brief(body: bytes) -> str:
    return body[:200].decode(errors="replace")
