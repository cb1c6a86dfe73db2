"""Reports of legacy completions and of embeddings."""

from __future__ import annotations

from base64 import b64decode

from tests.field.contract.report import Part, Report
from tests.field.contract.wire import (
    half_a_stop,
    in_choices,
    on_completions,
    on_embeddings,
    part,
    stops_of,
    where,
)

from sixgates.exchange import Request, Response
from sixgates.reference.mutants import (
    Document,
    asking,
    in_json,
)
from sixgates.vectors import unpacked
from sixgates.verdict import Outcome

ADVISORY = Outcome.ADVISORY


def _half_in_whole(request: Request, response: Response) -> Response:
    def edit(choice: Document) -> None:
        stop = next((each for each in stops_of(request) if len(each) > 1), None)
        if stop is not None and choice["finish_reason"] == "stop":
            choice["text"] = choice["text"] + stop[: len(stop) // 2]

    return in_choices(edit)(response)


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


def _as_numbers(document: Document) -> None:
    for entry in document["data"]:
        if isinstance(entry["embedding"], str):
            entry["embedding"] = list(unpacked(b64decode(entry["embedding"])))


REPORTS = (
    Report(
        "half-a-stop-word-in-legacy-streams",
        "mzau/mlx-knife#68",
        "the same in legacy streams",
        (Part(on_completions, against=half_a_stop),),
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
)
"""Each with its corruption."""
