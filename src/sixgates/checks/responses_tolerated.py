"""Members of the Responses API that agents send with every request, whether or not a server has a use for them."""

from sixgates.catalogue import SHOULD, check
from sixgates.exchange import Finding
from sixgates.probes.clients import response_agent_stream
from sixgates.probes.responses_stream import response_thought_stream, response_tool_cut_stream
from sixgates.select import Findings, shown
from sixgates.views import Reply


@check(
    "responses.known_fields_tolerated",
    SHOULD,
    each=[response_tool_cut_stream, response_thought_stream, response_agent_stream],
    evidence=["spec: CreateResponse", "Stack-Cairn/LiveAgent#435"],
)
def members_of_agents_are_tolerated(reply: Reply) -> Findings:
    """`store`, `include`, `prompt_cache_key`, `parallel_tool_calls` and `reasoning` are accepted, used or not."""
    if reply.status != 200:
        yield Finding("status", "200", f"{reply.status} {shown(reply.text)}")
