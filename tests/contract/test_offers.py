"""What each answer to a request for a capability comes to: only a refusal is "not offered", silence is no offer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest

from sixgates import catalogue
from sixgates.capability import Offer
from sixgates.catalogue import CatalogueError, Probe
from sixgates.declared import Declared
from sixgates.detection import DETECTORS, check_of, detect, detector
from sixgates.exchange import Chunk, Exchange, FailureKind, Request, Response, TransportError
from sixgates.gates import GateStatus, Thresholds, judge_gates
from sixgates.impact.measured import CLIENTS
from sixgates.judge import Answer, Judgement, Subject
from sixgates.left_out import left_out
from sixgates.readiness import State, assess
from sixgates.reference.provider import ReferenceProvider
from sixgates.sources.reference import answers
from sixgates.verdict import Gate, Level, Outcome

CATALOGUE = catalogue.load()
PROBES = CATALOGUE.probes()
KEY = "sk-reference"
Way = Callable[[str, Probe, Exchange], Exchange]
ASKING = {
    "tools": ("tools", "tool_choice"),
    "n": ("n",),
    "logprobs": ("logprobs", "top_logprobs"),
    "logit_bias": ("logit_bias",),
    "seed": ("seed",),
    "json_object": ("response_format",),
    "json_schema": ("response_format",),
    "echo": ("echo",),
    "dimensions": ("dimensions",),
    "stored_responses": ("previous_response_id",),
}
"""The parameters by which each capability of a parameter is asked for; the others are endpoints, and keys."""
REFUSED = (400, 404, 405, 410, 422, 501)
NOT_KNOWN = (302, 402, 403, 408, 409, 425, 429)
BROKEN = (500, 502, 503, 529)


def exchanged(exchange: Exchange, status: int, document: object) -> Exchange:
    """The same request, answered otherwise."""
    headers = (("content-type", "application/json"),)
    body = (Chunk(json.dumps(document).encode(), 0.1),)
    return replace(exchange, response=Response(status, headers, body), error=None)


def with_status(status: int) -> Way:
    """An error object under a status."""
    return lambda _, probe, exchange: exchanged(exchange, status, {"error": {"message": "no"}})


def ignored(capability: str, probe: Probe, exchange: Exchange) -> Exchange:
    """What the reference says to the request without the parameters that ask; of an endpoint an empty object."""
    if capability not in ASKING:
        return exchanged(exchange, 200, {})
    body = json.loads(exchange.request.body or b"{}")
    less = {name: value for name, value in body.items() if name not in ASKING[capability]}
    less |= {"seed": 8} if capability == "seed" else {}  # the reference draws no sample without one
    request = replace(exchange.request, body=json.dumps(less).encode())
    keyed = replace(request, headers=(("Authorization", f"Bearer {KEY}"),))
    provider = ReferenceProvider(key=KEY)
    return replace(exchange, response=provider.respond(keyed))


def without_usage(exchange: Exchange) -> Exchange:
    """The same answer from a server that counts nothing."""
    response = exchange.response
    assert response is not None
    try:
        document = json.loads(response.body)
    except ValueError:
        return exchange
    document.pop("usage", None)
    return exchanged(exchange, response.status, document)


def gone(_: str, probe: Probe, exchange: Exchange) -> Exchange:
    """Nothing came."""
    return replace(exchange, response=None, error=TransportError(FailureKind.RESET, "reset by peer"))


WAYS: dict[str, Way] = {
    **{str(status): with_status(status) for status in (*REFUSED, 401, *NOT_KNOWN, *BROKEN)},
    "no answer": gone,
    "ignored": ignored,
    "ignored without usage": lambda name, probe, exchange: without_usage(ignored(name, probe, exchange)),
    "effect": lambda name, probe, exchange: exchange,
    "effect without usage": lambda name, probe, exchange: without_usage(exchange),
}


@cache
def conforming() -> Mapping[str, Answer]:
    """What the reference answers."""
    return answers(ReferenceProvider(key=KEY), PROBES)


def asks(capability: str, probe: Probe) -> bool:
    """Whether a probe asks for a capability."""
    shows = DETECTORS[capability]
    own = capability in (*probe.needs, shows.within and capability)
    return own and (shows.within is None or probe is shows.probe)


def deviant(capability: str, way: str) -> dict[str, Answer]:
    """The reference's answers, those to every request that asks for the capability in this way."""
    found = dict(conforming())
    for probe in PROBES:
        answer = found[probe.name]
        if asks(capability, probe) and isinstance(answer, Exchange) and answer.response is not None:
            found[probe.name] = WAYS[way](capability, probe, answer)
    return found


