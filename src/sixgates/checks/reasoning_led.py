"""What a thought must be that a history leads to, and what becomes of the thoughts in that history."""

from sixgates.catalogue import MAY, MUST, SHOULD, check
from sixgates.checks.chat_stream_framing import answered
from sixgates.completion import asked_for_stream
from sixgates.exchange import Exchange, Finding
from sixgates.leading import or_declined
from sixgates.probes.led import thought_led, thought_led_renamed, thought_led_stream
from sixgates.reasoning import Reasoned
from sixgates.select import COUNT, INTEGER, OBJECT, Findings, Json, Kind, Unexercised, shown
from sixgates.views import ChatStream, Document

SILENT = "the model was led to a thought, and had none"


@check(
    "reasoning.led.answered",
    MUST,
    each=[thought_led, thought_led_stream, thought_led_renamed],
    evidence=["NousResearch/hermes-agent#17052", "sipeed/picoclaw#946"],
)
def a_history_of_thoughts_is_answered(exchange: Exchange) -> Findings:
    """Messages sent back with their thoughts are answered, or refused with a 4xx; never a server error."""
    or_declined(exchange)
    if asked_for_stream(exchange.request):
        yield from answered(ChatStream.of(exchange))
    else:
        yield from Document.of(exchange).message.unlike(OBJECT)


@check(
    "reasoning.led.streamed_alike",
    SHOULD,
    together=[thought_led, thought_led_stream],
    evidence=["vllm-project/vllm#27755", "vllm-project/vllm#50624", "ollama/ollama#17166"],
)
def thoughts_are_streamed_alike(plain: Reasoned, stream: Reasoned) -> Findings:
    """A streamed thought stands in the plain one's fields, and says as much where the answers are the same."""
    if not plain.thought and not stream.thought:
        raise Unexercised(SILENT)
    if plain.fields != stream.fields:
        yield Finding("stream", f"a thought in {_listed(plain)}, as in the plain answer", _listed(stream))
    elif plain.text == stream.text:
        for field in plain.fields:
            if stream.told(field) != plain.told(field):
                yield Finding(f"stream {field}", shown(plain.told(field)), shown(stream.told(field)))


def _listed(answer: Reasoned) -> str:
    return " and ".join(answer.fields) or "none"


@check(
    "usage.reasoning_counted",
    SHOULD,
    each=[thought_led, thought_led_stream],
    evidence=["spec: CompletionUsage", "BerriAI/litellm#10691", "jundot/omlx#430"],
)
def thoughts_count(exchange: Exchange) -> Findings:
    """The thought counts among the completion_tokens, which are no fewer than the words of thought and content."""
    answer = Reasoned.of(exchange)
    written = _usage(exchange)["completion_tokens"]
    if not answer.thought:
        raise Unexercised(SILENT)
    if not written.given:
        raise Unexercised("the answer has no usage")
    told = max((answer.told(field) for field in answer.fields), key=len)
    least = len(told.split()) + len(answer.text.split())
    yield from written.unlike(_at_least(least))


def _at_least(least: int) -> Kind:
    words = f"at least {least}, a token for each word of thought and content"
    return Kind(words, lambda value: INTEGER.holds(value) and value >= least)


def _usage(exchange: Exchange) -> Json:
    if not asked_for_stream(exchange.request):
        return Document.of(exchange)["usage"]
    chunks = ChatStream.of(exchange).chunks
    return next((chunk["usage"] for chunk in reversed(chunks) if chunk["usage"].given), chunks[-1]["usage"])


@check(
    "reasoning.history_either_name",
    MAY,
    together=[thought_led, thought_led_renamed],
    evidence=["BerriAI/litellm#41396", "aliou/pi-neuralwatt#102", "vllm-project/vllm#27755"],
)
def thoughts_are_read_by_either_name(named: Document, renamed: Document) -> Findings:
    """A thought that is sent back counts in the prompt the same as reasoning and as reasoning_content."""
    one, other = named["usage"]["prompt_tokens"], renamed["usage"]["prompt_tokens"]
    if not COUNT.holds(one.value) or not COUNT.holds(other.value):
        raise Unexercised("the answers do not count their prompts")
    if one.value != other.value:
        dropped = "reasoning_content" if other.value < one.value else "reasoning"
        got = f"{one.value} as reasoning, {other.value} as reasoning_content: {dropped} is dropped"
        yield Finding("usage/prompt_tokens", "as many under both names", got)
