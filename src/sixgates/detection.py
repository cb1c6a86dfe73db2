"""What a server shows of a capability: offered, refused, accepted without effect, not there, broken, or not seen.

A detector names one request, which the contract sends anyway to whoever declares the capability, and judges its
exchange. It serves twice: `--capabilities auto` asks it what to judge, and it is the check `capability.NAME`,
which fails where a capability is declared and missing, or asked for and broken, or accepted and ignored: only a
refusal says that something is not offered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sixgates.capability import CAPABILITIES, Offer, Shown
from sixgates.catalogue import CATALOGUE, MUST, CatalogueError, Check, Probe
from sixgates.effects import Effect
from sixgates.exchange import Exchange, Finding
from sixgates.features.words import refused_for_another
from sixgates.select import Findings, Unmet, Unseen, shown
from sixgates.verdict import Cause


@dataclass(frozen=True, slots=True)
class Detector:
    """How one capability shows.

    `effect` is asked where a request was accepted, with the exchanges `beside` to compare with; where it is None,
    the capability shows by a refusal. `more` ask for the same in other ways: what any of them shows, is offered. A
    capability `within` another shows by what is sent anyway to whoever offers that; where it is ignored, the check
    `said_by` says so already.
    """

    capability: str
    probe: Probe
    effect: Effect | None = None
    beside: tuple[Probe, ...] = ()
    more: tuple[Probe, ...] = ()
    within: str | None = None
    said_by: str | None = None

    @property
    def needed(self) -> tuple[Probe, ...]:
        """The request without which nothing shows, and those to compare with."""
        return (self.probe, *self.beside)

    @property
    def probes(self) -> tuple[Probe, ...]:
        """Everything that may show it."""
        return (*self.needed, *self.more)

    def shown(self, *exchanges: Exchange | None) -> Shown:
        """The judgement of the exchanges of `probes`, in their order; never raises on what a server sends.

        Of `more` those may be missing that were not sent. The best sign counts: a call in one of three answers is
        an offer, whatever became of the others; and of what is no offer a crash, before a refusal.
        """
        first, *others = exchanges
        beside, more = others[: len(self.beside)], others[len(self.beside) :]
        asked = zip((self.probe, *self.more), (first, *more), strict=False)
        found = [self._shown(probe, each, beside) for probe, each in asked if each is not None]
        return min(found, key=lambda one: _BEST_FIRST[one.offer])

    def _shown(self, probe: Probe, exchange: Exchange, beside: Iterable[Exchange | None]) -> Shown:
        response, error = exchange.response, exchange.error
        if response is None:
            return Shown(Offer.BROKEN, f"no answer: {error.detail if error else 'nothing came'}", probe.name)
        # Not quoted, since a body of JSON would be all backslashes; whoever shows it makes it visible.
        seen = f"{response.status} {' '.join(response.body[:200].decode(errors='replace').split())}".rstrip()
        if self.effect is None and response.status in {200, 401, 403}:
            keyless = response.status == 200
            shown = Offer.ABSENT if keyless else Offer.OFFERED
            return Shown(shown, "200 without a key" if keyless else seen, probe.name)
        refusal = _without_effect(response.status)
        other = refused_for_another(exchange, self.capability)
        if other is not None:
            return Shown(Offer.UNCLEAR, f"{seen}: refused for {other.name}", probe.name)
        if refusal is not None or self.effect is None:
            return Shown(refusal or Offer.UNCLEAR, seen, probe.name)
        if error is not None:
            return Shown(Offer.BROKEN, f"{seen}, then {error.detail}", probe.name)
        return self._by_effect(self.effect, probe, exchange, list(beside))

    def _by_effect(
        self, effect: Effect, probe: Probe, exchange: Exchange, beside: list[Exchange | None]
    ) -> Shown:
        try:
            missing = next(effect(exchange, *beside), None)
        except Unseen as unseen:
            return Shown(Offer.UNSEEN, f"200, but {unseen}", probe.name)
        except Unmet as unmet:
            missing = unmet.finding
        if missing is None:
            return Shown(Offer.OFFERED, "200, with its effect", probe.name)
        for compared, other in zip(self.beside, beside, strict=True):
            status = other.response.status if other and other.response and not other.error else None
            if status != 200:
                got = status or "no whole answer"
                why = f"200, and nothing to compare it with: {compared.name} got {got}"
                return Shown(Offer.UNCLEAR, why, probe.name)
        said = f"200, but {missing.where}: expected {missing.expected}, got {missing.got}"
        return Shown(Offer.IGNORED, said, probe.name)

    def findings(self, *exchanges: Exchange | None) -> Findings:
        """The check that the capability is offered, or that asking for it neither breaks anything nor is ignored."""
        seen = self.shown(*exchanges)
        match seen.offer:
            case Offer.OFFERED:
                return
            case Offer.UNSEEN:
                raise Unseen(f"{seen.probe} got {seen.reason}")
            case Offer.BROKEN:
                yield Finding(seen.probe, "offered, or refused with 4xx", seen.reason)
            case Offer.IGNORED:
                yield Finding(seen.probe, "its effect, or a refusal with 4xx", f"{seen.offer}: {seen.reason}")
            case _:
                expected = f"{CAPABILITIES[self.capability]}: declared, and so offered"
                yield Finding(seen.probe, expected, f"{seen.offer}: {seen.reason}")

    def lacks(self, *exchanges: Exchange | None) -> Findings:
        """What keeps the first request from being an offer, at its own place, as other checks say it."""
        name, exchange = self.probe.name, exchanges[0]
        response = exchange.response if exchange else None
        if exchange is None or response is None or exchange.error is not None:
            yield Finding(f"{name}: connection", "a complete HTTP response", "none")
        elif response.status != 200 or self.effect is None:
            yield Finding(
                f"{name}: status", "200", f"{response.status} {shown(response.body.decode(errors='replace'))}"
            )
        else:
            try:
                missing = list(self.effect(exchange, *exchanges[1 : 1 + len(self.beside)]))
            except Unmet as unmet:
                missing = [unmet.finding]
            yield from (replace(each, where=f"{name}: {each.where}") for each in missing)


_BEST_FIRST = {
    Offer.OFFERED: 0,
    Offer.BROKEN: 1,
    Offer.IGNORED: 2,
    Offer.UNSEEN: 3,
    Offer.UNCLEAR: 4,
    Offer.REFUSED: 5,
    Offer.ABSENT: 5,
}
_REFUSES = frozenset({400, 406, 413, 415, 422})
_ABSENT = frozenset({404, 405, 410, 501})


def _without_effect(status: int) -> Offer | None:
    """What a status other than 200 shows; only a refusal shows that a capability is not offered.

    No refusal of what was asked for are those of whoever asks (401, 402, 403, 407) and of the moment (408, 409, 425,
    429, and whatever else is not listed here).
    """
    if status in _ABSENT:
        return Offer.ABSENT
    if status in _REFUSES:
        return Offer.REFUSED
    if status >= 500:
        return Offer.BROKEN
    return None if status == 200 else Offer.UNCLEAR


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A capability that is not declared: why its checks do not apply, or the cause that blocks them.

    `shown` is what came where the provider was asked for it. It is `held` to that where nobody said what it offers.
    """

    reason: str = ""
    shown: Shown | None = None
    cause: Cause | None = None
    held: bool = False
    said_by: str | None = None
    """The check that says of an ignored parameter what `capability.NAME` says."""

    @property
    def judged(self) -> bool:
        """Whether its own check is judged: what came is broken or ignored, or leaves it open."""
        offer = self.shown and self.shown.offer
        if self.held:
            return offer in {Offer.BROKEN, Offer.IGNORED, Offer.UNSEEN}
        return offer is Offer.BROKEN or (offer is Offer.IGNORED and self.said_by is None)

    @property
    def refused(self) -> bool:
        """Whether what came says that it is not offered."""
        return self.shown is not None and self.shown.offer in {Offer.REFUSED, Offer.IGNORED, Offer.ABSENT}

    @property
    def left_open(self) -> bool:
        """Whether the provider is held to its answers, and they leave it open."""
        return self.held and self.shown is not None and self.shown.offer is Offer.UNSEEN


