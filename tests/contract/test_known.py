"""Deviations that ship with the package: who gets them, what refutes them, how to refuse them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from sixgates import catalogue
from sixgates.cases.deviations import deviation_cases
from sixgates.config import Deviation, Model, Provider, ProviderType
from sixgates.contract import Contract
from sixgates.exchange import Chunk, Exchange, Response
from sixgates.excuses import accepted, engine_of, remarks
from sixgates.judge import Answer
from sixgates.known import Identity, identify
from sixgates.party import Party
from sixgates.reference import mutants
from sixgates.reference.mutants import MutantProvider
from sixgates.reference.provider import ReferenceProvider
from sixgates.run import Run
from sixgates.sources import cassette
from sixgates.sources.reference import answers
from sixgates.sources.secrets import Scrubber
from sixgates.verdict import Outcome, Verdict

CHECK = "chat.stream.role_first"
RECORDED = "2026-11-23"


def party(kind: ProviderType = ProviderType.LLAMA_CPP, version: str = "", **more: object) -> Party:
    """A provider of one model."""
    written = {"engine_version": version} if version else {}
    entry = Provider.model_validate(
        {"type": kind, "base_url": "http://127.0.0.1:1", "models": [Model(name="m")], **written}
    )
    return replace(Party("p", entry), **more)  # type: ignore[arg-type]


def recorded(
    folder: Path, judged: Party, version: str, day: str = RECORDED, mutant: str | None = None
) -> Verdict:
    """The verdict on a recording of the reference, or a mutant of it, as if an engine had answered."""
    known, reference = catalogue.load(), ReferenceProvider("m")
    provider = MutantProvider(mutants.load()[mutant], reference) if mutant else reference
    found = {
        name: Scrubber(()).exchange(answer) if isinstance(answer, Exchange) else answer
        for name, answer in answers(provider, known.probes()).items()
    }
    label = cassette.Label("p", judged.entry.type.value, version, "m", day)
    cassette.save(folder / "p", label, "http://127.0.0.1:1", known.probes(), found)
    return Contract(judged, folder, folder).judgement().verdict(CHECK)


def test_a_known_deviation_excuses_its_engine_and_version(tmp_path: Path) -> None:
    """The report says of which versions it is known."""
    verdict = recorded(tmp_path, party(), "b10500", mutant="stream-role-missing")
    assert verdict.outcome is Outcome.DEVIATION
    assert verdict.reason.endswith("is never sent. Known of llama.cpp >=b10434,<=b11434.")


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        ("b12000", "known of llama.cpp >=b10434,<=b11434; this is b12000"),
        (
            "",
            "known of llama.cpp >=b10434,<=b11434; which version this is the server does not say: "
            "declare engine_version in providers.yaml",
        ),
    ],
)
def test_another_version_is_red_and_says_why(tmp_path: Path, version: str, reason: str) -> None:
    """What no recording showed of a version is not excused in it."""
    verdict = recorded(tmp_path, party(), version, mutant="stream-role-missing")
    assert (verdict.outcome, verdict.reason) == (Outcome.FAILED, reason)


def test_another_engine_is_not_excused(tmp_path: Path) -> None:
    """Nothing is known of Ollama."""
    verdict = recorded(tmp_path, party(ProviderType.OLLAMA), "b10500", mutant="stream-role-missing")
    assert (verdict.outcome, verdict.reason) == (Outcome.FAILED, "")


def test_a_newer_recording_that_refutes_an_entry_makes_it_stale(tmp_path: Path) -> None:
    """And says how to live without it."""
    verdict = recorded(tmp_path, party(), "b10500", "2026-11-24")
    assert verdict.outcome is Outcome.STALE
    assert verdict.reason.startswith(
        "known as a deviation of llama.cpp >=b10434,<=b11434, but this recording refutes it: "
        "name the check under contract.refuse of gates.yaml, and report it. It said: When the first token"
    )


def test_an_older_recording_refutes_nothing(tmp_path: Path) -> None:
    """It passes, and the entry is mentioned."""
    verdict = recorded(tmp_path, party(), "b10500", "2026-01-01")
    assert verdict.outcome is Outcome.PASSED
    assert verdict.reason.startswith(
        "known as a deviation of llama.cpp >=b10434,<=b11434, but it passes here. It said: When the first token"
    )


def test_a_refused_entry_excuses_nothing_and_is_not_stale(tmp_path: Path) -> None:
    """`contract.refuse` takes away one entry."""
    judged = party(refused=frozenset({CHECK}))
    assert recorded(tmp_path / "a", judged, "b10500", mutant="stream-role-missing").outcome is Outcome.FAILED
    assert recorded(tmp_path / "b", judged, "b10500", "2026-11-24").outcome is Outcome.PASSED


def test_an_own_entry_wins(tmp_path: Path) -> None:
    """Over the shipped one, and over its refusal."""
    own = Deviation.model_validate(
        {"provider": "p", "check": CHECK, "reason": "our proxy hides it", "expires": "2099-01-01"},
        strict=False,
    )
    judged = party(deviations=(own,), refused=frozenset({CHECK}))
    verdict = recorded(tmp_path, judged, "b10500", mutant="stream-role-missing")
    assert (verdict.outcome, verdict.reason) == (Outcome.DEVIATION, "our proxy hides it")


def test_live_nothing_is_refuted() -> None:
    """A flag or a template can mend what is known of an engine, and nobody can take the entry away."""
    live = accepted(party(), ProviderType.LLAMA_CPP, "b10500", "", {})
    assert live
    assert not any(entry.refutable for entry in live)
    assert remarks(party(), ProviderType.LLAMA_CPP, "b10500") == {}


def fed(owner: object = None, fingerprint: object = None) -> Mapping[str, Answer]:
    """A model list and a chat that say who answers."""
    bodies = {
        "models-list": {"object": "list", "data": [{"id": "m", "owned_by": owner}]},
        "chat": {"choices": [], "system_fingerprint": fingerprint},
    }
    known = {probe.name: probe.request("m") for probe in catalogue.load().probes() if probe.name in bodies}
    return {
        name: Exchange(name, known[name], Response(200, (), (Chunk(json.dumps(body).encode(), 0.1),)))
        for name, body in bodies.items()
    }


@pytest.mark.parametrize(
    ("owner", "fingerprint", "identity"),
    [
        ("vllm", "vllm-0.32.0-d1b86c44", Identity(ProviderType.VLLM, "0.32.0")),
        ("vllm", None, Identity(ProviderType.VLLM)),
        ("llamacpp", "b11434-7e4c0a9", Identity(ProviderType.LLAMA_CPP, "b11434")),
        ("llamacpp", "b1-7e4c0a9", Identity(ProviderType.LLAMA_CPP)),
        ("me", None, Identity(ProviderType.LLAMA_CPP_PYTHON)),
        ("somebody", 7, Identity()),
        ([], {}, Identity()),
    ],
)
def test_an_engine_is_known_by_what_it_answers(
    owner: object, fingerprint: object, identity: Identity
) -> None:
    """Build b1 is what packagers outside of git get, and no version."""
    assert identify(fed(owner, fingerprint)) == identity


def test_nothing_is_known_of_a_server_that_did_not_answer() -> None:
    """No list, no chat."""
    assert identify({}) == Identity()


def test_live_the_server_itself_tells_its_version_and_recorded_the_label() -> None:
    """An entry's engine_version may be out of date; an ad-hoc provider has none."""
    said = fed("vllm", "vllm-0.33.0-d1b86c44")
    declared = party(ProviderType.VLLM, "0.32.0")
    label = cassette.Label("p", "vllm", "0.32.0", "m", RECORDED)
    assert engine_of(declared, said, None, live=True) == (ProviderType.VLLM, "0.33.0")
    assert engine_of(declared, said, label, live=False) == (ProviderType.VLLM, "0.32.0")
    assert engine_of(party(ProviderType.OPENAI_COMPATIBLE), said, None, live=True) == (
        ProviderType.VLLM,
        "0.33.0",
    )
    assert engine_of(party(ProviderType.OLLAMA, "1"), said, None, live=True) == (ProviderType.OLLAMA, "1")
    assert engine_of(party(ProviderType.OPENAI_COMPATIBLE), {}, None, live=True) == (
        ProviderType.OPENAI_COMPATIBLE,
        "",
    )


