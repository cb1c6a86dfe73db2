"""What shows only across answers, beyond limits, or in a refusal: legal answers pass, others are told in words."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sixgates import capability, catalogue
from sixgates.exchange import Chunk, Exchange, Finding, Response
from sixgates.judge import Judgement, Subject
from sixgates.probes.limits import chat_stream_max_tokens_zero
from sixgates.reference import mutants
from sixgates.reference.mutants import MutantProvider
from sixgates.reference.provider import ReferenceProvider
from sixgates.sources import cassette
from sixgates.sources.reference import answers
from sixgates.verdict import Outcome, Verdict

Change = Callable[[Exchange], Response | None]
JudgeEdited = Callable[[Change], Judgement]
CASSETTES = Path(__file__).parents[2] / "cassettes"
CHECKS = catalogue.load()


def of_mutant(name: str, check: str) -> tuple[Finding, ...]:
    """What a check says of a mutant."""
    provider = MutantProvider(mutants.load()[name], ReferenceProvider(key="sk-reference"))
    subject = Subject("r", "reference", frozenset(capability.CAPABILITIES))
    return Judgement(CHECKS, subject, answers(provider, CHECKS.probes())).verdict(check).findings


def of_recording(provider: str, check: str) -> Verdict:
    """What a check says of a recording in this repository, every capability declared."""
    probes = [probe for probe in CHECKS.probes() if (CASSETTES / provider / f"{probe.name}.yaml").is_file()]
    _, found = cassette.answers(CASSETTES / provider, provider, probes)
    return Judgement(CHECKS, Subject(provider, "m", frozenset(capability.CAPABILITIES)), found).verdict(check)


def in_document(probe: str, change: Callable[[dict[str, Any]], Any]) -> Change:
    """The JSON answer to one probe, changed."""

    def edit(exchange: Exchange) -> Response | None:
        if exchange.probe != probe or exchange.response is None:
            return None
        document = json.loads(exchange.response.body)
        change(document)
        headers = tuple(pair for pair in exchange.response.headers if pair[0] != "content-length")
        return replace(
            exchange.response, headers=headers, chunks=(Chunk(json.dumps(document).encode(), 0.01),)
        )

    return edit


SAID = {
    ("stop-string-taken-out", "params.stop.string"): (
        '"Hi! A small boat left the harbour at ", and nothing that comes after the stop word "dawn. The"'
    ),
    ("stop-array-taken-out", "params.stop.array"): 'a text that ends before "H"',
    ("alternatives-without-limit", "params.top_logprobs.limit"): "400, or at most 20 alternatives",
    (
        "max-tokens-zero-unlimited",
        "params.max_tokens.zero",
    ): "a refusal with 400, or an answer without tokens",
    ("loose-call-with-numbers", "tools.call.no_args"): "the beginning of a JSON object",
    ("stream-call-opens-bare", "tools.stream.args_first"): "a string",
    ("ids-alike-in-histories", "http.ids_unique"): "an id of its own",
    ("model-another-in-histories", "http.model_stable"): '"reference", as in chat',
    ("chunks-created-in-milliseconds", "chat.stream.created_int"): "whole seconds since 1970",
    (
        "chunks-created-in-the-future",
        "chat.stream.created_int",
    ): "within a day of the Date header (1700000000)",
    ("completions-zeros-in-chunks", "usage.stream_last_only"): "null or absent",
    ("counts-of-embeddings-as-text", "usage.counts_are_numbers"): "an integer ≥ 0 or null",
    ("error-within-an-error-1", "errors.message_in_words"): "words, not another error's JSON",
    ("completions-error-empty", "errors.message_nonempty"): "a non-empty string",
    ("first-answer-another", "params.seed.first_answer"): (
        '"Hi! A small boat left the harbour at dawn. The wind was kind, the sea was", as in chat'
    ),
}


@pytest.mark.parametrize(("mutant", "check"), SAID)
def test_a_finding_says_what_was_expected(mutant: str, check: str) -> None:
    assert SAID[mutant, check] in {finding.expected for finding in of_mutant(mutant, check)}


def test_a_stop_word_that_is_taken_out_of_a_completion_is_told() -> None:
    (finding,) = of_mutant("stop-taken-out-of-completions", "completions.stop_and_max")
    assert finding.expected.endswith(", and nothing that comes after a stop word")


def test_an_answer_without_a_limit_is_told_with_what_it_costs() -> None:
    (finding,) = of_mutant("max-tokens-zero-unlimited", "params.max_tokens.zero")
    assert finding.got.endswith(" pieces, and no end")
    assert finding.hint == (
        "a client whose limit is computed, and comes to this, waits for an answer that does not end"
    )


@pytest.mark.parametrize(
    ("pieces", "outcome", "reason"),
    [
        (16, Outcome.NOT_EXERCISED, "only 16 pieces came before the client left: they may end"),
        (17, Outcome.ADVISORY, ""),
    ],
)
def test_few_pieces_may_still_end(
    pieces: int, outcome: Outcome, reason: str, judge_edited: JudgeEdited
) -> None:
    """A server's own limit is a limit."""
    event = b'data: {"choices": [{"index": 0, "delta": {"content": "1, "}}]}\n\n'

    def edit(exchange: Exchange) -> Response | None:
        if exchange.probe != chat_stream_max_tokens_zero.name:
            return None
        return Response(200, (("content-type", "text/event-stream"),), (Chunk(event, 0.1),) * pieces)

    verdict = judge_edited(edit).verdict("params.max_tokens.zero")
    assert (verdict.outcome, verdict.reason) == (outcome, reason)


