"""What a server shows of a capability: offered, refused, accepted without effect, not there, or broken.

A detector names one request, which the contract sends anyway to whoever declares the capability, and judges its
exchange. It serves twice: `--capabilities auto` asks it what to judge, and it is the check `capability.NAME`,
which fails where a capability is declared and missing, or asked for and broken: a crash is no refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sixgates.capability import CAPABILITIES, Offer, Shown
from sixgates.catalogue import CATALOGUE, MUST, CatalogueError, Check, Probe
from sixgates.exchange import Exchange, Finding
from sixgates.select import Findings, Json, Unmet, shown
from sixgates.verdict import Cause
from sixgates.views import Document, Reply

Effect = Callable[..., Findings]
"""Yields what is missing from the effect of an accepted request; takes its exchange and those beside it."""


@dataclass(frozen=True, slots=True)
class Detector:
    """How one capability shows: `effect` is asked only where the request was accepted, or never with `refusal`."""

    capability: str
    probe: Probe
    effect: Effect | None = None
    beside: tuple[Probe, ...] = ()

    @property
    def probes(self) -> tuple[Probe, ...]:
        """The request that shows it, and those to compare with."""
        return (self.probe, *self.beside)

    def shown(self, *exchanges: Exchange) -> Shown:
        """The judgement of the exchanges of `probes`, in their order; never raises on what a server sends."""
        response, error = exchanges[0].response, exchanges[0].error
        if response is None:
            return Shown(Offer.BROKEN, f"no answer: {error.detail if error else 'nothing came'}")
        # Not quoted, since a body of JSON would be all backslashes; whoever shows it makes it visible.
        seen = f"{response.status} {' '.join(response.body[:200].decode(errors='replace').split())}".rstrip()
        if self.effect is None and response.status in {401, 403}:
            return Shown(Offer.OFFERED, seen)
        refusal = _without_effect(response.status)
        if refusal is not None:
            return Shown(refusal, seen)
        if self.effect is None:
            return Shown(Offer.IGNORED, f"{response.status} without a key")
        if error is not None:
            return Shown(Offer.BROKEN, f"{seen}, then {error.detail}")
        return self._by_effect(self.effect, exchanges)

    def _by_effect(self, effect: Effect, exchanges: tuple[Exchange, ...]) -> Shown:
        missing = _first(effect, exchanges)
        if missing is None:
            return Shown(Offer.OFFERED, "200, with its effect")
        for probe, other in zip(self.beside, exchanges[1:], strict=True):
            status = other.response.status if other.response and not other.error else None
            if status != 200:
                got = status or "no whole answer"
                return Shown(Offer.UNCLEAR, f"200, and nothing to compare it with: {probe.name} got {got}")
        return Shown(
            Offer.IGNORED, f"200, but {missing.where}: expected {missing.expected}, got {missing.got}"
        )

    def findings(self, *exchanges: Exchange) -> Findings:
        """The check that the capability is offered, or that asking for it breaks nothing."""
        seen = self.shown(*exchanges)
        if seen.offer is Offer.BROKEN:
            yield Finding(self.probe.name, "offered, or refused with 4xx", seen.reason)
        elif seen.offer is not Offer.OFFERED:
            expected = f"{CAPABILITIES[self.capability]}: declared, and so offered"
            yield Finding(self.probe.name, expected, f"{seen.offer}: {seen.reason}")


_NOT_NOW = frozenset({408, 425, 429})
"""Refusals of the moment, which say nothing of what is offered."""


def _without_effect(status: int) -> Offer | None:
    """What a status other than 200 shows; only a refusal shows that a capability is not offered."""
    if status in {404, 405, 501}:
        return Offer.ABSENT
    if 400 <= status < 500 and status not in _NOT_NOW:
        return Offer.REFUSED
    if status >= 500:
        return Offer.BROKEN
    return None if status == 200 else Offer.UNCLEAR


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A capability that is not declared: why its checks do not apply, or the cause that blocks them.

    `shown` is what came where the provider was asked for it.
    """

    reason: str = ""
    shown: Shown | None = None
    cause: Cause | None = None

    @property
    def broken(self) -> bool:
        """Whether the provider was asked, and it broke."""
        return self.shown is not None and self.shown.offer is Offer.BROKEN


def check_of(capability: str) -> str:
    """The id of the check that a capability is offered."""
    return f"capability.{capability}"


def _first(effect: Effect, exchanges: Iterable[Exchange]) -> Finding | None:
    try:
        return next(effect(*exchanges), None)
    except Unmet as unmet:
        return unmet.finding


