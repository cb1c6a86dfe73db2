"""Tool calls: what a small model or another server may do without failing a requirement."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from sixgates.exchange import Exchange
from sixgates.judge import Answer
from sixgates.reference.defects.chat_stream import in_entries
from sixgates.reference.defects.tools import in_calls, in_message
from sixgates.reference.mutants import Document, Edit, in_events, in_json, with_body
from sixgates.verdict import Level, Outcome, Verdict

Judge = Callable[..., tuple[Verdict, ...]]
PLAIN = {"tool-named", "tool-required", "tool-no-arguments", "tool-cut"}
STREAMED = {f"{name}-stream" for name in PLAIN - {"tool-no-arguments"}}


def changed(answers: dict[str, Answer], edit: Edit, names: set[str]) -> Mapping[str, Answer]:
    """Some answers with their responses changed."""
    found = {name: answers[name] for name in names}
    return {
        name: replace(answer, response=edit(answer.response))
        for name, answer in found.items()
        if isinstance(answer, Exchange) and answer.response is not None
    }


def outcomes(verdicts: tuple[Verdict, ...], *unlike: Outcome) -> set[str]:
    """The checks with other outcomes than these."""
    return {verdict.check for verdict in verdicts if verdict.outcome not in unlike}


def finish(reason: str) -> Edit:
    """Another finish reason in plain answers and streams."""

    def edit(document: Document) -> None:
        document["choices"][0]["finish_reason"] = reason

    def event(_: int, entry: Document) -> None:
        entry["finish_reason"] = entry["finish_reason"] and reason

    plain, streamed = in_json(edit), in_entries(event)
    return lambda response: streamed(plain(response))


def whole_call_in_one_piece(events: list[Document]) -> list[Document]:
    """The call's opening and all of its arguments in one delta, as Ollama sends it."""
    calls = [call for event in events for call in event["choices"][0]["delta"].get("tool_calls", [])]
    calls[0]["function"]["arguments"] = "".join(call["function"]["arguments"] for call in calls)
    return [events[0], events[-1]]


def call_with_finish(events: list[Document]) -> list[Document]:
    """The last piece of the call in the chunk with the finish reason."""
    events[-2]["choices"][0]["finish_reason"] = events[-1]["choices"][0]["finish_reason"]
    return events[:-1]


LEGAL: dict[str, tuple[Edit, set[str]]] = {
    "named ends with tool_calls": (
        finish("tool_calls"),
        {"tool-named", "tool-named-stream"},
    ),
    "content empty beside calls": (in_message(lambda message: message.update(content="")), PLAIN),
    "content absent beside calls": (in_message(lambda message: message.pop("content")), {"tool-required"}),
    "index in plain calls": (in_calls(lambda call: call.update(index=0)), PLAIN),
    "one piece": (in_events(whole_call_in_one_piece), STREAMED),
    "last piece with the finish": (in_events(call_with_finish), STREAMED),
    "tool_calls null in text deltas": (
        in_entries(lambda _, entry: entry["delta"].setdefault("tool_calls", None)),
        {"tool-none-stream"},
    ),
}


@pytest.mark.parametrize("name", LEGAL)
def test_legal_tool_calls_raise_no_alarm(name: str, judge: Judge, conforming: dict[str, Answer]) -> None:
    """What OpenAI, vLLM and Ollama send for tool calls within the specification is found by no check on tools."""
    edit, names = LEGAL[name]
    verdicts = judge(changed(conforming, edit, names), on=names)
    tools = tuple(verdict for verdict in verdicts if verdict.check.startswith(("tools", "chat.stream")))
    assert outcomes(tools, Outcome.PASSED) == set()


def _cut_call(document: Document) -> None:
    choice = document["choices"][0]
    choice["finish_reason"] = "length"
    choice["message"]["tool_calls"][0]["function"]["arguments"] = '{"city": "Par'


def _cut_in_text(document: Document) -> None:
    choice = document["choices"][0]
    choice["finish_reason"] = "length"
    choice["message"] = {"role": "assistant", "content": '<tool_call>\n{"name": "get_weather", "argum'}


@pytest.mark.parametrize("change", [_cut_call, _cut_in_text])
def test_a_model_that_never_ends_its_call_fails_no_must(
    change: Callable[[Document], None], judge: Judge, conforming: dict[str, Answer]
) -> None:
    """A call that the token limit cut, kept as a call or left as text, is the model's doing."""
    verdicts = judge(changed(conforming, in_json(change), PLAIN), on=PLAIN)
    tools = [each for each in verdicts if each.level is Level.MUST and each.check.startswith("tools")]
    assert {each.outcome for each in tools} <= {Outcome.PASSED, Outcome.NOT_EXERCISED}
    reasons = {each.reason for each in tools if each.outcome is Outcome.NOT_EXERCISED}
    assert reasons <= {
        "the token limit cut the call, which stands in the text",
        "the token limit cut the call before its arguments",
    }


def test_an_answer_of_text_alone_is_no_cut_call(judge: Judge, conforming: dict[str, Answer]) -> None:
    """A model that rambles until the token limit was not made to call."""

    def ramble(document: Document) -> None:
        choice = document["choices"][0]
        choice["finish_reason"] = "length"
        choice["message"] = {"role": "assistant", "content": "What is on your mind? " * 20}

    verdicts = judge(changed(conforming, in_json(ramble), PLAIN), on=PLAIN)
    failed = {verdict.check for verdict in verdicts if verdict.outcome is Outcome.FAILED}
    assert {"tools.named.called", "tools.required.called"} <= failed


def test_one_refused_stream_blocks_its_own_checks_only(judge: Judge, conforming: dict[str, Answer]) -> None:
    """A stream that is answered 500 says so once; the checks still judge the other streams."""
    names = {"tool-cut-stream"}
    refusal = json.dumps({"error": {"message": "no", "type": "server_error", "param": None, "code": None}})
    verdicts = judge(changed(conforming, with_body(refusal.encode(), status=500), names))
    found = {verdict.check: verdict.outcome for verdict in verdicts if verdict.outcome.red}
    assert found == {"tools.stream.answered": Outcome.FAILED}
