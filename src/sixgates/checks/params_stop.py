"""What stop words must do: end the text, whole or streamed, and take nothing else with them."""

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.exchange import Exchange, Finding, Request
from sixgates.probes.chat import chat, chat_stream_stopped
from sixgates.probes.params import chat_defaults, chat_stop_string, chat_stream_unknown_field
from sixgates.probes.tools import tool_auto
from sixgates.probes.tools_streamed import tool_auto_stopped_stream
from sixgates.select import Findings, Json, Unexercised, literal, shown
from sixgates.views import ChatStream, Document

SPEC = "spec: CreateChatCompletionRequest"
FEW = 4
"""So many characters tell one text from another."""
OTHER_TEXT = "at temperature 0 the model wrote another text than before, so the stop word had nothing to show"


@check(
    "params.stop.no_tail_loss",
    SHOULD,
    together=[chat, chat_defaults],
    requires=["params.known_fields_tolerated"],
    evidence=[SPEC, "vllm-project/vllm#8468"],
)
def unmet_stop_words_lose_nothing(plain: Document, guarded: Document) -> Findings:
    """A stop word that never comes takes nothing from the end of the text."""
    text, same = plain.message["content"].text, guarded.message["content"]
    if not text:
        raise Unexercised("the plain answer holds no text that could lose its end")
    yield from _exactly(text, same.text, same.where)


@check(
    "params.stop.string",
    MUST,
    together=[chat, chat_stop_string],
    evidence=[SPEC, "dphnAI/sonar#742", "vllm-project/vllm#3672"],
)
def a_stop_word_ends_the_text(plain: Document, stopped: Exchange) -> Findings:
    """A stop word given as a string ends the text before it, with finish_reason "stop"."""
    answer = Document.of(stopped)
    word, whole = _stop_of(stopped.request), plain.message["content"].text
    content, before = answer.message["content"], whole.partition(word)[0]
    if word in content.text:
        yield content.finding(f"a text that ends before {shown(word)}")
    elif whole.startswith(content.text.rstrip()):
        yield from answer.choices[0]["finish_reason"].unlike(literal("stop"))
    elif content.text.strip().startswith(before.strip()):
        yield content.finding(f"{shown(before)}, and nothing that comes after the stop word {shown(word)}")
    else:
        raise Unexercised(OTHER_TEXT)


@check(
    "params.stop.multi_token",
    SHOULD,
    together=[chat, chat_stop_string],
    requires=["params.stop.string"],
    evidence=[SPEC, "vllm-project/vllm#8468", "sgl-project/sglang#11462", "smg-project/smg#2203"],
)
def no_part_of_a_stop_word_is_left(plain: Document, stopped: Exchange) -> Findings:
    """Of a stop word that spans several tokens nothing is left, and nothing before it is lost."""
    content = Document.of(stopped).message["content"]
    before = plain.message["content"].text.partition(_stop_of(stopped.request))[0]
    yield from _exactly(before, content.text, content.where)


@check(
    "params.stop.stream",
    SHOULD,
    together=[chat, chat_stream_unknown_field],
    evidence=[SPEC, "sgl-project/sglang#11462", "osaurus-ai/vmlx-swift#109", "smg-project/smg#2203"],
)
def no_part_of_a_stop_word_is_sent(plain: Document, stopped: Exchange) -> Findings:
    """A stream ends before a stop word of several tokens: no part of it is sent, nothing before it is lost."""
    if stopped.response is not None and 400 <= stopped.response.status < 500:
        raise Unexercised("the server refuses a field that it does not know, and with it the stop word")
    stream = ChatStream.of(stopped)
    word = _stop_of(stopped.request)
    where = stream.choices[0].entries[0].where
    if word in stream.text:
        yield Finding(where, f"a text that ends before {shown(word)}", shown(stream.text))
        return
    yield from _exactly(plain.message["content"].text.partition(word)[0], stream.text, where)


@check("params.stop.array", MUST, together=[chat, chat_stream_stopped], evidence=[SPEC, "dphnAI/sonar#742"])
def stop_words_may_be_an_array(plain: Document, stream: ChatStream) -> Findings:
    """Stop words given as an array end the text: the first character of the text as a stop word leaves none of it."""
    word = str(stream.reply.request.asked.get("stop", ["?"])[0])
    without = plain.message["content"].text.replace(word, "").strip()
    if word not in stream.text and not without.startswith(stream.text.strip()[:FEW]):
        raise Unexercised(OTHER_TEXT)
    if stream.text.strip():
        where = stream.choices[0].entries[0].where
        yield Finding(where, f"a text that ends before {shown(word)}", shown(stream.text))


@check(
    "params.stop.with_tools",
    SHOULD,
    together=[tool_auto, tool_auto_stopped_stream],
    requires=["params.stop.stream"],
    evidence=[SPEC, "vllm-project/vllm#42210"],
)
def tools_do_not_change_the_end(plain: Document, stream: ChatStream) -> Findings:
    """Beside tools, too, a stream has all that comes before a stop word, and nothing of the word."""
    word = _stop_of(stream.reply.request)
    where = stream.choices[0].entries[0].where
    if stream.choices[0].calls:
        raise Unexercised("the model called a tool this time, so the stop word had nothing to end")
    if word in stream.text:
        yield Finding(where, f"a text that ends before {shown(word)}", shown(stream.text))
        return
    yield from _exactly(plain.message["content"].text.partition(word)[0], stream.text, where)


def _exactly(expected: str, text: str, where: str) -> Findings:
    """A finding where a text ends too early or too late; blanks before a stop word may go with it."""
    wanted, seen = expected.rstrip(), text.rstrip()
    if not wanted.startswith(seen) and not seen.startswith(wanted):
        raise Unexercised(OTHER_TEXT)
    if seen != wanted:
        yield Finding(where, f"{shown(expected)} and no more or less", shown(text))


def _stop_of(request: Request) -> str:
    """The stop word that a request asked for, given as a string or as the only one of an array."""
    stop = Json(request.asked)["stop"]
    return (stop.elements[0] if isinstance(stop.value, list) else stop).text
