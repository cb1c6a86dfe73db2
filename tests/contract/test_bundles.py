"""Requests that ask for several things: a server that refuses one of them is blamed for that one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from sixgates import catalogue
from sixgates.bundles import roles
from sixgates.bundles.asking import MOST_ASKED_APART, asked_apart
from sixgates.bundles.following import ALL, FOLLOW_UPS
from sixgates.bundles.refusals import Blame, Refusals, Why
from sixgates.bundles.table import BUNDLES, MUST_BE_REFUSED
from sixgates.capability import CAPABILITIES
from sixgates.catalogue import Probe
from sixgates.exchange import Exchange, Request, Response
from sixgates.features import known
from sixgates.features.feature import Feature
from sixgates.features.words import named
from sixgates.judge import Answer, Judgement, Subject
from sixgates.reference.mutants import body_of
from sixgates.reference.provider import ReferenceProvider
from sixgates.sources import reference
from sixgates.sources.reference import answers
from sixgates.verdict import Outcome

CATALOGUE = catalogue.load()
PROBES = {probe.name: probe for probe in CATALOGUE.probes()}
KEY = "sk-reference"
RED = {Outcome.FAILED, Outcome.ADVISORY}
CORE = {
    *("model", "messages", "prompt", "input", "stream", "max_tokens", "max_output_tokens"),
    *("temperature", "seed", "tools", "tool_choice"),
}
"""Members that every request of an endpoint has, or that say what the request is: told apart on its first."""
PAIRS = {
    (bundle.probe.path, part.feature.name): part.feature
    for bundle in BUNDLES.values()
    for part in bundle.parts
}


@dataclass
class Picky(ReferenceProvider):
    """The reference, but for one feature that it refuses on one path, naming it or not."""

    key: str | None = KEY
    path: str = ""
    refuses: tuple[Feature, ...] = ()
    names: str = ""
    status: int = 400

    def respond(self, request: Request) -> Response:
        """A refusal where the request holds all that is refused."""
        body = body_of(request)
        keyed = request.header("authorization") == f"Bearer {KEY}"
        if self.refuses and request.path == self.path and keyed and all(f.holds(body) for f in self.refuses):
            message = f"Unsupported parameter: {self.names}" if self.names else "Bad request"
            error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
            return self.json({"error": error}, self.status)
        return ReferenceProvider.respond(self, request)


def picky(path: str, *refuses: Feature, names: str = "", status: int = 400) -> Picky:
    return Picky(path=path, refuses=refuses, names=names, status=status)


def judged(found: Mapping[str, Answer]) -> Judgement:
    """All checks on answers of a server that declares everything."""
    subject = Subject("p", "reference", frozenset(CAPABILITIES), source="reference")
    return Judgement(CATALOGUE, subject, found)


def about(path: str, feature: Feature) -> set[str]:
    """The checks that may say that a feature is refused."""
    bundles = (bundle for bundle in BUNDLES.values() if bundle.probe.path == path)
    offering = {f"capability.{name}" for name, features in known.OFFERED_AS.items() if feature in features}
    return offering | {name for bundle in bundles for name in bundle.checks_of(feature)}


def wrongly(path: str, feature: Feature, judgement: Judgement) -> list[str]:
    """The checks that are red although they are about something else; the forms of errors are judged anyway.

    Each by itself: that one of them may follow from another (ADR 18) would hide what is blamed.
    """
    red = {name for name in CATALOGUE.checks if judgement.verdict(name).outcome in RED}
    return sorted(name for name in red - about(path, feature) if not name.startswith("errors."))


@pytest.mark.parametrize(("path", "name"), PAIRS)
def test_what_is_refused_is_blamed_and_nothing_else(path: str, name: str) -> None:
    """Without a word about what it is, so that only asking tells."""
    feature = PAIRS[path, name]
    blamed_alone(path, feature, judged(answers(picky(path, feature), CATALOGUE.probes())))


NAMED = ("chat-replayed", "tool-required", "chat-two-choices", "chat-stream-usage", "chat-stop-string")


@pytest.mark.parametrize("name", sorted({each.feature.name for one in NAMED for each in BUNDLES[one].parts}))
def test_what_an_error_names_is_blamed_and_nothing_else(name: str) -> None:
    """The same where it is named."""
    path = "/v1/chat/completions"
    feature = PAIRS[path, name]
    blamed_alone(path, feature, judged(answers(picky(path, feature, names=name), CATALOGUE.probes())))


def blamed_alone(path: str, feature: Feature, judgement: Judgement) -> None:
    """Only checks that are about the feature are red, and one of them is, unless it may be refused."""
    assert wrongly(path, feature, judgement) == []
    outcomes = {judgement.verdict(each).outcome for each in about(path, feature)}
    assert outcomes & RED or feature in LEGAL or (path, feature.name) == LEFT_OPEN


LEFT_OPEN = ("/v1/completions", "`logprobs`")
"""Its checks look at what is given, and at nothing else."""
LEGAL = (known.AUTO_CHOICE, known.UNKNOWN, known.OTHER_TOOLS, known.SAME_ROLE, known.SYSTEM)
"""What a server may refuse with 4xx."""


def test_without_this_almost_everything_is_blamed_for_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control, on every eighth of them."""
    monkeypatch.setattr(roles.Roles, "of", lambda *_: roles.AS_IT_IS)
    monkeypatch.setattr(reference, "asked_apart", lambda *_: {})
    wrong = [
        (path, feature.name)
        for (path, _), feature in list(PAIRS.items())[::8]
        if wrongly(path, feature, judged(answers(picky(path, feature), CATALOGUE.probes())))
    ]
    assert len(wrong) >= 6, wrong


