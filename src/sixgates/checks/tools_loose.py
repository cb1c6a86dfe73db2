"""What becomes of a forced call whose tool does not ask for `strict`, and of how its stream begins."""

import json
from collections.abc import Mapping
from itertools import permutations, product
from typing import Any

from sixgates.catalogue import MAY, SHOULD, check
from sixgates.checks.structured import begins_object
from sixgates.checks.tools_call import CALLED, FORCED_STREAMS, begun_arguments
from sixgates.completion import Completion
from sixgates.exchange import Finding, Request
from sixgates.probes.tools import tool_no_arguments, tool_required, tool_required_stream
from sixgates.select import STRING, Findings, Unexercised, shown
from sixgates.views import ChatStream


@check(
    "tools.call.arguments_loose",
    MAY,
    each=[tool_required, tool_required_stream, tool_no_arguments],
    requires=CALLED,
    evidence=["spec: FunctionObject", "vllm-project/vllm#51697"],
)
def arguments_fit_without_strict(answer: Completion) -> Findings:
    """A forced call has the arguments that its tool's schema allows, as far as they came, `strict` or not."""
    begun = [text for text in begun_arguments(answer) if text.strip() and begins_object(text)]
    if not begun:
        raise Unexercised("no arguments came, or none that begin as an object, which other checks name")
    allowed = _allowed(answer.request)
    for text in begun:
        compact = "".join(text.split())
        if not any(each.startswith(compact) if answer.cut else each == compact for each in allowed):
            yield Finding("arguments", f"arguments that fit the schema, such as {allowed[0]}", shown(text))


@check(
    "tools.stream.args_first",
    SHOULD,
    each=FORCED_STREAMS,
    requires=CALLED,
    evidence=["spec: ChatCompletionMessageToolCallChunk", "moeru-ai/xsai#235"],
)
def the_first_piece_has_arguments(stream: ChatStream) -> Findings:
    """The first piece of a call has `arguments`, if only "": clients append to it what follows."""
    for deltas in stream.calls:
        yield from deltas[0]["function"]["arguments"].unlike(STRING)


def _all(tool: Mapping[str, Any]) -> list[str]:
    """Everything that a schema of required enums allows, without white space."""
    properties = tool["function"]["parameters"]["properties"]
    found = []
    for names in permutations(properties):
        for values in product(*(properties[name]["enum"] for name in names)):
            found.append(json.dumps(dict(zip(names, values, strict=True)), separators=(",", ":")))
    return found


def _allowed(request: Request) -> list[str]:
    """The arguments that the tools of a request allow; each request here has one tool."""
    return [text for tool in request.asked["tools"] for text in _all(tool)]
