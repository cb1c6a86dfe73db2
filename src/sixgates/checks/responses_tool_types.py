"""Tools of the Responses API that are no functions, as Codex sends them beside its functions."""

import re

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.checks.responses_input import answered_with_events
from sixgates.checks.responses_tools import NO_CALL
from sixgates.exchange import Exchange, Finding
from sixgates.probes.clients import response_agent_stream
from sixgates.responses_view import FinalResponse
from sixgates.select import Declined, Findings, Unexercised, shown
from sixgates.views import Reply

SPEC = "spec: Tool"
CALLS = ("function_call", "custom_tool_call", "local_shell_call", "web_search_call")
_NAMED = re.compile(r"\btools?\b|custom|local_shell|web_search|apply_patch", re.IGNORECASE)


@check(
    "responses.tools.other_types_not_5xx",
    MUST,
    probe=response_agent_stream,
    requires=["responses.tools.flat_format"],
    evidence=[SPEC, "ggml-org/llama.cpp#20156"],
)
def other_tools_crash_nothing(exchange: Exchange) -> Findings:
    """Tools of the types custom, local_shell and web_search are accepted, or refused with a 4xx."""
    reply = Reply.of(exchange)
    if reply.status == 200:
        yield from answered_with_events(exchange)
    elif not 400 <= reply.status < 500:
        yield Finding("status", "200 or a 4xx", f"{reply.status} {shown(reply.text)}")


@check(
    "responses.tools.other_types",
    SHOULD,
    probe=response_agent_stream,
    requires=["responses.tools.other_types_not_5xx"],
    evidence=[
        SPEC,
        "openai/codex#10635",
        "ggml-org/llama.cpp#20156",
        "lmstudio-ai/lmstudio-bug-tracker#1812",
        "unslothai/unsloth#5141",
    ],
)
def other_tools_are_accepted(reply: Reply) -> Findings:
    """Tools of the types custom, local_shell and web_search beside a function keep no request from its answer."""
    if reply.status != 200:
        named = _NAMED.search(reply.text)
        hint = "Codex sends them with every request" if named else "the error does not say that it is a tool"
        yield Finding("status", "200", f"{reply.status} {shown(reply.text)}", hint)


@check(
    "responses.tools.function_beside",
    MUST,
    probe=response_agent_stream,
    requires=["responses.tools.other_types_not_5xx", "responses.tools.required_called"],
    evidence=[SPEC, "spec: ToolChoiceOptions"],
)
def functions_stay_beside_others(exchange: Exchange) -> Findings:
    """Where tools of other types are accepted, the function beside them can still be called."""
    reply = Reply.of(exchange)
    if reply.status != 200:
        raise Declined(f"the server refuses tools of other types: {reply.status} {shown(reply.text)}")
    answer = FinalResponse.of(exchange)
    called = any(answer.items(kind) for kind in CALLS)
    if not called and answer.output and answer.only_thought:
        raise Unexercised(NO_CALL)
    if not called:
        got = f"status {shown(answer['status'].value)}, text {shown(answer.text)}"
        yield Finding(answer["output"].where, "a call, as tool_choice requires", got)
