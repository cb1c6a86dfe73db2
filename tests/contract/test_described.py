"""A deviation excuses the findings that it describes: all of a verdict, or none of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixgates.catalogue import MUST, SHOULD, Catalogue, Check, Probe
from sixgates.config import read_file
from sixgates.declared import Declared
from sixgates.description import Description, answered, matches
from sixgates.exchange import Chunk, Exchange, FailureKind, Finding, Request, Response, TransportError
from sixgates.judge import LOOKED_FOR, MOST_FINDINGS, Judgement, Subject
from sixgates.select import Findings
from sixgates.tries import SAMPLE, Tries, Try, asked_again
from sixgates.verdict import Outcome, Verdict
from sixgates.views import Reply

PROBES = tuple(Probe(name, body={}) for name in ("one", "two", "three", "four", "five"))
TODAY = date(2026, 11, 27)
KEPT = date(2099, 1, 1)


def words(reply: Reply) -> Findings:
    """Each word is good."""
    for number, word in enumerate(reply.text.split()):
        if word != "good":
            yield Finding(f"word {number}", "good", word)


def check(name: str, *probes: Probe, level: object = MUST) -> Check:
    """A check of words."""
    return Check(name, level, "Each word is good.", probes, False, words, (Reply,), ("x",))  # type: ignore[arg-type]


KNOWN = Catalogue(
    {
        each.id: each
        for each in (
            check("chat.one", PROBES[0]),
            check("chat.all", *PROBES),
            check("chat.should", PROBES[0], level=SHOULD),
            replace(check("chat.after", PROBES[0]), requires=("chat.all",)),
        )
    }
)
BAD = Declared("chat.one", "it says bad", KEPT, findings=(Description(got="bad"),))
ENGINES = Declared("chat.one", "it says wrong.", known="engine 1", findings=(Description(got="wrong"),))
ANY = Declared("chat.one", "it says anything", KEPT)


def answer(name: str, text: str) -> Exchange:
    """A reply of these words."""
    return Exchange(
        name, Request("POST", "/v1/x", (), b"{}"), Response(200, (), (Chunk(text.encode(), 0.1),))
    )


def judged(text: str, *declared: Declared, name: str = "chat.one", **others: str) -> Verdict:
    """The verdict where the first probe says this, and each other what is given of it, or good."""
    return judgement(text, *declared, **others).verdict(name)


def judgement(text: str, *declared: Declared, **others: str) -> Judgement:
    """The same for all checks."""
    texts = {probe.name: others.get(probe.name, "good") for probe in PROBES} | {"one": text}
    answers = {name: answer(name, said) for name, said in texts.items()}
    return Judgement(KNOWN, Subject("p", "m", frozenset({"chat"}), deviations=declared), answers, TODAY)


@pytest.mark.parametrize(
    ("text", "declared", "outcome", "reason"),
    [
        ("bad", (BAD,), "DEVIATION", "it says bad"),
        ("bad bad good bad", (BAD,), "DEVIATION", "it says bad"),
        ("worse", (BAD,), "FAILED", "this is not what is declared (it says bad)"),
        ("worse worse", (BAD,), "FAILED", "none of the findings is what is declared (it says bad)"),
        (
            "bad worse",
            (BAD,),
            "FAILED",
            "1 of 2 findings, which stand first, are not what is declared (it says bad)",
        ),
        ("bad wrong", (BAD, ENGINES), "DEVIATION", "it says bad it says wrong. Known of engine 1."),
        ("wrong", (BAD, ENGINES), "DEVIATION", "it says wrong. Known of engine 1."),
        (
            "worse",
            (BAD, ENGINES),
            "FAILED",
            "this is not what is declared (it says bad) nor what is known of engine 1 (it says wrong.)",
        ),
        (
            "worse wrong",
            (ANY, ENGINES),
            "DEVIATION",
            "it says anything [the entry names no findings, so it excuses any]",
        ),
        (
            "bad",
            (replace(BAD, expires=date(2020, 1, 1)),),
            "STALE",
            "the declared deviation expired on 2020-01-01: look again. It said: it says bad",
        ),
        (
            "worse",
            (replace(BAD, expires=date(2020, 1, 1)),),
            "FAILED",
            "this is not what is declared (it says bad)",
        ),
        (
            "good",
            (BAD,),
            "STALE",
            "declared as a deviation, but it passes: remove the entry. It said: it says bad",
        ),
        (
            "good",
            (ENGINES,),
            "PASSED",
            "known as a deviation of engine 1, but it passes here. It said: it says wrong.",
        ),
    ],
)
def test_a_verdict_is_excused_when_all_its_findings_are_described(
    text: str, declared: tuple[Declared, ...], outcome: str, reason: str
) -> None:
    """By one entry, or by several together; what none describes stays as it is."""
    verdict = judged(text, *declared)
    assert (verdict.outcome, verdict.reason) == (outcome, reason)


def test_what_is_not_described_stands_first() -> None:
    """With the request that shows it."""
    verdict = judged("bad bad worse", replace(BAD, check="chat.all"), name="chat.all", three="bad")
    assert [finding.got for finding in verdict.findings] == ["worse", "bad", "bad", "bad"]
    assert verdict.findings[0].where == "one: word 2"


def test_a_should_is_judged_alike() -> None:
    """An advisory that is described is a deviation; another stays advice."""
    entry = replace(BAD, check="chat.should")
    assert judged("bad", entry, name="chat.should").outcome is Outcome.DEVIATION
    assert judged("worse", entry, name="chat.should").outcome is Outcome.ADVISORY


def test_findings_beyond_those_that_are_shown_are_looked_at() -> None:
    """A report shows twelve; the thirteenth may be another."""
    shown = " ".join(["bad"] * (MOST_FINDINGS + 1))
    assert judged(shown, BAD).outcome is Outcome.DEVIATION
    verdict = judged(f"{shown} worse", BAD)
    assert (verdict.outcome, verdict.findings[0].got) == (Outcome.FAILED, "worse")
    assert verdict.reason == "1 of 14 findings, which stand first, are not what is declared (it says bad)"


def test_findings_beyond_those_that_are_looked_for_are_not_taken_for_described() -> None:
    """Where the search ends, nobody knows what would have come; an entry for any finding needs not know."""
    many = " ".join(["bad"] * LOOKED_FOR)
    assert judged(many, BAD).outcome is Outcome.FAILED
    assert judged(many, ANY).outcome is Outcome.DEVIATION
    assert judged(" ".join(["bad"] * (LOOKED_FOR - 1)), BAD).outcome is Outcome.DEVIATION


def test_a_prerequisite_that_is_not_excused_blocks() -> None:
    """One that is lets its dependants rest."""
    entry = replace(BAD, check="chat.all")
    assert judged("bad", entry, name="chat.after").outcome is Outcome.NOT_APPLICABLE
    assert judged("worse", entry, name="chat.after").outcome is Outcome.BLOCKED


@pytest.mark.parametrize(
    ("texts", "outcome", "failed"),
    [
        (["bad", "bad", "bad"], "DEVIATION", 3),
        (["bad", "good", "bad"], "DEVIATION", 2),
        (["bad", "worse", "bad"], "FLAKY", 1),
        (["worse", "bad", "good"], "FLAKY", 1),
        (["worse", "worse", "worse"], "FAILED", 3),
        (["worse", "bad worse", "worse"], "FAILED", 3),
    ],
)
def test_each_try_is_excused_by_itself(texts: Sequence[str], outcome: str, failed: int) -> None:
    """One that showed something else is red, however often the known defect showed."""
    first = judgement(texts[0], BAD)
    later = tuple(Try.of(first, {"one": answer("one", text)}) for text in texts[1:])
    verdict = Tries(first, later).verdict("chat.one")
    assert (verdict.outcome, verdict.failed, verdict.times) == (outcome, failed, 3)
    if outcome == "FLAKY":
        told = {"bad": "DEVIATION", "worse": "FAILED", "good": "PASSED"}
        assert [attempt.outcome for attempt in verdict.attempts] == [told[text] for text in texts]
        assert verdict.findings[0].got == "worse"


@pytest.mark.parametrize(("text", "outcome", "times"), [("bad", "DEVIATION", 1), ("worse", "FLAKY", 2)])
def test_the_look_at_the_end_counts_where_it_shows_what_is_not_described(
    text: str, outcome: str, times: int
) -> None:
    """It is broken at the start as well, and otherwise."""
    first = judgement("bad", BAD)
    look = Try.of(first, {"one": answer("one", text)}, ending=True)
    verdict = Tries(first, (look,)).verdict("chat.one")
    assert (verdict.outcome, verdict.times) == (outcome, times)


def test_what_is_asked_again_is_what_is_not_described() -> None:
    """The first few that broke the check may be those that are excused anyway."""
    entry = replace(BAD, check="chat.all")
    first = judgement("bad", entry, two="bad", three="bad", four="bad", five="worse")
    assert len(PROBES) - 1 > SAMPLE
    assert [probe.name for probe in asked_again(first, KNOWN.checks["chat.all"])] == ["five"]
    known = judgement("bad", entry, two="bad", three="bad", four="bad")
    assert [probe.name for probe in asked_again(known, KNOWN.checks["chat.all"])] == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("pattern", "text", "is_it"),
    [
        ("absent", "absent", True),
        ("absent", '"absent"', False),
        ("*: event #/delta", "chat-stream: event 17/delta", True),
        ("*: event #/delta", "chat-stream: event x/delta", False),
        ("#", "", False),
        ("#", "12", True),
        ("#", "12.5", False),
        ('"~"', '"an id"', True),
        ('"~"', '""', False),
        ('"~"', '"a" and "b"', False),
        ("404 *File Not Found*", '404 {"error":\n"File Not Found"}', True),
        ("404 *File Not Found*", '500 {"error":"File Not Found"}', False),
        ("a*b*c", "a b b c c", True),
        ("a*b*c", "a c b", False),
        ("*", "", True),
        ("[a]+(.", "[a]+(.", True),
        ("[a]+(.", "aa(x", False),
    ],
)
def test_a_pattern_is_the_whole_of_a_text(pattern: str, text: str, is_it: bool) -> None:
    """Any text, a number, some text without a quotation mark; all else stands for itself."""
    assert matches(pattern, text) is is_it


@given(st.lists(st.text(alphabet='ab1"\n', max_size=5), min_size=2, max_size=5), st.data())
def test_a_star_stands_for_any_text(parts: list[str], data: st.DataObject) -> None:
    """Whatever is put in the places of the stars, the pattern is the text."""
    filled = parts[0] + "".join(data.draw(st.text(max_size=5)) + part for part in parts[1:])
    assert matches("*".join(parts), filled)


def test_no_text_makes_a_pattern_slow() -> None:
    """What a server says is at most so long, and a pattern may have many stars."""
    began = time.process_time()
    assert not matches("*ab" * 20 + "#*c", "ab" * 50_000)
    assert not matches("#*#*#*#*x", "1" * 100_000)
    assert time.process_time() - began < 5


def test_an_answer_is_its_status_and_its_body() -> None:
    """And what ended it where there is none; what was never sent says nothing."""
    assert answered(answer("one", " a body\n")) == "200 a body"
    gone = TransportError(FailureKind.RESET, "gone")
    assert answered(Exchange("one", Request("GET", "/"), error=gone)) == "reset"
    assert answered(None) == ""
    coded = Response(200, (("content-encoding", "gzip"),), (Chunk(b"no gzip", 0.1),))
    asked = Request("GET", "/", (("accept-encoding", "gzip"),))
    assert answered(Exchange("one", asked, coded)) == "200 no gzip"


def test_each_text_of_a_description_has_to_match() -> None:
    """Where, expected, got and the answer."""
    finding = Finding("status", "200", "404")
    full = Description("status", "200", "#", "404 *")
    assert full.describes(finding, "404 no")
    for name in ("where", "expected", "got", "answer"):
        assert not replace(full, **{name: "other"}).describes(finding, "404 no")


FILE = """deviations:
  - provider: {provider}
    check: models.retrieve.ok
    reason: a reason that is long enough
    expires: 2027-01-01
    findings:
      - where: status
        answer: '404 *'
"""


def test_an_entry_that_describes_anything_is_refused(tmp_path: Path) -> None:
    """It says no more than one without findings, and looks as if it did."""
    (tmp_path / "deviations.yaml").write_text(
        FILE.format(provider="p").replace("where: status\n        answer: '404 *'", "got: '*'")
    )
    (finding,) = read_file(tmp_path, "deviations.yaml").findings
    assert (finding.expected, finding.where.rpartition("deviations.yaml")[2]) == (
        "where, expected, got or answer, and not only `*`",
        ":7:9",
    )
