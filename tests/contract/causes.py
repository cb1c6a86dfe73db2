"""What a mutant is found to be: the checks that name it, those that follow, and whether a right value is blamed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from sixgates import catalogue
from sixgates.capability import CAPABILITIES
from sixgates.causes import Broken, Mark, roots
from sixgates.exchange import Exchange
from sixgates.judge import Answer, Judgement, Subject
from sixgates.reference.mutants import Mutant, MutantProvider
from sixgates.reference.provider import ReferenceProvider
from sixgates.select import ABSENT, Json, Unmet, parse_json, shown
from sixgates.sources.reference import answers
from sixgates.sse import parse

CATALOGUE = catalogue.load()
KEY = "sk-reference"


@cache
def right_answers() -> Mapping[str, Answer]:
    """What the reference provider answers."""
    return answers(ReferenceProvider(key=KEY), CATALOGUE.probes())


def found(mutant: Mutant) -> tuple[Broken, ...]:
    """The checks that name what is wrong with a mutant, with what they found; only those of changed answers look."""
    given = answers(MutantProvider(mutant, ReferenceProvider(key=KEY)), CATALOGUE.probes())
    changed = {name for name, answer in given.items() if answer != right_answers().get(name)}
    judgement = Judgement(CATALOGUE, Subject("reference", "reference", frozenset(CAPABILITIES)), given)
    touched = {
        check.id
        for check in CATALOGUE.checks.values()
        if not changed.isdisjoint(probe.name for probe in check.probes)
    }
    broken = tuple(judgement.broken(touched))
    following = roots(broken)
    return tuple(each for each in broken if each.check.id not in following)


def blames_a_right_value(broken: Broken) -> Iterator[Mark]:
    """The findings about one value of one answer that the reference says in the same place."""
    for mark in broken.marks:
        if mark.pointed and len(mark.probes) == 1:
            (probe,) = mark.probes
            right = _said(probe, mark.where)
            if right.value is not ABSENT and shown(right.value) == mark.got:
                yield mark


def _said(probe: str, where: str) -> Json:
    """What stands in a place of the reference's answer."""
    exchange = right_answers().get(probe)
    response = exchange.response if isinstance(exchange, Exchange) else None
    event, _, pointer = where.rpartition(" ")[2].partition("/")
    try:
        if response is None:
            return Json(ABSENT)
        body = response.body if not event else (parse(response.chunks)[int(event)].data or "")
        place = parse_json(body)
    except (Unmet, IndexError):
        return Json(ABSENT)
    for key in re.split("/", pointer):
        place = place[int(key)] if isinstance(place.value, list) and key.isdigit() else place[key]
    return place