def check_of(capability: str) -> str:
    """The id of the check that a capability is offered."""
    return f"capability.{capability}"


DETECTORS: dict[str, Detector] = {}


def detector(
    capability: str,
    *,
    probe: Probe,
    effect: Effect | None,
    evidence: Iterable[str],
    beside: Iterable[Probe] = (),
    more: Iterable[Probe] = (),
    within: str | None = None,
    said_by: str | None = None,
    breaks: Iterable[str] = (),
    luck: str = "",
) -> None:
    """Register how a capability shows, and with it the check `capability.NAME`; `effect` None means by refusal."""
    if capability not in CAPABILITIES or capability in DETECTORS:
        raise CatalogueError(f"detector {capability}: no such capability, or it has a detector")
    if within is not None and within not in DETECTORS:
        raise CatalogueError(f"detector {capability}: {within} has no detector yet")
    found = Detector(capability, probe, effect, tuple(beside), tuple(more), within, said_by)
    DETECTORS[capability] = found
    views: tuple[Any, ...] = (Exchange,) * len(found.probes)
    meant = CAPABILITIES[capability]
    CATALOGUE.add(
        Check(
            id=check_of(capability),
            level=MUST,
            requirement=f"What is declared is offered, and what is accepted is not ignored: {meant}.",
            probes=found.probes,
            together=True,
            judge=found.findings,
            views=views,
            evidence=tuple(evidence),
            breaks=tuple(breaks),
            capability=capability,
            unconditional=True,
            luck=luck,
            spare=found.more,
        )
    )


def detect(answers: Mapping[str, object]) -> dict[str, Shown]:
    """What the answers show of each capability whose requests were answered."""
    found: dict[str, Shown] = {}
    for name, each in DETECTORS.items():
        exchanges = [_exchange(answers.get(probe.name)) for probe in each.probes]
        outer = found.get(each.within or "")
        if None in exchanges[: len(each.needed)]:
            continue
        if each.within is None or (outer is not None and outer.offer is Offer.OFFERED):
            found[name] = each.shown(*exchanges)
    return found


def _exchange(answer: object) -> Exchange | None:
    return answer if isinstance(answer, Exchange) else None
