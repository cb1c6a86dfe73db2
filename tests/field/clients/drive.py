"""What a client for Python has of answers in the end; run by the interpreter of an environment that has the client.

`python drive.py CLIENT` reads a JSON list of jobs, each with `url` and `way`, from standard input, and writes a
list of what came: `{"raised": …}` or the fields that the application holds. Needs nothing but the client.
"""

from __future__ import annotations

import asyncio
import json
import sys
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from importlib.metadata import version
from typing import Any

ASKED: Any = [{"role": "user", "content": "What is played does not depend on this."}]
MODEL, KEY = "played", "none"
RETRIES = 1
Held = dict[str, Any]


def held(text: Any, calls: Any, finish: Any, usage: Any) -> Held:
    """A chat's fields: a list of each choice's text, calls and finish reason, and the three token counts."""
    return {"text": text, "calls": calls, "finish": finish, "usage": usage}


def counts(usage: Any, *names: str) -> list[Any] | None:
    """Token counts by attribute or key; None where there is no usage."""
    if usage is None:
        return None
    if isinstance(usage, Mapping):
        return [usage.get(name) for name in names]
    return [getattr(usage, name, None) for name in names]


OPENAI = ("prompt_tokens", "completion_tokens", "total_tokens")
RESPONSES = ("input_tokens", "output_tokens", "total_tokens")


def _called(call: Any) -> list[Any]:
    return [call.id, call.function.name, call.function.arguments]


def _whole(answer: Any) -> Held:
    choices = list(answer.choices)
    return held(
        [choice.message.content or "" for choice in choices],
        [[_called(call) for call in choice.message.tool_calls or ()] for choice in choices],
        [choice.finish_reason or None for choice in choices],
        counts(getattr(answer, "usage", None), *OPENAI),
    )


def _pieces(chunks: Any) -> Held:
    texts: dict[Any, str] = {}
    finish: dict[Any, Any] = {}
    calls: dict[Any, dict[Any, list[Any]]] = {}
    usage = None
    for chunk in chunks:
        usage = getattr(chunk, "usage", None) or usage
        for choice in chunk.choices:
            number = choice.index
            texts[number] = texts.get(number, "") + (choice.delta.content or "")
            finish[number] = finish.get(number) or choice.finish_reason or None
            gathered = calls.setdefault(number, {})
            for delta in choice.delta.tool_calls or ():
                call = gathered.setdefault(delta.index, [None, None, None])
                call[0] = call[0] or delta.id or None
                if delta.function is not None:
                    call[1] = call[1] or delta.function.name or None
                    if delta.function.arguments is not None:
                        call[2] = (call[2] or "") + delta.function.arguments
    return held(
        list(texts.values()),
        [list(each.values()) for each in calls.values()],
        list(finish.values()),
        counts(usage, *OPENAI),
    )


def openai(way: str, url: str) -> Held:
    """The official SDK as it is."""
    client = import_module("openai").OpenAI(base_url=url, api_key=KEY, max_retries=RETRIES)
    options = {"stream": True, "stream_options": {"include_usage": True}}
    match way:
        case "chat":
            return _whole(client.chat.completions.create(model=MODEL, messages=ASKED))
        case "chat-stream":
            return _pieces(client.chat.completions.create(model=MODEL, messages=ASKED, **options))
        case "legacy":
            answer = client.completions.create(model=MODEL, prompt="a")
            finish = [choice.finish_reason or None for choice in answer.choices]
            return held([choice.text for choice in answer.choices], [], finish, counts(answer.usage, *OPENAI))
        case "legacy-stream":
            return _legacy(client.completions.create(model=MODEL, prompt="a", **options))
        case "embeddings":
            data = client.embeddings.create(model=MODEL, input="a").data
            return {"vectors": [list(map(float, each.embedding)) for each in data]}
        case "models":
            return {"ids": [each.id for each in client.models.list()]}
        case "retrieve":
            return {"ids": [client.models.retrieve(MODEL).id]}
        case "responses":
            return _response(client.responses.create(model=MODEL, input="a"))
    return _events(client.responses.create(model=MODEL, input="a", stream=True))


def openai_helper(way: str, url: str) -> Held:
    """Its stream helpers."""
    library = import_module("openai")
    client = library.OpenAI(base_url=url, api_key=KEY, max_retries=RETRIES)
    if way.startswith("responses"):
        with client.responses.stream(model=MODEL, input="a") as stream:
            return _events(stream)  # get_final_response raises by design where the limit ended it
    with client.chat.completions.stream(model=MODEL, messages=ASKED) as stream:
        stream.until_done()
        try:
            return _whole(stream.get_final_completion())
        except (library.LengthFinishReasonError, library.ContentFilterFinishReasonError):
            return _whole(
                stream.current_completion_snapshot
            )  # by design there is no final one of what was cut


def _legacy(chunks: Any) -> Held:
    texts: dict[Any, str] = {}
    finish: dict[Any, Any] = {}
    usage = None
    for chunk in chunks:
        usage = chunk.usage or usage
        for choice in chunk.choices:
            texts[choice.index] = texts.get(choice.index, "") + choice.text
            finish[choice.index] = finish.get(choice.index) or choice.finish_reason or None
    return held(list(texts.values()), [], list(finish.values()), counts(usage, *OPENAI))


def _response(answer: Any) -> Held:
    calls = [
        [item.call_id, item.name, item.arguments] for item in answer.output if item.type == "function_call"
    ]
    return held([answer.output_text], [calls], [answer.status], counts(answer.usage, *RESPONSES))


