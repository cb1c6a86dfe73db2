"""Defects of the legacy completions."""

from typing import Any

from sixgates.exchange import Request
from sixgates.probes.completions import MOST_TOKENS
from sixgates.reference.mutants import (
    Document,
    Edit,
    asking,
    body_of,
    in_events,
    in_json,
    in_pieces,
    mutant,
    on_path,
    with_body,
    with_status,
)

on_completions = on_path("/v1/completions")
SHAPE = ["completions.shape"]
STREAM = ["completions.stream"]
STOP = ["completions.stop_and_max"]
ECHO = ["completions.echo_logprobs"]


def _on_stream(request: Request) -> bool:
    return on_completions(request) and bool(body_of(request).get("stream"))


def _on_whole(request: Request) -> bool:
    return on_completions(request) and not body_of(request).get("stream")


def _on_two(request: Request) -> bool:
    return on_completions(request) and isinstance(body_of(request).get("prompt"), list)


def _on_echo(request: Request) -> bool:
    return on_completions(request) and bool(body_of(request).get("echo"))


def _set(**fields: Any) -> Edit:
    return in_json(lambda document: document["choices"][0].update(fields))


def _named(name: str) -> Edit:
    return in_json(lambda document: document.update(object=name))


def _as_chat(document: Document) -> None:
    for choice in document["choices"]:
        choice["message"] = {"role": "assistant", "content": choice.pop("text")}


def _other_total(document: Document) -> None:
    document["usage"]["total_tokens"] -= 1


def _chat_chunks(events: list[Document]) -> None:
    for event in events:
        event["object"] = "chat.completion.chunk"


def _deltas(events: list[Document]) -> None:
    for event in events:
        for entry in event["choices"]:
            entry["delta"] = {"content": entry.pop("text")}


def _finish_everywhere(events: list[Document]) -> None:
    for event in events:
        for entry in event["choices"]:
            entry["finish_reason"] = "stop"


def _finishing(reason: str | None) -> Edit:
    def change(events: list[Document]) -> None:
        events[-2]["choices"][0]["finish_reason"] = reason

    return in_events(change)


def _swapped(document: Document) -> None:
    first, second = document["choices"]
    first["text"], second["text"] = second["text"], first["text"]


def _first_twice(document: Document) -> None:
    document["choices"][1]["text"] = document["choices"][0]["text"]


def _alone(document: Document) -> None:
    del document["choices"][1]


def _index_zero(document: Document) -> None:
    document["choices"][1]["index"] = 0


def _one_counted(document: Document) -> None:
    usage = document["usage"]
    usage["completion_tokens"] = 1
    usage["total_tokens"] = usage["prompt_tokens"] + 1


def _always_stop(document: Document) -> None:
    for choice in document["choices"]:
        choice["finish_reason"] = "stop"


def _in_logprobs(name: str, at: int, value: object) -> Edit:
    def change(document: Document) -> None:
        document["choices"][0]["logprobs"][name][at] = value

    return in_json(change)


def _generated_only(document: Document) -> None:
    logprobs = document["choices"][0]["logprobs"]
    document["choices"][0]["logprobs"] = {name: values[-1:] for name, values in logprobs.items()}


def _chat_logprobs(document: Document) -> None:
    document["choices"][0]["logprobs"] = {"content": [{"token": "a", "logprob": -1.0, "top_logprobs": []}]}


def _offsets_missing(document: Document) -> None:
    document["choices"][0]["logprobs"]["text_offset"].pop()


