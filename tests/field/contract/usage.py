"""Reports of token counts that are wrong, missing or in the wrong place."""

from __future__ import annotations

from tests.field.contract.report import Report
from tests.field.contract.wire import Events, in_response, in_typed, in_usage, on_responses, part

from sixgates.exchange import Request
from sixgates.reference.mutants import (
    Document,
    in_events,
    in_pieces,
    on_plain,
    on_stream,
    on_usage_stream,
)
from sixgates.verdict import Outcome

ADVISORY = Outcome.ADVISORY
_ZERO = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


def _total_off(usage: Document) -> None:
    usage["total_tokens"] += 5020


def _after_done(pieces: list[bytes]) -> list[bytes]:
    *others, last, done = pieces
    return [*others, done, last]


def _without_choices(events: Events) -> None:
    del events[-1]["choices"]


def _zeros_meanwhile(events: Events) -> None:
    for event in events:
        if not event.get("usage"):
            event["usage"] = dict(_ZERO)


def _running_totals(events: Events) -> None:
    for number, event in enumerate(events):
        if not event.get("usage"):
            event["usage"] = {"prompt_tokens": 9, "completion_tokens": number, "total_tokens": 9 + number}


def _usage_in_the_last_choice(events: Events) -> Events:
    events[-2]["usage"] = events[-1]["usage"]
    return events[:-1]


def _chat_style(response: Document) -> None:
    usage = response["usage"]
    response["usage"] = {
        "prompt_tokens": usage["input_tokens"],
        "completion_tokens": usage["output_tokens"],
        "total_tokens": usage["total_tokens"],
    }


def _without_details(response: Document) -> None:
    for name in ("input_tokens_details", "output_tokens_details"):
        response["usage"].pop(name)


def _prompt_inflated(usage: Document) -> None:
    usage["prompt_tokens"] += 400
    usage["total_tokens"] += 400


def _without_cached(usage: Document) -> None:
    usage["prompt_tokens_details"] = {"cached_tokens": usage["prompt_tokens"] - 1}
    usage["total_tokens"] -= usage["prompt_tokens"] - 1
    usage["prompt_tokens"] = 1


def _legacy_stream(request: Request) -> bool:
    return request.path == "/v1/completions" and b'"stream": true' in (request.body or b"")


REPORTS = (
    Report(
        "stream-total-above-its-sum",
        "SamSaffron/term-llm#424",
        "the usage of a stream counts tokens of the cache in the total alone",
        part(on_usage_stream, in_usage(_total_off)),
        outcome=ADVISORY,
        checks=("usage.stream_total",),
    ),
    Report(
        "plain-total-above-its-sum",
        "SamSaffron/term-llm#424",
        "the usage of a plain answer does",
        part(on_plain, in_usage(_total_off)),
        outcome=ADVISORY,
        checks=("usage.total",),
    ),
    Report(
        "response-total-above-its-sum",
        "found: total_tokens of a Response",
        "the usage of a Response does not add up",
        part(on_responses, in_response(lambda response: response["usage"].update(total_tokens=5020))),
        outcome=ADVISORY,
        checks=("responses.usage",),
    ),
    Report(
        "stream-cached-above-prompt",
        "unslothai/unsloth#5670",
        "a stream counts more cached tokens than the prompt has",
        part(on_usage_stream, in_usage(lambda u: u.update(prompt_tokens_details={"cached_tokens": 18901}))),
        outcome=ADVISORY,
        checks=("usage.stream_details",),
    ),
    Report(
        "plain-prompt-without-its-cached-part",
        "Portkey-AI/gateway#1210",
        "prompt_tokens leaves out what came from the cache",
        part(on_plain, in_usage(_without_cached)),
        outcome=ADVISORY,
        checks=("usage.cached_tokens",),
    ),
    Report(
        "stream-usage-zero",
        "NadirRouter/NadirClaw#33",
        "the usage of a stream is zero throughout",
        part(on_stream, in_usage(lambda usage: usage.update(_ZERO))),
        checks=("usage.stream_sum",),
    ),
    Report(
        "stream-zeros-before-the-last",
        "mudler/LocalAI#1194",
        "every chunk before the last has a usage of zeros",
        part(on_stream, in_events(_zeros_meanwhile)),
        outcome=ADVISORY,
        checks=("chat.stream.usage_null_before", "usage.stream_last_only"),
    ),
    Report(
        "stream-running-usage",
        "cline/cline#11304",
        "every chunk of a stream that asked for usage has the counts so far, which clients add up",
        part(on_usage_stream, in_events(_running_totals)),
        outcome=ADVISORY,
        checks=("chat.stream.usage_null_before",),
    ),
    Report(
        "usage-after-done",
        "duolahypercho/codex-router#343",
        "the chunk of the usage comes after [DONE]",
        part(on_usage_stream, in_pieces(_after_done)),
        checks=("chat.stream.done_sentinel", "chat.stream.usage_final"),
    ),
    Report(
        "usage-chunk-without-choices",
        "ROCm/ATOM#1711",
        "the chunk of the usage has no choices",
        part(on_usage_stream, in_events(_without_choices)),
        checks=("chat.stream.choices_array_always",),
    ),
    Report(
        "include-usage-ignored",
        "tensorzero/tensorzero#1851",
        "include_usage is not read: no usage comes",
        part(on_usage_stream, in_events(lambda events: events[:-1])),
        checks=("chat.stream.usage_final",),
    ),
    Report(
        "legacy-include-usage-ignored",
        "tensorzero/tensorzero#1851",
        "the same in legacy streams",
        part(_legacy_stream, in_events(lambda events: [each for each in events if each["choices"]])),
        outcome=ADVISORY,
        checks=("completions.stream_usage",),
    ),
    Report(
        "stream-prompt-inflated",
        "QuantumNous/new-api#6212",
        "a gateway counts the prompt of a stream by itself, 400 tokens above the plain answer",
        part(on_usage_stream, in_usage(_prompt_inflated)),
        outcome=ADVISORY,
        checks=("usage.stream_equals", "chat.stream.equals_nonstream"),
    ),
    Report(
        "response-usage-as-in-chat",
        "decolua/9router#2082",
        "a Response counts prompt_tokens and completion_tokens: Codex cannot read it",
        part(on_responses, in_response(_chat_style)),
        checks=("responses.usage_members",),
    ),
    Report(
        "response-without-reasoning-tokens",
        "BigPizzaV3/CodexPlusPlus#1908",
        "output_tokens_details lacks reasoning_tokens: Codex drops the turn",
        part(on_responses, in_response(lambda response: response["usage"].update(output_tokens_details={}))),
        checks=("responses.usage_members",),
    ),
    Report(
        "response-without-usage-details",
        "exo-explore/exo#1885",
        "the usage of a Response has no details",
        part(
            on_responses,
            in_response(_without_details),
        ),
        outcome=ADVISORY,
        checks=("responses.usage",),
    ),
    Report(
        "response-stream-without-usage",
        "decolua/9router#2082",
        "the last event of a streamed Response has no usage",
        part(on_responses, in_typed(lambda told: told[-1]["response"].update(usage=None))),
        outcome=ADVISORY,
        checks=("responses.usage",),
    ),
)
"""Each with its corruption."""
