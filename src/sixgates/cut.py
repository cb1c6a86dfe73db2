"""An answer that our own deadline cut: what may be judged of its beginning, and why the rest is not.

A slow server is not a broken one. Most checks need the end of an answer, and without it they are BLOCKED, all with
one cause. The table names those that need less.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import StrEnum
from statistics import median
from typing import TypeVar

from sixgates.coding import codings
from sixgates.exchange import Chunk, Exchange, Finding
from sixgates.verdict import Cause


class Needs(StrEnum):
    """How much of an answer a check needs."""

    END = "end"
    """All of it."""
    BEGINNING = "beginning"
    """Its head, or its first events: with them it is decided."""
    EVENTS = "events"
    """Any event that breaks it does so whatever follows; that it holds shows only at the end."""
    REFUSAL = "refusal"
    """Whether it is a refusal, which the status says; a refusal it needs to the end."""
    LEFT = "left"
    """No end where the client of the probe leaves in the middle anyway."""
    ENDLESS = "endless"
    """It asks whether the answer ends at all, and so needs a deadline that was long for this server."""


_TABLE: dict[Needs, str] = {
    Needs.BEGINNING: """
        chat.answered chat.stream.answered chat.stream.content_type chat.stream.created_int chat.stream.headers
        chat.stream.role_first completions.answered embeddings.answered errors.auth_missing errors.auth_wrong
        errors.context_length_status errors.context_server_survives errors.invalid_json errors.status_400_vs_422
        http.content_type_json http.keepalive responses.answered responses.stream.content_type
        responses.stream.created_first tools.def.schemas tools.stream.answered tools.stream.no_arguments_answered
    """,
    Needs.REFUSAL: """
        errors.code_type errors.envelope errors.message_in_words errors.message_nonempty errors.no_html
        errors.no_stack_trace errors.no_stringified_none errors.param_type errors.type_present
    """,
    Needs.EVENTS: """
        chat.stream.choice_index chat.stream.choices_array_always chat.stream.content_string
        chat.stream.created_stable chat.stream.delta_object chat.stream.finish_key_present
        chat.stream.finish_not_empty_string chat.stream.finish_once chat.stream.finish_reason_enum
        chat.stream.id_stable chat.stream.keepalive_comments chat.stream.logprobs_null chat.stream.model_stable
        chat.stream.no_content_after_finish chat.stream.no_error_member chat.stream.object_literal
        chat.stream.role_once chat.stream.sse_framing chat.stream.tool_calls_absent chat.stream.utf8_valid
        completions.no_error_member responses.stream.sequence_number responses.stream.event_names
        tools.stream.array tools.stream.args_strings tools.stream.index_present
    """,
    Needs.LEFT: """
        http.ids_unique http.large_body http.model_stable params.max_tokens.optional params.max_tokens.own_limit
        params.max_tokens.own_limit_told
    """,
    Needs.ENDLESS: "params.out_of_range",
}
NEEDS: Mapping[str, Needs] = {check: needs for needs, checks in _TABLE.items() for check in checks.split()}
"""By check, where it is not the end."""
T = TypeVar("T")
LONG = 10
"""An answer is endless that was waited for this many times as long as the others took that ended, half of them."""
FEW = 16
"""A check on more probes than these is about answers in general: that one was cut, the checks of its request say."""
MOST_SHOWN = 3
_EVENT_ENDS = re.compile(rb"(?:\r\n|\n|\r(?!\n)){2}")
_IN_WHAT_CAME = re.compile(r"status\b|header |event \d")


def needs(check: str) -> Needs:
    """How much of an answer a check needs."""
    return NEEDS.get(check, Needs.END)


def beginning(exchange: Exchange) -> Exchange | None:
    """What came, up to the end of its last whole event, as if that were all; None where not even a head came."""
    response = exchange.response
    if response is None or codings(response):
        return None
    body = response.body
    if response.media_type == "text/event-stream" or exchange.request.asked.get("stream") is True:
        body = body[: max((match.end() for match in _EVENT_ENDS.finditer(body)), default=0)]
    chunks, left = [], len(body)
    for chunk in response.chunks:
        if left > 0:
            chunks.append(Chunk(chunk.data[:left], chunk.at))
        left -= len(chunk.data)
    return replace(exchange, response=replace(response, chunks=tuple(chunks)), error=None)


def stands(finding: Finding) -> bool:
    """Whether a finding is about something that came: a status, a header or an event, not what may yet follow."""
    return _IN_WHAT_CAME.match(finding.where) is not None


def is_endless(exchange: Exchange, answers: Iterable[object]) -> bool:
    """Whether an answer had far longer than the same server took for most others."""
    took = [
        each.elapsed
        for each in answers
        if isinstance(each, Exchange) and each.error is None and each.request.path == exchange.request.path
    ]
    return bool(took) and exchange.elapsed > LONG * median(took)


def cause_of_cuts(provider: str, answers: Mapping[str, object]) -> Cause | None:
    """The one cause of all that a cut leaves open; of a provider that was given up for its cuts it is that."""
    cut = [each for each in answers.values() if isinstance(each, Exchange) and each.cut_by_us]
    if not cut:
        return None
    for each in answers.values():
        if isinstance(each, Cause) and each.key == overdue(provider):
            return each
    what = "an answer" if len(cut) == 1 else f"{len(cut)} answers"
    more = f", and so on for {len(cut) - MOST_SHOWN} more" if len(cut) > MOST_SHOWN else ""
    return Cause(
        f"{provider}:cut",
        f"{provider}: no end within {_waited(cut)} s of {what}: sixgates cut there, by its own deadline, and does "
        f"not judge what needs the end. What had come: {'; '.join(map(_came, cut[:MOST_SHOWN]))}{more}",
        slow_steps(provider),
    )


def overdue(provider: str) -> str:
    """The key of the cause of a provider that was given up because too many of its answers were cut."""
    return f"{provider}:overdue"


def slow_steps(provider: str) -> tuple[str, ...]:
    """What to do about a server that is too slow for the deadline, and may be sound."""
    return (
        "wait longer: --deadline SECONDS, or `deadline` of its entry in providers.yaml",
        f"or ask {provider} for less at once: --concurrency 1, or `concurrency: 1` of its entry",
        "look at its log and load: an answer that stands still has another cause than one that is slow",
    )


def blocked_where_cut(provider: str, answers: Mapping[str, T]) -> dict[str, T | Cause]:
    """The answers, with the cause in place of each that was cut: a beginning shows nothing of a capability."""
    cause = cause_of_cuts(provider, answers)
    return {
        name: cause if isinstance(each, Exchange) and each.cut_by_us and cause is not None else each
        for name, each in answers.items()
    }


def _waited(cut: list[Exchange]) -> str:
    times = sorted({round(each.elapsed, 1) for each in cut})
    return f"{times[0]:g}" if times[-1] - times[0] < 1 else f"{times[0]:g} to {times[-1]:g}"


def _came(exchange: Exchange) -> str:
    response = exchange.response
    if response is None:
        return f"{exchange.probe}: nothing"
    size = len(response.body)
    return f"{exchange.probe}: {response.status} and {size} byte{'s' * (size != 1)}"
