"""Probes that are sent at the same moment: streams whose answers must not mix."""

from sixgates.catalogue import Probe
from sixgates.probes.chat import BASE, chat_stream, streamed
from sixgates.probes.errors import context_overflow_stream

parallel_streams = tuple(
    Probe(
        f"chat-stream-parallel-{number}",
        body=body,
        after=context_overflow_stream,
        group="parallel",
    )
    for number, body in enumerate((streamed(BASE), {**(chat_stream.body or {}), "max_tokens": 16}), start=1)
)
"""The prompts of two streams that are also sent by themselves; they go out after the overlong prompts."""