def test_every_member_of_every_request_is_a_feature_or_belongs_to_its_core() -> None:
    """A new member must be told apart, or have a reason why not."""
    sent = answers(ReferenceProvider(key=KEY), CATALOGUE.probes())
    unknown = []
    for name, answer in sent.items():
        if not isinstance(answer, Exchange) or name in MUST_BE_REFUSED:
            continue
        body = answer.request.asked
        bare = body
        for feature in known.FEATURES.values():
            bare = feature.without(bare)
        unknown += [(name, key) for key in bare if key not in {*CORE, "max_completion_tokens"}]
    assert unknown == []


@pytest.mark.parametrize("name", [name for name, each in BUNDLES.items() if each.probe.body is not None])
def test_each_feature_can_be_asked_for_alone(name: str) -> None:
    """With what it stands on, and without all the others; and without any of them."""
    bundle = BUNDLES[name]
    body = bundle.probe.body or {}
    for part in bundle.parts:
        alone = bundle.stripped(body, part.feature)
        held = {each.feature.name for each in bundle.parts if each.feature.holds(alone)}
        assert held == {part.feature.name, *held.intersection(part.feature.on)}
    assert not any(each.feature.holds(bundle.stripped(body)) for each in bundle.parts)


@pytest.mark.parametrize("name", BUNDLES)
def test_the_checks_of_a_bundle_judge_its_probe(name: str) -> None:
    bundle = BUNDLES[name]
    names = {each for part in bundle.parts for each in part.checks} | (
        {bundle.core} if bundle.core else set()
    )
    elsewhere = {name for name in names if bundle.probe not in CATALOGUE.checks[name].probes}
    assert elsewhere <= ({"capability.seed"} if name == "chat" else set()), "all of them send a seed"


def test_follow_ups_are_no_first_sendings_and_have_names_of_their_own() -> None:
    assert not set(ALL) & set(PROBES)
    assert len(ALL) == sum(len(group) for group in FOLLOW_UPS.values())
    assert set(FOLLOW_UPS) == set(BUNDLES) <= set(PROBES)


def test_a_sound_server_is_asked_nothing_more() -> None:
    sent = answers(ReferenceProvider(key=KEY), CATALOGUE.probes())
    assert set(sent) == set(PROBES)


def test_so_many_are_asked_at_most_and_the_first_of_all_first() -> None:
    """A server that fails on everything that it is asked by POST."""
    asked: list[str] = []
    broken = {
        name: Exchange(name, probe.request("m"), Response(500, (), ()))
        for name, probe in PROBES.items()
        if probe.derive is None and probe.method == "POST"
    }

    def send(wanted: tuple[Probe, ...]) -> Mapping[str, Exchange]:
        asked.extend(probe.name for probe in wanted)
        return {each.name: Exchange(each.name, each.request("m"), Response(500, (), ())) for each in wanted}

    found = asked_apart(CATALOGUE, broken, send)
    assert len(found) == len(asked) == MOST_ASKED_APART
    assert asked[0].startswith("chat-with-")
    assert len(asked_apart(CATALOGUE, broken, send, most=3)) == 3


def test_a_provider_that_answers_no_more_is_not_asked_for_ever() -> None:
    sent = dict(answers(picky("/v1/chat/completions", known.NAME), CATALOGUE.probes()))
    first = {name: answer for name, answer in sent.items() if name in PROBES}
    assert asked_apart(CATALOGUE, first, lambda _: {}) == {}


