"""Reports of sampling, limits, stop words, legacy completions and embeddings."""

from __future__ import annotations

import json
from base64 import b64decode

from tests.field.contract.report import Against, Part, Report
from tests.field.contract.wire import (
    Events,
    in_choices,
    in_chunks,
    on_completions,
    on_embeddings,
    part,
    refusing,
    rewriting,
    where,
)

from sixgates.exchange import Request, Response
from sixgates.reference.mutants import (
    Document,
    asking,
    body_of,
    in_events,
    in_json,
    on_chat,
    on_plain,
    on_stream,
)
from sixgates.vectors import unpacked
from sixgates.verdict import Outcome

ADVISORY = Outcome.ADVISORY


def _stops(request: Request) -> list[str]:
    stops = body_of(request).get("stop") or []
    return [stops] if isinstance(stops, str) else stops


def _asks_stop(request: Request) -> bool:
    return on_plain(request) and bool(_stops(request))


def _cuts_out(request: Request, response: Response) -> Response:
    """Take the stop words out of the text, and write on."""

    def edit(choice: Document) -> None:
        text = choice["message"].get("content")
        for stop in _stops(request) if isinstance(text, str) else []:
            text = text.replace(stop, "")
        choice["message"]["content"] = text

    return in_choices(edit)(response)


def _half_a_stop(request: Request, response: Response) -> Response:
    """Send the first half of a stop word before the end of a stream."""

    def edit(events: Events) -> None:
        stop = next((each for each in _stops(request) if len(each) > 1), None)
        ended = next((e for e in events if e["choices"] and e["choices"][0]["finish_reason"] == "stop"), None)
        if stop is None or ended is None:
            return
        half = stop[: len(stop) // 2]
        choice = ended["choices"][0]
        if "text" in choice:
            choice["text"] = half
        else:
            choice["delta"] = {"content": half}

    return in_events(edit)(response)


def _half_in_whole(request: Request, response: Response) -> Response:
    def edit(choice: Document) -> None:
        stop = next((each for each in _stops(request) if len(each) > 1), None)
        if stop is not None and choice["finish_reason"] == "stop":
            choice["text"] = choice["text"] + stop[: len(stop) // 2]

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


def _one_short(choice: Document) -> None:
    logprobs = choice.get("logprobs")
    if isinstance(logprobs, dict) and logprobs["token_logprobs"][:1] == [None]:
        for name in ("tokens", "token_logprobs", "top_logprobs", "text_offset"):
            logprobs[name] = logprobs[name][1:]


def _generated_only(choice: Document) -> None:
    logprobs = choice.get("logprobs")
    if isinstance(logprobs, dict):
        for name in ("tokens", "token_logprobs", "top_logprobs", "text_offset"):
            logprobs[name] = logprobs[name][-1:]


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


def _as_numbers(document: Document) -> None:
    for entry in document["data"]:
        if isinstance(entry["embedding"], str):
            entry["embedding"] = list(unpacked(b64decode(entry["embedding"])))


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
        (Part(on_stream, against=_half_a_stop),),
        outcome=ADVISORY,
        checks=("params.stop.stream",),
    ),
    Report(
        "half-a-stop-word-in-legacy-streams",
        "mzau/mlx-knife#68",
        "the same in legacy streams",
        (Part(on_completions, against=_half_a_stop),),
        outcome=ADVISORY,
        checks=("completions.stop_clean",),
    ),
    Report(
        "half-a-stop-word-in-legacy-answers",
        "jundot/omlx#2386",
        "a legacy answer keeps the beginning of its stop word",
        (Part(on_completions, against=_half_in_whole),),
        outcome=ADVISORY,
        checks=("completions.stop_clean",),
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
    Report(
        "echo-logprobs-one-short",
        "mobilint/vllm-mblt#4",
        "with echo the first token of the prompt is missing from the logprobs",
        part(on_completions, in_choices(_one_short)),
        outcome=ADVISORY,
        checks=("completions.echo_logprobs",),
    ),
    Report(
        "echo-logprobs-of-the-answer-alone",
        "ggml-org/llama.cpp#27174",
        "with echo logprobs are given for the written tokens alone",
        part(where(on_completions, lambda body: body.get("echo")), in_choices(_generated_only)),
        outcome=ADVISORY,
        checks=("completions.echo_logprobs",),
    ),
    Report(
        "echo-ignored",
        "pegainfer-project/pegainfer#236",
        "echo is accepted and has no effect",
        (Part(on_completions, rewrite=asking(echo=None)),),
        checks=("capability.echo",),
    ),
    Report(
        "embeddings-never-base64",
        "lmstudio-ai/lmstudio-bug-tracker#756",
        "encoding_format base64 is not read",
        part(on_embeddings, in_json(_as_numbers)),
        outcome=ADVISORY,
        checks=("embeddings.base64_as_asked",),
    ),
    Report(
        "dimensions-ignored",
        "joonsoome/embed-rerank#8",
        "dimensions is accepted and has no effect",
        (Part(on_embeddings, rewrite=asking(dimensions=None)),),
        checks=("capability.dimensions",),
    ),
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
