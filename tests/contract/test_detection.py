"""What a server offers, found out by one request for each capability; declared and missing is red."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from sixgates import catalogue
from sixgates.capability import Offer
from sixgates.catalogue import CatalogueError
from sixgates.contract import Contract
from sixgates.detection import DETECTORS, detect, detector
from sixgates.effects import (
    Effect,
    answered_with,
    json_object_given,
    logprobs_given,
    other_than_before,
    same_as_before,
    status_200,
)
from sixgates.exchange import Chunk, Exchange, FailureKind, Request, Response, TransportError
from sixgates.judge import Answer, Judgement, Subject
from sixgates.probes.models import models_list
from sixgates.reference import mutants
from sixgates.reference.mutants import MutantProvider
from sixgates.reference.provider import ReferenceProvider
from sixgates.run import Run
from sixgates.select import Unmet
from sixgates.tries import Tries
from sixgates.verdict import Outcome

CATALOGUE = catalogue.load()
TOOLS_ASKED = {probe.name for probe in (DETECTORS["tools"].probe, *DETECTORS["tools"].more)}
ASKED_FIRST = [name for name, each in DETECTORS.items() if each.within is None]
SPOILT = {"refused": 400, "absent": 404, "forbidden": 405, "failing": 500, "unsupported": 501}


def exchange(document: object, status: int = 200) -> Exchange:
    """An answer with a JSON body."""
    body = (Chunk(json.dumps(document).encode(), 0.1),)
    return Exchange("x", Request("POST", "/v1/x"), Response(status, (), body))


def said(text: str, **more: object) -> Exchange:
    """A chat completion."""
    return exchange({"choices": [{"message": {"content": text}, **more}]})


def spoilt(conforming: Mapping[str, Answer], capability: str, status: int) -> dict[str, Answer]:
    """The reference's answers, those to requests that need a capability with another status."""
    found = dict(conforming)
    for probe in CATALOGUE.probes():
        answer = found[probe.name]
        if capability in probe.needs and isinstance(answer, Exchange) and answer.response is not None:
            found[probe.name] = replace(answer, response=replace(answer.response, status=status))
    return found


def test_the_reference_offers_what_has_a_detector(conforming: Mapping[str, Answer]) -> None:
    """By the effects of the requests."""
    assert {name: one.offer for name, one in detect(conforming).items()} == dict.fromkeys(
        DETECTORS, Offer.OFFERED
    )


@pytest.mark.parametrize("capability", sorted(set(ASKED_FIRST) - {"auth"}))
@pytest.mark.parametrize("way", SPOILT)
def test_declared_and_missing_is_red(capability: str, way: str, conforming: Mapping[str, Answer]) -> None:
    """Each capability has a MUST that fails, and undeclared nothing of it applies."""
    found = spoilt(conforming, capability, SPOILT[way])
    name = f"capability.{capability}"
    declared = Judgement(CATALOGUE, Subject("p", "m", frozenset(("chat", capability))), found)
    assert declared.verdict(name).outcome is Outcome.FAILED
    undeclared = Judgement(CATALOGUE, Subject("p", "m", frozenset(("chat",))), found)
    assert undeclared.verdict(name).outcome is Outcome.NOT_APPLICABLE
    assert undeclared.verdict(name).reason == f"p does not declare the capability {capability}"


