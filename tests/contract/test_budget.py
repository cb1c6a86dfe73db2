"""The contract's budget: how many requests it may send, how much each may ask for, and how long one may take."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from sixgates import catalogue
from sixgates.capability import CHAT, PROFILES
from sixgates.catalogue import EMBEDDINGS_PATH
from sixgates.catalogue_page import render
from sixgates.exchange import Exchange
from sixgates.judge import Answer
from sixgates.probes.clients import STAYS_FOR, chat_stream_agent

PROBES = {probe.name: probe for probe in catalogue.load().probes()}
MOST_REQUESTS = 120
MOST_REQUESTS_OF_CHAT = 60
MOST_TOKENS = 96
MOST_TOKENS_OF_ABANDONED = 1024
"""A server that ends 64 tokens within moments would seem to have heard its client leave."""
UNLIMITED = chat_stream_agent.name
"""The one request without a limit, which its client leaves after 530 pieces at the latest."""
LONGEST_S = 60.0
CAPS = ("max_tokens", "max_completion_tokens", "max_output_tokens")


def asked(answer: Answer) -> Any:
    """The JSON that a probe sent; None where it sent none."""
    if not isinstance(answer, Exchange):
        return None
    try:
        return json.loads(answer.request.body or b"null")
    except (ValueError, RecursionError):
        return None


def test_the_whole_contract_is_a_hundred_and_twenty_requests() -> None:
    """Those that are built on an earlier answer are counted apart, and are few."""
    built = sum(probe.derive is not None for probe in PROBES.values())
    assert len(PROBES) - built <= MOST_REQUESTS
    assert built <= MOST_REQUESTS / 10


def test_a_provider_that_only_chats_gets_sixty() -> None:
    """With a key and a context length too."""
    capabilities = {CHAT, "auth", "context_length"}
    core = [probe for probe in PROBES.values() if capabilities.issuperset(probe.needs)]
    assert 0 < len(core) <= MOST_REQUESTS_OF_CHAT


def test_the_page_counts_what_is_sent() -> None:
    """By kind of provider, follow-ups apart."""
    lines = [line for line in render().splitlines() if line.startswith(("| the profile", "| everything"))]
    counts = {
        line.split(" | ")[0].strip("| "): [int(part) for part in re.findall(r"\d+", line)] for line in lines
    }
    assert sum(counts["everything"]) == len(PROBES)
    assert counts["everything"][1] == sum(probe.derive is not None for probe in PROBES.values())
    assert set(counts) == {"everything", *(f"the profile {name}" for name in PROFILES)}
    assert all(len(pair) == 2 and pair[0] > 0 for pair in counts.values())


@pytest.mark.parametrize("name", [name for name, probe in PROBES.items() if probe.method == "POST"])
def test_whoever_is_asked_to_write_is_told_how_much(name: str, conforming: dict[str, Answer]) -> None:
    """As it was sent, built on another answer or not."""
    document = asked(conforming[name])
    if PROBES[name].path == EMBEDDINGS_PATH or not isinstance(document, dict):
        assert PROBES[name].path == EMBEDDINGS_PATH or PROBES[name].raw is not None
        return
    if name == UNLIMITED:
        assert PROBES[name].hang_up_after == STAYS_FOR <= 600
        return
    limits = [document[cap] for cap in CAPS if document.get(cap) is not None]
    assert limits
    most = MOST_TOKENS if PROBES[name].hang_up_after is None else MOST_TOKENS_OF_ABANDONED
    assert all(limit <= most for limit in limits)


def test_only_a_stream_that_is_left_at_once_may_ask_for_more() -> None:
    """The third piece ends it; what a server writes on after that is what the probe is there to show."""
    left = [probe for probe in PROBES.values() if probe.hang_up_after is not None]
    assert [(probe.name, probe.hang_up_after) for probe in left if probe.gauge is not None] == [
        ("chat-stream-hung-up", 3)
    ]


def test_what_has_no_limit_is_left_as_well() -> None:
    """Without a limit, or with one that is none to some servers: after so many pieces the client has seen it."""
    left = [probe for probe in PROBES.values() if probe.hang_up_after is not None and probe.gauge is None]
    assert {probe.name: (probe.hang_up_after, (probe.body or {}).get("max_tokens")) for probe in left} == {
        "chat-stream-max-tokens-zero": (40, 0),
        "chat-stream-max-tokens-negative": (40, -1),
        UNLIMITED: (STAYS_FOR, None),
    }


@pytest.mark.parametrize("name", PROBES)
def test_no_request_may_take_more_than_a_minute(name: str) -> None:
    assert 0 < PROBES[name].deadline_s <= LONGEST_S


def test_whoever_is_sent_alone_builds_on_what_was_sent_before() -> None:
    """The lonely go first: what they build on must be among them."""
    lonely = [probe for probe in PROBES.values() if probe.alone and probe.derive is not None]
    assert lonely
    assert [probe.name for probe in lonely if probe.after is None or not probe.after.alone] == []
