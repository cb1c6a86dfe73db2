"""Servers as they are found: one that ignores or breaks what it accepts is never green where it is asked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.serving import served

from sixgates import catalogue
from sixgates.contract import Contract
from sixgates.exchange import Request, Response
from sixgates.gates import GateResult, GateStatus, Thresholds, judge_gates
from sixgates.impact.measured import CLIENTS
from sixgates.judge import Answer
from sixgates.readiness import State, assess
from sixgates.reference.provider import ReferenceProvider
from sixgates.run import Run
from sixgates.sources import live
from sixgates.sources.reference import answers
from sixgates.tries import Tries
from sixgates.verdict import Gate, Outcome

CATALOGUE = catalogue.load()
Document = dict[str, Any]
Serve = Callable[["Server", Request, Document], Response]
CHAT = "/v1/chat/completions"


class Server(ReferenceProvider):
    """The reference in front of which something stands that changes what it is asked and what it says."""

    def __init__(self, serve: Serve) -> None:
        super().__init__("m")
        self.serve = serve

    def respond(self, request: Request) -> Response:
        """The response to any request."""
        try:
            body = json.loads(request.body or b"{}")
        except (ValueError, RecursionError):
            body = None
        known = isinstance(body, dict) and request.path.startswith("/v1/")
        return self.serve(self, request, body) if known else self.plain(request)

    def plain(self, request: Request, body: Document | None = None, *, counts: bool = True) -> Response:
        """The reference's answer, to another body, and without the usage that it counts."""
        if body is not None:
            request = Request(request.method, request.path, request.headers, json.dumps(body).encode())
        response = super().respond(request)
        if counts or body is None or body.get("stream") or response.status != 200:
            return response
        document = json.loads(response.body)
        document.pop("usage", None)
        return self.json(document)


def without(body: Document, *names: str) -> Document:
    """A body without some of its members."""
    return {name: value for name, value in body.items() if name not in names}


def crashes_on_tools(server: Server, request: Request, body: Document) -> Response:
    """Every request with tools is answered with 500, on each surface."""
    if body.get("tools"):
        return server.json({"error": {"message": "tools param requires --jinja flag"}}, 500)
    return server.plain(request)


def ignores(*names: str, counts: bool = True) -> Serve:
    """Some parameters are accepted, and not read."""

    def serve(server: Server, request: Request, body: Document) -> Response:
        return server.plain(
            request, without(body, *names) if request.method == "POST" else None, counts=counts
        )

    return serve


def a_gateway(server: Server, request: Request, body: Document) -> Response:
    """Calls in plain answers, if left to itself; drops tools in streams and beside a name; refuses "required"."""
    choice = body.get("tool_choice")
    if choice == "required":
        return server.json({"error": {"message": "tool_choice: Input should be 'auto' or 'none'"}}, 400)
    if body.get("tools") and request.path == CHAT and choice == "auto" and not body.get("stream"):
        return server.plain(request, body | {"tool_choice": "required", "max_tokens": 64}, counts=False)
    if body.get("tools"):
        return server.plain(request, without(body, "tools", "tool_choice"), counts=False)
    return server.plain(request, body if request.method == "POST" else None, counts=False)


def takes_only_words(server: Server, request: Request, body: Document) -> Response:
    """A tool choice is a word; a model that is left to itself calls."""
    if isinstance(body.get("tool_choice"), dict) and request.path == CHAT:
        return server.json({"error": "Invalid tool_choice type: 'object'"}, 400)
    if body.get("tools") and body.get("tool_choice") == "auto":
        return server.plain(request, body | {"tool_choice": "required", "max_tokens": 64})
    return server.plain(request)


def thinks_first(server: Server, request: Request, body: Document) -> Response:
    """A format is accepted by a model whose thought takes all the tokens."""
    response = server.plain(request)
    if not body.get("response_format") or body.get("stream") or response.status != 200:
        return response
    document = json.loads(response.body)
    for choice in document["choices"]:
        choice["message"] |= {"content": None, "reasoning": "The user wants a haiku"}
        choice["finish_reason"] = "length"
    return server.json(document)


def other_backends(server: Server, request: Request, body: Document) -> Response:
    """Another backend answers each request, and says so."""
    response = server.plain(request, without(body, "seed") if request.method == "POST" else None)
    if request.path != CHAT or body.get("stream") or response.status != 200:
        return response
    document = json.loads(response.body)
    return server.json(document | {"system_fingerprint": f"fp_{server.number()}"})


