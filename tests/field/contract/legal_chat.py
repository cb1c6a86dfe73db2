"""Legal forms of plain answers, their calls included, and of the chunks in which calls are streamed."""

from __future__ import annotations

from typing import Any

from tests.field.contract.legal import legal
from tests.field.contract.report import Part
from tests.field.contract.wire import Events, in_choices, in_chunks, in_messages

from sixgates.exchange import Response
from sixgates.reference.mutants import Document, Edit, in_events, in_json, on_chat, on_plain, on_tool_stream


def _everywhere(plain: Any) -> Edit:
    """A change of each whole answer, and of each chunk."""

    def of_all(events: Events) -> None:
        for event in events:
            plain(event)

    whole, streamed = in_json(plain), in_events(of_all)
    return lambda response: streamed(whole(response))


def _updating(**members: Any) -> Any:
    return lambda document: document.update(members)


def _nulls_in_messages(message: Document) -> None:
    for name in ("function_call", "audio", "annotations", "reasoning_content", "reasoning", "tool_calls"):
        message.setdefault(name, None)


def _bare_message(message: Document) -> None:
    message.pop("refusal", None)


def _members_of_vllm(choice: Document) -> None:
    choice |= {"stop_reason": None, "token_ids": None, "routed_experts": None}


def _document_of_vllm(document: Document) -> None:
    document |= dict.fromkeys(("prompt_logprobs", "prompt_token_ids", "kv_transfer_params", "service_tier"))


def _filters(document: Document) -> None:
    safe = {"hate": {"filtered": False, "severity": "safe"}}
    document["prompt_filter_results"] = [{"prompt_index": 0, "content_filter_results": safe}]
    for choice in document["choices"]:
        choice["content_filter_results"] = safe


def _without_logprobs(choice: Document) -> None:
    if choice.get("logprobs") is None:
        choice.pop("logprobs", None)


def _snapshot(document: Document) -> None:
    document["model"] = f"{document['model']}-2024-08-06"


def _calls_numbered(message: Document) -> None:
    for number, call in enumerate(message.get("tool_calls") or []):
        call["index"] = number


def _no_content_beside_calls(message: Document) -> None:
    if message.get("tool_calls") and not message.get("content"):
        message.pop("content", None)


def _content_empty_beside_calls(message: Document) -> None:
    if message.get("tool_calls"):
        message["content"] = message.get("content") or ""


def _no_calls(message: Document) -> None:
    message.setdefault("tool_calls", [])


def _calls_renamed(form: str) -> Edit:
    """Ids of calls as another server writes them, in whole answers and in streams."""

    def change(holder: Document) -> None:
        for call in holder.get("tool_calls") or []:
            if call.get("id"):
                number = call["id"].rpartition("_")[2]
                call["id"] = form.format(number=int(number) if number.isdecimal() else 7)

    whole, streamed = in_messages(change), in_chunks(lambda choice: change(choice["delta"]))

    def edit(response: Response) -> Response:
        return streamed(whole(response))

    return edit


def _calls_in_one_chunk(events: Events) -> Events:
    """Each call whole in one chunk, the pieces of its arguments joined."""
    kept: Events = []
    calls: dict[int, Document] = {}
    for event in events:
        pieces = event["choices"][0]["delta"].get("tool_calls") if event["choices"] else None
        for piece in pieces or []:
            if piece["index"] in calls:
                calls[piece["index"]]["function"]["arguments"] += piece["function"]["arguments"]
            else:
                calls[piece["index"]] = piece
                kept.append(event)
        if not pieces:
            kept.append(event)
    return kept


def _all_calls_in_one_chunk(events: Events) -> Events:
    """All calls of a turn in the delta of one chunk."""
    kept: Events = []
    first: Document | None = None
    for event in _calls_in_one_chunk(events):
        delta = event["choices"][0]["delta"] if event["choices"] else {}
        if first is not None and delta.get("tool_calls"):
            first["tool_calls"] += delta["tool_calls"]
            continue
        first = delta if delta.get("tool_calls") else first
        kept.append(event)
    return kept


def _nulls_in_later_pieces(choice: Document) -> None:
    for piece in choice["delta"].get("tool_calls") or []:
        if "id" not in piece:
            piece |= {"id": None, "type": "function"}
            piece["function"].setdefault("name", None)


def _opens(before: Document, piece: Document) -> bool:
    """Whether the piece before named a call and had none of its arguments."""
    return bool(before.get("id")) and "id" not in piece and before["function"]["arguments"] == ""


def _arguments_in_the_opening(events: Events) -> Events:
    """The chunk that names a call has the first piece of its arguments."""
    kept: Events = []
    for event in events:
        pieces = event["choices"][0]["delta"].get("tool_calls") if event["choices"] else None
        before = kept[-1]["choices"][0]["delta"].get("tool_calls") if kept and kept[-1]["choices"] else None
        if pieces and before and _opens(before[0], pieces[0]):
            before[0]["function"]["arguments"] = pieces[0]["function"]["arguments"]
        else:
            kept.append(event)
    return kept


