"""Asks again, one feature at a time, what a provider refused; bounded, and what decides most goes first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import TypeVar

from sixgates.bundles.following import follow_up
from sixgates.bundles.refusals import Refusals, Why
from sixgates.bundles.table import BUNDLES, Bundle
from sixgates.catalogue import Catalogue, Probe
from sixgates.features.feature import Feature
from sixgates.features.words import accepted, refused
from sixgates.verdict import Level

MOST_ASKED_APART = 24
"""Requests to one provider in a run that are sent only because another was refused."""
Answer = TypeVar("Answer")
Send = Callable[[tuple[Probe, ...]], Mapping[str, Answer]]


def asked_apart(
    catalogue: Catalogue, answers: Mapping[str, Answer], send: Send[Answer], most: int = MOST_ASKED_APART
) -> dict[str, Answer]:
    """What came to the follow-ups of refused requests, at most so many; `send` asks for some of them."""
    found: dict[str, Answer] = {}
    refused_ones = [each for each in _by_worth(catalogue) if refused(answers.get(each.probe.name))]
    refusals = Refusals(answers) if refused_ones else None
    for bundle in refused_ones:
        while refusals is not None and len(found) < most:
            wanted = tuple(islice(_wanted(bundle, refusals), most - len(found)))
            answered = send(wanted) if wanted else {}
            if not answered:
                break
            found |= answered
            refusals = Refusals({**answers, **found})
    return found


def unasked(
    catalogue: Catalogue, answers: Mapping[str, object], most: int = MOST_ASKED_APART
) -> tuple[Probe, ...]:
    """The follow-ups that the refusals among some answers call for next, and that are not among them."""
    wanted: list[Probe] = []

    def send(probes: tuple[Probe, ...]) -> Mapping[str, object]:
        wanted.extend(probes)
        return {}

    asked_apart(catalogue, answers, send, most)
    return tuple(wanted[:most])


def _by_worth(catalogue: Catalogue) -> list[Bundle]:
    """What everything else is sent with first, then what a MUST is judged on."""
    return sorted(BUNDLES.values(), key=lambda bundle: (not bundle.always, not _decides(catalogue, bundle)))


def _decides(catalogue: Catalogue, bundle: Bundle) -> bool:
    names = [bundle.core, *(name for part in bundle.parts for name in part.checks)]
    found = (catalogue.checks.get(name or "") for name in names)
    return any(check is not None and check.level is Level.MUST for check in found)


def _wanted(bundle: Bundle, refusals: Refusals) -> Iterator[Probe]:
    """What is still to be asked of one bundle: each feature that a check is about, then the request without any."""
    blame = refusals.blame(bundle.probe.name)
    parts = [part.feature for part in bundle.parts]
    if blame is not None and (blame.why is Why.CORE or any(each not in parts for each in blame.features)):
        return
    apart = [each.feature for each in bundle.parts if each.checks or not each.feature.neutral]
    apart = apart if _several(bundle) else []
    answered = {each.name: refusals.answered(bundle, each) for each in apart}
    lost = {name for name, answer in answered.items() if refused(answer)}
    unasked = [each for each in apart if _unasked(bundle, each, refusals) and not lost.intersection(each.on)]
    if unasked:
        yield from (follow_up(bundle, each) for each in unasked)
    elif (apart or _has_more(bundle)) and not any(map(accepted, answered.values())):
        yield from [follow_up(bundle)] if _unasked(bundle, None, refusals) else []


def _several(bundle: Bundle) -> bool:
    """Whether its features are the business of several checks, or of one that everything else hangs on."""
    return bundle.always or len({part.checks for part in bundle.parts}) > 1


def _has_more(bundle: Bundle) -> bool:
    """Whether it asks for something that no check on it is about."""
    return bundle.core is not None or any(not part.checks for part in bundle.parts)


def _unasked(bundle: Bundle, feature: Feature | None, refusals: Refusals) -> bool:
    name = follow_up(bundle, feature).name
    return name not in refusals.answers and refusals.answered(bundle, feature) is None
