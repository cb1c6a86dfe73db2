"""Defects of the token counts."""

from sixgates.exchange import Request
from sixgates.reference.defects.chat_shape import setting
from sixgates.reference.mutants import (
    Document,
    body_of,
    in_events,
    in_json,
    mutant,
    on_plain,
    on_tools,
    on_usage_stream,
)


def _on_two_choices(request: Request) -> bool:
    return on_plain(request) and body_of(request).get("n") == 2


def _on_one_token(request: Request) -> bool:
    return on_plain(request) and body_of(request).get("max_tokens") == 1


def _recounted(document: Document, **counts: int) -> None:
    usage = document["usage"]
    usage.update(counts)
    usage["total_tokens"] = usage["prompt_tokens"] + usage["completion_tokens"]


def _first_choice_only(document: Document) -> None:
    _recounted(document, completion_tokens=4)


def _prompt_as_one(document: Document) -> None:
    _recounted(document, prompt_tokens=1)


def _nothing_written(document: Document) -> None:
    _recounted(document, completion_tokens=0)


def _eos_counted(document: Document) -> None:
    _recounted(document, completion_tokens=document["usage"]["completion_tokens"] + 1)


def _estimated(events: list[Document]) -> None:
    _recounted(events[-1], completion_tokens=events[-1]["usage"]["completion_tokens"] // 2)


def _prompt_estimated(events: list[Document]) -> None:
    _recounted(events[-1], prompt_tokens=1)


mutant(
    "usage-total-is-completion",
    on=on_plain,
    edit=setting("usage", "total_tokens", to=1),
    caught_by=["usage.sum"],
)
mutant(
    "usage-total-too-large",
    on=on_plain,
    edit=in_json(lambda document: document["usage"].update(total_tokens=9000)),
    caught_by=["usage.total"],
)
mutant(
    "usage-prompt-zero",
    on=on_plain,
    edit=in_json(lambda document: _recounted(document, prompt_tokens=0)),
    caught_by=["usage.sum"],
)
mutant("usage-empty", on=on_plain, edit=setting("usage", to={}), caught_by=["usage.sum"])
mutant(
    "usage-stream-estimated",
    on=on_usage_stream,
    edit=in_events(_estimated),
    caught_by=["usage.stream_equals"],
)
mutant(
    "usage-stream-prompt-estimated",
    on=on_usage_stream,
    edit=in_events(_prompt_estimated),
    caught_by=["usage.stream_equals"],
)
mutant(
    "usage-end-token-counted",
    on=_on_one_token,
    edit=in_json(_eos_counted),
    caught_by=["usage.completion_matches_max"],
)
mutant(
    "usage-prompt-cut",
    on=_on_one_token,
    edit=in_json(_prompt_as_one),
    caught_by=["usage.prompt_monotonic"],
)
mutant(
    "usage-cached-beyond-prompt",
    on=on_plain,
    edit=setting("usage", "prompt_tokens_details", to={"cached_tokens": 1_000_000}),
    caught_by=["usage.cached_tokens"],
)
mutant(
    "usage-reasoning-beyond-completion",
    on=on_plain,
    edit=setting("usage", "completion_tokens_details", to={"reasoning_tokens": 1_000_000}),
    caught_by=["usage.reasoning_tokens"],
)
mutant(
    "usage-first-choice-only",
    on=_on_two_choices,
    edit=in_json(_first_choice_only),
    caught_by=["usage.n_choices"],
)
mutant(
    "usage-tools-free",
    on=on_tools,
    edit=in_json(_prompt_as_one),
    caught_by=["usage.tools_counted"],
)
mutant(
    "usage-calls-free",
    on=on_tools,
    edit=in_json(_nothing_written),
    caught_by=["usage.tools_counted"],
)
mutant(
    "usage-details-of-null",
    on=on_plain,
    edit=setting("usage", "prompt_tokens_details", to={"cached_tokens": None}),
    caught_by=["usage.details_shape"],
)
mutant(
    "usage-details-array",
    on=on_plain,
    edit=setting("usage", "completion_tokens_details", to=[]),
    caught_by=["usage.details_shape", "usage.reasoning_tokens"],
)
