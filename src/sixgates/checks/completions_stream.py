"""What chat asks of a plain answer and of its stream, asked of the legacy endpoint as well."""

from dataclasses import dataclass
from typing import Self

from sixgates.agreement import strayed
from sixgates.catalogue import MUST, SHOULD, check
from sixgates.checks.chat_shape import SECONDS
from sixgates.checks.chat_stream_framing import (
    events_are_framed,
    events_are_utf8,
    nothing_empty_is_dispatched,
    stream_says_what_it_is,
)
from sixgates.checks.completions import SPEC, SPEC_REQUEST
from sixgates.checks.params_stop import OTHER_TEXT
from sixgates.checks.witness import readable
from sixgates.completion import asked_for_stream
from sixgates.exchange import Exchange, Finding, Request
from sixgates.probes.completions import (
    OTHER_PROMPT,
    PROMPT,
    completions,
    completions_echo,
    completions_stopped_stream,
    completions_two_prompts,
)
from sixgates.probes.twins import completions_stopped
from sixgates.repetition import repetition
from sixgates.select import NON_EMPTY_STRING, Findings, Json, Unexercised, literal, parse_json, shown
from sixgates.views import DONE, ChatStream, Document


@check(
    "completions.stream_framing",
    MUST,
    probe=completions_stopped_stream,
    requires=["completions.stream"],
    evidence=[SPEC, "mnfst/llm-gateway#2053", "theopenco/llmgateway#2334"],
)
def streams_are_framed(stream: ChatStream) -> Findings:
    """A stream says that it is one; each event is UTF-8, ends, and has data; [DONE] comes once; no error comes."""
    yield from stream_says_what_it_is(stream)
    yield from events_are_framed(stream)
    yield from events_are_utf8(stream)
    yield from nothing_empty_is_dispatched(stream)
    yield from (error["error"].finding("no error event") for error in stream.errors)
    for block in stream.events[:-1]:
        if block.data == DONE:
            yield Finding(f"event {block.number}", "nothing after [DONE]", "more events")


@check(
    "completions.nothing_after_finish",
    MUST,
    probe=completions_stopped_stream,
    evidence=[SPEC, "osaurus-ai/vmlx-swift#109"],
)
def nothing_follows_the_finish(stream: ChatStream) -> Findings:
    """After the finish_reason no chunk adds to the text."""
    finished = False
    for entry in stream.choices[0].entries:
        if finished and entry["text"].value:
            yield entry["text"].finding("nothing after the finish_reason")
        finished = finished or (entry["finish_reason"].given and entry["finish_reason"].value != "")


@check("completions.stream_entries", SHOULD, probe=completions_stopped_stream, evidence=[SPEC])
def entries_are_of_one_choice(stream: ChatStream) -> Findings:
    """Each entry has the index 0, and until the end a finish_reason that is null or absent, never ""."""
    for entry in stream.entries:
        yield from entry["index"].unlike(literal(0))
        if entry["finish_reason"].value == "":
            yield entry["finish_reason"].finding("null")


@dataclass(frozen=True, slots=True)
class Heads:
    """What stands over the text: of a plain answer once, of a stream in each chunk."""

    documents: tuple[Json, ...]

    @classmethod
    def of(cls, exchange: Exchange) -> Self:
        """The documents of an exchange; raises Unmet unless it is a 200 that holds one."""
        if asked_for_stream(exchange.request):
            return cls(ChatStream.of(exchange).completion_chunks)
        return cls((Document.of(exchange).root,))


@check(
    "completions.head",
    SHOULD,
    each=[completions, completions_stopped, completions_stopped_stream],
    evidence=[SPEC, "BerriAI/litellm#15141"],
)
def completions_say_whose_they_are(answer: Heads) -> Findings:
    """An answer has an id, seconds as `created` and its model, and a stream the same in every chunk."""
    for key, kind in (("id", NON_EMPTY_STRING), ("created", SECONDS), ("model", NON_EMPTY_STRING)):
        yield from strayed([each[key] for each in answer.documents], kind, "the first chunk")


@check(
    "completions.delta_is_increment",
    MUST,
    together=[completions, completions_stopped_stream],
    evidence=[SPEC, "QwenLM/qwen-code#3896", "tashfeenahmed/freellmapi#1007"],
)
def pieces_are_increments(plain: Document, stream: ChatStream) -> Findings:
    """Each piece adds to the text: none repeats the one before it or all that was said so far."""
    before = _before_stop(plain, stream.reply.request)
    words = repetition(_pieces(stream), before)
    if words:
        yield Finding("text", shown(before), f"{words}: {shown(_text(stream))}")


