"""What a contract costs: how many requests, and that each is bounded in tokens and in time."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sixgates import catalogue
from sixgates.capability import CAPABILITIES, PROFILES
from sixgates.catalogue import CHAT_PATH, Probe
from sixgates.exchange import Exchange
from sixgates.judge import Answer
from sixgates.verdict import Level

MOST, MOST_OF_CORE = 90, 60
MOST_TOKENS, LONGEST_S = 128, 60.0
LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens")
WRITING = (CHAT_PATH, "/v1/completions", "/v1/responses")
PROBES = catalogue.load().probes()


def test_the_whole_contract_sends_at_most_90_requests() -> None:
    """A provider that offers everything."""
    assert len(PROBES) <= MOST


def test_core_sends_at_most_60_requests() -> None:
    """A provider that offers chat, with a key and a known context length."""
    core = PROFILES["core"] | {"auth", "context_length"}
    assert len([probe for probe in PROBES if core.issuperset(probe.needs)]) <= MOST_OF_CORE


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
def test_a_request_is_bounded(probe: Probe, conforming: dict[str, Answer]) -> None:
    """In time, and in tokens wherever the answer is one that a model writes."""
    assert 0 < probe.deadline_s <= LONGEST_S
    answer = conforming[probe.name]
    assert isinstance(answer, Exchange)
    body = _object(answer.request.body)
    if probe.method == "POST" and probe.path in WRITING and body:
        given = [body[name] for name in LIMITS if body.get(name) is not None]
        assert given, "no token cap"
        assert max(given) <= MOST_TOKENS


def test_every_capability_stands_for_something_that_is_judged() -> None:
    """A capability without a check, or without a MUST where it is declared, would promise what nobody looks at."""
    checks = catalogue.load().checks.values()
    needed = {name for check in checks for probe in check.probes for name in (*probe.needs, check.capability)}
    unjudged = set(CAPABILITIES) - needed
    assert unjudged <= UNJUDGED.keys()
    musts = {
        name
        for check in checks
        if check.level is Level.MUST
        for name in (*(name for probe in check.probes for name in probe.needs), check.capability)
    }
    assert set(CAPABILITIES) - musts - unjudged <= WITHOUT_MUST


UNJUDGED = {
    "vision": "no engine here serves a model that sees",
    "reasoning": "whatever thinks is judged where it thinks, declared or not",
}
WITHOUT_MUST = {"seed", "logit_bias", "dimensions", "echo"}


def _object(body: bytes | None) -> dict[str, Any]:
    try:
        found = json.loads(body or b"")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
