"""Reports of the Responses API."""

from __future__ import annotations

from typing import Any

from tests.field.contract.report import Part, Report
from tests.field.contract.wire import (
    Events,
    in_response,
    in_typed,
    on_responses,
    part,
    refusing,
    rewriting,
    where,
)

from sixgates.exchange import Request
from sixgates.reference.mutants import Document, Edit, asking, body_of
from sixgates.verdict import Outcome

ADVISORY = Outcome.ADVISORY


def _says_completed(response: Document) -> None:
    response["status"] = "completed"
    response["incomplete_details"] = None
    for item in response["output"]:
        if "status" in item:
            item["status"] = "completed"


def _all_say_completed(told: Events) -> None:
    for event in told:
        if event["type"] == "response.incomplete":
            event["type"] = "response.completed"
        if isinstance(event.get("item"), dict) and event["item"].get("status") == "incomplete":
            event["item"]["status"] = "completed"
    _says_completed(told[-1]["response"])


def _whole(edit: Edit, streamed: Edit) -> Edit:
    return lambda response: streamed(edit(response))


def _fenced(response: Document) -> None:
    for item in response["output"]:
        for piece in item.get("content") or []:
            if piece["type"] == "output_text":
                piece["text"] = f"```json\n{piece['text']}\n```"


def _structured(request: Request) -> bool:
    wanted = (body_of(request).get("text") or {}).get("format") or {}
    return on_responses(request) and wanted.get("type") == "json_schema"


def _echo(name: str, value: Any) -> Edit:
    def edit(response: Document) -> None:
        response[name] = value

    return in_response(edit)


def _tool_results_in_parts(body: Document) -> bool:
    return any(
        isinstance(item, dict) and isinstance(item.get("output"), list)
        for item in (body["input"] if isinstance(body.get("input"), list) else [])
    )


REPORTS = (
    Report(
        "cut-response-says-completed",
        "Blaizzy/mlx-vlm#1215",
        "a Response that max_output_tokens cut says completed",
        part(on_responses, _whole(in_response(_says_completed), in_typed(_all_say_completed))),
        checks=("responses.incomplete",),
    ),
    Report(
        "response-schema-in-a-fence",
        "jundot/omlx#613",
        "text.format json_schema comes in a Markdown fence",
        part(_structured, in_response(_fenced)),
        checks=("responses.text_format",),
    ),
    Report(
        "response-schema-ignored",
        "lmstudio-ai/lmstudio-bug-tracker#2403",
        "text.format json_schema has no effect",
        (Part(_structured, rewrite=asking(text=None)),),
        checks=("responses.text_format",),
    ),
    Report(
        "tool-choice-echoed-auto",
        "ogx-ai/ogx#3548",
        "a Response says that its tool_choice was auto, whatever was asked",
        part(on_responses, _echo("tool_choice", "auto")),
        outcome=ADVISORY,
        checks=("responses.echo",),
    ),
    Report(
        "tool-choice-echoed-none",
        "vllm-project/vllm#23227",
        "a Response says that its tool_choice was none though nothing was asked",
        part(where(on_responses, lambda body: "tool_choice" not in body), _echo("tool_choice", "none")),
        outcome=ADVISORY,
        checks=("responses.echo",),
    ),
    Report(
        "parallel-echoed-true",
        "found: echo of parallel_tool_calls",
        "a Response says that parallel calls were allowed, though they were not",
        part(
            where(on_responses, lambda body: body.get("parallel_tool_calls") is False),
            _echo("parallel_tool_calls", True),
        ),
        outcome=ADVISORY,
        checks=("responses.echo",),
    ),
    Report(
        "result-in-parts-refused",
        "ggml-org/llama.cpp#23465",
        "the output of a call as an array of parts is refused",
        part(
            where(on_responses, _tool_results_in_parts),
            refusing("Output of tool call should be 'Input text'"),
        ),
        checks=("responses.tools.output_parts",),
    ),
    Report(
        "previous-response-forgotten",
        "openai/codex#3841",
        "previous_response_id is accepted, and the earlier conversation is not there",
        (Part(on_responses, rewrite=asking(previous_response_id=None)),),
        checks=("capability.stored_responses",),
    ),
    Report(
        "instructions-not-read",
        "tenstorrent/tt-inference-server#2433",
        "instructions are taken and not given to the model",
        (Part(on_responses, rewrite=rewriting(lambda body: body.pop("instructions", None))),),
        outcome=ADVISORY,
        checks=("responses.instructions",),
    ),
)
"""Each with its corruption."""
