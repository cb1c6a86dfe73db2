"""Tells from the first two exchanges whether a provider can be judged at all, and if not, the one cause."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sixgates.capability import CHAT
from sixgates.catalogue import Probe
from sixgates.exchange import Exchange
from sixgates.judge import Answer
from sixgates.probes.chat import chat
from sixgates.probes.embeddings import embeddings
from sixgates.probes.models import models_list
from sixgates.select import shown
from sixgates.symptom import OF_FAILURE, Symptom


def first_probes(capabilities: Iterable[str]) -> tuple[Probe, Probe]:
    """What a provider is asked before anything else: its models and chat, or one embedding if it does not chat."""
    return models_list, chat if CHAT in capabilities else embeddings


def diagnose(first: tuple[Probe, Probe], answers: Mapping[str, Answer]) -> tuple[Symptom, str] | None:
    """The symptom that both first answers share, with what was seen; None when one of them is usable.

    An unreachable or silent port shows in the first exchange already.
    """
    exchanges = [answer for probe in first if isinstance(answer := answers.get(probe.name), Exchange)]
    symptoms = [_symptom(exchange) for exchange in exchanges]
    symptom = symptoms[-1] if symptoms else None
    if symptom is None or None in symptoms:
        return None
    unanswered = exchanges[0].response is None
    return (symptom, _seen(exchanges[-1])) if unanswered or len(exchanges) == len(first) else None


def _symptom(exchange: Exchange) -> Symptom | None:
    response = exchange.response
    if response is None:
        return OF_FAILURE.get(exchange.error.kind, Symptom.ERROR) if exchange.error else Symptom.ERROR
    if response.status in {401, 403}:
        return Symptom.UNAUTHORIZED
    if response.status == 503:
        return Symptom.LOADING
    if response.status >= 500:
        return Symptom.ERROR
    if exchange.error is not None:
        return OF_FAILURE.get(exchange.error.kind, Symptom.ERROR)
    if response.status in {404, 405} or not _may_be_json(response.body) or 300 <= response.status < 400:
        return Symptom.NOT_OPENAI
    return None


def _may_be_json(body: bytes) -> bool:
    return body.lstrip()[:1] in {b"{", b"["}


def _seen(exchange: Exchange) -> str:
    asked = f"{exchange.request.method} {exchange.request.path}"
    response, error = exchange.response, exchange.error
    if response is None or error is not None:
        return f"{asked}: {error.detail if error else 'no answer'}"
    body = response.body[:120].decode(errors="replace")
    return f"{asked} answered {response.status} {shown(body)}"
