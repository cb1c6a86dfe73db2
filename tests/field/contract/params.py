"""Reports of sampling, limits and stop words."""

from __future__ import annotations

import json

from tests.field.contract.report import Against, Part, Report
from tests.field.contract.wire import (
    half_a_stop,
    in_choices,
    in_chunks,
    part,
    rewriting,
    stops_of,
    where,
)

from sixgates.exchange import Request, Response
from sixgates.reference.mutants import (
    Document,
    asking,
    body_of,
    on_chat,
    on_plain,
    on_stream,
)
from sixgates.verdict import Outcome

ADVISORY = Outcome.ADVISORY


def _asks_stop(request: Request) -> bool:
    return on_plain(request) and bool(stops_of(request))


def _cuts_out(request: Request, response: Response) -> Response:
    """Take the stop words out of the text, and write on."""

    def edit(choice: Document) -> None:
        text = choice["message"].get("content")
        for stop in stops_of(request) if isinstance(text, str) else []:
            text = text.replace(stop, "")
        choice["message"]["content"] = text

    return in_choices(edit)(response)


def _as_many_as_asked(request: Request, response: Response) -> Response:
    """Give each token as many alternatives as were asked for."""
    wanted = body_of(request)["top_logprobs"]

    def edit(choice: Document) -> None:
        for token in (choice["logprobs"] or {}).get("content") or []:
            last = token["top_logprobs"][-1]
            missing = wanted - len(token["top_logprobs"])
            token["top_logprobs"] += [{**last, "token": f"more{number}"} for number in range(missing)]

    return in_choices(edit)(response)


def _first_differs() -> Against:
    seen: set[bytes] = set()

    def change(request: Request, response: Response) -> Response:
        body = request.body or b""
        if body in seen or not body_of(request).get("temperature"):
            return response
        seen.add(body)
        return in_choices(_another_text)(response)

    return change


def _first_of_a_prompt() -> Against:
    seen: set[str] = set()

    def change(request: Request, response: Response) -> Response:
        prompt = json.dumps(body_of(request).get("messages"))
        if prompt in seen:
            return response
        seen.add(prompt)
        return in_choices(_another_text)(response)

    return change


def _another_text(choice: Document) -> None:
    if not choice["message"].get("tool_calls"):
        choice["message"]["content"] = "A first answer."


def _empty_logprobs(choice: Document) -> None:
    if choice.get("logprobs") is None:
        choice["logprobs"] = {}


REPORTS = (
    Report(
        "stop-word-taken-out",
        "huggingface/smolagents#1802",
        "a server takes the stop word out of the text and writes on",
        (Part(_asks_stop, rewrite=asking(stop=None), against=_cuts_out),),
        checks=("params.stop.string",),
    ),
    Report(
        "stop-word-ignored",
        "LostRuins/koboldcpp#1050",
        "a stop word has no effect",
        (Part(on_chat, rewrite=asking(stop=None)),),
        checks=("params.stop.string",),
    ),
    Report(
        "half-a-stop-word-streamed",
        "mzau/mlx-knife#68",
        "a stream sends the beginning of a stop word before it sees the rest",
        (Part(on_stream, against=half_a_stop),),
        outcome=ADVISORY,
        checks=("params.stop.stream",),
    ),
    Report(
        "max-tokens-0-is-no-limit",
        "entrius/gittensor#1750",
        "max_tokens 0 is taken for no limit",
        (
            Part(
                where(on_chat, lambda body: body.get("max_tokens") == 0),
                rewrite=rewriting(lambda body: body.pop("max_tokens")),
            ),
        ),
        outcome=ADVISORY,
        checks=("params.max_tokens.zero",),
    ),
    Report(
        "max-completion-tokens-ignored",
        "mudler/LocalAI#3533",
        "max_completion_tokens is not read",
        (Part(on_chat, rewrite=asking(max_completion_tokens=None)),),
        checks=("params.max_completion_tokens",),
    ),
    Report(
        "top-logprobs-50-accepted",
        "found: top_logprobs above 20",
        "top_logprobs 50 is accepted, and as many come",
        (
            Part(
                where(on_chat, lambda body: (body.get("top_logprobs") or 0) > 20),
                rewrite=asking(top_logprobs=20),
                against=_as_many_as_asked,
            ),
        ),
        outcome=ADVISORY,
        checks=("params.top_logprobs.limit",),
    ),
    Report(
        "top-logprobs-50-clamped",
        "found: top_logprobs above 20",
        "top_logprobs 50 is accepted, and 20 come",
        (
            Part(
                where(on_chat, lambda body: (body.get("top_logprobs") or 0) > 20),
                rewrite=asking(top_logprobs=20),
            ),
        ),
        legal=True,
    ),
    Report(
        "empty-logprobs",
        "ml-explore/mlx-lm#342",
        "chunks without logprobs have an empty object there, at which LiteLLM stops",
        part(on_stream, in_chunks(_empty_logprobs)),
        outcome=ADVISORY,
        checks=("chat.stream.logprobs_null",),
    ),
    Report(
        "first-seeded-answer-differs",
        "am17an/llama.cpp#38",
        "the first answer with a seed differs from the later ones, which are alike",
        (Part(on_plain, fresh=_first_differs),),
        checks=("capability.seed",),
    ),
    Report(
        "first-answer-to-a-prompt-differs",
        "am17an/llama.cpp#38",
        "the first answer to a prompt differs from the later ones, which come out of the cache",
        (Part(where(on_plain, lambda body: not body.get("response_format")), fresh=_first_of_a_prompt),),
        outcome=ADVISORY,
        checks=("params.seed.first_answer", "chat.stream.equals_nonstream"),
    ),
)
"""Each with its corruption."""
