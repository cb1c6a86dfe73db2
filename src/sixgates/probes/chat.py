"""Probes of chat completions, plain and streamed."""

from collections.abc import Mapping
from typing import Any

from sixgates.catalogue import MODEL, Probe, Taken
from sixgates.exchange import Exchange, Finding
from sixgates.select import Unmet
from sixgates.views import Document

SDK_HEADERS = (
    ("Idempotency-Key", "stainless-node-retry-6c1f0f7e-5d8d-4f5b-9c53-1a2b3c4d5e6f"),
    ("X-Stainless-Arch", "x64"),
    ("X-Stainless-Async", "false"),
    ("X-Stainless-Lang", "python"),
    ("X-Stainless-OS", "Linux"),
    ("X-Stainless-Package-Version", "3.54.0"),
    ("X-Stainless-Read-Timeout", "600"),
    ("X-Stainless-Retry-Count", "0"),
    ("X-Stainless-Runtime", "CPython"),
    ("X-Stainless-Runtime-Version", "3.13.0"),
)
"""What the official clients send with each request, whether a server knows it or not."""

BASE: Mapping[str, Any] = {
    "model": MODEL,
    "messages": [{"role": "user", "content": "Say hi and tell me one short story."}],
    "max_tokens": 16,
    "temperature": 0,
    "seed": 7,
}
WITH_USAGE: Mapping[str, Any] = {"stream_options": {"include_usage": True}}


def streamed(body: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """The same request as a stream, with further fields."""
    return {**body, "stream": True, **more}


def saying(text: str, **more: Any) -> dict[str, Any]:
    """The base request with another prompt, and with further fields."""
    return {**BASE, "messages": [{"role": "user", "content": text}], **more}


def _stopping_at_once(earlier: Exchange) -> Mapping[str, Any]:
    text = Document.of(earlier).message["content"].text
    if not text:
        raise Unmet(Finding("chat", "some content to derive a stop word from", '""'))
    return streamed(earlier.request.asked, stop=[Taken(text[:1])])


chat = Probe("chat", body=BASE, alone=True, answered_by="chat.answered")
chat_again = Probe(
    "chat-again",
    body={**BASE, "temperature": 1},
    headers=SDK_HEADERS,
    alone=True,
    answered_by="http.unknown_headers",
)
"""The same prompt again, now sampled, and with an SDK's headers; a seed must be able to repeat it."""
chat_longer_prompt = Probe(
    "chat-longer-prompt",
    body=saying("Say hi and tell me one short story. " * 20, max_tokens=1),
    answered_by="chat.answered",
)
chat_two_choices = Probe(
    "chat-two-choices",
    body={**BASE, "n": 2, "max_tokens": 4, "temperature": 1},
    capability="n",
    alone=True,
    answered_by="chat.answered",
)

COUNTING = "Count from 1 to 100, separated by commas."
chat_stream = Probe(
    "chat-stream",
    body=streamed(saying(COUNTING, max_tokens=48)),
    alone=True,
    answered_by="chat.stream.answered",
)
chat_stream_usage = Probe(
    "chat-stream-usage", body=streamed(BASE, **WITH_USAGE), alone=True, answered_by="chat.stream.answered"
)
chat_stream_one_token = Probe(
    "chat-stream-one-token",
    body=streamed(BASE, max_tokens=1, **WITH_USAGE),
    answered_by="chat.stream.answered",
)
chat_unicode = Probe(
    "chat-unicode",
    body=saying("Repeat exactly: 🫠🥹龜 你好 🫠🥹龜 你好 🫠🥹龜", max_tokens=48),
    alone=True,
    answered_by="chat.answered",
)
chat_stream_unicode = Probe(
    "chat-stream-unicode",
    body=streamed(saying("Repeat exactly: 🫠🥹龜 你好 🫠🥹龜 你好 🫠🥹龜", max_tokens=48)),
    alone=True,
    answered_by="chat.stream.answered",
)
chat_stream_stopped = Probe(
    "chat-stream-stopped",
    after=chat,
    derive=_stopping_at_once,
    alone=True,
    answered_by="chat.stream.answered",
)
chat_stream_two_choices = Probe(
    "chat-stream-two-choices",
    body=streamed(BASE, n=2, max_tokens=4, temperature=1),
    capability="n",
    alone=True,
    answered_by="chat.stream.answered",
)
