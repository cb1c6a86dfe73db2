"""The SDK's client reads an exchange as applications let it; what it raises and what it loses are findings."""

from __future__ import annotations

import re
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache, wraps
from typing import Any

from sixgates.completion import asked_for_stream
from sixgates.exchange import Exchange, Finding
from sixgates.select import Findings, shown
from sixgates.vectors import Vector, vector
from sixgates.views import Document
from sixgates.witness.held import Held, Said, counts
from sixgates.witness.replay import client, version

ASKED: Any = [{"role": "user", "content": "What is replayed does not depend on this."}]
MODEL = "replayed"
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
KEPT = 65_536
"""The most bytes of an answer that is kept beside what was found in it."""


def once(read: Callable[[Exchange], Findings]) -> Callable[[Exchange], Findings]:
    """Read an exchange once for all judgements that share it: the SDK needs milliseconds, our own views do not."""
    kept = lru_cache(maxsize=128)(lambda exchange: tuple(read(exchange)))

    @wraps(read)
    def reading(exchange: Exchange) -> Findings:
        yield from kept(exchange) if is_small(exchange) else read(exchange)

    return reading


def is_small(exchange: Exchange) -> bool:
    """Whether what is found of an exchange may be kept with it."""
    response = exchange.response
    return response is None or sum(len(chunk.data) for chunk in response.chunks) <= KEPT


@once
def chat(exchange: Exchange) -> Findings:
    """What `chat.completions.create` loses, plain or streamed."""
    expected = Held.of(exchange)
    call = f"chat.completions.create({'stream=True' if asked_for_stream(exchange.request) else ''})"
    yield from compared(call, expected, lambda: read_chat(exchange))


@once
def helper(exchange: Exchange) -> Findings:
    """What `chat.completions.stream` loses of a stream."""
    yield from compared("chat.completions.stream()", Held.of(exchange), lambda: read_helped(exchange))


@once
def legacy(exchange: Exchange) -> Findings:
    """What `completions.create` loses, plain or streamed."""
    expected = Held.of_legacy(exchange)
    call = f"completions.create({'stream=True' if asked_for_stream(exchange.request) else ''})"
    yield from compared(call, expected, lambda: read_legacy(exchange))


@once
def embeddings(exchange: Exchange) -> Findings:
    """What `embeddings.create` makes of the vectors; it decodes base64 by itself."""
    entries = Document.of(exchange)["data"].elements
    expected = [vector(entry["embedding"]) for entry in entries]
    found, problems = attempt("embeddings.create()", lambda: read_vectors(exchange))
    yield from problems
    if not problems and found != expected:
        said, held = (shown([len(each) for each in vectors]) for vectors in (expected, found))
        yield Finding(
            "embeddings.create()",
            f"the vectors of the bytes, of lengths {said}",
            f"others, of lengths {held}",
            version(),
        )


@once
def models(exchange: Exchange) -> Findings:
    """What `models.list` loses of the ids."""
    expected = [entry["id"].value for entry in Document.of(exchange)["data"].elements]
    found, problems = attempt("models.list()", lambda: read_ids(exchange))
    yield from problems
    if not problems and found != expected:
        yield Finding("models.list()", f"{shown(expected)}, as in the bytes", shown(found), version())


def refusal(exchange: Exchange, status: int, message: str) -> Findings:
    """Whether a refusal arrives as the SDK's exception for a status, with the server's message in it."""
    from sixgates.witness.sdk import openai

    where, expected = "chat.completions.create()", f"an APIStatusError {status} that says {shown(message)}"
    try:
        client(exchange).chat.completions.create(model=MODEL, messages=ASKED)
    except openai.APIStatusError as problem:
        if problem.status_code != status or message not in problem.message:
            yield Finding(where, expected, f"{problem.status_code}: {shown(problem.message)}", version())
    except Exception as problem:  # noqa: BLE001 - whatever the SDK raises, its user gets it
        yield Finding(where, expected, _raised(problem), version())
    else:
        yield Finding(where, expected, "no exception", version())


def compared(call: str, expected: Held, read: Callable[[], Held]) -> Findings:
    """What the SDK raises in a call, or else loses of what it should hold."""
    held, problems = attempt(call, read)
    yield from problems or (replace(finding, hint=version()) for finding in expected.lost(held, call))


