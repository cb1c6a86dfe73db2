"""Read-only questions to a running gateway: ready, lists its names, sends each to its provider."""

from __future__ import annotations

import asyncio
import json
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from time import monotonic

from sixgates.cases import Case
from sixgates.config import Stack
from sixgates.connection import PLAIN, Connection
from sixgates.exchange import Exchange, Finding, Response
from sixgates.gateway.client import Client
from sixgates.gateway.plan import intent_of
from sixgates.gateway.scenario import Ask, Scenario
from sixgates.gateway.transcript import read
from sixgates.inputs.key import cause_of as key_cause
from sixgates.inputs.url import public, root_of
from sixgates.redaction import redactor, secrets_in_address
from sixgates.time_budget import TimeBudget
from sixgates.verdict import Cause, Gate, Level, Outcome, Verdict

KEY_VARIABLE = "LITELLM_MASTER_KEY"
_DEADLINE_S = 60.0


def running_cases(
    stack: Stack,
    url: str,
    connection: Connection = PLAIN,
    budget: TimeBudget | None = None,
    deadline_s: float | None = None,
) -> list[Case]:
    """The cases of `--gateway-url`; each sends one short request with the key in LITELLM_MASTER_KEY."""
    wall_s = deadline_s or _DEADLINE_S
    intent = intent_of(stack)
    names = [name for name in intent.exact if name not in intent.idle and intent.chats(name)]
    words = "The running gateway lists every configured name."
    listing = Scenario("running_models", "", words, Ask("", listing=True), wall_s=wall_s)
    short = {"max_tokens": 8, "temperature": 0}
    chats = [
        Scenario(
            "running_exact",
            name,
            "The running gateway sends an exact match to its configured provider, without a fallback.",
            Ask(name, extra=short),
            wall_s=wall_s,
        )
        for name in names
    ]
    gateway = RunningGateway(stack, root_of(url), connection, budget)
    return [Case(each.id, partial(gateway.judge, each), each.id) for each in (listing, *chats)]


@dataclass(frozen=True)
class RunningGateway:
    """One running gateway and the stack that it should serve."""

    stack: Stack
    url: str
    connection: Connection = PLAIN
    budget: TimeBudget | None = None

    def judge(self, scenario: Scenario) -> Verdict:
        """Sends the scenario's request, once the gateway is known to be ready and a key to be there."""
        started = monotonic()
        key = os.environ.get(KEY_VARIABLE, "")
        left = self.budget.left_s() if self.budget is not None else math.inf
        cause = self.budget.cause if self.budget is not None and left <= 0 else key_cause(KEY_VARIABLE)
        cause = cause or _unready(self.url, bool(key), self.connection)
        if cause:
            return self._verdict(scenario, Outcome.BLOCKED, cause=cause)
        scenario = replace(scenario, wall_s=min(scenario.wall_s, left))
        client = Client(self.url, key, connection=self.connection)
        exchange = asyncio.run(client.send(scenario, "running"))[0]
        if exchange.cut_by_us:
            return self._verdict(scenario, Outcome.BLOCKED, cause=_cut(scenario.wall_s))
        findings = tuple(self._findings(scenario, exchange))
        outcome = Outcome.FAILED if findings else Outcome.PASSED
        return self._verdict(scenario, outcome, findings, duration_s=monotonic() - started)

    def _findings(self, scenario: Scenario, exchange: Exchange) -> Iterator[Finding]:
        response = exchange.response
        if response is None or exchange.error:
            detail = exchange.error.detail if exchange.error else "nothing"
            yield Finding("client", "a complete HTTP answer", detail)
        elif response.status != 200:
            yield Finding("status", "200", f"{response.status} {read(response).error or ''}".strip()[:300])
        elif scenario.ask.listing:
            yield from self._unlisted(response)
        else:
            yield from self._misrouted(scenario.ask.model, response)

    def _unlisted(self, response: Response) -> Iterator[Finding]:
        intent = intent_of(self.stack)
        try:
            listed = {str(entry["id"]) for entry in json.loads(response.body)["data"]}
        except (ValueError, KeyError, TypeError):
            yield Finding("/data", "a list of models with ids", response.body[:200].decode(errors="replace"))
            return
        for name in (*intent.exact, *intent.capabilities):
            if name not in listed and name not in intent.idle:
                yield Finding("/data", f"an entry with the id {name!r}", f"{len(listed)} others")

    def _misrouted(self, name: str, response: Response) -> Iterator[Finding]:
        provider = self.stack.mappings.exact_matches[name].provider
        root = _plain(self.stack.providers[provider].root)
        base = response.header("x-litellm-model-api-base") or ""
        if not (_plain(base) == root or _plain(base).startswith(f"{root}/")):
            wanted = f"{provider} at {public(root)}"
            yield Finding("x-litellm-model-api-base", wanted, base or "no such header")
        if not response.header("x-litellm-model-id"):
            yield Finding("x-litellm-model-id", "the id of the deployment", "no such header")
        group = response.header("x-litellm-model-group")
        if group != name:
            yield Finding("x-litellm-model-group", name, group or "no such header")

    def _verdict(
        self,
        scenario: Scenario,
        outcome: Outcome,
        findings: tuple[Finding, ...] = (),
        cause: Cause | None = None,
        duration_s: float = 0.0,
    ) -> Verdict:
        return Verdict(
            scenario.id,
            Gate.INTEGRATION,
            Level.MUST,
            outcome,
            scenario.requirement,
            source="live",
            findings=findings,
            cause=cause,
            reproduce=f"{scenario.describe()} at {public(self.url)}",
            duration_s=duration_s,
        )


def _cut(wall_s: float) -> Cause:
    return Cause(
        "gateway:cut",
        f"the gateway: no end within {wall_s:g} s: sixgates cut there, by its own deadline",
        (
            "wait longer: --deadline SECONDS, or --time-budget where that ended it",
            "look at the gateway's log",
        ),
    )


@cache
def _unready(url: str, has_key: bool, connection: Connection) -> Cause | None:
    """Why the running gateway cannot be asked, found once for each process."""
    import httpx

    shown, mask = public(url), redactor((*secrets_in_address(url), *connection.secrets())).text
    if not has_key:
        export = f"export {KEY_VARIABLE}=... (the master_key of the gateway at {shown})"
        return Cause("gateway-key-missing", f"{KEY_VARIABLE} is not set", (export,))
    steps = (
        f"curl -s {shown}/health/readiness{connection.curl()}",
        "start the gateway, or correct --gateway-url",
    )
    try:
        answer = httpx.get(
            f"{url}/health/readiness",
            timeout=5.0,
            trust_env=False,
            headers=connection.sent(),
            **connection.options(https=url.startswith("https:")),
        )
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        return Cause("gateway-unreachable", f"no gateway at {shown}: {mask(str(error))}", steps)
    if answer.status_code != 200:
        return Cause(
            "gateway-not-ready", f"{shown}/health/readiness answers {answer.status_code}, not 200", steps
        )
    return None


def _plain(url: str) -> str:
    return url.rstrip("/").replace("://localhost", "://127.0.0.1")
