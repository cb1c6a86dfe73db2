"""No check passes on what it did not look at: quiet ways through one are listed, and each silence has a reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.contract.quiet_ways import of_all_checks, of_source

from sixgates.catalogue import MUST, SHOULD, Catalogue, Check, Probe
from sixgates.checks.responses_echo import SENT
from sixgates.declared import Declared
from sixgates.exchange import Chunk, Exchange, Finding, Request, Response
from sixgates.judge import Answer, Judgement, NotSent, Subject
from sixgates.reference.defects.response_events import in_typed_events
from sixgates.reference.mutants import in_events, in_json
from sixgates.select import Findings, Unexercised
from sixgates.tries import Try, asked_again
from sixgates.verdict import Cause, Level, Outcome, Verdict
from sixgates.views import Reply

JudgeEdited = Callable[[Callable[[Exchange], Response | None]], Judgement]
LISTED = yaml.safe_load((Path(__file__).parent / "quiet_ways.yaml").read_text(encoding="utf-8"))
FOUND = [(name, way) for name, ways in of_all_checks().items() for way in ways]
MOST = 59


def patterns(entry: dict[str, Any], name: str) -> list[str]:
    """One pattern or several."""
    found = entry[name]
    return found if isinstance(found, list) else [found]


def fits(pattern: str, text: str) -> bool:
    """Whether a text is as a pattern has it; `*` stands for any text, and nothing else is special."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text, re.DOTALL) is not None


def covers(entry: dict[str, Any], name: str, way: str) -> bool:
    """Whether an entry is about this way of this function."""
    return any(fits(each, name) for each in patterns(entry, "at")) and any(
        fits(each, way) for each in patterns(entry, "way")
    )


def test_every_quiet_way_through_a_check_has_a_reason() -> None:
    """Raise Unexercised, which tells the reader, or say in the list why silence is right."""
    assert [each for each in FOUND if not any(covers(entry, *each) for entry in LISTED)] == []


def test_the_list_of_quiet_ways_is_short_and_true() -> None:
    """Each pattern of each entry is about some way that is there."""
    assert len(LISTED) <= MOST
    for entry in LISTED:
        assert len(entry["reason"]) > 20
        for at in patterns(entry, "at"):
            assert any(fits(at, name) for name, _ in FOUND), at
        for way in patterns(entry, "way"):
            there = [name for name, found in FOUND if fits(way, found)]
            assert any(fits(at, name) for at in patterns(entry, "at") for name in there), way


WAYS = {
    "yield from answer['a'].unlike(TEXT)": [],
    "if answer.a != 1:\n        yield Finding('a', '1', 'x')": [],
    "if answer.a:\n        yield from answer['a'].unlike(TEXT)": ["if answer.a"],
    "if answer.a and answer.b:\n        yield Finding('a', 'b', '')": ["if answer.a and answer.b"],
    "if answer.a:\n        return\n    yield from answer['a'].unlike(TEXT)": ["if answer.a: return"],
    "if answer.a:\n        raise Unexercised('no')\n    yield from answer['a'].unlike(TEXT)": [],
    "if answer.a:\n        yield Finding('a', 'b', '')\n    elif answer.b:\n        yield from judged(answer)": [
        "if answer.b"
    ],
    "if answer.a:\n        yield Finding('a', 'b', '')\n    else:\n        raise Unexercised('no')": [],
    "for each in answer.calls:\n        yield from each.unlike(TEXT)": ["for each in answer.calls"],
    "for each in answer.elements:\n        yield from each.unlike(TEXT)": [],
    "found = answer.choices\n    for each in found:\n        yield from each.unlike(TEXT)": [],
    "if not found:\n        raise Unexercised('no')\n    for each in found:\n        yield from judged(each)": [],
    "for each in answer.elements:\n        if each.a:\n            continue\n        yield from judged(each)": [
        "if each.a: continue"
    ],
    "yield Finding('a', 'b', '')\n    return": [],
}


@pytest.mark.parametrize("body", WAYS)
def test_a_quiet_way_is_seen_in_the_source(body: str) -> None:
    """The control: what the list is made of."""
    assert of_source(f"def judge(answer):\n    {body}\n").get("judge", []) == WAYS[body]


def rewritten(exchange: Exchange, text: str) -> Response | None:
    """The answer with another text in each choice, in one piece where it is streamed."""
    response = exchange.response
    if response is None or response.status != 200 or not exchange.request.path.endswith("completions"):
        return None

    def say(document: dict[str, Any]) -> None:
        for choice in document["choices"]:
            _put(choice, text)

    if response.media_type != "text/event-stream":
        return in_json(say)(response)

    def put(events: list[dict[str, Any]]) -> None:
        spoken = [choice for event in events for choice in event["choices"] if _holder(choice)]
        for number, choice in enumerate(spoken):
            _put(choice, "" if number else text)

    return in_events(put)(response)


