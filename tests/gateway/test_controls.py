"""Negative controls: a small gateway with one defect at a time, which the scenarios must catch."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from sixgates.gateway.client import Client
from sixgates.gateway.loopback import Listener, Loopback
from sixgates.gateway.plan import Intent, scenarios
from sixgates.gateway.routes import Routes, read_routes
from sixgates.gateway.scenario import Scenario
from sixgates.gateway.script import Target
from sixgates.gateway.session import Bench, play
from sixgates.gateway.upstream import Message, Notebook, Receive, Send, Upstream
from sixgates.verdict import Outcome, Verdict

KEY = "sk-canary-of-the-test"

TIMEOUT_S = 1.0


class UpstreamFailedError(Exception):
    """An upstream gave no usable answer; `status` is what the client would be told."""

    def __init__(self, status: int) -> None:
        super().__init__(f"upstream failed with {status}")
        self.status = status


class FakeGateway:
    """An ASGI gateway over the routes of a config; `defect` names the one thing that it does wrong."""

    def __init__(self, routes: Routes, roots: dict[str, str], key: str, defect: str = "") -> None:
        self.routes = routes
        self.roots = roots
        self.key = key
        self.defect = defect

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serves one request as its defect makes it."""
        raw = b""
        while True:
            message = await receive()
            raw += message.get("body", b"")
            if not message.get("more_body"):
                break
        if self.defect == "hangs":
            await asyncio.sleep(30)
        sent = dict(scope["headers"]).get(b"authorization", b"").decode()
        if sent != f"Bearer {self.key}" and self.defect != "no-auth":
            return await self._error(send, 401, "bad key")
        if scope["method"] == "GET":
            return await self._listing(send)
        return await self._chat(json.loads(raw), send)

    async def _listing(self, send: Send) -> None:
        names = self.routes.names()[1 if self.defect == "hides-a-name" else 0 :]
        await self._json(send, 200, {"object": "list", "data": [{"id": name} for name in names]})

    async def _chat(self, body: dict[str, Any], send: Send) -> None:
        name = body["model"]
        if not self.routes.group(name):
            if self.defect != "answers-for-anyone":
                return await self._error(send, 400, f"unknown model {name}")
            name = self.routes.names()[0]
        status = 500
        for step in self._steps(name):
            for tier in self.routes.tiers(step):
                for _ in range(3 if self.defect == "retry-storm" else 1):
                    try:
                        return await self._forward(step, self._pick(step, tier), body, send)
                    except UpstreamFailedError as failure:
                        status = failure.status
        return await self._error(send, status, "all upstreams failed")

    def _steps(self, name: str) -> list[str]:
        chain = list(self.routes.fallbacks.get(name, ()))
        if self.defect == "reversed-chain":
            chain.reverse()
        return [name, *([] if self.defect == "no-fallback" else chain)]

    def _pick(self, name: str, tier: frozenset[Target]) -> Target:
        if self.defect == "always-the-first-upstream":
            return self.routes.deployments[0].target
        weights = {entry.target: entry.weight or 1.0 for entry in self.routes.group(name)}
        targets = sorted(tier)
        if self.defect == "ignores-weights":
            return targets[0]
        return random.choices(targets, [weights[target] for target in targets])[0]

    async def _forward(self, step: str, target: Target, body: dict[str, Any], send: Send) -> None:
        sent = {**body, "model": target.model}
        if self.defect == "drops-parameters":
            sent.pop("temperature", None)
        headers = self._headers(step, target)
        url = f"{self.roots[target.upstream]}/v1/chat/completions"
        async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False, verify=False) as http:
            try:
                async with http.stream("POST", url, json=sent) as answer:
                    if answer.status_code >= 400 or "html" in answer.headers["content-type"]:
                        raise UpstreamFailedError(answer.status_code if answer.status_code >= 400 else 500)
                    if not body["stream"]:
                        await self._send(send, 200, headers, await answer.aread())
                    else:
                        await self._stream(answer.aiter_raw(), step, headers, body, send)
            except httpx.HTTPError as error:
                raise UpstreamFailedError(408) from error

    async def _stream(
        self,
        chunks: AsyncIterator[bytes],
        step: str,
        headers: list[tuple[str, str]],
        body: dict[str, Any],
        send: Send,
    ) -> None:
        first = await anext(chunks)
        if self.defect == "buffers-streams":
            await self._send(send, 200, headers, first + b"".join([chunk async for chunk in chunks]))
            return
        await self._start(send, 200, headers)
        await send({"type": "http.response.body", "body": first, "more_body": True})
        try:
            async for chunk in chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        except httpx.HTTPError:
            await send(
                {"type": "http.response.body", "body": await self._after_a_cut(step, body), "more_body": True}
            )
        await send({"type": "http.response.body", "body": b""})

    async def _after_a_cut(self, step: str, body: dict[str, Any]) -> bytes:
        if self.defect == "hides-cuts":
            finish = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
            return f"data: {json.dumps(finish)}\n\ndata: [DONE]\n\n".encode()
        if self.defect != "splices-streams":
            return b'data: {"error": {"message": "the upstream broke off"}}\n\n'
        target = min(self.routes.targets(self.routes.fallbacks[step][0]))
        async with httpx.AsyncClient(trust_env=False, verify=False) as http:
            url = f"{self.roots[target.upstream]}/v1/chat/completions"
            return (await http.post(url, json={**body, "model": target.model})).content

    def _headers(self, step: str, target: Target) -> list[tuple[str, str]]:
        named = "blames-another" if self.defect == "blames-another" else step
        base = f"{self.roots[target.upstream]}/v1"
        return [
            ("x-litellm-model-id", "" if self.defect == "no-model-id" else "d1"),
            ("x-litellm-model-group", named),
            ("x-litellm-model-api-base", "http://127.0.0.1:1" if self.defect == "wrong-api-base" else base),
        ]

    async def _error(self, send: Send, status: int, message: str) -> None:
        if self.defect == "html-errors":
            return await self._send(send, status, [("content-type", "text/html")], b"<h1>Sorry</h1>")
        return await self._json(send, status, {"error": {"message": message}})

    async def _json(self, send: Send, status: int, document: Any) -> None:
        await self._send(send, status, [("content-type", "application/json")], json.dumps(document).encode())

    async def _send(self, send: Send, status: int, headers: list[tuple[str, str]], data: bytes) -> None:
        kind = "text/event-stream" if data.startswith(b"data:") else "application/json"
        known = any(name == "content-type" for name, _ in headers)
        await self._start(send, status, headers if known else [*headers, ("content-type", kind)], kind="")
        await send({"type": "http.response.body", "body": data})

    async def _start(
        self, send: Send, status: int, headers: list[tuple[str, str]], kind: str = "text/event-stream"
    ) -> None:
        named = [*headers, *([("content-type", kind)] if kind else [])]
        encoded = [(name.encode(), value.encode()) for name, value in named]
        await send({"type": "http.response.start", "status": status, "headers": encoded})


