"""What changed between two recordings of an engine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from sixgates import catalogue, cli
from sixgates.drift import changes
from sixgates.exchange import Exchange, FailureKind, Request, TransportError
from sixgates.judge import Answer, NotSent
from sixgates.reference.mutants import Mutant, MutantProvider, in_json, on_path, on_plain, with_status
from sixgates.reference.provider import ReferenceProvider
from sixgates.sources import cassette
from sixgates.sources.reference import answers
from sixgates.sources.secrets import Scrubber

PROBES = catalogue.load().probes()


def recording(mutant: Mutant | None = None) -> dict[str, Answer]:
    """What the reference answers, or a mutant of it."""
    reference = ReferenceProvider("m")
    found = answers(MutantProvider(mutant, reference) if mutant else reference, PROBES)
    return {
        name: Scrubber(()).exchange(answer) if isinstance(answer, Exchange) else answer
        for name, answer in found.items()
    }


def save(folder: Path, version: str, found: Mapping[str, Answer]) -> None:
    """A recording on disk."""
    label = cassette.Label("p", "vllm", version, "m", "2026-11-25")
    cassette.save(folder, label, "http://127.0.0.1:1", PROBES, found)


def moved(document: dict[str, object]) -> None:
    """One field went, and one came with another in it."""
    del document["created"]
    document["trace"] = [{"id": 1}]


def test_the_same_recording_has_not_changed() -> None:
    """Nothing is said of nothing."""
    assert changes(recording(), recording()) == []


def test_fields_that_came_and_went_are_named_once_for_each_endpoint() -> None:
    """With the probes that show it; what stands below a new field is part of it."""
    found = changes(recording(), recording(Mutant("x", on_plain, (), edit=in_json(moved))))
    fields = [line for line in found if line.startswith("POST /v1/chat/completions: ")]
    assert [line.split(" (")[0] for line in fields] == [
        "POST /v1/chat/completions: + /trace",
        "POST /v1/chat/completions: - /created",
    ]
    assert re.search(r" \([\w-]+, [\w-]+, [\w-]+ and \d+ more\)$", fields[0])
    assert any(line.startswith("chat.shape.created") and "PASSED -> " in line for line in found)


def test_outcomes_and_statuses_that_changed_are_named() -> None:
    """In both directions, with what was found."""
    broken = recording(Mutant("x", on_path("/v1/models/m"), (), edit=with_status(404)))
    found = changes(recording(), broken)
    assert found[0].startswith(
        "models.retrieve.ok SHOULD: PASSED -> ADVISORY: status: expected 200, got 404 "
    )
    assert "model-retrieve: status 200 -> status 404" in found
    back = changes(broken, recording())
    assert back[0].startswith("models.retrieve.ok SHOULD: ADVISORY -> PASSED: status: expected 200, got 404 ")


def test_a_field_of_a_stream_is_named_with_its_indices_folded() -> None:
    """All events of all choices are one."""

    def renamed(pieces: list[bytes]) -> list[bytes]:
        return [piece.replace(b'"finish_reason"', b'"stop_reason"') for piece in pieces]

    from sixgates.reference.mutants import in_pieces, on_stream

    found = changes(recording(), recording(Mutant("x", on_stream, (), edit=in_pieces(renamed))))
    fields = [line.split(" (")[0] for line in found if line.startswith("stream of ")]
    assert fields == [
        "stream of POST /v1/chat/completions: + /choices/*/stop_reason",
        "stream of POST /v1/chat/completions: - /choices/*/finish_reason",
    ]


def test_what_was_not_answered_is_named() -> None:
    """A cut, a probe that was not sent, and one that stands in one recording only."""
    old, new = recording(), recording()
    request = Request("POST", "/v1/chat/completions")
    new["chat"] = Exchange("chat", request, None, TransportError(FailureKind.RESET, "reset"))
    new["chat-again"] = NotSent("nothing to build on")
    new["deeply-nested"] = Exchange("deeply-nested", request)
    del new["invalid-json"]
    found = changes(old, new)
    assert "chat: status 200 -> reset" in found
    assert "chat-again: status 200 -> no exchange" in found
    assert "deeply-nested: status 400 -> no answer" in found
    assert "invalid-json: recorded only in the old one" in found


def test_the_command_prints_both_labels_and_the_changes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Changes are no failure: it ends with 0."""
    save(tmp_path / "old", "1.0", recording())
    save(tmp_path / "new", "1.1", recording(Mutant("x", on_path("/v1/models/m"), (), edit=with_status(404))))
    assert cli.main(["drift", str(tmp_path / "old"), str(tmp_path / "new")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{tmp_path / 'old'}: p, vllm 1.0, recorded 2026-11-25"
    assert lines[1] == f"{tmp_path / 'new'}: p, vllm 1.1, recorded 2026-11-25"
    assert lines[2].startswith("models.retrieve.ok SHOULD: PASSED -> ADVISORY: ")
    assert cli.main(["drift", str(tmp_path / "old"), str(tmp_path / "old")]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "nothing changed"


def test_the_command_cannot_compare_what_is_no_recording(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says which folder."""
    assert cli.main(["drift", str(tmp_path / "no"), str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said == f"sixgates: {tmp_path / 'no'}: no recording of the probes of this version\n"