def _events(events: Any) -> Held:
    text, calls, last = "", [], None
    for event in events:
        if event.type == "response.output_text.delta":
            text += event.delta
        if event.type == "response.output_item.done" and event.item.type == "function_call":
            calls.append([event.item.call_id, event.item.name, event.item.arguments])
        if event.type in {"response.completed", "response.incomplete", "response.failed"}:
            last = event.response
    usage = counts(last.usage, *RESPONSES) if last else None
    return held([text], [calls], [last.status if last else None], usage)


def litellm(way: str, url: str) -> Held:
    """The library, for a server that it does not know by name."""
    library = import_module("litellm")
    where = {"api_base": url, "api_key": KEY, "max_retries": RETRIES, "num_retries": 0, "timeout": 20}
    if way == "embeddings":
        answer = library.embedding(model=f"openai/{MODEL}", input=["a"], **where)
        return {"vectors": [list(map(float, each["embedding"])) for each in answer.data]}
    if way == "chat":
        return _whole(library.completion(model=f"openai/{MODEL}", messages=ASKED, **where))
    return _pieces(
        library.completion(
            model=f"openai/{MODEL}",
            messages=ASKED,
            stream=True,
            stream_options={"include_usage": True},
            **where,
        )
    )


def langchain(way: str, url: str) -> Held:
    """`ChatOpenAI` of langchain-openai, and its embeddings."""
    library = import_module("langchain_openai")
    where = {"base_url": url, "api_key": KEY, "max_retries": RETRIES, "model": MODEL}
    if way == "embeddings":
        return {
            "vectors": library.OpenAIEmbeddings(check_embedding_ctx_length=False, **where).embed_documents(
                ["a"]
            )
        }
    chat = library.ChatOpenAI(stream_usage=True, use_responses_api=way.startswith("responses"), **where)
    if not way.endswith("stream"):
        message = chat.invoke("a")
    else:
        pieces = list(chat.stream("a"))
        message = pieces[0]
        for piece in pieces[1:]:
            message += piece
    calls = [[call["id"], call["name"], json.dumps(call["args"])] for call in message.tool_calls]
    calls += [[call["id"], call["name"], call["args"]] for call in message.invalid_tool_calls]
    told = message.response_metadata
    finish = told.get("finish_reason") or told.get("status")
    return held([str(message.text)], [calls], [finish], counts(message.usage_metadata, *RESPONSES))


def pydantic_ai(way: str, url: str) -> Held:
    """The models of pydantic-ai, below its agents."""
    return asyncio.run(_pydantic_ai(way, url))


async def _pydantic_ai(way: str, url: str) -> Held:
    models = import_module("pydantic_ai.models.openai")
    messages = import_module("pydantic_ai.messages")
    parameters = import_module("pydantic_ai.models").ModelRequestParameters()
    client = import_module("openai").AsyncOpenAI(base_url=url, api_key=KEY, max_retries=RETRIES)
    provider = import_module("pydantic_ai.providers.openai").OpenAIProvider(openai_client=client)
    kind = models.OpenAIResponsesModel if way.startswith("responses") else models.OpenAIChatModel
    model = kind(MODEL, provider=provider)
    asked = [messages.ModelRequest(parts=[messages.UserPromptPart("a")])]
    async with client:
        if way.endswith("stream"):
            async with model.request_stream(asked, None, parameters) as stream:
                async for _ in stream:
                    pass
                answer = stream.get()
        else:
            answer = await model.request(asked, None, parameters)
    calls = [
        [part.tool_call_id, part.tool_name, part.args_as_json_str()]
        for part in answer.parts
        if isinstance(part, messages.ToolCallPart)
    ]
    finish = (answer.provider_details or {}).get("finish_reason")
    if way.startswith("responses") and finish in {"max_output_tokens", "content_filter"}:
        finish = "incomplete"  # it says the reason instead
    usage = [answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.total_tokens]
    return held([answer.text or ""], [calls], [finish], usage)


WAYS = (
    *("chat", "chat-stream", "legacy", "legacy-stream", "embeddings", "models", "retrieve"),
    *("responses", "responses-stream"),
)
CLIENTS: dict[str, tuple[Callable[[str, str], Held], str, tuple[str, ...]]] = {
    "openai-python": (openai, "openai", WAYS),
    "openai-python helper": (openai_helper, "openai", ("chat-stream", "responses-stream")),
    "langchain-openai": (
        langchain,
        "langchain-openai",
        ("chat", "chat-stream", "embeddings", "responses", "responses-stream"),
    ),
    "litellm": (litellm, "litellm", ("chat", "chat-stream", "embeddings")),
    "pydantic-ai": (
        pydantic_ai,
        "pydantic-ai-slim",
        ("chat", "chat-stream", "responses", "responses-stream"),
    ),
}
"""Each client with its distribution and the ways in which it is asked."""


def ask(client: str, way: str, url: str) -> Held | None:
    """What a client has of one answer; None for a way that it does not have."""
    read, _, ways = CLIENTS[client]
    if way not in ways:
        return None
    try:
        return read(way, url)
    except Exception as problem:  # noqa: BLE001 - whatever a client raises, its user gets it
        return {"raised": f"{type(problem).__name__}: {problem}"}


def drive(client: str, jobs: list[Mapping[str, str]]) -> Held:
    """The client's version, and what it makes of each job."""
    ask(client, "chat", "http://127.0.0.1:9/v1")  # imports are not for several threads at once
    with ThreadPoolExecutor(6) as pool:
        came = list(pool.map(lambda job: ask(client, job["way"], job["url"]), jobs))
    return {"version": version(CLIENTS[client][1]), "came": came}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    written, sys.stdout = sys.stdout, sys.stderr  # some clients print
    written.write(json.dumps(drive(sys.argv[1], json.load(sys.stdin)), default=repr))