def judged(found: Mapping[str, Answer], *declared: str, auto: bool = True, **more: Any) -> Judgement:
    """A provider that was to show what it offers, or that declares some of it."""
    shown = detect(found)
    offered = {name for name, one in shown.items() if one.offer is Offer.OFFERED}
    capabilities = {"chat", *declared} | (offered if auto else set())
    undeclared = left_out("p", found, held=auto)
    subject = Subject("p", "m", frozenset(capabilities), undeclared=undeclared, **more)
    return Judgement(CATALOGUE, subject, found)


def companions(capability: str) -> list[str]:
    """The other checks that need the capability, and nothing further but the endpoint that it is within."""
    enough = {"chat", capability, DETECTORS[capability].within}
    said_by = DETECTORS[capability].said_by
    return [
        check.id
        for check in CATALOGUE.checks.values()
        if check.id != check_of(capability)
        and (check.id == said_by or all(capability in way and way <= enough for way in check.ways))
    ]


def status(judgement: Judgement, names: Iterable[str]) -> GateStatus:
    """What gate 4 comes to with these checks and one that passes."""
    verdicts = [judgement.verdict(name) for name in ("models.list.shape", *names)]
    return judge_gates(verdicts, Thresholds())[Gate.CONTRACT - 1].status


@dataclass(frozen=True)
class Comes:
    """What an answer comes to: the capability's own check, those that need it, and the gate."""

    own: Outcome
    others: Outcome | None
    gate: GateStatus


NOT_OFFERED = Comes(Outcome.NOT_APPLICABLE, Outcome.NOT_APPLICABLE, GateStatus.MET)
OFFERED = Comes(Outcome.PASSED, None, GateStatus.MET)
LEFT_OPEN = Comes(Outcome.NOT_EXERCISED, Outcome.NOT_EXERCISED, GateStatus.PARTIAL)
UNKNOWN = Comes(Outcome.BLOCKED, Outcome.BLOCKED, GateStatus.BLOCKED)
RED = Comes(Outcome.FAILED, Outcome.BLOCKED, GateStatus.NOT_MET)
SEEN: dict[Comes, set[Offer | None]] = {
    NOT_OFFERED: {Offer.REFUSED, Offer.ABSENT},
    LEFT_OPEN: {Offer.UNSEEN},
    UNKNOWN: {Offer.UNCLEAR},
    RED: {Offer.BROKEN, Offer.IGNORED},
}
"""What the check of a capability carries for the report."""
TABLE: dict[str, Comes] = {
    **{str(status): NOT_OFFERED for status in REFUSED},
    **{str(status): UNKNOWN for status in (401, *NOT_KNOWN)},
    **{str(status): RED for status in BROKEN},
    "no answer": RED,
    "ignored": RED,
    "ignored without usage": RED,
    "effect": OFFERED,
    "effect without usage": OFFERED,
}
EXCEPTIONS: dict[tuple[str, str], Comes] = {
    # A model may leave tools alone, and only usage tells that from a server that does.
    ("tools", "ignored without usage"): LEFT_OPEN,
    ("stored_responses", "ignored without usage"): LEFT_OPEN,
    ("stored_responses", "effect without usage"): LEFT_OPEN,
    # A server that asks for no key was not asked to.
    ("auth", "ignored"): NOT_OFFERED,
    ("auth", "ignored without usage"): NOT_OFFERED,
    ("auth", "401"): OFFERED,
    ("auth", "403"): replace(OFFERED, gate=GateStatus.NOT_MET),
}
CELLS = [(capability, way) for capability in sorted(DETECTORS) for way in WAYS]