def config_for(roots: dict[str, str]) -> dict[str, Any]:
    """A LiteLLM config with exact names, a pattern with a stand-in, an alias, a balanced name and a chain."""

    def entry(name: str, upstream: str, model: str, **params: Any) -> dict[str, Any]:
        base = f"{roots[upstream]}/v1"
        params = {"model": f"openai/{model}", "api_base": base, "api_key": "none", **params}
        return {"model_name": name, "litellm_params": params}

    return {
        "model_list": [
            entry("big", "alpha", "big-model"),
            entry("small", "beta", "small-model"),
            entry("tiny", "gamma", "org/tiny-model"),
            entry("lab/*", "beta", "lab/*", order=1),
            entry("lab/*", "gamma", "org/tiny-model", order=2),
            entry("both", "beta", "small-model", weight=0.75),
            entry("both", "gamma", "org/tiny-model", weight=0.25),
        ],
        "router_settings": {
            "num_retries": 2,
            "model_group_alias": {"chat": "big"},
            "fallbacks": [{"big": ["small", "tiny"]}],
        },
    }


INTENT = Intent(
    exact={
        "big": Target("alpha", "big-model"),
        "small": Target("beta", "small-model"),
        "tiny": Target("gamma", "org/tiny-model"),
    },
    patterns={"^lab/.*": ("lab/sample", Target("beta", "lab/sample"))},
    capabilities={"chat": ("big", "small")},
    idle={},
)


