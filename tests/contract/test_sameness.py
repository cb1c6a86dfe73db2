"""What may change between the start and the end of a run, and what may not."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sixgates.cases.contract import sameness_cases
from sixgates.exchange import Chunk, Exchange, FailureKind, TransportError
from sixgates.judge import Answer
from sixgates.run import Run
from sixgates.sameness import LUCK, NAMES, SAME_SERVER, differs, looked_at, same_behaviour, same_server
from sixgates.verdict import Level, Outcome

ROOT = Path(__file__).parents[2]
Document = dict[str, Any]
Answers = Mapping[str, Answer]
PROBES = looked_at({"chat"})


@pytest.fixture
def start(conforming: dict[str, Answer]) -> dict[str, Answer]:
    """The reference's first answers."""
    return {
        name: conforming[name] for name in ("chat-again", "chat-unicode", *(probe.name for probe in PROBES))
    }


def look(start: Answers, **edits: Callable[[Document], None]) -> dict[str, Answer]:
    """The last answers: those at the start with the JSON of some edited."""
    found = {probe.name: start[probe.name] for probe in PROBES}
    for name, edit in edits.items():
        probe = name.replace("_", "-")
        answer = found[probe]
        assert isinstance(answer, Exchange)
        assert answer.response is not None
        document = json.loads(answer.response.body)
        edit(document)
        found[probe] = with_response(answer, chunks=(Chunk(json.dumps(document).encode(), 0.5),))
    return found


def with_response(answer: Answer, **changes: Any) -> Exchange:
    assert isinstance(answer, Exchange)
    assert answer.response is not None
    return replace(answer, response=replace(answer.response, **changes))


def _created(document: Document) -> None:
    document["data"][0]["created"] += 100


def _cached(document: Document) -> None:
    document["usage"]["prompt_tokens_details"] = {"cached_tokens": 12}


def _text(document: Document) -> None:
    document["created"] += 100
    document["id"] = "chatcmpl-other"
    document["choices"][0]["finish_reason"] = "stop"
    document["choices"][0]["message"] = {"role": "assistant", "content": "Hi", "reasoning_content": "Hm"}


def _longer(document: Document) -> None:
    document["data"].append({"id": "another", "object": "model", "created": 1, "owned_by": "x"})


LEGAL: dict[str, dict[str, Callable[[Document], None]]] = {
    "the same": {},
    "a listing that is made anew": {"models_list": _created},
    "a cache that is warm now": {"chat": _cached},
    "another text": {"chat": _text},
    "one more model": {"models_list": _longer},
}


@pytest.mark.parametrize("name", LEGAL)
def test_what_a_sound_server_changes_is_no_difference(start: dict[str, Answer], name: str) -> None:
    assert not differs(start, look(start, **LEGAL[name]), "reference")


def changing_header(name: str, value: str) -> Callable[[Answers], Answers]:
    def change(found: Answers) -> Answers:
        answer = found["chat"]
        assert isinstance(answer, Exchange)
        assert answer.response is not None
        return {**found, "chat": with_response(answer, headers=(*answer.response.headers, (name, value)))}

    return change


@pytest.mark.parametrize(
    "header", ["x-request-id", "date", "openai-processing-ms", "x-ratelimit-remaining-tokens"]
)
def test_headers_of_the_moment_are_no_difference(start: dict[str, Answer], header: str) -> None:
    assert not differs(start, changing_header(header, "other")(look(start)), "reference")


@pytest.mark.parametrize(("status", "headers"), [(429, ()), (503, (("retry-after", "1"),))])
def test_a_busy_server_is_no_other_server(
    start: dict[str, Answer], status: int, headers: tuple[Any, ...]
) -> None:
    """Such an answer says nothing of who gave it."""
    end = {**look(start), "chat": with_response(start["chat"], status=status, headers=headers)}
    assert same_server(start, [end], "reference").outcome is Outcome.PASSED


def test_another_status_and_no_answer_are(start: dict[str, Answer]) -> None:
    failing = {**look(start), "chat": with_response(start["chat"], status=500)}
    silent = {
        **look(start),
        "chat": Exchange("chat", _request(start), None, TransportError(FailureKind.RESET, "reset by peer")),
    }
    verdict = same_server(start, [failing, silent, failing], "reference")
    assert (verdict.outcome, verdict.level, verdict.luck) == (Outcome.FAILED, Level.MUST, LUCK)
    assert (verdict.findings[0].where, verdict.findings[0].got) == ("chat: status", "500")
    got = same_server(start, [silent], "reference").findings[0].got
    assert got == "no answer: reset by peer"