def _holder(choice: dict[str, Any]) -> tuple[dict[str, Any], str] | None:
    holder = choice.get("delta", choice.get("message", choice))
    return next(((holder, name) for name in ("content", "text") if holder.get(name)), None)


def _put(choice: dict[str, Any], text: str) -> None:
    found = _holder(choice)
    if found is not None:
        found[0][found[1]] = text


COMPARED = {
    *("params.stop.string", "params.stop.multi_token", "params.stop.stream", "params.stop.no_tail_loss"),
    *(
        "completions.stop",
        "completions.stop_and_max",
        "completions.prompt_array",
        "chat.stream.equals_nonstream",
    ),
}
"""What an answer must be, said by another answer."""
NEED_A_TEXT = {
    *(
        "chat.stream.delta_is_increment",
        "chat.stream.no_replacement_char",
        "chat.stream.concurrent_not_mixed",
    ),
    *("params.seed.deterministic", "params.seed.first_answer", "params.stop.no_tail_loss"),
    *("completions.prompt_array", "completions.prompt_array_usage"),
    "reasoning.not_instead_of_content",
}


@pytest.mark.parametrize(
    ("text", "kept", "names"),
    [
        ("Quite another sentence, which nobody asked for.", {"chat", "completions"}, COMPARED),
        ("", set(), NEED_A_TEXT),
    ],
    ids=["another text", "no text"],
)
def test_nothing_passes_on_a_text_that_shows_nothing(
    text: str, kept: set[str], names: set[str], judge_edited: JudgeEdited
) -> None:
    """A model that goes another way, or says nothing, leaves these without anything to judge."""
    judgement = judge_edited(lambda each: None if each.probe in kept else rewritten(each, text))
    found = {name: judgement.verdict(name) for name in sorted(names)}
    assert {name for name, verdict in found.items() if verdict.outcome is Outcome.PASSED} == set()
    silent = [verdict for verdict in found.values() if verdict.outcome is Outcome.NOT_EXERCISED]
    assert silent
    assert all(verdict.reason for verdict in silent)


ONE, TWO, THREE = Probe("one", body={}), Probe("two", body={}), Probe("three", body={}, capability="tools")


def shows(reply: Reply) -> Findings:
    """It is good."""
    if reply.text == "silent":
        raise Unexercised("it said nothing")
    if reply.text != "good":
        yield Finding("body", "good", reply.text)


def compares(*exchanges: Exchange) -> Findings:
    """They differ."""
    texts = [each.response.body for each in exchanges if each.response is not None]
    if len(texts) < 2:
        raise Unexercised("no two answers")
    for place, exchange in enumerate(exchanges[1:], start=1):
        if texts[place] in texts[:place]:
            yield Finding(f"{exchange.probe}: body", "another", texts[place].decode())


def each(level: Level = SHOULD) -> Check:
    return Check("chat.each", level, "It is good.", (ONE, TWO), False, shows, (Reply,), ("x",))


def among(*probes: Probe) -> Check:
    views: tuple[Any, ...] = (Exchange,) * len(probes)
    return Check("chat.among", SHOULD, "They differ.", probes, True, compares, views, ("x",), partial=True)


def answers(**texts: str | Answer) -> dict[str, Answer]:
    """An answer with a text to each probe, or what else became of it."""

    def made(name: str, text: str) -> Exchange:
        response = Response(200, (), (Chunk(text.encode(), 0.1),))
        return Exchange(name, Request("POST", "/v1/x", (), b"{}"), response)

    return {name: made(name, text) if isinstance(text, str) else text for name, text in texts.items()}


def judged(
    check: Check, found: dict[str, Answer], *more: Check, deviations: Iterable[Declared] = ()
) -> Verdict:
    catalogue = Catalogue({one.id: one for one in (check, *more)})
    subject = Subject("p", "m", frozenset({"chat"}), deviations=tuple(deviations))
    return Judgement(catalogue, subject, found).verdict(check.id)


@pytest.mark.parametrize("level", [MUST, SHOULD])
def test_a_check_whose_probes_all_show_nothing_is_not_exercised(level: Level) -> None:
    """A MUST as well: that keeps the gate from MET."""
    verdict = judged(each(level), answers(one="silent", two="silent"))
    assert (verdict.outcome, verdict.reason) == (Outcome.NOT_EXERCISED, "it said nothing")


def test_one_probe_that_shows_something_is_enough() -> None:
    assert judged(each(), answers(one="silent", two="good")).outcome is Outcome.PASSED
    assert judged(each(), answers(one="good", two="silent")).outcome is Outcome.PASSED


@pytest.mark.parametrize("texts", [("silent", "bad"), ("bad", "silent")])
def test_a_silent_probe_hides_no_finding_of_another(texts: tuple[str, str]) -> None:
    verdict = judged(each(), answers(one=texts[0], two=texts[1]))
    assert verdict.outcome is Outcome.ADVISORY
    assert [finding.got for finding in verdict.findings] == ["bad"]


