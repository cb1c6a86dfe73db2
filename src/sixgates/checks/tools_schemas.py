"""Tools as agents declare them: no choice among them, their schemas as libraries write them."""

from sixgates.catalogue import MUST, check
from sixgates.checks.chat_stream_framing import answered
from sixgates.probes.clients import tool_schemas_stream
from sixgates.select import Findings
from sixgates.views import ChatStream


@check(
    "tools.def.schemas",
    MUST,
    probe=tool_schemas_stream,
    requires=["chat.stream.answered"],
    evidence=[
        "spec: FunctionParameters",
        "ggml-org/llama.cpp#26930",
        "ggml-org/llama.cpp#27580",
        "openclaw/openclaw#110202",
        "rowboatlabs/rowboat#740",
        "lmstudio-ai/lmstudio-bug-tracker#2254",
    ],
)
def any_schema_may_be_declared(stream: ChatStream) -> Findings:
    """Tools without a tool choice, their schemas as zod and pydantic write them, keep no stream from its answer."""
    yield from answered(stream)
