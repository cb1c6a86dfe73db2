"""Legal refusals: what a server does not offer, in which status and envelope it says so, and what it limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

from tests.field.contract.legal import SDKS, legal
from tests.field.contract.report import Against, Part
from tests.field.contract.wire import on_completions, on_embeddings, on_responses, refusing, where

from sixgates.exchange import Request, Response
from sixgates.reference.mutants import (
    Applies,
    Document,
    Edit,
    asking,
    body_of,
    in_error,
    on_chat,
    on_everything,
    with_header,
    with_status,
)
from sixgates.verdict import Outcome

ABSENT = Outcome.NOT_APPLICABLE
_DETECTED: dict[str, Any] = {"outcome": ABSENT, "declared": False, "auto": ABSENT, "undeclared": ABSENT}
"""Where what is refused is declared, the refusal is broken; these are servers that are asked what they offer."""


def _format(kind: str) -> Applies:
    return where(on_chat, lambda body: (body.get("response_format") or {}).get("type") == kind)


def _other_endpoints(request: Request) -> bool:
    return any(on(request) for on in (on_completions, on_embeddings, on_responses))


def _errors(**fields: Any) -> Edit:
    def change(document: Document) -> None:
        if isinstance(document.get("error"), dict):
            document["error"].update(fields)

    return in_error(change)


def _code_is_the_status(response: Response) -> Response:
    return _errors(code=response.status)(response)


def _around_errors(document: Document) -> None:
    document |= {"user_id": "org_2x", "request_id": "req_7", "detail": None, "object": "error"}


def _invalid(request: Request) -> bool:
    body = body_of(request)
    return on_chat(request) and not (
        isinstance(body.get("messages"), list) and isinstance(body.get("temperature", 0.0), int | float)
    )


def _unprocessable(response: Response) -> Response:
    return with_status(422)(response) if response.status == 400 else response


def _with_retry_header(response: Response) -> Response:
    return with_header("x-should-retry", "false")(response) if response.status >= 400 else response


def _busy(status: int, every: int, *after: tuple[str, str]) -> Callable[[], Against]:
    """Refuse every so many requests for load, with these headers."""

    def fresh() -> Against:
        asked = count(1)

        def refuse(request: Request, response: Response) -> Response:
            if next(asked) % every:
                return response
            said = {429: ("Rate limit reached", "requests"), 503: ("No slot is free", "server_error")}
            message, kind = said[status]
            refused = refusing(message, status, type=kind)(response)
            return replace(refused, headers=(*refused.headers, *after))

        return refuse

    return fresh


REPORTS = (
    legal(
        "logprobs-refused",
        "lmstudio-ai/lms#60",
        "logprobs are refused with 400 and a message",
        Part(
            where(on_chat, lambda body: body.get("logprobs")),
            refusing("logprobs is not supported", param="logprobs"),
        ),
        read_by=SDKS,
        **_DETECTED,
    ),
    legal(
        "logit-bias-refused",
        "found: unsupported parameters of Groq",
        "logit_bias is refused with 400 and a message",
        Part(where(on_chat, lambda body: body.get("logit_bias")), refusing("logit_bias is not supported")),
        read_by=SDKS,
        **_DETECTED,
    ),
    legal(
        "json-schema-refused",
        "found: structured outputs of some models of Groq and DeepSeek",
        "a response_format of the type json_schema is refused with 400 and a message",
        Part(_format("json_schema"), refusing("This model does not support response_format json_schema")),
        read_by=SDKS,
        **_DETECTED,
    ),
    legal(
        "json-object-refused",
        "lmstudio-ai/lmstudio-bug-tracker#189",
        "a response_format of the type json_object is refused with 400 and a message, as by LM Studio",
        Part(_format("json_object"), refusing("'response_format.type' must be 'json_schema' or 'text'")),
        read_by=SDKS,
        **_DETECTED,
    ),
    legal(
        "chat-alone",
        "found: endpoints of DeepSeek and Perplexity",
        "completions, embeddings and Responses are not there",
        Part(_other_endpoints, refusing("Not Found", 404)),
        read_by=SDKS,
        **_DETECTED,
    ),
    legal(
        "several-choices-unprocessable",
        "tenstorrent/tt-inference-server#2721",
        "n above 1 is refused with 422 and a message",
        Part(where(on_chat, lambda body: (body.get("n") or 1) > 1), refusing("n must be 1", 422)),
        read_by=SDKS,
        **_DETECTED,
    ),
    legal(
        "temperature-clamped",
        "found: temperatures above 2 on self-hosted engines",
        "a temperature above 2 is taken for the highest",
        Part(
            where(
                on_chat,
                lambda body: (
                    (body.get("temperature") or 0) > 2
                    if isinstance(body.get("temperature"), int | float)
                    else False
                ),
            ),
            rewrite=asking(temperature=1.0),
        ),
        read_by=SDKS,
    ),
    legal(
        "empty-tools-refused",
        "found: tools of OpenAI's own API",
        "an empty array of tools is refused, as OpenAI does",
        Part(
            where(on_chat, lambda body: body.get("tools") == []),
            refusing("[] is too short - 'tools'", param="tools"),
        ),
        read_by=SDKS,
    ),
    legal(
        "invalid-requests-unprocessable",
        "elastic/elasticsearch#128538",
        "what is invalid in a request is refused with 422, as by Mistral",
        Part(_invalid, edit=_unprocessable),
        read_by=SDKS,
    ),
    legal(
        "busy-with-429",
        "digiogithub/pando#8",
        "every fourth request is refused with 429, and Retry-After says when to come again",
        Part(on_everything, fresh=_busy(429, 4, ("Retry-After", "1"))),
        read_by=SDKS,
    ),
    legal(
        "busy-with-429-and-no-word",
        "continuedev/continue#10442",
        "every fifth request is refused with 429, and nothing says when to come again",
        Part(on_everything, fresh=_busy(429, 5)),
        read_by=SDKS,
    ),
    legal(
        "busy-with-503",
        "openai/openai-python#414",
        "every third request is refused with 503, and Retry-After says when to come again",
        Part(on_everything, fresh=_busy(503, 3, ("Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT"))),
        read_by=SDKS,
    ),
    legal(
        "error-code-is-the-status",
        "reVrost/go-openrouter#21",
        "the code of an error is the status as a number, as on OpenRouter, llama.cpp and vLLM",
        Part(on_everything, edit=_code_is_the_status),
        read_by=SDKS,
    ),
    legal(
        "error-with-metadata",
        "open-webui/computer#293",
        "errors have further members, within and beside the error object",
        Part(
            on_everything,
            edit=_errors(metadata={"raw": "{}", "provider_name": "BaseTen"}, failed_generation=""),
        ),
        Part(on_everything, edit=in_error(_around_errors)),
        read_by=SDKS,
    ),
    legal(
        "error-without-param-and-code",
        "dust-tt/dust#428",
        "errors have null as param and code",
        Part(on_everything, edit=_errors(param=None, code=None)),
        read_by=SDKS,
    ),
    legal(
        "errors-say-whether-to-retry",
        "openai/openai-python#414",
        "errors say in a header that the same request need not be sent again",
        Part(on_everything, edit=_with_retry_header),
        read_by=SDKS,
    ),
)
"""Each with its form."""
