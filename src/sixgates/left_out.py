"""What becomes of capabilities that nobody declares: what the answers show of each, in words and as causes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sixgates.capability import Offer, Shown
from sixgates.detection import DETECTORS, LeftOut, check_of, detect
from sixgates.stated import MOST_ASKED
from sixgates.verdict import FOUND, Cause


def left_out(
    provider: str, answers: Mapping[str, object], *, held: bool, stated: int | None = None
) -> Mapping[str, LeftOut]:
    """By capability; a provider is `held` to its answers where it was to show by them what it offers.

    `stated` is how many tokens the list of models says that its model holds.
    """
    found = {name: _seen(provider, name, one, held=held) for name, one in detect(answers).items()}
    for name, each in DETECTORS.items():
        unsent = [answers.get(probe.name) for probe in each.needed]
        cause = next((answer for answer in unsent if isinstance(answer, Cause)), None)
        outer = found.get(each.within or "")
        if name in found:
            continue
        if outer is not None and (outer.shown is None or outer.shown.offer is not Offer.OFFERED):
            # Nothing was asked of an endpoint that is not there or broke: one cause, no finding of its own.
            told = outer.shown if outer.shown and outer.shown.offer in {Offer.REFUSED, Offer.ABSENT} else None
            found[name] = replace(outer, shown=told, said_by=None)
        elif held and cause is not None:
            found[name] = LeftOut(cause=cause)
    if held:
        found["context_length"] = LeftOut(_length_not_asked(provider, stated))
    return found


def _length_not_asked(provider: str, stated: int | None) -> str:
    why = "its list of models does not say how much its model holds"
    if stated is not None:
        why = f"its model holds {stated} tokens, and a prompt of more than {MOST_ASKED} is not sent unasked"
    return (
        f"{provider} was not asked for context_length: {why}. "
        "`context_length` of its model in providers.yaml says it"
    )


def _seen(provider: str, capability: str, seen: Shown, *, held: bool) -> LeftOut:
    if seen.offer is Offer.OFFERED:
        return LeftOut(f"{FOUND}: {capability}, which {provider} does not declare", seen)
    detector = DETECTORS[capability]
    got = f"{seen.probe} got {seen.reason}"
    reason = f"{provider} does not offer {capability}: {seen.offer}, {got}"
    unknown = f"{provider}: whether it offers {capability} is not known: {got}"
    if seen.offer in {Offer.UNSEEN, Offer.UNCLEAR}:
        reason = unknown
    cause = _cause(provider, capability, seen.offer, got, unknown) if held else None
    return LeftOut(reason, seen, cause, held, detector.said_by)


def _cause(provider: str, capability: str, offer: Offer, got: str, unknown: str) -> Cause | None:
    """What all waits for that needs a capability which broke, was ignored, or is not known."""
    own = check_of(capability)
    match offer:
        case Offer.BROKEN:
            summary = f"{provider}: the capability {capability} is broken: {got}"
            first = f"read the server's log, and send the request again: the curl line of {own}"
        case Offer.IGNORED:
            summary = f"{provider}: what needs {capability} waits for {own}: {offer}, {got}"
            first = f"send the request again, the curl line of {own}, and see what became of it"
        case Offer.UNCLEAR | Offer.UNSEEN:
            steps = ("run again", f"or say what it offers: --capabilities LIST, with {capability} or without")
            return Cause(f"{provider}:{own}", unknown, steps)
        case _:
            return None
    refuse = f"if the server is not meant to offer {capability}, have it refuse the request with 4xx"
    return Cause(f"{provider}:{own}", summary, (first, refuse))
