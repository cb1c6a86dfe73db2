"""The files of known deviations: their shape, and that our recordings show what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from sixgates import catalogue
from sixgates.config import Model, Provider, ProviderType
from sixgates.exchange import Exchange, Request
from sixgates.excuses import accepted
from sixgates.known import KnownError, Shipped, known_of, load, read
from sixgates.party import Party

ROOT = Path(__file__).parents[2]
ENTRIES = [(engine, entry) for engine, entries in load().items() for entry in entries]
SOUND = """deviations:
  - check: models.list.shape
    versions: "0.32.*"
    reason: The list is a bare array.
    recording: vllm/models-list
    seen: {version: 0.32.0, recorded: 2026-11-23}
    findings:
      - where: /data
"""


@pytest.mark.parametrize(("engine", "entry"), ENTRIES, ids=[f"{e}-{one.check}" for e, one in ENTRIES])
def test_an_entry_names_a_check_and_a_recording_that_feeds_it(engine: ProviderType, entry: Shipped) -> None:
    """Otherwise nothing in this repository would show it."""
    check = catalogue.load().checks[entry.check]
    recording = ROOT / "cassettes" / f"{entry.recording}.yaml"
    assert recording.is_file()
    assert recording.stem in {probe.name for probe in check.probes}
    text = recording.read_text(encoding="utf-8")
    assert f"engine_version: {entry.seen.version}\n" in text
    assert f"type: {engine}\n" in text


def test_the_engines_with_entries_are_those_that_were_recorded() -> None:
    """And every file has some."""
    recorded = {
        ProviderType.VLLM,
        ProviderType.LLAMA_CPP,
        ProviderType.LLAMA_CPP_PYTHON,
        ProviderType.OLLAMA,
    }
    assert {engine for engine, entries in load().items() if entries} == recorded


def test_only_entries_about_a_version_are_taken() -> None:
    """b11434 has mended these; of a version that nobody tells, nothing is known."""
    old = {entry.check for entry in known_of(ProviderType.LLAMA_CPP, "b10434")}
    new = {entry.check for entry in known_of(ProviderType.LLAMA_CPP, "b11434")}
    mended = {"errors.5xx_only_server", "errors.invalid_json"}
    assert old - new == mended | {
        "capability.json_object",
        "embeddings.too_long",
        "structured.json_object.valid",
        "tools.def.schemas",
    }
    assert known_of(ProviderType.LLAMA_CPP, "") == ()
    assert known_of(ProviderType.OLLAMA, "1.0") == known_of(None, "1.0") == ()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"0.32.*"', "newest", "x.yaml:3:15: expected "),
        ("    reason: The list is a bare array.\n", "", "expected the key `reason`, got no such key."),
        ("vllm/models-list", "models-list", "x.yaml:5:16: expected "),
        ("    seen:", "    note: x\n    seen:", "x.yaml:6:5: expected "),
        (
            "version: 0.32.0",
            "version: 0.31.0",
            "x.yaml: models.list.shape was seen in 0.31.0, which is not in",
        ),
        ("deviations:", "deviations: [", "x.yaml:"),
        ("    findings:\n      - where: /data\n", "", "expected the key `findings`, got no such key."),
        ("      - where: /data\n", "      []\n", "x.yaml:8:"),
        ("where: /data", 'where: "*"', "where, expected, got or answer, and not only `*`"),
        ("where: /data", "place: /data", "x.yaml:8:9: expected "),
        (
            SOUND,
            SOUND + SOUND.removeprefix("deviations:\n"),
            "two entries for models.list.shape hold for 0.32.0",
        ),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_the_place(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    """A shipped file is read with the same strictness as a stack's own."""
    path = tmp_path / "x.yaml"
    path.write_text(SOUND)
    assert read(path)[0].seen.version == "0.32.0"
    assert old in SOUND
    path.write_text(SOUND.replace(old, new, 1))
    with pytest.raises(KnownError) as caught:
        read(path)
    assert problem in str(caught.value)


def test_only_a_recording_with_the_request_can_refute_an_entry() -> None:
    """An embeddings server is asked for no chat, and so cannot show that a fault of chat is mended."""
    model = Model(name="m")
    entry = Provider(type=ProviderType.VLLM, base_url="http://127.0.0.1:1", models=[model])
    party = Party("p", entry)
    seen = Exchange("no-key", Request("POST", "/v1/chat/completions"))
    for answers, expected in (({}, False), ({"no-key": seen}, True)):
        known = accepted(party, ProviderType.VLLM, "0.32.0", "2099-01-01", answers)
        (found,) = (each for each in known if each.check == "errors.envelope")
        assert found.refutable is expected
