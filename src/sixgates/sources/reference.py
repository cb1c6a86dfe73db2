"""Exchanges with a provider that is a function in this process: the reference provider or a mutant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sixgates.bundles.asking import asked_apart
from sixgates.catalogue import Auth, Probe, load
from sixgates.exchange import Exchange, Request
from sixgates.gauge import running
from sixgates.judge import Answer, NotSent
from sixgates.reference.mutants import MutantProvider
from sixgates.reference.provider import ReferenceProvider
from sixgates.select import Unmet
from sixgates.sources.secrets import Scrubber, secrets_of


def answers(
    provider: ReferenceProvider | MutantProvider, probes: Iterable[Probe], *, context_length: int = 2048
) -> Mapping[str, Answer]:
    """Send every probe to the provider, in order, without a socket; what it refuses is asked one by one."""
    found: dict[str, Answer] = {}

    def send(wanted: tuple[Probe, ...]) -> Mapping[str, Answer]:
        return _answers(provider, wanted, found, context_length)

    found |= send(tuple(probes))
    return found | asked_apart(load(), found, send)


def _answers(
    provider: ReferenceProvider | MutantProvider,
    probes: tuple[Probe, ...],
    before: Mapping[str, Answer],
    context_length: int,
) -> dict[str, Answer]:
    found: dict[str, Answer] = {}
    gauges = [probe.gauge for probe in probes if probe.gauge is not None]
    inner = provider.inner if isinstance(provider, MutantProvider) else provider
    scrubber = Scrubber(secrets_of("", inner.key))
    for probe in (probe for probe in probes if probe not in gauges):
        earlier = {**before, **found}.get(probe.after.name) if probe.after else None
        try:
            previous = earlier if isinstance(earlier, Exchange) else None
            request = probe.request(inner.model, previous, context_length=context_length)
        except Unmet as unmet:
            found[probe.name] = NotSent(str(unmet))
            continue
        request = with_key(request, probe.auth, inner.key)
        if probe.gauge is None:
            found[probe.name] = scrubber.exchange(_bounded(probe, _exchange(provider, probe, request)))
            continue
        asked = with_key(probe.gauge.request(inner.model), probe.gauge.auth, inner.key)
        exchanges = _left(provider, probe, request, probe.gauge, asked)
        found |= {each.probe: scrubber.exchange(each) for each in exchanges}
    return found


def _bounded(probe: Probe, exchange: Exchange) -> Exchange:
    """As much of an answer as its client stays for."""
    response, after = exchange.response, probe.hang_up_after
    if response is None or after is None or len(response.chunks) < after:
        return exchange
    return replace(exchange, response=replace(response, chunks=response.chunks[:after]), error=None, left=0)


def _left(
    provider: ReferenceProvider | MutantProvider, probe: Probe, request: Request, gauge: Probe, asked: Request
) -> tuple[Exchange, Exchange]:
    """The beginning of a stream that its client leaves, and the gauge after that."""
    provider.begin(request)
    exchange = _exchange(provider, probe, request)
    response, after = exchange.response, probe.hang_up_after
    if response is not None and len(response.chunks) > (after or 0):
        meanwhile = running(_exchange(provider, gauge, asked))
        exchange = replace(_bounded(probe, exchange), left=meanwhile or 0)
    provider.end(request, left=exchange.left is not None)
    return exchange, _exchange(provider, gauge, asked)


def with_key(request: Request, auth: Auth, key: str | None) -> Request:
    """The request with the credentials that the probe asks for; `key` None means that there are none to show."""
    shown = auth.header(key)
    return (
        request if shown is None else replace(request, headers=(*request.headers, ("Authorization", shown)))
    )


def _exchange(provider: ReferenceProvider | MutantProvider, probe: Probe, request: Request) -> Exchange:
    response = provider.respond(request)
    error = None
    if isinstance(provider, MutantProvider) and provider.mutant.on(request):
        error = provider.mutant.cut
    last = response.chunks[-1].at if response.chunks else 0.0
    return Exchange(probe.name, request, response, error, last)
