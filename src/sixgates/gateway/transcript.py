"""What a client makes of an OpenAI chat answer, whole or streamed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sixgates.exchange import Response
from sixgates.sse import parse


@dataclass(frozen=True, slots=True)
class Transcript:
    """The text, how it ended, and when its pieces arrived; `error` is an error envelope's message."""

    text: str = ""
    finished: bool = False
    done: bool = False
    error: str | None = None
    arrivals: tuple[float, ...] = ()


def read(response: Response) -> Transcript:
    """The transcript of any body; what is not understood stays empty and never raises."""
    if response.media_type == "text/event-stream":
        return _streamed(response)
    document = _json(response.body.decode(errors="replace"))
    choice = _choice(document)
    text = _content(choice.get("message"))
    ended = bool(choice.get("finish_reason"))
    return Transcript(text, finished=ended, done=ended, error=_error(document))


def _streamed(response: Response) -> Transcript:
    texts: list[str] = []
    arrivals: list[float] = []
    finished = done = False
    error: str | None = None
    for block in parse(response.chunks):
        if block.data == "[DONE]":
            done = True
            continue
        document = _json(block.data or "")
        choice = _choice(document)
        text = _content(choice.get("delta"))
        finished = finished or bool(choice.get("finish_reason"))
        error = error or _error(document)
        if text:
            texts.append(text)
            arrivals.append(block.at)
    return Transcript("".join(texts), finished, done, error, tuple(arrivals))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _choice(document: Any) -> dict[str, Any]:
    choices = document.get("choices") if isinstance(document, dict) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) else {}


def _content(message: Any) -> str:
    content = message.get("content") if isinstance(message, dict) else None
    return content if isinstance(content, str) else ""


def _error(document: Any) -> str | None:
    error = document.get("error") if isinstance(document, dict) else None
    message = error.get("message") if isinstance(error, dict) else error
    return message if isinstance(message, str) and message else None
