"""A server on a socket that refuses one feature of a request for several is asked for each of them alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from tests.serving import served

from sixgates import catalogue
from sixgates.bundles.asking import MOST_ASKED_APART
from sixgates.bundles.following import among
from sixgates.bundles.table import BUNDLES
from sixgates.capability import CAPABILITIES
from sixgates.config import Provider
from sixgates.contract import Contract
from sixgates.party import Party
from sixgates.reference import mutants
from sixgates.reference.mutants import Mutant, MutantProvider, carrying
from sixgates.reference.provider import ReferenceProvider
from sixgates.sources import cassette
from sixgates.verdict import Outcome

RED = {Outcome.FAILED, Outcome.ADVISORY}
BUNDLE = BUNDLES["chat-replayed"]
CHECKS = sorted({name for part in BUNDLE.parts for name in part.checks})
DEFECTS = {
    "name-refused": "input.name_field",
    "nulls-refused": "input.null_message_fields",
    "replayed-thought-refused": "reasoning.roundtrip_accepted",
    "default-format-refused": "structured.text.accepted",
}
FOLLOWED = "p: requests for several things at once were refused; {} more asked for one at a time (at most 24)"


def contract(
    folder: Path, url: str, said: list[str], *wanted: str, capabilities: Iterable[str] = ("reasoning",)
) -> Contract:
    """Of a server that says what it offers, with some checks wanted, or all."""
    entry = Provider.model_validate(
        {
            "type": "openai_compatible",
            "base_url": url,
            "models": [{"name": "reference", "context_length": 2048}],
            "capabilities": [*capabilities],
        }
    )
    return Contract(
        Party("p", entry), folder / "cassettes", folder, live=True, wanted={*wanted}, say=said.append
    )


def sent_apart(folder: Path) -> list[str]:
    """The follow-ups that a run has kept, by name."""
    return sorted(each.name for each in among(cassette.held(folder / "live" / "p")))


def broken(asked: Contract) -> list[str]:
    """The checks that are red, but for those of the form of errors."""
    found = {
        name: asked.judgement().verdict(name).outcome for name in asked.wanted or catalogue.load().checks
    }
    return sorted(
        name for name, outcome in found.items() if outcome in RED and not name.startswith("errors.")
    )


@pytest.mark.parametrize("defect", DEFECTS)
def test_only_what_is_refused_is_red(defect: str, tmp_path: Path) -> None:
    """Each feature goes out alone, and the run says how many requests that were."""
    said: list[str] = []
    with served(MutantProvider(mutants.load()[defect], ReferenceProvider()), pace=0.0) as url:
        asked = contract(tmp_path, url, said, *CHECKS)
        assert broken(asked) == [DEFECTS[defect]]
    apart = [f"chat-replayed-with-{part.feature.slug}" for part in BUNDLE.parts]
    assert sent_apart(tmp_path) == sorted(apart)
    assert FOLLOWED.format(4) in said


def test_a_sound_server_is_asked_for_nothing_apart(tmp_path: Path) -> None:
    said: list[str] = []
    with served(ReferenceProvider(), pace=0.0) as url:
        assert broken(contract(tmp_path, url, said, *CHECKS)) == []
    assert sent_apart(tmp_path) == []
    assert not [line for line in said if "one at a time" in line]


def test_the_bound_is_told_before_the_first_request(tmp_path: Path) -> None:
    said: list[str] = []
    with served(ReferenceProvider(), pace=0.0) as url:
        contract(tmp_path, url, said, "input.name_field").judgement()
    assert "; where one that asks for several things is refused, at most 24 more ask for one" in said[0]


def test_who_refuses_all_bundles_is_asked_a_bounded_number_of_times(tmp_path: Path) -> None:
    """A server that takes one feature a request, so that each bundle is asked for in all its parts."""
    always = {part.feature for each in BUNDLES.values() for part in each.parts if each.always}
    features = {part.feature for each in BUNDLES.values() for part in each.parts} - always
    single = Mutant(
        "one-feature-a-request",
        on=lambda request: sum(carrying(each)(request) for each in features) > 1,
        edit=mutants.load()["name-refused"].edit,
        caught_by=(),
    )
    said: list[str] = []
    with served(MutantProvider(single, ReferenceProvider()), pace=0.0) as url:
        contract(tmp_path, url, said, capabilities=sorted(CAPABILITIES)).judgement()
    assert len(sent_apart(tmp_path)) == MOST_ASKED_APART == 24
    assert FOLLOWED.format(24) in said
