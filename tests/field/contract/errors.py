"""Reports of refusals, and of what should have been one."""

from __future__ import annotations

import json

from tests.field.contract.report import Part, Report
from tests.field.contract.wire import (
    on_completions,
    part,
    refusing,
    rewriting,
    where,
)

from sixgates.exchange import Response
from sixgates.reference.mutants import (
    Document,
    on_chat,
)
from sixgates.verdict import Outcome

ADVISORY = Outcome.ADVISORY


def _error_in_the_message(response: Response) -> Response:
    if response.status < 400:
        return response
    error = json.loads(response.body)
    message = f"litellm.BadRequestError: OpenAIException - Error code: {response.status} - {error}"
    return refusing(message, response.status)(response)


def _json_in_the_message(response: Response) -> Response:
    if response.status < 400:
        return response
    return refusing(response.body.decode(), response.status)(response)


def _keeps_the_end(body: Document) -> None:
    for message in body.get("messages") or []:
        if isinstance(message, dict) and isinstance(message.get("content"), str):
            words = message["content"].split(" ")
            if len(words) > 1500:
                message["content"] = " ".join(words[-1024:])


REPORTS = (
    Report(
        "prompt-cut-in-silence",
        "ollama/ollama#17889",
        "a prompt beyond the context is cut to half of it without a word",
        (Part(on_chat, rewrite=rewriting(_keeps_the_end)),),
        checks=("errors.context_no_silent_truncation",),
    ),
    Report(
        "empty-message-on-completions",
        "found: errors of legacy completions",
        "echo is refused on legacy completions with an empty message",
        part(where(on_completions, lambda body: body.get("echo")), refusing("")),
        checks=("errors.message_nonempty",),
    ),
    Report(
        "error-inside-the-message",
        "BerriAI/litellm#6578",
        "the message of an error is the text of an object that holds the error",
        part(on_chat, _error_in_the_message),
        outcome=ADVISORY,
        checks=("errors.message_in_words",),
    ),
    Report(
        "error-as-json-in-the-message",
        "BerriAI/litellm#4477",
        "the message of an error is the JSON of the upstream's error",
        part(on_chat, _json_in_the_message),
        outcome=ADVISORY,
        checks=("errors.message_in_words",),
    ),
    Report(
        "unknown-model-is-503",
        "Wei-Shaw/sub2api#1489",
        "a model that is not there is answered with 503, which clients send again",
        part(
            where(on_chat, lambda body: body.get("model") == "sixgates-no-such-model"),
            refusing("Service temporarily unavailable", 503, type="api_error"),
        ),
        checks=("errors.unknown_model",),
    ),
)
"""Each with its corruption."""
