"""What a streamed answer must share with the plain one: where its text stands, and all of its thought."""

from collections.abc import Iterator

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.checks.chat_shape import PLAIN
from sixgates.checks.chat_shape_optional import CONTROL_TOKEN
from sixgates.checks.reasoning import MARKUP, OPEN_STREAMS
from sixgates.exchange import Finding
from sixgates.probes.chat import chat, chat_stream_unicode, chat_stream_usage, chat_unicode
from sixgates.probes.structured import schema, schema_stream
from sixgates.reasoning import TEXTS, Reasoned, filled
from sixgates.repetition import repetition
from sixgates.select import Findings, Unexercised, shown
from sixgates.views import ChatStream

LONG_ENOUGH = 8
"""Characters of a thought from which on it is no accident that they stand in another in the same order."""


@check(
    "reasoning.not_instead_of_content",
    MUST,
    together=[chat, chat_unicode, chat_stream_usage, chat_stream_unicode],
    evidence=["vllm-project/vllm#40816", "sgl-project/sglang#5874", "Blaizzy/mlx-vlm#1641"],
)
def the_text_stands_where_it_stands_whole(*answers: Reasoned) -> Findings:
    """An answer's text is content in a stream where it is in the plain answer: not a thought with content empty."""
    if not any(each.text.strip() for each in answers):
        raise Unexercised("no answer has a text")
    for plain, stream in _pairs(answers):
        yield from _misplaced("stream: content", plain, stream)
        yield from _misplaced("message: content", stream, plain)


def _misplaced(where: str, right: Reasoned, wrong: Reasoned) -> Findings:
    """A finding where one has no content and tells the other's as a thought, and was not cut while it thought."""
    text = right.text.strip()
    over = wrong.completion.finish.value == "stop" or not right.thought
    told = next((wrong.told(name) for name in TEXTS if text and text in wrong.told(name)), None)
    if not wrong.text and over and told is not None:
        yield Finding(where, shown(right.text), f"none; as a thought: {shown(told)}")


@check(
    "reasoning.stream_equals",
    SHOULD,
    together=[chat, chat_unicode, chat_stream_usage, chat_stream_unicode],
    evidence=["vllm-project/vllm#42691", "vllm-project/vllm#55195"],
    luck="Other requests of the same moment can change a thought by rounding, without a defect of the stream.",
)
def a_stream_thinks_the_same(*answers: Reasoned) -> Findings:
    """At temperature 0 and one seed, a streamed thought is the plain one: no piece is lost, none comes twice."""
    pairs = [(plain, stream) for plain, stream in _pairs(answers) if plain.thought and stream.thought]
    if not pairs:
        raise Unexercised("no answer came with a thought both plain and streamed")
    found = [finding for plain, stream in pairs for finding in _unlike(plain, stream)]
    if not found and not any(_told(plain) == _told(stream) for plain, stream in pairs):
        raise Unexercised(
            "the model thought otherwise the second time, so that a stream need not say the same"
        )
    yield from found


@check(
    "reasoning.nothing_after_finish",
    SHOULD,
    each=OPEN_STREAMS,
    evidence=["osaurus-ai/vmlx-swift#109"],
)
def no_thought_follows_the_finish(stream: ChatStream) -> Findings:
    """After a choice's finish_reason no delta adds to its thought."""
    for choice in stream.choices:
        finished = False
        for entry, delta in zip(choice.entries, choice.deltas, strict=True):
            for name in TEXTS:
                if finished and filled(delta[name]):
                    yield delta[name].finding("nothing after the finish_reason")
            finished = finished or (entry["finish_reason"].given and entry["finish_reason"].value != "")


@check(
    "reasoning.no_markup",
    SHOULD,
    each=[*PLAIN, *OPEN_STREAMS, schema, schema_stream],
    evidence=["vllm-project/vllm#55195", "vllm-project/vllm#56262"],
)
def thoughts_hold_no_markup(answer: Reasoned) -> Findings:
    """A thought holds no markup that marks thoughts, such as <think>, and no control token of a chat template."""
    for field in TEXTS:
        told = answer.told(field)
        for markup in (MARKUP, CONTROL_TOKEN):
            leak = markup.search(told)
            if leak:
                yield Finding(field, f"a thought without {leak.group()}", shown(told[leak.start() :]))


def _unlike(plain: Reasoned, stream: Reasoned) -> Findings:
    whole, told = _told(plain), _told(stream)
    if told == whole:
        return
    words = repetition(_pieces(stream), whole)
    if words:
        yield Finding("thought", shown(whole), f"{words}: {shown(told)}")
    elif plain.text and plain.text == stream.text:
        yield Finding("thought", f"{shown(whole)}, as before the same text in the plain answer", shown(told))
    elif len(told) >= LONG_ENOUGH and len(told) < len(whole) and _left_of(told, whole):
        yield Finding(
            "thought", f"{shown(whole)}, as in the plain answer", f"what is left of it: {shown(told)}"
        )


def _pairs(answers: tuple[Reasoned, ...]) -> Iterator[tuple[Reasoned, Reasoned]]:
    """The plain answers, each with the stream of the same request."""
    half = len(answers) // 2
    return zip(answers[:half], answers[half:], strict=True)


def _pieces(answer: Reasoned) -> list[str]:
    """The thought's pieces under the first of its names that is used."""
    field = next((name for name in TEXTS if answer.told(name)), TEXTS[0])
    return [
        piece[field].value
        for piece in answer.pieces
        if filled(piece[field]) and isinstance(piece[field].value, str)
    ]


def _told(answer: Reasoned) -> str:
    return "".join(_pieces(answer))


def _left_of(part: str, whole: str) -> bool:
    """Whether the characters of one text stand in another, in the same order."""
    rest = iter(whole)
    return all(one in rest for one in part)
