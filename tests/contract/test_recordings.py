"""The recordings of this repository: each belongs to a probe and a provider, is fresh, and says what it is of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sixgates import catalogue
from sixgates.bundles.following import among
from sixgates.config import load_stack
from sixgates.run import Run
from sixgates.sources import cassette

ROOT = Path(__file__).parents[2]
STACK = load_stack(ROOT / "config")
FILES = sorted((ROOT / "cassettes").glob("*/*.yaml"))
VERSIONS = sorted((ROOT / "cassettes" / "versions").glob("*/*"))
"""Further versions of engines: cassettes/versions/VERSION/PROVIDER."""
ALL = FILES + [path for folder in VERSIONS for path in sorted(folder.glob("*.yaml"))]
PROBES = {probe.name: probe for probe in (*catalogue.load().probes(), *among(path.stem for path in ALL))}
"""Those of the catalogue, and what was asked apart after a refusal."""
HOME = re.compile(r"/(root|home|Users)/")


def test_every_active_provider_is_recorded() -> None:
    """And nothing else is."""
    assert {path.parent.name for path in FILES} == set(STACK.active)


@pytest.mark.parametrize("path", ALL, ids=[f"{path.parent.name}/{path.stem}" for path in ALL])
def test_a_cassette_is_fresh_and_labelled(path: Path) -> None:
    """Its probe exists unchanged, and engine, version, model and date are named; no home directory shows."""
    label, exchange = cassette.read(path, PROBES[path.stem])
    entry = STACK.active[path.parent.name]
    assert (label.provider, label.type) == (path.parent.name, entry.type)
    assert label.engine_version
    assert label.model in entry.model_names
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", label.recorded)
    assert exchange.request.header("authorization") is None
    assert HOME.search(path.read_text(encoding="utf-8")) is None


@pytest.mark.parametrize("folder", VERSIONS, ids=[str(path.relative_to(ROOT)) for path in VERSIONS])
def test_another_version_is_another_recording_of_an_active_provider(folder: Path) -> None:
    """Its folder bears the version that was recorded, and not that of the provider's first recording."""
    labels = {cassette.read(path, PROBES[path.stem])[0] for path in sorted(folder.glob("*.yaml"))}
    first = cassette.read(ROOT / "cassettes" / folder.name / "chat.yaml", PROBES["chat"])[0]
    assert {label.engine_version for label in labels} == {folder.parent.name}
    assert first.engine_version != folder.parent.name


@pytest.mark.parametrize(
    "cassettes", [ROOT / "cassettes", *sorted({path.parent for path in VERSIONS})], ids=str
)
def test_every_recording_is_green_and_refutes_no_known_deviation(cassettes: Path) -> None:
    """Of each version that is recorded here: what is known of it is what its bytes show."""
    run = Run(ROOT / "config", cassettes, ROOT)
    red = [
        (party.name, verdict.check, verdict.outcome, verdict.reason)
        for party in run.parties()
        if (cassettes / party.name).is_dir()
        for verdict in run.contract(party).judgement().verdicts()
        if verdict.outcome.red
    ]
    assert red == []


def test_a_recording_of_another_version_is_judged_by_what_is_known_of_that(tmp_path: Path) -> None:
    """The control: b10434's bytes under the label of b11434 show what that version has mended."""
    folder = tmp_path / "llama_cpp"
    folder.mkdir()
    for path in (ROOT / "cassettes" / "llama_cpp").iterdir():
        text = path.read_text(encoding="utf-8").replace("engine_version: b10434", "engine_version: b11434")
        (folder / path.name).write_text(text, encoding="utf-8")
    run = Run(ROOT / "config", tmp_path, tmp_path, only=("llama_cpp",))
    judgement = run.contract(run.parties()[0]).judgement()
    assert {verdict.check for verdict in judgement.verdicts() if verdict.outcome.red} >= {
        "errors.invalid_json",
        "errors.5xx_only_server",
    }
