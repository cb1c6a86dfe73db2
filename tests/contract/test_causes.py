"""One cause is one finding: what follows from it waits for it, and no right value is blamed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from tests.contract.causes import CATALOGUE, KEY, blames_a_right_value, found

from sixgates.capability import CAPABILITIES
from sixgates.causes import Broken, Mark, roots
from sixgates.causes_named import ON_THE_SAME, READ_BY
from sixgates.declared import Declared
from sixgates.exchange import Finding, Response
from sixgates.judge import Judgement, Subject
from sixgates.reference import mutants
from sixgates.reference.mutants import (
    Document,
    Edit,
    Mutant,
    MutantProvider,
    body_of,
    in_json,
    on_chat,
    on_everything,
    on_plain,
    with_body,
)
from sixgates.reference.provider import ReferenceProvider
from sixgates.report.terminal import render_failure
from sixgates.sources.reference import answers
from sixgates.verdict import Cause, Outcome, Verdict

MUTANTS = mutants.load()
TABLE = yaml.safe_load((Path(__file__).parent / "several_findings.yaml").read_text(encoding="utf-8"))
SEVERAL = {name: row["why"] for row in TABLE["several"] for name in row["mutants"]}
BLAMED = {name: row["why"] for row in TABLE["blamed"] for name in row["mutants"]}
MOST = 2
SAMPLE = sorted({*SEVERAL, *BLAMED, *list(MUTANTS)[::40]})
"""The mutants that are looked at in each run; all of them with `-m slow`."""


def refusals(body: bytes, media_type: str) -> Edit:
    """Every refusal with this body."""

    def edit(response: Response) -> Response:
        return with_body(body, media_type)(response) if response.status >= 400 else response

    return edit


def _counts_nothing(document: Document) -> None:
    if "usage" in document:
        document["usage"] = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


KINDS: dict[str, tuple[Mutant, str]] = {
    name: (Mutant(name, on, (), edit=edit), cause)
    for name, on, edit, cause in (
        (
            "refusals-in-plain-text",
            on_everything,
            refusals(b"missing messages", "text/plain"),
            "errors.envelope",
        ),
        ("refusals-of-nothing", on_everything, refusals(b"", "text/plain"), "errors.envelope"),
        (
            "refusals-as-detail",
            on_everything,
            refusals(b'{"detail": "no"}', "application/json"),
            "errors.envelope",
        ),
        (
            "refusals-as-a-string",
            on_everything,
            refusals(b'{"error": "no"}', "application/json"),
            "errors.envelope",
        ),
        ("refusals-as-pages", on_everything, refusals(b"<html>no</html>", "text/html"), "errors.envelope"),
        ("usage-of-zeros", on_plain, in_json(_counts_nothing), "usage.sum"),
        (
            "n-refused",
            lambda request: on_chat(request) and body_of(request).get("n") == 2,
            with_body(b'{"error": {"message": "n is not supported", "type": "bad"}}', status=400),
            "capability.n",
        ),
    )
}


def judged(mutant: Mutant, *deviations: str) -> dict[str, Verdict]:
    """Every verdict of a mutant, by check."""
    given = answers(MutantProvider(mutant, ReferenceProvider(key=KEY)), CATALOGUE.probes())
    known = tuple(Declared(name, "known") for name in deviations)
    subject = Subject("gate", "reference", frozenset(CAPABILITIES), deviations=known)
    return {verdict.check: verdict for verdict in Judgement(CATALOGUE, subject, given).verdicts()}


def _held(name: str) -> None:
    broken = found(MUTANTS[name])
    checks = [each.check.id for each in broken]
    if name not in SEVERAL:
        assert len(checks) <= MOST, f"{name} is reported {len(checks)} times: {', '.join(checks)}"
    if name not in BLAMED:
        assert [(each.check.id, mark) for each in broken for mark in blames_a_right_value(each)] == []


@pytest.mark.parametrize("name", SAMPLE)
def test_a_defect_is_few_findings_and_blames_what_is_wrong(name: str) -> None:
    """At most two checks name it, and what they say is wrong is not what the reference says."""
    _held(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({*MUTANTS} - {*SAMPLE}))
def test_every_other_defect_is_few_findings_as_well(name: str) -> None:
    """The same of all mutants."""
    _held(name)


def test_the_table_names_mutants_and_says_why() -> None:
    """A row of a mutant that is gone would hide nothing, and say nothing."""
    assert sorted({*SEVERAL, *BLAMED} - {*MUTANTS}) == []
    assert all(why.strip() for why in (*SEVERAL.values(), *BLAMED.values()))


@pytest.mark.parametrize("name", KINDS)
def test_one_cause_is_one_finding(name: str) -> None:
    """Whatever the form in which a server refuses, counts or lacks something everywhere."""
    mutant, cause = KINDS[name]
    assert [each.check.id for each in found(mutant)] == [cause]


def test_what_follows_waits_for_its_cause_and_keeps_what_it_found() -> None:
    """The gate stays red; the consequences are listed under the cause, and say what they wait for."""
    verdicts = judged(MUTANTS["response-never-ended"])
    red = [name for name, verdict in verdicts.items() if verdict.outcome is Outcome.FAILED]
    assert red == ["responses.stream.terminal_event"]
    cause = verdicts[red[0]]
    assert "responses.usage" in cause.consequences
    for name in cause.consequences:
        waiting = verdicts[name]
        assert waiting.outcome is Outcome.BLOCKED
        assert waiting.findings
        assert waiting.cause is not None
        assert waiting.cause.key == f"gate:{red[0]}"
        assert waiting.cause.summary == f"gate: what follows from {red[0]} waits for it"
        assert waiting.cause.next_steps == (f"mend {red[0]} first",)
    assert f"  follows from it: {', '.join(cause.consequences)}"[:200] in render_failure(cause)
    assert not [one for one in verdicts.values() if one.outcome is Outcome.ADVISORY]
    assert Verdict.from_json(cause.to_json()) == cause
    earlier = {key: value for key, value in cause.to_json().items() if key != "consequences"}
    assert Verdict.from_json(earlier).consequences == ()


@pytest.mark.parametrize("name", ["response-never-ended", "chat-nothing", "responses-absent"])
def test_what_waits_for_what_follows_waits_for_the_first_cause(name: str) -> None:
    """A check that another one requires may itself wait: then nothing stands apart as waiting for that one."""
    verdicts = judged(MUTANTS[name])
    keys = {one.cause.key for one in verdicts.values() if one.outcome is Outcome.BLOCKED and one.cause}
    checks = {key.removeprefix("gate:") for key in keys}
    assert checks
    assert {verdicts[check].outcome for check in checks} == {Outcome.FAILED}


def test_a_prerequisite_that_follows_says_from_what() -> None:
    """In words, with the one step that helps."""
    root = "responses.stream.terminal_event"
    assert judged(MUTANTS["response-never-ended"])["responses.no_replacement_char"].cause == Cause(
        f"gate:{root}",
        f"gate: the prerequisite responses.text_format_stream did not pass, which follows from {root}",
        (f"mend {root} first",),
    )


def test_what_follows_from_advice_is_not_red() -> None:
    """An advisory makes no run red, and so nothing that follows from it does."""
    verdicts = judged(MUTANTS["fingerprint-number"])
    waiting = [one for one in verdicts.values() if one.cause and one.findings]
    assert waiting
    assert {one.outcome for one in waiting} == {Outcome.NOT_EXERCISED}


def test_an_excused_cause_excuses_nobody_else() -> None:
    """What is declared of one check says nothing of another."""
    excused = judged(MUTANTS["response-never-ended"], "responses.stream.terminal_event")
    assert excused["responses.stream.terminal_event"].outcome is Outcome.DEVIATION
    assert any(one.outcome is Outcome.FAILED for one in excused.values())


def test_a_refused_choice_is_no_refused_history() -> None:
    """Each history leaves it to the model whether to call: where that is refused, none of them is judged."""
    verdicts = judged(MUTANTS["tool-choice-auto-refused"])
    assert verdicts["tools.auto.accepted"].outcome is Outcome.FAILED
    for name in ("tools.roundtrip.basic", "tools.roundtrip.content_empty", "tools.roundtrip.null_ids"):
        cause = verdicts[name].cause
        assert verdicts[name].outcome is Outcome.BLOCKED
        assert cause is not None
        assert cause.key == "gate:tools.auto.accepted"


def test_the_lists_of_readers_name_checks() -> None:
    """A misspelt id would group nothing, and nobody would notice."""
    named = {*READ_BY, *ON_THE_SAME}.union(*READ_BY.values(), *ON_THE_SAME.values())
    assert sorted(named - set(CATALOGUE.checks)) == []


def broken(name: str, *findings: tuple[str, str, str], unmet: bool = False) -> Broken:
    """A broken check with findings (probe, place, got)."""
    marks = tuple(Mark.of([probe], Finding(where, "x", got), unmet=unmet) for probe, where, got in findings)
    return Broken(CATALOGUE.checks[name], marks, list(CATALOGUE.checks).index(name))


ENVELOPE: Callable[[], Broken] = lambda: broken("errors.envelope", ("no-key", "/error", "absent"))  # noqa: E731


@pytest.mark.parametrize(
    ("place", "got", "follows"),
    [
        ("/error/message", "absent", True),
        ("/error", "absent", True),
        ("/errors", "absent", False),
        ("header content-type", '"text/plain"', False),
    ],
)
def test_what_is_within_something_missing_follows(place: str, got: str, follows: bool) -> None:
    """A member of what is not there, but nothing beside it."""
    other = broken("errors.code_type", ("no-key", place, got))
    assert ("errors.code_type" in roots([ENVELOPE(), other])) is follows


def test_a_check_with_one_finding_of_its_own_is_a_cause() -> None:
    """Nothing is hidden behind what explains only a part of it."""
    other = broken("errors.code_type", ("no-key", "/error/code", "absent"), ("unknown-model", "/x", "5"))
    assert roots([ENVELOPE(), other]) == {}


def test_a_must_never_follows_from_advice() -> None:
    """The gate is red by what is FAILED."""
    must = broken("errors.envelope", ("no-key", "/error/code", "5"))
    advice = broken("errors.code_type", ("no-key", "/error/code", "5"))
    assert roots([advice, must]) == {"errors.code_type": "errors.envelope"}
