"""Legal places and forms of token counts."""

from __future__ import annotations

from tests.field.contract.legal import EACH_BUT_PYTHON_HELPER, legal
from tests.field.contract.report import Part
from tests.field.contract.wire import Events, in_usage

from sixgates.reference.mutants import (
    Document,
    in_events,
    in_json,
    on_chat,
    on_plain,
    on_stream,
    on_usage_stream,
)


def _one_empty_choice(events: Events) -> None:
    choice = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}
    events[-1]["choices"] = [choice]


def _empty_choice_without_role(events: Events) -> None:
    events[-1]["choices"] = [{"index": 0, "delta": {}, "finish_reason": None, "logprobs": None}]


def _in_the_finish(events: Events) -> Events:
    events[-2]["usage"] = events[-1]["usage"]
    return events[:-1]


def _in_x_groq(events: Events) -> Events:
    events[0]["x_groq"] = {"id": "req_01"}
    events[-2]["x_groq"] = {"id": "req_01", "usage": events[-1]["usage"]}
    return events[:-1]


def _in_both(events: Events) -> None:
    events[-2]["x_groq"] = {"id": "req_01", "usage": events[-1]["usage"]}


def _in_the_choice(events: Events) -> Events:
    events[-2]["choices"][0]["usage"] = events[-1]["usage"]
    return events[:-1]


def _first_and_last(events: Events) -> Events:
    head = {**events[-1], "usage": None, "choices": []}
    return [head, *events]


def _unasked(events: Events) -> None:
    if events[-1].get("choices"):
        events[-1]["usage"] = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}


def _thoughts_apart(usage: Document) -> None:
    usage["completion_tokens_details"] = {"reasoning_tokens": 386}
    usage["total_tokens"] += 386


def _thoughts_hidden(usage: Document) -> None:
    usage["total_tokens"] += 286


def _times(usage: Document) -> None:
    usage |= {"queue_time": 0.0182, "prompt_time": 0.0021, "completion_time": 0.44, "total_time": 0.46}


def _cost(usage: Document) -> None:
    usage |= {"cost": 0.00001, "is_byok": False, "cost_details": {"upstream_inference_cost": None}}


def _cache_hits(usage: Document) -> None:
    usage |= {"prompt_cache_hit_tokens": 0, "prompt_cache_miss_tokens": usage["prompt_tokens"]}
    usage["prompt_tokens_details"] = {"cached_tokens": 0}


def _details_null(usage: Document) -> None:
    usage |= {"prompt_tokens_details": None, "completion_tokens_details": None}


def _details_full(usage: Document) -> None:
    usage["prompt_tokens_details"] = {"cached_tokens": 0, "audio_tokens": 0, "text_tokens": 0}
    usage["completion_tokens_details"] = {
        "reasoning_tokens": 0,
        "audio_tokens": None,
        "accepted_prediction_tokens": None,
        "rejected_prediction_tokens": None,
    }
    usage["num_sources_used"] = 0


def _input_and_output_too(usage: Document) -> None:
    usage |= {"input_tokens": usage["prompt_tokens"], "output_tokens": usage["completion_tokens"]}


def _without_usage(document: Document) -> None:
    document.pop("usage", None)


REPORTS = (
    legal(
        "usage-beside-one-empty-choice",
        "rashidrazak/opencode-cmd-provider#213",
        "the usage of a stream stands beside one choice that adds nothing, as OpenRouter sends it",
        Part(on_usage_stream, in_events(_one_empty_choice)),
        read_by=EACH_BUT_PYTHON_HELPER,
    ),
    legal(
        "usage-beside-a-bare-choice",
        "found: LiteLLM in front of Ollama",
        "the usage of a stream stands beside one choice with an empty delta",
        Part(on_usage_stream, in_events(_empty_choice_without_role)),
    ),
    legal(
        "usage-in-the-finish-chunk",
        "moona3k/macparakeet#1087",
        "the usage of a stream stands in the chunk of the finish_reason, as DeepSeek sends it",
        Part(on_usage_stream, in_events(_in_the_finish)),
    ),
    legal(
        "usage-in-x-groq",
        "vercel/ai#1651",
        "the usage of a stream stands under x_groq in the finish chunk, where no client looks for counts",
        Part(on_usage_stream, in_events(_in_x_groq)),
    ),
    legal(
        "usage-in-x-groq-and-at-the-end",
        "vercel/ai#1651",
        "the usage stands under x_groq in the finish chunk, and in a last chunk without choices",
        Part(on_usage_stream, in_events(_in_both)),
    ),
    legal(
        "usage-in-the-choice",
        "source: ENTERPILOT/GoModel tests/contract/testdata/kimi",
        "the usage of a stream stands in the choice that finishes, as Moonshot's does, where no client looks",
        Part(on_usage_stream, in_events(_in_the_choice)),
    ),
    legal(
        "usage-null-in-an-empty-first-chunk",
        "diegosouzapw/OmniRoute#7136",
        "a chunk without choices keeps the stream alive before the first token",
        Part(on_stream, in_events(_first_and_last)),
    ),
    legal(
        "usage-unasked-in-the-finish-chunk",
        "moona3k/macparakeet#1087",
        "the finish chunk has usage though none was asked for",
        Part(on_stream, in_events(_unasked)),
    ),
    legal(
        "total-counts-thoughts-apart",
        "vercel/ai#12425",
        "reasoning_tokens are counted in the total and not in completion_tokens, as xAI does",
        Part(on_chat, in_usage(_thoughts_apart)),
    ),
    legal(
        "total-counts-hidden-thoughts",
        "Clarifai/clarifai-python#978",
        "the total counts thoughts that are told nowhere else, as Gemini does",
        Part(on_chat, in_usage(_thoughts_hidden)),
    ),
    legal(
        "usage-with-times",
        "source: ENTERPILOT/GoModel tests/contract/testdata/golden/groq",
        "usage holds times as fractions of a second",
        Part(on_chat, in_usage(_times)),
    ),
    legal(
        "usage-with-cost",
        "langchain-ai/langchain#35559",
        "usage holds a price, a flag and null, as OpenRouter does",
        Part(on_chat, in_usage(_cost)),
    ),
    legal(
        "usage-with-cache-hits",
        "moona3k/macparakeet#1087",
        "usage tells hits and misses of the cache, as DeepSeek does",
        Part(on_chat, in_usage(_cache_hits)),
    ),
    legal(
        "usage-details-null",
        "found: vLLM without --enable-prompt-tokens-details",
        "the details of usage are null",
        Part(on_chat, in_usage(_details_null)),
    ),
    legal(
        "usage-details-partly-null",
        "source: ENTERPILOT/GoModel tests/contract/testdata/golden/xai",
        "the details of usage have further members, and null where nothing was counted",
        Part(on_chat, in_usage(_details_full)),
    ),
    legal(
        "usage-in-both-dialects",
        "WorkflowAI/WorkflowAI#682",
        "usage has input_tokens and output_tokens beside the members of chat",
        Part(on_chat, in_usage(_input_and_output_too)),
    ),
    legal(
        "plain-answers-without-usage",
        "ddalcu/mlx-serve#287",
        "plain answers tell no usage: clients have the text, and no counts",
        Part(on_plain, in_json(_without_usage)),
    ),
)
"""Each with its form."""
