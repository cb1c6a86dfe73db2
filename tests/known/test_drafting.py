"""Drafts of entries, for whoever records a new version."""

from __future__ import annotations

from pathlib import Path

import pytest

from sixgates import catalogue, cli
from sixgates.exchange import Exchange
from sixgates.known import read
from sixgates.reference import mutants
from sixgates.reference.mutants import MutantProvider
from sixgates.reference.provider import ReferenceProvider
from sixgates.sources import cassette
from sixgates.sources.reference import answers
from sixgates.sources.secrets import Scrubber


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
