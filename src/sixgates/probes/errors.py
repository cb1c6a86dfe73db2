"""Probes that a server must refuse, each with a fault of the client in it."""

from typing import Any

from sixgates.capability import CHAT
from sixgates.catalogue import OVERFLOW, Auth, Probe
from sixgates.probes.chat import BASE, streamed
from sixgates.probes.embeddings import EMBEDDINGS_FAULTS


def _faulty(name: str, **more: Any) -> Probe:
    return Probe(name, body={**BASE, **more})


def _without(*names: str) -> dict[str, Any]:
    return {key: value for key, value in BASE.items() if key not in names}


_OVERLONG = [{"role": "user", "content": OVERFLOW}]

unknown_model = _faulty("unknown-model", model="sixgates-no-such-model")
invalid_json = Probe("invalid-json", raw=b"{")
empty_body = Probe("empty-body", raw=b"")
deeply_nested = Probe("deeply-nested", raw=b'[{"messages":' + b"[" * 1000 + b"]" * 1000 + b"}]")
"""JSON that is no object either."""
missing_messages = Probe("missing-messages", body=_without("messages"))
mistyped_messages = _faulty("mistyped-messages", messages="hello")
mistyped_temperature_stream = Probe(
    "mistyped-temperature-stream", body=streamed({**BASE, "temperature": "hot"})
)
context_overflow = Probe(
    "context-overflow", body={**BASE, "messages": _OVERLONG}, capability="context_length"
)
context_overflow_stream = Probe(
    "context-overflow-stream", body=streamed({**BASE, "messages": _OVERLONG}), capability="context_length"
)
unknown_route = Probe("unknown-route", "GET", "/v1/sixgates-no-such-route", deadline_s=10)
wrong_method = Probe("wrong-method", "GET", "/v1/chat/completions", deadline_s=10)
with_slash = Probe(
    "chat-with-slash", path="/v1/chat/completions/", body={**BASE, "max_tokens": 1}, capability=CHAT
)
no_key = Probe("no-key", body=BASE, auth=Auth.NONE, capability="auth")
wrong_key = Probe("wrong-key", body=BASE, auth=Auth.WRONG, capability="auth")
empty_key_stream = Probe("empty-key-stream", body=streamed(BASE), auth=Auth.EMPTY, capability="auth")

PLAIN_FAULTS = (
    invalid_json,
    empty_body,
    deeply_nested,
    missing_messages,
    mistyped_messages,
    unknown_model,
    context_overflow,
    no_key,
    wrong_key,
)
STREAM_FAULTS = (
    mistyped_temperature_stream,
    context_overflow_stream,
    empty_key_stream,
)
CLIENT_FAULTS = PLAIN_FAULTS + STREAM_FAULTS + EMBEDDINGS_FAULTS