@pytest.mark.parametrize(("capability", "way"), CELLS)
def test_what_an_answer_comes_to_where_the_server_is_asked(capability: str, way: str) -> None:
    """One failure, and what needs the capability waits for it; never is what is ignored "not offered"."""
    comes = EXCEPTIONS.get((capability, way), TABLE[way])
    judgement, own = judged(deviant(capability, way)), check_of(capability)
    verdict = judgement.verdict(own)
    assert verdict.outcome is comes.own, verdict
    alone = DETECTORS[capability].said_by if comes in {NOT_OFFERED, UNKNOWN} else None
    others = {name: judgement.verdict(name) for name in companions(capability) if name != alone}
    outcomes = {each.outcome for each in others.values()}
    if comes.others is None:
        assert Outcome.BLOCKED not in outcomes
        assert not any(" offer " in each.reason or "declare" in each.reason for each in others.values())
        assert outcomes <= {Outcome.PASSED} or "without" in way or capability == "auth"
        return
    assert outcomes <= {comes.others}
    assert status(judgement, [own, *others]) is comes.gate
    said = {each.cause.key for each in (verdict, *others.values()) if each.cause}
    assert said <= {f"p:{own}"}, "one cause"
    assert (verdict.asked and verdict.asked.offer) in SEEN[comes], verdict.asked


@pytest.mark.parametrize(("capability", "way"), CELLS)
def test_what_an_answer_comes_to_where_it_is_declared(capability: str, way: str) -> None:
    """Declared and not offered is red, whatever came; what cannot be told is left open."""
    comes = EXCEPTIONS.get((capability, way), TABLE[way])
    declared = {capability, DETECTORS[capability].within or "chat"}
    judgement = judged(deviant(capability, way), *declared, auto=False)
    outcome = judgement.verdict(check_of(capability)).outcome
    kept = comes.own in {Outcome.PASSED, Outcome.NOT_EXERCISED}
    assert outcome is (comes.own if kept else Outcome.FAILED)


@pytest.mark.parametrize(("capability", "way"), CELLS)
def test_what_an_answer_comes_to_where_a_list_leaves_it_out(capability: str, way: str) -> None:
    """Ignored or broken, it is advice that names it; nothing else is held against the server."""
    comes = EXCEPTIONS.get((capability, way), TABLE[way])
    judgement = judged(deviant(capability, way), DETECTORS[capability].within or "chat", auto=False)
    verdict = judgement.verdict(check_of(capability))
    said_by = DETECTORS[capability].said_by
    if comes.own is not Outcome.FAILED or (said_by and "ignored" in way):
        assert verdict.outcome is Outcome.NOT_APPLICABLE
        assert verdict.reason
        assert not said_by or way != "ignored" or judgement.verdict(said_by).outcome is Outcome.ADVISORY
        return
    assert (verdict.outcome, verdict.level) == (Outcome.ADVISORY, Level.SHOULD)
    assert verdict.reason == f"p does not declare the capability {capability}"
    assert status(judgement, [check_of(capability)]) is GateStatus.MET


@pytest.mark.parametrize("endpoint", ["completions", "embeddings", "responses"])
@pytest.mark.parametrize("way", ["404", "403", "500", "ignored"])
def test_what_is_within_an_endpoint_has_no_finding_of_its_own(endpoint: str, way: str) -> None:
    """Where that is not there, broke, or is not known: one cause."""
    judgement = judged(deviant(endpoint, way))
    inner = [name for name, each in DETECTORS.items() if each.within == endpoint]
    assert inner
    for name in inner:
        verdict = judgement.verdict(check_of(name))
        assert verdict.outcome is (TABLE[way].others)
        assert (verdict.asked is not None) is (way == "404")
        assert (verdict.cause and verdict.cause.key) in {None, f"p:{check_of(endpoint)}"}


