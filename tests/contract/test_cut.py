"""An answer that our own deadline cut: nobody is called broken for what we did not wait for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from sixgates import capability, catalogue
from sixgates.contract import probes_needed
from sixgates.cut import NEEDS, Needs, beginning, blocked_where_cut, cause_of_cuts, stands
from sixgates.exchange import Chunk, Exchange, FailureKind, Finding, Request, Response, TransportError
from sixgates.judge import Answer, Judgement, NotSent, Subject
from sixgates.reference import mutants
from sixgates.reference.mutants import MutantProvider
from sixgates.reference.provider import ReferenceProvider
from sixgates.sources import cassette
from sixgates.sources.reference import answers
from sixgates.verdict import Cause, Outcome, Verdict

CATALOGUE = catalogue.load()
BROKEN = {Outcome.FAILED, Outcome.ADVISORY}
PARTS = (None, 0.0, 0.05, 0.2, 0.5, 0.8, 0.95, 0.999)
CASSETTES = Path(__file__).parents[2] / "cassettes"


def cut(answer: Answer, part: float | None, kind: FailureKind = FailureKind.DEADLINE) -> Answer:
    """The same answer of which only a part came before our deadline; None: not even a head."""
    if not isinstance(answer, Exchange) or answer.response is None:
        return answer
    error = TransportError(kind, "no end within 60 s")
    if part is None:
        return replace(answer, response=None, error=error, elapsed=60.0, left=None)
    left, chunks = int(len(answer.response.body) * part), []
    for chunk in answer.response.chunks:
        if left > 0:
            chunks.append(Chunk(chunk.data[:left], chunk.at))
        left -= len(chunk.data)
    response = replace(answer.response, chunks=tuple(chunks))
    return replace(answer, response=response, error=error, elapsed=60.0, left=None)


def judged(found: Mapping[str, Answer], *checks: str) -> dict[str, Verdict]:
    """The verdicts on these answers, of all checks or of some, of a provider that declares everything."""
    judgement = Judgement(CATALOGUE, Subject("slow", "reference", frozenset(capability.CAPABILITIES)), found)
    return {name: judgement.verdict(name) for name in checks or CATALOGUE.checks}


def all_cut(found: Mapping[str, Answer], part: float | None) -> dict[str, Answer]:
    """Every answer cut in the same way."""
    return {name: cut(answer, part) for name, answer in found.items()}


@pytest.mark.parametrize("part", PARTS)
def test_a_sound_server_that_is_cut_anywhere_is_not_broken(
    part: float | None, conforming: dict[str, Answer]
) -> None:
    """Whatever came till then: no check fails, and all that is left open has one cause."""
    verdicts = judged(all_cut(conforming, part))
    assert [(name, each.findings) for name, each in verdicts.items() if each.outcome in BROKEN] == []
    blocked = [each for each in verdicts.values() if each.outcome is Outcome.BLOCKED]
    assert len(blocked) > 300
    assert {each.cause and each.cause.key for each in blocked} == {"slow:cut"}


def test_without_a_single_answer_nothing_passes(conforming: dict[str, Answer]) -> None:
    assert not [each for each in judged(all_cut(conforming, None)).values() if each.outcome is Outcome.PASSED]


@pytest.mark.parametrize("kind", [FailureKind.RESET, FailureKind.PROTOCOL])
def test_a_server_that_cuts_by_itself_is_broken(kind: FailureKind, conforming: dict[str, Answer]) -> None:
    """The negative control: only our own deadline excuses."""
    found = {name: cut(answer, 0.5, kind) for name, answer in conforming.items()}
    assert sum(each.outcome in BROKEN for each in judged(found).values()) > 20


@pytest.mark.parametrize("name", sorted({each.name for each in CATALOGUE.probes()}))
def test_no_cut_goes_unseen(name: str, conforming: dict[str, Answer]) -> None:
    """One cut answer among sound ones is told of, but where its client leaves in the middle anyway."""
    if not isinstance(conforming[name], Exchange):
        pytest.skip("the reference has nothing to build this request on")
    on_it = [each.id for each in CATALOGUE.checks.values() if name in {probe.name for probe in each.probes}]
    verdicts = judged({**conforming, name: cut(conforming[name], None)}, *on_it)
    told = {check for check, each in verdicts.items() if each.outcome is Outcome.BLOCKED}
    if name == "chat-out-of-range":
        assert (
            verdicts["params.out_of_range"].outcome is Outcome.ADVISORY
        )  # it asks whether the answer ends at all
    else:
        assert told, "whoever reads the report has to see that the answer was cut"
    assert {each for each, one in verdicts.items() if one.outcome in BROKEN} <= {"params.out_of_range"}


@pytest.mark.parametrize("part", [0.0, 0.3, 0.8])
@pytest.mark.parametrize("provider", ["vllm", "llama_cpp", "llama_cpp_python", "ollama"])
def test_a_cut_recording_shows_nothing_that_the_whole_does_not(provider: str, part: float | None) -> None:
    """On real traffic: what a beginning breaks, the whole breaks; what it passes, the whole passes."""
    _, whole = cassette.answers(CASSETTES / provider, provider, CATALOGUE.probes())
    before, after = judged(whole), judged(all_cut(whole, part))
    worse = {name for name, each in after.items() if each.outcome in BROKEN}
    assert worse <= {name for name, each in before.items() if each.outcome in BROKEN}
    better = {name for name, each in after.items() if each.outcome is Outcome.PASSED}
    assert better <= {name for name, each in before.items() if each.outcome is Outcome.PASSED}


def seen_in_a_beginning() -> list[tuple[str, str]]:
    """Each mutant with the checks that need no end and that it names."""
    return [
        (name, check)
        for name, mutant in mutants.load().items()
        for check in mutant.caught_by
        if NEEDS.get(check) in {Needs.BEGINNING, Needs.EVENTS}
    ]


UNSEEN_WHERE_ALL_IS_CUT = {
    # Its defects are in the last event, the one with the usage.
    "chat.stream.choices_array_always",
    # What they wait for needs the end of answers that are cut as well.
    "completions.no_error_member",
    "responses.stream.event_names",
    "responses.stream.sequence_number",
    "tools.stream.args_strings",
    "tools.stream.index_present",
}


def test_what_needs_no_end_is_still_found() -> None:
    """A slow server that is broken as well: a defect of each kind shows in the first nine tenths of its answers."""
    unseen = {check for check, needs in NEEDS.items() if needs is Needs.EVENTS}
    for name, check in seen_in_a_beginning():
        if check not in unseen:
            continue
        provider = MutantProvider(mutants.load()[name], ReferenceProvider(key="sk-reference"))
        names = probes_needed(CATALOGUE, [check])
        sent = answers(provider, [each for each in CATALOGUE.probes() if each.name in names])
        if judged(all_cut(sent, 0.9), check)[check].outcome in BROKEN:
            unseen.remove(check)
    assert unseen == UNSEEN_WHERE_ALL_IS_CUT


def test_the_table_names_checks_that_exist_and_judge_each_answer_by_itself() -> None:
    assert sorted(set(NEEDS) - set(CATALOGUE.checks)) == []
    together = {name for name, needs in NEEDS.items() if CATALOGUE.checks[name].together}
    assert {NEEDS[name] for name in together} <= {Needs.LEFT}


def test_a_cut_list_of_models_does_not_excuse_who_answers_for_another(conforming: dict[str, Answer]) -> None:
    """A list without its end may name several models, so that nobody knows whether 200 is right."""
    chat = conforming["chat"]
    assert isinstance(chat, Exchange)
    served = replace(chat, probe="unknown-model")
    name = "errors.unknown_model"
    found = {**conforming, "unknown-model": served, "models-list": cut(conforming["models-list"], 0.5)}
    assert judged(found, name)[name].outcome is Outcome.BLOCKED


def test_the_cause_says_who_cut_how_long_was_waited_and_what_came() -> None:
    request = Request("POST", "/v1/chat/completions")
    late = TransportError(FailureKind.DEADLINE, "no end within 60 s")
    some = Exchange("chat-stream", request, Response(200, (), (Chunk(b"data: {}\n\n", 1.0),)), late, 60.02)
    none = Exchange("chat", request, None, late, 60.01)
    cause = cause_of_cuts("vllm", {"chat": none, "chat-stream": some})
    assert cause == Cause(
        "vllm:cut",
        "vllm: no end within 60 s of 2 answers: sixgates cut there, by its own deadline, and does not judge what "
        "needs the end. What had come: chat: nothing; chat-stream: 200 and 10 bytes",
        (
            "wait longer: --deadline SECONDS, or `deadline` of its entry in providers.yaml",
            "or ask vllm for less at once: --concurrency 1, or `concurrency: 1` of its entry",
            "look at its log and load: an answer that stands still has another cause than one that is slow",
        ),
    )
    five = {str(number): replace(none, probe=str(number), elapsed=60 + 30.0 * number) for number in range(5)}
    several = cause_of_cuts("vllm", five)
    assert several is not None
    assert several.summary.startswith("vllm: no end within 60 to 180 s of 5 answers:")
    assert several.summary.endswith("0: nothing; 1: nothing; 2: nothing, and so on for 2 more")
    assert cause_of_cuts("vllm", {"chat": replace(some, error=None)}) is None


def test_a_provider_that_was_given_up_for_its_cuts_has_that_as_its_only_cause() -> None:
    late = TransportError(FailureKind.DEADLINE, "no end within 60 s")
    lost = Cause("vllm:overdue", "given up")
    found = {"a": Exchange("a", Request("GET", "/"), None, late), "b": lost}
    assert cause_of_cuts("vllm", found) is lost
    assert blocked_where_cut("vllm", found) == {"a": lost, "b": lost}


def test_a_request_that_builds_on_a_cut_answer_waits_for_it(conforming: dict[str, Answer]) -> None:
    """It was not sent because we cut: that is the same cause, and nothing that the model did not do."""
    nothing = NotSent("probe: expected an earlier exchange to build on, got none")
    found = {**conforming, "chat": cut(conforming["chat"], 0.5), "chat-stop-string": nothing}
    verdict = judged(found)["params.stop.string"]
    assert (verdict.outcome, verdict.cause and verdict.cause.key) == (Outcome.BLOCKED, "slow:cut")


@pytest.mark.parametrize("end", ["\n\n", "\r\n\r\n", "\r\r"])
def test_a_beginning_ends_with_its_last_whole_event(end: str) -> None:
    body = f"data: 1{end}data: 2{end}data: 3".encode()
    response = Response(
        200,
        (("Content-Type", "text/event-stream"),),
        tuple(Chunk(body[i : i + 3], i) for i in range(0, len(body), 3)),
    )
    late = TransportError(FailureKind.DEADLINE, "no end within 1 s")
    begun = beginning(Exchange("p", Request("POST", "/"), response, late))
    assert begun is not None
    assert begun.response is not None
    assert (begun.response.body, begun.error) == (f"data: 1{end}data: 2{end}".encode(), None)


def test_of_a_packed_answer_the_beginning_is_nothing() -> None:
    late = TransportError(FailureKind.DEADLINE, "no end within 1 s")
    packed = Response(200, (("Content-Encoding", "gzip"),), (Chunk(b"\x1f\x8b", 0.1),))
    assert beginning(Exchange("p", Request("POST", "/"), packed, late)) is None


def test_only_what_came_is_held_against_a_server() -> None:
    where = ["status", "header content-type", "event 7 /id", "body", "connection", "/choices", "arrival"]
    assert [stands(Finding(each, "a", "b")) for each in where] == [
        True,
        True,
        True,
        False,
        False,
        False,
        False,
    ]


def test_an_unknown_capability_waits_for_the_deadline(conforming: dict[str, Answer]) -> None:
    """Of an answer that we cut nobody can say that the parameter was ignored, or the endpoint broken."""
    found = dict(conforming)
    for name in ("completions", "embeddings", "response"):
        found[name] = cut(conforming[name], 0.5)
    verdicts = judged(found)
    for name in ("capability.completions", "capability.embeddings", "capability.responses"):
        assert verdicts[name].outcome is Outcome.BLOCKED, name