def attempt(call: str, read: Callable[[], Any]) -> tuple[Any, list[Finding]]:
    """What a call of the SDK returns, or else the one finding that it raised."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the SDK's own, about values of other types
            return read(), []
    except Exception as problem:  # noqa: BLE001 - whatever the SDK raises, its user gets it
        return None, [Finding(call, "an answer that the SDK can read", _raised(problem), version())]


def _raised(problem: Exception) -> str:
    """What the SDK raised, without the addresses of objects, which differ from run to run."""
    return f"{type(problem).__name__}: {shown(_ADDRESS.sub('', str(problem)))}"


def read_chat(exchange: Exchange) -> Held:
    """What an application has of `chat.completions.create`, plain or streamed."""
    if asked_for_stream(exchange.request):
        return _chunks(exchange)
    return _of_completion(client(exchange).chat.completions.create(model=MODEL, messages=ASKED))


def read_helped(exchange: Exchange) -> Held:
    """What an application has of `chat.completions.stream`."""
    from sixgates.witness.sdk import openai

    with client(exchange).chat.completions.stream(model=MODEL, messages=ASKED) as stream:
        stream.until_done()
        try:
            return _of_completion(stream.get_final_completion())
        except (openai.LengthFinishReasonError, openai.ContentFilterFinishReasonError):
            # By design: the helper gives no final completion of an answer that was cut.
            return _of_completion(stream.current_completion_snapshot)


def _of_completion(completion: Any) -> Held:
    choices = (
        Said(
            choice.message.content or "",
            [_called(call) for call in choice.message.tool_calls or ()],
            choice.finish_reason or None,
        )
        for choice in completion.choices
    )
    return Held(tuple(choices), counts(completion.usage))


def _called(call: Any) -> tuple[Any, Any, Any]:
    return call.id, call.function.name, call.function.arguments


def _chunks(exchange: Exchange) -> Held:
    choices: Mapping[Any, Said] = defaultdict(Said)
    calls: Mapping[Any, Mapping[Any, list[Any]]] = defaultdict(
        lambda: defaultdict(lambda: [None, None, None])
    )
    usage = None
    for chunk in client(exchange).chat.completions.create(model=MODEL, messages=ASKED, stream=True):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            said = choices[choice.index]
            said.text += choice.delta.content or ""
            said.finish = said.finish or choice.finish_reason or None
            _gather(calls[choice.index], choice.delta.tool_calls or ())
    for index, said in choices.items():
        said.calls = [(id_, name, arguments) for id_, name, arguments in calls[index].values()]
    return Held(tuple(choices.values()), counts(usage))


def _gather(calls: Mapping[Any, list[Any]], deltas: Iterable[Any]) -> None:
    for delta in deltas:
        call = calls[delta.index]
        call[0] = call[0] or delta.id or None
        if delta.function is not None:
            call[1] = call[1] or delta.function.name or None
            if delta.function.arguments is not None:
                call[2] = (call[2] or "") + delta.function.arguments


def read_legacy(exchange: Exchange) -> Held:
    """What an application has of `completions.create`, plain or streamed."""
    resource = client(exchange).completions
    if not asked_for_stream(exchange.request):
        completion = resource.create(model=MODEL, prompt="")
        whole = (Said(choice.text, finish=choice.finish_reason) for choice in completion.choices)
        return Held(tuple(whole), counts(completion.usage))
    choices: Mapping[Any, Said] = defaultdict(Said)
    usage = None
    for chunk in resource.create(model=MODEL, prompt="", stream=True):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            choices[choice.index].text += choice.text
            choices[choice.index].finish = choices[choice.index].finish or choice.finish_reason or None
    return Held(tuple(choices.values()), counts(usage))


def read_ids(exchange: Exchange) -> list[Any]:
    """The ids that an application has of `models.list`."""
    return [each.id for each in client(exchange).models.list()]


def read_vectors(exchange: Exchange) -> list[Vector]:
    """The vectors that an application has of `embeddings.create`."""
    answer = client(exchange).embeddings.create(model=MODEL, input="")
    return [tuple(float(number) for number in entry.embedding) for entry in answer.data]