def test_the_words_of_what_is_ignored() -> None:
    """In the failure, in the cause of all that waits for it, and in the advice to whoever left it out."""
    found = deviant("n", "ignored")
    judgement = judged(found, root="http://x")
    verdict = judgement.verdict("capability.n")
    (finding,) = verdict.findings
    seen = "accepted without effect: 200, but /choices: expected two choices, got 1"
    assert (finding.where, finding.expected, finding.got) == (
        "chat-two-choices",
        "its effect, or a refusal with 4xx",
        seen,
    )
    assert '"n": 2' in verdict.reproduce
    cause = judgement.verdict("params.n.two").cause
    assert cause is not None
    assert cause.summary == (
        "p: what needs n waits for capability.n: accepted without effect, "
        "chat-two-choices got 200, but /choices: expected two choices, got 1"
    )
    assert cause.next_steps == (
        "send the request again, the curl line of capability.n, and see what became of it",
        "if the server is not meant to offer n, have it refuse the request with 4xx",
    )
    assert judged(found, auto=False).verdict("capability.n").findings == (finding,)


def test_the_words_of_what_is_left_open() -> None:
    """The check of the tools, and each that needs them, says what was not seen."""
    judgement = judged(deviant("tools", "ignored without usage"))
    seen = "200, but no call came, and usage does not say whether the tools were read"
    assert judgement.verdict("capability.tools").reason == f"tool-named got {seen}"
    summary = f"p: whether it offers tools is not known: tool-named got {seen}"
    assert judgement.verdict("tools.named.called").reason == summary
    names = ["models.list.shape", "capability.tools", *companions("tools")]
    gate = judge_gates([judgement.verdict(name) for name in names], Thresholds())[Gate.CONTRACT - 1]
    (blocker,) = gate.blockers
    assert (blocker.outcome, blocker.summary) == (Outcome.NOT_EXERCISED, summary)
    assert blocker.next_steps == (
        "run again",
        "or say what it offers: --capabilities LIST, with tools or without",
    )
    assert blocker.count > 10


def test_what_cannot_be_asked_for_says_why() -> None:
    """How much a model holds is not known of a server that nobody described."""
    verdict = judged(conforming()).verdict("errors.context_server_survives")
    assert (verdict.outcome, verdict.reason) == (
        Outcome.NOT_APPLICABLE,
        "p was not asked for context_length: its list of models does not say how much its model holds. "
        "`context_length` of its model in providers.yaml says it",
    )


def test_what_waits_for_a_known_deviation_does_not_apply() -> None:
    """An engine that is known to ignore a parameter is not blocked by it."""
    known = Declared("capability.n", "It ignores n.", known="engine 1")
    judgement = judged(deviant("n", "ignored"), deviations=(known,))
    assert judgement.verdict("capability.n").outcome is Outcome.DEVIATION
    verdict = judgement.verdict("params.n.two")
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert verdict.reason.startswith("capability.n is a declared deviation: It ignores n.")


@pytest.mark.parametrize("way", ["ignored", "ignored without usage", "500", "403"])
@pytest.mark.parametrize("capability", sorted(set(DETECTORS) - {"auth"}))
def test_no_client_is_safe_where_something_is_asked_for_in_vain(capability: str, way: str) -> None:
    """Any client sends what its application asks for; what a list leaves out, no application asks for."""
    found = deviant(capability, way)
    (readiness,) = assess(judged(found).verdicts(), CATALOGUE.checks.values())
    standing = {one.name: one for one in (*readiness.clients, *readiness.profiles)}
    assert {standing[name].state for name in CLIENTS} == {State.AT_RISK}
    assert all(check_of(capability) in standing[name].through for name in CLIENTS)
    if capability in {"tools", "json_schema"} and TABLE[way] is RED:
        left_open = (capability, way) in EXCEPTIONS
        assert standing["agent"].state is (State.PARTIAL if left_open else State.FAILED)
    (readiness,) = assess(judged(found, auto=False).verdicts(), CATALOGUE.checks.values())
    assert {one.state for one in readiness.clients} == {State.SAFE}


