"""Requests as the clients in use send them, each named after its client, headers and all.

The other probes ask for identity and keep to what the API needs, so that an answer can be read to the byte. These
offer codings and protocols, leave the limit out, and carry the tools that agents carry.
"""

from collections.abc import Mapping
from typing import Any

from sixgates.catalogue import EMBEDDINGS_PATH, MODEL, RESPONSES_PATH, Probe, Taken
from sixgates.coding import OFFER
from sixgates.exchange import Exchange
from sixgates.probes.chat import BASE, COUNTING, SDK_HEADERS, WITH_USAGE, saying, streamed
from sixgates.probes.embeddings import embeddings
from sixgates.probes.responses import TOOL
from sixgates.select import INTEGER, Unmet
from sixgates.views import ChatStream, members

HTTPX = (
    *(pair for pair in SDK_HEADERS if pair[0] != "Idempotency-Key"),
    ("Accept-Encoding", OFFER),
)
"""openai-python over httpx: what it offers where neither brotli nor zstandard is installed."""
NODE = (
    ("Accept", "*/*"),
    ("Accept-Encoding", OFFER),
    ("Accept-Language", "*"),
    ("Sec-Fetch-Mode", "cors"),
)
"""The fetch of Node, on which the Vercel AI SDK and LangChain.js stand."""
JDK = (
    ("Connection", "Upgrade, HTTP2-Settings"),
    ("HTTP2-Settings", "AAMAAABkAAQCAAAAAAIAAAAA"),
    ("Upgrade", "h2c"),
)
"""The JDK's client over plain HTTP, on which LangChain4j and Spring AI stand."""

chat_gzip = Probe("chat-gzip", body=BASE, headers=HTTPX, answered_by="http.content_coding.plain")
chat_stream_gzip = Probe(
    "chat-stream-gzip",
    body=streamed(saying(COUNTING, max_tokens=48)),
    headers=NODE,
    alone=True,
    answered_by="http.content_coding.stream",
)
missing_messages_gzip = Probe(
    "missing-messages-gzip",
    body={key: value for key, value in BASE.items() if key != "messages"},
    headers=HTTPX,
)
"""A refusal: proxies that write errors anew forget the label of the body that they replace."""
embeddings_gzip = Probe(
    "embeddings-gzip",
    path=EMBEDDINGS_PATH,
    body=embeddings.body,
    headers=HTTPX,
    answered_by="embeddings.content_coding",
)
chat_h2c = Probe("chat-h2c", body=saying(COUNTING), headers=JDK, answered_by="http.h2c_offer")

LARGE = 120_000
"""Bytes: more than the 100 KiB that Express takes by default, and not one token more than the prompt."""
STAYS_FOR = 530
"""Pieces of a stream: more than the smallest limits that servers set by themselves, up to 512 tokens."""

chat_stream_agent = Probe(
    "chat-stream-agent",
    body={
        "model": MODEL,
        "messages": [{"role": "user", "content": "Count from 1 to 1000, separated by commas."}],
        "temperature": 0,
        "seed": 7,
        **streamed(WITH_USAGE),
    },
    padded_to=LARGE,
    hang_up_after=STAYS_FOR,
    answered_by="http.large_body",
)
"""A turn of an agent: a large body without any limit on the answer, which is left when it is long enough."""

MORE = 8
"""How many tokens more than it wrote by itself a server is asked for."""


def written(stream: ChatStream) -> int:
    """How many tokens a stream has: as it counts them, else its pieces that say something."""
    counts = [chunk["usage"]["completion_tokens"].value for chunk in stream.chunks]
    return max((count for count in counts if INTEGER.holds(count)), default=len(pieces(stream)))


def pieces(stream: ChatStream) -> list[str]:
    """What a stream's first choice says, thoughts included, in order."""
    found: list[str] = []
    for entry in (entry for chunk in stream.chunks for entry in members(chunk["choices"])):
        values = [entry["delta"][name].value for name in ("reasoning_content", "reasoning", "content")]
        found += [text for text in values if isinstance(text, str) and text][:1]
    return found


