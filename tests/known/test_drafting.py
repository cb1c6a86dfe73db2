"""Drafts of entries, for whoever records a new version."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sixgates import catalogue, cli
from sixgates.capability import CAPABILITIES
from sixgates.declared import Declared
from sixgates.description import Description
from sixgates.drafting import descriptions, general
from sixgates.exchange import Exchange
from sixgates.judge import Judgement, Subject
from sixgates.known import read
from sixgates.reference import mutants
from sixgates.reference.mutants import MutantProvider
from sixgates.reference.provider import ReferenceProvider
from sixgates.sources import cassette
from sixgates.sources.reference import answers
from sixgates.sources.secrets import Scrubber
from sixgates.verdict import Outcome


def stack(folder: Path, mutant: str | None) -> list[str]:
    """A provider with a recording of the reference or of a mutant; the arguments of the command."""
    (folder / "providers.yaml").write_text(
        "providers:\n  p:\n    type: ollama\n    base_url: http://127.0.0.1:1\n    models: [m]\n"
        "    capabilities: [tools]\n"
    )
    (folder / "model-mappings.yaml").write_text("exact_matches: {}\n")
    probes, reference = catalogue.load().probes(), ReferenceProvider("m")
    provider = MutantProvider(mutants.load()[mutant], reference) if mutant else reference
    found = {
        name: Scrubber(()).exchange(answer) if isinstance(answer, Exchange) else answer
        for name, answer in answers(provider, probes).items()
    }
    label = cassette.Label("p", "ollama", "1.2", "m", "2026-11-25")
    recordings = folder / "cassettes" / "versions" / "1.2"
    cassette.save(recordings / "p", label, "http://127.0.0.1:1", probes, found)
    return ["known", "p", "--gateway-config", str(folder), "--cassettes", str(recordings)]


def test_what_is_broken_and_not_known_is_drafted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The draft is a file of known deviations as it stands; only the reason wants words."""
    assert cli.main(stack(tmp_path, "models-data-null")) == 0
    text = capsys.readouterr().out
    (tmp_path / "ollama.yaml").write_text(f"deviations:\n{text}")
    (entry,) = read(tmp_path / "ollama.yaml")
    assert (entry.check, entry.versions, entry.seen.version) == ("models.list.shape", "1.2", "1.2")
    assert entry.recording == "versions/1.2/p/models-list"
    assert entry.reason.startswith("/data: expected an array, got null")
    (described,) = entry.findings
    assert (described.where, described.got) == ("/data", "null")


def drafted(mutant: str) -> tuple[Description, ...]:
    """What a draft says of the first check that a mutant breaks."""
    return described(mutant, mutants.load()[mutant].caught_by[0])[0]


def described(mutant: str, check: str) -> tuple[tuple[Description, ...], Outcome]:
    """The drafted descriptions of a check that a mutant breaks, and what they make of its verdict."""
    known = catalogue.load()
    provider = MutantProvider(mutants.load()[mutant], ReferenceProvider(key="sk-reference"))
    found = answers(provider, known.probes())
    subject = Subject("p", "reference", frozenset(CAPABILITIES))
    told = descriptions(Judgement(known, subject, found).found(known.checks[check]), found, "reference")
    entry = Declared(check, "drafted", findings=told)
    return told, Judgement(known, replace(subject, deviations=(entry,)), found).verdict(check).outcome


def test_numbers_and_ids_stand_for_any_other() -> None:
    """And places that differ by them, or by the probe alone, are written once."""
    assert drafted("response-item-without-output-index") == (
        Description("*: event #/output_index", got="absent"),
    )
    assert general('"chatcmpl-8b430cd3d9a32e9d", 17 of smollm2: é', "smollm2") == '"*", # of *: *'
    assert general("a*b", "") == "a*b"
    assert general("9" * 21, "") == "*"
    assert general(f'"{"x" * 200}… (239 characters)', "") == f'"{"x" * 200}*'


SAMPLE = sorted(mutants.load())[::9]


@pytest.mark.parametrize("mutant", SAMPLE)
def test_a_draft_describes_what_it_was_made_of(mutant: str) -> None:
    """A part of all defects, each by the first check that it breaks."""
    told, outcome = described(mutant, mutants.load()[mutant].caught_by[0])
    assert told
    assert outcome is Outcome.DEVIATION


def test_nothing_broken_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And ends with 0 as well."""
    arguments = stack(tmp_path, None)
    assert cli.main(arguments) == 0
    assert capsys.readouterr().out == f"{arguments[-1]}/p: nothing is broken that is not known\n"


def test_without_a_recording_nothing_can_be_drafted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names the provider and the folder."""
    arguments = stack(tmp_path, None)
    arguments[1] = "q"
    assert cli.main(arguments) == 2
    said = f"sixgates: q: no active provider of that name with a recording in {arguments[-1]}/q\n"
    assert capsys.readouterr().err == said
    (tmp_path / "providers.yaml").unlink()
    assert cli.main(arguments) == 1
    assert "providers.yaml" in capsys.readouterr().out