def answer_of(name: str) -> Exchange:
    """What the reference answers to one probe."""
    answer = conforming()[name]
    assert isinstance(answer, Exchange)
    return answer


def test_a_call_in_any_answer_is_an_offer() -> None:
    """Though a named choice is refused, or crashes: what that breaks its own checks say."""
    for way in ("400", "500", "ignored without usage"):
        found = deviant("tools", way)
        found["tool-auto"] = replace(answer_of("tool-required"), probe="tool-auto")
        assert detect(found)["tools"].offer is Offer.OFFERED
        assert judged(found).verdict("capability.tools").outcome is Outcome.PASSED
        assert judged(found).verdict("tools.named.called").outcome in {Outcome.FAILED, Outcome.BLOCKED}


def test_a_refusal_in_one_way_is_none_of_what_is_taken_in_another() -> None:
    """A named choice refused, and tools under auto read by a model that does not call."""
    found = deviant("tools", "400")
    found["tool-auto"] = answer_of("tool-auto")
    assert detect(found)["tools"].offer is Offer.OFFERED
    found["tool-auto"] = without_usage(answer_of("tool-auto"))
    assert detect(found)["tools"].offer is Offer.UNSEEN


def test_what_was_not_sent_of_several_ways_says_nothing() -> None:
    """A recording may lack it; without the first of them nothing is said at all."""
    found = {name: answer for name, answer in conforming().items() if name != "tool-auto"}
    assert detect(found)["tools"].offer is Offer.OFFERED
    assert judged(found).verdict("capability.tools").outcome is Outcome.PASSED
    del found["tool-named"]
    assert "tools" not in detect(found)


