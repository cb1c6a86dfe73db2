"""The SDK's client reads the Responses API, whole, as a stream and by its stream helper."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sixgates.completion import asked_for_stream
from sixgates.exchange import Exchange
from sixgates.responses_view import DONE, TERMINAL, TEXT, FinalResponse, ResponseStream
from sixgates.select import Findings, Json
from sixgates.witness.held import Held, Said, plain
from sixgates.witness.reading import MODEL, compared, once
from sixgates.witness.replay import client

COUNTS = ("input_tokens", "output_tokens", "total_tokens")


@once
def responses(exchange: Exchange) -> Findings:
    """What `responses.create` loses, plain or streamed."""
    call = f"responses.create({'stream=True' if asked_for_stream(exchange.request) else ''})"
    yield from compared(call, expected(exchange), lambda: read(exchange))


@once
def responses_helper(exchange: Exchange) -> Findings:
    """What `responses.stream` loses of a stream."""
    yield from compared("responses.stream()", _streamed(exchange), lambda: read_helped(exchange))


def expected(exchange: Exchange) -> Held:
    """What an application should have of the bytes, plain or streamed; raises Unmet unless they show it."""
    return (_streamed if asked_for_stream(exchange.request) else _whole)(exchange)


def _whole(exchange: Exchange) -> Held:
    response = FinalResponse.of(exchange)
    calls = [_call(item) for item in response.items("function_call")]
    return _held(response, Said(response.text, calls, plain(response["status"])))


def _streamed(exchange: Exchange) -> Held:
    stream, response = ResponseStream.of(exchange), FinalResponse.of(exchange)
    deltas = (event["delta"].value for event in stream.named(TEXT))
    done = (event["item"] for event in stream.named(DONE))
    calls = [_call(item) for item in done if item["type"].value == "function_call"]
    text = "".join(delta for delta in deltas if isinstance(delta, str))
    return _held(response, Said(text, calls, plain(response["status"])))


def _held(response: FinalResponse, said: Said) -> Held:
    usage = response["usage"]
    return Held((said,), tuple(plain(usage[name]) for name in COUNTS) if usage.given else None)


def _call(item: Json) -> tuple[Any, Any, Any]:
    return plain(item["call_id"]), plain(item["name"]), plain(item["arguments"])


def _resource(exchange: Exchange) -> Any:
    from sixgates.witness.sdk import complete, openai

    complete(openai.types.responses.Response)
    return client(exchange).responses


def read(exchange: Exchange) -> Held:
    """What an application has of `responses.create`, plain or streamed."""
    return (_events if asked_for_stream(exchange.request) else _response)(exchange)


def _response(exchange: Exchange) -> Held:
    response = _resource(exchange).create(model=MODEL, input="")
    calls = [_called(item) for item in response.output if item.type == "function_call"]
    return Held((Said(response.output_text, calls, response.status),), _counts(response.usage))


def _events(exchange: Exchange) -> Held:
    said, usage = Said(), None
    events: Iterable[Any] = _resource(exchange).create(model=MODEL, input="", stream=True)
    for event in events:
        if event.type == TEXT:
            said.text += event.delta
        usage = _read(event, said) or usage
    return Held((said,), usage)


def read_helped(exchange: Exchange) -> Held:
    """What an application has of `responses.stream`."""
    said, usage = Said(), None
    texts: dict[tuple[int, int], str] = {}
    with _resource(exchange).stream(model=MODEL, input="") as stream:
        events: Iterable[Any] = stream
        for event in events:
            if event.type == TEXT:
                texts[event.output_index, event.content_index] = event.snapshot
            usage = _read(event, said) or usage
    said.text = "".join(texts.values())
    return Held((said,), usage)


def _read(event: Any, said: Said) -> tuple[Any, ...] | None:
    """Note what an event says beside text; the token counts, where it ends the response."""
    if event.type == DONE and event.item.type == "function_call":
        said.calls.append(_called(event.item))
    if event.type not in TERMINAL:
        return None
    said.finish = event.response.status
    return _counts(event.response.usage)


def _called(item: Any) -> tuple[Any, Any, Any]:
    return item.call_id, item.name, item.arguments


def _counts(usage: Any) -> tuple[Any, ...] | None:
    return None if usage is None else tuple(getattr(usage, name, None) for name in COUNTS)