mutant(
    "completions-no-route",
    on=on_completions,
    edit=with_status(404),
    caught_by=["capability.completions", "completions.answered"],
)
mutant(
    "completions-null", on=_on_whole, edit=with_body(b"null", status=200), caught_by=["completions.answered"]
)
mutant("completions-chat-object", on=_on_whole, edit=_named("chat.completion"), caught_by=SHAPE)
mutant("completions-chat-message", on=_on_whole, edit=in_json(_as_chat), caught_by=SHAPE)
mutant("completions-index-absent", on=_on_whole, edit=_set(index=None), caught_by=SHAPE)
mutant("completions-finish-eos", on=_on_whole, edit=_set(finish_reason="eos"), caught_by=SHAPE)
mutant("completions-total-off", on=_on_whole, edit=in_json(_other_total), caught_by=SHAPE)
mutant("completions-stream-chat-chunks", on=_on_stream, edit=in_events(_chat_chunks), caught_by=STREAM)
mutant("completions-stream-deltas", on=_on_stream, edit=in_events(_deltas), caught_by=STREAM)
mutant(
    "completions-stream-finish-always", on=_on_stream, edit=in_events(_finish_everywhere), caught_by=STREAM
)
mutant("completions-stream-finish-never", on=_on_stream, edit=_finishing(None), caught_by=STREAM)
mutant("completions-stream-finish-eos", on=_on_stream, edit=_finishing("eos"), caught_by=STREAM)
mutant(
    "completions-stream-no-done", on=_on_stream, edit=in_pieces(lambda pieces: pieces[:-1]), caught_by=STREAM
)
mutant("completions-stream-whole", on=_on_stream, rewrite=asking(stream=None), caught_by=STREAM)
mutant(
    "completions-stream-broken-json",
    on=_on_stream,
    edit=in_pieces(lambda pieces: [b"data: {\n\n", *pieces]),
    caught_by=STREAM,
)
mutant(
    "completions-stream-usage-ignored",
    on=_on_stream,
    rewrite=asking(stream_options=None),
    caught_by=["completions.stream_usage"],
)
mutant("completions-stop-ignored", on=_on_stream, rewrite=asking(stop=None), caught_by=STOP)
mutant("completions-stop-at-once", on=_on_stream, rewrite=asking(stop=[" "]), caught_by=STOP)
mutant("completions-stop-says-length", on=_on_stream, edit=_finishing("length"), caught_by=STOP)
mutant(
    "completions-max-tokens-ignored",
    on=lambda request: _on_whole(request) and body_of(request).get("max_tokens") == MOST_TOKENS,
    rewrite=asking(max_tokens=64),
    caught_by=STOP,
)
mutant(
    "completions-always-stop",
    on=_on_two,
    edit=in_json(_always_stop),
    caught_by=["completions.finish_length"],
)
mutant(
    "completions-first-prompt-only",
    on=_on_two,
    edit=in_json(_alone),
    caught_by=["completions.prompt_array"],
)
mutant("completions-prompts-500", on=_on_two, edit=with_status(500), caught_by=["completions.prompt_array"])
mutant(
    "completions-prompts-refused",
    on=_on_two,
    edit=with_status(400),
    caught_by=["completions.prompt_array"],
)
mutant(
    "completions-prompts-swapped",
    on=_on_two,
    edit=in_json(_swapped),
    caught_by=["completions.prompt_array"],
)
mutant(
    "completions-prompts-first-twice",
    on=_on_two,
    edit=in_json(_first_twice),
    caught_by=["completions.prompt_array"],
)
mutant(
    "completions-prompts-index-zero",
    on=_on_two,
    edit=in_json(_index_zero),
    caught_by=["completions.prompt_array"],
)
mutant(
    "completions-prompts-one-counted",
    on=_on_two,
    edit=in_json(_one_counted),
    caught_by=["completions.prompt_array_usage"],
)
mutant(
    "completions-echo-ignored",
    on=_on_echo,
    rewrite=asking(echo=None),
    caught_by=["capability.echo", "completions.echo"],
)
mutant("completions-echo-refused", on=_on_echo, edit=with_status(400), caught_by=["completions.echo"])
mutant("completions-echo-logprobs-of-one-token", on=_on_echo, edit=in_json(_generated_only), caught_by=ECHO)
mutant(
    "completions-echo-first-known",
    on=_on_echo,
    edit=_in_logprobs("token_logprobs", 0, -1.0),
    caught_by=ECHO,
)
mutant(
    "completions-echo-second-null",
    on=_on_echo,
    edit=_in_logprobs("token_logprobs", 1, None),
    caught_by=ECHO,
)
mutant(
    "completions-logprobs-ignored",
    on=_on_echo,
    rewrite=asking(logprobs=None),
    caught_by=["completions.logprobs_shape"],
)
mutant(
    "completions-logprobs-as-chat",
    on=_on_echo,
    edit=in_json(_chat_logprobs),
    caught_by=["completions.logprobs_shape"],
)
mutant(
    "completions-logprobs-uneven",
    on=_on_echo,
    edit=in_json(_offsets_missing),
    caught_by=["completions.logprobs_shape"],
)
