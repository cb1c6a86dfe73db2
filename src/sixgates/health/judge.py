"""The health checks of one provider: each asks, with the config's patience, and says what it found."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sixgates.board import Watch
from sixgates.config import HealthCheck, Model, Provider, ProviderType
from sixgates.exchange import FailureKind, Finding, TransportError
from sixgates.health import fetch, generation, systemd, tool_server
from sixgates.health.address import Address, masked, secrets_of
from sixgates.health.answers import Trouble, listed_models, missing_models, trouble_of_health, trouble_of_page
from sixgates.health.knowledge import knowledge_of
from sixgates.health.symptoms import cause_of, curl, next_steps, symptom_of
from sixgates.inputs.key import cause_of as key_cause
from sixgates.symptom import Symptom
from sixgates.verdict import Cause, Gate, Level, Outcome, Verdict

REQUIREMENTS = {
    "health.port_open": "The provider accepts TCP connections at its base_url.",
    "health.endpoint_answers": "The health endpoint answers with success, in the form of its type.",
    "health.models_listed": "The models endpoint lists every model that providers.yaml names.",
    "health.generates": "A short request to a model brings text, reasoning, a tool call or a vector.",
    "health.unit_active": "The systemd unit that providers.yaml names is active.",
    "health.page_is_html": "The web interface answers with an HTML page.",
    "health.mcp_initializes": "The tool server completes an MCP initialize over streamable HTTP.",
}
_HINT = 290
_GOT = 240
T = TypeVar("T")


def checks_of(provider: Provider) -> tuple[str, ...]:
    """The ids of the health checks that fit a provider's type and config, prerequisites first."""
    unit = ("health.unit_active",) if systemd.unit_of(provider) else ()
    asked = ("health.endpoint_answers",) if provider.health_endpoint else ()
    match provider.type:
        case ProviderType.WEB_UI:
            return ("health.port_open", *unit, *asked, "health.page_is_html")
        case ProviderType.TOOL_SERVER:
            return ("health.port_open", *unit, *asked, "health.mcp_initializes")
        case _:
            return (
                "health.port_open",
                *unit,
                "health.endpoint_answers",
                "health.models_listed",
                "health.generates",
            )


def judge_provider(
    name: str,
    provider: Provider,
    watch: Watch | None = None,
    unreachable: Cause | None = None,
    most_s: float = math.inf,
) -> dict[str, Verdict]:
    """Every health check of one provider; the first that fails below the others blocks them.

    With a cause why nothing can be sent from here all are blocked; one question takes `most_s` at most.
    """
    return _Visit(name, provider, unreachable, most_s).verdicts(watch or Watch())


def blocked(name: str, provider: Provider, cause: Cause) -> dict[str, Verdict]:
    """The verdicts on a provider that was not visited, for this cause."""
    visit = _Visit(name, provider)
    return {check: visit.unasked(check, cause) for check in checks_of(provider)}


@dataclass(frozen=True, slots=True)
class _Patience:
    """The result of the last try, and what the tries took."""

    tries: int
    elapsed_s: float

    def __str__(self) -> str:
        return f"{self.tries} {'try' if self.tries == 1 else 'tries'} in {self.elapsed_s:.1f} s"