@dataclass
class Lab:
    """The upstreams of a test and what plays scenarios through a fake gateway."""

    loopback: Loopback
    notebook: Notebook
    listeners: dict[str, Listener]

    @property
    def roots(self) -> dict[str, str]:
        """Each upstream's root URL."""
        return {name: listener.url for name, listener in self.listeners.items()}

    @property
    def config(self) -> dict[str, Any]:
        """The config under test."""
        return config_for(self.roots)

    def scenarios(self, *kinds: str) -> tuple[Scenario, ...]:
        """The scenarios of the config, all or of some kinds."""
        made = scenarios(INTENT, read_routes(self.config, self.roots), 2)
        return tuple(scenario for scenario in made if not kinds or scenario.kind in kinds)

    def play(
        self, defect: str, planned: tuple[Scenario, ...], routes: Routes | None = None
    ) -> dict[str, Verdict]:
        """The verdicts by check of a fake gateway with this defect."""
        routes = routes or read_routes(self.config, self.roots)
        gateway = FakeGateway(routes, self.roots, KEY, defect)
        listener = self.loopback.serve(gateway)
        bench = Bench(Client(listener.url, KEY), self.notebook, self.listeners, "fake")
        return {verdict.check: verdict for verdict in play(bench, planned)}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    notebook = Notebook()
    with Loopback() as loopback:
        names = ("alpha", "beta", "gamma")
        listeners = {name: loopback.serve(Upstream(name, notebook, models=("m",))) for name in names}
        yield Lab(loopback, notebook, listeners)


def test_a_sound_gateway_passes_every_scenario(lab: Lab) -> None:
    """The controls below mean something only because nothing is found without a defect."""
    verdicts = lab.play("", lab.scenarios())
    assert {name: v.findings for name, v in verdicts.items() if v.outcome is not Outcome.PASSED} == {}
    assert len({name.partition(":")[0] for name in verdicts}) >= 20


