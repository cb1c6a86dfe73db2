"""Defects of request parameters: refused where they are legal, ignored where they must act, or failing."""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

from sixgates.exchange import Request, Response
from sixgates.features.known import UNKNOWN
from sixgates.probes.params import BIASED, FEW, NEVER
from sixgates.reference.defects.chat_shape import dropping, setting
from sixgates.reference.mutants import (
    Applies,
    Document,
    Edit,
    asking,
    body_of,
    carrying,
    in_events,
    in_json,
    mutant,
    on_chat,
    on_plain,
    on_stream,
    on_tool_stream,
    with_body,
    with_status,
)

LOGPROBS = ("choices", 0, "logprobs", "content")
FIRST = (*LOGPROBS, 0)
_REFUSAL = b'{"error":{"message":"not permitted","type":"invalid_request_error","param":null,"code":null}}'


def _with(*names: str) -> Applies:
    """Plain chat requests whose body has one of these fields, other than null."""
    return lambda request: on_plain(request) and any(body_of(request).get(name) for name in names)


def _on_nulls(request: Request) -> bool:
    return on_plain(request) and "stream_options" in body_of(request)


def _on_one(request: Request) -> bool:
    return on_plain(request) and body_of(request).get("max_tokens") == 1


def _on_text_stop(request: Request) -> bool:
    return on_plain(request) and isinstance(body_of(request).get("stop"), str)


def _on_never(request: Request) -> bool:
    return on_plain(request) and body_of(request).get("stop") == [NEVER]


def _on_stream_stop(request: Request) -> bool:
    return on_stream(request) and isinstance(body_of(request).get("stop"), str)


def _on_array_stop(request: Request) -> bool:
    return on_stream(request) and isinstance(body_of(request).get("stop"), list)


def _on_stop_beside_tools(request: Request) -> bool:
    return on_tool_stream(request) and bool(body_of(request).get("stop"))


def _on_two(request: Request) -> bool:
    return on_plain(request) and body_of(request).get("n") == 2


def _on_out_of_range(request: Request) -> bool:
    return on_plain(request) and body_of(request).get("n") == 0


def _on_sampled(request: Request) -> bool:
    body = body_of(request)
    return on_plain(request) and body.get("temperature") == 1 and not body.get("n")


def _on_logprobs_stream(request: Request) -> bool:
    return on_stream(request) and bool(body_of(request).get("logprobs"))


_on_logprobs = _with("logprobs")
_on_defaults = _with("safety_identifier")


def _shortened(document: Document) -> None:
    message = document["choices"][0]["message"]
    message["content"] = message["content"][:-3]


def _stopped_late(response: Response) -> Response:
    return in_json(lambda document: document["choices"][0]["message"].update(content="Hi! A small boat l"))(
        response
    )


def _all_entries(change: Callable[[Document], Any]) -> Edit:
    def edit(document: Document) -> None:
        for entry in document["choices"][0]["logprobs"]["content"]:
            change(entry)

    return in_json(edit)


_draws = count(1)


def _sampled_anew(document: Document) -> None:
    document["choices"][0]["message"]["content"] += f" {next(_draws)}"


def _stop_word_begun(events: list[Document]) -> None:
    events[-1]["choices"][0]["delta"]["content"] = " the"


def _last_token_lost(events: list[Document]) -> list[Document]:
    return [*events[:-3], events[-1]]


def _all_text_lost(events: list[Document]) -> list[Document]:
    return [events[0], events[-1]]


def _first_logprobs_only(events: list[Document]) -> None:
    for event in events[3:]:
        for choice in event["choices"]:
            choice["logprobs"] = None


def _without_alternatives(events: list[Document]) -> None:
    for event in events:
        for choice in event["choices"]:
            for entry in (choice["logprobs"] or {}).get("content") or []:
                entry["top_logprobs"] = []


def _limit_of_its_own(response: Response) -> Response:
    """A server that knows no limit but its own, which it reports, and counts no tokens."""

    def change(document: Document) -> None:
        document["choices"][0]["finish_reason"] = "length"
        del document["usage"]

    return in_json(change)(response)


def _without_stream_logprobs(events: list[Document]) -> None:
    for event in events:
        for choice in event["choices"]:
            choice["logprobs"] = None