def _request(start: Answers) -> Any:
    answer = start["chat"]
    assert isinstance(answer, Exchange)
    return answer.request


def _of(owner: str, fingerprint: str) -> dict[str, Callable[[Document], None]]:
    return {
        "models_list": lambda document: document["data"][0].update(owned_by=owner),
        "chat": lambda document: document.update(system_fingerprint=fingerprint),
    }


@pytest.mark.parametrize(
    ("before", "after", "expected", "got"),
    [
        (("llamacpp", "b10434-abc"), ("vllm", ""), "llama_cpp, as at the start of the run", "vllm"),
        (
            ("llamacpp", "b10434-abc"),
            ("llamacpp", "b11434-abc"),
            "version b10434, as at the start of the run",
            "version b11434",
        ),
    ],
)
def test_another_engine_or_version_is_named(
    start: dict[str, Answer], before: tuple[str, str], after: tuple[str, str], expected: str, got: str
) -> None:
    began = {**start, **look(start, **_of(*before))}
    ended = look(start, **_of(*after))
    verdict = same_server(began, [ended] * 3, "reference")
    assert [(one.where, one.expected, one.got) for one in verdict.findings] == [("engine", expected, got)]


def test_an_answer_without_a_fingerprint_is_no_other_version(start: dict[str, Answer]) -> None:
    began = {**start, **look(start, **_of("llamacpp", "b10434-abc"))}
    ended = look(start, models_list=_of("llamacpp", "")["models_list"])
    assert same_server(began, [ended], "reference").outcome is Outcome.PASSED


@pytest.mark.parametrize("header", ["via", "x-powered-by", "openai-version", "x-litellm-version"])
def test_a_header_that_names_the_server_is_compared(start: dict[str, Answer], header: str) -> None:
    ends = [changing_header(header, "other")(look(start))] * 3
    verdict = same_behaviour(start, ends)
    assert verdict.outcome is Outcome.ADVISORY
    assert [(one.where, one.got) for one in verdict.findings] == [(f"chat: header {header}", '"other"')]


def test_new_members_are_compared(start: dict[str, Answer]) -> None:
    ends = [look(start, chat=lambda document: document.update(timings={}))] * 3
    verdict = same_behaviour(start, ends)
    assert [one.where for one in verdict.findings] == ["chat: members"]
    assert '"timings"' in verdict.findings[0].got


def test_a_difference_that_could_not_be_asked_again_is_said_and_no_finding(start: dict[str, Answer]) -> None:
    verdict = same_behaviour(start, [look(start, **_of("x", "fp_1"))])
    assert verdict.outcome is Outcome.PASSED
    assert verdict.reason == (
        "not judged: chat: system_fingerprint, chat: members differed at the end, and could not be asked again"
    )


def test_without_a_look_nothing_is_said(start: dict[str, Answer]) -> None:
    for verdict in (same_server(start, [], "m"), same_behaviour(start, [])):
        assert verdict.outcome is Outcome.NOT_EXERCISED
        assert verdict.reason == "the first probes were not answered once more at the end of the run"


def test_recordings_have_neither_start_nor_end(tmp_path: Path) -> None:
    cases = sameness_cases(Run(ROOT / "config", ROOT / "cassettes", tmp_path, only=("llama_cpp",)))
    assert [case.id for case in cases] == [f"llama_cpp-{name}" for name in NAMES]
    for case in cases:
        verdict = case.judge()
        assert verdict.outcome is Outcome.NOT_APPLICABLE
        assert (
            verdict.reason == "llama_cpp is judged from a recording: only a live run has a start and an end"
        )
        assert verdict.provider == "llama_cpp"


def test_a_broken_answer_tells_nothing(start: dict[str, Answer]) -> None:
    """Whatever stands there, nothing raises."""
    for body in (b"", b"null", b"[]", b'{"choices": 3}', b'{"data": {"id": []}}', b"\xff"):
        end = {
            name: with_response(answer, chunks=(Chunk(body, 0.1),)) for name, answer in look(start).items()
        }
        assert same_server(start, [end], "reference").check == SAME_SERVER
        same_behaviour(start, [end] * 3)
        same_server(end, [look(start)], "reference")