@pytest.mark.parametrize(
    ("blame", "words"),
    [
        (Blame(Why.ALONE, (known.NAME,)), "refused for a name: refused by itself too"),
        (Blame(Why.WITHOUT, (known.NAME,)), "refused for a name: answered without it"),
        (Blame(Why.NAMED, (known.SEED,)), "refused for `seed`: the error names it"),
        (Blame(Why.KNOWN, (known.SEED,)), "refused for `seed`: refused in another request too"),
        (
            Blame(Why.ALONE, (known.NAME, known.NULLS)),
            "refused for a name and null fields: each is refused by itself too",
        ),
        (
            Blame(Why.ONE_OF, (known.NAME, known.NULLS, known.THOUGHT)),
            "one of a name, null fields and a thought is refused, and the error does not say which",
        ),
        (
            Blame(Why.SOME_OF, (known.NAME, known.NULLS)),
            "one or more of a name and null fields are refused, and the error names all of them",
        ),
        (
            Blame(Why.TOGETHER, (known.NAME, known.NULLS)),
            "a name and null fields are refused together: each by itself is accepted",
        ),
        (Blame(Why.CORE, (known.NAME,)), "refused without a name too"),
        (
            Blame(Why.ONLY, (known.SEVERAL_CHOICES,)),
            "refused for `n`: there is nothing else that may be refused",
        ),
    ],
)
def test_what_a_report_says_was_refused(blame: Blame, words: str) -> None:
    assert str(blame) == words


def first_only(server: Picky) -> dict[str, Answer]:
    """What a recording holds that was made before anything was asked apart."""
    return {name: answer for name, answer in answers(server, CATALOGUE.probes()).items() if name in PROBES}


def test_without_follow_ups_one_check_says_one_of_them_and_the_rest_waits() -> None:
    judgement = judged(first_only(picky("/v1/chat/completions", known.NAME)))
    checks = [name for part in BUNDLES["chat-replayed"].parts for name in part.checks]
    verdicts = [judgement.verdict(name) for name in checks]
    assert [each.outcome for each in verdicts] == [Outcome.ADVISORY, *[Outcome.NOT_EXERCISED] * 3]
    (finding,) = verdicts[0].findings
    assert finding.hint == (
        "one of a name, null fields, a thought and `response_format` text is refused, "
        "and the error does not say which"
    )
    cause = verdicts[1].cause
    assert cause is not None
    assert cause.key == "p:input.name_field"
    assert cause.summary == (
        "p: chat-replayed was refused: one of a name, null fields, a thought and `response_format` text "
        "is refused, and the error does not say which; input.name_field says so"
    )
    assert cause.next_steps == (
        "see input.name_field first",
        "then judge p live, where what was refused is left out",
    )


def test_without_follow_ups_a_must_is_not_failed_for_what_a_should_may_be() -> None:
    """Nobody knows which of the two is refused: the MUST is blocked."""
    judgement = judged(first_only(picky("/v1/chat/completions", known.PARALLEL)))
    assert judgement.verdict("tools.parallel.disabled").outcome is Outcome.ADVISORY
    verdict = judgement.verdict("tools.required.accepted")
    assert verdict.outcome is Outcome.BLOCKED
    assert verdict.cause is not None
    assert verdict.cause.key == "p:tools.parallel.disabled"


def test_a_named_member_is_blamed_without_follow_ups() -> None:
    """As LiteLLM words it."""
    words = (
        "litellm.UnsupportedParamsError: x does not support parameters: ['parallel_tool_calls'], for model=m"
    )
    judgement = judged(first_only(picky("/v1/chat/completions", known.PARALLEL, names=words)))
    (finding,) = judgement.verdict("tools.parallel.disabled").findings[:1]
    assert finding.hint == "refused for `parallel_tool_calls`: the error names it"
    assert judgement.verdict("tools.required.accepted").outcome is Outcome.BLOCKED


def test_what_is_accepted_alone_and_refused_together_is_one_finding() -> None:
    judgement = judged(answers(picky("/v1/chat/completions", known.NAME, known.THOUGHT), CATALOGUE.probes()))
    checks = [name for part in BUNDLES["chat-replayed"].parts for name in part.checks]
    verdicts = [judgement.verdict(name) for name in checks]
    assert [each.outcome for each in verdicts] == [Outcome.ADVISORY, *[Outcome.PASSED] * 3]
    assert verdicts[0].findings[0].hint == (
        "a name, null fields, a thought and `response_format` text are refused together: "
        "each by itself is accepted"
    )


