"""What a usage object must be wherever one stands: numbers, and in a stream only once."""

from collections.abc import Iterator

from sixgates.catalogue import SHOULD, check
from sixgates.checks.chat_stream_ending import WITH_USAGE
from sixgates.checks.chat_stream_framing import STREAMS
from sixgates.exchange import Exchange
from sixgates.probes.completions import completions_stopped_stream
from sixgates.probes.declared import posted
from sixgates.select import ABSENT, COUNT, MISSING, NULL, Findings, Json, Unexercised, Unmet
from sixgates.views import ChatStream, Document

UNASKED = tuple(each for each in STREAMS if each not in WITH_USAGE)


@check(
    "usage.stream_last_only",
    SHOULD,
    each=[completions_stopped_stream, *UNASKED],
    evidence=["spec: ChatCompletionStreamOptions", "ogx-ai/ogx#5122", "open-webui/open-webui#29064"],
)
def only_the_last_chunk_counts(stream: ChatStream) -> Findings:
    """In a stream, chunks before the last have a null usage or none: neither zeros nor running totals."""
    for chunk in stream.chunks[:-1]:
        yield from chunk["usage"].unlike(NULL | MISSING)


@check(
    "usage.counts_are_numbers",
    SHOULD,
    each=[each for each in posted() if each.hang_up_after is None],
    unconditional=True,
    evidence=["spec: CompletionUsage", "spec: ResponseUsage"],
)
def counts_are_no_text(exchange: Exchange) -> Findings:
    """Every count of tokens, in whatever answer or chunk it stands, is an integer, never its digits as text."""
    counts = [count for usage in _usages(exchange) for count in _counts(usage)]
    if not counts:
        raise Unexercised("no usage came")
    for count in counts:
        yield from count.unlike(COUNT | NULL)


def _usages(exchange: Exchange) -> Iterator[Json]:
    response = exchange.response
    try:
        if response is not None and response.media_type == "text/event-stream":
            documents = ChatStream.of(exchange).documents
        else:
            documents = (Document.of(exchange).root,)
    except Unmet:
        return
    for document in documents:
        for holder in (document, document["response"]):
            if isinstance(holder["usage"].value, dict):
                yield holder["usage"]


def _counts(usage: Json) -> Iterator[Json]:
    """The members that count tokens, those of details as well."""
    holders = (usage, *(usage[name] for name in usage.value if name.endswith("_details")))
    for holder in holders:
        for name in holder.value if isinstance(holder.value, dict) else ():
            if name.endswith("_tokens") and holder[name].value is not ABSENT:
                yield holder[name]
