"""What a streamed chat completion should be, and what its optional keys may hold: as asked of a plain one."""

from sixgates.catalogue import MAY, SHOULD, check
from sixgates.checks.chat_shape import NOTHING, SPEC_MESSAGE, asked_model
from sixgates.checks.chat_shape_optional import CONTROL_TOKEN, EMPTY_ARRAY
from sixgates.checks.chat_stream import SPEC
from sixgates.checks.chat_stream_framing import STREAMS, TEXT_STREAMS
from sixgates.exchange import Finding
from sixgates.probes.chat import chat_stream
from sixgates.probes.tools import tool_none_stream
from sixgates.select import OBJECT, STRING, Findings, shown
from sixgates.views import ChatStream


@check(
    "chat.stream.model_echo",
    SHOULD,
    probe=chat_stream,
    evidence=[SPEC, "BerriAI/litellm#15141", "microsoft/foundry-local#144"],
)
def streams_name_the_model(stream: ChatStream) -> Findings:
    """A stream names its model without a prefix that only the server's inside knows."""
    model, asked = stream.completion_chunks[0]["model"], asked_model(stream.reply)
    if isinstance(model.value, str) and model.value.endswith(f"/{asked}"):
        yield model.finding(f"{asked}, or the snapshot that it stands for")


@check("chat.stream.tool_calls_absent", SHOULD, each=TEXT_STREAMS, evidence=["vercel/ai#1865"])
def no_calls_without_tools(stream: ChatStream) -> Findings:
    """Without tools in the request, no delta has `tool_calls` other than null or an empty array."""
    for entry in stream.entries:
        yield from entry["delta"]["tool_calls"].unlike(NOTHING | EMPTY_ARRAY)


@check(
    "chat.stream.no_template_leak",
    SHOULD,
    each=[*TEXT_STREAMS, tool_none_stream],
    evidence=["smg-project/smg#2203", "vllm-project/vllm#51697"],
)
def no_control_tokens(stream: ChatStream) -> Findings:
    """The streamed content holds no control token of a chat template, such as <|im_end|> or [INST]."""
    for choice in stream.choices:
        leaked = CONTROL_TOKEN.search(choice.text)
        if leaked:
            yield Finding("content", f"text without {leaked.group()}", shown(choice.text))


@check(
    "chat.stream.extra_fields_namespaced",
    MAY,
    each=STREAMS,
    evidence=[SPEC_MESSAGE, "agentscope-ai/QwenPaw#3560"],
)
def standard_keys_keep_their_types(stream: ChatStream) -> Findings:
    """What a vendor adds to chunks does not reuse an optional standard key for another type."""
    for chunk in stream.chunks:
        yield from chunk["system_fingerprint"].unlike(STRING | NOTHING)
        yield from chunk["usage"].unlike(OBJECT | NOTHING)
    for entry in stream.entries:
        yield from entry["logprobs"].unlike(OBJECT | NOTHING)
        yield from entry["delta"]["refusal"].unlike(STRING | NOTHING)
        yield from entry["delta"]["function_call"].unlike(OBJECT | NOTHING)