@pytest.mark.parametrize(
    ("check", "hint"),
    [
        (CHECK, None),
        ("chat.stream.role_frist", "did you mean chat.stream.role_first?"),
        ("nonsense", "no engine is known to break it: leave it out"),
    ],
)
def test_a_refusal_of_what_is_not_known_is_found(tmp_path: Path, check: str, hint: str | None) -> None:
    """It would refuse nothing, silently."""
    (tmp_path / "providers.yaml").write_text(
        "providers:\n  p:\n    type: vllm\n    base_url: http://127.0.0.1:1\n    models: [m]\n"
    )
    (tmp_path / "model-mappings.yaml").write_text("exact_matches: {}\n")
    (tmp_path / "gates.yaml").write_text(f"gates:\n  contract: {{refuse: [{check}]}}\n")
    run = Run(tmp_path, tmp_path, tmp_path)
    assert run.parties()[0].refused == {check}
    findings = deviation_cases(run)[0].judge().findings
    assert [finding.hint for finding in findings] == ([hint] if hint else [])
    assert all("gates.yaml:2:" in finding.where for finding in findings)


def ad_hoc(engine: str | None) -> Party:
    """What `--endpoint URL --model m`, with `--engine`, is judged as."""
    nowhere = Path("nowhere")
    run = Run(nowhere, nowhere, nowhere, live=True, base_url="http://127.0.0.1:1", model="m", engine=engine)
    (found,) = run.parties()
    return found


@pytest.mark.parametrize("engine", ["llama_cpp:b10500", "llama_cpp"])
def test_the_command_line_says_what_a_server_does_not(engine: str) -> None:
    """Its type, and its version; what it offers is found out as before."""
    found = ad_hoc(engine)
    assert engine_of(found, {}, None, live=True) == (ProviderType.LLAMA_CPP, engine.partition(":")[2])
    assert found.capabilities() == ad_hoc(None).capabilities()
    assert found.detect


def test_an_unknown_version_asks_for_the_option_that_says_it() -> None:
    """An entry of providers.yaml is no help to who has none."""
    assert remarks(ad_hoc(None), ProviderType.LLAMA_CPP, "")[CHECK] == (
        "known of llama.cpp >=b10434,<=b11434; which version this is the server does not say: "
        "give --engine llama_cpp:VERSION"
    )
    assert remarks(party(), ProviderType.LLAMA_CPP, "")[CHECK].endswith(
        "declare engine_version in providers.yaml"
    )