REPORTS = (
    legal(
        "fingerprint-null-and-tier-of-groq",
        "source: ENTERPILOT/GoModel tests/contract/testdata/golden/groq",
        "system_fingerprint is null, service_tier is on_demand, x_groq has an id",
        Part(
            on_chat,
            _everywhere(_updating(system_fingerprint=None, service_tier="on_demand", x_groq={"id": "r"})),
        ),
    ),
    legal(
        "tier-newer-than-the-list",
        "ndycode/codex-multi-auth#686",
        "service_tier is a word that the specification has not yet",
        Part(on_chat, _everywhere(_updating(service_tier="standard"))),
    ),
    legal(
        "stats-of-lm-studio",
        "lmstudio-ai/lmstudio-bug-tracker#601",
        "answers have an empty stats and the model's name as system_fingerprint",
        Part(on_chat, _everywhere(_updating(stats={}, system_fingerprint="reference"))),
    ),
    legal(
        "citations-of-perplexity",
        "BerriAI/litellm#13777",
        "answers have citations and search_results beside their choices",
        Part(
            on_chat, _everywhere(_updating(citations=["https://a.example"], search_results=[{"title": "A"}]))
        ),
    ),
    legal(
        "timings-of-llama-cpp",
        "ggml-org/llama.cpp#10917",
        "plain answers have timings and a build number as system_fingerprint",
        Part(on_plain, in_json(_updating(timings={"prompt_ms": 31.2}, system_fingerprint="b9465-23e6dab86"))),
    ),
    legal(
        "nulls-in-messages",
        "vllm-project/vllm#4795",
        "messages hold null for what they have not: function_call, audio, annotations, tool_calls, reasoning_content",
        Part(on_plain, in_messages(_nulls_in_messages)),
    ),
    legal(
        "no-calls-in-messages",
        "found: recordings of vLLM",
        "messages of text hold tool_calls as an empty array, as older versions of vLLM do",
        Part(on_plain, in_messages(_no_calls)),
    ),
    legal(
        "no-refusal-in-messages",
        "mlcommons/endpoints#133",
        "messages have no refusal, as llama.cpp's have none",
        Part(on_plain, in_messages(_bare_message)),
    ),
    legal(
        "members-of-vllm",
        "vllm-project/vllm#7453",
        "answers and choices have members of vLLM's own that are null",
        Part(on_plain, lambda response: in_json(_document_of_vllm)(in_choices(_members_of_vllm)(response))),
    ),
    legal(
        "filters-of-azure",
        "microsoft/autogen#6465",
        "plain answers have prompt_filter_results and content_filter_results",
        Part(on_plain, in_json(_filters)),
    ),
    legal(
        "no-logprobs-where-none-were-asked-for",
        "Mintplex-Labs/anything-llm#1475",
        "choices have no logprobs where none were asked for",
        Part(on_plain, in_choices(_without_logprobs)),
    ),
    legal(
        "answered-by-a-snapshot",
        "dongri/openai-api-rs#186",
        "answers name the dated model that stands behind the name that was asked for, as OpenAI's do",
        Part(on_chat, _everywhere(_snapshot)),
    ),
    legal(
        "calls-numbered-in-plain-answers",
        "found: tool calls of DeepSeek and Mistral",
        "the calls of a plain answer have an index, as DeepSeek's and Mistral's have",
        Part(on_plain, in_messages(_calls_numbered)),
    ),
    legal(
        "no-content-beside-calls",
        "softwaremill/sttp-ai#338",
        "messages with calls have no content, as Gemini's have none",
        Part(on_plain, in_messages(_no_content_beside_calls)),
    ),
    legal(
        "content-empty-beside-calls",
        "vllm-project/vllm-ascend#14501",
        "messages with calls have an empty content",
        Part(on_plain, in_messages(_content_empty_beside_calls)),
    ),
    legal(
        "call-ids-of-mistral",
        "vllm-project/vllm#5649",
        "ids of calls are nine letters",
        Part(on_chat, _calls_renamed("aBc{number:06d}")),
    ),
    legal(
        "call-ids-of-kimi",
        "source: ENTERPILOT/GoModel tests/contract/testdata/kimi",
        "ids of calls are the function's name and a number",
        Part(on_chat, _calls_renamed("functions.get_weather:{number}")),
    ),
    legal(
        "call-ids-of-anthropic",
        "found: Claude behind a gateway",
        "ids of calls start with toolu_, as a gateway in front of Claude passes them on",
        Part(on_chat, _calls_renamed("toolu_01{number:022d}")),
    ),
    legal(
        "call-whole-in-one-chunk",
        "ollama/ollama#13581",
        "a streamed call comes whole in one chunk, as Ollama, Mistral and Gemini send it",
        Part(on_tool_stream, in_events(_calls_in_one_chunk)),
    ),
    legal(
        "calls-together-in-one-chunk",
        "huggingface/huggingface.js#1512",
        "all calls of a turn come in one delta",
        Part(on_tool_stream, in_events(_all_calls_in_one_chunk)),
    ),
    legal(
        "arguments-in-the-opening-of-a-call",
        "huggingface/huggingface.js#1512",
        "the chunk that names a call has the first of its arguments",
        Part(on_tool_stream, in_events(_arguments_in_the_opening)),
    ),
    legal(
        "nulls-in-later-pieces-of-a-call",
        "sgl-project/sglang#35542",
        "later pieces of a call have null as id and name, as SGLang sends them",
        Part(on_tool_stream, in_chunks(_nulls_in_later_pieces)),
    ),
)
"""Each with its form."""
