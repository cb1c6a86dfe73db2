"""Probes of forced calls as most clients ask for them: of a tool that is not strict, and of one without arguments."""

from sixgates.catalogue import Probe
from sixgates.probes.chat import streamed
from sixgates.probes.tools import WEATHER, tool_named, tool_no_arguments

tool_named_lax = Probe(
    "tool-named-lax",
    body={**(tool_named.body or {}), "tools": [WEATHER]},
    capability="tools",
    answered_by="tools.named.accepted_object",
)
tool_no_arguments_stream = Probe(
    "tool-no-arguments-stream",
    body=streamed(tool_no_arguments.body or {}),
    capability="tools",
    answered_by="tools.stream.no_arguments_answered",
)
