"""What the official SDK makes of a server, as JSON; run by interpreters with openai 2.x and 3.x.

Usage: sdk_client.py BASE_URL MODEL. Needs nothing but the `openai` package.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import openai

ASKED: list[Any] = [{"role": "user", "content": "Say hi and tell me one short story."}]
TOOL: Any = {
    "type": "function",
    "function": {
        "name": "ping",
        "parameters": {"type": "object", "properties": {"to": {"type": "string", "enum": ["here"]}}},
    },
}


def look(base_url: str, model: str) -> dict[str, Any]:
    """Models, a plain answer, a stream (raw and by the helper), a tool call, a refusal, and the other endpoints."""
    client = openai.OpenAI(base_url=base_url, api_key="sk-none", max_retries=0, timeout=20)
    chat = client.chat.completions
    plain = chat.create(model=model, messages=ASKED, max_tokens=16)
    pieces = list(
        chat.create(
            model=model, messages=ASKED, max_tokens=16, stream=True, stream_options={"include_usage": True}
        )
    )
    # The helper raises by design on an answer that the token limit cut, so this one stops by itself.
    with chat.stream(model=model, messages=ASKED, stop=[" the sailor"]) as stream:
        helped = stream.get_final_completion()
    called = chat.create(model=model, messages=ASKED, tools=[TOOL], tool_choice="required")
    calls: Any = called.choices[0].message.tool_calls
    call = calls[0] if calls else None
    usage = pieces[-1].usage
    return {
        "version": openai.__version__,
        "models": [entry.id for entry in client.models.list()],
        "plain": plain.choices[0].message.content,
        "stream": "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices),
        "helper": helped.choices[0].message.content,
        "usage": usage and usage.total_tokens,
        "call": [call.function.name, json.loads(call.function.arguments)] if call else None,
        "refusal": refusal(client),
        "embeddings": embeddings(client, model),
        "completions": completions(client, model),
        "responses": responses(client, model),
    }


def embeddings(client: openai.OpenAI, model: str) -> list[Any]:
    """How long the vectors of a batch are, and whether base64, which the SDK asks for by itself, is as exact."""
    texts = ["A red boat", "The sea is calm today."]
    packed = client.embeddings.create(model=model, input=texts)
    plain = client.embeddings.create(model=model, input=texts, encoding_format="float")
    vectors = [entry.embedding for entry in packed.data]
    return [[len(each) for each in vectors], vectors == [entry.embedding for entry in plain.data]]


def completions(client: openai.OpenAI, model: str) -> list[str]:
    """The same text twice, whole and as a stream."""
    plain = client.completions.create(model=model, prompt="Once", max_tokens=4)
    stream = client.completions.create(model=model, prompt="Once", max_tokens=4, stream=True)
    return [plain.choices[0].text, "".join(piece.choices[0].text for piece in stream)]


def responses(client: openai.OpenAI, model: str) -> list[Any]:
    """A text whole, as the deltas of a stream, and again by its id; a call as the helper gathers it from events."""
    asked: Any = {"model": model, "input": "Say hi and tell me one short story.", "max_output_tokens": 16}
    whole = client.responses.create(**asked)
    events = list(client.responses.create(**asked, stream=True))
    after = client.responses.create(**asked, previous_response_id=whole.id)
    tool: Any = {"type": "function", "name": "ping", "parameters": TOOL["function"]["parameters"]}
    with client.responses.stream(
        model=model, input="Hi", tools=[tool], tool_choice="required", max_output_tokens=64
    ) as stream:
        called = stream.get_final_response()
    call: Any = called.output[0]
    return [
        whole.output_text,
        "".join(event.delta for event in events if event.type == "response.output_text.delta"),
        after.usage and whole.usage and after.usage.input_tokens > whole.usage.input_tokens,
        [call.name, json.loads(call.arguments)],
    ]


def refusal(client: openai.OpenAI) -> list[str]:
    """The exception that an unknown model raises, and whether the server's message reaches it."""
    try:
        client.chat.completions.create(model="no-such-model", messages=ASKED)
    except openai.APIStatusError as problem:
        return [type(problem).__name__, str(problem.code)]
    return ["none", ""]


if __name__ == "__main__":
    print(json.dumps(look(sys.argv[1], sys.argv[2])))
