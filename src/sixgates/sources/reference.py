"""Exchanges with a provider that is a function in this process: the reference provider or a mutant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sixgates.catalogue import Auth, Probe
from sixgates.exchange import Exchange, Request
from sixgates.judge import Answer, NotSent
from sixgates.reference.mutants import MutantProvider
from sixgates.reference.provider import ReferenceProvider
from sixgates.select import Unmet
from sixgates.sources.secrets import Scrubber, secrets_of


def answers(
    provider: ReferenceProvider | MutantProvider, probes: Iterable[Probe], *, context_length: int = 2048
) -> Mapping[str, Answer]:
    """Send every probe to the provider, in order, without a socket."""
    found: dict[str, Answer] = {}
    inner = provider.inner if isinstance(provider, MutantProvider) else provider
    scrubber = Scrubber(secrets_of("", inner.key))
    for probe in probes:
        earlier = found.get(probe.after.name) if probe.after else None
        try:
            previous = earlier if isinstance(earlier, Exchange) else None
            request = probe.request(inner.model, previous, context_length=context_length)
        except Unmet as unmet:
            found[probe.name] = NotSent(str(unmet))
            continue
        exchange = _exchange(provider, probe, with_key(request, probe.auth, inner.key))
        found[probe.name] = scrubber.exchange(exchange)
    return found


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
