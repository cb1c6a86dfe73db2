"""What every answer must be as HTTP."""

from sixgates.catalogue import MUST, check
from sixgates.exchange import Exchange, Finding
from sixgates.probes.chat import chat, chat_stream, chat_stream_usage
from sixgates.probes.completions import completions, completions_stopped_stream
from sixgates.probes.embeddings import embeddings
from sixgates.probes.models import models_list
from sixgates.probes.responses import response, response_stream
from sixgates.probes.tools import tool_named, tool_named_stream
from sixgates.select import Findings


@check(
    "http.chunked_complete",
    MUST,
    each=[
        models_list,
        chat,
        chat_stream,
        chat_stream_usage,
        tool_named,
        tool_named_stream,
        embeddings,
        completions,
        completions_stopped_stream,
        response,
        response_stream,
    ],
    evidence=["spec: RFC 9112 section 8", "langgenius/dify#37236"],
)
def bodies_end_as_framed(exchange: Exchange) -> Findings:
    """A body ends as its framing says: with its last chunk, or after Content-Length bytes."""
    if exchange.error is not None:
        yield Finding("body", "its end", f"{exchange.error.kind}: {exchange.error.detail}")
        return
    response = exchange.response
    length = response.header("content-length") if response else None
    if response and length and length != str(len(response.body)):
        yield Finding("body", f"{length} bytes, as Content-Length says", f"{len(response.body)} bytes")
