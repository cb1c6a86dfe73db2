"""Text is Unicode, wherever it stands: contents, thoughts, names, arguments, refusals, tokens, events, errors.

A string of JSON can hold half of a surrogate pair, and a decoder may put U+FFFD where half of a character came.
Python writes the first to no file and no socket; the second is lost for good.
"""

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.checks.witness import RESPONSES, STREAMS, WHOLE
from sixgates.completion import Completion
from sixgates.exchange import Exchange, Finding
from sixgates.probes.chat import chat, chat_stream, chat_stream_usage
from sixgates.probes.completions import (
    completions,
    completions_echo,
    completions_stopped_stream,
    completions_two_prompts,
)
from sixgates.probes.embeddings import embeddings
from sixgates.probes.errors import CLIENT_FAULTS, missing_messages, unknown_model
from sixgates.probes.models import models_list
from sixgates.probes.responses import response, response_stream
from sixgates.probes.twins import completions_stopped, response_unicode_stream, tool_unicode_stream
from sixgates.responses_view import FinalResponse, ResponseStream
from sixgates.select import STRING, Findings, Unexercised, Unmet, shown
from sixgates.strings import Strings, broken_text
from sixgates.views import ChatStream, Document, Reply

EVIDENCE = (
    "Kohaku-Lab/KohakuTerrarium#48",
    "NousResearch/hermes-agent#44376",
    "NousResearch/hermes-agent#84281",
    "spec: RFC 8259 section 8.2",
)
ANSWERED = tuple(probe for probe in RESPONSES if probe.answered_by)
BOM = b"\xef\xbb\xbf"
BODIES = (models_list, chat, missing_messages, unknown_model, embeddings, completions, response)
LOST = "\ufffd"


@check(
    "chat.unicode",
    MUST,
    each=WHOLE,
    evidence=EVIDENCE,
)
def answers_are_unicode(strings: Strings) -> Findings:
    """Every string of an answer is Unicode: content, thoughts, names and arguments of calls, refusals, tokens."""
    yield from broken_text(strings)


@check(
    "chat.stream.unicode",
    MUST,
    each=STREAMS,
    evidence=EVIDENCE,
)
def deltas_are_unicode(strings: Strings) -> Findings:
    """Every string of every chunk is Unicode by itself: no character is cut in two by its escapes."""
    yield from broken_text(strings)


@check(
    "completions.unicode",
    MUST,
    each=[
        completions,
        completions_stopped,
        completions_stopped_stream,
        completions_two_prompts,
        completions_echo,
    ],
    evidence=EVIDENCE,
)
def completed_text_is_unicode(strings: Strings) -> Findings:
    """Every string of a legacy completion, whole or streamed, is Unicode by itself."""
    yield from broken_text(strings)


@check(
    "responses.unicode",
    MUST,
    each=ANSWERED,
    requires=["responses.shape"],
    evidence=EVIDENCE,
)
def responses_are_unicode(exchange: Exchange) -> Findings:
    """Every string of a response and of each of its events is Unicode by itself."""
    yield from broken_text(Strings.of(exchange))
    if not _is_response(exchange):
        raise Unexercised("no whole response came")


def _is_response(exchange: Exchange) -> bool:
    try:
        items = FinalResponse.of(exchange).output
    except Unmet:
        return False
    return all(STRING.holds(item["type"].value) for item in items)


@check("errors.unicode", SHOULD, each=CLIENT_FAULTS, evidence=EVIDENCE)
def refusals_are_unicode(strings: Strings) -> Findings:
    """The message of an error is Unicode, and so are its other strings."""
    yield from broken_text(strings)


@check("models.list.unicode", SHOULD, each=[models_list], evidence=EVIDENCE)
def ids_are_unicode(strings: Strings) -> Findings:
    """The ids of models are Unicode."""
    yield from broken_text(strings)


@check("http.utf8", MUST, each=BODIES, evidence=["spec: RFC 8259 section 8.1"])
def json_is_utf8(reply: Reply) -> Findings:
    """A JSON body is UTF-8, on every surface; in the Python of a client UTF-16 passes too, in others nothing does."""
    try:
        reply.response.body.decode()
    except UnicodeDecodeError as problem:
        got = f"{reply.response.body[problem.start :][:8]!r} at byte {problem.start}"
        yield Finding("body", "UTF-8", got)


@check(
    "http.no_bom",
    SHOULD,
    each=[*BODIES, chat_stream, chat_stream_usage, completions_stopped_stream, response_stream],
    evidence=["openai/openai-python#3819", "spec: RFC 8259 section 8.1"],
)
def no_mark_comes_first(exchange: Exchange) -> Findings:
    """No byte-order mark comes before a body: some clients lose the first event of a stream by it, some all JSON."""
    if exchange.response is not None and exchange.response.body.startswith(BOM):
        yield Finding(
            "body",
            "no byte-order mark before it",
            shown(exchange.response.body[:16].decode(errors="replace")),
        )


@check(
    "completions.no_replacement_char",
    SHOULD,
    together=[completions, completions_stopped_stream],
    evidence=["mudler/LocalAI#677", "abetlen/llama-cpp-python#372"],
)
def no_completed_character_is_broken(plain: Document, stream: ChatStream) -> Findings:
    """A streamed completion has no replacement character that the plain one lacks as far as it goes."""
    whole = plain.choices[0]["text"].text
    told = "".join(str(entry["text"].value) for entry in stream.choices[0].entries)[: len(whole)]
    if told.count(LOST) > whole.count(LOST):
        expected = f"{whole.count(LOST)} times U+FFFD, as in the plain answer"
        yield Finding("text", expected, f"{told.count(LOST)}: {shown(told)}")


@check(
    "tools.stream.no_replacement_char",
    SHOULD,
    probe=tool_unicode_stream,
    evidence=["vllm-project/vllm#937", "abetlen/llama-cpp-python#372"],
)
def no_character_of_arguments_is_broken(answer: Completion) -> Findings:
    """Streamed arguments that can only be characters of several tokens come without a replacement character."""
    told = "".join(call.arguments.value for call in answer.calls if isinstance(call.arguments.value, str))
    if not told:
        raise Unexercised("the tool was not called, so no arguments came")
    yield from _whole("arguments", told, cut=answer.cut)


@check(
    "responses.no_replacement_char",
    SHOULD,
    probe=response_unicode_stream,
    evidence=["mudler/LocalAI#677", "vllm-project/vllm#937"],
)
def no_character_of_a_response_is_broken(stream: ResponseStream) -> Findings:
    """Streamed text that can only be characters of several tokens comes without a replacement character."""
    told = "".join(
        str(event["delta"].value)
        for event in stream.named("response.output_text.delta")
        if event["delta"].given
    )
    final = FinalResponse(stream.terminal["response"], stream.request)
    if not told and not final.text:
        raise Unexercised("no text came")
    for text in (told, final.text):
        yield from _whole("output text", text, cut=final["status"].value == "incomplete")


def _whole(where: str, text: str, *, cut: bool) -> Findings:
    """A finding where a character came broken; the last one of a text that the token limit cut may be."""
    if LOST in (text.rstrip(LOST) if cut else text):
        yield Finding(where, "no U+FFFD: every character whole", shown(text))
