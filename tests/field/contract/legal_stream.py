"""Legal forms of the chunks of a streamed answer."""

from __future__ import annotations

from collections.abc import Callable

from tests.field.contract.legal import EACH_BUT_PYTHON_HELPER, legal
from tests.field.contract.report import Part
from tests.field.contract.wire import Events, in_chunks

from sixgates.reference.mutants import Document, in_events, on_stream

_SAFE = {"filtered": False, "severity": "safe"}
_FILTERED = {"hate": _SAFE, "self_harm": _SAFE, "sexual": _SAFE, "violence": _SAFE}


def _prompt_filtered(events: Events) -> Events:
    first = {
        "id": "",
        "object": "",
        "created": 0,
        "model": "",
        "system_fingerprint": None,
        "choices": [],
        "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": _FILTERED}],
    }
    return [first, *events]


def _filtered(choice: Document) -> None:
    choice["content_filter_results"] = _FILTERED if choice["delta"].get("content") else {}


def _padded(events: Events) -> None:
    for number, event in enumerate(events):
        event |= {"service_tier": "default", "system_fingerprint": "fp_1", "obfuscation": "x" * (number % 9)}


def _nulls_in_deltas(choice: Document) -> None:
    absent = dict.fromkeys(("refusal", "function_call", "tool_calls", "audio", "reasoning_content"))
    choice["delta"] = {**absent, **choice["delta"]}


def _no_calls_in_deltas(choice: Document) -> None:
    choice["delta"].setdefault("tool_calls", [])


def _role_in_each(choice: Document) -> None:
    choice["delta"]["role"] = "assistant"


def _content_null_first(choice: Document) -> None:
    if choice["delta"].get("role") and choice["delta"].get("content") == "":
        choice["delta"]["content"] = None


def _content_absent_first(choice: Document) -> None:
    if choice["delta"].get("role") and not choice["delta"].get("content"):
        choice["delta"].pop("content", None)


def _content_empty_in_the_finish(choice: Document) -> None:
    if choice["finish_reason"]:
        choice["delta"] = {"content": ""}


def _members_of_vllm(choice: Document) -> None:
    choice |= {"stop_reason": None, "token_ids": None}


def _members_of_openrouter(events: Events) -> None:
    for event in events:
        event["provider"] = "Azure"
        for choice in event["choices"]:
            choice["native_finish_reason"] = choice["finish_reason"]
            choice["delta"].setdefault("reasoning", None)


def _without_what_is_null(choice: Document) -> None:
    choice.pop("logprobs", None)
    if choice["finish_reason"] is None:
        del choice["finish_reason"]


def _idle_deltas(events: Events) -> Events:
    idle = {**events[1], "choices": [{"index": 0, "delta": {}, "finish_reason": None}]}
    return [events[0], idle, events[1], idle, idle, *events[2:]] if len(events) > 2 else events


def _text_of(event: Document) -> str | None:
    delta = event["choices"][0]["delta"] if event.get("choices") else {}
    return delta.get("content") if set(delta) == {"content"} else None


def _with_text(event: Document, text: str) -> Document:
    choice = {**event["choices"][0], "delta": {"content": text}, "logprobs": None}
    return {**event, "choices": [choice]}


def _several_tokens_at_once(events: Events) -> Events:
    """Three tokens a chunk where no log probabilities were asked for; the choices of `n: 2` stay as they are."""
    if any(choice.get("logprobs") or choice["index"] for event in events for choice in event["choices"]):
        return events
    joined: Events = []
    for number, event in enumerate(events):
        text, before = _text_of(event), _text_of(joined[-1]) if joined else None
        if text and before and number % 3:
            joined[-1] = _with_text(joined[-1], before + text)
        else:
            joined.append(event)
    return joined


def _text_in_the_finish(events: Events) -> Events:
    """The last piece of text comes with the finish_reason."""
    merged: Events = []
    for event in events:
        finish = event["choices"][0]["finish_reason"] if event["choices"] else None
        text = _text_of(merged[-1]) if merged else None
        if finish and text and event["choices"][0]["index"] == merged[-1]["choices"][0]["index"]:
            merged[-1]["choices"][0]["finish_reason"] = finish
        else:
            merged.append(event)
    return merged


def _role_and_text_at_once(events: Events) -> Events:
    """No opening chunk: the role comes with the first text."""
    first, second, *others = events
    if not _text_of(second) or first["choices"][0]["delta"].get("content") != "":
        return events
    second["choices"][0]["delta"]["role"] = "assistant"
    return [second, *others]


def _id_of(form: str) -> Callable[[Events], None]:
    def change(events: Events) -> None:
        number = events[0]["id"].rpartition("-")[2]
        for event in events:
            event["id"] = form.format(number=number)

    return change


