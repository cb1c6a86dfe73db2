"""A streamed call of a function without parameters, as agents make it of tools that only tell something."""

from sixgates.catalogue import Probe
from sixgates.probes.chat import streamed
from sixgates.probes.tools import tool_no_arguments

tool_no_arguments_stream = Probe(
    "tool-no-arguments-stream",
    body=streamed(tool_no_arguments.body or {}),
    capability="tools",
    answered_by="tools.stream.no_arguments_answered",
)