@pytest.mark.parametrize(
    ("mutant", "capability", "offer", "seen"),
    [
        ("tools-refused", "tools", Offer.REFUSED, "400 "),
        ("tools-absent", "tools", Offer.ABSENT, "404 "),
        ("tools-failing", "tools", Offer.BROKEN, "503 "),
        (
            "tools-unread",
            "tools",
            Offer.IGNORED,
            "200, but /usage/prompt_tokens: expected a call, or more tokens",
        ),
        ("choices-refused", "n", Offer.REFUSED, "400 "),
        ("choices-unread", "n", Offer.IGNORED, "200, but /choices: expected two choices, got 1"),
        ("seed-ignored", "seed", Offer.IGNORED, "200, but /choices/0/message/content: expected the text of"),
        ("key-unread", "auth", Offer.ABSENT, "200 without a key"),
    ],
)
def test_refused_ignored_and_not_there_are_told_apart(
    mutant: str, capability: str, offer: Offer, seen: str
) -> None:
    """In the detection, and in the words of the failure."""
    from sixgates.sources.reference import answers

    provider = MutantProvider(mutants.load()[mutant], ReferenceProvider(key="sk-reference"))
    found = answers(provider, CATALOGUE.probes())
    shown = detect(found)[capability]
    assert (shown.offer, shown.reason[: len(seen)]) == (offer, seen)
    subject = Subject("p", "m", frozenset(("chat", capability)))
    verdict = Judgement(CATALOGUE, subject, found).verdict(f"capability.{capability}")
    if offer is Offer.BROKEN:
        assert (verdict.findings[0].expected, verdict.findings[0].got) == (
            "offered, or refused with 4xx",
            shown.reason,
        )
        return
    assert verdict.findings[0].got == f"{offer}: {shown.reason}"
    expected = verdict.findings[0].expected
    if offer is Offer.IGNORED:
        assert expected == "its effect, or a refusal with 4xx"
    else:
        assert expected.endswith(": declared, and so offered")


def test_no_answer_is_no_offer() -> None:
    """A port that went away, and a stream cut before its head."""
    gone = Exchange("x", Request("POST", "/"), None, TransportError(FailureKind.RESET, "reset by peer"))
    shown = DETECTORS["n"].shown(gone)
    assert (shown.offer, shown.reason) == (Offer.BROKEN, "no answer: reset by peer")
    assert DETECTORS["n"].shown(replace(gone, error=None)).reason == "no answer: nothing came"
    assert DETECTORS["auth"].shown(exchange({}, 500)).offer is Offer.BROKEN
    whole = said("a", logprobs={"content": [{}]})
    assert DETECTORS["logprobs"].shown(whole).offer is Offer.OFFERED
    shown = DETECTORS["logprobs"].shown(replace(whole, error=gone.error))
    assert shown.offer is Offer.BROKEN
    assert shown.reason.endswith(", then reset by peer")


def test_without_the_answer_to_compare_with_nothing_is_said() -> None:
    """A chat that failed is no reason to say that `seed` is without effect."""
    shown = DETECTORS["seed"].shown(said("a"), exchange({}, 500))
    assert (shown.offer, shown.reason) == (
        Offer.UNCLEAR,
        "200, and nothing to compare it with: chat-again got 500",
    )
    assert DETECTORS["seed"].shown(said("a"), said("b")).offer is Offer.IGNORED


def test_every_detector_is_asked_without_another() -> None:
    """An ad-hoc provider is asked all of them first, so none may build on an answer or need what has no detector.

    What is within an endpoint is asked for with the rest, wherever that is offered, and without asking for more.
    """
    for each in DETECTORS.values():
        for probe in each.probes:
            if each.within is None:
                assert probe.after is None
                assert {"chat", *DETECTORS} >= set(probe.needs)
            else:
                assert set(probe.needs) == {each.within}


def test_what_was_not_sent_shows_nothing() -> None:
    """A detector needs all of its exchanges."""
    assert detect({}) == {}


@pytest.mark.parametrize(
    ("effect", "good", "bad"),
    [
        (logprobs_given, [said("a", logprobs={"content": [{}]})], [said("a", logprobs=None)]),
        (logprobs_given, [said("a", logprobs={"content": [{}]})], [said("a", logprobs={"content": []})]),
        (json_object_given, [said(' {"a')], [said("Sure! {")]),
        (same_as_before, [said("a"), said("a")], [said("a"), said("b")]),
        (other_than_before, [said("a"), said("b")], [said("a"), said("a")]),
        (answered_with("output"), [exchange({"output": [1]})], [exchange({"output": []})]),
        (answered_with("data"), [exchange({"data": [1]})], [exchange({"data": 1})]),
        (status_200, [exchange({})], [exchange({}, 201)]),
    ],
)
def test_an_effect_is_seen_or_missed(effect: Effect, good: list[Exchange], bad: list[Exchange]) -> None:
    """The effects that detectors are made of."""
    assert list(effect(*good)) == []
    assert len(list(effect(*bad))) == 1


