"""Request parameters: what each finding says, what cannot be judged, and what is legal."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sixgates import catalogue
from sixgates.exchange import Chunk, Exchange, Response
from sixgates.judge import Judgement
from sixgates.probes.params import NEVER, end_of, middle_of
from sixgates.select import shown
from sixgates.verdict import Outcome, Verdict

Edit = Callable[[Exchange], Response | None]
JudgeEdited = Callable[[Edit], Judgement]
CHECKS = [check.id for check in catalogue.load().checks.values() if check.area == "params"]
LOGPROBS = ("chat-logprobs", "chat-stream-logprobs")
REFUSAL = b'{"error":{"message":"no"}}'
OTHER_TEXT = "at temperature 0 the model wrote another text than before, so the stop word had nothing to show"


def answering(probe: str, status: int) -> Edit:
    """Answer one probe with an error."""
    response = Response(status, (("content-type", "application/json"),), (Chunk(REFUSAL, 0.01),))
    return lambda exchange: response if exchange.probe == probe else None


def changing(probe: str, change: Callable[[Any], object]) -> Edit:
    """Change the JSON answer to one probe, or each JSON event of its stream, in place."""

    def write(data: bytes) -> bytes:
        head, text = (b"data: ", data[6:]) if data.startswith(b"data: ") else (b"", data)
        if text.strip() == b"[DONE]":
            return data
        document = json.loads(text)
        change(document)
        return head + json.dumps(document).encode() + (b"\n\n" if head else b"")

    def edit(exchange: Exchange) -> Response | None:
        if exchange.probe != probe or exchange.response is None:
            return None
        chunks = tuple(Chunk(write(chunk.data), chunk.at) for chunk in exchange.response.chunks)
        headers = tuple(pair for pair in exchange.response.headers if pair[0] != "content-length")
        return replace(exchange.response, headers=headers, chunks=chunks)

    return edit


def saying(text: str | None, **more: object) -> Callable[[Any], object]:
    """Another text, with further members of the choice."""

    def change(answer: Any) -> None:
        answer["choices"][0]["message"]["content"] = text
        answer["choices"][0].update(more)

    return change


def streaming(text: str) -> Callable[[Any], object]:
    """The whole text in the event that ends the stream."""

    def change(event: Any) -> None:
        choice = event["choices"][0]
        choice["delta"] = {"content": text} if choice["finish_reason"] else {}

    return change


def in_entries(change: Callable[[Any], object]) -> Callable[[Any], object]:
    """Change the entry of each token."""

    def edit(document: Any) -> None:
        for choice in document["choices"]:
            for entry in (choice["logprobs"] or {}).get("content") or []:
                change(entry)

    return edit


def nameless(name: str) -> Callable[[Any], object]:
    """A token without bytes, under another name."""
    return in_entries(lambda entry: entry.update(bytes=None, token=name))


def words(verdict: Verdict) -> list[str]:
    """Each finding in one line."""
    return [f"{found.where}: {found.expected}, not {found.got}" for found in verdict.findings]


FINDINGS: dict[str, tuple[str, Edit, list[str]]] = {
    "the limit is refused": (
        "params.max_completion_tokens",
        answering("chat-max-completion-tokens", 400),
        [f"status: 200, not 400 {shown(REFUSAL.decode())}: the limit was refused"],
    ),
    "the limit is a failure": (
        "params.max_completion_tokens",
        answering("chat-max-completion-tokens", 503),
        [f"status: 200, not 503 {shown(REFUSAL.decode())}: the server failed on the limit"],
    ),
    "the limit is ignored": (
        "params.max_completion_tokens",
        changing("chat-max-completion-tokens", saying("Hi! A small boat", finish_reason="stop")),
        [
            '/choices/0/finish_reason: "length" after 3 tokens, '
            'not "stop" after "Hi! A small boat": the limit was ignored'
        ],
    ),
    "the limit is passed": (
        "params.max_completion_tokens",
        changing("chat-max-completion-tokens", lambda answer: answer["usage"].update(completion_tokens=4)),
        ["/usage/completion_tokens: at most 3, not 4"],
    ),
    "the bias is refused": (
        "params.logit_bias",
        answering("chat-biased", 400),
        [f"status: 200, not 400 {shown(REFUSAL.decode())}: the bias was refused"],
    ),
    "the bias is ignored": (
        "params.logit_bias",
        changing("chat-biased", saying("Hi! A")),
        [
            "/choices/0/message/content: another text than without the bias towards token 1000: it was ignored, "
            'not "Hi! A"'
        ],
    ),
    "nulls are refused": (
        "params.null_values",
        answering("chat-nulls", 422),
        [f"status: 200, not 422 {shown(REFUSAL.decode())}"],
    ),
    "a default is refused": (
        "params.known_fields_tolerated",
        answering("chat-defaults", 422),
        [f"status: 200, not 422 {shown(REFUSAL.decode())}"],
    ),
    "an unknown field breaks the server": (
        "params.unknown_field",
        answering("chat-stream-unknown-field", 500),
        [f"status: 200 or a 4xx, not 500 {shown(REFUSAL.decode())}"],
    ),
    "values out of range break the server": (
        "params.out_of_range",
        answering("chat-out-of-range", 502),
        [f"status: 200 or a 4xx, not 502 {shown(REFUSAL.decode())}"],
    ),
    "one choice for two": (
        "params.n.two",
        changing("chat-two-choices", lambda answer: answer["choices"].pop()),
        ["/choices: two choices with the indices 0 and 1, not the indices [0]"],
    ),
    "max_tokens is ignored": (
        "params.max_tokens.honoured",
        changing("chat-longer-prompt", lambda answer: answer["usage"].update(completion_tokens=2)),
        ["/usage/completion_tokens: at most 1, not 2"],
    ),
    "the end is cut": (
        "params.stop.no_tail_loss",
        changing("chat-defaults", saying("Hi! A")),
        [
            '/choices/0/message/content: "Hi! A small boat left the harbour at dawn. The wind was kind, the sea was" '
            'and no more or less, not "Hi! A"'
        ],
    ),
    "the stop word is there": (
        "params.stop.string",
        changing("chat-stop-string", saying("Hi! A small boat left the harbour at dawn. The")),
        [
            '/choices/0/message/content: a text that ends before "dawn. The", '
            'not "Hi! A small boat left the harbour at dawn. The"'
        ],
    ),
    "a stop word's first half is there": (
        "params.stop.multi_token",
        changing("chat-stop-string", saying("Hi! A small boat left the harbour at dawn.")),
        [
            '/choices/0/message/content: "Hi! A small boat left the harbour at " and no more or less, '
            'not "Hi! A small boat left the harbour at dawn."'
        ],
    ),
    "a stop word's first half was sent": (
        "params.stop.stream",
        changing("chat-stream-unknown-field", streaming("Hi! A small boat left the harbour at dawn.")),
        [
            'event 0/choices/0: "Hi! A small boat left the harbour at " and no more or less, '
            'not "Hi! A small boat left the harbour at dawn."'
        ],
    ),
    "a stop word was sent": (
        "params.stop.stream",
        changing("chat-stream-unknown-field", streaming("at dawn. The")),
        ['event 0/choices/0: a text that ends before "dawn. The", not "at dawn. The"'],
    ),
    "no alternatives": (
        "params.logprobs.top",
        changing("chat-logprobs", in_entries(lambda entry: entry.update(top_logprobs=[]))),
        ["/choices/0/logprobs/content/0/top_logprobs: 2 alternatives, here or at a later token, not []"],
    ),
    "a seed without effect": (
        "params.seed.deterministic",
        changing("chat-seed", saying("Once upon")),
        [
            '/choices/0/message/content: "At noon a gull landed on the mast and stayed. By night they had found '
            'the", as with the same seed before, not "Once upon"'
        ],
    ),
    "the bytes of another text": (
        "params.logprobs.bytes_roundtrip",
        changing("chat-logprobs", saying("Bonjour")),
        ['/choices/0/logprobs/content: the bytes of "Bonjour", not "b\'At noon a gull landed on the mast\'"'],
    ),
    "entries for a part of the stream": (
        "params.logprobs.stream",
        changing(
            "chat-stream-logprobs",
            in_entries(lambda entry: entry.update(bytes=None, token=entry["token"][:2])),
        ),
        ['body: entries for all of "At noon a gull landed on the mast", not entries for "At n a g l o t m"'],
    ),
    "no entry in the stream": (
        "params.logprobs.stream",
        changing("chat-stream-logprobs", lambda event: event["choices"][0].update(logprobs=None)),
        ["body: chunks with logprobs, not none"],
    ),
}


@pytest.mark.parametrize("name", FINDINGS)
def test_what_is_found_is_said(name: str, judge_edited: JudgeEdited) -> None:
    check, edit, said = FINDINGS[name]
    verdict = judge_edited(edit).verdict(check)
    assert words(verdict) == said


def test_logprobs_are_consistent_or_it_is_said(judge_edited: JudgeEdited) -> None:
    """A logprob to another base, and a certainty shared by two."""
    halved = in_entries(lambda entry: entry.update(logprob=-0.3))
    verdict = judge_edited(changing("chat-logprobs", halved)).verdict("params.logprobs.consistent")
    place = "/choices/0/logprobs/content/0/top_logprobs"
    assert words(verdict)[0] == f"{place}/0/logprob: -0.3, as of the token itself, not -0.7"

    def certain(entry: Any) -> None:
        entry["logprob"] = 0
        for each in entry["top_logprobs"]:
            each["logprob"] = 0

    verdict = judge_edited(changing("chat-logprobs", in_entries(certain))).verdict(
        "params.logprobs.consistent"
    )
    assert words(verdict)[0].startswith(f"{place}: probabilities that add up to at most 1, not 2.00, not [")


NOTHING_TO_JUDGE: dict[str, tuple[str, Edit, str]] = {
    "another text without the stop word": (
        "params.stop.no_tail_loss",
        changing("chat-defaults", saying("Once upon")),
        OTHER_TEXT,
    ),
    "another text before the stop word": (
        "params.stop.multi_token",
        changing("chat-stop-string", saying("Once upon")),
        OTHER_TEXT,
    ),
    "another streamed text": (
        "params.stop.stream",
        changing("chat-stream-unknown-field", streaming("Once upon")),
        OTHER_TEXT,
    ),
    "a refused field beside the stop word": (
        "params.stop.stream",
        answering("chat-stream-unknown-field", 422),
        "chat-stream-unknown-field was refused: one of `x_sixgates` and `stop` as a string is refused, "
        "and the error does not say which",
    ),
    "a token without bytes": (
        "params.logprobs.bytes_roundtrip",
        changing("chat-logprobs", in_entries(lambda entry: entry.update(bytes=None))),
        "not every token comes with its bytes, so they cannot be joined",
    ),
}


@pytest.mark.parametrize("name", NOTHING_TO_JUDGE)
def test_what_cannot_be_judged_is_said(name: str, judge_edited: JudgeEdited) -> None:
    check, edit, reason = NOTHING_TO_JUDGE[name]
    verdict = judge_edited(edit).verdict(check)
    assert (verdict.outcome, verdict.reason) == (Outcome.NOT_EXERCISED, reason)


def test_a_likely_text_shows_nothing_of_the_seed(
    judge_edited: JudgeEdited, conforming: dict[str, Exchange]
) -> None:
    """Who ignores the seed writes the likeliest text twice as well."""
    whole = conforming["chat"].response
    verdict = judge_edited(
        lambda exchange: whole if exchange.probe in {"chat-again", "chat-seed"} else None
    ).verdict("params.seed.deterministic")
    assert verdict.outcome is Outcome.NOT_EXERCISED
    assert (
        verdict.reason == "the sampled text is the one of temperature 0, so that its repetition shows nothing"
    )


def _brief(answer: Any) -> None:
    saying("Hi! A", finish_reason="stop")(answer)
    answer["usage"] = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}


def _one_alternative_less(answer: Any) -> None:
    answer["choices"][0]["logprobs"]["content"][2]["top_logprobs"].pop()


def _own_token_last(entry: Any) -> None:
    entry["top_logprobs"].append({"token": "!", "logprob": -9, "bytes": [33]})


LEGAL: dict[str, tuple[str, Edit]] = {
    "400 for values out of range": ("params.out_of_range", answering("chat-out-of-range", 400)),
    "422 for an unknown field": ("params.unknown_field", answering("chat-stream-unknown-field", 422)),
    "fewer alternatives now and then": (
        "params.logprobs.top",
        changing("chat-logprobs", _one_alternative_less),
    ),
    "the token itself as one more alternative": (
        "params.logprobs.top",
        changing("chat-logprobs", in_entries(_own_token_last)),
    ),
    "a character that the limit cut": (
        "params.logprobs.bytes_roundtrip",
        changing("chat-logprobs", saying("At noon a gull landed on the mast\ufffd")),
    ),
    "a vocabulary that marks blanks": (
        "params.logprobs.stream",
        changing(
            "chat-stream-logprobs",
            in_entries(lambda entry: entry.update(bytes=None, token=entry["token"].replace(" ", "▁"))),
        ),
    ),
    "a vocabulary with parts of characters": (
        "params.logprobs.stream",
        changing("chat-stream-logprobs", nameless("\ufffd")),
    ),
    "the blank before the stop word goes too": (
        "params.stop.multi_token",
        changing("chat-stop-string", saying("Hi! A small boat left the harbour at")),
    ),
    "the blank goes in a stream": (
        "params.stop.stream",
        changing("chat-stream-unknown-field", streaming("Hi! A small boat left the harbour at")),
    ),
    "an empty text under a bias": ("params.logit_bias", changing("chat-biased", saying(""))),
    "a fingerprint": (
        "params.system_fingerprint",
        changing("chat", lambda answer: answer.update(system_fingerprint="fp_1")),
    ),
}


@pytest.mark.parametrize("name", LEGAL)
def test_what_is_legal_passes(name: str, judge_edited: JudgeEdited) -> None:
    check, edit = LEGAL[name]
    verdict = judge_edited(edit).verdict(check)
    assert (verdict.outcome, words(verdict)) == (Outcome.PASSED, [])


@pytest.mark.parametrize(
    ("check", "outcome", "reason"),
    [
        ("params.max_tokens.honoured", Outcome.PASSED, ""),
        (
            "params.max_completion_tokens",
            Outcome.NOT_EXERCISED,
            "so short an answer ends by itself, with or without the limit",
        ),
    ],
)
def test_an_answer_shorter_than_the_limit_is_no_fault(
    check: str, outcome: Outcome, reason: str, judge_edited: JudgeEdited
) -> None:
    """A model that has said all in three tokens ends with "stop", limited or not: that proves nothing."""
    limited = {"chat", "chat-max-completion-tokens"}

    def edit(exchange: Exchange) -> Response | None:
        return changing(exchange.probe, _brief)(exchange) if exchange.probe in limited else None

    verdict = judge_edited(edit).verdict(check)
    assert (verdict.outcome, verdict.reason) == (outcome, reason)


@pytest.mark.parametrize(
    "text", ["Hi! A small boat left", "ab", "aaaa", "你好你好世界", " a  b ", "one two one two"]
)
def test_stop_words_are_in_the_text(text: str) -> None:
    """Once at its end, and before it somewhere in the text."""
    assert text.endswith(end_of(text))
    assert text.count(end_of(text)) == 1
    assert middle_of(text) in text
    assert NEVER not in text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**400), 10**400) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
PROBES = (*LOGPROBS, "chat-stream-unknown-field", "chat-max-completion-tokens", "chat-seed", "chat-biased")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=json_values, at=st.integers(0, 300), probe=st.sampled_from(PROBES))
def test_any_value_anywhere_raises_nothing(
    value: Any, at: int, probe: str, judge_edited: JudgeEdited
) -> None:
    def change(document: Any) -> None:
        places = list(_places(document))
        container, key = places[at % len(places)]
        container[key] = value

    judgement = judge_edited(changing(probe, change))
    assert [name for name in CHECKS if judgement.verdict(name).outcome is Outcome.ERROR] == []


def _places(value: Any) -> Any:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(pairs):
        yield value, key
        yield from _places(inner)
