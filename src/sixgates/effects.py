"""By what the effect of an accepted request shows: what is missing from it, or that nothing can be told.

An effect raises `Unseen` where the answer neither shows nor disproves it: a model that called no tool, a thought that
took all the tokens, a usage that does not count. No effect asks a model to be clever or to obey.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sixgates.completion import Completion, asked_for_stream
from sixgates.exchange import Exchange, Finding
from sixgates.reasoning import TEXTS, Reasoned
from sixgates.select import INTEGER, Findings, Json, Unmet, Unseen, parse_json, shown
from sixgates.vectors import vector
from sixgates.views import Document, Reply

Effect = Callable[..., Findings]
"""Yields what is missing from the effect of an accepted request; takes its exchange and those beside it."""

SILENT = "the token limit came before the answer"
TOOLS = 20
"""Fewer tokens than any definition of a tool has."""
TEMPLATE = 2
"""Fewer tokens than any template of a chat puts around a message."""


def has(where: str, expected: str, value: Callable[[Document], Json], holds: Callable[[Any], bool]) -> Effect:
    """The effect that one value of the answer shows, such as the vectors that were asked for."""

    def effect(exchange: Exchange, *_: Exchange) -> Findings:
        found = value(Document.of(exchange))
        if not holds(found.value):
            yield Finding(found.where or where, expected, shown(found.value))

    return effect


def answered_with(name: str) -> Effect:
    """The effect of an endpoint: a JSON object with this member that is neither null nor empty."""
    return has(f"/{name}", f"a document with {name}", lambda document: document[name], bool_of)


def bool_of(value: Any) -> bool:
    """Whether a JSON value is there and not empty."""
    return isinstance(value, list | dict | str) and bool(value)


def two_choices(exchange: Exchange, *_: Exchange) -> Findings:
    """The effect of `n: 2`."""
    choices = Document.of(exchange).choices
    if len(choices) != 2:
        yield Finding("/choices", "two choices", str(len(choices)))


def logprobs_given(exchange: Exchange, *_: Exchange) -> Findings:
    """The effect of `logprobs: true`."""
    entries = Document.of(exchange).choices[0]["logprobs"]["content"]
    if not isinstance(entries.value, list) or not entries.value:
        _answered(Reasoned.of(exchange))
        yield entries.finding("an entry for each token")


def json_object_given(exchange: Exchange, *_: Exchange) -> Findings:
    """The effect of a JSON mode: the content starts as an object does, whether or not the limit cut it."""
    answer = Reasoned.of(exchange)
    _answered(answer)
    if not answer.text.lstrip().startswith("{"):
        yield Document.of(exchange).message["content"].finding("the start of a JSON object")


def same_as_before(exchange: Exchange, before: Exchange, *_: Exchange) -> Findings:
    """The effect of `seed`: the same sampled text as in the exchange beside it, by the same backend."""
    first, again = map(_written, (before, exchange))
    if again == first:
        return
    backends = [Document.of(each)["system_fingerprint"].value for each in (before, exchange)]
    if all(isinstance(each, str) for each in backends) and backends[0] != backends[1]:
        raise Unseen("another system_fingerprint answered, which a seed does not bind")
    yield Finding(
        "/choices/0/message/content", f"the text of the answer before, {shown(first)}", shown(again)
    )


def other_than_before(exchange: Exchange, before: Exchange, *_: Exchange) -> Findings:
    """The effect of `logit_bias`: no beginning of the text of the exchange beside it, which had none."""
    first, biased = _written(before), _text(exchange)
    if biased and first.startswith(
        biased
    ):  # without a bias towards a token that has no text, there would be some
        yield Finding(
            "/choices/0/message/content", f"another text than without it, {shown(first)}", shown(biased)
        )


def called_or_read(exchange: Exchange, plain: Exchange | None, longer: Exchange | None) -> Findings:
    """The effect of `tools`: a call, or a prompt that the tools made longer; and their lack where usage shows it.

    Without a call only a usage that counts proves anything. Where it says that a question with tools has no more
    tokens than a `plain` one without, the tools were not read.
    """
    if _called(exchange):
        return
    used, without = _prompt_tokens(exchange), _prompt_tokens(plain)
    comparable = _counts(plain, longer) and _asked(exchange) <= _asked(plain)
    if used is None or without is None or not comparable:
        raise Unseen("no call came, and usage does not say whether the tools were read")
    if used <= without:
        expected = f"a call, or more tokens than the {without} of a prompt without tools"
        yield Finding("/usage/prompt_tokens", expected, f"no call, and {used}")
    elif used < without + TOOLS:
        raise Unseen(f"no call came, and {used} prompt tokens are neither few nor enough for the tools")


def _called(exchange: Exchange) -> bool:
    try:
        return any(choice.calls for choice in Completion.each(exchange))
    except Unmet as unmet:
        if asked_for_stream(exchange.request):
            raise Unseen(f"its stream cannot be read: {unmet}") from None
        raise


def prompt_repeated(exchange: Exchange, *_: Exchange) -> Findings:
    """The effect of `echo`: the text starts with the prompt."""
    prompt = parse_json(exchange.request.body or b"null")["prompt"].text
    text = Document.of(exchange).choices[0]["text"]
    if not text.text.startswith(prompt):
        yield text.finding(f"{prompt!r} and what follows")


def as_long_as_asked(exchange: Exchange, *_: Exchange) -> Findings:
    """The effect of `dimensions`: vectors of that length."""
    length = parse_json(exchange.request.body or b"null")["dimensions"].integer
    for entry in Document.of(exchange)["data"].elements:
        numbers = len(vector(entry["embedding"]))
        if numbers != length:
            yield Finding(entry["embedding"].where, f"{length} numbers", f"{numbers} numbers")


def earlier_input_read(exchange: Exchange, earlier: Exchange) -> Findings:
    """The effect of `previous_response_id`: the input of the earlier response is read again."""
    words = len(str(parse_json(earlier.request.body or b"null")["input"].value).split())
    first, then = (_count(Document.of(each)["usage"]["input_tokens"]) for each in (earlier, exchange))
    if first is None or then is None or first < words:
        raise Unseen("usage does not say what was read")
    if then < words:
        yield Finding("/usage/input_tokens", f"at least the {words} words of the earlier input", str(then))


def status_200(exchange: Exchange, *_: Exchange) -> Findings:
    """The effect of what shows by its acceptance alone."""
    yield from Reply.of(exchange).status_in(200)


def _answered(answer: Reasoned) -> None:
    """Raise Unseen where nothing of the answer came: all tokens went into a thought, shown or not."""
    if answer.completion.cut and not answer.text.strip():
        raise Unseen(SILENT)


def _written(exchange: Exchange) -> str:
    """All that the model wrote; raises Unseen where that is nothing."""
    text = _text(exchange)
    if not text:
        raise Unseen("an answer has no text")
    return text


def _text(exchange: Exchange) -> str:
    """The thought and the answer after it."""
    answer = Reasoned.of(exchange)
    return next((told for field in TEXTS if (told := answer.told(field))), "") + answer.text


def _prompt_tokens(exchange: Exchange | None) -> int | None:
    """What usage counts of a prompt; None where it does not count."""
    if exchange is None or asked_for_stream(exchange.request):
        return None
    try:
        return _count(Document.of(exchange)["usage"]["prompt_tokens"])
    except Unmet:
        return None


def _count(value: Json) -> int | None:
    return value.value if INTEGER.holds(value.value) and value.value > 0 else None


def _counts(plain: Exchange | None, longer: Exchange | None) -> bool:
    """Whether usage counts what the model reads: it grows with the prompt, and is more than its text alone.

    A template puts some tokens around every prompt; a guess from the length of the text, as gateways make it where
    nobody counted, would be nothing for an empty text, and knows of no tools.
    """
    short, long = _prompt_tokens(plain), _prompt_tokens(longer)
    characters, more = _asked(plain), _asked(longer)
    if short is None or long is None or long <= short + TOOLS or more <= characters:
        return False
    each = (long - short) / (more - characters)
    return short - each * characters >= TEMPLATE


def _asked(exchange: Exchange | None) -> int:
    """How many characters of text the messages of a request have."""
    body = exchange.request.body if exchange else None
    messages = parse_json(body or b"null")["messages"]
    texts = [each["content"].value for each in messages.elements] if bool_of(messages.value) else []
    return sum(len(text) for text in texts if isinstance(text, str))
