"""Reports of plain chat answers and of chat streams."""

from __future__ import annotations

from collections.abc import Callable

from tests.field.contract.report import Against, Part, Report
from tests.field.contract.wire import Events, in_choices, in_chunks, part, refusing, where

from sixgates.exchange import Request, Response
from sixgates.reference.mutants import (
    Document,
    in_events,
    in_json,
    in_pieces,
    on_chat,
    on_plain,
    on_stream,
)
from sixgates.verdict import Outcome

ADVISORY = Outcome.ADVISORY


def _never_stops(choice: Document) -> None:
    if choice["finish_reason"] == "stop":
        choice["finish_reason"] = None


def _without_finish(choice: Document) -> None:
    choice["message"] = {"role": "assistant", "content": choice["delta"].get("content"), "tool_calls": []}
    choice.pop("finish_reason")


def _always_stop(choice: Document) -> None:
    if choice["finish_reason"] == "length":
        choice["finish_reason"] = "stop"


def _calls_without_calls(choice: Document) -> None:
    if choice["finish_reason"] == "stop" and not choice.get("message", {}).get("tool_calls"):
        choice["finish_reason"] = "tool_calls"


def _dies(events: Events) -> Events:
    return events[: len(events) // 2]


def _ends_without_done(pieces: list[bytes]) -> list[bytes]:
    return pieces[: len(pieces) // 2]


def _all_reasoning(choice: Document) -> None:
    delta = choice["delta"]
    if delta.get("content"):
        delta["reasoning"] = delta["content"]
        delta["content"] = ""


def _all_reasoning_content(choice: Document) -> None:
    delta = choice["delta"]
    if delta.get("content"):
        delta["reasoning_content"] = delta.pop("content")


def _empty_then_error(events: Events) -> Events:
    for event in events:
        for choice in event["choices"]:
            choice["delta"] = {}
    error = {"message": "the model produced only internal reasoning", "type": "server_error", "code": None}
    return [*events[:-1], {"error": error}]


_OVERLOADED = (
    b'{"error": {"code": 503, "message": "This model is currently experiencing high demand.", "status": "X"}}'
)


def _raw_tail(pieces: list[bytes]) -> list[bytes]:
    return [*pieces[: len(pieces) // 2], _OVERLOADED]


def _fixed_ids(prefix: str) -> Callable[[], Against]:
    """Ids drawn from so few that two answers of one run share one."""

    def fresh() -> Against:
        count = 0

        def change(request: Request, response: Response) -> Response:
            nonlocal count
            count += 1
            name = f"{prefix}{100 + count % 40}"
            return _renamed(name)(response)

        return change

    return fresh


def _renamed(name: str) -> Callable[[Response], Response]:
    def each(events: Events) -> None:
        for event in events:
            event["id"] = name

    whole, streamed = in_json(lambda document: document.update(id=name)), in_events(each)
    return lambda response: streamed(whole(response))


def _error_in_200(request: Request, response: Response) -> Response:
    return refusing("upstream returned 502", 200, type="upstream_error")(response)


REPORTS = (
    Report(
        "stream-never-says-stop",
        "waybarrios/vllm-mlx#628",
        "a stream that ends by itself ends without a finish_reason; one that is cut says length",
        part(on_stream, in_chunks(_never_stops)),
        checks=("chat.stream.finish_present",),
    ),
    Report(
        "stream-without-finish-reason",
        "microsoft/foundry-local#299",
        "chunks have no finish_reason at all, and a message beside the delta",
        part(on_stream, in_chunks(_without_finish)),
        checks=("chat.stream.finish_present",),
    ),
    Report(
        "cut-answer-says-stop",
        "Blaizzy/mlx-vlm#1215",
        "a plain answer that max_tokens cut says stop",
        part(on_plain, in_choices(_always_stop)),
        checks=("params.max_tokens.honoured",),
    ),
    Report(
        "text-says-tool-calls",
        "mudler/LocalAI#6218",
        "a plain text ends with tool_calls",
        part(on_plain, in_choices(_calls_without_calls)),
        checks=("chat.finish_consistent",),
    ),
    Report(
        "stream-dies-and-says-done",
        "Augustas11/macprovider#186",
        "a stream whose provider died ends with [DONE] and no finish_reason",
        part(on_stream, in_events(_dies)),
        checks=("chat.stream.finish_present",),
    ),
    Report(
        "stream-just-ends",
        "BerriAI/litellm#32159",
        "a stream whose upstream died just ends",
        part(on_stream, in_pieces(_ends_without_done)),
        checks=("chat.stream.done_sentinel",),
    ),
    Report(
        "stream-ends-in-raw-json",
        "theopenco/llmgateway#3616",
        "a stream ends in the middle with the JSON of an error that is no event",
        part(on_stream, in_pieces(_raw_tail)),
        checks=("chat.stream.sse_framing",),
    ),
    Report(
        "stream-all-in-reasoning",
        "vllm-project/vllm#40816",
        "the answer of a stream is all in delta.reasoning, and content is empty",
        part(on_stream, in_chunks(_all_reasoning)),
        checks=("reasoning.not_instead_of_content",),
    ),
    Report(
        "stream-all-in-reasoning-content",
        "lmstudio-ai/lmstudio-bug-tracker#378",
        "the answer of a stream is all in delta.reasoning_content, and there is no content",
        part(on_stream, in_chunks(_all_reasoning_content)),
        checks=("reasoning.not_instead_of_content",),
    ),
    Report(
        "stream-of-nothing-and-an-error",
        "jjang-ai/vmlx#67",
        "the deltas of a stream are empty, and an error ends it",
        part(on_stream, in_events(_empty_then_error)),
        checks=("chat.stream.answered",),
    ),
    Report(
        "error-with-200",
        "BerriAI/litellm#27030",
        "an upstream error comes with status 200",
        (
            Part(
                where(on_chat, lambda body: body.get("model") == "sixgates-no-such-model"),
                against=_error_in_200,
            ),
        ),
        checks=("errors.no_200_errors",),
    ),
    Report(
        "ids-from-a-thousand",
        "ogx-ai/ogx#2315",
        "ids of completions are drawn from so few numbers that they repeat within a run",
        (Part(on_chat, fresh=_fixed_ids("chatcmpl-")),),
        outcome=ADVISORY,
        checks=("http.ids_unique",),
    ),
)
"""Each with its corruption."""