def _without_finish(events: list[Document]) -> None:
    for event in events:
        for choice in event["choices"]:
            choice["finish_reason"] = None


def _stream_logprobs_in_percent(events: list[Document]) -> None:
    for event in events:
        for choice in event["choices"]:
            for entry in (choice["logprobs"] or {}).get("content") or []:
                entry["logprob"] = 50.0


def _as_stream(request: Request) -> Request:
    return replace(request, body=json.dumps({**body_of(request), "stream": True}).encode())


mutant(
    "null-fields-refused",
    on=_on_nulls,
    edit=with_body(_REFUSAL, status=400),
    caught_by=["params.null_values"],
)
mutant("stream-null-streams", on=_on_nulls, rewrite=_as_stream, caught_by=["params.stream_type"])
mutant(
    "defaults-refused",
    on=_on_defaults,
    edit=with_body(_REFUSAL, status=422),
    caught_by=["params.known_fields_tolerated"],
)
mutant("stop-loses-tail", on=_on_never, edit=in_json(_shortened), caught_by=["params.stop.no_tail_loss"])
mutant(
    "unknown-field-500",
    on=carrying(UNKNOWN),
    edit=with_body(_REFUSAL, status=500),
    caught_by=["params.unknown_field"],
)
mutant("range-500", on=_on_out_of_range, edit=with_status(500), caught_by=["params.out_of_range"])
mutant(
    "max-tokens-ignored",
    on=_on_one,
    rewrite=asking(max_tokens=16),
    caught_by=["params.max_tokens.honoured"],
)
mutant(
    "max-tokens-not-said",
    on=_on_one,
    edit=setting("choices", 0, "finish_reason", to="stop"),
    caught_by=["params.max_tokens.honoured"],
)
mutant(
    "max-completion-tokens-ignored",
    on=_with("max_completion_tokens"),
    rewrite=asking(max_completion_tokens=None),
    caught_by=["params.max_completion_tokens"],
)
mutant(
    "max-completion-tokens-refused",
    on=_with("max_completion_tokens"),
    edit=with_body(_REFUSAL, status=400),
    caught_by=["params.max_completion_tokens"],
)
mutant(
    "max-completion-tokens-of-its-own",
    on=_with("max_completion_tokens"),
    rewrite=asking(max_completion_tokens=None, stop=None, max_tokens=16),
    edit=_limit_of_its_own,
    caught_by=["params.max_completion_tokens"],
)
mutant(
    "max-completion-tokens-503",
    on=_with("max_completion_tokens"),
    edit=with_body(_REFUSAL, status=503),
    caught_by=["params.max_completion_tokens"],
)
mutant(
    "max-completion-tokens-doubled",
    on=_with("max_completion_tokens"),
    rewrite=asking(max_completion_tokens=2 * FEW),
    caught_by=["params.max_completion_tokens"],
)
mutant("stop-string-ignored", on=_on_text_stop, rewrite=asking(stop=None), caught_by=["params.stop.string"])
mutant(
    "stop-string-unsaid",
    on=_on_text_stop,
    edit=setting("choices", 0, "finish_reason", to="length"),
    caught_by=["params.stop.string"],
)
mutant("stop-string-half-left", on=_on_text_stop, edit=_stopped_late, caught_by=["params.stop.multi_token"])
mutant("stop-stream-ignored", on=_on_stream_stop, rewrite=asking(stop=None), caught_by=["params.stop.stream"])
for _name, _change in {"stop-stream-begun": _stop_word_begun, "stop-stream-short": _last_token_lost}.items():
    mutant(_name, on=_on_stream_stop, edit=in_events(_change), caught_by=["params.stop.stream"])
for _name, _change in {"begun": _stop_word_begun, "short": _last_token_lost, "lost": _all_text_lost}.items():
    mutant(
        f"stop-beside-tools-{_name}",
        on=_on_stop_beside_tools,
        edit=in_events(_change),
        caught_by=["params.stop.with_tools"],
    )
