"""Requests as real clients send them: each characteristic is sent, and what comes of it is told in words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.contract.sent import EVERYTHING, Sent

from sixgates.catalogue import CHAT_PATH, Probe
from sixgates.exchange import Chunk, Exchange, FailureKind, Response, TransportError
from sixgates.judge import Answer, Judgement
from sixgates.probes import clients
from sixgates.probes.clients import LARGE, MORE, STAYS_FOR, chat_h2c, chat_stream_agent, chat_stream_chunked
from sixgates.verdict import Outcome

JudgeEdited = Callable[[Callable[[Exchange], Response | None]], Judgement]
PAGE = Path(__file__).parents[2] / "docs" / "clients.md"
OWN_PROBES = {each.name for each in vars(clients).values() if isinstance(each, Probe)}
TOLD, OWN = "params.max_tokens.own_limit_told", "params.max_tokens.own_limit"


def asked(exchange: Exchange) -> Mapping[str, Any]:
    """The JSON object that was sent; empty where it was none."""
    try:
        document = json.loads(exchange.request.body or b"{}")
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def senders(sent: Sent, conforming: Mapping[str, Answer]) -> list[str]:
    """The probes whose request has a characteristic."""
    exchanges = [answer for answer in conforming.values() if isinstance(answer, Exchange)]
    return [each.probe for each in exchanges if sent.holds(each.request, asked(each))]


@pytest.mark.parametrize("sent", EVERYTHING, ids=lambda sent: sent.what)
def test_what_clients_send_is_sent_or_there_is_a_reason(sent: Sent, conforming: dict[str, Answer]) -> None:
    """A reason beside a probe that sends it after all is out of date."""
    assert bool(senders(sent, conforming)) is not bool(sent.why_not)


def test_the_page_shows_this_table(conforming: dict[str, Answer]) -> None:
    rows = ["| what | sent by | a probe that sends it, or why none does |", "|---|---|---|"]
    for sent in EVERYTHING:
        found = sorted(senders(sent, conforming), key=lambda name: (name not in OWN_PROBES, name))
        rows.append(f"| {sent.what} | {sent.by} | {sent.why_not or f'`{found[0]}`'} |")
    assert "\n".join(rows) in PAGE.read_text(encoding="utf-8")


def test_every_probe_of_this_kind_is_somebodys(conforming: dict[str, Answer]) -> None:
    """And is bounded: in core six requests, in all nine, beside what they build on."""
    probes = [each for each in vars(clients).values() if isinstance(each, Probe)]
    assert {name for sent in EVERYTHING for name in senders(sent, conforming)} >= {
        each.name for each in probes if each.headers or each.padded_to
    }
    assert len(probes) <= 10
    assert sum(each.capability is None and each.path == CHAT_PATH for each in probes) <= 6


def refused(probe: Probe, status: int, message: str) -> Callable[[Exchange], Response | None]:
    """Refuse one probe with these words."""
    body = json.dumps({"error": {"message": message, "type": "x", "param": None, "code": None}}).encode()
    return lambda exchange: (
        Response(status, (("content-type", "application/json"),), (Chunk(body, 0.01),))
        if exchange.probe == probe.name
        else None
    )


def test_a_body_lost_beside_an_offer_of_h2c_is_told(judge_edited: JudgeEdited) -> None:
    verdict = judge_edited(refused(chat_h2c, 400, "Field required")).verdict("http.h2c_offer")
    assert verdict.outcome is Outcome.FAILED
    (finding,) = verdict.findings
    assert (finding.where, finding.expected) == ("status", "200")
    assert "Field required" in finding.got
    assert finding.hint == (
        "the plain request is answered; a server that knows no h2c has to pass over the offer, not the body"
    )


def test_a_server_may_take_the_offer_of_h2c(judge_edited: JudgeEdited) -> None:
    """Its client goes on in HTTP/2; the official SDK, which offers nothing, is not asked to read that."""
    judgement = judge_edited(
        lambda exchange: Response(101, (("upgrade", "h2c"),)) if exchange.probe == chat_h2c.name else None
    )
    assert judgement.verdict("http.h2c_offer").outcome is Outcome.PASSED
    assert judgement.verdict("chat.witness").outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("status", "outcomes"),
    [
        (411, (Outcome.PASSED, Outcome.ADVISORY)),
        (400, (Outcome.FAILED, Outcome.BLOCKED)),
        (500, (Outcome.FAILED, Outcome.BLOCKED)),
    ],
)
def test_a_server_may_ask_for_a_length_but_not_lose_the_body(
    status: int, outcomes: tuple[Outcome, Outcome], judge_edited: JudgeEdited
) -> None:
    judgement = judge_edited(refused(chat_stream_chunked, status, "no body"))
    names = ("http.chunked_request", "http.chunked_request_accepted")
    assert tuple(judgement.verdict(name).outcome for name in names) == outcomes


@pytest.mark.parametrize("status", [400, 413, 500, 502])
def test_a_large_body_that_is_refused_is_told(status: int, judge_edited: JudgeEdited) -> None:
    judgement = judge_edited(refused(chat_stream_agent, status, "request entity too large"))
    verdict = judgement.verdict("http.large_body")
    assert verdict.outcome is Outcome.FAILED
    assert [each.hint for each in verdict.findings] == [
        f"the body has {LARGE} bytes; proxies take 100 KiB (Express) or 1 MiB (nginx) unless told otherwise"
    ]
    assert judgement.verdict("params.max_tokens.optional").outcome is Outcome.PASSED
    assert judgement.verdict(TOLD).outcome is Outcome.BLOCKED


@pytest.mark.parametrize("message", ["max_tokens: Field required", "max_completion_tokens is missing"])
def test_a_limit_that_is_demanded_is_told_apart(message: str, judge_edited: JudgeEdited) -> None:
    judgement = judge_edited(refused(chat_stream_agent, 422, message))
    verdict = judgement.verdict("params.max_tokens.optional")
    assert verdict.outcome is Outcome.FAILED
    assert [(each.where, each.expected) for each in verdict.findings] == [
        ("status", "200 without max_tokens")
    ]
    assert judgement.verdict("http.large_body").outcome is Outcome.BLOCKED


def stream(texts: list[str], finish: str | None, count: int | None = None) -> Response:
    """A stream that says this and ends so."""
    chunks: list[dict[str, Any]] = [
        {"id": "c", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}
        for text in texts
    ]
    chunks.append({"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    if count is not None:
        chunks.append({"id": "c", "choices": [], "usage": {"completion_tokens": count}})
    data = [f"data: {json.dumps(each)}\n\n".encode() for each in chunks] + [b"data: [DONE]\n\n"]
    headers = (("content-type", "text/event-stream"),)
    return Response(200, headers, tuple(Chunk(each, 0.01 * at) for at, each in enumerate(data)))


def own_limit(
    all_checks: Any, conforming: Mapping[str, Answer], free: Response, limited: Response
) -> dict[str, Any]:
    """The verdicts on an answer that ended by itself, and on the same request with a limit."""
    from sixgates.capability import CAPABILITIES
    from sixgates.judge import Subject

    first, second = conforming[chat_stream_agent.name], conforming[chat_stream_chunked.name]
    assert isinstance(first, Exchange)
    assert isinstance(second, Exchange)
    changed = {
        first.probe: replace(first, response=free, left=None),
        second.probe: replace(second, response=limited),
    }
    subject = Subject("p", "reference", frozenset(CAPABILITIES), source="reference")
    judgement = Judgement(all_checks, subject, {**conforming, **changed})
    return {name: judgement.verdict(name) for name in (TOLD, OWN)}


COUNT = [f"{number}, " for number in range(1, 200)]


@pytest.mark.parametrize("finish", ["stop", None, "", "eos"])
def test_an_answer_that_goes_on_with_a_limit_was_cut(
    finish: str | None, all_checks: Any, conforming: dict[str, Answer]
) -> None:
    found = own_limit(all_checks, conforming, stream(COUNT[:45], finish), stream(COUNT[:53], "length"))
    assert found[TOLD].outcome is Outcome.FAILED
    (finding,) = found[TOLD].findings
    assert finding.expected == '"length", as the server cut the answer'
    assert finding.got.endswith(" after 45 tokens")
    assert finding.hint.startswith('the same request with a limit above that goes on: " 46, 47, ')


@pytest.mark.parametrize(
    ("free", "limited"),
    [
        (stream(["Hi", "!"], "stop"), stream(["Hi", "!"], "stop")),
        (stream([], "stop"), stream([], "stop")),
        (stream(["Hi", "! "], "stop"), stream(["Hi", "!"], "stop")),
    ],
)
def test_an_answer_that_ends_again_ended_by_itself(
    free: Response, limited: Response, all_checks: Any, conforming: dict[str, Answer]
) -> None:
    found = own_limit(all_checks, conforming, free, limited)
    assert {name: each.outcome for name, each in found.items()} == {TOLD: Outcome.PASSED, OWN: Outcome.PASSED}


def test_another_text_shows_no_limit(all_checks: Any, conforming: dict[str, Answer]) -> None:
    free, limited = stream(["Hi", "!"], "stop"), stream(["Hello", ",", " you", "!"], "stop")
    found = own_limit(all_checks, conforming, free, limited)
    assert found[TOLD].outcome is Outcome.NOT_EXERCISED
    assert found[TOLD].reason == "with a limit the model wrote another text than without, so that none shows"
    assert found[OWN].outcome is Outcome.PASSED


def test_an_own_limit_that_is_told_is_advice(all_checks: Any, conforming: dict[str, Answer]) -> None:
    found = own_limit(all_checks, conforming, stream(COUNT[:77], "length"), stream(COUNT[:1], "length"))
    assert found[TOLD].outcome is Outcome.PASSED
    assert found[OWN].outcome is Outcome.ADVISORY
    (finding,) = found[OWN].findings
    expected = f"an answer that goes on until the model ends it, or for {STAYS_FOR} pieces at least"
    assert (finding.expected, finding.got) == (expected, '"length" after 77 tokens')


def test_a_common_limit_is_suspected_where_nothing_is_proven(
    all_checks: Any, conforming: dict[str, Answer]
) -> None:
    """Cut there with a larger limit too, and no sentence that ends."""
    cut = stream(COUNT[:64], "stop")
    assert own_limit(all_checks, conforming, cut, cut)[OWN].outcome is Outcome.ADVISORY
    whole = stream([*COUNT[:63], "64."], "stop")
    assert own_limit(all_checks, conforming, whole, whole)[OWN].outcome is Outcome.PASSED


def test_a_count_of_the_server_goes_before_pieces(all_checks: Any, conforming: dict[str, Answer]) -> None:
    """A server may send several tokens as one piece."""
    free, limited = stream(["1, 2, 3, "], "stop", 9), stream(["1, 2, 3, 4, 5"], "length", 14)
    assert own_limit(all_checks, conforming, free, limited)[TOLD].findings[0].got == '"stop" after 9 tokens'


@pytest.mark.parametrize("kind", [FailureKind.DEADLINE, FailureKind.TOO_LARGE])
def test_a_slow_server_that_still_writes_has_cut_nothing(
    kind: FailureKind, all_checks: Any, conforming: dict[str, Answer], judge: Callable[..., Any]
) -> None:
    free = conforming[chat_stream_agent.name]
    assert isinstance(free, Exchange)
    assert free.response is not None
    slow = replace(
        free,
        response=replace(free.response, chunks=free.response.chunks[:20]),
        error=TransportError(kind, "no end within 60 s"),
        left=None,
    )
    verdicts = {each.check: each.outcome for each in judge({free.probe: slow}, on=[free.probe])}
    assert set(verdicts.values()) == {Outcome.PASSED}


def limit_of(earlier: Exchange) -> Any:
    """The limit with which the request is sent again."""
    return chat_stream_chunked.request("m", earlier).asked["max_tokens"]


def test_only_an_answer_that_ended_is_asked_for_more(conforming: dict[str, Answer]) -> None:
    """One that was left, refused, or is longer than any limit that is looked for costs one token."""
    free = conforming[chat_stream_agent.name]
    assert isinstance(free, Exchange)
    assert limit_of(free) == 1
    assert limit_of(replace(free, left=None, response=stream(COUNT[:50], "stop"))) == 50 + MORE
    assert limit_of(replace(free, left=None, response=stream(COUNT[:3], "stop", 600))) == 1
    assert limit_of(replace(free, left=None, response=Response(413))) == 1
    assert limit_of(replace(free, left=None, response=None)) == 1


def test_a_large_body_is_the_same_request(conforming: dict[str, Answer]) -> None:
    free = conforming[chat_stream_agent.name]
    assert isinstance(free, Exchange)
    assert len(free.request.body or b"") == LARGE
    assert set(asked(free)) == {"model", "messages", "temperature", "seed", "stream", "stream_options"}
    assert free.request.header("accept-encoding") == "identity"


@pytest.mark.parametrize(
    ("message", "hint", "beside"),
    [
        (
            "'type' of tool must be 'function'",
            "Codex sends them with every request; refused for tools of other types: the error names it",
            Outcome.NOT_APPLICABLE,
        ),
        (
            "Invalid",
            "the error does not say that it is a tool; one of tools of other types, `parallel_tool_calls`, `store`, "
            "`include`, `prompt_cache_key` and `instructions` is refused, and the error does not say which",
            Outcome.BLOCKED,
        ),
    ],
)
def test_tools_of_other_types_that_are_refused_are_advice(
    message: str, hint: str, beside: Outcome, judge_edited: JudgeEdited
) -> None:
    judgement = judge_edited(refused(clients.response_agent_stream, 400, message))
    verdict = judgement.verdict("responses.tools.other_types")
    assert verdict.outcome is Outcome.ADVISORY
    assert [each.hint for each in verdict.findings] == [hint]
    assert judgement.verdict("responses.tools.other_types_not_5xx").outcome is Outcome.PASSED
    assert judgement.verdict("responses.tools.function_beside").outcome is beside


@pytest.mark.parametrize(
    ("message", "status"), [("failed to parse grammar", 400), ("internal error", 500), ("bad schema", 422)]
)
def test_a_schema_that_is_refused_is_told(message: str, status: int, judge_edited: JudgeEdited) -> None:
    verdict = judge_edited(refused(clients.tool_schemas_stream, status, message)).verdict("tools.def.schemas")
    assert verdict.outcome is Outcome.FAILED
    ((expected, got),) = [(each.expected, each.got) for each in verdict.findings]
    assert expected == "200"
    assert message in got