def _with_a_limit(earlier: Exchange) -> Mapping[str, Any]:
    """The same request with a limit just above what was written before, if the server ended it by itself."""
    limit = 1
    try:
        if earlier.left is None and earlier.error is None:
            limit = written(ChatStream.of(earlier)) + MORE
            limit = limit if limit <= STAYS_FOR + MORE else 1
    except Unmet:  # refused: that a body in chunks is read shows all the same
        pass
    return {**earlier.request.asked, "max_tokens": Taken(limit)}


chat_stream_chunked = Probe(
    "chat-stream-chunked",
    after=chat_stream_agent,
    derive=_with_a_limit,
    headers=(("Transfer-Encoding", "chunked"),),
    answered_by="http.chunked_request",
)
"""Spring AI, Roo Code and proxies send bodies of unknown length; and what follows shows whether a server had cut."""

ZOD: Mapping[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {
        "id": {"type": "string", "minLength": 1, "pattern": r"\S"},
        "day": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
        "url": {"type": "string", "format": "uri"},
        "count": {"type": "integer", "exclusiveMinimum": 0, "maximum": 9007199254740991},
        "tags": {
            "type": "array",
            "items": {"type": "string", "pattern": "^[a-z0-9_-]+$"},
            "minItems": 1,
            "maxItems": 8,
        },
        "kind": {"type": "string", "const": "plan"},
        "note": {"type": ["string", "null"], "default": None},
    },
    "required": ["id"],
    "additionalProperties": False,
}
"""As zod writes it: its dialect named, patterns with and without anchors, in an array too, a constant, a default."""
PYDANTIC: Mapping[str, Any] = {
    "$defs": {
        "Unit": {"enum": ["celsius", "fahrenheit"], "title": "Unit", "type": "string"},
        "Place": {
            "properties": {
                "city": {"maxLength": 80, "title": "City", "type": "string"},
                "unit": {"anyOf": [{"$ref": "#/$defs/Unit"}, {"type": "null"}], "default": None},
            },
            "required": ["city"],
            "title": "Place",
            "type": "object",
        },
    },
    "properties": {
        "place": {"$ref": "#/$defs/Place"},
        "unit": {"$ref": "#/$defs/Unit", "default": "celsius"},
        "at": {"anyOf": [{"format": "date-time", "type": "string"}, {"type": "null"}], "default": None},
        "weights": {"additionalProperties": {"type": "number"}, "title": "Weights", "type": "object"},
    },
    "required": ["place"],
    "title": "Forecast",
    "type": "object",
}
"""As pydantic writes it: definitions and references, unions with null, free keys, titles."""


def _tool(name: str, parameters: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    declared = {"name": name, "description": f"Runs {name}.", "parameters": parameters}
    return {"type": "function", "function": {**declared, **more}}


tool_schemas_stream = Probe(
    "tool-schemas-stream",
    body={
        "model": MODEL,
        "messages": [{"role": "user", "content": "Say hello."}],
        "max_tokens": 16,
        "temperature": 0,
        "seed": 7,
        **streamed(WITH_USAGE),
        "tools": [
            _tool("create_plan", ZOD),
            _tool("forecast", PYDANTIC, strict=False),
            _tool("list_open_files", {}),
        ],
        "parallel_tool_calls": True,
    },
    capability="tools",
    answered_by="tools.def.schemas",
)
"""Tools as an agent has them: several, streamed, no choice among them, their schemas as two libraries write them."""

PATCH = {
    "type": "custom",
    "name": "apply_patch",
    "description": "Apply a patch.",
    "format": {"type": "grammar", "syntax": "lark", "definition": 'start: "*** Begin Patch" /.+/'},
}
response_agent_stream = Probe(
    "response-agent-stream",
    path=RESPONSES_PATH,
    headers=(("Accept", "text/event-stream"),),
    body={
        "model": MODEL,
        "instructions": "You are a coding agent.",
        "input": [
            {
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": "Say hello. Do not call any tool."}],
            }
        ],
        "tools": [TOOL, PATCH, {"type": "local_shell"}, {"type": "web_search"}],
        "tool_choice": "required",
        "parallel_tool_calls": False,
        "store": False,
        "stream": True,
        "include": [],
        "prompt_cache_key": "sixgates",
        "max_output_tokens": 64,
        "temperature": 0,
    },
    capability="tools",
)
"""A turn of Codex, but for the choice, which shows without the model's wit that the function is still there."""