DETECTORS: dict[str, Detector] = {}


def detector(
    capability: str,
    *,
    probe: Probe,
    effect: Effect | None,
    evidence: Iterable[str],
    beside: Iterable[Probe] = (),
    breaks: Iterable[str] = (),
    luck: str = "",
) -> None:
    """Register how a capability shows, and with it the check `capability.NAME`; `effect` None means by refusal."""
    if capability not in CAPABILITIES or capability in DETECTORS:
        raise CatalogueError(f"detector {capability}: no such capability, or it has a detector")
    found = Detector(capability, probe, effect, tuple(beside))
    DETECTORS[capability] = found
    views: tuple[Any, ...] = (Exchange,) * len(found.probes)
    CATALOGUE.add(
        Check(
            id=check_of(capability),
            level=MUST,
            requirement=f"What is declared is offered: {CAPABILITIES[capability]}.",
            probes=found.probes,
            together=True,
            judge=found.findings,
            views=views,
            evidence=tuple(evidence),
            breaks=tuple(breaks),
            capability=capability,
            unconditional=True,
            luck=luck,
        )
    )


def detect(answers: Mapping[str, object]) -> dict[str, Shown]:
    """What the answers show of each capability whose requests were answered."""
    found = {}
    for name, each in DETECTORS.items():
        exchanges = [answers.get(probe.name) for probe in each.probes]
        answered = [exchange for exchange in exchanges if isinstance(exchange, Exchange)]
        if len(answered) == len(exchanges):
            found[name] = each.shown(*answered)
    return found


def has(where: str, expected: str, value: Callable[[Document], Json], holds: Callable[[Any], bool]) -> Effect:
    """The effect that one value of the answer shows, such as logprobs that were asked for."""

    def effect(exchange: Exchange, *_: Exchange) -> Findings:
        found = value(Document.of(exchange))
        if not holds(found.value):
            yield Finding(found.where or where, expected, shown(found.value))

    return effect


def answered_with(name: str) -> Effect:
    """The effect of an endpoint: a JSON object with this member that is neither null nor empty."""
    return has(f"/{name}", f"a document with {name}", lambda document: document[name], bool_of)


def bool_of(value: Any) -> bool:
    """Whether a JSON value is there and not empty."""
    return isinstance(value, list | dict | str) and bool(value)


def two_choices(exchange: Exchange, *_: Exchange) -> Findings:
    """The effect of `n: 2`."""
    choices = Document.of(exchange).choices
    if len(choices) != 2:
        yield Finding("/choices", "two choices", str(len(choices)))


def logprobs_given(exchange: Exchange, *_: Exchange) -> Findings:
    """The effect of `logprobs: true`."""
    entries = Document.of(exchange).choices[0]["logprobs"]["content"]
    if not isinstance(entries.value, list) or not entries.value:
        yield entries.finding("an entry for each token")


def json_object_given(exchange: Exchange, *_: Exchange) -> Findings:
    """The effect of a JSON mode: the content starts as an object does, whether or not the limit cut it."""
    content = Document.of(exchange).message["content"]
    if not content.text.lstrip().startswith("{"):
        yield content.finding("the start of a JSON object")


def same_as_before(exchange: Exchange, before: Exchange, *_: Exchange) -> Findings:
    """The effect of `seed`: the same sampled text as in the exchange beside it."""
    first, again = (Document.of(each).message["content"] for each in (before, exchange))
    if again.text != first.text:
        yield again.finding(f"the text of the answer before, {shown(first.text)}")


def other_than_before(exchange: Exchange, before: Exchange, *_: Exchange) -> Findings:
    """The effect of `logit_bias`: no beginning of the text of the exchange beside it, which had none."""
    first, biased = (Document.of(each).message["content"] for each in (before, exchange))
    if first.text.startswith(biased.text):
        yield biased.finding(f"another text than without it, {shown(first.value)}")


def read_by_the_model(exchange: Exchange, plain: Exchange) -> Findings:
    """Whether what was added to the request reached the prompt: it has many more tokens than a plain one."""
    used = Document.of(exchange)["usage"]["prompt_tokens"]
    less = Document.of(plain)["usage"]["prompt_tokens"].integer
    if used.integer < less + 40:
        yield used.finding(f"40 tokens more than without it, that is {less + 40}")


def status_200(exchange: Exchange, *_: Exchange) -> Findings:
    """The effect of what shows by its acceptance alone."""
    yield from Reply.of(exchange).status_in(200)
