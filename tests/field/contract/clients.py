"""Reports of requests that clients send and servers do not take: headers, sizes, schemas, tool types, no limit."""

from __future__ import annotations

from dataclasses import replace

from tests.field.contract.report import Part, Report
from tests.field.contract.wire import (
    in_choices,
    in_chunks,
    on_embeddings,
    on_responses,
    part,
    refusing,
    where,
)

from sixgates.exchange import Request, Response
from sixgates.reference.mutants import (
    Edit,
    asking,
    body_of,
    on_chat,
    on_plain,
    with_body,
    with_header,
)
from sixgates.verdict import Outcome

ADVISORY = Outcome.ADVISORY
_labelled = with_header("content-encoding", "gzip")


def _takes_gzip(request: Request) -> bool:
    return "gzip" in (request.header("accept-encoding") or "")


def _on_failure(edit: Edit) -> Edit:
    return lambda response: edit(response) if response.status >= 400 else response


def _offers_h2c(request: Request) -> bool:
    return "h2c" in (request.header("upgrade") or "")


def _without_body(request: Request) -> Request:
    return replace(request, body=None)


def _has_pattern(value: object) -> bool:
    if isinstance(value, dict):
        return isinstance(value.get("pattern"), str) or any(map(_has_pattern, value.values()))
    return isinstance(value, list) and any(map(_has_pattern, value))


def _unlimited(request: Request) -> bool:
    body = body_of(request)
    return on_chat(request) and not (body.get("max_tokens") or body.get("max_completion_tokens"))


def _says_stop(choice: dict[str, object]) -> None:
    if choice.get("finish_reason") == "length":
        choice["finish_reason"] = "stop"


def _capped(response: Response) -> Response:
    return in_chunks(_says_stop)(in_choices(_says_stop)(response))


_TOO_LARGE = b"<html><head><title>413 Request Entity Too Large</title></head><body></body></html>"

REPORTS = (
    Report(
        "plain-labelled-gzip",
        "freelensapp/freelens-ai-extension#272",
        "a proxy unpacks gzip and keeps the header that says gzip",
        part(_takes_gzip, _labelled),
        checks=("http.content_coding.plain",),
    ),
    Report(
        "embeddings-labelled-gzip",
        "agentgateway/agentgateway#1620",
        "embeddings alone come unpacked under the label gzip",
        part(lambda request: on_embeddings(request) and _takes_gzip(request), _labelled),
        checks=("embeddings.content_coding",),
    ),
    Report(
        "errors-labelled-gzip",
        "envoyproxy/ai-gateway#2554",
        "a translated error keeps the label gzip of the answer that it replaces",
        part(_takes_gzip, _on_failure(_labelled)),
        outcome=ADVISORY,
        checks=("errors.content_coding",),
    ),
    Report(
        "body-lost-at-h2c",
        "Kludex/uvicorn#2722",
        "a request that offers h2c loses its body",
        (Part(_offers_h2c, rewrite=_without_body),),
        checks=("http.h2c_offer",),
    ),
    Report(
        "h2c-refused",
        "Soju06/codex-lb#1760",
        "a request that offers h2c is refused with 400 and plain text",
        part(_offers_h2c, with_body(b"Invalid HTTP request received.", "text/plain", 400)),
        checks=("http.h2c_offer",),
    ),
    Report(
        "pattern-refused",
        "openclaw/openclaw#110202",
        "a tool whose schema has a pattern is refused",
        part(
            where(on_chat, lambda body: _has_pattern(body.get("tools"))), refusing("failed to parse grammar")
        ),
        checks=("tools.def.schemas",),
    ),
    Report(
        "codex-tool-types-refused",
        "openai/codex#10635",
        "a Responses request with a tool that is no function is refused",
        part(
            where(
                on_responses, lambda body: any(t.get("type") != "function" for t in body.get("tools") or [])
            ),
            refusing("'type' of tool must be 'function'"),
        ),
        outcome=ADVISORY,
        checks=("responses.tools.other_types",),
    ),
    Report(
        "body-above-100-kib-refused",
        "huggingface/responses.js#55",
        "a body of more than 100 KiB is refused with 413 and HTML",
        part(
            lambda request: len(request.body or b"") > 102_400,
            with_body(_TOO_LARGE, "text/html", 413),
        ),
        checks=("http.large_body",),
    ),
    Report(
        "cut-at-512-says-stop",
        "microsoft/foundry-local#243",
        "without max_tokens the answer is cut at 512 tokens, and says stop",
        (Part(_unlimited, rewrite=asking(max_tokens=512), edit=_capped),),
        checks=("params.max_tokens.own_limit_told",),
    ),
    Report(
        "capped-by-default",
        "tenstorrent/tt-inference-server#4570",
        "without max_tokens the answer is cut at 128 tokens, and says so",
        (Part(_unlimited, rewrite=asking(max_tokens=128)),),
        legal=True,
    ),
    Report(
        "tools-without-choice-lose-their-calls",
        "ggml-org/llama.cpp#12379",
        "with tools a stream is a server error, while the plain answer is fine",
        part(
            where(
                on_chat, lambda body: body.get("tools") and body.get("stream") and "tool_choice" not in body
            ),
            refusing("Cannot use tools with stream", 500, type="server_error"),
        ),
        checks=("tools.def.schemas", "tools.led.answered"),
    ),
    Report(
        "assistant-null-content-refused",
        "lmstudio-ai/lmstudio-bug-tracker#261",
        "a message with calls and content null is refused",
        part(
            where(
                on_chat,
                lambda body: (
                    any(
                        m.get("tool_calls") and m.get("content", "") is None
                        for m in body["messages"]
                        if isinstance(m, dict)
                    )
                    if isinstance(body.get("messages"), list)
                    else False
                ),
            ),
            refusing("Invalid 'content': 'content' field must be a string or an array of objects."),
        ),
        checks=("tools.roundtrip.basic",),
    ),
    Report(
        "developer-role-is-500",
        "0xku/kon#5",
        "the role developer ends in a failure of the chat template",
        part(
            where(
                on_plain,
                lambda body: (
                    isinstance(body.get("messages"), list)
                    and any(isinstance(m, dict) and m.get("role") == "developer" for m in body["messages"])
                ),
            ),
            refusing("Unexpected message role.", 500, type="server_error"),
        ),
        checks=("input.role_developer_not_5xx",),
    ),
)
"""Each with its corruption."""