def guesses(server: Server, request: Request, body: Document) -> Response:
    """Tools are not read, and usage is guessed from the length of the text."""
    response = server.plain(request, without(body, "tools", "tool_choice"))
    if body.get("stream") or response.status != 200 or request.path != CHAT:
        return response
    document = json.loads(response.body)
    tokens = sum(len(str(message.get("content"))) for message in body["messages"]) // 4
    document["usage"] |= {
        "prompt_tokens": tokens,
        "total_tokens": tokens + document["usage"]["completion_tokens"],
    }
    return server.json(document)


def counts_nothing(server: Server, request: Request, body: Document) -> Response:
    """Tools are not read, and usage is the same for each prompt."""
    response = server.plain(request, without(body, "tools", "tool_choice"))
    if body.get("stream") or response.status != 200 or request.path != CHAT:
        return response
    document = json.loads(response.body)
    document["usage"] |= {"prompt_tokens": 1, "total_tokens": 1 + document["usage"]["completion_tokens"]}
    return server.json(document)


def judged(
    serve: Serve,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capabilities: tuple[str, ...] | None = None,
) -> Tries:
    """The whole contract of such a server, asked in this process."""
    server = Server(serve)

    def fetch(
        target: object,
        probes: Iterable[catalogue.Probe],
        *,
        first: tuple[catalogue.Probe, ...] = (),
        choose: live.Choose = lambda answered, probe: True,
        **_: object,
    ) -> Mapping[str, Answer]:
        ahead = dict(answers(server, first))
        chosen = [*first, *(each for each in probes if each not in first and choose(ahead, each))]
        return answers(server, chosen)

    monkeypatch.setattr(live, "fetch", fetch)
    run = Run(
        tmp_path, tmp_path, tmp_path, live=True, base_url="http://x", model="m", capabilities=capabilities
    )
    wanted = set(CATALOGUE.checks)  # but not whether the server stays the same
    return Contract(run.parties()[0], tmp_path, tmp_path, live=True, wanted=wanted).judgement()


def gate(judgement: Tries) -> GateResult:
    """Gate 4."""
    return judge_gates(judgement.verdicts(), Thresholds())[Gate.CONTRACT - 1]


def safe(judgement: Tries) -> set[str]:
    """The clients that are called safe."""
    (readiness,) = assess(judgement.verdicts(), CATALOGUE.checks.values())
    return {one.name for one in readiness.clients if one.state is State.SAFE}


def outcomes(judgement: Tries, *prefixes: str) -> set[Outcome]:
    """What the checks of some areas come to, where they are no longer about one capability alone."""
    names = [name for name in CATALOGUE.checks if name.startswith(prefixes)]
    return {judgement.verdict(name).outcome for name in names}


def failures(judgement: Tries) -> list[str]:
    """The checks that fail, each by itself."""
    return [name for name in CATALOGUE.checks if judgement.verdict(name).outcome is Outcome.FAILED]


NEED_TOOLS = ("tools.call.", "tools.named.", "tools.required.")