CONTROLS = [
    ("always-the-first-upstream", "gateway.exact:small", "upstreams", "beta (small-model)"),
    ("always-the-first-upstream", "gateway.pattern:^lab/.*", "content", "beta (lab/sample)"),
    ("no-fallback", "gateway.fallback_500:big", "status", "200"),
    ("no-fallback", "gateway.fallback_429:big", "status", "200"),
    ("no-fallback", "gateway.fallback_timeout:big", "status", "200"),
    ("no-fallback", "gateway.fallback_refused:big", "status", "200"),
    ("no-fallback", "gateway.fallback_garbage:big", "status", "200"),
    ("no-fallback", "gateway.stream_fallback_500:big", "status", "200"),
    ("no-fallback", "gateway.stream_fallback_timeout:big", "status", "200"),
    (
        "reversed-chain",
        "gateway.fallback_order:big",
        "upstreams",
        "alpha (big-model), then beta (small-model)",
    ),
    ("reversed-chain", "gateway.fallback_500:big", "content", "beta (small-model)"),
    ("retry-storm", "gateway.fallback_exhausted:big", "upstreams", "alpha (big-model), then beta"),
    ("retry-storm", "gateway.retry_budget:big", "upstreams", "each at most 2 times"),
    ("splices-streams", "gateway.stream_cut:big", "content", "only the beginning of the answer of alpha"),
    ("splices-streams", "gateway.stream_stall:big", "upstreams", "alpha (big-model)"),
    ("hides-cuts", "gateway.stream_cut:big", "stream", "an error event or a missing end"),
    ("buffers-streams", "gateway.stream:big", "stream", "at least 3 arrivals"),
    ("drops-parameters", "gateway.parameters:big", "alpha (big-model) /temperature", "0.25"),
    ("blames-another", "gateway.headers:big", "x-litellm-model-group", "big"),
    ("wrong-api-base", "gateway.headers:big", "x-litellm-model-api-base", "an address at http://127.0.0.1:"),
    ("no-model-id", "gateway.headers:big", "x-litellm-model-id", "the id of the deployment"),
    ("ignores-weights", "gateway.load_balancing:both", "upstreams", "of 80 requests at gamma"),
    ("hides-a-name", "gateway.models", "/data", "an entry with the id 'big'"),
    ("answers-for-anyone", "gateway.unknown_model", "status", "a status from 400 to 499"),
    ("answers-for-anyone", "gateway.unknown_model_stream", "upstreams", "no upstream contacted"),
    ("no-auth", "gateway.wrong_key", "status", "a status from 400 to 499"),
    ("no-auth", "gateway.missing_key", "upstreams", "no upstream contacted"),
    ("html-errors", "gateway.fallback_exhausted:big", "/error/message", "an error envelope"),
]


@pytest.mark.parametrize(("defect", "check", "where", "expected"), CONTROLS)
def test_a_defect_is_caught(lab: Lab, defect: str, check: str, where: str, expected: str) -> None:
    """Each defect is found by the scenario that is made for it, at the place and in the words that help."""
    planned = tuple(scenario for scenario in lab.scenarios() if scenario.id == check)
    verdict = lab.play(defect, planned)[check]
    assert verdict.outcome is (Outcome.ADVISORY if verdict.level == "SHOULD" else Outcome.FAILED)
    assert [f for f in verdict.findings if f.where == where and expected in f.expected], verdict.findings


def test_every_kind_of_scenario_has_a_control(lab: Lab) -> None:
    """A kind without a gateway that fails it could be a kind that cannot fail."""
    controlled = {check.partition(":")[0] for _, check, _, _ in CONTROLS} | {"gateway.capability"}
    assert {f"gateway.{scenario.kind}" for scenario in lab.scenarios()} == controlled


def test_a_capability_that_reaches_another_model_is_caught(lab: Lab) -> None:
    """A capability is judged by the owner's first preference, not by where the alias leads."""
    routes = read_routes(lab.config, lab.roots)
    astray = Routes(routes.deployments, {"chat": "tiny"}, routes.fallbacks)
    planned = tuple(scenario for scenario in lab.scenarios() if scenario.kind == "capability")
    verdict = lab.play("", planned, astray)["gateway.capability:chat"]
    assert [(f.expected, f.got) for f in verdict.findings if f.where == "upstreams"] == [
        ("alpha (big-model)", "gamma (org/tiny-model)")
    ]


def test_a_gateway_that_never_answers_ends_as_a_finding(lab: Lab) -> None:
    """Nothing hangs: the scenario's deadline ends the request."""
    planned = [replace(s, wall_s=0.3) for s in lab.scenarios() if s.id == "gateway.unknown_model"]
    verdict = lab.play("hangs", tuple(planned))["gateway.unknown_model"]
    assert verdict.outcome is Outcome.FAILED
    assert verdict.duration_s < 5
    assert any("0.3" in finding.got for finding in verdict.findings)


def test_no_key_stands_in_a_verdict(lab: Lab) -> None:
    """The master key leaves the client only in a header."""
    verdicts = lab.play("blames-another", lab.scenarios("headers", "wrong_key"))
    assert KEY not in "".join(str(verdict.to_json()) for verdict in verdicts.values())