def test_a_check_on_a_follow_up_shows_that_request() -> None:
    """With `required` alone, a server that does not call breaks its promise."""
    judgement = judged(answers(picky("/v1/chat/completions", known.PARALLEL), CATALOGUE.probes()))
    judgement.subject = Subject("p", "reference", frozenset(CAPABILITIES), root="http://x")
    check, probe = CATALOGUE.checks["tools.required.accepted"], PROBES["tool-required"]
    instead = judgement.role(check, probe).instead
    assert instead is not None
    assert instead.probe == "tool-required-with-tool-choice-required"
    assert "parallel_tool_calls" not in instead.request.asked
    assert judgement.verdict(check.id).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("Unsupported parameter: 'n'", ["`n`"]),
        ("['n']", ["`n`"]),
        ("n must be at most 1", ["`n`"]),
        ("no such user in this organisation", []),
        ("We store nothing; stop it", []),
        ("Unknown field `stop`", ["`stop` as a string"]),
        ('option "stop" must be of type array', ["`stop` as a string"]),
        ("body.seed: Extra inputs are not permitted", ["`seed`"]),
        ("Unrecognized request argument supplied: parallel_tool_calls", ["`parallel_tool_calls`"]),
        ("does not support parameters: ['n', 'seed']", ["`n`", "`seed`"]),
    ],
)
def test_an_english_word_names_nothing_unless_it_stands_as_a_name(words: str, names: list[str]) -> None:
    server = picky("/v1/chat/completions", known.TEMPERATURE)
    body = b'{"temperature": 1, "n": 2, "seed": 7, "stop": "x", "parallel_tool_calls": true, "tools": [{}]}'
    response = server.json({"error": {"message": words, "param": None}}, 400)
    exchange = Exchange("x", Request("POST", "/v1/chat/completions", (), body), response)
    held = [each for each in known.FEATURES.values() if each.holds(exchange.request.asked)]
    found = sorted(each.name for each in named(exchange, held))
    assert found == sorted(names)


def test_param_names_a_member_by_itself() -> None:
    server = picky("/v1/chat/completions", known.SEED)
    response = server.json({"error": {"message": "invalid", "param": "seed"}}, 400)
    exchange = Exchange("x", Request("POST", "/v1/chat/completions", (), b'{"seed": 1, "n": 2}'), response)
    assert named(exchange, [known.SEED, known.SEVERAL_CHOICES]) == [known.SEED]


def test_a_refused_core_is_no_features_fault() -> None:
    """A server that takes no assistant's message: none of what stands in it is blamed."""
    everything: Any = Feature("x", lambda body: len(body.get("messages") or []) == 3, lambda body: body, "x")
    judgement = judged(answers(picky("/v1/chat/completions", everything), CATALOGUE.probes()))
    refusals = Refusals(judgement.answers)
    blame = refusals.blame("chat-replayed")
    assert blame is not None
    assert blame.why is Why.CORE
    checks = [name for part in BUNDLES["chat-replayed"].parts for name in part.checks]
    outcomes = [judgement.verdict(name).outcome for name in checks]
    assert outcomes == [Outcome.ADVISORY, *[Outcome.NOT_EXERCISED] * 3]


def test_judges_of_odd_bodies_never_raise() -> None:
    """Whatever a body holds, a feature only looks."""
    odd: list[Any] = [
        {},
        {"messages": 7},
        {"tools": "x"},
        {"messages": [7, None]},
        {"input": {}},
        {"stop": {}},
    ]
    for body in (*odd, {"response_format": []}, {"messages": [{"tool_calls": 7}], "tools": [7]}):
        for feature in known.FEATURES.values():
            feature.holds(body)
            feature.without(body)


def test_a_refused_seed_is_one_finding_of_its_own_check() -> None:
    """Every request has one: all else waits, also what says that chats are answered at all."""
    judgement = judged(answers(picky("/v1/chat/completions", known.SEED), CATALOGUE.probes()))
    chat = [name for name in CATALOGUE.checks if name.startswith(("capability.", "chat.", "params."))]
    assert [name for name in chat if judgement.verdict(name).outcome in RED] == ["capability.seed"]
    assert judgement.verdict("chat.answered").outcome is Outcome.PASSED
    cause = judgement.verdict("params.stop.string").cause
    assert cause is not None
    assert cause.key == "p:capability.seed"
