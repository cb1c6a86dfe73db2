"""Reports of text that does not arrive as it was written."""

from __future__ import annotations

import json
from dataclasses import replace

from tests.field.contract.report import Report
from tests.field.contract.wire import on_completions, on_responses, part, where

from sixgates.exchange import Chunk, Request, Response
from sixgates.reference.mutants import Applies, Edit, on_chat, on_plain, on_stream

HIGH, LOW = "\\ud83d", "\\ude00"
"""An emoji as JSON escapes it, in two halves."""


def _ascii(response: Response) -> Response:
    """The same JSON with every character beyond ASCII escaped."""
    chunks = []
    for chunk in response.chunks:
        text = chunk.data.decode()
        _, _, rest = text.partition("data: ") if text.startswith(("data: ", "event: ")) else ("", "", text)
        try:
            escaped = json.dumps(json.loads(rest))
        except ValueError:
            chunks.append(chunk)
            continue
        prefix = text[: len(text) - len(rest)]
        chunks.append(Chunk(f"{prefix}{escaped}{'' if not prefix else chr(10) * 2}".encode(), chunk.at))
    return replace(response, chunks=tuple(chunks))


def _spliced(*members: str) -> Edit:
    """Put an emoji into the texts, its halves into two deltas that follow each other."""

    def edit(response: Response) -> Response:
        escaped = _ascii(response)
        chunks = list(escaped.chunks)
        places = [
            number
            for number, chunk in enumerate(chunks)
            if any(_opening(chunk.data, name) is not None for name in members)
        ]
        for number, half in zip(places[-2:], (HIGH, LOW), strict=False):
            chunks[number] = replace(chunks[number], data=_prefixed(chunks[number].data, members, half))
        return replace(escaped, chunks=tuple(chunks))

    return edit


def _opening(data: bytes, name: str) -> int | None:
    mark = f'"{name}": "'.encode()
    at = data.find(mark)
    if at < 0 or data[at + len(mark) : at + len(mark) + 1] == b'"':
        return None
    return at + len(mark)


def _prefixed(data: bytes, members: tuple[str, ...], half: str) -> bytes:
    for name in members:
        at = _opening(data, name)
        if at is not None:
            return data[:at] + half.encode() + data[at:]
    return data


def _halved(*members: str) -> Edit:
    """Begin the texts of whole answers with a lone half of an emoji."""

    def edit(response: Response) -> Response:
        if response.status != 200 or response.media_type != "application/json":
            return response
        escaped = _ascii(response)
        return replace(
            escaped,
            headers=tuple(pair for pair in escaped.headers if pair[0] != "content-length"),
            chunks=tuple(replace(c, data=_prefixed(c.data, members, HIGH)) for c in escaped.chunks),
        )

    return edit


def _free(applies: Applies) -> Applies:
    """Requests whose text no schema binds."""
    return where(applies, lambda body: not body.get("response_format"))


def _streamed(request: Request) -> bool:
    return b'"stream": true' in (request.body or b"")


REPORTS = (
    Report(
        "emoji-in-two-deltas",
        "Kohaku-Lab/KohakuTerrarium#48",
        "an emoji comes as two lone surrogates in two deltas, so that the text cannot be encoded",
        part(_free(on_stream), _spliced("content")),
        checks=("chat.stream.unicode",),
    ),
    Report(
        "half-an-emoji-in-plain-text",
        "Aider-AI/aider#3693",
        "a plain answer has a lone surrogate",
        part(_free(on_plain), _halved("content")),
        checks=("chat.unicode",),
    ),
    Report(
        "half-an-emoji-in-a-thought",
        "simonguo/evidenceloom#50",
        "the thought of an answer has a lone surrogate",
        part(on_chat, _halved("reasoning_content")),
        checks=("chat.unicode",),
    ),
    Report(
        "emoji-in-two-pieces-of-arguments",
        "MoonshotAI/kimi-cli#994",
        "the arguments of a streamed call have the halves of an emoji in two pieces",
        part(on_stream, _spliced("arguments")),
        checks=("chat.stream.unicode", "tools.stream.args_equal_nonstream", "chat.stream.witness"),
    ),
    Report(
        "emoji-in-two-response-deltas",
        "Kohaku-Lab/KohakuTerrarium#48",
        "the same in a streamed Response",
        part(lambda request: on_responses(request) and _streamed(request), _spliced("delta")),
        checks=("responses.unicode", "responses.stream.deltas"),
    ),
    Report(
        "emoji-in-two-legacy-chunks",
        "Kohaku-Lab/KohakuTerrarium#48",
        "the same in a legacy stream",
        part(lambda request: on_completions(request) and _streamed(request), _spliced("text")),
        checks=("completions.unicode",),
    ),
)
"""Each with its corruption."""