@pytest.mark.parametrize("effect", [logprobs_given, json_object_given, same_as_before])
def test_garbage_has_no_effect(effect: Effect) -> None:
    """It is missed, and nothing raises but Unmet."""
    rubbish = exchange([1])
    with pytest.raises(Unmet):
        list(effect(rubbish, rubbish))


@pytest.mark.parametrize("name", ["tools", "telepathy"])
def test_a_detector_must_be_new_and_of_a_capability(name: str) -> None:
    """Found at import."""
    with pytest.raises(CatalogueError, match=f"detector {name}: no such capability, or it has a detector"):
        detector(name, probe=models_list, effect=None, evidence=["x"])


def served(
    tmp_path: Path, capabilities: tuple[str, ...] | None, mutant: str | None, monkeypatch: pytest.MonkeyPatch
) -> tuple[Tries, list[str]]:
    """The judgement of an ad-hoc provider, and the names of what was sent to it."""
    from sixgates.sources import live
    from sixgates.sources.reference import answers

    reference = ReferenceProvider("m")
    provider = MutantProvider(mutants.load()[mutant], reference) if mutant else reference
    sent: list[str] = []

    def fetch(
        target: object,
        probes: Iterable[catalogue.Probe],
        *,
        first: tuple[catalogue.Probe, ...] = (),
        stop: object = None,
        choose: live.Choose = lambda answered, probe: True,
        say: object,
        patience: object,
        watch: object,
    ) -> Mapping[str, Answer]:
        known = [probe for probe in probes if probe not in first]
        ahead = dict(answers(provider, first))
        chosen = [*first, *(probe for probe in known if choose(ahead, probe))]
        sent.extend(probe.name for probe in chosen)
        return answers(provider, chosen)

    monkeypatch.setattr(live, "fetch", fetch)
    run = Run(
        tmp_path, tmp_path, tmp_path, live=True, base_url="http://x", model="m", capabilities=capabilities
    )
    every = set(
        catalogue.load().checks
    )  # but not whether the server stays the same, which is asked at the end
    return Contract(run.parties()[0], tmp_path, tmp_path, live=True, wanted=every).judgement(), sent


def test_auto_sends_few_requests_for_what_is_not_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And says what came back."""
    judgement, sent = served(tmp_path, None, "tools-refused", monkeypatch)
    assert {name for name in sent if name.startswith("tool-")} == TOOLS_ASKED
    verdict = judgement.verdict("tools.named.called")
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert verdict.reason.startswith("ad-hoc does not offer tools: refused, tool-named got 400 {")
    assert judgement.verdict("capability.n").outcome is Outcome.PASSED


def test_auto_judges_what_is_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A keyless server is not blamed for its lack of keys."""
    judgement, sent = served(tmp_path, ("auto",), None, monkeypatch)
    assert judgement.verdict("capability.tools").outcome is Outcome.PASSED
    assert "tool-required" in sent
    assert "models-list-wrong-scheme" not in sent
    assert judgement.verdict("capability.auth").reason.startswith(
        "ad-hoc does not offer auth: not there, no-key got 200 without a key"
    )


def test_what_is_found_and_not_declared_is_mentioned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One request each; nothing else is judged of it."""
    judgement, sent = served(tmp_path, ("n",), None, monkeypatch)
    assert {name for name in sent if name.startswith("tool-")} == TOOLS_ASKED
    verdict = judgement.verdict("capability.tools")
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert verdict.reason == "found but undeclared: tools, which ad-hoc does not declare"