def test_what_was_found_before_the_silence_counts() -> None:
    def tells(reply: Reply) -> Findings:
        yield Finding("body", "good", reply.text)
        raise Unexercised("nothing more to see")

    verdict = judged(replace(each(), judge=tells), answers(one="a", two="b"))
    assert [finding.got for finding in verdict.findings] == ["a", "b"]


def test_a_silence_with_a_cause_is_excused_with_it() -> None:
    def waits(reply: Reply) -> Findings:
        raise Unexercised("nothing was called", instead="chat.each")
        yield from ()

    other = replace(each(), id="chat.other", judge=waits)
    found = answers(one="bad", two="bad")
    known = [Declared("chat.each", "it never calls")]
    assert judged(other, found, each()).outcome is Outcome.NOT_EXERCISED
    verdict = judged(other, found, each(), deviations=known)
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert verdict.reason == "nothing was called: chat.each is a declared deviation"


def test_a_check_among_answers_takes_those_that_are_there() -> None:
    """Not sent, not to be had, not declared: the others are compared."""
    check = among(ONE, TWO, THREE)
    lost = Cause("p:gone", "gone")
    assert judged(check, answers(one="a", two="a")).findings[0].where == "two: body"
    assert judged(check, answers(one="a", two="b")).outcome is Outcome.PASSED
    verdict = judged(check, answers(one="a", two=NotSent("nothing to build on")))
    assert (verdict.outcome, verdict.reason) == (Outcome.NOT_EXERCISED, "no two answers")
    assert judged(check, answers(one=lost, two=lost)).outcome is Outcome.BLOCKED


def test_only_what_broke_such_a_check_is_asked_again() -> None:
    """And one new answer is enough to judge all of them anew."""
    check = among(ONE, TWO)
    first = Judgement(
        Catalogue({check.id: check}), Subject("p", "m", frozenset({"chat"})), answers(one="a", two="a")
    )
    assert asked_again(first, check) == (TWO,)
    again = Try.of(first, answers(two="b")).observed(check)
    assert again is not None
    assert again.outcome is Outcome.PASSED


def in_documents(change: Callable[[dict[str, Any]], Any]) -> Callable[[Exchange], Response | None]:
    """Every response of the Responses API, whole or in an event, changed."""

    def in_all(events: list[dict[str, Any]]) -> None:
        for event in events:
            if "response" in event:
                change(event["response"])

    def edit(exchange: Exchange) -> Response | None:
        response = exchange.response
        if response is None or response.status != 200 or not exchange.request.path.endswith("/responses"):
            return None
        streamed = response.media_type == "text/event-stream"
        return in_typed_events(in_all)(response) if streamed else in_json(change)(response)

    return edit


def _without_echo(document: dict[str, Any]) -> None:
    for name in SENT:
        document.pop(name, None)


def _without_thoughts(document: dict[str, Any]) -> None:
    document["output"] = [item for item in document["output"] if item["type"] != "reasoning"]


@pytest.mark.parametrize(
    ("check", "change", "reason"),
    [
        ("responses.echo", _without_echo, "no response repeats anything of its request"),
        (
            "responses.max_output_tokens",
            lambda each: each.pop("usage", 0),
            "no response counts its output_tokens",
        ),
        ("responses.thought_parts", _without_thoughts, "no response holds a thought"),
        ("responses.encrypted_content", _without_thoughts, "no response holds a thought"),
    ],
)
def test_no_check_of_responses_passes_on_what_is_not_there(
    check: str, change: Callable[[dict[str, Any]], Any], reason: str, judge_edited: JudgeEdited
) -> None:
    verdict = judge_edited(in_documents(change)).verdict(check)
    assert (verdict.outcome, verdict.reason) == (Outcome.NOT_EXERCISED, reason)


def test_a_refusal_of_other_tools_leaves_no_function_beside_them(judge_edited: JudgeEdited) -> None:
    """What the server refuses to be asked does not apply; responses.tools.other_types names the refusal."""
    refusal = Response(
        400,
        (("content-type", "application/json"),),
        (Chunk(b"""{"error": {"message": "'type' of tool must be 'function'"}}""", 0.1),),
    )
    judgement = judge_edited(lambda each: refusal if each.probe == "response-agent-stream" else None)
    verdict = judgement.verdict("responses.tools.function_beside")
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert verdict.reason == "response-agent-stream was refused for tools of other types: the error names it"
    assert judgement.verdict("responses.tools.other_types").outcome is Outcome.ADVISORY


def test_plain_answers_do_not_show_how_compressed_ones_end(judge_edited: JudgeEdited) -> None:
    verdict = judge_edited(lambda _: None).verdict("http.content_coding.exact")
    assert (verdict.outcome, verdict.reason) == (Outcome.NOT_EXERCISED, "no answer came compressed")
