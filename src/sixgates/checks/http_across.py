"""What holds across all answers of a run: ids that come once, one name of the model, times that are now."""

from collections.abc import Iterable, Iterator

from sixgates.catalogue import (
    CHAT_PATH,
    COMPLETIONS_PATH,
    MUST,
    RESPONSES_PATH,
    SHOULD,
    check,
)
from sixgates.checks.chat_shape import SECONDS
from sixgates.checks.chat_stream_framing import STREAMS
from sixgates.completion import Completion
from sixgates.exchange import Exchange, Finding, Response, seconds_of
from sixgates.probes.completions import completions, completions_stopped_stream
from sixgates.probes.declared import posted
from sixgates.probes.responses import response, response_stream
from sixgates.responses_view import FinalResponse
from sixgates.select import Findings, Json, Kind, Unexercised, Unmet, shown
from sixgates.views import ChatStream, Document, Reply, members

WRITTEN = posted(CHAT_PATH, COMPLETIONS_PATH, RESPONSES_PATH)
A_DAY = 86_400


@check(
    "http.ids_unique",
    SHOULD,
    among=WRITTEN,
    unconditional=True,
    evidence=["ogx-ai/ogx#2315", "ollama/ollama#14225", "InternLM/lmdeploy#4707", "ollama/ollama#7881"],
    luck="Ids that are drawn from too few are alike only now and then.",
)
def no_id_comes_twice(*exchanges: Exchange) -> Findings:
    """No two answers of a run, nor two calls or items in them, have the same id."""
    seen: dict[str, str] = {}
    for exchange, root in _answers(exchanges):
        for identity in _ids(exchange, root):
            earlier = seen.setdefault(identity.value, f"{exchange.probe}: {identity.where}")
            if earlier != f"{exchange.probe}: {identity.where}":
                where = f"{exchange.probe}: {identity.where}"
                yield Finding(where, "an id of its own", f"{shown(identity.value)}, as in {earlier}")
    if len(seen) < 2:
        raise Unexercised("no two answers have an id")


@check(
    "http.model_stable",
    SHOULD,
    among=WRITTEN,
    unconditional=True,
    evidence=["spec: CreateChatCompletionResponse", "BerriAI/litellm#15141", "microsoft/foundry-local#144"],
    luck="Models that take turns behind one name can answer all of a few requests alike.",
)
def one_model_has_one_name(*exchanges: Exchange) -> Findings:
    """The answers of one endpoint to requests for one model, whole or streamed, name one model."""
    seen: dict[tuple[str, object], tuple[object, str]] = {}
    answers = 0
    for exchange, root in _answers(exchanges):
        model = root["model"]
        if isinstance(model.value, str) and model.value:
            answers += 1
            asked_for = exchange.request.path, exchange.request.asked.get("model")
            name, earlier = seen.setdefault(asked_for, (model.value, exchange.probe))
            if model.value != name:
                where = f"{exchange.probe}: {model.where}"
                yield Finding(where, f"{shown(name)}, as in {earlier}", shown(model.value))
    if answers < 2:
        raise Unexercised("no two answers name their model")


@check(
    "chat.stream.created_int",
    MUST,
    each=STREAMS,
    evidence=["EricLBuehler/mistral.rs#1805", "Rfym21/Qwen2API#93", "mlc-ai/web-llm#829"],
)
def streams_are_created_now(stream: ChatStream) -> Findings:
    """A chunk's `created` is in whole seconds since 1970, within a day of the Date header where there is one."""
    yield from _now(stream.completion_chunks[0]["created"], stream.reply.response)


@check(
    "completions.created_int",
    SHOULD,
    each=[completions, completions_stopped_stream],
    evidence=["spec: CreateCompletionResponse", "mlc-ai/web-llm#829"],
)
def completions_are_created_now(exchange: Exchange) -> Findings:
    """`created` is in whole seconds since 1970, within a day of the Date header where there is one."""
    yield from _now(_root(exchange)["created"], Reply.of(exchange).response)


@check(
    "responses.created_now",
    SHOULD,
    each=[response, response_stream],
    evidence=["spec: Response", "mlc-ai/web-llm#829"],
)
def responses_are_created_now(exchange: Exchange) -> Findings:
    """`created_at` is within a day of the Date header, where there is one."""
    yield from _near(FinalResponse.of(exchange)["created_at"], Reply.of(exchange).response)


def _now(created: Json, reply: Response) -> Findings:
    yield from created.unlike(SECONDS)
    if SECONDS.holds(created.value):
        yield from _near(created, reply)


def _near(created: Json, reply: Response) -> Findings:
    sent = seconds_of(reply.header("date"))
    near = Kind(
        f"within a day of the Date header ({sent or 0:.0f})",
        lambda value: isinstance(value, int | float) and abs(value - (sent or value)) <= A_DAY,
    )
    yield from created.unlike(near)


def _answers(exchanges: Iterable[Exchange]) -> Iterator[tuple[Exchange, Json]]:
    """What was answered with a document, or the first of a stream; what was not, other checks name."""
    for exchange in exchanges:
        try:
            yield exchange, _root(exchange)
        except Unmet:
            continue


def _root(exchange: Exchange) -> Json:
    """The document of an answer, the first chunk of a stream, or the response in the first event of one."""
    response = exchange.response
    if response is None or response.media_type != "text/event-stream":
        return Document.of(exchange).root
    first = ChatStream.of(exchange).completion_chunks[0]
    return first["response"] if first["response"].given else first


def _ids(exchange: Exchange, root: Json) -> Iterator[Json]:
    """The id of an answer, of the calls in it, and of its items."""
    found = [root["id"]]
    try:
        if exchange.request.path == CHAT_PATH:
            found += [call.id for choice in Completion.each(exchange) for call in choice.calls]
        elif exchange.request.path == RESPONSES_PATH:
            found += [item["id"] for item in members(FinalResponse.of(exchange)["output"])]
    except Unmet:  # it did not end as it should, which other checks name
        pass
    yield from (each for each in found if isinstance(each.value, str) and each.value)