@check(
    "completions.finish_length",
    MUST,
    each=[completions_two_prompts, completions_echo],
    evidence=[SPEC, "ROCm/FastFlowLM#728"],
)
def a_cut_answer_says_so(exchange: Exchange) -> Findings:
    """A choice that max_tokens cut ends with "length", unless the model ended it without a word."""
    if not readable(exchange):
        raise Unexercised("an array of prompts, or echo, was refused: other checks tell")
    choices = Document.of(exchange).choices
    cut = [each for each in choices if _written(each) or each["finish_reason"].value != "stop"]
    if not cut:
        raise Unexercised("the model ended each answer before the first word, so that nothing was cut")
    for choice in cut:
        yield from choice["finish_reason"].unlike(literal("length"))


def _written(choice: Json) -> str:
    """The text without the prompt that `echo` puts before it."""
    return choice["text"].text.removeprefix(PROMPT).removeprefix(OTHER_PROMPT)


@check(
    "completions.stop",
    MUST,
    together=[completions, completions_stopped],
    evidence=[SPEC_REQUEST, "dphnAI/sonar#742", "vllm-project/vllm#3672"],
)
def a_stop_word_ends_the_text(plain: Document, stopped: Exchange) -> Findings:
    """A stop word given as a string ends a plain completion: nothing is written after it, and it says "stop"."""
    choice = Document.of(stopped).choices[0]
    word, before, text = _stop_words(stopped.request)[0], _before_stop(plain, stopped.request), choice["text"]
    rest = text.text.removeprefix(before)
    writes_on = before and text.text.startswith(before) and not word.startswith(rest.strip())
    if word in text.text or writes_on:
        yield text.finding(f"a text that ends before {shown(word)}: {shown(before)}")
    elif before.startswith(text.text.rstrip()) or text.text.startswith(before):
        yield from choice["finish_reason"].unlike(literal("stop"))
    else:
        raise Unexercised(OTHER_TEXT)


@check(
    "completions.stop_clean",
    SHOULD,
    together=[completions, completions_stopped, completions_stopped_stream],
    requires=["completions.stop"],
    evidence=[SPEC_REQUEST, "vllm-project/vllm#8468", "sgl-project/sglang#11462", "smg-project/smg#2203"],
)
def no_part_of_a_stop_word_is_left(plain: Document, stopped: Document, stream: ChatStream) -> Findings:
    """Plain and streamed, no part of a stop word is left or sent, and nothing before it is lost."""
    before = _before_stop(plain, stream.reply.request)
    told = {"plain": stopped.choices[0]["text"].text, "stream": _text(stream)}
    if all(_differ(before, text) for text in told.values()):
        raise Unexercised(OTHER_TEXT)
    for where, text in told.items():
        if not _differ(before, text) and text.rstrip() != before.rstrip():
            yield Finding(f"text ({where})", f"{shown(before)} and no more or less", shown(text))


@check(
    "completions.equals_nonstream",
    SHOULD,
    together=[completions, completions_stopped, completions_stopped_stream],
    evidence=["vllm-project/vllm#51697", "dyedd/lens#49"],
    luck="Other requests of the same moment can change a text by rounding, without a defect of the stream.",
)
def a_stream_says_the_same(plain: Document, stopped: Document, stream: ChatStream) -> Findings:
    """At temperature 0 and one seed, a streamed completion has the text of the plain one."""
    before = _before_stop(plain, stream.reply.request)
    if _differ(before, stopped.choices[0]["text"].text):
        raise Unexercised("no second plain answer had the same text, so that a stream need not have it")
    if _differ(before, _text(stream)):
        yield Finding("text", shown(before), shown(_text(stream)))


def _stop_words(request: Request) -> list[str]:
    stop = parse_json(request.body or b"null")["stop"]
    return [stop.value] if isinstance(stop.value, str) else [word.text for word in stop.elements]


def _before_stop(plain: Document, request: Request) -> str:
    """What the plain answer says before the first of the request's stop words."""
    whole = plain.choices[0]["text"].text
    return min((whole.partition(word)[0] for word in _stop_words(request)), key=len)


def _differ(one: str, other: str) -> bool:
    """Whether neither is the beginning of the other, so that they are two texts; blanks at the end may go."""
    one, other = one.rstrip(), other.rstrip()
    return not one.startswith(other) and not other.startswith(one)


def _pieces(stream: ChatStream) -> list[str]:
    texts = (entry["text"].value for entry in stream.choices[0].entries)
    return [text for text in texts if isinstance(text, str) and text]


def _text(stream: ChatStream) -> str:
    return "".join(_pieces(stream))
