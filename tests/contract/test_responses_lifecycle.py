"""The life of an item of a streamed response: messages, thoughts and calls alike, from added to done to the end."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.response_streams import (
    CHECKS,
    STREAMS,
    JudgeEdited,
    alarms,
    events_of,
    of,
)

from sixgates.exchange import Chunk, Exchange, Response
from sixgates.judge import Answer
from sixgates.reference import mutants
from sixgates.reference.defects.response_lifecycle import BROUGHT
from sixgates.responses_surfaces import SURFACES
from sixgates.verdict import Outcome

OFTEN = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


FAULTS = {
    "after-it-was-whole": "",
    "after-its-item": "",
    "after-its-part": "arguments",
    "done-as-another": "",
    "ends-as-another": "",
    "in-another-place": "arguments",
    "in-no-place": "arguments",
    "lost": "",
    "never-streamed": "",
    "never-whole": "arguments",
    "of-an-item-done-as-another": "",
    "of-an-item-done-twice": "",
    "of-an-item-never-added": "",
    "of-an-item-never-done": "",
    "of-another-item-id": "",
    "of-another-output-index": "",
    "part-done-as-another": "arguments",
    "part-done-twice": "arguments",
    "part-never-added": "arguments",
    "part-never-done": "arguments",
    "part-of-chat": "arguments",
    "whole-but-other": "",
    "with-indices-that-count-up": "arguments text",
    "with-indices-that-count-up-alone": "arguments text",
}
"""By fault, where it cannot be: arguments have no parts and no index; `response-call-never-done` drops their done
event; and a text whose index counts up is one `in-another-place`."""
WHERE = {"response.output_text": "text", "response.function_call_arguments": "arguments"}


def test_every_fault_is_tried_on_every_surface() -> None:
    """Messages, thoughts, their summaries and calls: no fault is tried on one of them only, unless it cannot be."""
    tried = set(mutants.load())
    for surface in BROUGHT:
        name = surface.text.replace(".", "-").replace("_", "-")
        for fault, cannot in FAULTS.items():
            impossible = WHERE.get(surface.text, "-") in cannot.split()
            assert (f"{name}-{fault}" in tried) is not impossible, (surface.text, fault)


def test_every_surface_is_judged() -> None:
    """Those that the reference does not bring have the same events under other names."""
    assert {surface.text for surface in SURFACES} - {surface.text for surface in BROUGHT} == {
        "response.refusal",
        "response.custom_tool_call_input",
    }


SILENT = {"response.in_progress"}


@pytest.mark.parametrize("probe", STREAMS)
def test_no_event_is_lost_without_a_word(
    probe: str, conforming: dict[str, Answer], judge_edited: JudgeEdited
) -> None:
    """Each event of each stream taken out by itself, and sent twice by itself, is found."""
    told = events_of(conforming, probe)
    for number, event in enumerate(told):
        if event["type"] in SILENT or event["type"].endswith(".delta"):
            continue
        without = of(probe, lambda told, at=number: told[:at] + told[at + 1 :])  # type: ignore[misc]
        assert alarms(judge_edited(without)), ("lost", event)
        twice = of(probe, lambda told, at=number: [*told[: at + 1], *told[at:]])  # type: ignore[misc]
        assert alarms(judge_edited(twice)), ("twice", event)


@pytest.mark.parametrize("probe", STREAMS)
def test_no_delta_is_lost_without_a_word(
    probe: str, conforming: dict[str, Answer], judge_edited: JudgeEdited
) -> None:
    """The first delta of each kind taken out, and sent twice, is found, and at a MUST."""
    told = events_of(conforming, probe)
    first = {event["type"]: at for at, event in reversed(list(enumerate(told))) if "delta" in event}
    assert first
    for number in first.values():
        without = of(probe, lambda told, at=number: told[:at] + told[at + 1 :])  # type: ignore[misc]
        twice = of(probe, lambda told, at=number: [*told[: at + 1], *told[at:]])  # type: ignore[misc]
        assert "FAILED" in alarms(judge_edited(without)).values()
        assert "FAILED" in alarms(judge_edited(twice)).values()


@OFTEN
@given(order=st.permutations(range(12)), probe=st.sampled_from(STREAMS))
def test_events_in_any_order_raise_nothing(order: list[int], probe: str, judge_edited: JudgeEdited) -> None:
    """A stream in disorder is found out, not a reason to stop."""
    judgement = judge_edited(of(probe, lambda told: [told[at] for at in order if at < len(told)]))
    outcomes = {judgement.verdict(check.id).outcome for check in CHECKS}
    assert Outcome.ERROR not in outcomes


def shortened(response: Response, kept: int) -> Response:
    """The beginning of a stream."""
    return replace(response, chunks=tuple(Chunk(chunk.data, chunk.at) for chunk in response.chunks[:kept]))


@pytest.mark.parametrize("probe", STREAMS)
def test_a_stream_that_breaks_off_anywhere_fails(
    probe: str, conforming: dict[str, Answer], judge_edited: JudgeEdited
) -> None:
    """The missing end is named; what was never done is its consequence, and not judged."""
    for kept in range(3, len(events_of(conforming, probe)) - 1, 7):

        def change(exchange: Exchange, kept: int = kept) -> Response | None:
            chosen = exchange.probe == probe and exchange.response is not None
            return shortened(exchange.response, kept) if chosen and exchange.response else None

        judgement = judge_edited(change)
        assert judgement.verdict("responses.stream.terminal_event").outcome is Outcome.FAILED
        for name in ("item_done", "done_events"):
            found = judgement.verdict(f"responses.stream.{name}")
            assert not any(probe in finding.where for finding in found.findings)
