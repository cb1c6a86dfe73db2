"""Streams of what agents ask for with tools: a call without parameters, and text that a stop word ends."""

from collections.abc import Mapping
from typing import Any

from sixgates.catalogue import Probe, Taken
from sixgates.exchange import Exchange, Finding
from sixgates.probes.chat import streamed
from sixgates.probes.params import middle_of
from sixgates.probes.tools import tool_auto, tool_no_arguments
from sixgates.select import Unmet
from sixgates.views import Document

tool_no_arguments_stream = Probe(
    "tool-no-arguments-stream",
    body=streamed(tool_no_arguments.body or {}),
    capability="tools",
    answered_by="tools.stream.no_arguments_answered",
)


def _stopping_in_the_middle(earlier: Exchange) -> Mapping[str, Any]:
    """The same request, streamed, with a stop word out of the text beside which no tool was called."""
    text = Document.of(earlier).message["content"].text
    if len(text) < 4:
        raise Unmet(Finding("tool-auto", "some content to derive a stop word from", repr(text)))
    return streamed({**earlier.request.asked, "stop": [Taken(middle_of(text))]})


tool_auto_stopped_stream = Probe(
    "tool-auto-stopped-stream",
    after=tool_auto,
    derive=_stopping_in_the_middle,
    capability="tools",
)
