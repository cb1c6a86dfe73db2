"""Shipped entries describe what the recordings show, and nothing else: not the other defects of the same check."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from tests.known.dressed import Answers, dressed

from sixgates import catalogue
from sixgates.capability import CAPABILITIES
from sixgates.config import Model, Provider, ProviderType
from sixgates.declared import Declared
from sixgates.description import answered
from sixgates.excuses import accepted
from sixgates.judge import Judgement, Subject
from sixgates.known import Shipped, load
from sixgates.party import Party
from sixgates.reference import mutants
from sixgates.reference.mutants import MutantProvider
from sixgates.reference.provider import ReferenceProvider
from sixgates.run import Run
from sixgates.sources.reference import answers
from sixgates.verdict import Outcome

ROOT = Path(__file__).parents[2]
CATALOGUE = catalogue.load()
FOLDERS = (ROOT / "cassettes", *sorted(path for path in (ROOT / "cassettes" / "versions").iterdir()))
ENTRIES = [(engine, entry) for engine, entries in load().items() for entry in entries]
PAIRS = [
    (engine, entry, mutant)
    for engine, entry in ENTRIES
    for mutant in mutants.load().values()
    if entry.check in mutant.caught_by
]
IGNORED = "the engine ignores the choice and answers with text: so does the mutant"
FORMAT = "a format that is ignored leaves it to the model what it writes, and this is what a model may write"
SAME = {
    (
        "errors.context_no_silent_truncation",
        "overlong-prompt-cut",
    ): "the same: the prompt is cut without a word",
    ("errors.message_nonempty", "completions-error-empty"): "the same: the message is empty",
    ("responses.text_format", "text-format-as-prose"): FORMAT,
    ("responses.text_format", "text-format-in-a-fence"): FORMAT,
    ("responses.tools.none_not_called", "led-response-calls-though-none-is-to-be-called"): IGNORED,
    ("structured.json_object.valid", "json-object-fenced"): FORMAT,
    ("structured.json_object.valid", "json-object-wrapped-in-words"): FORMAT,
    ("tools.call.no_args", "loose-call-with-numbers"): "the same: numbers as arguments",
    (
        "tools.finish.length_in_args",
        "tool-finish-not-length-when-cut",
    ): "the same: a cut call says tool_calls",
    ("tools.named.called", "tool-choice-named-ignored"): IGNORED,
    ("tools.named.called", "tools-unread"): IGNORED,
    ("tools.none.not_called", "led-calls-though-none-is-to-be-called"): IGNORED,
    ("tools.none.not_called", "led-stream-calls-though-none-is-to-be-called"): IGNORED,
    ("tools.required.called", "tool-choice-required-ignored"): IGNORED,
    ("tools.required.called", "tool-stream-drops-the-call"): IGNORED,
}
"""The defects that an entry excuses: the same as those of the engine, as far as any reply shows."""


@cache
def broken(mutant: str) -> Answers:
    """What the reference with one defect answers."""
    provider = MutantProvider(mutants.load()[mutant], ReferenceProvider(key="sk-reference"))
    return answers(provider, CATALOGUE.probes())


def outcome(check: str, found: Answers, *declared: Declared) -> Outcome:
    """The outcome of a check on answers, with these deviations."""
    subject = Subject("p", "reference", frozenset(CAPABILITIES), deviations=declared)
    return Judgement(CATALOGUE, subject, found).verdict(check).outcome


def known(engine: ProviderType, check: str, version: str, found: Answers) -> list[Declared]:
    """What is accepted of a provider that shows itself to be this engine."""
    entry = Provider(type=engine, base_url="http://127.0.0.1:1", models=[Model(name="m")])
    return [each for each in accepted(Party("p", entry), engine, version, "", found) if each.check == check]


def test_no_entry_excuses_another_defect_of_its_check(capsys: pytest.CaptureFixture[str]) -> None:
    """Each mutant of each check with an entry, on a reference that shows every sign of the entry's engine."""
    excused, before, after = set(), 0, 0
    for engine, entry, mutant in PAIRS:
        found = dressed(engine, broken(mutant.name))
        declared = known(engine, entry.check, entry.seen.version, found)
        anything = Declared(entry.check, entry.reason)
        before += outcome(entry.check, found, anything) is Outcome.DEVIATION
        if outcome(entry.check, found, *declared) is Outcome.DEVIATION:
            after += 1
            excused.add((entry.check, mutant.name))
    with capsys.disabled():
        print(f"\n(entry, mutant) pairs excused by check id alone: {before}; by what is described: {after}")
    assert before == len(PAIRS)
    assert excused == set(SAME), (
        "an entry excuses more than its engine does, or a row of the table is needless"
    )


@cache
def recorded() -> tuple[tuple[Judgement, Path], ...]:
    """Every recording of this repository, as it is judged."""
    return tuple(
        (run.contract(party).judgement().first, folder)
        for folder in FOLDERS
        for run in [Run(ROOT / "config", folder, ROOT)]
        for party in run.parties()
        if (folder / party.name).is_dir()
    )


@pytest.mark.parametrize("entry", [one for _, one in ENTRIES], ids=[f"{e}-{one.check}" for e, one in ENTRIES])
def test_an_entry_excuses_what_was_recorded_and_says_no_more(entry: Shipped) -> None:
    """A description that no recorded finding bears out would excuse what nobody has seen."""
    check = CATALOGUE.checks[entry.check]
    unused = {each.description for each in entry.findings}
    excused = 0
    for judgement, _ in recorded():
        if not any(
            each.check == entry.check and each.reason == entry.reason for each in judgement.subject.deviations
        ):
            continue
        for probe, finding in judgement.found(check):
            said = answered(judgement.answers.get(probe.name))
            unused = {each for each in unused if not each.describes(finding, said)}
        excused += judgement.verdict(entry.check).outcome is Outcome.DEVIATION
    assert excused, "no recording is excused by it"
    assert unused == set()