class _Visit:
    """One provider's checks in order; answers that two checks need are asked for once."""

    def __init__(
        self, name: str, provider: Provider, unreachable: Cause | None = None, most_s: float = math.inf
    ) -> None:
        self.name, self.provider = name, provider
        self.known, self.address = knowledge_of(provider), Address.of(provider.base_url)
        self.secrets = secrets_of(provider)
        limits = provider.health_check or HealthCheck()
        self.limits = limits.model_copy(update={"timeout": min(limits.timeout, most_s)})
        longest = max(generation.DEADLINE_S, limits.timeout, provider.deadline or 0.0)
        self.deadline = min(longest, most_s)
        self.cause = unreachable
        self.answers: dict[str, tuple[fetch.Answer, _Patience]] = {}

    def unasked(self, check: str, cause: Cause) -> Verdict:
        return self._verdict(check, Outcome.BLOCKED, cause=cause)

    def verdicts(self, watch: Watch) -> dict[str, Verdict]:
        judges: dict[str, Callable[[], Verdict]] = {
            "health.port_open": self._port_open,
            "health.unit_active": self._unit_active,
            "health.endpoint_answers": self._endpoint_answers,
            "health.models_listed": self._models_listed,
            "health.generates": self._generates,
            "health.page_is_html": self._page_is_html,
            "health.mcp_initializes": self._mcp_initializes,
        }
        found: dict[str, Verdict] = {}
        for check in checks_of(self.provider):
            watch.begins(check)
            if self.cause and check != "health.unit_active":
                found[check] = self.unasked(check, self.cause)
            else:
                found[check] = judges[check]()
            watch.ends(check)
            watch.keeps(check, found[check])
            # The port was asked without a key; what cannot be sent is found before anything with it is.
            self.cause = self.cause or key_cause(self.provider.api_key_env)
        return found

    def _port_open(self) -> Verdict:
        check = "health.port_open"
        if proxy := "`proxy`" if self.provider.proxy else self.address.proxy:
            reason = f"reached through the proxy that {proxy} names; health.endpoint_answers judges it"
            return self._verdict(check, Outcome.NOT_APPLICABLE, reason=reason)
        timeout = self.limits.timeout
        error, took = self._patiently(lambda: fetch.connect(self.address, timeout), _passing)
        if error is None:
            return self._verdict(check, Outcome.PASSED)
        wanted = f"a TCP connection to {self.address.socket}"
        return self._failed(check, self._transport(error), took, self.address.shown(), wanted)

    def _endpoint_answers(self) -> Verdict:
        check = "health.endpoint_answers"
        for path in (paths := self.known.asked(self.provider)):
            answer, took = self._ask(path)
            if answer.status != 404 or path == paths[-1]:
                break
        trouble = self._transport(answer.error) if answer.error else trouble_of_health(answer, self.provider)
        if not trouble:
            return self._verdict(check, Outcome.PASSED)
        return self._failed(
            check, trouble, took, self.address.shown(path), "200 from the health endpoint", path
        )

    def _models_listed(self) -> Verdict:
        check, path = "health.models_listed", self.known.models_path
        answer, took = self._ask(path)
        wanted, trouble = "a list of models", None
        if answer.error:
            trouble = self._transport(answer.error)
        else:
            listed = listed_models(answer, self.provider)
            if isinstance(listed, Trouble):
                trouble = listed
            elif missing := missing_models(listed, self.provider):
                wanted = f"the configured model{'s' * (len(missing) > 1)} {', '.join(missing)}"
                trouble = Trouble(
                    Symptom.WRONG_MODEL, f"only {', '.join(listed[:8]) or 'an empty list'}", tuple(missing)
                )
        if not trouble:
            return self._verdict(check, Outcome.PASSED)
        return self._failed(check, trouble, took, self.address.shown(path), wanted, path)

    def _generates(self) -> Verdict:
        check, named = "health.generates", self.provider.model_names
        if self.known.named_only and not named:
            outcome, reason = generation.unnamed(self.name, self.provider)
            return self._verdict(check, outcome, reason=reason)
        model = next(iter(named or self._listed()), "")
        if not model:
            summary = "no model is configured and none is listed, so nothing can be generated"
            cause = cause_of(self.name, self.provider, Symptom.WRONG_MODEL, summary)
            return self._verdict(check, Outcome.BLOCKED, cause=cause)
        found = generation.first_trouble(self.provider, model, self._send)
        if found is None:
            return self._verdict(check, Outcome.PASSED)
        question, trouble, took = found
        where, wanted = self.address.shown(question.way.path), f"{question.way.wanted} from the model {model}"
        verdict = self._failed(check, trouble, took, where, wanted)
        flags = f"-sS -i -m {self.deadline:g}"
        line = curl(self.provider, question.way.path, flags=flags, body=question.body)
        return replace(verdict, reproduce=line)

    def _listed(self) -> list[str]:
        listed = listed_models(self._ask(self.known.models_path)[0], self.provider)
        return [] if isinstance(listed, Trouble) else listed

    def _send(self, question: generation.Question) -> generation.Sent:
        path, body, timeout = question.way.path, question.body.encode(), self.deadline
        answer, took = self._patiently(
            lambda: fetch.post(self.provider, path, body, timeout), generation.lasting, timeout
        )
        return generation.Sent(
            answer, str(took), self._transport(answer.error, timeout) if answer.error else None
        )

    def _page_is_html(self) -> Verdict:
        check = "health.page_is_html"
        answer, took = self._ask("/")
        trouble = self._transport(answer.error) if answer.error else trouble_of_page(answer)
        if not trouble:
            return self._verdict(check, Outcome.PASSED)
        return self._failed(check, trouble, took, self.address.shown("/"), "an HTML page", "/")

    def _mcp_initializes(self) -> Verdict:
        check = "health.mcp_initializes"
        if not tool_server.sdk_present():
            return self._verdict(check, Outcome.BLOCKED, cause=tool_server.MISSING_SDK)
        timeout = self.limits.timeout
        said, took = self._patiently(lambda: tool_server.initialize(self.provider, timeout), _passing)
        if said is None:
            return self._verdict(check, Outcome.PASSED)
        trouble = self._transport(said) if isinstance(said, TransportError) else said
        wanted = "an MCP initialize result"
        where = self.address.shown(tool_server.path_of(self.address))
        return self._failed(check, trouble, took, where, wanted, tool_server.path_of(self.address))

    def _unit_active(self) -> Verdict:
        check, name = "health.unit_active", systemd.unit_of(self.provider)
        if not self.address.here:
            reason = f"unit {name} runs on {self.address.host}, not on this machine"
            return self._verdict(check, Outcome.NOT_APPLICABLE, reason=reason)
        unit = systemd.ask(name)
        if unit.missing:
            reason = f"unit {name} cannot be asked for: {unit.missing}"
            return self._verdict(check, Outcome.NOT_APPLICABLE, reason=reason)
        if unit.active:
            return self._verdict(check, Outcome.PASSED)
        steps = f"systemctl {unit.scope} start {name}; journalctl {unit.scope} -u {name} -n 50 --no-pager"
        if unit.state == "not-found":
            steps = f"install the unit, or correct service of providers.{self.name} in providers.yaml"
        finding = Finding(name, "active", unit.state, steps)
        return self._verdict(check, Outcome.FAILED, findings=(finding,))

    def _ask(self, path: str) -> tuple[fetch.Answer, _Patience]:
        if path not in self.answers:
            timeout = self.limits.timeout
            self.answers[path] = self._patiently(lambda: fetch.get(self.provider, path, timeout), _lasting)
        return self.answers[path]

    def _patiently(
        self, ask: Callable[[], T], lasting: Callable[[T], bool], within_s: float = math.inf
    ) -> tuple[T, _Patience]:
        """The last of several tries; none begins after `within_s`."""
        start, tries = time.monotonic(), 1
        while not lasting(result := ask()) and tries <= self.limits.retries:
            if time.monotonic() - start + self.limits.interval > within_s:
                break
            tries += 1
            time.sleep(self.limits.interval)
        return result, _Patience(tries, time.monotonic() - start)

    def _transport(self, error: TransportError, timeout: float | None = None) -> Trouble:
        late = error.kind in (FailureKind.DEADLINE, FailureKind.CONNECT_TIMEOUT)
        within = f" within {timeout or self.limits.timeout:g} s" if late else ""
        return Trouble(symptom_of(error.kind), f"{_WORDS.get(error.kind, '')}{error.detail}{within}")

    def _failed(
        self, check: str, trouble: Trouble, took: object, where: str, wanted: str, path: str = ""
    ) -> Verdict:
        got = f"{self._clean(trouble.got)} ({trouble.symptom}, {took})"
        absent = [Model(name=model) for model in trouble.missing] or self.provider.models
        meant = self.provider.serving(absent)
        steps = next_steps(self.name, meant, trouble.symptom)
        if trouble.symptom is not Symptom.WRONG_MODEL:
            self.cause = cause_of(self.name, self.provider, trouble.symptom, f"{where}: {got}")
        finding = Finding(where, wanted, got, _joined(steps))
        reproduce = curl(self.provider, path, flags="-sS -i -m 10")
        return self._verdict(check, Outcome.FAILED, findings=(finding,), reproduce=reproduce)

    def _clean(self, text: str) -> str:
        text = masked(text, self.secrets)
        return text if len(text) <= _GOT else f"{text[:_GOT]}…"

    def _verdict(self, check: str, outcome: Outcome, **more: Any) -> Verdict:
        return Verdict(
            check,
            Gate.HEALTH,
            Level.MUST,
            outcome,
            REQUIREMENTS[check],
            self.name,
            source="live",
            **more,
        )


_WORDS = {FailureKind.DNS: "DNS does not know the host: "}


def _joined(steps: tuple[str, ...]) -> str:
    """The first steps as far as one line of a report holds them; `reproduce` carries the check by curl."""
    said = ""
    for step in steps:
        if step.startswith("check: "):
            continue
        if said and len(said) + len(step) + 2 > _HINT:
            break
        said = f"{said}; {step}" if said else step
    return said


def _passing(result: object) -> bool:
    """Nothing is wrong, or what is wrong does not mend by waiting."""
    if isinstance(result, Trouble):
        return result.symptom is not Symptom.LOADING
    return result is None or (isinstance(result, TransportError) and result.kind is FailureKind.TLS)


def _lasting(answer: fetch.Answer) -> bool:
    if answer.error:
        return answer.error.kind in (FailureKind.TLS, FailureKind.TOO_LARGE, FailureKind.PROTOCOL)
    return answer.status < 500 and answer.status != 429
