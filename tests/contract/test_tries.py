"""Several judgements made one: what each mixture of broken and sound tries comes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixgates.catalogue import MUST, SHOULD, Catalogue, Check, Probe
from sixgates.declared import Declared
from sixgates.description import Description
from sixgates.exchange import Chunk, Exchange, Finding, Request, Response
from sixgates.gates import Thresholds, judge_gates
from sixgates.judge import Judgement, Subject
from sixgates.select import Findings
from sixgates.tries import LONGEST_PART, Tries, Try, confidence, smallest_defect, transcript
from sixgates.verdict import Cause, Gate, Level, Outcome, Verdict
from sixgates.views import Reply

ONE, TWO = Probe("one", body={}), Probe("two", body={})
TODAY = date(2026, 11, 26)


def sound(reply: Reply) -> Findings:
    """It is good."""
    if reply.text != "good":
        yield Finding("body", "good", reply.text)


def check(name: str, level: Level = MUST, *probes: Probe, requires: tuple[str, ...] = ()) -> Check:
    """A check that wants each body to be good."""
    probes = probes or (ONE,)
    return Check(name, level, "It is good.", probes, False, sound, (Reply,), ("x",), requires=requires)


KNOWN = Catalogue(
    {
        each.id: each
        for each in (
            check("chat.must"),
            check("chat.should", SHOULD),
            check("chat.both", MUST, ONE, TWO),
            check("chat.after", MUST, TWO, requires=("chat.must",)),
        )
    }
)


def answer(name: str, good: bool) -> Exchange:
    body = b"good" if good else b"bad"
    return Exchange(
        name, Request("POST", "/v1/x", (), b"{}"), Response(200, (("a", "b"),), (Chunk(body, 0.1),))
    )


def tries(
    goods: Sequence[bool],
    *deviations: Declared,
    ending: bool | None = None,
    notes: dict[str, str] | None = None,
) -> Tries:
    """The first probe answered like this, the second always well."""
    subject = Subject("p", "m", frozenset({"chat"}), deviations=deviations)
    first = Judgement(KNOWN, subject, {"one": answer("one", goods[0]), "two": answer("two", True)}, TODAY)
    later = [Try.of(first, {"one": answer("one", good), "two": answer("two", True)}) for good in goods[1:]]
    if ending is not None:
        later.append(Try.of(first, {"one": answer("one", ending)}, ending=True))
    return Tries(first, tuple(later), notes or {})


@pytest.mark.parametrize(
    ("goods", "outcome", "failed"),
    [
        ([True, True, True], "PASSED", 0),
        ([False, False, False], "FAILED", 3),
        ([False, True, True], "FLAKY", 1),
        ([True, False, True], "FLAKY", 1),
        ([False, True, False], "FLAKY", 2),
    ],
)
def test_broken_always_never_or_sometimes(goods: list[bool], outcome: str, failed: int) -> None:
    verdict = tries(goods).verdict("chat.must")
    assert (verdict.outcome, verdict.times, verdict.failed) == (outcome, 3, failed)
    assert bool(verdict.findings) is (failed > 0)
    assert len(verdict.attempts) == (3 if outcome == "FLAKY" else 0)


@given(st.lists(st.booleans(), min_size=1, max_size=6))
def test_the_order_of_the_tries_does_not_matter(goods: list[bool]) -> None:
    """But for the findings, which are those of the first that broke it."""
    one, other = (tries(each).verdict("chat.must") for each in (goods, goods[::-1]))
    assert (one.outcome, one.times, one.failed) == (other.outcome, other.times, other.failed)


def test_a_should_that_is_flaky_is_not_red() -> None:
    verdict = tries([False, True, True]).verdict("chat.should")
    assert verdict.outcome is Outcome.FLAKY
    assert not verdict.red


OWN = Declared("chat.must", "long enough", date(2099, 1, 1), findings=(Description(got="bad"),))


@pytest.mark.parametrize(
    ("goods", "outcome", "said"),
    [
        ([False, False, False], "DEVIATION", "long enough"),
        ([False, True, True], "DEVIATION", "long enough It was broken in 1 of 3 tries."),
        ([True, False, True], "DEVIATION", "long enough It was broken in 1 of 3 tries."),
        (
            [True, True, True],
            "STALE",
            "declared as a deviation, but it passes: remove the entry. It said: long enough",
        ),
    ],
)
def test_a_declared_deviation_holds_if_it_showed_once(goods: list[bool], outcome: str, said: str) -> None:
    """Whether it showed in the first try is luck, and must not decide."""
    verdict = tries(goods, OWN).verdict("chat.must")
    assert (verdict.outcome, verdict.reason) == (outcome, said)


def test_an_expired_entry_excuses_a_flaky_check_as_little_as_a_broken_one() -> None:
    expired = replace(OWN, expires=date(2020, 1, 1))
    assert tries([True, False, True], expired).verdict("chat.must").outcome is Outcome.STALE


def test_what_stands_on_a_flaky_check_is_judged_where_that_held() -> None:
    verdict = tries([False, True, True]).verdict("chat.after")
    assert verdict.outcome is Outcome.PASSED


def test_what_could_not_be_judged_for_a_flaky_check_says_how_often_that_broke() -> None:
    found = tries([False, True])
    later = found.later[0].judgement
    later.answers = {**later.answers, "two": Cause("p:lost", "lost")}
    verdict = found.verdict("chat.after")
    assert verdict.outcome is Outcome.BLOCKED
    assert verdict.cause is not None
    assert verdict.cause.summary == "p: the prerequisite chat.must did not hold in 1 of 2 tries"


@pytest.mark.parametrize(
    ("goods", "ending", "outcome", "failed", "times"),
    [
        ([True], True, "PASSED", 0, 1),
        ([True], False, "FLAKY", 1, 2),
        ([False, False, False], False, "FAILED", 3, 3),
        ([False, False, False], True, "FLAKY", 3, 4),
        ([True] * 5, True, "PASSED", 0, 5),
    ],
)
def test_the_look_at_the_end_counts_where_it_shows_something_new(
    goods: list[bool], ending: bool, outcome: str, failed: int, times: int
) -> None:
    verdict = tries(goods, ending=ending).verdict("chat.must")
    assert (verdict.outcome, verdict.failed, verdict.times) == (outcome, failed, times)


def test_a_part_that_holds_is_no_try_of_the_whole() -> None:
    """The second probe was broken, and only the first asked again."""
    subject = Subject("p", "m", frozenset({"chat"}))
    first = Judgement(KNOWN, subject, {"one": answer("one", True), "two": answer("two", False)}, TODAY)
    verdict = Tries(first, (Try.of(first, {"one": answer("one", True)}),)).verdict("chat.both")
    assert (verdict.outcome, verdict.failed, verdict.times) == ("FAILED", 1, 1)
    verdict = Tries(first, (Try.of(first, {"two": answer("two", True)}),)).verdict("chat.both")
    assert (verdict.outcome, verdict.failed, verdict.times) == ("FLAKY", 1, 2)
    assert [[one.probe for one in each.exchanges] for each in verdict.attempts] == [["two"], ["two"]]


def test_a_note_is_added_and_replaces_nothing() -> None:
    verdict = tries([False, False], notes={"chat.must": "not asked again: why"}).verdict("chat.must")
    assert verdict.reason == "not asked again: why"
    stale = tries([True, True], OWN, notes={"chat.must": "not asked again: why"}).verdict("chat.must")
    assert stale.reason.endswith("It said: long enough; not asked again: why")
    assert tries([True], notes={"chat.must": "x"}).verdict("chat.must").reason == ""


def test_a_transcript_keeps_the_beginning_and_the_end() -> None:
    """What is left out in the middle is counted."""
    body = b"a" * LONGEST_PART + b"the end"
    shown = transcript(Exchange("one", Request("GET", "/v1/x"), Response(200, (), (Chunk(body, 0.1),))))
    assert shown.request == "GET /v1/x"
    assert shown.answer.startswith("HTTP/1.1 200\n\naaa")
    assert shown.answer.endswith("the end")
    assert "\n[… 21 characters …]\n" in shown.answer


@pytest.mark.parametrize(("times", "percent"), [(1, 95), (3, 64), (20, 14), (59, 5), (299, 1), (1000, 1)])
def test_the_smallest_defect_that_would_have_shown(times: int, percent: int) -> None:
    """Rounded up, so that it never promises more."""
    share = smallest_defect(times)
    assert (1 - share) ** times == pytest.approx(0.05)
    assert share <= percent / 100
    assert confidence(times) == (
        f"each check judged {times} times: a defect in {percent} % of the answers would have shown (95 %)"
    )


def test_the_row_of_gate_4_says_what_the_tries_are_worth() -> None:
    def row(*times: int) -> str:
        plain = Verdict("chat.must", Gate.CONTRACT, MUST, Outcome.PASSED, provider="p")
        same = replace(plain, check="contract.same_server", times=1)
        verdicts: list[Verdict] = [same, *(replace(plain, check=f"chat.{n}", times=n) for n in times)]
        return judge_gates(verdicts, Thresholds())[3].actual

    assert row(20, 20).endswith(
        "1 provider; each check judged 20 times: a defect in 14 % of the answers would have shown (95 %)"
    )
    assert "judged" not in row(1, 3)


def test_the_row_of_gate_4_counts_no_flaky_must_as_passed() -> None:
    plain = Verdict("chat.must", Gate.CONTRACT, MUST, Outcome.PASSED, provider="p")
    flaky = replace(plain, check="chat.flaky", outcome=Outcome.FLAKY, times=3, failed=1)
    assert judge_gates([plain, flaky], Thresholds())[3].actual == (
        "1 of 2 MUST passed or declared, 1 provider, 1 flaky"
    )