mutant(
    "stop-beside-tools-ignored",
    on=_on_stop_beside_tools,
    rewrite=asking(stop=None),
    caught_by=["params.stop.with_tools"],
)
mutant("stop-array-ignored", on=_on_array_stop, rewrite=asking(stop=None), caught_by=["params.stop.array"])
mutant("choices-one-for-two", on=_on_two, rewrite=asking(n=1), caught_by=["capability.n", "params.n.two"])
mutant(
    "choices-both-first", on=_on_two, edit=setting("choices", 1, "index", to=0), caught_by=["params.n.two"]
)
mutant(
    "bias-ignored",
    on=_with("logit_bias"),
    rewrite=asking(logit_bias=None),
    caught_by=["capability.logit_bias", "params.logit_bias"],
)
mutant(
    "bias-refused",
    on=lambda request: BIASED in (body_of(request).get("logit_bias") or {}),
    edit=with_body(_REFUSAL, status=400),
    caught_by=["params.logit_bias"],
)
mutant(
    "fingerprint-number",
    on=on_chat,
    edit=in_json(lambda document: document.update(system_fingerprint=1)),
    caught_by=["params.system_fingerprint"],
)
mutant(
    "logprobs-refused",
    on=_on_logprobs,
    edit=with_body(_REFUSAL, status=400),
    caught_by=["params.logprobs.accepted"],
)
mutant(
    "logprobs-dropped",
    on=_on_logprobs,
    rewrite=asking(logprobs=None),
    caught_by=["capability.logprobs", "params.logprobs.not_silently_dropped"],
)
for _name, _edit in {
    "logprobs-positive": setting(*FIRST, "logprob", to=0.5),
    "logprobs-token-absent": dropping(*FIRST, "token"),
    "logprobs-bytes-text": setting(*FIRST, "bytes", to="Hi!"),
    "logprobs-alternatives-absent": dropping(*FIRST, "top_logprobs"),
    "logprobs-one-short": in_json(
        lambda document: document["choices"][0]["logprobs"].update(
            content=document["choices"][0]["logprobs"]["content"][:3]
        )
    ),
}.items():
    mutant(_name, on=_on_logprobs, edit=_edit, caught_by=["params.logprobs.shape"])
for _name, _edit in {
    "alternatives-none": _all_entries(lambda entry: entry.update(top_logprobs=[])),
    "alternatives-one": _all_entries(lambda entry: entry.update(top_logprobs=entry["top_logprobs"][:1])),
    "alternatives-many": _all_entries(lambda entry: entry.update(top_logprobs=entry["top_logprobs"] * 2)),
    "alternatives-turned": _all_entries(lambda entry: entry["top_logprobs"].reverse()),
    "alternatives-nameless": _all_entries(lambda entry: entry["top_logprobs"][0].pop("token")),
}.items():
    mutant(_name, on=_on_logprobs, edit=_edit, caught_by=["params.logprobs.top"])
for _name, _edit in {
    "logprobs-of-another-base": _all_entries(lambda entry: entry.update(logprob=entry["logprob"] / 2.3)),
    "logprobs-all-certain": _all_entries(
        lambda entry: [each.update(logprob=0) for each in (entry, *entry["top_logprobs"])]
    ),
}.items():
    mutant(_name, on=_on_logprobs, edit=_edit, caught_by=["params.logprobs.consistent"])
mutant(
    "logprobs-bytes-of-another",
    on=_on_logprobs,
    edit=_all_entries(lambda entry: entry.update(bytes=[63])),
    caught_by=["params.logprobs.bytes_roundtrip"],
)
mutant(
    "stream-logprobs-dropped",
    on=_on_logprobs_stream,
    edit=in_events(_without_stream_logprobs),
    caught_by=["params.logprobs.stream"],
)
for _name, _change in {
    "stream-logprobs-first-only": _first_logprobs_only,
    "stream-logprobs-alone": _without_alternatives,
}.items():
    mutant(_name, on=_on_logprobs_stream, edit=in_events(_change), caught_by=["params.logprobs.stream"])
mutant(
    "stream-logprobs-for-finish",
    on=_on_logprobs_stream,
    edit=in_events(_without_finish),
    caught_by=["params.logprobs.stream"],
)
mutant(
    "stream-logprobs-percent",
    on=_on_logprobs_stream,
    edit=in_events(_stream_logprobs_in_percent),
    caught_by=["params.logprobs.stream"],
)
mutant(
    "seed-ignored",
    on=_on_sampled,
    edit=in_json(_sampled_anew),
    caught_by=["capability.seed", "params.seed.deterministic"],
)