@pytest.mark.parametrize(
    ("serve", "capability", "waiting"),
    [
        (crashes_on_tools, "tools", "tools.named.called"),
        (ignores("tools", "tool_choice"), "tools", "tools.named.called"),
        (ignores("n"), "n", "params.n.two"),
        (ignores("logprobs", "top_logprobs"), "logprobs", "params.logprobs.accepted"),
        (ignores("logit_bias"), "logit_bias", "params.logit_bias"),
        (ignores("echo"), "echo", "completions.echo"),
        (ignores("dimensions"), "dimensions", "embeddings.dimensions"),
        (
            ignores("previous_response_id"),
            "stored_responses",
            "responses.previous_response_id",
        ),
    ],
)
def test_what_is_ignored_or_broken_is_one_failure(
    serve: Serve, capability: str, waiting: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what needs it waits for that, in one line of the report."""
    judgement = judged(serve, tmp_path, monkeypatch)
    own = f"capability.{capability}"
    assert failures(judgement) == [own]
    assert gate(judgement).status is GateStatus.NOT_MET
    verdict = judgement.verdict(waiting)
    assert verdict.outcome is Outcome.BLOCKED
    assert [one.key for one in gate(judgement).blockers] == [f"ad-hoc:{own}", own]
    assert safe(judgement) == set()


def test_formats_that_are_ignored_are_a_failure_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prose where JSON was asked for, by a model that is told not to write any."""
    judgement = judged(ignores("response_format"), tmp_path, monkeypatch)
    assert failures(judgement) == ["capability.json_schema", "capability.json_object"]
    assert outcomes(judgement, "structured.json_", "structured.stream") == {Outcome.BLOCKED}
    assert safe(judgement) == set()
    assert gate(judgement).status is GateStatus.NOT_MET


def test_tools_without_a_call_and_without_usage_are_left_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A weak model may leave them alone: neither broken nor met, and no client is called safe that calls tools."""
    for serve in (ignores("tools", "tool_choice", counts=False), counts_nothing, guesses):
        path = tmp_path / str(id(serve))
        judgement = judged(serve, path, monkeypatch)
        assert judgement.verdict("capability.tools").outcome is Outcome.NOT_EXERCISED
        assert outcomes(judgement, *NEED_TOOLS) == {Outcome.NOT_EXERCISED}
        assert not {"tools", "capability.tools"} & {name.partition(".")[0] for name in failures(judgement)}
        assert gate(judgement).status is not GateStatus.MET
        assert safe(judgement) == set()


def test_a_gateway_that_drops_calls_in_streams_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call in one plain answer is an offer: what it refuses, and what it drops, are failures."""
    judgement = judged(a_gateway, tmp_path, monkeypatch)
    assert judgement.verdict("capability.tools").outcome is Outcome.PASSED
    assert {"tools.required.accepted", "tools.named.called"} <= set(failures(judgement))
    streamed = judgement.verdict("tools.named.called").findings
    assert any(each.where.startswith("tool-named-stream: ") for each in streamed)
    assert gate(judgement).status is GateStatus.NOT_MET


def test_a_server_that_takes_no_name_as_its_tool_choice_offers_tools(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It refuses one form of the choice, and that is what fails."""
    judgement = judged(takes_only_words, tmp_path, monkeypatch)
    assert judgement.verdict("capability.tools").outcome is Outcome.PASSED
    assert judgement.verdict("tools.required.called").outcome is Outcome.PASSED
    assert "tools.named.accepted_object" in failures(judgement)


def test_a_thought_that_takes_all_tokens_shows_neither(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No JSON came, and no prose either."""
    judgement = judged(thinks_first, tmp_path, monkeypatch)
    for name in ("json_object", "json_schema"):
        verdict = judgement.verdict(f"capability.{name}")
        assert verdict.outcome is Outcome.NOT_EXERCISED
        assert verdict.reason.endswith(" got 200, but the token limit came before the answer")


def test_a_seed_does_not_bind_another_backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The specification says that it need not, and how a client sees that."""
    verdict = judged(other_backends, tmp_path, monkeypatch).verdict("capability.seed")
    assert verdict.outcome is Outcome.NOT_EXERCISED
    assert verdict.reason == (
        "chat-seed got 200, but another system_fingerprint answered, which a seed does not bind"
    )


def test_what_a_list_leaves_out_and_the_server_ignores_is_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list decides what must be there; the advice names what a client would lose."""
    judgement = judged(ignores("n"), tmp_path, monkeypatch, ("tools",))
    verdict = judgement.verdict("capability.n")
    assert (verdict.outcome, verdict.red) == (Outcome.ADVISORY, False)
    assert verdict.findings[0].got == (
        "accepted without effect: 200, but /choices: expected two choices, got 1"
    )
    assert judgement.verdict("params.n.two").outcome is Outcome.NOT_APPLICABLE
    assert gate(judgement).status is GateStatus.MET
    assert len(safe(judgement)) == len(CLIENTS)
    judgement = judged(ignores("n"), tmp_path / "declared", monkeypatch, ("n",))
    assert judgement.verdict("capability.n").outcome is Outcome.FAILED


def chats_only(server: Server, request: Request, body: Document) -> Response:
    """Chats, ignores `n`, and has no other endpoint."""
    if request.path in {"/v1/embeddings", "/v1/responses", "/v1/completions"}:
        return server.json({"error": {"message": f"Not Found: {request.path}"}}, 404)
    return server.plain(request, without(body, "n") if request.method == "POST" else None)


def test_the_terminal_says_what_is_ignored_and_what_is_not_offered(pytester: pytest.Pytester) -> None:
    """As a user sees it: one failure, what waits for it, and each capability that is not there with the answer."""
    contracts = Path(__file__).parents[2] / "contracts"
    with served(Server(chats_only)) as url:
        options = ("--live", "--endpoint", url, "--model", "m", "--rootdir", pytester.path, "-q", "--tb=no")
        result = pytester.runpytest_subprocess(contracts, *options)
    assert result.ret == 1
    text = " ".join(result.stdout.str().split())
    assert "4 Contract NOT MET" in text
    assert "FAILED capability.n failed" in text
    assert re.search(
        r"FAILED capability\.n failed: [^:]+: several choices in one answer\. chat-two-choices: expected "
        r"its effect, or a refusal with 4xx, got accepted without effect: .+? \[ad-hoc\] \d+ checks wait",
        text,
    )
    assert text.count("n: accepted without effect, 200, but ") == 1
    assert result.parseoutcomes()["failed"] == 1
    assert "not offered by ad-hoc, or accepted without effect:" in text
    for names in ("auth", "completions, echo", "dimensions, embeddings", "responses, stored_responses"):
        assert f" {names}: not there, " in text