def _timed(events: Events) -> None:
    for event in events:
        event["timings"] = {"prompt_ms": 31.2, "predicted_per_second": 44.1}


REPORTS = (
    legal(
        "first-chunk-of-a-prompt-filter",
        "AbanteAI/archive-old-cli-mentat#429",
        "a first chunk with prompt_filter_results has no choice, and its other members are empty, as on Azure",
        Part(on_stream, in_events(_prompt_filtered)),
    ),
    legal(
        "content-filter-results-in-choices",
        "rksm/org-ai#90",
        "each choice has content_filter_results, as on Azure",
        Part(on_stream, in_chunks(_filtered)),
    ),
    legal(
        "obfuscation-and-tier-in-chunks",
        "ENTERPILOT/GoModel#46",
        "each chunk has obfuscation, service_tier and system_fingerprint, as OpenAI's own",
        Part(on_stream, in_events(_padded)),
    ),
    legal(
        "nulls-in-deltas",
        "vllm-project/guidellm#752",
        "deltas hold null for what they do not add: tool_calls, function_call, refusal, reasoning_content",
        Part(on_stream, in_chunks(_nulls_in_deltas)),
    ),
    legal(
        "no-calls-in-deltas",
        "rashidrazak/opencode-cmd-provider#213",
        "deltas of text hold tool_calls as an empty array",
        Part(on_stream, in_chunks(_no_calls_in_deltas)),
    ),
    legal(
        "role-in-each-delta",
        "karthink/gptel#592",
        "each delta names the role, as DeepSeek's on Aliyun and Ollama's do",
        Part(on_stream, in_chunks(_role_in_each)),
        read_by=EACH_BUT_PYTHON_HELPER,
    ),
    legal(
        "content-null-in-the-first-delta",
        "ggml-org/llama.cpp#24013",
        "the first delta has the role and null as content",
        Part(on_stream, in_chunks(_content_null_first)),
    ),
    legal(
        "no-content-in-the-first-delta",
        "sashabaranov/go-openai#448",
        "the first delta has the role alone",
        Part(on_stream, in_chunks(_content_absent_first)),
    ),
    legal(
        "content-empty-in-the-finish",
        "source: ENTERPILOT/GoModel tests/contract/testdata/kimi",
        "the chunk of the finish_reason has an empty content",
        Part(on_stream, in_chunks(_content_empty_in_the_finish)),
    ),
    legal(
        "stop-reason-in-choices",
        "foundation-model-stack/fms-guardrails-orchestrator#515",
        "choices have stop_reason and token_ids that are null, as vLLM's do",
        Part(on_stream, in_chunks(_members_of_vllm)),
    ),
    legal(
        "provider-in-chunks",
        "langchain-ai/langchain#35559",
        "chunks name a provider, choices a native_finish_reason, deltas a reasoning that is null, as on OpenRouter",
        Part(on_stream, in_events(_members_of_openrouter)),
    ),
    legal(
        "timings-in-chunks",
        "ggml-org/llama.cpp#10917",
        "chunks have timings, as llama.cpp's do",
        Part(on_stream, in_events(_timed)),
    ),
    legal(
        "no-nulls-in-choices",
        "Mintplex-Labs/anything-llm#1475",
        "choices leave out finish_reason and logprobs where they would be null",
        Part(on_stream, in_chunks(_without_what_is_null)),
    ),
    legal(
        "empty-deltas",
        "diegosouzapw/OmniRoute#7136",
        "deltas that add nothing come between the others",
        Part(on_stream, in_events(_idle_deltas)),
    ),
    legal(
        "several-tokens-in-a-chunk",
        "ggml-org/llama.cpp#24013",
        "a chunk holds several tokens, as where drafts are accepted or a proxy collects them",
        Part(on_stream, in_events(_several_tokens_at_once)),
    ),
    legal(
        "text-in-the-finish-chunk",
        "vllm-project/vllm#36944",
        "the last text comes in the chunk of the finish_reason, as vLLM sends it",
        Part(on_stream, in_events(_text_in_the_finish)),
    ),
    legal(
        "role-beside-the-first-text",
        "ollama/ollama#4357",
        "the role comes beside the first text, without a chunk of its own",
        Part(on_stream, in_events(_role_and_text_at_once)),
    ),
    legal(
        "ids-without-a-prefix",
        "guoqingbao/xinfer#384",
        "ids of answers are bare words",
        Part(on_stream, in_events(_id_of("seq-{number}"))),
    ),
    legal(
        "ids-of-openrouter",
        "langchain-ai/langchain#35559",
        "ids of answers are a time and letters",
        Part(on_stream, in_events(_id_of("gen-1751500000-{number}aBcD"))),
    ),
)
"""Each with its form."""
