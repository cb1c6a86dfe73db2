"""The reference's legacy completions: the fixed story, which each prompt enters at another word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from sixgates.exchange import Response
from sixgates.reference.desk import CREATED, Desk, invalid
from sixgates.reference.writing import STORY, Answer, tokens_in, written

LOGPROB = -0.5
Prompt = str | list[int]


def complete(desk: Desk, body: Mapping[str, Any]) -> Response:
    """The reply to one request; raises Refused."""
    desk.known(body.get("model"))
    prompts = _prompts(body.get("prompt"))
    counts = [len(_tokens_of(prompt)) for prompt in prompts]
    if max(counts) > desk.context_length:
        raise invalid("the prompt is too long", "prompt", "context_length_exceeded")
    number = body.get("n") or 1
    answers = [(prompt, _continued(prompt, body)) for prompt in prompts for _ in range(number)]
    spent = sum(len(answer.tokens) for _, answer in answers)
    usage = {
        "prompt_tokens": sum(counts),
        "completion_tokens": spent,
        "total_tokens": sum(counts) + spent,
    }
    choices = [_choice(index, prompt, answer, body) for index, (prompt, answer) in enumerate(answers)]
    head = {"id": f"cmpl-{desk.number()}", "object": "text_completion", "created": CREATED}
    head |= {"model": desk.model}
    if body.get("stream"):
        return desk.data_stream(_events(head, answers, usage if _wants_usage(body) else None))
    return desk.json({**head, "choices": choices, "usage": usage})


def _prompts(given: object) -> Sequence[Prompt]:
    prompts: list[Any] = given if isinstance(given, list) and not _is_tokens(given) else [given]
    if not prompts or not all(isinstance(each, str) or _is_tokens(each) for each in prompts):
        raise invalid("prompt must be a text, an array of texts, or token ids", "prompt")
    return prompts


def _is_tokens(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(type(each) is int for each in value)


def _tokens_of(prompt: Prompt) -> list[str]:
    if not isinstance(prompt, str):
        return [f" {number}" for number in prompt]
    words = prompt.split(" ")
    return [word if place == 0 else f" {word}" for place, word in enumerate(words)]


def _continued(prompt: Prompt, body: Mapping[str, Any]) -> Answer:
    words = STORY.split()
    start = tokens_in(prompt) % len(words)
    text = " ".join(words[start:] + words[:start])
    stops = body.get("stop") or []
    limit = body.get("max_tokens")
    return written(text, 16 if limit is None else limit, [stops] if isinstance(stops, str) else stops)


def _wants_usage(body: Mapping[str, Any]) -> bool:
    return bool((body.get("stream_options") or {}).get("include_usage"))


def _choice(index: int, prompt: Prompt, answer: Answer, body: Mapping[str, Any]) -> dict[str, Any]:
    echoed = _tokens_of(prompt) if body.get("echo") else []
    tokens = [*echoed, *answer.tokens]
    logprobs = None if body.get("logprobs") is None else _logprobs(tokens, echoing=bool(echoed))
    return {
        "text": "".join(tokens),
        "index": index,
        "logprobs": logprobs,
        "finish_reason": answer.finish,
    }


def _logprobs(tokens: Sequence[str], *, echoing: bool) -> dict[str, list[Any]]:
    unknown = 1 if echoing else 0
    known = tokens[unknown:]
    return {
        "tokens": list(tokens),
        "token_logprobs": [None] * unknown + [LOGPROB for _ in known],
        "top_logprobs": [None] * unknown + [{token: LOGPROB} for token in known],
        "text_offset": list(accumulate((len(token) for token in tokens[:-1]), initial=0)),
    }


def _events(
    head: Mapping[str, Any],
    answers: Sequence[tuple[Prompt, Answer]],
    usage: Mapping[str, Any] | None,
) -> list[dict[str, Any]]:
    shared = {**head} | ({} if usage is None else {"usage": None})

    def event(index: int, text: str, finish: str | None) -> dict[str, Any]:
        return {
            **shared,
            "choices": [{"text": text, "index": index, "logprobs": None, "finish_reason": finish}],
        }

    events = []
    for index, (_, answer) in enumerate(answers):
        events += [event(index, token, None) for token in answer.tokens]
        events.append(event(index, "", answer.finish))
    return events if usage is None else [*events, {**shared, "choices": [], "usage": usage}]