@pytest.mark.parametrize("count", [20, 21])
def test_as_many_alternatives_as_the_api_allows_are_no_fault(count: int, judge_edited: JudgeEdited) -> None:
    """One more is the token itself."""
    entry = {"token": "a", "logprob": -1, "bytes": None, "top_logprobs": [{"token": "b"}] * count}
    body = {"choices": [{"index": 0, "message": {}, "logprobs": {"content": [entry]}}]}
    answer = Response(200, (("content-type", "application/json"),), (Chunk(json.dumps(body).encode(), 0.1),))
    judgement = judge_edited(lambda each: answer if each.probe == "chat-top-logprobs-50" else None)
    assert judgement.verdict("params.top_logprobs.limit").outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("probe", "change"),
    [
        (
            "unknown-model",
            lambda document: document.update(model="sixgates-no-such-model", id="x", choices=[]),
        ),
        ("completions", lambda document: document.update(model="reference-legacy")),
        ("chat", lambda document: document.pop("created")),
    ],
    ids=["of another model", "of another endpoint", "without a time"],
)
def test_names_may_differ_where_requests_do(
    probe: str, change: Callable[[dict[str, Any]], Any], judge_edited: JudgeEdited
) -> None:
    """Endpoints and models have names of their own; what is only absent is named elsewhere."""
    edit = in_document(probe, change)

    def both(exchange: Exchange) -> Response | None:
        found = edit(exchange)
        if found is None and probe == "completions" and exchange.request.path == "/v1/completions":
            return exchange.response and replace(
                exchange.response,
                chunks=tuple(
                    replace(chunk, data=chunk.data.replace(b'"reference"', b'"reference-legacy"'))
                    for chunk in exchange.response.chunks
                ),
            )
        return found

    assert judge_edited(both).verdict("http.model_stable").outcome is Outcome.PASSED


@pytest.mark.parametrize(
    "message",
    [
        'Invalid JSON: {"messages": [[',
        "1 validation error: {'type': 'missing', 'loc': 'body.messages', 'msg': 'Field required'}",
        'expected { "type": "function" }',
        "ctx: {'error': 'Expecting property name'}",
    ],
)
def test_words_about_json_are_no_error_within_an_error(message: str, judge_edited: JudgeEdited) -> None:
    edit = in_document("unknown-model", lambda document: document["error"].update(message=message))
    assert judge_edited(edit).verdict("errors.message_in_words").outcome is Outcome.PASSED


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_route_that_is_not_there_owes_no_envelope(status: int, judge_edited: JudgeEdited) -> None:
    """What serves no Responses answers as its framework does."""
    body = Response(status, (), (Chunk(b'{"detail": "Not Found"}', 0.1),))
    judgement = judge_edited(lambda each: body if each.request.path == "/v1/responses" else None)
    assert judgement.verdict("errors.envelope").outcome is Outcome.PASSED


def test_a_refusal_on_any_endpoint_owes_one(judge_edited: JudgeEdited) -> None:
    body = Response(400, (), (Chunk(b'{"detail": "no"}', 0.1),))
    for path in ("/v1/responses", "/v1/completions", "/v1/embeddings", "/v1/chat/completions"):

        def edit(exchange: Exchange, path: str = path) -> Response | None:
            return body if exchange.request.path == path else None

        verdict = judge_edited(edit).verdict("errors.envelope")
        assert verdict.outcome is Outcome.FAILED


MISSED = {
    ("vllm", "tools.call.no_args"): "[1, 2, 3, 4, 5, 6, 7,",
    ("vllm", "tools.call.arguments_loose"): "properties",
    ("vllm", "tools.stream.args_first"): "absent",
    ("vllm", "params.seed.first_answer"): "I'm so glad you're enjoying my blog.",
    ("llama_cpp_python", "completions.echo_logprobs"): "13",
    ("llama_cpp_python", "errors.message_nonempty"): '""',
}
"""What was found by hand in the bytes and by no check."""


@pytest.mark.parametrize(("provider", "check"), MISSED)
def test_what_recordings_show_is_named(provider: str, check: str) -> None:
    verdict = of_recording(provider, check)
    assert any(MISSED[provider, check] in finding.got for finding in verdict.findings)