def counted(text: str, tokens: object, tools: bool = False) -> Exchange:
    """A plain answer without a call, to a question of so many tokens."""
    body = {"messages": [{"role": "user", "content": text}], **({"tools": [{}]} if tools else {})}
    request = Request("POST", "/v1/chat/completions", (), json.dumps(body).encode())
    said = {"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}
    usage = {} if tokens is None else {"usage": {"prompt_tokens": tokens}}
    return exchanged(Exchange("x", request), 200, said | usage)


@pytest.mark.parametrize(
    ("named", "plain", "longer", "shown"),
    [
        (9, 12, 190, Offer.IGNORED),
        (12, 12, 190, Offer.IGNORED),
        (20, 12, 190, Offer.UNSEEN),
        (90, 12, 190, Offer.OFFERED),
        # Guessed from the length of the text: 6, 16 and 340 characters.
        (1, 4, 85, Offer.UNSEEN),
        (2, 4, 85, Offer.UNSEEN),
        # No usage, none that counts, none that is a count, the same for each prompt, only what was not cached.
        (None, None, None, Offer.UNSEEN),
        (0, 0, 0, Offer.UNSEEN),
        (-1, -1, 190, Offer.UNSEEN),
        (True, True, 190, Offer.UNSEEN),
        ("9", "12", "190", Offer.UNSEEN),
        (12, 12, 12, Offer.UNSEEN),
        (2, 9, 3, Offer.UNSEEN),
        (9, 12, None, Offer.UNSEEN),
        (None, 12, 190, Offer.UNSEEN),
        (9, None, 190, Offer.UNSEEN),
    ],
)
def test_only_a_usage_that_counts_proves_that_tools_are_ignored(
    named: object, plain: object, longer: object, shown: Offer
) -> None:
    """Everything else leaves open whether a model that does not call was shown them."""
    asked = counted("Hello.", named, tools=True)
    beside = counted("Tell me a story.", plain), counted("Tell me a story. " * 20, longer)
    assert DETECTORS["tools"].shown(asked, *beside).offer is shown
    # A history is longer by itself, and so its tokens prove nothing, either way.
    history = counted("Tell me a story, and another one.", named, tools=True)
    assert DETECTORS["tools"].shown(history, *beside).offer is Offer.UNSEEN


@pytest.mark.parametrize(
    ("capability", "choice", "shown"),
    [
        ("json_object", {"message": {"content": ""}, "finish_reason": "length"}, Offer.UNSEEN),
        ("json_object", {"message": {"content": None}, "finish_reason": "length"}, Offer.UNSEEN),
        ("json_object", {"message": {"content": ""}, "finish_reason": "stop"}, Offer.IGNORED),
        ("json_object", {"message": {"content": "```json"}, "finish_reason": "length"}, Offer.IGNORED),
        ("logprobs", {"message": {"content": ""}, "finish_reason": "length"}, Offer.UNSEEN),
        ("logprobs", {"message": {"content": "a"}, "finish_reason": "length"}, Offer.IGNORED),
        ("seed", {"message": {"content": ""}}, Offer.UNSEEN),
        ("seed", {"message": {"content": None, "reasoning": "I think"}}, Offer.IGNORED),
        ("logit_bias", {"message": {"content": ""}}, Offer.OFFERED),
        ("logit_bias", {"message": {"content": "On"}}, Offer.IGNORED),
        ("logit_bias", {"message": {"content": None, "reasoning_content": "x"}}, Offer.OFFERED),
    ],
)
def test_a_thought_and_silence_are_told_from_what_is_ignored(
    capability: str, choice: object, shown: Offer
) -> None:
    """A model that thinks may not come to its answer within the tokens of a probe."""
    asked = exchanged(Exchange("x", Request("POST", "/")), 200, {"choices": [choice]})
    before = exchanged(asked, 200, {"choices": [{"message": {"content": "Once upon"}}]})
    shows = DETECTORS[capability]
    assert shows.shown(asked, *[before for _ in shows.beside]).offer is shown


def test_what_may_not_be_within_is_found_at_import() -> None:
    """An endpoint has its detector first."""
    with pytest.raises(CatalogueError, match="detector vision: reasoning has no detector yet"):
        detector("vision", probe=PROBES[0], effect=None, within="reasoning", evidence=["x"])


@pytest.mark.parametrize(
    ("capability", "way", "reason"),
    [
        (
            "tools",
            "ignored",
            "200, but /usage/prompt_tokens: expected a call, or more tokens than the 11 of a prompt without tools, "
            "got no call, and 5",
        ),
        (
            "echo",
            "ignored",
            "200, but /choices/0/text: expected 'Once upon a time, in a small town by the sea,' and",
        ),
        ("dimensions", "ignored", "200, but /data/0/embedding: expected 4 numbers, got 8 numbers"),
        (
            "stored_responses",
            "ignored",
            "200, but /usage/input_tokens: expected at least the 71 words of the earlier input, got ",
        ),
        ("stored_responses", "effect without usage", "200, but usage does not say what was read"),
        (
            "json_object",
            "ignored",
            "200, but /choices/0/message/content: expected the start of a JSON object, got ",
        ),
        ("auth", "ignored", "200 without a key"),
    ],
)
def test_the_words_of_what_is_missing(capability: str, way: str, reason: str) -> None:
    """Each says what was expected where, and what came."""
    assert detect(deviant(capability, way))[capability].reason.startswith(reason)


def test_the_words_of_a_usage_between_and_of_silence() -> None:
    """Neither proves anything."""
    beside = counted("Tell me a story.", 12), counted("Tell me a story. " * 20, 190)
    assert DETECTORS["tools"].shown(counted("Hello.", 20, tools=True), *beside).reason == (
        "200, but no call came, and 20 prompt tokens are neither few nor enough for the tools"
    )
    empty = exchanged(counted("", 1), 200, {"choices": [{"message": {"content": ""}}]})
    assert DETECTORS["seed"].shown(empty, empty).reason == "200, but an answer has no text"
