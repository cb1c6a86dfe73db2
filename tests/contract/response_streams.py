"""How the tests of the Responses API change a stream of the reference, and what they look at then."""

from __future__ import annotations

import json
from collections.abc import Callable

from sixgates import catalogue
from sixgates.exchange import Exchange, Response
from sixgates.judge import Answer, Judgement
from sixgates.reference.defects.response_events import in_typed_events
from sixgates.reference.mutants import Document
from sixgates.verdict import Outcome

Told = list[Document]
Change = Callable[[Exchange], Response | None]
JudgeEdited = Callable[[Change], Judgement]
CHECKS = [check for check in catalogue.load().checks.values() if check.area == "responses"]
STREAMS = ("response-stream", "response-tool-stream", "response-tool-cut-stream", "response-thought-stream")
THOUGHT = "response-thought-stream"
CALL = "response-tool-stream"
PASSED = {Outcome.PASSED, Outcome.NOT_EXERCISED}
REASONING: Document = {"type": "reasoning", "id": "rs_1", "summary": []}


def of(probe: str, edit: Callable[[Told], Told | None]) -> Change:
    """A change of the events of one stream, which are numbered again."""

    def renumbered(told: Told) -> Told:
        result = edit(told)
        return numbered(told if result is None else result)

    change = in_typed_events(renumbered)
    return lambda exchange: (
        change(exchange.response) if exchange.probe == probe and exchange.response else None
    )


def numbered(told: Told) -> Told:
    """The events numbered from 0."""
    return [{**event, "sequence_number": number} for number, event in enumerate(told)]


def alarms(judgement: Judgement) -> dict[str, str]:
    """The checks of the area that found something, with their outcomes."""
    verdicts = [judgement.verdict(check.id) for check in CHECKS]
    return {
        verdict.check.removeprefix("responses."): verdict.outcome.value
        for verdict in verdicts
        if verdict.outcome not in PASSED
    }


def events_of(conforming: dict[str, Answer], probe: str) -> Told:
    """The events of one of the reference's streams."""
    answer = conforming[probe]
    assert isinstance(answer, Exchange)
    assert answer.response is not None
    return [json.loads(chunk.data.partition(b"data: ")[2]) for chunk in answer.response.chunks]


Edit = Callable[[Told], Told | None]
